//! Tests of `recorder`.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::metrics::Kind;

fn ungrouped(name: &str) -> CheckKey {
    CheckKey { group: String::new(), name: name.to_owned() }
}

fn ms(latency: u64, at: u64, failure: Option<&str>) -> Call<'_> {
    Call { latency: Duration::from_millis(latency), bytes: 10, at, failure }
}

#[test]
fn a_key_is_interned_once() {
    let mut recorder = Recorder::new();
    let get = recorder.key("GET", "/");
    assert_ne!(recorder.key("POST", "/"), get);
    assert_ne!(recorder.key("GET", "/x"), get);
    assert_eq!(recorder.key("GET", "/"), get);
}

#[test]
fn take_gives_what_came_since_the_last() {
    let mut recorder = Recorder::new();
    let key = recorder.key("GET", "/");
    recorder.call(key, &ms(5, 100, None));
    recorder.call(key, &ms(7, 101, Some("boom")));
    recorder.check(Group::NONE, "ok", true);
    recorder.check(Group::NONE, "ok", false);
    recorder.iteration();
    let first = recorder.take();
    let entry = first.entries.values().next().expect("one key was used");
    assert_eq!((entry.requests, entry.failures, entry.bytes), (2, 1, 20));
    assert_eq!((entry.sum, entry.min, entry.max), (12_000, Some(5_000), 7_000));
    assert_eq!(entry.requests_at.iter().collect::<Vec<_>>(), [(100, 1), (101, 1)]);
    assert_eq!(entry.failures_at.iter().collect::<Vec<_>>(), [(101, 1)]);
    assert_eq!((entry.first, entry.last), (Some(100), Some(101)));
    assert_eq!(first.checks[&ungrouped("ok")], CheckCount { passes: 1, fails: 1 });
    assert_eq!(first.iterations, 1);

    recorder.call(key, &ms(1, 102, None));
    let second = recorder.take();
    assert_eq!((second.total.requests, second.total.min, second.total.max), (1, Some(1_000), 1_000));
    assert!(second.checks.is_empty() && second.failures.is_empty());
    assert_eq!(recorder.take(), Snapshot::default());
}

#[test]
fn failures_are_grouped_by_request_and_text() {
    let mut recorder = Recorder::new();
    let (get, put) = (recorder.key("GET", "/"), recorder.key("PUT", "/"));
    for (key, text, at) in [(get, "a", 1), (get, "b", 2), (get, "a", 5), (put, "a", 3)] {
        recorder.call(key, &ms(1, at, Some(text)));
    }
    let failures = recorder.take().failures;
    let found: Vec<_> = failures.iter().map(|(key, seen)| (&*key.method, &*key.error, *seen)).collect();
    assert_eq!(
        found,
        [
            ("GET", "a", Occurrences { count: 2, first: 1, last: 5 }),
            ("GET", "b", Occurrences::once(2)),
            ("PUT", "a", Occurrences::once(3)),
        ]
    );
}

#[test]
fn exceptions_are_grouped_by_message_and_traceback() {
    let mut recorder = Recorder::new();
    let raise = |message, traceback, task, at| Exception { message, traceback, class: "User", task, at };
    recorder.exception(&raise("m", "t", "first", 4));
    recorder.exception(&raise("m", "t", "second", 9));
    recorder.exception(&raise("m", "elsewhere", "first", 5));
    let snapshot = recorder.take();
    assert_eq!(snapshot.exceptions.len(), 2);
    assert_eq!(snapshot.all_exceptions(), 3);
    let group = &snapshot.exceptions[&ExceptionKey { message: "m".into(), traceback: "t".into() }];
    assert_eq!(group.seen, Occurrences { count: 2, first: 4, last: 9 });
    assert_eq!(group.origin, Origin { at: 4, class: "User".into(), task: "first".into() });
}

#[test]
fn names_beyond_the_cap_are_counted_under_other() {
    let mut recorder = Recorder::new();
    for index in 0..LIMIT + 2000 {
        let key = recorder.key("GET", &format!("/{index}"));
        recorder.call(key, &ms(1, 7, None));
    }
    let snapshot = recorder.take();
    assert_eq!(snapshot.entries.len(), LIMIT + 1);
    let other = &snapshot.entries[&Label { name: OTHER.into(), method: "GET".into() }];
    assert_eq!(other.requests, 2000);
    assert_eq!(
        snapshot.overflow,
        Some(Overflow { at: 7, kind: OverflowKind::Request, name: format!("GET /{LIMIT}") })
    );
    for index in 0..LIMIT {
        recorder.key(&format!("M{index}"), "/");
    }
    assert_eq!(recorder.requests.len(), LIMIT + SPARE + 1, "methods are capped as well");
}

#[test]
fn other_groups_are_capped_as_well() {
    let mut recorder = Recorder::new();
    let key = recorder.key("GET", "/");
    for index in 0..LIMIT + 5 {
        let text = format!("{index}");
        recorder.call(key, &ms(1, 1, Some(&text)));
        recorder.check(Group::NONE, &text, true);
        recorder.exception(&Exception { message: &text, traceback: "", class: "", task: "", at: 1 });
    }
    let snapshot = recorder.take();
    assert_eq!(
        (snapshot.failures.len(), snapshot.checks.len(), snapshot.exceptions.len()),
        (LIMIT + 1, LIMIT + 1, LIMIT + 1)
    );
    assert_eq!(snapshot.checks[&ungrouped(OTHER)].passes, 5);
    assert_eq!(snapshot.all_exceptions(), (LIMIT + 5) as u64);
}

