//! The runs of this process, one at a time: which one goes on, what is known of it, those before it. Shared by the
//! handlers, which look and ask, the feed, which tells, and `app`, which carries out.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, bounded};
use tokio::sync::{oneshot, watch};

use crate::event::{Command, Event, LogLine, Share, Wish};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::metrics::Snapshot;

use super::asked::Asked;
use super::board::Sight;
use super::live::Live;
use super::past::{Measured, Past};
use super::status::{Frame, State, Status};

/// How many runs are kept to be looked at, downloaded and compared.
const MOST_PAST: usize = 10;
/// How long the next second of a run is waited for.
const PATIENCE: Duration = Duration::from_secs(4);

/// A run that is to begin.
#[derive(Debug)]
pub struct Order {
    pub id: u64,
    pub asked: Asked,
}

pub struct Session {
    inner: Mutex<Inner>,
    frames: watch::Sender<Frame>,
    orders: Sender<Order>,
}

/// What becomes of a start: the number of the run, or what is wrong.
pub(super) type Started = Result<u64, Vec<Fault>>;

#[derive(Default)]
struct Inner {
    act: Act,
    /// The number of the last run.
    last: u64,
    past: VecDeque<Arc<Past>>,
    /// Why the last start came to nothing.
    faults: Vec<Fault>,
    /// Nobody was told of them.
    are_untold: bool,
    /// Locust's statistics were reset after the last run.
    is_cleared: bool,
    is_closing: bool,
    /// The run that is looked on at: no other begins here.
    follows: Option<String>,
}

#[derive(Default)]
enum Act {
    #[default]
    Idle,
    Preparing {
        id: u64,
        reply: oneshot::Sender<Started>,
        is_automatic: bool,
    },
    Running(Box<Live>),
}

