//! A process's part in a run over NATS, from joining to the verdict: the tasks that carry what `run` says and hears, on a
//! thread of their own. Used by `app`.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use crate::config::Meeting;
use crate::event::{Agreed, Event, RunInfo, Stop, Wish};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::run::{Begun, Closing, Mouth, News, Opening, Voice};

use super::clock::Clock;
use super::fault::refused;
use super::feed::{Heard, listen};
use super::join::{FRESH, join};
use super::link::Link;
use super::post::{Letter, deliver, speak};
use super::records::{Identity, Membership, Piece, Ruling, Said, Start, Told};
use super::tend::{Shared, Tender};
use super::wire::{pack, unpack};

/// From the word to the start: all hear of it meanwhile.
const LEAD: Duration = Duration::from_secs(2);

/// What can be kept under a key.
const LARGEST: usize = 900 << 10;

/// How long the last words of a process may take.
const FAREWELL: Duration = Duration::from_secs(10);

/// What a process is called upon to do, or to know.
pub enum Call {
    /// The run begins.
    Start(Box<StartRecord>),
    /// It merges from now on.
    Lead,
    /// Another process merges: its segment, and who it is.
    Leader(u64, String),
    /// Another process plays its segment.
    Replaced(String),
    Verdict(Box<Ruling>),
}

/// When the run begins, as it is agreed.
pub type StartRecord = Start;

pub struct Session {
    handle: Handle,
    link: Link,
    clock: Clock,
    shared: Arc<Shared>,
    letters: UnboundedSender<Letter>,
    mouth: Mouth,
    pub calls: Receiver<Call>,
    pub closing: Receiver<Closing>,
    pub voice: Voice,
    pub seed: u64,
    /// How far a predecessor has come.
    pub begun: Option<Begun>,
    pub who: String,
    segments: u64,
}

impl Session {
    /// Meets the others, and takes a segment.
    ///
    /// # Errors
    /// No NATS, another run, no free segment.
    pub fn join(meeting: &Meeting, identity: Identity) -> Result<Session, Fault> {
        let handle = start_runtime()?;
        let token = uuid::Uuid::new_v4().simple().to_string();
        let who = format!("{}:{}", host_name(), std::process::id());
        let (calls_sender, calls) = unbounded();
        let (closing_sender, closing) = unbounded();
        let shared = Arc::new(Shared::default());
        let (meeting, own_shared, own_who) = (meeting.clone(), shared.clone(), who.clone());
        let segments = meeting.segments;
        let (link, clock, joined, letters, mouth) = wait(&handle, async move {
            let link = Link::open(&meeting.nats, &meeting.run, Some(meeting.patience)).await?;
            let lost = |why: String| refused("answer", &why);
            let clock = Clock::measure(&link, &token).await.map_err(lost)?;
            let joined = join(&link, &meeting, identity, (&token, &own_who, clock)).await?;
            let (letters, delivered) = unbounded_channel();
            tokio::spawn(deliver(link.clone(), token, delivered));
            let place = (joined.membership.clone(), joined.revision);
            let tender =
                Tender::new(link.clone(), place, own_shared.clone(), (calls_sender, closing_sender.clone()));
            tokio::spawn(tender.tend());
            let mouth = speak(link.clone(), joined.voice, letters.clone(), closing_sender);
            Ok::<_, Fault>((link, clock, joined, letters, mouth))
        })??;
        let (voice, seed, begun) = (joined.voice, joined.seed, joined.begun);
        Ok(Session {
            handle,
            link,
            clock,
            shared,
            letters,
            mouth,
            calls,
            closing,
            voice,
            seed,
            begun,
            who,
            segments,
        })
    }

    /// To whom `run` says what it has to say.
    pub fn mouth(&self) -> Mouth {
        self.mouth.clone()
    }

    /// Whether this process leads just now.
    pub fn leads(&self) -> bool {
        self.shared.leads.load(Ordering::Relaxed)
    }

    pub fn leadership(&self) -> Arc<std::sync::atomic::AtomicBool> {
        self.shared.leads.clone()
    }