#[test]
fn long_texts_are_cut_at_a_character() {
    let text = "é".repeat(TEXT);
    assert_eq!(head(&text).len(), TEXT);
    assert_eq!(head(&format!("x{text}")).len(), TEXT - 1);
}

/// One thing that may happen to a recorder.
#[derive(Clone, Debug)]
enum Act {
    Call { name: u8, us: u64, at: u64, failure: Option<u8> },
    Check(Option<u8>, u8, bool),
    Group { outer: u8, us: u64, at: u64 },
    Measure { kind: Kind, value: f64, at: u64, tag: Option<u8> },
    Raise(u8, u8, u64),
    Iterate,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => (0u8..3, 0u64..5_000_000, 90u64..110, prop::option::of(0u8..3))
            .prop_map(|(name, us, at, failure)| Act::Call { name, us, at, failure }),
        1 => (prop::option::of(0u8..2), 0u8..3, any::<bool>())
            .prop_map(|(group, name, passed)| Act::Check(group, name, passed)),
        1 => (0u8..2, 0u64..5_000_000, 90u64..110).prop_map(|(outer, us, at)| Act::Group { outer, us, at }),
        2 => (
            prop::sample::select(vec![Kind::Counter, Kind::Gauge, Kind::Rate, Kind::Trend]),
            -1e6f64..1e6,
            0u64..5,
            prop::option::of(0u8..3),
        )
            .prop_map(|(kind, value, at, tag)| Act::Measure { kind, value, at, tag }),
        1 => (0u8..3, 0u8..3, 90u64..110).prop_map(|(message, task, at)| Act::Raise(message, task, at)),
        1 => Just(Act::Iterate),
    ]
}

fn perform(recorder: &mut Recorder, acts: &[Act]) {
    for act in acts {
        match act {
            Act::Call { name, us, at, failure } => {
                let key = recorder.key("GET", &name.to_string());
                let failure = failure.map(|text| text.to_string());
                let latency = Duration::from_micros(*us);
                recorder.call(key, &Call { latency, bytes: *us, at: *at, failure: failure.as_deref() });
            }
            Act::Check(group, name, passed) => {
                let group =
                    group.map_or(Group::NONE, |group| recorder.group(Group::NONE, &group.to_string()));
                recorder.check(group, &name.to_string(), *passed);
            }
            Act::Group { outer, us, at } => {
                let outer = recorder.group(Group::NONE, &outer.to_string());
                let group = recorder.group(outer, "inner");
                let latency = Duration::from_micros(*us);
                recorder.group_ended(group, latency);
                recorder.call_within(group, &Call { latency, bytes: 1, at: *at, failure: None });
            }
            Act::Measure { kind, value, at, tag } => {
                let metric = recorder.metric(*kind, kind.name(), "").unwrap();
                recorder.clear_tags();
                tag.iter().for_each(|tag| recorder.tag("tag", &tag.to_string()));
                recorder.add(metric, *value, *at, crate::metrics::Scene::NONE);
            }
            Act::Raise(message, task, at) => recorder.exception(&Exception {
                message: &message.to_string(),
                traceback: "",
                class: "",
                task: &task.to_string(),
                at: *at,
            }),
            Act::Iterate => recorder.iteration(),
        }
    }
}

fn measured(acts: &[Act]) -> Snapshot {
    let mut recorder = Recorder::new();
    perform(&mut recorder, acts);
    recorder.take()
}

fn sum(parts: &[&Snapshot]) -> Snapshot {
    parts.iter().fold(Snapshot::default(), |mut sum, part| {
        sum.merge(part);
        sum
    })
}

/// Which of the tasks that raised in the same second is the origin depends on the order of arrival.
fn without_ties(mut snapshot: Snapshot) -> Snapshot {
    snapshot.exceptions.values_mut().for_each(|count| count.origin.task.clear());
    snapshot.exceptions.values_mut().for_each(|count| count.origin.at = 0);
    snapshot
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn merging_is_associative_and_commutative(
        a in prop::collection::vec(act(), 0..60),
        b in prop::collection::vec(act(), 0..60),
        c in prop::collection::vec(act(), 0..60),
    ) {
        let (a, b, c) = (measured(&a), measured(&b), measured(&c));
        let left = sum(&[&sum(&[&a, &b]), &c]);
        prop_assert_eq!(&left, &sum(&[&a, &sum(&[&b, &c])]));
        prop_assert_eq!(&left, &sum(&[&c, &b, &a]));
        prop_assert_eq!(&a, &sum(&[&Snapshot::default(), &a]));
    }

    /// However the work is split over workers and intervals, the sum is what one recorder would have told.
    #[test]
    fn merging_is_exact(acts in prop::collection::vec(act(), 0..400), cut in 0usize..400, workers in 1usize..4) {
        let mut recorders: Vec<_> = (0..workers).map(|_| Recorder::new()).collect();
        let mut totals = Snapshot::default();
        for (index, act) in acts.iter().enumerate() {
            perform(&mut recorders[index % workers], std::slice::from_ref(act));
            if index == cut {
                recorders.iter_mut().for_each(|recorder| totals.merge(&recorder.take()));
            }
        }
        recorders.iter_mut().for_each(|recorder| totals.merge(&recorder.take()));
        let whole = measured(&acts);
        prop_assert_eq!(&without_ties(totals.clone()), &without_ties(whole));
        let mut total = Entry::default();
        totals.entries.values().for_each(|entry| total.merge(entry));
        prop_assert_eq!(total, totals.total);
    }
}
