//! What a run was like over time: bounded, and nothing lost by merging.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::metrics::{Call, Recorder};

fn measured(requests: &[(&str, u64, bool)]) -> Snapshot {
    let mut recorder = Recorder::new();
    for (name, us, failed) in requests {
        let key = recorder.key("GET", name);
        let failure = failed.then_some("no");
        recorder.call(key, &Call { latency: Duration::from_micros(*us), bytes: 0, at: 1, failure });
    }
    recorder.take()
}

/// Requests and failures over all points: rates times the lengths of their stretches.
fn sums(history: &History) -> (u64, u64) {
    history
        .stretches
        .iter()
        .fold((0, 0), |sum, stretch| (sum.0 + stretch.whole.requests, sum.1 + stretch.whole.failures))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn a_long_run_is_bounded_and_keeps_its_sums(
        counts in prop::collection::vec((0usize..4, any::<bool>(), 0u64..50), 1..1800),
    ) {
        let mut history = History::default();
        let (mut requests, mut failures, mut most) = (0, 0, 0);
        for (index, (count, failed, users)) in counts.iter().enumerate() {
            history.add(index as f64 + 1.0, *users, &measured(&vec![("/", 1000, *failed); *count]));
            requests += *count as u64;
            failures += if *failed { *count as u64 } else { 0 };
            most = most.max(*users);
            prop_assert!(history.stretches.len() <= MOST_POINTS);
        }
        prop_assert_eq!(sums(&history), (requests, failures));
        let series = history.series();
        prop_assert_eq!(series.users.iter().max(), Some(&most));
        prop_assert_eq!(series.t.last(), Some(&(counts.len() as f64)));
        prop_assert!(series.t.is_sorted());
        let seconds: f64 = history.stretches.iter().map(|stretch| stretch.seconds).sum();
        prop_assert!((seconds - counts.len() as f64).abs() < 1e-6);
        // All points but the last are of one length.
        let lengths: Vec<f64> = history.stretches.iter().map(|stretch| stretch.seconds).collect();
        prop_assert!(lengths.windows(2).all(|pair| pair[1] <= pair[0] + 1e-9), "{:?}", lengths);
        prop_assert!(lengths.iter().rev().skip(1).all(|length| (length - lengths[0]).abs() < 1e-6));
    }
}

#[test]
fn a_day_grows_nothing() {
    let mut history = History::default();
    let second = measured(&[("/a", 900, false), ("/b", 70_000, true)]);
    let size = |history: &History| history.series().t.len();
    for at in 1..=86_400 {
        history.add(f64::from(at), 5, &second);
    }
    assert!(size(&history) <= MOST_POINTS && size(&history) >= MOST_POINTS / 3, "{}", size(&history));
    let series = history.series();
    assert!(series.rps.iter().all(|rps| (*rps - 2.0).abs() < 1e-6));
    assert!(series.fps.iter().all(|fps| (*fps - 1.0).abs() < 1e-6));
    // To 2.5 %, however much was merged.
    let p99 = series.p99[10].unwrap_or_default();
    assert!((p99 / 70.0 - 1.0).abs() < 0.03, "{p99}");
    assert_eq!(series.endpoints.len(), 2);
    assert_eq!(series.endpoints[1].p95.len(), series.t.len());
}

#[test]
fn a_second_is_told_exactly() {
    let mut history = History::default();
    history.add(2.0, 3, &measured(&[("/a", 1000, false), ("/a", 2000, true), ("/b", 5000, false)]));
    let point = history.newest().clone();
    assert_eq!((point.t, point.users, point.rps, point.fps), (2.0, 3, 1.5, 0.5));
    // To three significant digits, as everywhere.
    assert_eq!((point.p50, point.p99), (Some(2.0), Some(5.0)));
    assert_eq!(point.endpoints[1].p50, Some(5.0));
    assert_eq!(history.series().endpoints[0].rps, [1.0]);
}

#[test]
fn names_beyond_the_cap_have_no_charts_and_that_is_said() {
    let names: Vec<String> = (0..40).map(|number| format!("/{number:02}")).collect();
    let requests: Vec<(&str, u64, bool)> = names.iter().map(|name| (&**name, 1000, false)).collect();
    let measured = measured(&requests);
    let mut history = History::default();
    history.add(1.0, 1, &measured);
    history.note_names(measured.entries.len());
    let series = history.series();
    assert_eq!((series.endpoints.len(), series.endpoints_left_out), (MOST_ENDPOINTS, 40 - MOST_ENDPOINTS));
}

/// A last stretch of some milliseconds would show a rate that there never was.
#[test]
fn what_came_last_belongs_to_the_point_before() {
    let mut history = History::default();
    history.add(1.0, 3, &measured(&[("/a", 1000, false)]));
    history.close(1.001, &measured(&[("/a", 1000, false), ("/a", 1000, true)]));
    let series = history.series();
    assert_eq!(series.t, [1.001]);
    assert_eq!(sums(&history), (3, 1));
    history.close(3.0, &measured(&[("/a", 1000, false)]));
    assert_eq!(history.series().t, [1.001, 3.0]);
}

#[test]
fn a_run_without_a_tick_has_one_point() {
    let mut history = History::default();
    history.close(0.2, &measured(&[("/a", 1000, false)]));
    assert_eq!(history.series().rps, [5.0]);
}
