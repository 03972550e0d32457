//! The life of one VU: on_start, what `turns` says, on_stop. Only the calls are the
//! script's. Spawned by `worker`.

use std::cell::Cell;
use std::fmt::Display;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use crate::exit::Exit;
use crate::fault::Fault;
use crate::load::{Pace, Walk};
use crate::script::{Entry, Outcome, Vm};
use crate::vu::{Vu, fiber};

use super::cast::{Cast, Desk};
use super::message::Phase;
use super::worker::{Class, Worker};

/// Why a VU does not go on.
pub(super) enum Leave {
    /// The run ends, or the script said `stop`: on_stop is owed.
    Stopped,
    /// It never started, or its VM is gone: no on_stop.
    Lost,
}

pub(super) struct User {
    pub(super) worker: Rc<Worker>,
    pub(super) class: Rc<Class>,
    pub(super) vu: Rc<Vu>,
    place: usize,
    /// The call under way, or the last one, has waited for something.
    pub(super) parked: Cell<bool>,
    /// Where it belongs to a scenario, with what it takes its work from.
    pub(super) cast: Option<(Rc<Cast>, Rc<Desk>)>,
}

impl User {
    /// A user that counts as active from now on.
    pub(super) fn new(worker: Rc<Worker>, class: Rc<Class>, id: u64) -> User {
        let vu = Vu::new(id, class.name.clone(), class.base.clone(), worker.shared.clone());
        User::with(worker, class, vu, None)
    }

    /// One of a scenario.
    pub(super) fn of_cast(
        worker: Rc<Worker>,
        class: Rc<Class>,
        (id, desk): (u64, Rc<Desk>),
        cast: Rc<Cast>,
    ) -> User {
        let role = Some(cast.role().clone());
        let vu = Vu::of(role, id, class.name.clone(), class.base.clone(), worker.shared.clone());
        User::with(worker, class, vu, Some((cast, desk)))
    }

    fn with(worker: Rc<Worker>, class: Rc<Class>, vu: Rc<Vu>, cast: Option<(Rc<Cast>, Rc<Desk>)>) -> User {
        let id = vu.id;
        let place = worker.members.join(id);
        class.active.set(class.active.get() + 1);
        let before = worker.setup.users_now.fetch_add(1, Ordering::Relaxed);
        worker.setup.users_most.fetch_max(before + 1, Ordering::Relaxed);
        User { worker, class, vu, place, parked: Cell::new(false), cast }
    }

    pub(super) async fn live(self) {
        poll_fn(|cx| {
            self.worker.members.set_waker(self.place, cx);
            Poll::Ready(())
        })
        .await;
        let mut way = Way { walk: Walk::default(), pace: Pace::new(self.now()) };
        let mut vm = None;
        let leave = self.work(&mut vm, &mut way).await;
        if let (Leave::Stopped, Some(vm)) = (leave, &mut vm) {
            self.end(vm, &mut way.walk).await;
        }
        self.hang_up().await;
    }

    /// Closes what its script has left open.
    async fn hang_up(&self) {
        if self.vu.lines.borrow().is_some() {
            // Boxed: few have any, and all would pay for its size.
            Box::pin(self.vu.close_lines()).await;
        }
    }

    /// The on_stop of every set that it is in, innermost first, then its own.
    async fn end(&self, vm: &mut Box<dyn Vm>, walk: &mut Walk) {
        while walk.depth() > 0 {
            if let Noted::Broken = self.leave(vm, walk).await {
                return;
            }
        }
        if self.class.plan().has_on_stop {
            let outcome = self.call(vm, Entry::OnStop, Phase::Killing).await;
            self.note_last(&"on_stop", outcome);
        }
    }

    /// As `note`, of an `on_stop`: nothing comes after it that would tell that it was cut off.
    fn note_last(&self, what: &dyn Display, outcome: Outcome) -> Noted {
        if let Outcome::Interrupted = outcome {
            self.worker.cut_off.set(self.worker.cut_off.get() + 1);
        }
        self.note(what, outcome)
    }

    /// Out of the innermost set; its on_stop.
    pub(super) async fn leave(&self, vm: &mut Box<dyn Vm>, walk: &mut Walk) -> Noted {
        let Some(node) = walk.inner() else { return Noted::Fine };
        walk.leave();
        let outcome = self.call(vm, Entry::Leave, Phase::Killing).await;
        self.note_last(&format_args!("{}.on_stop", self.class.routes().set(node).name), outcome)
    }

    pub(super) fn now(&self) -> Duration {
        self.worker.shared.started.elapsed()
    }

    pub(super) fn stopping(&self) -> bool {
        self.worker.members.phase_of(self.place) > Phase::Running || self.vu.leaving.get()
    }

