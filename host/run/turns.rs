//! What a VU does between on_start and on_stop: it takes the next task, goes into
//! task sets and out of them, and waits. The host chooses and waits; only the calls
//! are the script's. Called by `user`.

use std::fmt::{self, Display};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};

use crate::exit::Exit;
use crate::fault::Fault;
use crate::load::{Pacing, Step, Wait};
use crate::script::{Entry, Outcome, Vm, WaitTime};
use crate::units;
use crate::vu::Left;

use super::cast::{Cast, Desk};
use super::message::Phase;
use super::user::{Leave, Noted, User, Way};

/// After a wait function that failed: it must not turn a user into a flood.
const NO_FLOOD: Duration = Duration::from_secs(1);

/// What comes after a turn.
enum After {
    Wait,
    /// The next turn, without a wait.
    Turn,
    /// As `Turn`; others must have theirs first, since this may go on for ever.
    Others,
    /// The VM broke: there is another to be made, and then it waits.
    Broken,
    Stopped,
}

impl User {
    /// Turns and waits until something ends them. A VM that broke is replaced by a new one,
    /// as if a new user had come in its place.
    pub(super) async fn work(&self, vm: &mut Option<Box<dyn Vm>>, way: &mut Way) -> Leave {
        let mut in_iteration = false;
        loop {
            if self.worker.members.is_paused() && !in_iteration {
                self.rest().await;
            }
            if vm.is_none() {
                if self.is_done() {
                    return Leave::Lost;
                }
                match self.start().await {
                    Ok(started) => *vm = Some(started),
                    Err(leave) => return leave,
                }
            }
            let Some(running) = vm.as_mut() else { return Leave::Lost };
            if self.is_done() {
                return Leave::Stopped;
            }
            let (at_rate, before) = (self.at_rate(), self.vu.iteration.get());
            if let (Some((cast, desk)), false) = (at_rate, in_iteration) {
                let Some(intended) = cast.next(desk, || self.is_done()).await else {
                    return Leave::Stopped;
                };
                self.vu.late.set(intended.elapsed());
            }
            let after = self.turn(running, way).await;
            // Into sets and out of them is a part of the iteration.
            in_iteration = matches!(after, After::Turn | After::Others) && self.vu.iteration.get() == before;
            match after {
                After::Wait => {}
                After::Turn => continue,
                After::Others => {
                    self.wait(Duration::ZERO).await;
                    continue;
                }
                After::Broken => {
                    *vm = None;
                    way.walk.clear();
                }
                After::Stopped => return Leave::Stopped,
            }
            if self.stopping() || !self.has_iterations() {
                return if vm.is_some() { Leave::Stopped } else { Leave::Lost };
            }
            // Who is free waits for the next arrival, and for nothing else.
            if at_rate.is_some() {
                continue;
            }
            let time = loop {
                let Some(running) = vm.as_mut() else { break Duration::ZERO };
                match self.wait_time(running, way).await {
                    Ok(time) => break time,
                    // It left the set: what that is nested in waits.
                    Err(After::Wait) => {}
                    Err(After::Turn | After::Others) => break Duration::ZERO,
                    Err(After::Stopped) => return Leave::Stopped,
                    Err(After::Broken) => {
                        *vm = None;
                        way.walk.clear();
                        break NO_FLOOD;
                    }
                }
            };
            self.wait(time).await;
        }
    }

    /// Whether it does no more. The arrival that it was given before its scenario was over is its to begin.
    fn is_done(&self) -> bool {
        let owes = || {
            let is_given = self.cast.as_ref().is_some_and(|(_, desk)| desk.is_given());
            is_given && !self.vu.leaving.get() && self.own_phase() <= Phase::Stopping
        };
        self.stopping() && (self.worker.members.phase() > Phase::Running || !owes())
    }

    /// Until the run goes on, or ends.
    async fn rest(&self) {
        poll_fn(|_| match self.worker.members.is_paused() && !self.stopping() {
            true => Poll::Pending,
            false => Poll::Ready(()),
        })
        .await;
    }

    /// One task, or one step into a set.
    async fn turn(&self, vm: &mut Box<dyn Vm>, way: &mut Way) -> After {
        let routes = self.class.routes();
        let step = {
            let rng = &mut *self.vu.rng.borrow_mut();
            way.walk.next(&routes.nodes, rng, |rng| routes.choice.pick(rng))
        };
        match step {
            Step::Call(task) => {
                if !self.claim_iteration() {
                    return After::Stopped;
                }
                self.vu.iteration.set(self.vu.iteration.get() + 1);
                self.vu.in_set.set(way.walk.depth() > 0);
                let begun = self.begin_iteration();
                let outcome = self.call(vm, Entry::Task(task), Phase::Interrupting).await;
                self.vu.in_set.set(false);
                let noted = self.note(&Named { user: self, way, task }, outcome);
                if let Noted::Fine = noted {
                    self.vu.record_iteration(begun);
                }
                self.after(noted, vm, way).await
            }
            Step::Enter { task, node } => {
                if !self.has_iterations() {
                    return After::Stopped;
                }
                self.enter(vm, way, (task, node)).await
            }
            Step::TooDeep { task } => {
                let deep = way.walk.depth();
                let fault = Fault::new(
                    Exit::Script,
                    format!("task sets are nested {deep} deep, for they contain themselves"),
                )
                .help("let the inner one leave by `interrupt`");
                self.note(&Named { user: self, way, task }, Outcome::Raised(fault));
                After::Wait
            }
        }
    }

