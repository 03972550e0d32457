//! Which class the next user is of, in Locust's order: fixed counts first, then
//! the class that brings the running mix nearest to the weights. Called by
//! `run` as users come and go.

use crate::exit::Exit;
use crate::fault::Fault;

use super::mix::Mix;

/// What the dispatcher must know of a user class.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassSpec {
    pub name: String,
    /// Relative to the other classes'; 0 means never, unless `fixed_count` says otherwise.
    pub weight: f64,
    /// Above 0: exactly so many users, and the weight means nothing.
    pub fixed_count: u32,
}

/// A user as the arithmetic knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// Counts the users of the run from 0, in the order in which they are added.
    pub number: u64,
    /// An index into the list of classes.
    pub class: usize,
}

/// Chooses classes one user at a time. Same calls, same order.
#[derive(Clone, Debug)]
pub struct Dispatcher {
    weighted: Mix,
    /// In order of name, without those that have none.
    fixed: Vec<(usize, u32)>,
    /// The fixed users that are missing, while they are being filled in.
    refill: Mix,
    refill_left: u64,
    /// Fixed users may be missing.
    check_fixed: bool,
    /// For each class the numbers of its running users, ascending.
    running: Vec<Vec<u64>>,
    /// Which classes may be added to just now.
    allowed: Vec<bool>,
    /// The number of the next user.
    number: u64,
}

impl Dispatcher {
    /// Faults (`Exit::Script`) where a weight is negative or not finite, and
    /// where no class can ever be spawned.
    pub fn new(classes: Vec<ClassSpec>) -> Result<Self, Fault> {
        for class in &classes {
            if !class.weight.is_finite() || class.weight < 0.0 {
                return Err(Fault::new(
                    Exit::Script,
                    format!("invalid weight {} of class `{}`", class.weight, class.name),
                )
                .help("a weight is a number from 0 up"));
            }
        }
        let mut order: Vec<usize> = (0..classes.len()).collect();
        order.sort_by(|a, b| classes[*a].name.cmp(&classes[*b].name));
        let (fixed, weighted): (Vec<usize>, Vec<usize>) =
            order.into_iter().partition(|class| classes[*class].fixed_count > 0);
        let weighted = Mix::new(weighted.into_iter().map(|class| (class, classes[class].weight)));
        if weighted.is_empty() && fixed.is_empty() {
            return Err(Fault::new(Exit::Script, "no user class can be spawned")
                .why("every class has weight 0 and no fixed_count")
                .help("give at least one class a weight above 0"));
        }
        Ok(Dispatcher {
            weighted,
            fixed: fixed.into_iter().map(|class| (class, classes[class].fixed_count)).collect(),
            refill: Mix::default(),
            refill_left: 0,
            check_fixed: true,
            running: vec![Vec::new(); classes.len()],
            allowed: vec![true; classes.len()],
            number: 0,
        })
    }

    /// The next user. None where only fixed classes may be added to and all of them are complete.
    #[expect(clippy::should_implement_trait, reason = "after None it may go on, once users are removed")]
    pub fn next(&mut self) -> Option<Slot> {
        if self.refill_left == 0 && self.check_fixed {
            self.check_fixed = false;
            self.plan_refill();
        }
        let class = match self.refill_left {
            0 => self.weighted.take(|class| self.allowed[class])?,
            left => {
                self.refill_left = left - 1;
                self.refill.take(|_| true)?
            }
        };
        let number = self.number;
        self.running[class].push(number);
        self.number += 1;
        Some(Slot { number, class })
    }

    /// From now on only these classes are added to (None: all). Users who run are left alone.
    pub fn restrict(&mut self, classes: Option<&[usize]>) {
        let allows = |class: usize| classes.is_none_or(|classes| classes.contains(&class));
        let allowed: Vec<bool> = (0..self.allowed.len()).map(allows).collect();
        if allowed != self.allowed {
            self.allowed = allowed;
            self.refill_left = 0;
            self.check_fixed = true;
        }
    }

    /// A user of `class` has ended by itself. False where none was running.
    ///
    /// Unlike in Locust, whose order forgets removals, the mix is that of the
    /// users who still run: the ones to come make up for those who left.
    pub fn remove(&mut self, class: usize) -> bool {
        let removed = self.running.get_mut(class).and_then(Vec::pop).is_some();
        if removed {
            self.weighted.give_back(class);
            self.check_fixed = true;
        }
        removed
    }

