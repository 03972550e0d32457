//! The conductor's side of the control VM: what it is asked, and what becomes of its
//! answers. Of `running`; the VM itself is in `control`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, never, unbounded};
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::api::Wanted;
use crate::event::{Aimed, Event, Stop, What};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::load::Target;

use super::control::{self, Start};
use super::message::{Ask, Phase, Said};
use super::running::{Act, Ears, Running};
use super::schedule::{Schedule, target_of};
use super::setup::Setup;
use super::worker::WORKER_STACK;

/// From one `tick` of a load shape to the next.
const TICK: Duration = Duration::from_secs(1);

/// How much earlier it is asked, so that its answer is there when it is due, as a batch may be.
const LEAD: Duration = Duration::from_millis(20);

/// Whether there is a control VM, and what it has been asked.
pub(super) struct Attendant {
    link: Option<Link>,
    said: Receiver<Said>,
    /// How many answers are still to come.
    waiting: usize,
    /// What `setup` returned.
    data: Option<&'static Value>,
    /// How many times a load shape has been asked, or passed over.
    ticks: u32,
    /// From when on the answer that is awaited counts; None: none is.
    ticking: Option<Duration>,
}

struct Link {
    asks: UnboundedSender<Ask>,
    phases: UnboundedSender<Phase>,
}

impl Attendant {
    /// Nobody, for a run whose scripts want nothing.
    pub(super) fn none() -> Attendant {
        Attendant { link: None, said: never(), waiting: 0, data: None, ticks: 0, ticking: None }
    }

    /// Another process has run `setup`, which returned this; what is left to do may come to this one.
    pub(super) fn adopt(&mut self, data: Option<&'static Value>) {
        self.data = data;
        self.ask(Ask::Adopt(data));
    }

    /// Starts a control VM where scripts have something for it to do.
    pub(super) fn start(setup: &Arc<Setup>) -> Attendant {
        let mut attendant = Attendant::none();
        if !setup.needs_control() {
            return attendant;
        }
        let (asks, asked) = unbounded_channel();
        let (phases, phases_told) = unbounded_channel();
        let (sender, said) = unbounded();
        let start = Start { setup: setup.clone(), asks: asked, phases: phases_told, said: sender };
        // Where no thread can be had, the first question finds nobody.
        let thread = std::thread::Builder::new().name("control".into()).stack_size(WORKER_STACK);
        if thread.spawn(move || control::attend(start)).is_ok() {
            attendant.said = said;
        }
        attendant.link = Some(Link { asks, phases });
        attendant
    }

    pub(super) fn is_there(&self) -> bool {
        self.link.is_some()
    }

    pub(super) fn said(&self) -> &Receiver<Said> {
        &self.said
    }

    pub(super) fn data(&self) -> Option<&'static Value> {
        self.data
    }

    pub(super) fn go(&self, phase: Phase) {
        if let Some(link) = &self.link {
            let _ = link.phases.send(phase);
        }
    }

    /// False where nobody is there to answer.
    fn ask(&mut self, ask: Ask) -> bool {
        let asked = self.link.as_ref().is_some_and(|link| link.asks.send(ask).is_ok());
        self.waiting += usize::from(asked);
        asked
    }

    /// Asks the load shape for its next target, if it is time.
    pub(super) fn tick(&mut self, now: Instant, started: Instant, users: u64) {
        let Some(mut due) = self.next_tick(started).filter(|due| now >= *due) else { return };
        // Seconds that another process has asked for are over.
        let missed = now.saturating_duration_since(due).as_secs() as u32;
        if self.ticks == 0 && missed > 1 {
            self.ticks = missed;
            due += TICK * missed;
        }
        let at = TICK * self.ticks;
        self.ticking = self.ask(Ask::Tick { users, since: started, at }).then_some(at);
        // One that took long is not made up for.
        self.ticks += 1 + (now - due).as_secs() as u32;
    }

    /// When the next `tick` is due; None while one runs.
    pub(super) fn next_tick(&self, started: Instant) -> Option<Instant> {
        let at = TICK * self.ticks;
        self.ticking.is_none().then(|| started + at.saturating_sub(LEAD))
    }

    pub(super) fn complete(&mut self, users: u64) {
        self.ask(Ask::Complete { users });
    }
}

impl Running {
    /// `init`, `test_start` and `setup`, before the first users.
    pub(super) fn prepare(&mut self, ears: &Ears, tell: &mut dyn FnMut(&Event)) {
        if self.attendant.is_there() && !self.attendant.ask(Ask::Prepare) {
            self.lose_control();
        }
        self.await_control(ears, tell);
    }

