//! Of `roster`: the ramp of Locust, orders in any sequence, late orders, the split over workers.

use proptest::prelude::*;

use super::super::{ClassSpec, Split, Target};
use super::*;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn dispatcher(classes: &[(&str, f64, u32)]) -> Dispatcher {
    let spec = |(name, weight, fixed_count): &(&str, f64, u32)| ClassSpec {
        name: name.to_string(),
        weight: *weight,
        fixed_count: *fixed_count,
    };
    Dispatcher::new(classes.iter().map(spec).collect()).unwrap()
}

fn one_class() -> Roster {
    Roster::new(dispatcher(&[("A", 1.0, 0)]))
}

fn aim(number: u64, at: u64, users: u64, spawn_rate: f64) -> Aim {
    Aim { number, at: ms(at), target: Target { users, spawn_rate, classes: None } }
}

/// How many users there are at each of these moments, in milliseconds.
fn users_at(aims: &[Aim], moments: &[u64]) -> Vec<u64> {
    let mut roster = one_class();
    aims.iter().for_each(|aim| assert_eq!(roster.aim(aim.clone()), []));
    let at = |moment: &u64| {
        roster.advance(ms(*moment));
        roster.users()
    };
    moments.iter().map(at).collect()
}

#[test]
fn up_and_down_in_locusts_batches() {
    let aims = [aim(1, 0, 5, 2.4), aim(2, 4000, 1, 2.4)];
    assert_eq!(users_at(&aims, &[0, 833, 834, 1666, 1667, 3999]), [2, 2, 4, 4, 5, 5]);
    assert_eq!(users_at(&aims, &[4000, 4833, 4834, 9000]), [3, 3, 1, 1]);
}

#[test]
fn the_newest_order_wins_over_a_ramp_under_way() {
    // A ramp that would take 100 s is left for another at 3 s, down and up again.
    let aims = [aim(1, 0, 100, 1.0), aim(2, 3000, 2, 10.0), aim(3, 5000, 50, 1.0)];
    assert_eq!(users_at(&aims, &[0, 1000, 2999, 3000, 4999, 5000, 6000]), [1, 2, 3, 2, 2, 3, 4]);
}

#[test]
fn orders_in_quick_succession_keep_to_the_rate() {
    let aims: Vec<Aim> = (0..50).map(|number| aim(number, number * 20, 1000 + number, 5.0)).collect();
    assert_eq!(users_at(&aims, &[0, 980, 1000, 1999, 2000]), [5, 5, 10, 10, 15]);
    // A slow ramp does not hold a fast one up, nor a fast one a slow one for long.
    assert_eq!(users_at(&[aim(1, 0, 9, 0.1), aim(2, 100, 99, 50.0)], &[0, 99, 100]), [1, 1, 51]);
    assert_eq!(
        users_at(&[aim(1, 0, 500, 100.0), aim(2, 100, 500, 1.0)], &[0, 999, 1000, 2000]),
        [100, 100, 101, 102]
    );
}