    /// Ramp-down: takes back the user that was added last and still runs, which
    /// is the last added of its class. None where nobody runs.
    pub fn remove_last(&mut self) -> Option<Slot> {
        let latest = |class: usize| Some(Slot { number: *self.running[class].last()?, class });
        let last: Slot = (0..self.running.len()).filter_map(latest).max()?;
        self.remove(last.class);
        Some(last)
    }

    /// How many users are running.
    pub fn total(&self) -> u64 {
        self.running.iter().map(|numbers| numbers.len() as u64).sum()
    }

    /// Every user who is running, class by class.
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        let classes = self.running.iter().enumerate();
        classes.flat_map(|(class, numbers)| numbers.iter().map(move |number| Slot { number: *number, class }))
    }

    /// How many users of `class` are running.
    pub fn running(&self, class: usize) -> usize {
        self.running.get(class).map_or(0, Vec::len)
    }

    fn plan_refill(&mut self) {
        let running = &self.running;
        let allowed = self.fixed.iter().filter(|(class, _)| self.allowed[*class]);
        let missing = allowed
            .map(|(class, count)| (*class, u64::from(*count).saturating_sub(running[*class].len() as u64)));
        self.refill_left = missing.clone().map(|(_, missing)| missing).sum();
        self.refill = Mix::new(missing.map(|(class, missing)| (class, missing as f64)));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dispatcher(classes: &[(&str, f64, u32)]) -> Dispatcher {
        let spec = |(name, weight, fixed_count): &(&str, f64, u32)| ClassSpec {
            name: name.to_string(),
            weight: *weight,
            fixed_count: *fixed_count,
        };
        Dispatcher::new(classes.iter().map(spec).collect()).unwrap()
    }

    fn draw(classes: &[(&str, f64, u32)], count: usize) -> String {
        let mut dispatcher = dispatcher(classes);
        (0..count).map_while(|_| dispatcher.next()).map(|slot| classes[slot.class].0).collect()
    }

    #[test]
    fn locusts_own_orders() {
        assert_eq!(draw(&[("A", 5.0, 0), ("B", 1.0, 0)], 12), "AABAAAAABAAA");
        assert_eq!(draw(&[("A", 3.0, 0), ("B", 2.0, 0), ("C", 1.0, 0)], 12), "ABCABAABCABA");
    }

    #[test]
    fn the_order_given_does_not_matter_the_names_do() {
        assert_eq!(draw(&[("C", 1.0, 0), ("A", 3.0, 0), ("B", 2.0, 0)], 12), "ABCABAABCABA");
        assert_eq!(draw(&[("B", 1.0, 0), ("A", 1.0, 0)], 4), "ABAB");
    }

    #[test]
    fn weight_zero_is_dropped_unless_its_count_is_fixed() {
        assert_eq!(draw(&[("A", 0.0, 0), ("B", 0.5, 0)], 3), "BBB");
        assert_eq!(draw(&[("A", 0.0, 2), ("B", 0.5, 0)], 4), "AABB");
        assert_eq!(draw(&[("A", 0.0, 2)], 4), "AA");
    }

    #[test]
    fn fixed_counts_come_first_mixed_among_themselves() {
        assert_eq!(draw(&[("A", 9.0, 0), ("Y", 1.0, 1), ("Z", 1.0, 5)], 8), "ZZYZZZAA");
    }

    #[test]
    fn fixed_counts_are_filled_again_after_a_removal() {
        let mut dispatcher = dispatcher(&[("A", 1.0, 0), ("F", 1.0, 2)]);
        let mut drawn: Vec<_> = (0..4).map(|_| dispatcher.next().unwrap().class).collect();
        assert_eq!(drawn, [1, 1, 0, 0]);
        assert!(dispatcher.remove(1));
        drawn = (0..2).map(|_| dispatcher.next().unwrap().class).collect();
        assert_eq!(drawn, [1, 0]);
    }

    #[test]
    fn only_allowed_classes_are_added_to() {
        let mut dispatcher = dispatcher(&[("A", 1.0, 0), ("B", 1.0, 0), ("F", 1.0, 2)]);
        let mut add = |classes: Option<&[usize]>, count| {
            dispatcher.restrict(classes);
            (0..count).map_while(|_| dispatcher.next()).map(|slot| slot.class).collect::<Vec<_>>()
        };
        assert_eq!(add(Some(&[0]), 3), [0, 0, 0]);
        // All again: the fixed class is filled first, then the mix is made even.
        assert_eq!(add(None, 6), [2, 2, 1, 1, 1, 0]);
        assert!(add(Some(&[2]), 5).is_empty(), "it is complete");
        assert_eq!(dispatcher.total(), 9);
    }

    #[test]
    fn nobody_can_be_removed_who_does_not_run() {
        let mut dispatcher = dispatcher(&[("A", 1.0, 0)]);
        assert!(!dispatcher.remove(0) && !dispatcher.remove(7));
        assert_eq!(dispatcher.remove_last(), None);
        assert_eq!(dispatcher.next(), Some(Slot { number: 0, class: 0 }));
    }

    #[test]
    fn bad_weights_and_nothing_to_spawn_are_faults() {
        let spec = |weight| vec![ClassSpec { name: "Buyer".into(), weight, fixed_count: 0 }];
        for weight in [-1.0, f64::NAN, f64::INFINITY] {
            let fault = Dispatcher::new(spec(weight)).unwrap_err();
            assert!(fault.exit == Exit::Script && fault.what.contains("Buyer"), "{weight}");
        }
        assert_eq!(Dispatcher::new(spec(0.0)).unwrap_err().exit, Exit::Script);
        assert_eq!(Dispatcher::new(Vec::new()).unwrap_err().exit, Exit::Script);
    }

    fn classes() -> impl Strategy<Value = Vec<ClassSpec>> {
        let class = (0.1f64..10.0, prop_oneof![3 => Just(0u32), 1 => 1u32..5]);
        prop::collection::vec(class, 1..6).prop_map(|classes| {
            let spec = |(index, (weight, fixed_count))| ClassSpec {
                name: format!("class{index}"),
                weight,
                fixed_count,
            };
            classes.into_iter().enumerate().map(spec).collect()
        })
    }

    proptest! {
        #[test]
        fn the_mix_stays_within_a_user_or_so_of_the_weights(weights in prop::collection::vec(0.1f64..10.0, 1..6), count in 1usize..400) {
            let spec = |(index, weight): (usize, &f64)| ClassSpec { name: format!("c{index}"), weight: *weight, fixed_count: 0 };
            let mut dispatcher = Dispatcher::new(weights.iter().enumerate().map(spec).collect()).unwrap();
            for _ in 0..count {
                dispatcher.next().unwrap();
            }
            let sum: f64 = weights.iter().sum();
            for (class, weight) in weights.iter().enumerate() {
                let ideal = count as f64 * weight / sum;
                let running = dispatcher.running(class) as f64;
                prop_assert!((running - ideal).abs() < weights.len() as f64, "{running} of {count}, ideally {ideal}");
            }
        }

        #[test]
        fn counts_add_up_and_fixed_counts_hold(classes in classes(), steps in prop::collection::vec(0u8..4, 0..200), victim in 0usize..6) {
            let mut dispatcher = Dispatcher::new(classes.clone()).unwrap();
            let mut running = 0;
            for step in steps {
                let changed = match step {
                    0 => -i32::from(dispatcher.remove(victim)),
                    1 => -i32::from(dispatcher.remove_last().is_some()),
                    _ => i32::from(dispatcher.next().is_some()),
                };
                running += changed;
                let counted: usize = (0..classes.len()).map(|class| dispatcher.running(class)).sum();
                prop_assert_eq!(counted as i32, running);
                for (class, spec) in classes.iter().enumerate().filter(|(_, spec)| spec.fixed_count > 0) {
                    prop_assert!(dispatcher.running(class) <= spec.fixed_count as usize);
                }
            }
            // Whatever went before, as many more as are fixed in all complete every fixed class.
            for _ in 0..classes.iter().map(|spec| spec.fixed_count).sum::<u32>() + 1 {
                dispatcher.next();
            }
            for (class, spec) in classes.iter().enumerate().filter(|(_, spec)| spec.fixed_count > 0) {
                prop_assert_eq!(dispatcher.running(class), spec.fixed_count as usize);
            }
        }

        #[test]
        fn ramping_down_undoes_ramping_up(classes in classes(), up in 1usize..100, down in 1usize..100) {
            let mut dispatcher = Dispatcher::new(classes).unwrap();
            let added: Vec<_> = (0..up).map_while(|_| dispatcher.next()).collect();
            let removed: Vec<_> = (0..down).map_while(|_| dispatcher.remove_last()).collect();
            let expected: Vec<_> = added.iter().rev().take(down).copied().collect();
            prop_assert_eq!(removed, expected);
        }
    }
}
