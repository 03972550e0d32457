//! A scenario on one worker: it starts and stops the users that are this worker's, and hands
//! arrivals to those that are free. Started by `crew`, one task for each scenario.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use tokio::sync::mpsc::Receiver;

use crate::load::{Curve, Pacing, Split};
use crate::vu::Role;

use super::crew::dismiss;
use super::message::Phase;
use super::pacer;
use super::parts::{Part, most_users};
use super::steering::Tuning;
use super::user::User;
use super::worker::Worker;

/// How often the number of users is looked at while it changes.
const STEP: Duration = Duration::from_millis(50);

/// So many users are started before others get their turn.
const AT_ONCE: u64 = 500;

/// Who is behind by less than this at the end of a scenario still begins all that was due.
const BEHIND: Duration = Duration::from_millis(250);

/// The users of a scenario that are on this worker.
pub(super) struct Cast {
    number: usize,
    worker: Rc<Worker>,
    split: Split,
    role: Rc<Role>,
    /// Users that live, oldest first; of those that have ended the desks are closed.
    desks: RefCell<Vec<Rc<Desk>>>,
    /// Those that wait for an arrival. The last to come is the next to go, so that few are kept busy.
    free: RefCell<Vec<Rc<Desk>>>,
    living: Cell<u64>,
    /// Of this worker's users.
    numbers: RefCell<Numbers>,
    waiter: RefCell<Option<Waker>>,
    /// What a person has changed it to, and when.
    tuned: Cell<Option<Tuning>>,
}

/// Which numbers users have: one that comes after another has ended has its number, and no two that live have the same.
#[derive(Default)]
struct Numbers {
    next: u64,
    free: BinaryHeap<Reverse<u64>>,
}

impl Numbers {
    /// The least that is free.
    fn take(&mut self) -> u64 {
        match self.free.pop() {
            Some(Reverse(number)) => number,
            None => {
                self.next += 1;
                self.next - 1
            }
        }
    }
}

/// Where a user takes its work from.
pub(super) struct Desk {
    id: u64,
    /// Among this worker's users of the scenario.
    number: u64,
    /// The intended start of the iteration that it is to begin.
    work: Cell<Option<Instant>>,
    waker: RefCell<Option<Waker>>,
    closed: Cell<bool>,
    /// It is among those that are free.
    listed: Cell<bool>,
    /// The arrival that it was started for has been counted.
    counted: Cell<bool>,
}

impl Desk {
    /// Whether it has an arrival that is yet to be begun.
    pub(super) fn is_given(&self) -> bool {
        self.work.get().is_some()
    }
}

impl Cast {
    pub(super) fn new(worker: Rc<Worker>, number: usize) -> Rc<Cast> {
        let part = &worker.setup.parts[number];
        let place = (worker.number, worker.setup.workers);
        let split = match &part.scenario.pacing {
            Pacing::Users(_) => worker.setup.segment.split(place.0, place.1),
            Pacing::Arrivals { most, .. } => worker.setup.segment.split_over(*most, place),
        };
        let tags = {
            let recorder = &mut *worker.shared.recorder.borrow_mut();
            recorder.clear_tags();
            part.scenario.tags.iter().for_each(|(name, value)| recorder.tag(name, value));
            if part.scenario.tags.is_empty() { Default::default() } else { recorder.tag_set() }
        };
        let role = Rc::new(Role { name: part.scenario.name.as_str().into(), tags, env: part.env });
        Rc::new(Cast {
            number,
            split,
            role,
            desks: RefCell::default(),
            free: RefCell::default(),
            living: Cell::new(0),
            numbers: RefCell::default(),
            waiter: RefCell::default(),
            tuned: Cell::new(None),
            worker,
        })
    }

    pub(super) fn part(&self) -> &Part {
        &self.worker.setup.parts[self.number]
    }

    pub(super) fn role(&self) -> &Rc<Role> {
        &self.role
    }

    /// From its start time to its end, however that comes. Its users may take longer.
    pub(super) async fn play(self: Rc<Self>) {
        let scenario = &self.part().scenario;
        let start = self.worker.shared.started + scenario.start_time;
        tokio::time::sleep_until(start.into()).await;
        match &scenario.pacing {
            Pacing::Users(curve) => self.follow(curve, start).await,
            Pacing::Arrivals { rate, ready, most } => {
                let (ready, most) = (self.split.share(*ready), self.split.share(*most));
                self.serve(rate, start, (ready, most)).await;
            }
        }
        let grace = self.part().scenario.graceful_stop;
        self.take_off(0, grace);
        // So that the run ends with the last of them.
        while self.living.get() > 0 && self.worker.members.phase() == Phase::Running {
            self.changed(None).await;
        }
    }

