//! Segments and their workers together are the run that one process makes, whatever it is made of.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::load::{Aim, Change, ClassSpec, Curve, Dispatcher, Roster, Target};

/// All places: each segment with as many workers as it has.
fn places(workers: &[usize]) -> impl Iterator<Item = (Segment, usize, usize)> + '_ {
    let segment = move |index: usize| Segment::new(index as u64, workers.len() as u64).unwrap();
    (0..workers.len()).flat_map(move |index| {
        (0..workers[index]).map(move |worker| (segment(index), worker, workers[index]))
    })
}

fn union(workers: &[usize], part: impl Fn(Split) -> Vec<u64>, users: u64) -> Vec<u64> {
    let mut all: Vec<u64> = places(workers)
        .flat_map(|(segment, worker, of)| part(segment.split_over(users, (worker, of))))
        .collect();
    all.sort_unstable();
    all
}

/// What a worker does of a run of classes: at which time it starts and stops which user of which class.
fn follow(
    specs: &[ClassSpec],
    aims: &[Aim],
    until: Duration,
    split: Split,
) -> Vec<(u64, Duration, usize, bool)> {
    let mut roster = Roster::new(Dispatcher::new(specs.to_vec()).unwrap());
    for aim in aims {
        assert!(roster.aim(aim.clone()).is_empty());
    }
    let mut all = Vec::new();
    while let Some(due) = roster.due().filter(|due| *due <= until) {
        for change in roster.advance(due) {
            let (slot, starts) = match change {
                Change::Start(slot) => (slot, true),
                Change::Stop(slot) => (slot, false),
            };
            if split.owns(slot.number) {
                all.push((slot.number, due, slot.class, starts));
            }
        }
    }
    all
}

fn any_classes() -> impl Strategy<Value = Vec<ClassSpec>> {
    let class = (0.5f64..9.0, prop::option::of(1u32..6));
    prop::collection::vec(class, 1..4).prop_map(|classes| {
        let spec = |(index, (weight, fixed)): (usize, (f64, Option<u32>))| ClassSpec {
            name: format!("Class{index}"),
            weight,
            fixed_count: fixed.filter(|_| index > 0).unwrap_or(0),
        };
        classes.into_iter().enumerate().map(spec).collect()
    })
}

fn any_aims() -> impl Strategy<Value = Vec<Aim>> {
    prop::collection::vec((0u64..5_000, 0u64..60, 1u32..40), 1..5).prop_map(|orders| {
        let mut at = 0;
        let aim = |(index, (after, users, rate)): (usize, (u64, u64, u32))| {
            at += after;
            let target = Target { users, spawn_rate: f64::from(rate) / 2.0, classes: None };
            Aim { number: index as u64 + 1, at: Duration::from_millis(at), target }
        };
        orders.into_iter().enumerate().map(aim).collect()
    })
}

fn any_curve() -> impl Strategy<Value = Curve> {
    (0.0f64..90.0, prop::collection::vec((0u64..3000, 0.0f64..90.0), 1..5)).prop_map(|(start, stages)| {
        Curve::stages(start, stages.into_iter().map(|(ms, to)| (Duration::from_millis(ms), to)))
    })
}

proptest! {
    /// Users, their numbers (and so their seeds), their classes, and when they come and go.
    #[test]
    fn users_are_those_of_one_process(
        specs in any_classes(),
        aims in any_aims(),
        workers in prop::collection::vec(1usize..4, 1..7),
    ) {
        let until = Duration::from_secs(60);
        let whole = follow(&specs, &aims, until, Split::new(0, 1));
        let mut parts: Vec<_> = places(&workers)
            .flat_map(|(segment, worker, of)| follow(&specs, &aims, until, segment.split(worker, of)))
            .collect();
        parts.sort_by_key(|(number, at, _, _)| (*at, *number));
        let mut whole = whole;
        whole.sort_by_key(|(number, at, _, _)| (*at, *number));
        prop_assert_eq!(parts, whole);
    }

    /// Arrivals, each once and at its moment, also where there are fewer users than segments.
    #[test]
    fn arrivals_are_those_of_one_process(
        curve in any_curve(),
        workers in prop::collection::vec(1usize..4, 1..9),
        users in 1u64..40,
    ) {
        let mut parts = Vec::new();
        for (segment, worker, of) in places(&workers) {
            let split = segment.split_over(users, (worker, of));
            let own: Vec<_> = curve.arrivals(split).collect();
            // Who gets work has somebody to do it.
            prop_assert!(own.is_empty() || segment.share(users) > 0);
            parts.extend(own);
        }
        parts.sort_unstable();
        prop_assert_eq!(parts, curve.arrivals(Split::new(0, 1)).collect::<Vec<_>>());
    }

    /// Users of scenarios by number, at any height of their curve.
    #[test]
    fn numbers_are_those_of_one_process(
        workers in prop::collection::vec(1usize..4, 1..9),
        users in 0u64..200,
        most in 1u64..60,
    ) {
        let own = |split: Split| (0..split.share(users)).map(|own| split.global(own)).collect::<Vec<_>>();
        prop_assert_eq!(union(&workers, own, u64::MAX), (0..users).collect::<Vec<_>>());
        prop_assert_eq!(union(&workers, own, most), (0..users).collect::<Vec<_>>());
    }

    /// Iterations that all users share: no more and no fewer, and only where there is a user.
    #[test]
    fn iterations_add_up(count in 1u64..40, users in 1u64..60, total in 0u64..500) {
        let mut quotas = BTreeMap::new();
        for index in 0..count {
            let segment = Segment::new(index, count).unwrap();
            let quota = segment.quota(total, users);
            prop_assert!(quota == 0 || segment.share(users) > 0);
            quotas.insert(index, quota);
        }
        prop_assert_eq!(quotas.values().sum::<u64>(), total);
    }
}

#[test]
fn a_segment_is_written_as_index_and_count_from_0() {
    assert_eq!(Segment::parse("3/4").unwrap(), Segment::new(3, 4).unwrap());
    assert_eq!(Segment::parse("0/1").unwrap(), Segment::WHOLE);
    assert_eq!(Segment::new(3, 4).unwrap().to_string(), "3/4");
    let why = |text: &str| Segment::parse(text).unwrap_err();
    assert_eq!(why("4/4"), "segments count from 0: of 4 there are 0/4 to 3/4");
    assert_eq!(why("0/0"), "there must be a segment");
    for text in ["", "1", "a/b", "-1/4", "1/2/3"] {
        assert_eq!(why(text), "write it as I/N, for example 0/4", "{text}");
    }
}

/// Twelve users over two processes with two workers and one: those of the first are 0, 4, 8 and 2, 6, 10.
#[test]
fn workers_divide_what_their_segment_has() {
    let own = |index, worker, workers| {
        let split = Segment::new(index, 2).unwrap().split(worker, workers);
        (0..split.share(12)).map(|own| split.global(own)).collect::<Vec<_>>()
    };
    assert_eq!((own(0, 0, 2), own(0, 1, 2)), (vec![0, 4, 8], vec![2, 6, 10]));
    assert_eq!(own(1, 0, 1), [1, 3, 5, 7, 9, 11]);
    // A third segment has nothing of two users' work.
    let third = Segment::new(2, 3).unwrap();
    assert_eq!((third.quota(9, 2), third.split_over(2, (0, 4)).share(u64::MAX / 2)), (0, 0));
    assert_eq!(Curve::steady(9.0, Duration::from_secs(9)).arrivals(third.split_over(2, (0, 1))).count(), 0);
}
