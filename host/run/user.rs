//! The life of one VU: on_start, tasks and waits, on_stop. The host chooses and
//! waits; only the calls are the script's. Spawned by `worker`.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use crate::exit::Exit;
use crate::fault::Fault;
use crate::load::{Pace, Wait};
use crate::script::{Entry, Outcome, Vm, WaitTime};
use crate::units;
use crate::vu::{Vu, fiber};

use super::message::Phase;
use super::worker::{Class, Worker};

/// Why a VU does not go on.
enum Leave {
    /// The run ends, or the script said `stop`: on_stop is owed.
    Stopped,
    /// It never started, or its VM is gone: no on_stop.
    Lost,
}

pub(super) struct User {
    worker: Rc<Worker>,
    class: Rc<Class>,
    vu: Rc<Vu>,
    place: usize,
    /// The call under way, or the last one, has waited for something.
    parked: Cell<bool>,
}

impl User {
    /// A user that counts as active from now on.
    pub(super) fn new(worker: Rc<Worker>, class: Rc<Class>, id: u64) -> User {
        let vu = Vu::new(id, class.name.clone(), class.base.clone(), worker.shared.clone());
        let place = worker.members.join();
        class.active.set(class.active.get() + 1);
        User { worker, class, vu, place, parked: Cell::new(false) }
    }

    pub(super) async fn live(self) {
        poll_fn(|cx| {
            self.worker.members.set_waker(self.place, cx);
            Poll::Ready(())
        })
        .await;
        let mut pace = Pace::new(self.now());
        let mut vm = None;
        let leave = self.work(&mut vm, &mut pace).await;
        if let (Leave::Stopped, Some(vm), true) = (leave, &mut vm, self.class.plan().has_on_stop) {
            let outcome = self.call(vm, Entry::OnStop, Phase::Killing).await;
            self.note("on_stop", outcome);
        }
    }

    fn now(&self) -> Duration {
        self.worker.shared.started.elapsed()
    }

    fn stopping(&self) -> bool {
        self.worker.members.phase() > Phase::Running || self.vu.leaving.get()
    }

    /// Tasks and waits until something ends them. A VM that broke is replaced by a new one,
    /// as if a new user had come in its place.
    async fn work(&self, vm: &mut Option<Box<dyn Vm>>, pace: &mut Pace) -> Leave {
        loop {
            if vm.is_none() {
                if self.stopping() {
                    return Leave::Lost;
                }
                match self.start().await {
                    Ok(started) => *vm = Some(started),
                    Err(leave) => return leave,
                }
            }
            let Some(running) = vm.as_mut() else { return Leave::Lost };
            if self.stopping() || !self.worker.claim_iteration() {
                return Leave::Stopped;
            }
            let index = self.class.choice().pick(&mut *self.vu.rng.borrow_mut());
            self.vu.iteration.set(self.vu.iteration.get() + 1);
            let outcome = self.call(running, Entry::Task(index), Phase::Interrupting).await;
            let name = self.class.plan().tasks[index].name.as_str();
            match self.note(name, outcome) {
                Noted::Fine => self.worker.shared.recorder.borrow_mut().iteration(),
                Noted::Broken => *vm = None,
                Noted::Interrupted => {
                    let interrupted = &self.worker.shared.interrupted;
                    interrupted.set(interrupted.get() + 1);
                    return Leave::Stopped;
                }
            }
            if self.stopping() || !self.worker.has_iterations() {
                return if vm.is_some() { Leave::Stopped } else { Leave::Lost };
            }
            let time = match (&self.class.plan().wait_time, vm.as_mut()) {
                (WaitTime::Built(Wait::None), _) => Duration::ZERO,
                (WaitTime::Built(wait), _) => pace.next(wait, self.now(), &mut *self.vu.rng.borrow_mut()),
                (WaitTime::Function, Some(running)) => self.scripted_wait(running).await,
                (WaitTime::Function, None) => Duration::ZERO,
            };
            self.wait(time).await;
        }
    }

    /// A new VM, its on_start done.
    async fn start(&self) -> Result<Box<dyn Vm>, Leave> {
        let program = &self.worker.program;
        let spawned = self
            .drive(Phase::Interrupting, || {
                program.spawn(self.vu.clone(), &self.class.name, &self.class.plan().tasks)
            })
            .await;
        let mut vm = match spawned {
            Some(Ok(vm)) => vm,
            Some(Err(fault)) => {
                self.raised("the script's top level", &fault);
                return Err(Leave::Lost);
            }
            None => return Err(Leave::Lost),
        };
        if self.class.plan().has_on_start {
            let outcome = self.call(&mut vm, Entry::OnStart, Phase::Interrupting).await;
            let fine = matches!(outcome, Outcome::Done);
            let interrupted = matches!(outcome, Outcome::Interrupted);
            self.note("on_start", outcome);
            if interrupted {
                // What it had done so far may need its on_stop as much as a task would.
                let outcome = match self.class.plan().has_on_stop {
                    true => self.call(&mut vm, Entry::OnStop, Phase::Killing).await,
                    false => Outcome::Done,
                };
                self.note("on_stop", outcome);
            }
            if !fine {
                return Err(Leave::Lost);
            }
        }
        Ok(vm)
    }

    async fn scripted_wait(&self, vm: &mut Box<dyn Vm>) -> Duration {
        match self.call(vm, Entry::Wait, Phase::Interrupting).await {
            Outcome::Wait(seconds) => units::duration_of_seconds(seconds).unwrap_or(Duration::ZERO),
            outcome => {
                self.note("wait_time", outcome);
                // A broken wait function must not turn a user into a flood.
                Duration::from_secs(1)
            }
        }
    }

    /// Until `time` has passed or the run ends.
    async fn wait(&self, time: Duration) {
        if time.is_zero() {
            // A task that waited for nothing must let others have their turn.
            if !self.parked.get() {
                tokio::task::yield_now().await;
            }
            return;
        }
        let mut sleep = pin!(tokio::time::sleep(time));
        poll_fn(|cx| if self.stopping() { Poll::Ready(()) } else { sleep.as_mut().poll(cx) }).await;
    }

    async fn call(&self, vm: &mut Box<dyn Vm>, entry: Entry, until: Phase) -> Outcome {
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
                self.worker.say(&format!("no stack for another call: {why} (see vm.max_map_count)"));
                return None;
            }
        };
        self.parked.set(false);
        let mut call = pin!(call);
        let result = poll_fn(|cx| {
            if self.worker.members.phase() >= until {
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

    fn note(&self, task: &str, outcome: Outcome) -> Noted {
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

    fn raised(&self, task: &str, fault: &Fault) {
        self.vu.record_exception(task, fault);
        self.worker.log_exception(&self.class.name, task, fault);
    }
}

/// What became of a call.
enum Noted {
    Fine,
    Broken,
    Interrupted,
}

impl Drop for User {
    fn drop(&mut self) {
        self.class.active.set(self.class.active.get() - 1);
        self.worker.members.leave(self.place);
    }
}