    /// How far its end has come.
    pub(super) fn own_phase(&self) -> Phase {
        self.worker.members.phase_of(self.place)
    }

    /// A new VM, its on_start done.
    pub(super) async fn start(&self) -> Result<Box<dyn Vm>, Leave> {
        // Of a VM that broke, nobody knows the numbers of.
        self.hang_up().await;
        let program = &self.worker.program;
        let spawned = self
            .drive(Phase::Interrupting, || {
                program.spawn(self.vu.clone(), &self.class.name, &self.class.plan().tasks)
            })
            .await;
        let mut vm = match spawned {
            Some(Ok(vm)) => vm,
            Some(Err(fault)) => {
                let is_stunted = fault.exit == Exit::Internal;
                self.worker.stunted.set(self.worker.stunted.get() + u64::from(is_stunted));
                self.raised(&"the script's top level", &fault);
                return Err(Leave::Lost);
            }
            None => return Err(Leave::Lost),
        };
        if self.class.plan().has_on_start {
            let outcome = self.call(&mut vm, Entry::OnStart, Phase::Interrupting).await;
            let fine = matches!(outcome, Outcome::Done);
            let interrupted = matches!(outcome, Outcome::Interrupted);
            self.note(&"on_start", outcome);
            if interrupted {
                // What it had done so far may need its on_stop as much as a task would.
                let outcome = match self.class.plan().has_on_stop {
                    true => self.call(&mut vm, Entry::OnStop, Phase::Killing).await,
                    false => Outcome::Done,
                };
                self.note_last(&"on_stop", outcome);
            }
            if !fine {
                return Err(Leave::Lost);
            }
        }
        Ok(vm)
    }

    pub(super) async fn call(&self, vm: &mut Box<dyn Vm>, entry: Entry<'_>, until: Phase) -> Outcome {
        self.vu.left.set(None);
        let outcome = self.drive(until, || vm.call(entry)).await;
        self.vu.release();
        outcome.unwrap_or_else(|| {
            Outcome::Broken(Fault::new(Exit::Internal, "internal fault in a host call (a defect of e2e)"))
        })
    }

    /// Runs `f` on a fiber; from phase `until` on it is interrupted. None when the host failed.
    async fn drive<R>(&self, until: Phase, f: impl FnOnce() -> R) -> Option<R> {
        let call = match fiber::call(self.worker.setup.cpu_budget, f) {
            Ok(call) => call,
            Err(why) => {
                self.worker.stunted.set(self.worker.stunted.get() + 1);
                self.worker.say(&format!("no stack for another call: {why} (see vm.max_map_count)"));
                return None;
            }
        };
        self.parked.set(false);
        let mut call = pin!(call);
        let result = poll_fn(|cx| {
            if self.worker.members.phase_of(self.place) >= until {
                call.as_mut().interrupt();
            }
            let polled = call.as_mut().poll(cx);
            if polled.is_pending() {
                self.parked.set(true);
            }
            polled
        });
        match result.await {
            Ok(value) => Some(value),
            Err(fiber::Failed::Panic(text)) => {
                self.worker.say(&format!("internal fault: {text} (a defect of e2e, please report it)"));
                None
            }
        }
    }

    /// Records what went wrong in `task`.
    pub(super) fn note(&self, task: &dyn Display, outcome: Outcome) -> Noted {
        match outcome {
            Outcome::Done | Outcome::Wait(_) => Noted::Fine,
            Outcome::Raised(fault) => {
                self.raised(task, &fault);
                Noted::Fine
            }
            Outcome::Broken(fault) => {
                self.raised(task, &fault);
                Noted::Broken
            }
            Outcome::Interrupted => {
                self.worker.look_for_abort();
                Noted::Interrupted
            }
        }
    }

    fn raised(&self, task: &dyn Display, fault: &Fault) {
        let task = &task.to_string();
        self.vu.record_exception(task, fault);
        self.worker.log_exception(&self.class.name, task, fault);
    }
}

/// Where a VU is, and what it must remember.
pub(super) struct Way {
    pub(super) walk: Walk,
    /// Of the waits of its class.
    pub(super) pace: Pace,
}

/// What became of a call.
pub(super) enum Noted {
    Fine,
    Broken,
    Interrupted,
}

impl Drop for User {
    fn drop(&mut self) {
        self.class.active.set(self.class.active.get() - 1);
        self.worker.setup.users_now.fetch_sub(1, Ordering::Relaxed);
        self.worker.members.leave(self.vu.id, self.place);
        if let Some((cast, desk)) = &self.cast {
            cast.leave(desk);
        }
    }
}
