//! One worker thread: its own engine, clients and recorder; its VUs never move.
//! Started by `conductor`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Instant, SystemTime};

use crossbeam_channel::Sender;
use rustc_hash::FxHashSet;
use serde_json::Value;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::config::{Level, ScriptOptions};
use crate::data::Reader;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::load::{Dispatcher, Roster};
use crate::metrics::Recorder;
use crate::net::{Base, Net};
use crate::script::{self, Engine, Languages, Program};
use crate::vu::{Briefing, LogSink, Shared, fiber};

use super::crew::Crew;
use super::members::Members;
use super::message::{Order, Report, Users};
use super::pulse::Feeler;
use super::setup::{ClassPlan, Setup};
use super::ticks::INTERVAL;

/// Address space of a worker's own stack. Scripts are compiled on it, and what they hold is dropped there:
/// both recurse as deep as things nest.
pub(super) const WORKER_STACK: usize = 16 << 20;

/// A user class on this worker.
pub(super) struct Class {
    pub(super) name: Rc<str>,
    pub(super) base: Option<Rc<Base>>,
    /// Users of it that live.
    pub(super) active: Cell<u64>,
    setup: Arc<Setup>,
    index: usize,
}

impl Class {
    pub(super) fn plan(&self) -> &script::Class {
        &self.routes().class
    }

    /// How its users go about their tasks.
    pub(super) fn routes(&self) -> &ClassPlan {
        &self.setup.classes[self.index]
    }
}

pub(super) struct Worker {
    pub(super) setup: Arc<Setup>,
    pub(super) shared: Rc<Shared>,
    pub(super) program: Box<dyn Program>,
    pub(super) members: Members,
    pub(super) number: usize,
    /// What was due before it came is another's, or nobody's.
    pub(super) joined: Option<Instant>,
    pub(super) classes: Vec<Rc<Class>>,
    pub(super) reports: Sender<Report>,
    /// `on_stop` functions that were interrupted.
    pub(super) cut_off: Cell<u64>,
    /// Users that this machine had no memory for, since the last report.
    pub(super) stunted: Cell<u64>,
    /// Exceptions that were logged once: the rest is only counted.
    logged: RefCell<FxHashSet<String>>,
}

/// What a worker thread is started with.
pub(super) struct Start {
    pub(super) setup: Arc<Setup>,
    pub(super) number: usize,
    pub(super) at: Instant,
    /// When it came, where the run had begun long since.
    pub(super) joined: Option<Instant>,
    pub(super) reports: Sender<Report>,
    pub(super) orders: UnboundedReceiver<Order>,
    /// What `setup` returned.
    pub(super) data: Option<&'static Value>,
}

/// The whole thread: returns when no user is left. Always ends with `Report::Done`.
pub(super) fn work(start: Start) {
    let (reports, worker) = (start.reports.clone(), start.number);
    let (snapshot, (interrupted, cut_off), outcome) = match try_work(start) {
        Ok((snapshot, counts)) => (snapshot, counts, Ok(())),
        Err(fault) => (Box::default(), (0, 0), Err(fault)),
    };
    let ended = Instant::now();
    // The conductor may have given up waiting: nobody is left to tell.
    let _ = reports.send(Report::Done { worker, snapshot, interrupted, cut_off, ended, outcome });
}

/// What was measured last, and how many tasks and `on_stop` functions were interrupted.
fn try_work(start: Start) -> Result<(Box<crate::metrics::Snapshot>, (u64, u64)), Fault> {
    let internal =
        |why: std::io::Error| Fault::new(Exit::Internal, "cannot start a worker").why(why.to_string());
    let runtime =
        Builder::new_current_thread().enable_all().build_local(LocalOptions::default()).map_err(internal)?;
    let _watch = fiber::Watch::start();
    let orders = start.orders;
    let briefing = Briefing::of(start.data, start.setup.clients);
    let worker = Worker::new(start.setup, (start.number, start.at, start.joined), start.reports, briefing)?;
    runtime.block_on(async {
        let feeler = Feeler::new();
        tokio::task::spawn_local(feeler.clone().beat());
        tokio::task::spawn_local(report(worker.clone(), feeler));
        if let Ok(dispatcher) = Dispatcher::new(worker.setup.specs()) {
            Crew::new(worker.clone(), Roster::new(dispatcher)).follow(orders).await;
        }
    });
    let snapshot = Box::new(worker.shared.recorder.borrow_mut().take());
    Ok((snapshot, (worker.shared.interrupted.get(), worker.cut_off.get())))
}

