//! The state of a run under way: what the workers and the control VM report, and
//! what becomes of it. Moved by `conductor`; how it ends is in `ending`.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, Sender, select};
use serde_json::Value;
use tokio::sync::mpsc::unbounded_channel;

use crate::config;
use crate::event::{Event, Level, LogLine, Stop, Threshold, Users, Wish, WorkerState};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::metrics::Snapshot;

use super::attendant::Attendant;
use super::door::Door;
use super::health::Health;
use super::message::{Phase, Report};
use super::phases::Phases;
use super::schedule::Schedule;
use super::setup::Setup;
use super::ticks::Ticks;
use super::together::Together;
use super::worker::{self, Start, WORKER_STACK};

/// What part of the run it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// `init`, `test_start` and `setup` run; there are no users yet.
    Preparing,
    /// Users come, run and go.
    Users,
    /// `teardown`, `test_stop` and `quitting` run; no users are left.
    Closing,
}

pub(super) struct Running {
    pub(super) setup: Arc<Setup>,
    pub(super) act: Act,
    /// When the preparation began.
    pub(super) opened: Instant,
    /// When the first users come.
    pub(super) started: Instant,
    pub(super) started_at: SystemTime,
    /// How long there were users.
    pub(super) elapsed: Option<Duration>,
    pub(super) since: SystemTime,
    /// The same moment: where the statistics begin.
    pub(super) counted: Instant,
    pub(super) ticks: Ticks,
    pub(super) door: Door,
    pub(super) attendant: Attendant,
    /// The stage of a load shape that is next.
    pub(super) stage: usize,
    /// All users of scenarios have come.
    spawned: bool,
    /// When a load shape's `tick` wants the run to end, since it wanted so.
    pub(super) over: Option<Instant>,
    pub(super) phases: Phases,
    pub(super) stop: Option<Stop>,
    /// How many users there were.
    pub(super) seen: Users,
    /// There are none at the moment: perhaps for the run is over, and nobody has said so yet.
    pub(super) deserted: bool,
    pub(super) totals: Arc<Snapshot>,
    pub(super) interval: Snapshot,
    pub(super) users: Vec<Vec<u64>>,
    /// By worker, how many resets it has not heard of: its reports are still about the time before.
    pub(super) resetting: Vec<u32>,
    reset: bool,
    pub(super) signals: u64,
    /// As many iterations have begun as were asked for.
    pub(super) exhausted: bool,
    /// For each worker the order whose target it reached last.
    reached: Vec<u64>,
    pub(super) done: usize,
    pub(super) interrupted: u64,
    /// The threshold that ended the run, as it was then, and its number.
    pub(super) fatal: Option<(usize, Threshold)>,
    /// `on_stop` functions that were cut off.
    pub(super) cut_off: u64,
    pub(super) health: Health,
    /// What each worker felt last.
    pub(super) workers: Vec<WorkerState>,
    /// It was told that names are too many.
    pub(super) overflowed: bool,
    pub(super) notes: Vec<String>,
    pub(super) names: Vec<Arc<str>>,
    /// Processes whose part of the load is missing, and since when.
    pub(super) lost: Vec<(u64, Duration)>,
    /// The others, where several processes make the run.
    pub(super) together: Option<Together>,
}

/// The channels that the conductor listens to.
pub(super) struct Ears {
    pub(super) reports: Receiver<Report>,
    pub(super) signals: Receiver<Wish>,
}

impl Running {
    pub(super) fn new(setup: Arc<Setup>, started_at: SystemTime, together: Option<Together>) -> Running {
        let (attendant, workers) = (Attendant::start(&setup), setup.workers);
        Running::of(setup, started_at, (attendant, workers, together))
    }

    /// One that hears of so many workers, or processes.
    pub(super) fn of(
        setup: Arc<Setup>,
        started_at: SystemTime,
        (attendant, workers, together): (Attendant, usize, Option<Together>),
    ) -> Running {
        let started = Instant::now();
        Running {
            act: Act::Preparing,
            opened: started,
            started,
            started_at,
            elapsed: None,
            since: started_at,
            counted: started,
            ticks: Ticks::new(started, workers),
            door: Door::new(setup.safety.clone()),
            attendant,
            stage: 0,
            spawned: false,
            over: None,
            phases: Phases::new(started, setup.stop_timeout, setup.on_stop_time()),
            stop: None,
            seen: Users::planned(setup.schedule.most_users().unwrap_or(0)),
            deserted: false,
            totals: Arc::default(),
            interval: Snapshot::default(),
            users: vec![vec![0; setup.classes.len()]; workers],
            resetting: vec![0; workers],
            reset: false,
            signals: 0,
            exhausted: false,
            reached: vec![0; workers],
            done: 0,
            interrupted: 0,
            fatal: None,
            cut_off: 0,
            health: Health::default(),
            workers: vec![WorkerState::default(); workers],
            overflowed: false,
            notes: Vec::new(),
            names: setup.classes.iter().map(|plan| plan.class.name.as_str().into()).collect(),
            lost: Vec::new(),
            together,
            setup,
        }
    }