#[test]
fn the_last_added_goes_first_and_fixed_counts_are_filled_again() {
    let mut roster = Roster::new(dispatcher(&[("A", 1.0, 0), ("F", 1.0, 2)]));
    let step = |roster: &mut Roster, number, users| {
        let at = number * 1000;
        roster.aim(aim(number, at, users, 100.0));
        let changes = roster.advance(ms(at)).into_iter();
        changes
            .map(|change| match change {
                Change::Start(slot) => format!("+{}{}", ["A", "F"][slot.class], slot.number),
                Change::Stop(slot) => format!("-{}{}", ["A", "F"][slot.class], slot.number),
            })
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(step(&mut roster, 1, 4), "+F0 +F1 +A2 +A3");
    assert_eq!(step(&mut roster, 2, 1), "-A3 -A2 -F1");
    assert_eq!(step(&mut roster, 3, 3), "+F4 +A5");
    assert_eq!(step(&mut roster, 4, 0), "-A5 -F4 -F0");
    assert_eq!(roster.reached(), Some(4));
}

#[test]
fn what_cannot_be_reached_counts_as_reached() {
    let mut roster = Roster::new(dispatcher(&[("F", 1.0, 2)]));
    roster.aim(aim(7, 0, 10, 1.0));
    roster.advance(ms(10_000));
    assert_eq!((roster.users(), roster.reached(), roster.due()), (2, Some(7), None));
}

#[test]
fn an_order_that_comes_late_is_carried_out_as_if_it_had_not() {
    let mut roster = one_class();
    roster.aim(aim(1, 0, 5, 1.0));
    assert_eq!(roster.advance(ms(3500)).len(), 4);
    // It was given at 1.5 s, when there were two.
    let undone = roster.aim(aim(2, 1500, 0, 1.0));
    let stop = |number| Change::Stop(Slot { number, class: 0 });
    assert_eq!(undone, [stop(2), stop(3)]);
    assert_eq!(roster.advance(ms(3500)), [stop(1), stop(0)]);
}

fn aims() -> impl Strategy<Value = Vec<Aim>> {
    let rate = prop_oneof![0.2f64..1.0, 1.0f64..10.0, 10.0f64..500.0];
    let classes = prop::option::weighted(0.3, prop::collection::vec(0usize..4, 1..4));
    let one = (0u64..3000, 0u64..200, rate, classes);
    prop::collection::vec(one, 1..8).prop_map(|all| {
        let mut at = 0;
        type Given = (u64, u64, f64, Option<Vec<usize>>);
        let order = |(index, (after, users, spawn_rate, classes)): (usize, Given)| {
            at += if index == 0 { 0 } else { after };
            let classes = classes.map(Into::into);
            Aim { number: index as u64, at: ms(at), target: Target { users, spawn_rate, classes } }
        };
        all.into_iter().enumerate().map(order).collect()
    })
}

fn mixed() -> Roster {
    Roster::new(dispatcher(&[("A", 2.0, 0), ("B", 1.0, 0), ("C", 0.5, 0), ("F", 1.0, 3)]))
}

/// Who lives at the end, of whom `split` says that they are its own.
fn follow(aims: &[Aim], until: Duration, split: Split, steps: &[u64]) -> Vec<Slot> {
    let mut roster = mixed();
    let mut living: Vec<Slot> = Vec::new();
    let mut carry_out = |changes: Vec<Change>| {
        for change in changes {
            match change {
                Change::Start(slot) if split.owns(slot.number) => living.push(slot),
                Change::Stop(slot) if split.owns(slot.number) => {
                    let place =
                        living.iter().position(|known| *known == slot).expect("only who lives is stopped");
                    living.remove(place);
                }
                _ => {}
            }
        }
    };
    // Each order comes as late as the steps say, but before the one behind it.
    let mut now = Duration::ZERO;
    for (aim, late) in aims.iter().zip(steps.iter().chain(std::iter::repeat(&0))) {
        now = now.max(aim.at + ms(*late));
        carry_out(roster.advance(now));
        carry_out(roster.aim(aim.clone()));
    }
    carry_out(roster.advance(until.max(now)));
    living.sort_unstable();
    living
}

proptest! {
    #[test]
    fn workers_together_are_one_worker_however_late_orders_come(
        aims in aims(),
        workers in 1usize..6,
        late in prop::collection::vec(prop::collection::vec(0u64..2000, 8), 6),
        rest in 0u64..5000,
    ) {
        let until = aims.last().unwrap().at + ms(2000 * 8 + rest);
        let whole = follow(&aims, until, Split::new(0, 1), &[]);
        let mut parts: Vec<Slot> = (0..workers)
            .flat_map(|worker| follow(&aims, until, Split::new(worker, workers), &late[worker]))
            .collect();
        parts.sort_unstable();
        prop_assert_eq!(parts, whole);
    }

    #[test]
    fn the_target_is_reached_in_time_and_never_faster(aims in aims()) {
        let mut roster = mixed();
        aims.iter().for_each(|aim| { roster.aim(aim.clone()); });
        let mut users = 0i64;
        let mut batches: Vec<(Duration, u64)> = Vec::new();
        while let Some(due) = roster.due() {
            let changes = roster.advance(due);
            for change in &changes {
                users += if matches!(change, Change::Start(_)) { 1 } else { -1 };
            }
            prop_assert_eq!(users, roster.users() as i64);
            if !changes.is_empty() {
                batches.push((due, changes.len() as u64));
            }
        }
        let last = aims.last().unwrap();
        prop_assert_eq!(roster.reached(), Some(last.number));
        // Users who may be added to weigh nothing only where the fixed class alone is allowed.
        let only_fixed = last.target.classes.as_ref().is_some_and(|classes| classes.iter().all(|class| *class == 3));
        if !only_fixed {
            prop_assert_eq!(roster.users(), last.target.users);
        }
        // In no second more than the fastest rate that was in force allows, and its first batch.
        let fastest = aims.iter().map(|aim| aim.target.spawn_rate).fold(0.0, f64::max);
        for (at, _) in &batches {
            let within = batches.iter().filter(|(other, _)| *other >= *at && *other < *at + ms(1000));
            let changed: u64 = within.map(|(_, users)| users).sum();
            prop_assert!(changed as f64 <= 2.0 * fastest.max(1.0), "{changed} within a second of {at:?}");
        }
    }

    #[test]
    fn one_order_is_the_closed_form_of_a_ramp(users in 1u64..500, rate in 0.2f64..300.0, moment in 0u64..20_000) {
        let mut roster = one_class();
        roster.aim(aim(1, 0, users, rate));
        roster.advance(ms(moment));
        prop_assert_eq!(roster.users(), users.min(Ramp::new(rate).unwrap().due(ms(moment))));
    }
}