    /// As many users as the curve wants, until it is over or all have done their part.
    async fn follow(self: &Rc<Self>, curve: &Curve, start: Instant) {
        let is_steady = curve.height(Duration::ZERO) == curve.most()
            && curve.area(curve.end()) >= curve.most() * curve.end().as_secs_f64() * 0.999_999;
        let mut wanted_before = 0;
        loop {
            if self.worker.members.phase() > Phase::Running {
                return;
            }
            let passed = start.elapsed();
            if passed >= curve.end() {
                return;
            }
            let height = self.tuned.get().map_or_else(|| curve.height(passed), |(_, users)| users);
            let wanted = self.split.share(height.round() as u64);
            // One that ended by itself is not replaced.
            let now = wanted.min(wanted_before + AT_ONCE);
            for _ in wanted_before..now {
                self.start(None);
            }
            if now < wanted {
                wanted_before = now;
                tokio::task::yield_now().await;
                continue;
            }
            if wanted < wanted_before {
                self.take_off(wanted, self.part().scenario.graceful_ramp_down);
            }
            wanted_before = wanted;
            let is_done = is_steady && self.living.get() == 0;
            if is_done {
                return;
            }
            let next = if is_steady { curve.end() } else { (passed + STEP).min(curve.end()) };
            self.changed(Some(start + next)).await;
        }
    }

    /// Hands arrivals to users that are free, or to new ones, while there may be more.
    async fn serve(self: &Rc<Self>, rate: &Curve, start: Instant, (ready, most): (u64, u64)) {
        for _ in 0..ready {
            self.start(None);
        }
        let mut arrivals = pacer::start(rate.clone(), self.split, (start, self.worker.joined));
        let mut tuned = None;
        let end = start + rate.end();
        // What was due before this worker came is nobody's.
        let joined = self.worker.joined.map_or(Duration::ZERO, |at| at.saturating_duration_since(start));
        let mut heard_of = if joined.is_zero() { 0 } else { self.split.share(rate.arrivals_by(joined)) };
        loop {
            let heard = self.arrival(&mut arrivals, tuned).await;
            let now = Instant::now();
            let is_over = self.worker.members.phase() > Phase::Running;
            if is_over || now > end + BEHIND {
                // More than there was time for: those that were due, and not looked at, count as dropped.
                let due = self.split.share(rate.arrivals_by((now - start).saturating_sub(BEHIND)));
                let missed = if tuned.is_none() { due.saturating_sub(heard_of) } else { 0 };
                self.worker.shared.recorder.borrow_mut().drop_iterations(
                    &self.role.name,
                    self.role.tags,
                    missed,
                );
                return;
            }
            let intended = match heard {
                Some(intended) => {
                    heard_of += 1;
                    intended
                }
                // The scenario lasts as long as it is said to, also after its last arrival.
                None if self.tuned.get() == tuned && now >= end => return,
                None if self.tuned.get() == tuned => {
                    self.changed(Some(end)).await;
                    continue;
                }
                None => {
                    tuned = self.tuned.get();
                    if let Some((at, value)) = tuned {
                        let rest = Curve::steady(value, rate.end().saturating_sub(at));
                        arrivals = pacer::start(rest, self.split, (start + at, self.worker.joined));
                    }
                    continue;
                }
            };
            if self.worker.members.is_paused() {
                continue;
            }
            let desk = loop {
                match self.free.borrow_mut().pop() {
                    Some(desk) if desk.closed.get() => {}
                    desk => break desk,
                }
            };
            match desk {
                Some(desk) => {
                    desk.listed.set(false);
                    desk.work.set(Some(intended));
                    desk.waker.borrow().iter().for_each(Waker::wake_by_ref);
                }
                None if self.living.get() < most => {
                    self.came(intended);
                    self.start(Some(intended));
                }
                None => self.worker.shared.recorder.borrow_mut().drop_iterations(
                    &self.role.name,
                    self.role.tags,
                    1,
                ),
            }
        }
    }

    /// The next arrival; None at the end, and where the rate was changed.
    async fn arrival(&self, arrivals: &mut Receiver<Instant>, tuned: Option<Tuning>) -> Option<Instant> {
        poll_fn(|cx| {
            if self.tuned.get() != tuned {
                return Poll::Ready(None);
            }
            let polled = arrivals.poll_recv(cx);
            if polled.is_pending() && self.waiter.borrow().as_ref().is_none_or(|it| !it.will_wake(cx.waker()))
            {
                *self.waiter.borrow_mut() = Some(cx.waker().clone());
            }
            polled
        })
        .await
    }