    /// How many processes are there, of how many.
    pub fn count(&self) -> (u64, u64) {
        let (link, clock, segments) = (self.link.clone(), self.clock, self.segments);
        let count = wait(&self.handle, async move {
            let mut count = 0;
            for segment in 0..segments {
                let held = link.get::<Membership>(&format!("member.{segment}")).await;
                let lives = |nanos: i128| clock.now() - nanos < FRESH.as_nanos() as i128;
                count += u64::from(
                    held.is_ok_and(|held| held.is_some_and(|held| lives(held.nanos) && !held.value.gone)),
                );
            }
            count
        });
        (count.unwrap_or_default(), self.segments)
    }

    /// Tells all when the run begins, and what `setup` returned; or why it does not.
    ///
    /// # Errors
    /// What `setup` returned is too much; NATS gives no answer.
    pub fn open(&self, outcome: Result<Option<String>, Stop>, info: RunInfo) -> Result<Opening, Fault> {
        let (link, clock) = (self.link.clone(), self.clock);
        let start = match outcome {
            Ok(data) => {
                let about = Box::new((*info.about).clone());
                let nanos = clock.now() + LEAD.as_nanos() as i128;
                Start::At { nanos, data, info: Box::new(info), about }
            }
            Err(stop) => Start::Cancelled(stop),
        };
        let size = pack(&start).len();
        if size > LARGEST {
            let what =
                format!("what setup returned is too much for the other processes: {size} bytes, compressed");
            let fault = Fault::new(Exit::Script, what)
                .help("return what identifies it, and read the rest from a file");
            // The run does not begin: nobody reads what it would have been.
            let nothing = RunInfo::nothing(SystemTime::UNIX_EPOCH);
            let _ = self.open(Err(Stop::Fault(fault.clone())), nothing);
            return Err(fault);
        }
        let started = wait(&self.handle, async move {
            loop {
                let written = link.create("start", &start).await;
                let held = match written {
                    Ok(Some(_)) => return start,
                    // Whoever led before has said so.
                    Ok(None) => link.get::<Start>("start").await.ok().flatten(),
                    Err(_) => None,
                };
                if let Some(held) = held {
                    return held.value;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        })?;
        match started {
            Start::At { nanos, data, .. } => Ok(self.opening(nanos, data)),
            Start::Cancelled(Stop::Fault(fault)) => Err(fault),
            Start::Cancelled(_) => Err(Fault::new(Exit::Signal, "the run was stopped before it began")),
        }
    }

    /// The agreed start by this process's own clock; None where it comes to no start, and why.
    pub fn begins(&self, start: &StartRecord) -> Result<Opening, Stop> {
        match start {
            Start::At { nanos, data, .. } => Ok(self.opening(*nanos, data.clone())),
            Start::Cancelled(stop) => Err(stop.clone()),
        }
    }

    fn opening(&self, nanos: i128, data: Option<String>) -> Opening {
        let (at, now) = (self.clock.when(nanos), Instant::now());
        let wall = SystemTime::now();
        let started_at = match at.checked_duration_since(now) {
            Some(ahead) => wall + ahead,
            None => wall - now.duration_since(at),
        };
        // One that is a little late had its first users a little late; more is another matter.
        let late = now.saturating_duration_since(at) > Duration::from_secs(1);
        Opening { at, started_at, data, late }
    }

    /// Hears what all have agreed upon, and that this process is replaced.
    pub fn hear_orders(&self, wishes: Sender<Wish>) {
        let link = self.link.clone();
        self.handle.spawn(async move {
            listen(link, "ctl", |heard| match heard {
                Heard::CaughtUp => true,
                Heard::Message(packed) => match unpack::<Agreed>(&packed) {
                    Some(agreed) => wishes.send(Wish::Agreed(agreed)).is_ok(),
                    None => true,
                },
            })
            .await;
        });
    }

    /// Hears what all have said, from the beginning: for whoever merges.
    pub fn hear_all(&self) -> (Sender<News>, Receiver<News>) {
        let (sender, receiver) = unbounded();
        *self.shared.news.lock() = Some(sender.clone());
        let (link, own) = (self.link.clone(), sender.clone());
        self.handle.spawn(async move {
            listen(link, "from.*", |heard| {
                let news = match heard {
                    Heard::CaughtUp => Some(News::CaughtUp),
                    Heard::Message(packed) => match unpack::<Said>(&packed) {
                        Some(Said::Parcel(parcel)) => Some(News::Parcel(parcel)),
                        Some(Said::Log(line)) => Some(News::Log(line)),
                        None => None,
                    },
                };
                news.is_none_or(|news| own.send(news).is_ok())
            })
            .await;
        });
        let (link, own) = (self.link.clone(), sender.clone());
        self.handle.spawn(async move {
            listen(link, "ctl", |heard| match heard {
                Heard::CaughtUp => true,
                Heard::Message(packed) => {
                    unpack::<Agreed>(&packed).is_none_or(|agreed| own.send(News::Order(agreed)).is_ok())
                }
            })
            .await;
        });
        (sender, receiver)
    }

    /// Tells those who look on. `whole` where a tick's sum is told rather than what is new.
    pub fn tell(&self, event: &Event, whole: bool) {
        let Some(news) = Piece::of(event, whole) else { return };
        let told = Told { term: self.shared.term.load(Ordering::Relaxed), news };
        let _ = self.letters.send(Letter::of(self.link.subject("told"), &told));
    }

    /// Says how the run went. Of several words the first counts.
    pub fn rule(&self, ruling: &Ruling) {
        self.flush();
        let (link, ruling) = (self.link.clone(), ruling.clone());
        let _ = wait(&self.handle, async move {
            while link.create("verdict", &ruling).await.is_err() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            // Nobody merges it again.
            let _ = link.stream.purge().filter(link.subject("from.*")).await;
        });
    }

    /// Ends a run that has not begun.
    pub fn call_off(&self, fault: &Fault) {
        self.rule(&Ruling::failed(fault));
    }

    /// This process goes, the run goes on: its segment is free from now on.
    pub fn leave(&self) {
        self.shared.leaving.store(true, Ordering::Relaxed);
        self.flush();
    }

    /// Gives the lease back, where this process has it.
    pub fn resign(&self) {
        self.shared.resigned.store(true, Ordering::Relaxed);
    }

    /// Whether another process leads.
    pub fn is_led_elsewhere(&self) -> bool {
        self.shared.led_elsewhere.load(Ordering::Relaxed)
    }

    /// Waits until everything is said, though not for ever.
    pub fn flush(&self) {
        let (done, said) = oneshot::channel();
        let _ = self.letters.send(Letter::Flush(done));
        let _ = wait(&self.handle, async move { drop(tokio::time::timeout(FAREWELL, said).await) });
    }
}

/// A thread that drives the tasks, until the process ends.
fn start_runtime() -> Result<Handle, Fault> {
    let broken =
        |why: String| Fault::new(Exit::Internal, "cannot start the thread that speaks to NATS").why(why);
    let (sender, receiver) = bounded(1);
    let run = move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(sender.send(Err(error.to_string()))),
        };
        let _ = sender.send(Ok(runtime.handle().clone()));
        runtime.block_on(std::future::pending::<()>());
    };
    std::thread::Builder::new()
        .name("cluster".into())
        .spawn(run)
        .map_err(|error| broken(error.to_string()))?;
    receiver.recv().map_err(|error| broken(error.to_string()))?.map_err(broken)
}

/// Runs a future on the thread of the tasks.
fn wait<T: Send + 'static>(
    handle: &Handle,
    future: impl Future<Output = T> + Send + 'static,
) -> Result<T, Fault> {
    let (sender, receiver) = bounded(1);
    handle.spawn(async move { drop(sender.send(future.await)) });
    receiver.recv().map_err(|_| Fault::new(Exit::Internal, "the thread that speaks to NATS has ended"))
}

fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "localhost".to_owned() } else { name.to_owned() }
}