impl Session {
    /// Starts go to `orders`.
    pub fn new(orders: Sender<Order>) -> Arc<Session> {
        let (frames, _) = watch::channel(Frame::default());
        let session = Session { inner: Mutex::default(), frames, orders };
        session.publish(&mut session.lock(), false);
        Arc::new(session)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Whoever held it has panicked: each change is whole by itself.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells all who listen how things stand; with the newest figures where there are new ones.
    fn publish(&self, inner: &mut Inner, is_beat: bool) {
        let beat = match &mut inner.act {
            Act::Running(live) if is_beat => Some(live.beat(self.frames.receiver_count() > 0)),
            _ => None,
        };
        let status: Arc<str> = inner.status().json().into();
        self.frames.send_modify(|frame| {
            frame.status = status;
            if let Some(beat) = beat {
                frame.beat = beat;
            }
        });
    }

    /// What happens, as it happens; who is slow sees the newest only.
    pub(super) fn listen(&self) -> watch::Receiver<Frame> {
        self.frames.subscribe()
    }

    pub(super) fn status(&self) -> Status {
        self.lock().status()
    }

    /// Shows a run that other processes make, which is steered by `wishes`; none begins here.
    pub fn follow(&self, run: &str, wishes: Sender<Wish>, full_history: bool) -> u64 {
        let mut inner = self.lock();
        inner.follows = Some(run.to_owned());
        inner.last += 1;
        let id = inner.last;
        // Nobody waits for its start.
        let (reply, _) = oneshot::channel();
        inner.act = Act::Running(Box::new(Live::new(id, wishes, full_history, reply)));
        self.publish(&mut inner, false);
        id
    }

    /// A run that is looked on at did not begin.
    pub fn give_up(&self, faults: &[Fault]) {
        let mut inner = self.lock();
        inner.act = Act::Idle;
        inner.faults = faults.iter().map(Fault::masked).collect();
        self.publish(&mut inner, false);
    }

    /// Has a run begin, unless one goes on.
    ///
    /// # Errors
    /// [`Exit::Usage`] where one does.
    pub fn begin(&self, asked: Asked) -> Result<oneshot::Receiver<Started>, Fault> {
        let mut inner = self.lock();
        if inner.is_closing {
            return Err(Fault::new(Exit::Usage, "e2e is about to end"));
        }
        if let Some(run) = &inner.follows {
            return Err(Fault::new(Exit::Usage, format!("this page follows run `{run}`: it starts none"))
                .help("`e2e --web` serves a page that starts runs"));
        }
        if !matches!(inner.act, Act::Idle) {
            return Err(Fault::new(Exit::Usage, "a run goes on").help("stop it first"));
        }
        let (reply, receiver) = oneshot::channel();
        inner.last += 1;
        let id = inner.last;
        inner.act = Act::Preparing { id, reply, is_automatic: asked.is_automatic };
        inner.faults.clear();
        inner.is_cleared = false;
        if self.orders.send(Order { id, asked }).is_err() {
            inner.act = Act::Idle;
            return Err(Fault::new(Exit::Internal, "nobody is left to start runs"));
        }
        self.publish(&mut inner, false);
        Ok(receiver)
    }

    /// A start has come to nothing.
    pub fn refuse(&self, id: u64, faults: Vec<Fault>) {
        let mut inner = self.lock();
        if let Act::Preparing { id: own, .. } = &inner.act
            && *own == id
            && let Act::Preparing { reply, is_automatic, .. } = std::mem::take(&mut inner.act)
        {
            // It was none: the next one has its number.
            inner.last = inner.last.min(id - 1);
            inner.are_untold = is_automatic;
            let faults: Vec<Fault> = faults.iter().map(Fault::masked).collect();
            inner.faults.clone_from(&faults);
            // Whoever asked may be gone.
            let _ = reply.send(Err(faults));
        }
        self.publish(&mut inner, false);
    }

    /// A run is about to begin: it is steered by `wishes`. `full_history`: its rows tell names apart.
    pub fn expect(&self, id: u64, wishes: Sender<Wish>, full_history: bool) {
        let mut inner = self.lock();
        if let Act::Preparing { reply, .. } = std::mem::take(&mut inner.act) {
            inner.act = Act::Running(Box::new(Live::new(id, wishes, full_history, reply)));
        }
        self.publish(&mut inner, false);
    }

    /// What the run is to be shown beside.
    pub(super) fn compare_with(&self, baseline: &Arc<Snapshot>) {
        if let Act::Running(live) = &mut self.lock().act {
            live.compare_with(baseline);
        }
    }

    /// What the run tells.
    pub(super) fn hear(&self, event: &Event) {
        let mut inner = self.lock();
        let Act::Running(live) = &mut inner.act else { return };
        live.hear(event);
        match event {
            Event::Log(_) => {}
            Event::Tick(_) => self.publish(&mut inner, true),
            Event::Started(_) | Event::Done(_) => self.publish(&mut inner, false),
        }
    }

    /// The run has ended, and its results are written.
    pub fn end(&self, id: u64, code: u8) {
        let mut inner = self.lock();
        match std::mem::take(&mut inner.act) {
            Act::Running(live) if live.id == id => match live.into_past(code) {
                Some(past) => {
                    inner.past.push_back(Arc::new(past));
                    if inner.past.len() > MOST_PAST {
                        inner.past.pop_front();
                    }
                }
                None => {
                    let what = "the run broke down, and its results are lost";
                    inner.faults = vec![Fault::new(Exit::Internal, what).help("see what was printed")];
                    inner.are_untold = true;
                }
            },
            other => inner.act = other,
        }
        self.publish(&mut inner, false);
    }

    /// No further run begins.
    pub fn close(&self) {
        let mut inner = self.lock();
        inner.is_closing = true;
        self.publish(&mut inner, false);
    }

    /// Nothing more will happen.
    pub fn finish(&self) {
        self.close();
        self.frames.send_modify(|frame| frame.is_over = true);
    }

    /// Tells the run what is wanted; what came of it is waited for.
    ///
    /// # Errors
    /// [`Exit::Usage`] where no run goes on, or it cannot do that.
    pub(super) async fn ask(&self, command: Command) -> Result<String, Fault> {
        let (answer, answered) = bounded(1);
        {
            let mut inner = self.lock();
            let Act::Running(live) = &mut inner.act else { return Err(no_run()) };
            live.is_ending |= command == Command::Finish;
            if live.wishes.send(Wish::Asked(command, answer)).is_err() {
                return Err(no_run());
            }
            self.publish(&mut inner, false);
        }
        let waiting = tokio::task::spawn_blocking(move || answered.recv_timeout(PATIENCE));
        match waiting.await {
            Ok(Ok(said)) => said.map_err(|fault| fault.masked()),
            _ => Err(Fault::new(Exit::Usage, "the run did not say what came of it")),
        }
    }

    /// Has the run go to so many users, or at such a rate.
    ///
    /// # Errors
    /// [`Exit::Usage`] where no run goes on, or something else says how many there are; [`Exit::Refused`] beyond the
    /// environment's limits.
    pub(super) async fn aim(&self, users: Option<u64>, spawn_rate: Option<f64>) -> Result<String, Fault> {
        let said = self.ask(Command::Target { users, spawn_rate }).await?;
        let mut inner = self.lock();
        if let (Act::Running(live), Some(rate)) = (&mut inner.act, spawn_rate) {
            live.spawn_rate = rate;
        }
        Ok(said)
    }

    /// Ends the run: gracefully, and, where `now` is wanted and it ends already, at once.
    ///
    /// # Errors
    /// [`Exit::Usage`] where no run goes on.
    pub(super) async fn stop(&self, now: bool) -> Result<String, Fault> {
        if !now && matches!(self.status().state, State::Stopping) {
            return Ok("stopping".to_owned());
        }
        self.ask(Command::Finish).await
    }

    /// The run with that number, or without one the one that goes on, else the last: what the page shows of it, and
    /// as of which beat.
    pub(super) fn sight(&self, id: Option<u64>) -> Option<(u64, u64, Arc<Sight>)> {
        let inner = self.lock();
        match &inner.act {
            Act::Running(live) if id.is_none_or(|id| id == live.id) => {
                Some((live.id, live.beats, Arc::new(live.sight())))
            }
            _ => inner.past_of(id).map(|past| (past.id, past.beats, past.sight.clone())),
        }
    }

    /// All that was measured of a run; of one that goes on as of its last second, or its next.
    pub(super) async fn measured(&self, id: Option<u64>) -> Option<Measured> {
        let mut frames = self.listen();
        let until = Instant::now() + PATIENCE;
        loop {
            {
                let mut inner = self.lock();
                match &mut inner.act {
                    Act::Running(live) if id.is_none_or(|id| id == live.id) => match live.measured() {
                        None if Instant::now() < until => {}
                        measured => return measured,
                    },
                    _ => return Some(inner.past_of(id)?.measured()),
                }
            }
            let left = until.saturating_duration_since(Instant::now());
            let _ = tokio::time::timeout(left, frames.changed()).await;
        }
    }

    /// What Locust's routes tell of: the run that goes on, else the last, unless it was reset; else nothing.
    pub(super) async fn measured_or_nothing(&self) -> Measured {
        let is_cleared = self.lock().is_cleared;
        let measured = if is_cleared { None } else { self.measured(None).await };
        measured.unwrap_or_else(Measured::nothing)
    }

    /// Locust's reset: counts from anew, and without a run there is nothing any more. The page keeps what it shows of
    /// earlier runs.
    ///
    /// # Errors
    /// Where a run goes on that cannot do that just now.
    pub(super) async fn reset(&self) -> Result<(), Fault> {
        {
            let mut inner = self.lock();
            if !matches!(inner.act, Act::Running(_)) {
                inner.is_cleared = true;
                return Ok(());
            }
        }
        self.ask(Command::Reset).await.map(|_| ())
    }

    /// How users are shared in the run that goes on, else in the last.
    pub(super) fn shares(&self) -> Vec<Share> {
        let inner = self.lock();
        match &inner.act {
            Act::Running(live) => live.shares(),
            _ => inner.past.back().map(|past| past.info.about.shares.clone()).unwrap_or_default(),
        }
    }

    /// The log of the run that goes on, else of the last.
    pub(super) fn logs(&self) -> Vec<LogLine> {
        let inner = self.lock();
        match &inner.act {
            Act::Running(live) => live.logs(),
            _ => inner.past.back().map(|past| past.logs.clone()).unwrap_or_default(),
        }
    }

    /// Runs that have ended, the oldest first.
    pub(super) fn past(&self) -> Vec<Arc<Past>> {
        self.lock().past.iter().cloned().collect()
    }
}

fn no_run() -> Fault {
    Fault::new(Exit::Usage, "no run goes on")
}

impl Inner {
    fn past_of(&self, id: Option<u64>) -> Option<&Arc<Past>> {
        match id {
            None => self.past.back(),
            Some(id) => self.past.iter().find(|past| past.id == id),
        }
    }

    fn status(&self) -> Status {
        let mut status = match &self.act {
            Act::Running(live) => live.status(),
            Act::Preparing { id, .. } => {
                Status { state: State::Preparing, run: Some(*id), ..Status::default() }
            }
            Act::Idle => match self.past.back() {
                Some(past) => past.status.clone(),
                None => Status::default(),
            },
        };
        status.faults = self.faults.iter().map(Into::into).collect();
        status.are_faults_untold = self.are_untold && !self.faults.is_empty();
        status.runs = self.past.iter().map(|past| past.id).collect();
        status.is_closing = self.is_closing;
        status.follows.clone_from(&self.follows);
        status
    }
}