async fn report(worker: Rc<Worker>, feeler: Rc<Feeler>) {
    let first = worker.shared.started + INTERVAL;
    let mut ticks = tokio::time::interval_at(first.into(), INTERVAL);
    // All workers report the same seconds, also after one was late.
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        let snapshot = Box::new(worker.shared.recorder.borrow_mut().take());
        let classes = worker.classes.iter().map(|class| class.active.get()).collect();
        let users = Users { worker: worker.number, classes };
        let pulse = feeler.take((worker.shared.net.take_exhausted(), worker.stunted.take()));
        if worker.reports.send(Report::Metrics { snapshot, users, pulse }).is_err() {
            return;
        }
    }
}

/// Passes on what is grave enough to be logged.
pub(super) fn log_sink(level: Level, send: impl Fn(Report) + 'static) -> LogSink {
    Box::new(move |line, source, text| {
        if line >= level {
            send(Report::Log { level: line, at: SystemTime::now(), source: source.to_owned(), text });
        }
    })
}

impl Worker {
    fn new(
        setup: Arc<Setup>,
        (number, at, joined): (usize, Instant, Option<Instant>),
        reports: Sender<Report>,
        briefing: Briefing,
    ) -> Result<Rc<Worker>, Fault> {
        let net_fault = |error: crate::net::Error| Fault::new(Exit::Config, error.text);
        let net = Net::new(setup.net.clone(), setup.tls.clone()).map_err(net_fault)?;
        let program = Languages.compile(&setup.suite()).map_err(|mut faults| faults.remove(0))?;
        let mut classes = Vec::with_capacity(setup.classes.len());
        for (index, plan) in setup.classes.iter().enumerate() {
            let base = match &plan.host {
                Some(host) => Some(net.base(host).map_err(|error| {
                    Fault::new(
                        Exit::Config,
                        format!("the host of class `{}` cannot be used", plan.class.name),
                    )
                    .why(error.text)
                })?),
                None => None,
            };
            classes.push(Rc::new(Class {
                name: plan.class.name.as_str().into(),
                base,
                active: Cell::new(0),
                setup: setup.clone(),
                index,
            }));
        }
        let (sender, level) = (reports.clone(), setup.log_level);
        let shared = Rc::new(Shared {
            recorder: RefCell::new(
                Recorder::watching(&setup.thresholds.selectors)
                    .emitting(setup.samples.clone())
                    .sharing(setup.shares),
            ),
            net,
            config: setup.config,
            env: setup.env,
            log: log_sink(level, move |report| drop(sender.send(report))),
            data: Reader::new(setup.sources.clone()),
            http_debug: setup.http_debug,
            discard_body: setup.discard_body,
            seed: setup.seed,
            started: at,
            started_epoch: Shared::epoch_of(at),
            options: RefCell::new(ScriptOptions::default()),
            abort: RefCell::new(None),
            interrupted: Cell::new(0),
            briefing,
        });
        Ok(Rc::new(Worker {
            setup,
            shared,
            program,
            members: Members::new(),
            number,
            joined,
            classes,
            reports,
            cut_off: Cell::new(0),
            stunted: Cell::new(0),
            logged: RefCell::default(),
        }))
    }

    /// Whether one more task may begin.
    pub(super) fn claim_iteration(&self) -> bool {
        let Some(most) = self.setup.iterations else { return true };
        let before = self.setup.begun.fetch_add(1, Ordering::Relaxed);
        if before + 1 == most {
            // Nobody need wait for a further one.
            let _ = self.reports.send(Report::Exhausted);
        }
        before < most
    }

    /// False once every iteration asked for has begun: nobody waits for a further one.
    pub(super) fn has_iterations(&self) -> bool {
        self.setup.iterations.is_none_or(|most| self.setup.begun.load(Ordering::Relaxed) < most)
    }

    /// Tells the conductor, once, that the script wants the run to end.
    pub(super) fn look_for_abort(&self) {
        if let Some(message) = self.shared.abort.borrow().clone() {
            let _ = self.reports.send(Report::Abort(message));
        }
    }

    /// A warning of e2e's own.
    pub(super) fn say(&self, text: &str) {
        (self.shared.log)(Level::Error, "e2e", text.to_owned());
    }

    /// Each exception is logged when it comes up first; the end of the run shows the counts.
    pub(super) fn log_exception(&self, class: &str, task: &str, fault: &Fault) {
        let at = fault.at.as_ref().map(|at| format!(" ({}:{})", at.file, at.line)).unwrap_or_default();
        let text = format!("{task}: {}{at}", fault.what);
        let mut logged = self.logged.borrow_mut();
        // Messages that differ each time must not fill the memory, nor the terminal.
        if logged.len() < 100 && logged.insert(text.clone()) {
            (self.shared.log)(Level::Error, class, text);
        }
    }
}
