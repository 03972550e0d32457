//! Who runs, at any moment, under any sequence of orders. Pure arithmetic: every
//! worker has one for the whole run and carries out what concerns its own users,
//! so that nothing is handed out while it runs. Called by the workers of `run`.

use std::collections::VecDeque;
use std::time::Duration;

use super::dispatch::{Dispatcher, Slot};
use super::spawn::Ramp;
use super::target::Aim;

/// What happens to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Start(Slot),
    Stop(Slot),
}

/// All users of the run. Moves only by `advance`, from order to order and from batch to batch.
#[derive(Clone, Debug)]
pub struct Roster {
    dispatcher: Dispatcher,
    /// Orders whose time has not come, the next one first.
    coming: VecDeque<Aim>,
    course: Option<Course>,
    /// The last batch, which the rate of the next is kept to.
    last: Option<Batch>,
    /// Everything up to here has happened.
    now: Duration,
    /// As it was when the course began, for an order that comes late.
    begin: Option<Box<Roster>>,
}

/// The way to the present target.
#[derive(Clone, Debug)]
struct Course {
    aim: Aim,
    ramp: Ramp,
    /// When its first batch is due, and how many batches there have been.
    first: Duration,
    batches: u64,
    reached: bool,
}

#[derive(Clone, Copy, Debug)]
struct Batch {
    at: Duration,
    users: u64,
    ramp: Ramp,
}

impl Roster {
    pub fn new(dispatcher: Dispatcher) -> Roster {
        Roster {
            dispatcher,
            coming: VecDeque::new(),
            course: None,
            last: None,
            now: Duration::ZERO,
            begin: None,
        }
    }

    /// Takes an order. The changes that are returned take back what has happened since the
    /// moment of an order that comes late; there are none for one that comes in time.
    pub fn aim(&mut self, aim: Aim) -> Vec<Change> {
        let mut undo = Vec::new();
        if let (true, Some(begin)) = (aim.at <= self.now, &self.begin) {
            let mut again = Roster { begin: self.begin.clone(), ..(**begin).clone() };
            let until = aim.at.saturating_sub(Duration::from_nanos(1));
            while again.due().is_some_and(|due| due <= until) {
                again.step();
            }
            undo = changes(&self.dispatcher, &again.dispatcher);
            *self = again;
        }
        self.coming.push_back(aim);
        undo
    }

    /// When something happens next.
    pub fn due(&self) -> Option<Duration> {
        let batch = self.course.as_ref().filter(|course| !course.reached).map(Course::due);
        let order = self.coming.front().map(|aim| aim.at);
        batch.into_iter().chain(order).min()
    }

    /// Everything that is due by `to`, in order.
    pub fn advance(&mut self, to: Duration) -> Vec<Change> {
        let mut all = Vec::new();
        while self.due().is_some_and(|due| due <= to) {
            all.extend(self.step());
        }
        self.now = self.now.max(to);
        all
    }

    /// The newest order, once its target is reached.
    pub fn reached(&self) -> Option<u64> {
        Some(self.course.as_ref().filter(|course| course.reached)?.aim.number)
    }

    /// How many users there are to be.
    pub fn users(&self) -> u64 {
        self.dispatcher.total()
    }

    /// The next order or batch.
    fn step(&mut self) -> Vec<Change> {
        let Some(due) = self.due() else { return Vec::new() };
        self.now = self.now.max(due);
        match self.coming.pop_front_if(|aim| aim.at <= due) {
            Some(aim) => {
                self.begin(aim);
                Vec::new()
            }
            None => self.batch(due),
        }
    }

    fn begin(&mut self, aim: Aim) {
        // Orders are checked before they are given.
        let Ok(ramp) = Ramp::new(aim.target.spawn_rate) else { return };
        self.dispatcher.restrict(aim.target.classes.as_deref());
        // Orders in quick succession must not start a batch each: the faster of both rates holds.
        let free = self.last.map_or(Duration::ZERO, |last| {
            last.at.saturating_add(last.ramp.time_of(last.users).min(ramp.time_of(last.users)))
        });
        let first = aim.at.max(free);
        let reached = self.dispatcher.total() == aim.target.users;
        self.begin = None;
        self.course = Some(Course { aim, ramp, first, batches: 0, reached });
        self.begin = Some(Box::new(self.clone()));
    }

    fn batch(&mut self, at: Duration) -> Vec<Change> {
        let Some(course) = &mut self.course else { return Vec::new() };
        let (target, most) = (course.aim.target.users, course.ramp.batch());
        let total = self.dispatcher.total();
        let wanted = most.min(target.abs_diff(total));
        let changes: Vec<Change> = match target > total {
            true => (0..wanted).map_while(|_| self.dispatcher.next()).map(Change::Start).collect(),
            false => (0..wanted).map_while(|_| self.dispatcher.remove_last()).map(Change::Stop).collect(),
        };
        course.batches += 1;
        // Where the allowed classes are fixed and complete, it comes no nearer.
        course.reached = (changes.len() as u64) < wanted || self.dispatcher.total() == target;
        if !changes.is_empty() {
            self.last = Some(Batch { at, users: changes.len() as u64, ramp: course.ramp });
        }
        changes
    }
}

impl Course {
    fn due(&self) -> Duration {
        self.first.saturating_add(self.ramp.batch_time(self.batches))
    }
}

/// From those who run to those who ought to: first who goes, then who comes.
fn changes(from: &Dispatcher, to: &Dispatcher) -> Vec<Change> {
    let sorted = |dispatcher: &Dispatcher| {
        let mut slots: Vec<Slot> = dispatcher.slots().collect();
        slots.sort_unstable();
        slots
    };
    let (from, to) = (sorted(from), sorted(to));
    let without = |slots: &[Slot], others: &[Slot]| -> Vec<Slot> {
        slots.iter().filter(|slot| others.binary_search(slot).is_err()).copied().collect()
    };
    let stops = without(&from, &to).into_iter().map(Change::Stop);
    stops.chain(without(&to, &from).into_iter().map(Change::Start)).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "roster_tests.rs"]
mod tests;
