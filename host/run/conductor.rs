//! The conductor: starts the workers, keeps time, hears signals, merges what is
//! measured, and tells the sinks. Called by `app`, on the main thread.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::config;
use crate::event::{Event, Level, LogLine, RunInfo, Stop, Summary, Tick};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::metrics::Snapshot;

use super::message::{Order, Phase, Report};
use super::setup::Setup;
use super::ticks::Ticks;
use super::worker::{self, Start};

/// How long `on_stop` may take once the run ends, unless the stop timeout is longer.
const ON_STOP_TIME: Duration = Duration::from_secs(30);

/// After that, how long workers may take to end what cannot be interrupted.
const LAST_WAIT: Duration = Duration::from_secs(3);

/// What reaches the conductor from outside: a number of signals so far.
pub struct Conductor {
    pub setup: Setup,
    pub info: RunInfo,
    /// One message for each SIGINT or SIGTERM.
    pub signals: Receiver<()>,
}

/// The state of a run under way.
struct Running {
    setup: Arc<Setup>,
    started: Instant,
    started_at: SystemTime,
    since: SystemTime,
    ticks: Ticks,
    orders: Vec<UnboundedSender<Order>>,
    /// Since when the run is in its phase.
    phase: (Phase, Instant),
    stop: Option<Stop>,
    totals: Arc<Snapshot>,
    interval: Snapshot,
    users: Vec<Vec<u64>>,
    /// Workers whose reports are still about the time before the statistics were reset.
    resetting: Vec<bool>,
    signals: u64,
    /// As many iterations have begun as were asked for.
    exhausted: bool,
    spawned: usize,
    done: usize,
    interrupted: u64,
    notes: Vec<String>,
}

/// Runs to the end, whatever it is. `tell` gets every event, the last one is `Event::Done`.
pub fn conduct(conductor: Conductor, tell: &mut dyn FnMut(&Event)) -> Arc<Summary> {
    let Conductor { setup, info, signals } = conductor;
    let setup = Arc::new(setup);
    let started_at = info.started_at;
    let class_names: Vec<Arc<str>> =
        setup.classes.iter().map(|plan| plan.class.name.as_str().into()).collect();
    tell(&Event::Started(Arc::new(info)));
    let (sender, reports) = unbounded();
    let started = Instant::now();
    let mut running = Running {
        started,
        started_at,
        since: started_at,
        ticks: Ticks::new(started, setup.workers),
        orders: Vec::new(),
        phase: (Phase::Running, started),
        stop: None,
        totals: Arc::default(),
        interval: Snapshot::default(),
        users: vec![vec![0; setup.classes.len()]; setup.workers],
        resetting: vec![false; setup.workers],
        signals: 0,
        exhausted: false,
        spawned: 0,
        done: 0,
        interrupted: 0,
        notes: Vec::new(),
        setup,
    };
    let threads = running.start_workers(sender);
    while running.done < running.setup.workers {
        let tick = running.ticks.deadline(Instant::now());
        let deadline = running.next_deadline().map_or(tick, |deadline| deadline.min(tick));
        crossbeam_channel::select! {
            recv(reports) -> report => match report {
                Ok(report) => running.hear(report, tell),
                Err(_) => break,
            },
            recv(signals) -> signal => if signal.is_ok() { running.signal(tell) },
            default(deadline.saturating_duration_since(Instant::now())) => {}
        }
        let now = Instant::now();
        if running.ticks.take(now) {
            running.tick(&class_names, tell);
        }
        if !running.advance(now) {
            running.give_up();
            break;
        }
    }
    running.drain(&reports, tell);
    let finished = running.done == running.setup.workers;
    let summary = Arc::new(running.summary());
    tell(&Event::Done(summary.clone()));
    if finished {
        join(threads);
    }
    summary
}

fn join(threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        // A worker that panicked has said so already, by reporting nothing.
        let _ = thread.join();
    }
}

impl Running {
    fn start_workers(&mut self, reports: Sender<Report>) -> Vec<JoinHandle<()>> {
        let mut threads = Vec::new();
        for number in 0..self.setup.workers {
            let (orders, receiver) = unbounded_channel();
            let start = Start {
                setup: self.setup.clone(),
                number,
                at: self.started,
                reports: reports.clone(),
                orders: receiver,
            };
            let thread = std::thread::Builder::new().name(format!("worker-{number}"));
            match thread.spawn(move || worker::work(start)) {
                Ok(thread) => threads.push(thread),
                Err(why) => {
                    self.done += 1;
                    let fault =
                        Fault::new(Exit::Internal, "cannot start a worker thread").why(why.to_string());
                    self.end(Stop::Fault(fault));
                }
            }
            self.orders.push(orders);
        }
        threads
    }

    fn hear(&mut self, report: Report, tell: &mut dyn FnMut(&Event)) {
        match report {
            Report::Metrics { snapshot, users } => {
                self.add(users.worker, &snapshot);
                self.ticks.hear(users.worker, Instant::now());
                self.users[users.worker] = users.classes;
            }
            Report::Spawned => {
                self.spawned += 1;
                if self.spawned == self.setup.workers && self.setup.reset_stats && self.stop.is_none() {
                    self.reset();
                }
            }
            Report::Reset { worker } => self.resetting[worker] = false,
            Report::Exhausted => {
                self.exhausted = true;
                self.go(Phase::Finishing);
            }
            Report::Log { level, at, source, text } => {
                tell(&Event::Log(LogLine { level: level_of(level), at, source: source.into(), text }));
            }
            Report::Abort(message) => self.end(Stop::Abort(message)),
            Report::Done { worker, snapshot, interrupted, outcome } => {
                self.add(worker, &snapshot);
                self.users[worker].fill(0);
                self.ticks.leave(worker);
                self.done += 1;
                self.interrupted += interrupted;
                if let Err(fault) = outcome {
                    self.end(Stop::Fault(fault));
                }
            }
        }
    }

