//! The control VM: a sandbox of its own, beside those of the VUs, for what is
//! called once a run: `setup`, `teardown`, listeners of the run's events, and a load
//! shape's `tick`. One thread, started by `attendant` only where scripts want it.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Instant;

use crossbeam_channel::Sender;
use serde_json::Value;
use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::api::{Occasion, Wanted};
use crate::config::{Level, ScriptOptions};
use crate::data::Reader;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::metrics::Recorder;
use crate::net::Net;
use crate::script::{Control, Engine, Languages, Outcome, Program};
use crate::vu::{Briefing, Hook, Shared, Vu, fiber};

use super::message::{Ask, Phase, Report, Said};
use super::setup::Setup;
use super::worker::log_sink;

pub(super) struct Start {
    pub(super) setup: Arc<Setup>,
    pub(super) asks: UnboundedReceiver<Ask>,
    pub(super) phases: UnboundedReceiver<Phase>,
    pub(super) said: Sender<Said>,
}

/// The whole thread: until nobody asks any more.
pub(super) fn attend(start: Start) {
    let Start { setup, mut asks, phases, said } = start;
    let runtime = match Builder::new_current_thread().enable_all().build_local(LocalOptions::default()) {
        Ok(runtime) => runtime,
        // The conductor finds nobody.
        Err(_) => return,
    };
    let _watch = fiber::Watch::start();
    runtime.block_on(async {
        let mut room = match Room::new(setup, phases, said.clone()) {
            Ok(room) => room,
            Err(fault) => {
                let mut fault = Some(fault);
                while asks.recv().await.is_some() {
                    let _ = said.send(fault.take().map_or(Said::Told, |fault| Said::Prepared(Err(fault))));
                }
                return;
            }
        };
        while let Some(ask) = asks.recv().await {
            let answer = room.answer(ask).await;
            let snapshot = Box::new(room.shared.recorder.borrow_mut().take());
            // The conductor may have given up waiting: nobody is left to tell.
            let _ = room.said.send(Said::Metrics(snapshot));
            let _ = room.said.send(answer);
        }
    });
}

struct Room {
    setup: Arc<Setup>,
    shared: Rc<Shared>,
    program: Box<dyn Program>,
    vu: Rc<Vu>,
    /// None before it is needed, and once it broke.
    vm: Option<Box<dyn Control>>,
    phases: RefCell<UnboundedReceiver<Phase>>,
    /// How far the end of the run has come.
    phase: Cell<Phase>,
    said: Sender<Said>,
    /// `init` went well.
    initialized: bool,
    /// `test_start` was told: `test_stop` is owed.
    begun: bool,
    /// `setup` went well, or there is none: `teardown` is owed.
    set_up: bool,
    data: Option<&'static Value>,
}

impl Room {
    fn new(setup: Arc<Setup>, phases: UnboundedReceiver<Phase>, said: Sender<Said>) -> Result<Room, Fault> {
        let net_fault = |error: crate::net::Error| Fault::new(Exit::Config, error.text);
        let net = Net::new(setup.net.clone(), setup.tls.clone()).map_err(net_fault)?;
        let program = Languages.compile(&setup.suite()).map_err(|mut faults| faults.remove(0))?;
        let base = setup.base_url.as_deref().map(|host| net.base(host)).transpose().map_err(net_fault)?;
        let (sender, started) = (said.clone(), Instant::now());
        let shared = Rc::new(Shared {
            recorder: RefCell::new(Recorder::watching(&setup.thresholds.selectors)),
            net,
            config: setup.config,
            env: setup.env,
            log: log_sink(setup.log_level, move |report| drop(sender.send(Said::Report(report)))),
            data: Reader::new(setup.sources.clone()),
            http_debug: setup.http_debug,
            discard_body: setup.discard_body,
            seed: setup.seed,
            started,
            started_epoch: Shared::epoch_of(started),
            options: RefCell::new(ScriptOptions::default()),
            abort: RefCell::new(None),
            interrupted: Cell::new(0),
            briefing: Briefing::default(),
        });
        let vu = Vu::new(0, "control".into(), base, shared.clone());
        Ok(Room {
            setup,
            shared,
            program,
            vu,
            vm: None,
            phases: RefCell::new(phases),
            phase: Cell::new(Phase::Running),
            said,
            initialized: false,
            begun: false,
            set_up: false,
            data: None,
        })
    }

