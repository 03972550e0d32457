//! Looking on: a run as whoever merges it tells it, from any machine. Called by `app`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crossbeam_channel::{Receiver, unbounded};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::event::{Answer, Command, Event, RunInfo};
use crate::fault::Fault;

use super::feed::{Heard, listen};
use super::helm::{Wanted, steer};
use super::link::Link;
use super::records::{Founding, Ruling, Start, Told};
use super::view::View;
use super::wire::unpack;

/// Between two looks at whether it has begun, or is over.
const LOOK: Duration = Duration::from_millis(500);

/// The verdict is known: what is told before it comes as long after it at most.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// What one who looks on is told.
pub enum Follower {
    /// It is there, and has not begun.
    Waiting {
        segments: u64,
    },
    Event(Event),
    /// An order that could not be given.
    Refused(Fault),
    /// How it went: the last word.
    Over(Box<Ruling>),
}

/// A run that is looked on at.
pub struct Following {
    pub news: Receiver<Follower>,
    wanted: UnboundedSender<Wanted>,
}

impl Following {
    /// Tells all processes of the run what is wanted. What comes of it is answered, unless nobody merges just now;
    /// without an answer the run's log tells it.
    pub fn order(&self, command: Command, answer: Option<Answer>) {
        // Once the run is over nobody waits any more.
        let _ = self.wanted.send(Wanted { command, answer });
    }
}

/// Follows a run until it is over. `confirm` is what was given for a guarded environment.
///
/// # Errors
/// No NATS, no such run; a sentence that is not that of the environment.
pub fn follow(nats: &str, run: &str, confirm: Option<String>) -> Result<Following, Fault> {
    let (sender, receiver) = unbounded();
    let (wanted, orders) = unbounded_channel();
    let (opened, outcome) = crossbeam_channel::bounded(1);
    let (nats, run) = (nats.to_owned(), run.to_owned());
    let look_on = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async move {
            let link = match Link::open(&nats, &run, None).await {
                Ok(link) => link,
                Err(fault) => return drop(opened.send(Err(fault))),
            };
            if let (Some(confirm), Ok(Some(founding))) = (&confirm, link.get::<Founding>("plan").await)
                && let Err(fault) = founding.value.identity.check_guard(Some(confirm))
            {
                return drop(opened.send(Err(fault)));
            }
            let _ = opened.send(Ok(()));
            let tell = |news| sender.send(news).is_ok();
            let refuse = |fault| drop(sender.send(Follower::Refused(fault)));
            let steering = steer(link.clone(), confirm, orders, &refuse);
            tokio::select! {
                () = look(link, &tell) => {}
                // Whoever looked on is gone.
                () = steering => {}
            }
        });
    };
    let broken = |why: String| Fault::new(crate::exit::Exit::Internal, "cannot look on").why(why);
    std::thread::Builder::new()
        .name("follow".into())
        .spawn(look_on)
        .map_err(|why| broken(why.to_string()))?;
    outcome.recv().map_err(|why| broken(why.to_string()))??;
    Ok(Following { news: receiver, wanted })
}

async fn look(link: Link, tell: &(dyn Fn(Follower) -> bool + Sync)) {
    let mut waits = false;
    let info = loop {
        if let Ok(Some(start)) = link.get::<Start>("start").await
            && let Start::At { nanos, info, about, .. } = start.value
        {
            let since = Duration::from_nanos(u64::try_from(nanos).unwrap_or_default());
            let started_at = SystemTime::UNIX_EPOCH + since;
            break RunInfo { started_at, about: Arc::new(*about), ..*info };
        }
        if let Ok(Some(ruling)) = link.get::<Ruling>("verdict").await {
            tell(Follower::Over(Box::new(ruling.value)));
            return;
        }
        if let (false, Ok(Some(founding))) = (waits, link.get::<Founding>("plan").await) {
            waits = true;
            tell(Follower::Waiting { segments: founding.value.identity.segments });
        }
        tokio::time::sleep(LOOK).await;
    };
    let info = Arc::new(info);
    if !tell(Follower::Event(Event::Started(info.clone()))) {
        return;
    }
    let (pieces, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let listening = listen(link.clone(), "told", move |news| match news {
        Heard::CaughtUp => true,
        Heard::Message(packed) => unpack::<Told>(&packed).is_none_or(|told| pieces.send(told).is_ok()),
    });
    let judging = async {
        let mut view = View::new(&info);
        let mut ruling: Option<Ruling> = None;
        loop {
            let wait = if ruling.is_some() { LAST_WORDS } else { LOOK };
            match tokio::time::timeout(wait, heard.recv()).await {
                Ok(None) => return,
                Ok(Some(told)) => {
                    for event in view.hear(told) {
                        if !tell(Follower::Event(event)) {
                            return;
                        }
                    }
                }
                // Nothing more is to come: whoever merged was lost after its verdict, or never said the rest.
                Err(_) if ruling.is_some() => view.is_done = true,
                Err(_) => ruling = link.get::<Ruling>("verdict").await.ok().flatten().map(|held| held.value),
            }
            if view.is_done && ruling.is_none() {
                ruling = link.get::<Ruling>("verdict").await.ok().flatten().map(|held| held.value);
            }
            if let (true, Some(ruling)) = (view.is_done, &ruling) {
                tell(Follower::Event(Event::Done(Arc::new(view.summary(ruling)))));
                tell(Follower::Over(Box::new(ruling.clone())));
                return;
            }
        }
    };
    tokio::select! {
        () = listening => {}
        () = judging => {}
    }
}