    /// Lets the first users come. `data` is what `setup` returned.
    pub(super) fn start_workers(
        &mut self,
        reports: Sender<Report>,
        data: Option<&'static Value>,
    ) -> Vec<JoinHandle<()>> {
        self.act = Act::Users;
        if self.together.is_none() {
            // Statistics are about the time with users, however long the preparation took.
            (self.since, self.started) = (SystemTime::now(), Instant::now());
            self.counted = self.started;
            self.ticks = Ticks::new(self.started, self.setup.workers);
        }
        let mut receivers = Vec::new();
        for _ in 0..self.setup.workers {
            let (orders, receiver) = unbounded_channel();
            self.door.add(orders);
            receivers.push(receiver);
        }
        self.begin_load();
        let mut threads = Vec::new();
        for (number, orders) in receivers.into_iter().enumerate() {
            let start = Start {
                setup: self.setup.clone(),
                number,
                at: self.started,
                joined: self.together.as_ref().filter(|together| together.late).map(|_| Instant::now()),
                reports: reports.clone(),
                orders,
                data,
            };
            let thread =
                std::thread::Builder::new().name(format!("worker-{number}")).stack_size(WORKER_STACK);
            match thread.spawn(move || worker::work(start)) {
                Ok(thread) => threads.push(thread),
                Err(why) => {
                    self.done += 1;
                    let fault =
                        Fault::new(Exit::Internal, "cannot start a worker thread").why(why.to_string());
                    self.end(Stop::Fault(fault));
                }
            }
        }
        threads
    }

    /// The first target: workers find it when they start.
    fn begin_load(&mut self) {
        if self.setup.iterations == Some(0) {
            // This segment has no part in so few.
            self.exhausted = true;
            self.go(Phase::Finishing);
        }
        if let Schedule::Steady(target) = &self.setup.schedule {
            let target = target.clone();
            match self.door.aim(Duration::ZERO, target) {
                Ok(()) => self.door.close(),
                Err(fault) => self.end(Stop::Fault(fault)),
            }
        }
        if let Schedule::Scenarios { .. } = &self.setup.schedule {
            self.door.close();
        }
        self.follow_schedule(self.started);
    }

    /// Whatever a load shape wants done by now.
    pub(super) fn follow_schedule(&mut self, now: Instant) {
        if self.act != Act::Users || self.phases.phase() > Phase::Running {
            return;
        }
        let setup = self.setup.clone();
        match &setup.schedule {
            Schedule::Steady(_) => {}
            Schedule::Scenarios { spawned: (at, users), .. } => {
                if !self.spawned && self.started + *at <= now {
                    self.spawned = true;
                    self.complete(*users);
                }
            }
            Schedule::Stages { stages, .. } => {
                while let Some((at, target)) = stages.begin(self.stage)
                    && self.started + at <= now
                {
                    self.stage += 1;
                    if let Err(fault) = self.door.aim(at, target.clone()) {
                        self.end(Stop::Fault(fault));
                    }
                }
            }
            Schedule::Ticks { .. } if self.over.is_some() => {}
            // Whoever leads asks for all.
            Schedule::Ticks { .. } if self.together.as_ref().is_some_and(|together| !together.leads()) => {}
            Schedule::Ticks { .. } => self.attendant.tick(now, self.started, setup.living()),
        }
    }

    /// When a load shape wants something done next.
    pub(super) fn schedule_deadline(&self) -> Option<Instant> {
        match &self.setup.schedule {
            Schedule::Steady(_) => None,
            Schedule::Scenarios { spawned: (at, _), .. } => {
                (!self.spawned).then(|| self.started.checked_add(*at)).flatten()
            }
            Schedule::Stages { stages, .. } => match stages.begin(self.stage) {
                Some((at, _)) => Some(self.started + at),
                None => Some(self.started + stages.end()),
            },
            Schedule::Ticks { .. } if self.together.as_ref().is_some_and(|together| !together.leads()) => {
                self.over
            }
            Schedule::Ticks { .. } => self.over.or_else(|| self.attendant.next_tick(self.started)),
        }
    }

