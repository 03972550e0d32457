//! What a process sees to once a second: that the others see that it lives, who merges, and whether the run has begun or
//! is over. One task of `session`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::Sender;
use parking_lot::Mutex;

use crate::run::{Closing, News};

use super::link::{Held, Link};
use super::records::{Lease, Membership, Ruling, Start};
use super::session::Call;

/// Before the run begins, and after.
const EAGER: Duration = Duration::from_millis(500);
const EVERY: Duration = Duration::from_secs(1);

/// A lease that nobody renews while so many seconds are seen to pass is free.
const STALE: u32 = 4;

/// What the tasks of a session and its owner share.
#[derive(Default)]
pub(super) struct Shared {
    /// Whether this process merges, and runs what is called once a run.
    pub(super) leads: Arc<AtomicBool>,
    /// The lease's term, while it leads.
    pub(super) term: AtomicU64,
    /// Its users are gone because it was told to go.
    pub(super) leaving: AtomicBool,
    /// It is to give the lease back, for another to take.
    pub(super) resigned: AtomicBool,
    /// Another process has the lease.
    pub(super) led_elsewhere: AtomicBool,
    /// Whom to tell what concerns a merger.
    pub(super) news: Mutex<Option<Sender<News>>>,
}

pub(super) struct Tender {
    pub(super) link: Link,
    pub(super) membership: Membership,
    pub(super) revision: u64,
    pub(super) shared: Arc<Shared>,
    pub(super) calls: Sender<Call>,
    pub(super) closing: Sender<Closing>,
    lease: Watched,
    is_known: [bool; 2],
    leader: String,
}

/// Another's lease, as it was seen.
#[derive(Default)]
struct Watched {
    revision: u64,
    /// How often it was seen without a change.
    still: u32,
}

impl Tender {
    pub(super) fn new(
        link: Link,
        (membership, revision): (Membership, u64),
        shared: Arc<Shared>,
        (calls, closing): (Sender<Call>, Sender<Closing>),
    ) -> Tender {
        Tender {
            link,
            membership,
            revision,
            shared,
            calls,
            closing,
            lease: Watched::default(),
            is_known: [false; 2],
            leader: String::new(),
        }
    }

    pub(super) async fn tend(mut self) {
        loop {
            let heard = self.look().await;
            if let Ok(true) = heard {
                return;
            }
            if heard.is_ok() && self.shared.leads.load(Ordering::Relaxed) {
                self.tell(News::Beat);
            }
            tokio::time::sleep(if self.is_known[0] { EVERY } else { EAGER }).await;
        }
    }

    fn tell(&self, news: News) {
        if let Some(sender) = &*self.shared.news.lock() {
            let _ = sender.send(news);
        }
    }

    /// True once there is nothing more to see to.
    ///
    /// # Errors
    /// NATS gives no answer: nothing has changed, as far as this process is concerned.
    async fn look(&mut self) -> Result<bool, String> {
        if !self.is_known[0]
            && let Some(start) = self.link.get::<Start>("start").await?
        {
            self.is_known[0] = true;
            let _ = self.calls.send(Call::Start(Box::new(start.value)));
        }
        if let Some(ruling) = self.link.get::<Ruling>("verdict").await? {
            self.shared.leads.store(false, Ordering::Relaxed);
            let _ = self.closing.send(Closing::Over(ruling.value.code()));
            let _ = self.calls.send(Call::Verdict(Box::new(ruling.value)));
            return Ok(true);
        }
        if self.renew().await? {
            self.see_to_lease().await?;
        }
        Ok(false)
    }

    /// Shows that this process lives. False where another plays its segment by now.
    async fn renew(&mut self) -> Result<bool, String> {
        if self.is_known[1] {
            return Ok(false);
        }
        self.membership.gone = self.shared.leaving.load(Ordering::Relaxed);
        let key = format!("member.{}", self.membership.voice.segment);
        match self.link.update(&key, &self.membership, self.revision).await? {
            Some(revision) => self.revision = revision,
            // Somebody has written: perhaps this process itself, whose answer was lost.
            None => match self.link.get::<Membership>(&key).await? {
                Some(Held { value, revision, .. }) if value.token == self.membership.token => {
                    self.revision = revision;
                }
                Some(Held { value, .. }) if !self.membership.gone => {
                    self.is_known[1] = true;
                    self.step_down();
                    let _ = self.calls.send(Call::Replaced(value.who));
                    return Ok(false);
                }
                Some(_) => {}
                None => self.revision = 0,
            },
        }
        Ok(true)
    }

    async fn see_to_lease(&mut self) -> Result<(), String> {
        let own = |term, free| Lease {
            token: self.membership.token.clone(),
            who: self.membership.who.clone(),
            segment: self.membership.voice.segment,
            term,
            free,
        };
        let resigned = self.shared.resigned.load(Ordering::Relaxed);
        let leads = self.shared.leads.load(Ordering::Relaxed);
        let (lease, before) = match self.link.get::<Lease>("lease").await? {
            None => (own(1, false), 0),
            Some(Held { value, revision, .. }) if value.token == self.membership.token => {
                (own(value.term, resigned), revision)
            }
            Some(Held { value, revision, .. }) => {
                if leads {
                    self.step_down();
                }
                self.lease.still = if self.lease.revision == revision { self.lease.still + 1 } else { 0 };
                self.lease.revision = revision;
                let is_free = value.free || self.lease.still >= STALE;
                self.shared.led_elsewhere.store(!is_free, Ordering::Relaxed);
                if !is_free && self.leader != value.who {
                    self.leader.clone_from(&value.who);
                    let _ = self.calls.send(Call::Leader(value.segment, value.who));
                }
                // One that leaves would soon give it back.
                let patience = if self.shared.leaving.load(Ordering::Relaxed) { STALE + 2 } else { 0 };
                if !is_free || resigned || self.lease.still < patience {
                    return Ok(());
                }
                (own(value.term + 1, false), revision)
            }
        };
        let Some(_) = self.link.update("lease", &lease, before).await? else { return Ok(()) };
        self.shared.led_elsewhere.store(false, Ordering::Relaxed);
        if lease.free {
            self.shared.leads.store(false, Ordering::Relaxed);
        } else if !leads {
            self.shared.term.store(lease.term, Ordering::Relaxed);
            self.shared.leads.store(true, Ordering::Relaxed);
            self.leader.clone_from(&lease.who);
            let _ = self.calls.send(Call::Lead);
        }
        Ok(())
    }

    fn step_down(&self) {
        if self.shared.leads.swap(false, Ordering::Relaxed) {
            self.tell(News::Deposed);
        }
    }
}