    /// `teardown`, `test_stop` and `quitting`, after the last users.
    pub(super) fn close(&mut self, ears: &Ears, tell: &mut dyn FnMut(&Event)) {
        self.act = Act::Closing;
        if self.together.is_some() {
            return self.close_together(ears, tell);
        }
        self.tear_down(ears, tell);
        let code = self.exit(&self.judge()).code_with(self.setup.exit_code_on_error);
        self.quit(code, ears, tell);
    }

    /// `teardown` and `test_stop`.
    pub(super) fn tear_down(&mut self, ears: &Ears, tell: &mut dyn FnMut(&Event)) {
        if !self.attendant.is_there() {
            return;
        }
        if self.signals < 2 {
            self.phases.close();
        }
        self.attendant.go(self.phases.phase());
        self.attendant.ask(Ask::Finish);
        self.await_control(ears, tell);
    }

    /// `quitting`.
    pub(super) fn quit(&mut self, code: u8, ears: &Ears, tell: &mut dyn FnMut(&Event)) {
        if self.attendant.is_there() {
            self.attendant.ask(Ask::Quit(code));
            self.await_control(ears, tell);
        }
    }

    fn await_control(&mut self, ears: &Ears, tell: &mut dyn FnMut(&Event)) {
        while self.attendant.waiting > 0 {
            if !self.turn(ears, tell) {
                self.notes.push("setup, teardown or a listener did not end in time".into());
                self.attendant.waiting = 0;
                self.attendant.said = never();
                self.attendant.link = None;
            }
        }
    }

    /// The control VM is gone, which only a defect of e2e's own can bring about.
    pub(super) fn lose_control(&mut self) {
        self.attendant.link = None;
        self.attendant.said = never();
        self.attendant.waiting = 0;
        self.end(Stop::Fault(Fault::new(Exit::Internal, "the thread of setup and events has ended")));
    }

    pub(super) fn hear_control(&mut self, said: Said, tell: &mut dyn FnMut(&Event)) {
        match said {
            Said::Report(report) => return self.hear(report, tell),
            Said::Metrics(snapshot) => return self.merge(&snapshot),
            Said::Interrupted(what) => return self.notes.push(format!("{what} was interrupted")),
            Said::Prepared(Ok(data)) => self.attendant.data = data,
            Said::Prepared(Err(fault)) => self.end(Stop::Fault(fault)),
            Said::Wanted(wanted) => {
                let at = self.attendant.ticking.take().unwrap_or_default();
                self.obey_tick(at, wanted);
            }
            Said::Told => {}
        }
        self.attendant.waiting = self.attendant.waiting.saturating_sub(1);
    }

    /// All processes aim at the target, this one when it hears it with the others.
    fn aim_all(&mut self, at: Duration, target: Target) -> Result<(), Fault> {
        let Some(together) = &self.together else { return self.door.aim(at, target) };
        target.check()?;
        self.setup.safety.check_target(target.users, target.spawn_rate)?;
        let Target { users, spawn_rate, classes } = target;
        let classes = classes.map(|classes| classes.to_vec());
        together.order(at, What::Aim(Aimed { users, spawn_rate, classes }));
        Ok(())
    }

    /// A load shape has said what it wants from `at` on, or from now on where that is later.
    fn obey_tick(&mut self, at: Duration, wanted: Result<Option<Wanted>, Fault>) {
        if self.act != Act::Users || self.phases.phase() > Phase::Running {
            return;
        }
        let target = match wanted {
            Ok(Some(wanted)) => target_of(wanted, &self.setup.classes),
            Ok(None) => {
                return match &self.together {
                    Some(together) => together.order(at, What::Over),
                    None => self.over = Some(self.started + at),
                };
            }
            Err(fault) => Err(fault),
        };
        let aimed = target.and_then(|target| self.aim_all(at.max(self.started.elapsed()), target));
        if let Err(fault) = aimed {
            let name = self.setup.schedule.shape().unwrap_or_default();
            let what = match &self.setup.schedule {
                Schedule::Ticks { .. } if fault.at.is_none() || fault.exit == Exit::Refused => {
                    format!("load shape `{name}`: {}", fault.what)
                }
                _ => fault.what.clone(),
            };
            // What a script asks for is the script's fault, also where the command line could ask for it.
            let exit = if fault.exit == Exit::Usage { Exit::Script } else { fault.exit };
            self.end(Stop::Fault(Fault { what, exit, ..fault }));
        }
    }
}
