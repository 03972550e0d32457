//! The one door to the workers. Whatever changes the load (the command line, a load
//! shape, a person) comes through `aim`, which holds it to the limits of the
//! environment. Kept by `running`.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use crate::config::Safety;
use crate::fault::Fault;
use crate::load::{Aim, Target};

use super::message::{Order, Phase};
use super::steering::Tuning;

pub(super) struct Door {
    safety: Safety,
    workers: Vec<UnboundedSender<Order>>,
    /// The newest order.
    aim: Option<Aim>,
    paused: bool,
    /// What scenarios go on with, by number, where that was changed.
    tuned: BTreeMap<usize, f64>,
}

impl Door {
    pub(super) fn new(safety: Safety) -> Door {
        Door { safety, workers: Vec::new(), aim: None, paused: false, tuned: BTreeMap::new() }
    }

    /// Tells the worker what the others have been told.
    pub(super) fn add(&mut self, worker: UnboundedSender<Order>) {
        self.workers.push(worker);
    }

    /// From `at` on (since the first users) the load aims at `target`, whatever it aimed at
    /// before. One that is aimed at already changes nothing.
    ///
    /// # Errors
    /// A target that cannot be, or that the environment does not allow: nothing is changed then.
    pub(super) fn aim(&mut self, at: Duration, target: Target) -> Result<(), Fault> {
        target.check()?;
        self.safety.check_target(target.users, target.spawn_rate)?;
        if self.aim.as_ref().is_some_and(|aim| aim.target == target) {
            return Ok(());
        }
        let before = self.aim.as_ref();
        let number = before.map_or(1, |aim| aim.number + 1);
        let aim = Aim { number, at: before.map_or(at, |aim| aim.at.max(at)), target };
        self.send(|| Order::Aim(aim.clone()));
        self.aim = Some(aim);
        Ok(())
    }

    /// What the load aims at.
    pub(super) fn target(&self) -> Option<&Target> {
        self.aim.as_ref().map(|aim| &aim.target)
    }

    pub(super) fn is_paused(&self) -> bool {
        self.paused
    }

    pub(super) fn pause(&mut self, paused: bool) {
        self.paused = paused;
        self.send(|| Order::Pause(paused));
    }

    /// What a scenario was tuned to, if it was.
    pub(super) fn tuned(&self, number: usize) -> Option<f64> {
        self.tuned.get(&number).copied()
    }

    /// Has a scenario go on with so many users, or iterations a second. `most` is how many users all
    /// scenarios have then, `more` how many come at once; or how many iterations begin a second.
    ///
    /// # Errors
    /// What the environment does not allow: nothing is changed then.
    pub(super) fn tune(
        &mut self,
        number: usize,
        tuning: Tuning,
        (is_users, most, more): (bool, f64, f64),
    ) -> Result<(), Fault> {
        match is_users {
            true => self.safety.check_target(most as u64, more)?,
            false => self.safety.check_rps(most)?,
        }
        self.tuned.insert(number, tuning.1);
        self.send(|| Order::Tune(number, tuning));
        Ok(())
    }

    /// Whether `order` is the newest one.
    pub(super) fn is_newest(&self, order: u64) -> bool {
        self.aim.as_ref().is_some_and(|aim| aim.number == order)
    }

    /// No other target will come: workers end with their last user.
    pub(super) fn close(&self) {
        self.send(|| Order::Close);
    }

    pub(super) fn go(&self, phase: Phase) {
        self.send(|| Order::Go(phase));
    }

    /// Tells all to forget what they measured. For each worker whether it will.
    pub(super) fn reset(&self) -> Vec<bool> {
        // One that has ended has reported all it had.
        self.workers.iter().map(|worker| worker.send(Order::Reset).is_ok()).collect()
    }

    fn send(&self, order: impl Fn() -> Order) {
        for worker in &self.workers {
            // A worker that has ended needs no telling.
            let _ = worker.send(order());
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;

    #[test]
    fn an_order_is_numbered_and_never_before_the_last() {
        let mut door = Door::new(Safety::default());
        let (worker, mut orders) = unbounded_channel();
        door.add(worker);
        let target = |users| Target { users, spawn_rate: 1.0, classes: None };
        for (at, users) in [(0, 5), (10, 5), (20, 7), (15, 5)] {
            door.aim(Duration::from_secs(at), target(users)).unwrap();
        }
        let mut seen = Vec::new();
        while let Ok(Order::Aim(aim)) = orders.try_recv() {
            seen.push((aim.number, aim.at.as_secs(), aim.target.users));
        }
        assert_eq!(seen, [(1, 0, 5), (2, 20, 7), (3, 20, 5)]);
        assert!(door.is_newest(3) && !door.is_newest(2));
        // A scenario's number, since when, to what; users, all of them, at once.
        door.tune(2, (Duration::ZERO, 4.0), (true, 9.0, 4.0)).unwrap();
        assert!(matches!(orders.try_recv(), Ok(Order::Tune(2, (Duration::ZERO, 4.0)))));
        assert_eq!((door.tuned(2), door.tuned(1)), (Some(4.0), None));
        door.pause(true);
        assert!(door.is_paused() && matches!(orders.try_recv(), Ok(Order::Pause(true))));
        let rate = Target { spawn_rate: 0.0, ..target(1) };
        assert!(door.aim(Duration::ZERO, rate).is_err() && door.is_newest(3));
    }
}