    async fn answer(&mut self, ask: Ask) -> Said {
        let environment = self.setup.about;
        match ask {
            Ask::Prepare => Said::Prepared(self.prepare().await),
            Ask::Adopt(data) => {
                (self.begun, self.set_up, self.data) = (true, true, data);
                Said::Told
            }
            Ask::Tick { users, since, at } => {
                self.shared.briefing.ask(since + at, since);
                self.shared.briefing.users.set(users);
                Said::Wanted(self.tick().await)
            }
            Ask::Complete { users } => {
                self.fire(&Occasion::SpawningComplete { environment, users }, Phase::Interrupting).await;
                Said::Told
            }
            Ask::Finish => {
                if self.set_up && self.setup.hooks.contains(Hook::Teardown) {
                    let data = self.data;
                    let outcome = self.call(Phase::Killing, |vm| vm.teardown(data)).await;
                    self.note("teardown", outcome);
                }
                if self.begun {
                    self.fire(&Occasion::TestStop { environment }, Phase::Killing).await;
                }
                // What is left open is closed, and counted, with the test.
                Box::pin(self.vu.close_lines()).await;
                Said::Told
            }
            Ask::Quit(exit_code) => {
                if self.initialized {
                    self.fire(&Occasion::Quitting { environment, exit_code }, Phase::Killing).await;
                }
                Said::Told
            }
        }
    }