    /// Waits for what comes next, and does what it asks for. False when waiting is over,
    /// whatever has not ended.
    pub(super) fn turn(&mut self, ears: &Ears, tell: &mut dyn FnMut(&Event)) -> bool {
        let tick = self.ticks.deadline(Instant::now());
        let deadline = self.next_deadline().map_or(tick, |deadline| deadline.min(tick));
        select! {
            recv(ears.reports) -> report => match report {
                Ok(report) => self.hear(report, tell),
                Err(_) => {
                    self.notes.push("a worker ended without a word: its last second is missing".into());
                    return false;
                }
            },
            recv(self.attendant.said()) -> said => match said {
                Ok(said) => self.hear_control(said, tell),
                Err(_) => self.lose_control(),
            },
            recv(ears.signals) -> wish => if let Ok(wish) = wish { self.heed(wish, tell) },
            default(deadline.saturating_duration_since(Instant::now())) => {}
        }
        let now = Instant::now();
        if self.ticks.take(now) && self.act == Act::Users {
            match self.together {
                // Whoever merges does the rest, for all.
                Some(_) => self.send_parcel(None, false),
                None => {
                    let judged = self.tick(tell);
                    self.look_at_thresholds(&judged);
                }
            }
        }
        self.follow_schedule(now);
        self.advance(now)
    }

    pub(super) fn hear(&mut self, report: Report, tell: &mut dyn FnMut(&Event)) {
        match report {
            Report::Metrics { snapshot, users, pulse } => {
                self.add(users.worker, &snapshot);
                self.note_worker(users.worker, &pulse, &snapshot.total);
                self.feel(users.worker, &pulse, &snapshot.total, tell);
                self.tell_overflow(tell);
                self.ticks.hear(users.worker, Instant::now());
                self.users[users.worker] = users.classes;
                self.note_users_of(users.worker);
            }
            Report::Reached { worker, order, users } => {
                self.reached[worker] = order;
                if self.door.is_newest(order) && self.reached.iter().all(|reached| *reached == order) {
                    self.complete(users);
                }
            }
            Report::Reset { worker } => self.resetting[worker] = self.resetting[worker].saturating_sub(1),
            Report::Exhausted => {
                self.exhausted = true;
                self.go(Phase::Finishing);
            }
            Report::Log { level, at, source, text } => {
                tell(&Event::Log(LogLine { level: level_of(level), at, source: source.into(), text }));
            }
            Report::Abort(message) => self.end(Stop::Abort(message)),
            Report::Done { worker, snapshot, interrupted, cut_off, ended, outcome } => {
                self.add(worker, &snapshot);
                self.workers[worker].requests += snapshot.total.requests;
                self.tell_overflow(tell);
                self.users[worker].fill(0);
                self.ticks.leave(worker);
                self.done += 1;
                self.interrupted += interrupted;
                self.cut_off += cut_off;
                self.elapsed = self.elapsed.max(Some(ended.saturating_duration_since(self.started)));
                if let Err(fault) = outcome {
                    self.end(Stop::Fault(fault));
                }
            }
        }
    }

    /// All users have come, or gone, that the newest target asks for.
    fn complete(&mut self, users: u64) {
        self.note_users(users);
        if self.stop.is_none() {
            if self.setup.reset_stats && !self.reset {
                self.reset = true;
                self.reset();
            }
            if self.together.as_ref().is_none_or(Together::leads) {
                self.attendant.complete(users);
            }
        }
    }

    fn add(&mut self, worker: usize, snapshot: &Snapshot) {
        if self.resetting[worker] == 0 {
            self.merge(snapshot);
        }
    }

    pub(super) fn merge(&mut self, snapshot: &Snapshot) {
        Arc::make_mut(&mut self.totals).merge(snapshot);
        self.interval.merge(snapshot);
    }

    /// Counts from anew: what was measured before is forgotten, here and by the workers.
    pub(super) fn reset(&mut self) {
        if let Some(together) = &mut self.together {
            together.generation += 1;
        }
        self.health.reset();
        self.totals = Arc::default();
        self.interval = Snapshot::default();
        (self.since, self.counted) = (SystemTime::now(), Instant::now());
        for (resetting, told) in self.resetting.iter_mut().zip(self.door.reset()) {
            *resetting += u32::from(told);
        }
    }
}

pub(super) fn level_of(level: config::Level) -> Level {
    match level {
        config::Level::Debug => Level::Debug,
        config::Level::Info => Level::Info,
        config::Level::Warning => Level::Warn,
        config::Level::Error => Level::Error,
    }
}
