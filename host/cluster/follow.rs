//! Looking on: a run as whoever merges it tells it, from any machine. Called by `app`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crossbeam_channel::{Receiver, unbounded};

use crate::event::{Event, RunInfo, SoFar, State, Summary, Tick};
use crate::fault::Fault;
use crate::metrics::Snapshot;

use super::feed::{Heard, listen};
use super::link::Link;
use super::records::{Founding, Piece, Ruling, Start, Told};
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
    /// How it went: the last word.
    Over(Box<Ruling>),
}

/// Follows a run until it is over.
///
/// # Errors
/// No NATS, no such run.
pub fn follow(nats: &str, run: &str) -> Result<Receiver<Follower>, Fault> {
    let (sender, receiver) = unbounded();
    let (opened, outcome) = crossbeam_channel::bounded(1);
    let (nats, run) = (nats.to_owned(), run.to_owned());
    let look_on = move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
        runtime.block_on(async move {
            let link = match Link::open(&nats, &run, false).await {
                Ok(link) => link,
                Err(fault) => return drop(opened.send(Err(fault))),
            };
            let _ = opened.send(Ok(()));
            look(link, &|news| sender.send(news).is_ok()).await;
        });
    };
    let broken = |why: String| Fault::new(crate::exit::Exit::Internal, "cannot look on").why(why);
    std::thread::Builder::new()
        .name("follow".into())
        .spawn(look_on)
        .map_err(|why| broken(why.to_string()))?;
    outcome.recv().map_err(|why| broken(why.to_string()))??;
    Ok(receiver)
}

async fn look(link: Link, tell: &(dyn Fn(Follower) -> bool + Sync)) {
    let mut waits = false;
    let info = loop {
        if let Ok(Some(start)) = link.get::<Start>("start").await
            && let Start::At { info, .. } = start.value
        {
            break Some(info);
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
    let Some(info) = info else { return };
    let info = Arc::new(*info);
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

/// What was told, added up.
struct View {
    term: u64,
    totals: Snapshot,
    interval: Snapshot,
    since: SystemTime,
    is_done: bool,
}

impl View {
    fn new(info: &RunInfo) -> View {
        View {
            term: 0,
            totals: Snapshot::default(),
            interval: Snapshot::default(),
            since: info.started_at,
            is_done: false,
        }
    }

    fn hear(&mut self, told: Told) -> Vec<Event> {
        // Whoever merged before may have the last of its words heard late.
        if told.term < self.term {
            return Vec::new();
        }
        self.term = told.term;
        match told.news {
            Piece::Log(line) => vec![Event::Log(line)],
            Piece::Tick { elapsed, at, since, classes, whole, measured } => {
                self.add(measured, whole);
                self.since = since;
                let users = classes.iter().map(|(_, users)| users).sum();
                let classes = classes.into_iter().map(|(name, users)| (name.into(), users)).collect();
                let interval = Arc::new(std::mem::take(&mut self.interval));
                let totals = Arc::new(self.totals.clone());
                let so_far = SoFar { state: State::Running, ..SoFar::default() };
                vec![Event::Tick(Tick { elapsed, at, users, classes, totals, interval, since, so_far })]
            }
            Piece::Done { whole, measured } => {
                self.add(measured, whole);
                self.is_done = true;
                Vec::new()
            }
        }
    }

    fn add(&mut self, measured: Snapshot, whole: bool) {
        if whole {
            self.totals = measured.clone();
            self.interval = measured;
        } else {
            self.totals.merge(&measured);
            self.interval.merge(&measured);
        }
    }

    fn summary(&self, ruling: &Ruling) -> Summary {
        Summary {
            totals: Arc::new(self.totals.clone()),
            interval: Arc::new(self.interval.clone()),
            elapsed: ruling.elapsed,
            users: ruling.users,
            lasted: ruling.lasted,
            started_at: ruling.started_at,
            ended_at: ruling.ended_at,
            since: ruling.since,
            stop: ruling.stop.clone(),
            exit: ruling.exit,
            failures_code: ruling.failures_code,
            thresholds: ruling.thresholds.clone(),
            interrupted: ruling.interrupted,
            verdict: ruling.verdict.clone(),
            health: ruling.health,
            notes: ruling.notes.clone(),
            workers: Arc::default(),
        }
    }
}