    /// What `setup` returned.
    async fn prepare(&mut self) -> Result<Option<&'static Value>, Fault> {
        let environment = self.setup.about;
        let failed = self.fire(&Occasion::Init { environment }, Phase::Interrupting).await;
        if let Some(fault) = failed {
            return Err(fault);
        }
        self.initialized = true;
        if self.has_ended() {
            return Ok(None);
        }
        if self.setup.schedule.shape().is_some() {
            // Made now, so that the first tick, and with it the first users, need not wait for it.
            let outcome = self.call(Phase::Interrupting, |_| Outcome::Done).await;
            if let Outcome::Broken(fault) | Outcome::Raised(fault) = outcome {
                return Err(fault);
            }
        }
        self.begun = true;
        self.fire(&Occasion::TestStart { environment }, Phase::Interrupting).await;
        if self.has_ended() {
            return Ok(None);
        }
        if !self.setup.hooks.contains(Hook::Setup) {
            self.set_up = true;
            return Ok(None);
        }
        let mut returned = None;
        let outcome = self
            .call(Phase::Interrupting, |vm| match vm.setup() {
                Ok(json) => {
                    returned = json;
                    Outcome::Done
                }
                Err(outcome) => outcome,
            })
            .await;
        match outcome {
            Outcome::Raised(fault) | Outcome::Broken(fault) => return Err(fault),
            Outcome::Interrupted => {
                self.note("setup", Outcome::Interrupted);
                return Ok(None);
            }
            Outcome::Done | Outcome::Wait(_) => {}
        }
        self.set_up = true;
        if let Some(json) = returned {
            let value: Value = serde_json::from_slice(&json).map_err(|why| {
                Fault::new(Exit::Script, "what setup returned cannot be kept").why(why.to_string())
            })?;
            // Held once for all VUs, until the process ends.
            self.data = Some(Box::leak(Box::new(value)));
        }
        Ok(self.data)
    }

    async fn tick(&mut self) -> Result<Option<Wanted>, Fault> {
        let mut wanted = None;
        let outcome = self
            .call(Phase::Stopping, |vm| match vm.tick() {
                Ok(said) => {
                    wanted = said;
                    Outcome::Done
                }
                Err(outcome) => outcome,
            })
            .await;
        match outcome {
            Outcome::Raised(fault) | Outcome::Broken(fault) => Err(fault),
            Outcome::Done | Outcome::Wait(_) | Outcome::Interrupted => Ok(wanted),
        }
    }

    /// Calls the listeners of `occasion`. The error of the first that raised.
    async fn fire(&mut self, occasion: &Occasion, until: Phase) -> Option<Fault> {
        if !self.setup.hooks.contains(occasion.hook()) {
            return None;
        }
        let name = occasion.hook().name();
        let mut raised = Vec::new();
        // Those that are left get the VM that comes after one that broke.
        let mut done = 0;
        let outcome = loop {
            let before = done;
            let outcome = self.call(until, |vm| vm.fire(occasion, &mut done, &mut raised)).await;
            match outcome {
                Outcome::Broken(fault) if done > before => raised.push(fault),
                outcome => break outcome,
            }
        };
        // What `init` raises ends the run, and is reported as what ended it.
        let is_init = occasion.hook() == Hook::Init;
        if !is_init {
            raised.iter().for_each(|fault| self.raised(name, fault));
        }
        let broken = match &outcome {
            Outcome::Raised(fault) | Outcome::Broken(fault) => Some(fault.clone()),
            _ => None,
        };
        if !is_init || broken.is_none() {
            self.note(name, outcome);
        }
        raised.into_iter().chain(broken).next()
    }

    fn has_ended(&self) -> bool {
        while let Ok(phase) = self.phases.borrow_mut().try_recv() {
            self.phase.set(self.phase.get().max(phase));
        }
        self.phase.get() > Phase::Running || self.shared.abort.borrow().is_some()
    }

    /// Runs script code; from phase `until` on it is interrupted.
    async fn call(&mut self, until: Phase, f: impl FnOnce(&mut dyn Control) -> Outcome) -> Outcome {
        let mut vm = match self.vm.take() {
            Some(vm) => vm,
            None => {
                let shape = self.setup.schedule.shape();
                let loaded = self.drive(until, || self.program.control(self.vu.clone(), shape)).await;
                match loaded {
                    Ok(Ok(vm)) => vm,
                    Ok(Err(fault)) => return Outcome::Broken(fault),
                    Err(outcome) => return outcome,
                }
            }
        };
        let outcome = self.drive(until, || f(&mut *vm)).await.unwrap_or_else(|outcome| outcome);
        self.vu.release();
        if !matches!(outcome, Outcome::Broken(_)) {
            self.vm = Some(vm);
        }
        if let Some(message) = self.shared.abort.borrow().clone() {
            let _ = self.said.send(Said::Report(Report::Abort(message)));
        }
        outcome
    }

    async fn drive<R>(&self, until: Phase, f: impl FnOnce() -> R) -> Result<R, Outcome> {
        let internal = |what: String| Outcome::Broken(Fault::new(Exit::Internal, what));
        let call = fiber::call(self.setup.cpu_budget, f)
            .map_err(|why| internal(format!("no stack for a call: {why} (see vm.max_map_count)")))?;
        let mut call = pin!(call);
        let result = poll_fn(|cx| {
            while let Poll::Ready(Some(phase)) = self.phases.borrow_mut().poll_recv(cx) {
                self.phase.set(self.phase.get().max(phase));
            }
            if self.phase.get() >= until {
                call.as_mut().interrupt();
            }
            call.as_mut().poll(cx)
        });
        match result.await {
            Ok(value) => Ok(value),
            Err(fiber::Failed::Panic(text)) => {
                Err(internal(format!("internal fault: {text} (a defect of e2e, please report it)")))
            }
        }
    }

    fn note(&self, what: &'static str, outcome: Outcome) {
        match outcome {
            Outcome::Done | Outcome::Wait(_) => {}
            Outcome::Raised(fault) | Outcome::Broken(fault) => self.raised(what, &fault),
            Outcome::Interrupted => {
                let _ = self.said.send(Said::Interrupted(what));
            }
        }
    }

    fn raised(&self, what: &str, fault: &Fault) {
        self.vu.record_exception(what, fault);
        let at = fault.at.as_ref().map(|at| format!(" ({}:{})", at.file, at.line)).unwrap_or_default();
        self.vu.log(Level::Error, format!("{what}: {}{at}", fault.what));
    }
}
