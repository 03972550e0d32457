//! A worker's users as they come and go: it follows the conductor's orders and
//! the roster of the whole run, and starts and stops those that are its own.
//! Run by `worker`.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use crate::load::{Change, Roster, Slot, Split};

use super::cast::Cast;
use super::message::{Order, Phase, Report};
use super::user::User;
use super::worker::Worker;

pub(super) struct Crew {
    worker: Rc<Worker>,
    roster: Roster,
    split: Split,
    /// No other order to aim at something will come.
    closed: bool,
    /// The conductor is gone.
    orphaned: bool,
    /// The order that was last reported as reached.
    reached: Option<u64>,
    /// Scenarios that are not over.
    plays: Rc<Cell<usize>>,
    casts: Vec<Rc<Cast>>,
}

impl Crew {
    pub(super) fn new(worker: Rc<Worker>, roster: Roster) -> Crew {
        let split = worker.setup.segment.split(worker.number, worker.setup.workers);
        let casts = (0..worker.setup.parts.len()).map(|number| Cast::new(worker.clone(), number)).collect();
        let plays = Rc::default();
        Crew { worker, roster, split, closed: false, orphaned: false, reached: None, plays, casts }
    }

    /// Until no user is left and none is to come.
    pub(super) async fn follow(mut self, mut orders: UnboundedReceiver<Order>) {
        self.open();
        loop {
            // What was ordered before a batch is due comes before the batch, also when both are late.
            while let Ok(order) = orders.try_recv() {
                self.obey(order);
            }
            if self.worker.members.phase() == Phase::Running {
                let changes = self.roster.advance(self.worker.shared.started.elapsed());
                self.carry_out(changes);
                self.worker.setup.users_planned.store(self.roster.users(), Ordering::Relaxed);
                self.tell_reached();
            }
            if self.is_done() {
                return;
            }
            match self.wait(&mut orders).await {
                Heard::Order(order) => self.obey(order),
                Heard::Gone => {
                    self.orphaned = true;
                    self.worker.members.advance(Phase::Killing);
                }
                Heard::Nothing => {}
            }
        }
    }

    /// Begins to play the scenarios.
    fn open(&self) {
        self.plays.set(self.casts.len());
        for cast in &self.casts {
            let (worker, plays, cast) = (self.worker.clone(), self.plays.clone(), cast.clone());
            tokio::task::spawn_local(async move {
                cast.play().await;
                plays.set(plays.get() - 1);
                worker.members.wake_closer();
            });
        }
    }

    /// For an order, for what is due next, or for the last user to leave.
    async fn wait(&self, orders: &mut UnboundedReceiver<Order>) -> Heard {
        let members = &self.worker.members;
        let due = self.roster.due().filter(|_| members.phase() == Phase::Running);
        let mut sleep = pin!(due.map(|due| {
            let due = self.worker.shared.started.checked_add(due);
            tokio::time::sleep_until(due.unwrap_or_else(far_away).into())
        }));
        poll_fn(|cx| {
            if self.is_done() {
                return Poll::Ready(Heard::Nothing);
            }
            members.set_closer(cx);
            if !self.orphaned
                && let Poll::Ready(order) = orders.poll_recv(cx)
            {
                return Poll::Ready(order.map_or(Heard::Gone, Heard::Order));
            }
            match sleep.as_mut().as_pin_mut() {
                Some(sleep) => sleep.poll(cx).map(|()| Heard::Nothing),
                None => Poll::Pending,
            }
        })
        .await
    }

    fn is_done(&self) -> bool {
        let members = &self.worker.members;
        let none_to_come = members.phase() > Phase::Running
            || (self.closed && self.roster.due().is_none() && self.plays.get() == 0);
        none_to_come && members.is_empty()
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::Aim(aim) => {
                let undone = self.roster.aim(aim);
                self.carry_out(undone);
            }
            Order::Close => self.closed = true,
            Order::Go(phase) => self.worker.members.advance(phase),
            Order::Pause(paused) => self.worker.members.pause(paused),
            Order::Tune(number, tuning) => self.casts[number].tune(tuning),
            Order::Reset => {
                drop(self.worker.shared.recorder.borrow_mut().take());
                let _ = self.worker.reports.send(Report::Reset { worker: self.worker.number });
            }
        }
    }

    fn carry_out(&self, changes: Vec<Change>) {
        let mut leaving = Vec::new();
        for change in changes {
            match change {
                Change::Start(slot) if self.split.owns(slot.number) => self.start(slot),
                Change::Stop(slot) if self.split.owns(slot.number) => leaving.push(slot.number + 1),
                Change::Start(_) | Change::Stop(_) => {}
            }
        }
        if !leaving.is_empty() {
            tokio::task::spawn_local(dismiss(self.worker.clone(), leaving, self.worker.setup.stop_timeout));
        }
    }

    fn start(&self, slot: Slot) {
        let class = self.worker.classes[slot.class].clone();
        let user = User::new(self.worker.clone(), class, slot.number + 1);
        tokio::task::spawn_local(user.live());
    }

    fn tell_reached(&mut self) {
        let reached = self.roster.reached();
        if reached != self.reached
            && let Some(order) = reached
        {
            self.reached = reached;
            let (worker, users) = (self.worker.number, self.roster.users());
            let _ = self.worker.reports.send(Report::Reached { worker, order, users });
        }
    }
}

enum Heard {
    Order(Order),
    /// The conductor is gone.
    Gone,
    Nothing,
}

/// A time that no run lives to see.
fn far_away() -> std::time::Instant {
    std::time::Instant::now() + Duration::from_secs(86_400 * 365)
}

/// Ends users as the end of the run would: those that wait stop at once, running tasks may take
/// the stop timeout to finish.
pub(super) async fn dismiss(worker: Rc<Worker>, mut users: Vec<u64>, grace: Duration) {
    let steps = [
        (Duration::ZERO, Phase::Stopping),
        (grace, Phase::Interrupting),
        (worker.setup.on_stop_time(), Phase::Killing),
    ];
    for (time, phase) in steps {
        if !time.is_zero() {
            tokio::time::sleep(time).await;
        }
        users.retain(|user| worker.members.dismiss(*user, phase));
        if users.is_empty() {
            return;
        }
    }
}