    /// Goes on with so many users, or iterations a second, from that moment on.
    pub(super) fn tune(&self, tuning: Tuning) {
        self.tuned.set(Some(tuning));
        if let Some(waiter) = self.waiter.borrow_mut().take() {
            waiter.wake();
        }
    }

    fn start(self: &Rc<Self>, work: Option<Instant>) {
        let part = self.part();
        let most = self.split.share(part.scenario.pacing.most_users()).max(1);
        let number = self.numbers.borrow_mut().take();
        let id = match number.checked_sub(most) {
            None => part.before + self.split.global(number) + 1,
            // More than were planned: behind the numbers of all scenarios, and apart from their extra ones.
            Some(extra) => {
                let parts = &self.worker.setup.parts;
                most_users(parts) + self.split.global(extra) * parts.len() as u64 + self.number as u64 + 1
            }
        };
        let is_free = work.is_none() && matches!(part.scenario.pacing, Pacing::Arrivals { .. });
        let desk = Rc::new(Desk {
            id,
            number,
            work: Cell::new(work),
            waker: RefCell::default(),
            closed: Cell::new(false),
            listed: Cell::new(is_free),
            counted: Cell::new(work.is_some()),
        });
        // An arrival can be given to it before it has begun: late is better than dropped.
        if is_free {
            self.free.borrow_mut().push(desk.clone());
        }
        self.living.set(self.living.get() + 1);
        let mut desks = self.desks.borrow_mut();
        desks.retain(|desk| !desk.closed.get());
        desks.push(desk.clone());
        let class = self.worker.classes[part.class].clone();
        let user = User::of_cast(self.worker.clone(), class, (id, desk), self.clone());
        tokio::task::spawn_local(user.live());
    }

    /// All but the `left` oldest are to end; what they run may take so long to finish.
    fn take_off(&self, left: u64, grace: Duration) {
        let mut desks = self.desks.borrow_mut();
        desks.retain(|desk| !desk.closed.get());
        let left = usize::try_from(left).unwrap_or(usize::MAX).min(desks.len());
        let ids: Vec<u64> = desks.drain(left..).map(|desk| desk.id).collect();
        if !ids.is_empty() {
            tokio::task::spawn_local(dismiss(self.worker.clone(), ids, grace));
        }
    }

    /// Until a user leaves, the end of the run comes nearer, or it is so late.
    async fn changed(&self, at: Option<Instant>) {
        let before = (self.living.get(), self.worker.members.phase(), self.tuned.get());
        let mut sleep = std::pin::pin!(at.map(|at| tokio::time::sleep_until(at.into())));
        poll_fn(|cx| {
            *self.waiter.borrow_mut() = Some(cx.waker().clone());
            let now = (self.living.get(), self.worker.members.phase(), self.tuned.get());
            let due = sleep.as_mut().as_pin_mut().is_some_and(|sleep| sleep.poll(cx).is_ready());
            if due || now != before { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// The intended start of the next iteration; None where no further one is to begin.
    pub(super) async fn next(&self, desk: &Rc<Desk>, stopping: impl Fn() -> bool) -> Option<Instant> {
        if desk.work.get().is_none() && !desk.listed.replace(true) {
            self.free.borrow_mut().push(desk.clone());
        }
        let next = poll_fn(|cx| {
            if stopping() {
                return Poll::Ready(None);
            }
            if let Some(intended) = desk.work.take() {
                return Poll::Ready(Some(intended));
            }
            *desk.waker.borrow_mut() = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
        // What the start takes of one that was started for an arrival is no lateness of the arrival.
        let is_counted = desk.counted.take();
        next.into_iter().filter(|_| !is_counted).for_each(|intended| self.came(intended));
        next
    }

    /// Counts an arrival, and how late it is.
    fn came(&self, intended: Instant) {
        self.worker.shared.recorder.borrow_mut().arrive(&self.role.name, self.role.tags, intended.elapsed());
    }

    /// A user is gone.
    pub(super) fn leave(&self, desk: &Desk) {
        desk.closed.set(true);
        self.numbers.borrow_mut().free.push(Reverse(desk.number));
        self.living.set(self.living.get() - 1);
        if let Some(waiter) = self.waiter.borrow_mut().take() {
            waiter.wake();
        }
    }
}