    fn add(&mut self, worker: usize, snapshot: &Snapshot) {
        if !self.resetting[worker] {
            Arc::make_mut(&mut self.totals).merge(snapshot);
            self.interval.merge(snapshot);
        }
    }

    /// Counts from anew: what was measured before is forgotten, here and by the workers.
    fn reset(&mut self) {
        self.totals = Arc::default();
        self.interval = Snapshot::default();
        self.since = SystemTime::now();
        for (orders, resetting) in self.orders.iter().zip(&mut self.resetting) {
            // One that has ended has reported all it had.
            *resetting = orders.send(Order::Reset).is_ok();
        }
    }

    fn tick(&mut self, names: &[Arc<str>], tell: &mut dyn FnMut(&Event)) {
        let count = |class: usize| self.users.iter().map(|users| users[class]).sum();
        let classes: Vec<(Arc<str>, u64)> =
            names.iter().enumerate().map(|(class, name)| (name.clone(), count(class))).collect();
        tell(&Event::Tick(Tick {
            elapsed: self.started.elapsed(),
            users: classes.iter().map(|(_, users)| users).sum(),
            classes: classes.into(),
            totals: self.totals.clone(),
            interval: Arc::new(std::mem::take(&mut self.interval)),
            since: self.since,
        }));
    }

    fn signal(&mut self, tell: &mut dyn FnMut(&Event)) {
        self.signals += 1;
        self.end(Stop::Signal);
        if self.signals > 1 {
            self.go(Phase::Killing);
        } else if self.setup.log_level <= config::Level::Warning {
            let time = self.setup.stop_timeout.as_secs_f64();
            let text = format!(
                "stopping: tasks may take {time} s to finish; a second signal (Ctrl-C) ends them at once"
            );
            tell(&Event::Log(LogLine {
                level: Level::Warn,
                at: SystemTime::now(),
                source: "e2e".into(),
                text,
            }));
        }
    }

    /// Begins the end of the run; of several reasons the gravest counts.
    fn end(&mut self, stop: Stop) {
        let gravity = |stop: &Stop| match stop {
            Stop::RunTime | Stop::Iterations | Stop::UsersEnded => 0,
            Stop::Signal => 1,
            Stop::Abort(_) => 2,
            Stop::Fault(_) => 3,
        };
        if self.stop.as_ref().is_none_or(|before| gravity(&stop) > gravity(before)) {
            self.stop = Some(stop);
        }
        self.go(Phase::Stopping);
    }

    fn go(&mut self, phase: Phase) {
        if phase > self.phase.0 {
            self.phase = (phase, Instant::now());
            for orders in &self.orders {
                // A worker that has ended needs no telling.
                let _ = orders.send(Order::Go(phase));
            }
        }
    }

    /// When the next phase is due.
    fn next_deadline(&self) -> Option<Instant> {
        let (phase, since) = self.phase;
        match phase {
            Phase::Running | Phase::Finishing => self.setup.run_time.map(|time| self.started + time),
            Phase::Stopping => Some(since + self.setup.stop_timeout),
            Phase::Interrupting => Some(since + ON_STOP_TIME.max(self.setup.stop_timeout)),
            Phase::Killing => Some(since + LAST_WAIT),
        }
    }

    /// Goes to the next phase when it is due; false when the last one is over.
    fn advance(&mut self, now: Instant) -> bool {
        if self.next_deadline().is_none_or(|deadline| now < deadline) {
            return true;
        }
        match self.phase.0 {
            Phase::Running | Phase::Finishing => self.end(Stop::RunTime),
            Phase::Stopping => self.go(Phase::Interrupting),
            Phase::Interrupting => {
                self.notes.push("some on_stop functions were interrupted: they took too long".into());
                self.go(Phase::Killing);
            }
            Phase::Killing => return false,
        }
        true
    }

    fn give_up(&mut self) {
        self.notes
            .push("a worker did not end in time: its last second may be missing from the results".into());
    }

    /// What the workers said last.
    fn drain(&mut self, reports: &Receiver<Report>, tell: &mut dyn FnMut(&Event)) {
        loop {
            match reports.recv_timeout(Duration::ZERO) {
                Ok(report) => self.hear(report, tell),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn summary(mut self) -> Summary {
        let stop =
            self.stop.take().unwrap_or(if self.exhausted { Stop::Iterations } else { Stop::UsersEnded });
        let mut exit = Exit::Ok;
        if self.totals.total.failures > 0 || self.totals.all_exceptions() > 0 {
            exit = exit.worst(Exit::Failures);
        }
        exit = match &stop {
            Stop::RunTime | Stop::Iterations | Stop::UsersEnded => exit,
            Stop::Signal => exit.worst(Exit::Signal),
            Stop::Abort(_) => exit.worst(Exit::Abort),
            Stop::Fault(fault) => exit.worst(fault.exit),
        };
        Summary {
            totals: self.totals,
            elapsed: self.started.elapsed(),
            started_at: self.started_at,
            ended_at: SystemTime::now(),
            since: self.since,
            stop,
            failures_code: self.setup.exit_code_on_error,
            exit,
            interrupted: self.interrupted,
            notes: self.notes,
        }
    }
}

fn level_of(level: config::Level) -> Level {
    match level {
        config::Level::Debug => Level::Debug,
        config::Level::Info => Level::Info,
        config::Level::Warning => Level::Warn,
        config::Level::Error => Level::Error,
    }
}