    /// Where iterations begin at a rate: what hands them out.
    fn at_rate(&self) -> Option<&(Rc<Cast>, Rc<Desk>)> {
        let is_at_rate = |(cast, _): &&(Rc<Cast>, Rc<Desk>)| {
            matches!(cast.part().scenario.pacing, Pacing::Arrivals { .. })
        };
        self.cast.as_ref().filter(is_at_rate)
    }

    /// Whether one more task may begin.
    fn claim_iteration(&self) -> bool {
        let of_scenario =
            self.cast.as_ref().is_none_or(|(cast, _)| cast.part().claim(self.vu.iteration.get()));
        of_scenario && self.worker.claim_iteration()
    }

    fn has_iterations(&self) -> bool {
        let begun = self.vu.iteration.get();
        let of_scenario = self.cast.as_ref().is_none_or(|(cast, _)| cast.part().has_iterations(begun));
        of_scenario && self.worker.has_iterations()
    }

    /// When it begins, where somebody asks how long it takes.
    fn begin_iteration(&self) -> Option<Instant> {
        self.worker.shared.recorder.borrow().watches_iterations().then(Instant::now)
    }

    async fn enter(&self, vm: &mut Box<dyn Vm>, way: &mut Way, (task, node): (usize, u32)) -> After {
        let set = self.class.routes().set(node);
        way.walk.enter(node, self.now());
        self.vu.in_set.set(true);
        let outcome = self.call(vm, Entry::Enter { task, set }, Phase::Interrupting).await;
        self.vu.in_set.set(false);
        let raised = matches!(outcome, Outcome::Raised(_));
        let noted = self.note(&format_args!("{}.on_start", set.name), outcome);
        // Then its on_stop is not due, since it never began.
        let left = self.vu.left.take();
        match noted {
            Noted::Fine if left.is_some() || raised => {
                way.walk.leave();
                left.map_or(After::Wait, after_leaving)
            }
            Noted::Fine => After::Turn,
            Noted::Broken => After::Broken,
            Noted::Interrupted => After::Stopped,
        }
    }

    /// What a call led to, which may have left its set.
    async fn after(&self, noted: Noted, vm: &mut Box<dyn Vm>, way: &mut Way) -> After {
        match noted {
            Noted::Broken => return After::Broken,
            Noted::Interrupted => {
                // Who left by itself was not cut short by the run.
                if !self.vu.leaving.get() {
                    let interrupted = &self.worker.shared.interrupted;
                    interrupted.set(interrupted.get() + 1);
                }
                return After::Stopped;
            }
            Noted::Fine => {}
        }
        let Some(left) = self.vu.left.take() else { return After::Wait };
        match self.leave(vm, &mut way.walk).await {
            Noted::Fine => after_leaving(left),
            Noted::Broken => After::Broken,
            Noted::Interrupted => After::Stopped,
        }
    }

    /// How long to wait now. `Err` says what else comes now.
    async fn wait_time(&self, vm: &mut Box<dyn Vm>, way: &mut Way) -> Result<Duration, After> {
        let routes = self.class.routes();
        let (depth, wait, pace) = match way.walk.waiting(&routes.nodes) {
            Some((depth, node, pace)) => (depth, routes.set(node).wait_time.as_ref(), pace),
            None => (0, None, &mut way.pace),
        };
        match wait.unwrap_or(&routes.class.wait_time) {
            WaitTime::Built(Wait::None) => Ok(Duration::ZERO),
            WaitTime::Built(wait) => Ok(pace.next(wait, self.now(), &mut *self.vu.rng.borrow_mut())),
            WaitTime::Function => self.scripted_wait(vm, way, depth).await,
        }
    }

    async fn scripted_wait(
        &self,
        vm: &mut Box<dyn Vm>,
        way: &mut Way,
        depth: usize,
    ) -> Result<Duration, After> {
        self.vu.in_set.set(way.walk.depth() > 0);
        let outcome = self.call(vm, Entry::Wait(depth), Phase::Interrupting).await;
        self.vu.in_set.set(false);
        if let Outcome::Wait(seconds) = outcome {
            return Ok(units::duration_of_seconds(seconds).unwrap_or(Duration::ZERO));
        }
        match self.note(&"wait_time", outcome) {
            Noted::Broken => Err(After::Broken),
            Noted::Fine if self.vu.left.get().is_some() => Err(self.after(Noted::Fine, vm, way).await),
            Noted::Fine | Noted::Interrupted => Ok(NO_FLOOD),
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
}

fn after_leaving(left: Left) -> After {
    match left {
        Left::AtOnce => After::Others,
        Left::AfterWait => After::Wait,
    }
}

/// A task's name, with that of the set that it is in.
struct Named<'a> {
    user: &'a User,
    way: &'a Way,
    task: usize,
}

impl Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let routes = self.user.class.routes();
        match self.way.walk.inner() {
            None => f.write_str(&routes.class.tasks[self.task].name),
            Some(node) => {
                let set = routes.set(node);
                write!(f, "{}.{}", set.name, set.tasks[self.task].name)
            }
        }
    }
}
