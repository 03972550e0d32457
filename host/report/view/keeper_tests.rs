//! The state of a run from its events: what is shown agrees with what was measured.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::event::{SoFar, State as RunState, Summary, Verdict, WorkerState};
use crate::exit::Exit;
use crate::metrics::{Call, Recorder, Snapshot};
use crate::report::sample;

fn kept(events: &[Event]) -> Keeper {
    let mut keeper = Keeper::new();
    events.iter().for_each(|event| keeper.on(event));
    keeper
}

#[test]
fn figures_agree_with_the_tables_to_the_last_request() {
    let view = kept(&sample::events()).view();
    let state = &view.state;
    assert_eq!(state.now.requests, sample::REQUESTS);
    assert_eq!(state.rows.iter().map(|row| row.requests).sum::<u64>(), sample::REQUESTS);
    assert_eq!((state.total.requests, state.total.name.as_str()), (sample::REQUESTS, "Aggregated"));
    assert_eq!(state.now.checks, 2 * sample::REQUESTS);
    assert_eq!(state.now.failures, state.failures.iter().map(|failure| failure.count).sum::<u64>());
    assert_eq!((state.now.exceptions, state.exceptions[0].count), (3, 3));
    assert_eq!(state.exceptions[0].task, "create_and_get_document");
    // A request of the last second is in the charts as well.
    let times: Vec<f64> = view.series.t.clone();
    let lengths = times.iter().zip([0.0].iter().chain(&times)).map(|(to, from)| to - from);
    let charted: f64 = view.series.rps.iter().zip(lengths).map(|(rps, length)| rps * length).sum();
    assert!((charted - sample::REQUESTS as f64).abs() < 0.05, "{charted}");
    assert_eq!(view.series.users, [4, 4, 4]);
    let run = &state.run;
    assert_eq!((run.state, run.elapsed, run.exit_code), (RunState::Ended, 10.0, Some(1)));
    assert_eq!(run.stop.as_deref(), Some("run time reached"));
    assert!(state.now.verdict.is_final && state.now.verdict.word == "failed");
    assert!(state.notes[0].contains("2 iterations interrupted"), "{:?}", state.notes);
    assert_eq!((view.logs.len(), view.logs[0].level), (1, "warning"));
    let row = state.rows.iter().find(|row| row.name == "/ready").unwrap();
    assert_eq!(row.percentiles.len(), 11);
    assert_eq!(row.percentiles[10], row.max);
    assert!(row.median == row.percentiles[0] && row.rps == row.total_rps);
}

/// The shapes are what the page, and whoever reads the API, rely on.
#[test]
fn json_has_the_names_that_the_page_reads() {
    let keeper = kept(&sample::events()[..4]);
    let view = serde_json::to_value(keeper.view()).unwrap();
    for name in [
        "run",
        "now",
        "rows",
        "total",
        "series",
        "checks",
        "groups",
        "metrics",
        "arrivals",
        "thresholds",
        "failures",
        "exceptions",
        "classes",
        "workers",
        "logs",
        "settings",
        "shares",
        "machine",
        "notes",
        "left_out",
    ] {
        assert!(view.get(name).is_some(), "{name}");
    }
    assert_eq!(view["run"]["seed"], "42");
    assert_eq!(view["run"]["state"], "preparing");
    assert_eq!(view["classes"][0]["ratio"], 1.0);
    let beat = serde_json::to_value(keeper.beat()).unwrap();
    assert!(beat.get("series").is_none() && beat.get("settings").is_none());
    assert_eq!(beat["point"]["t"], view["series"]["t"].as_array().unwrap().last().unwrap().clone());
    assert_eq!(beat["logs"].as_array().unwrap().len(), 1);
    assert!(serde_json::to_value(Keeper::new().view()).is_ok());
    assert!(serde_json::to_value(Keeper::new().beat()).unwrap()["point"].is_null());
}

#[test]
fn what_the_conductor_says_at_a_tick_is_shown() {
    let mut events = sample::events();
    let Event::Tick(tick) = &mut events[1] else { panic!("a tick") };
    let worker = WorkerState {
        users: 3,
        most_users: 5,
        ran: Some(0.5),
        robbed: None,
        late: Duration::from_micros(1500),
        latest: Duration::from_millis(7),
        rate: 2.0,
        busiest: Some(0.75),
        requests: 11,
    };
    let verdict = Verdict { reasons: vec!["a request failed".into()], ..Verdict::default() };
    let aim = Some(9);
    let state = RunState::Spawning;
    tick.so_far =
        SoFar { state, aim, workers: [worker].into(), verdict: verdict.into(), thresholds: Arc::default() };
    let keeper = kept(&events[..2]);
    let state = keeper.state();
    assert_eq!((state.run.state, state.run.users, state.now.users), (RunState::Spawning, 9, 4));
    let shown = &state.workers[0];
    assert_eq!((shown.users, shown.requests, shown.busiest), (3, 11, Some(0.75)));
    assert_eq!((shown.cpu, shown.waited, shown.late, shown.latest), (Some(0.5), None, 1.5, 7.0));
    assert_eq!(state.now.verdict.reasons, ["a request failed"]);
    assert!(!state.now.verdict.is_final);
}

/// Of a run that is over the last second says nothing.
#[test]
fn workers_are_told_of_over_the_whole_run() {
    let mut events = sample::events();
    let worker = WorkerState { users: 2, most_users: 3, requests: 50, rate: 9.0, ..WorkerState::default() };
    let Some(Event::Done(summary)) = events.last_mut() else { panic!("an end") };
    Arc::make_mut(summary).workers = [worker].into();
    let keeper = kept(&events);
    let shown = &keeper.state().workers[0];
    assert_eq!((shown.users, shown.most_users, shown.requests, shown.rps), (0, 3, 50, 5.0));
    assert_eq!(keeper.state().run.most_users, 4);
}

/// That there is nothing to judge yet is nothing against a run.
#[test]
fn a_verdict_so_far_waits_for_samples() {
    let word = |exit, doubts: &[&str], failures: u64| {
        let mut totals = Snapshot::default();
        totals.total.failures = failures;
        let lacking = vec![Verdict::lacking("x")];
        let doubts = doubts.iter().map(|doubt| (*doubt).to_owned()).collect();
        let verdict = gather::verdict(&Verdict::of((exit, None), doubts, (&[], lacking), &totals));
        (verdict.word, verdict.kinds)
    };
    assert_eq!(word(Exit::Ok, &[], 0).0, "passed");
    assert_eq!(word(Exit::Inconclusive, &[], 0), ("unjudged", vec!["unknown"]));
    assert_eq!(word(Exit::Inconclusive, &[], 2), ("failed", vec!["unknown", "failure"]));
    assert_eq!(word(Exit::Inconclusive, &["no core"], 1).0, "inconclusive");
}

#[test]
fn a_run_beside_a_baseline_tells_so_once_it_has_ended() {
    let mut keeper = Keeper::new();
    let events = sample::events();
    let Some(Event::Done(summary)) = events.last() else { panic!("an end") };
    keeper.compare_with(summary.totals.clone());
    events[..3].iter().for_each(|event| keeper.on(event));
    assert_eq!(keeper.state().comparison, None);
    events[3..].iter().for_each(|event| keeper.on(event));
    let comparison = keeper.view().state.comparison.unwrap();
    let sum = comparison.rows.last().unwrap();
    assert_eq!(
        (&*sum.name, sum.percentile, &*sum.change, sum.meaning),
        ("Aggregated", "p99", "+0.0 %", "chance")
    );
    assert!(comparison.notes[0].starts_with("Intervals by order statistics"), "{:?}", comparison.notes);
}

/// Rounded here and where it is shown, 0.6449 would become 0.65.
#[test]
fn values_are_rounded_by_whoever_shows_them() {
    let mut recorder = Recorder::new();
    let key = recorder.key("GET", "/");
    for us in [644, 645, 645, 646, 644] {
        let latency = Duration::from_micros(us);
        recorder.call(key, &Call { latency, bytes: 0, at: sample::START, failure: None });
    }
    let mut keeper = kept(&sample::events()[..1]);
    keeper.on(&Event::Done(Arc::new(sample::summary(recorder.take(), 0.0, 7.0))));
    let row = &keeper.state().rows[0];
    assert!((row.average - 0.6448).abs() < 1e-12 && (row.rps - 5.0 / 7.0).abs() < 1e-12, "{row:?}");
}

#[test]
fn logs_are_bounded_and_beats_tell_the_new_ones() {
    let mut keeper = kept(&sample::events()[..1]);
    let line = |text: String| {
        Event::Log(LogLine { level: Level::Info, at: sample::at(1.0), source: "e2e".into(), text })
    };
    for number in 0..1000 {
        keeper.on(&line(number.to_string()));
    }
    keeper.on(&line("x".repeat(100_000)));
    let view = keeper.view();
    assert_eq!(view.logs.len(), MOST_LINES);
    assert_eq!(view.logs.last().unwrap().number, 1000);
    assert_eq!(view.logs.last().unwrap().text.chars().count(), LONGEST_LINE + 1);
    let events = sample::events();
    keeper.on(&events[1]);
    keeper.on(&line("after".into()));
    keeper.on(&events[1]);
    // What came between the last two ticks; the one before that is told twice at most.
    assert_eq!(keeper.beat().logs.last().unwrap().text, "after");
    keeper.on(&events[1]);
    keeper.on(&events[1]);
    assert!(keeper.beat().logs.is_empty());
}

#[test]
fn a_second_run_begins_anew() {
    let mut keeper = kept(&sample::events());
    sample::events()[..2].iter().for_each(|event| keeper.on(event));
    let view = keeper.view();
    assert_eq!(view.series.t, [2.0]);
    assert_eq!(view.state.run.exit_code, None);
    assert!(view.logs.is_empty() && view.state.exceptions.is_empty());
}

fn crowd(names: usize) -> Summary {
    let mut recorder = Recorder::new();
    for number in 0..names {
        let key = recorder.key("GET", &format!("/{number:05}/{}", "<".repeat(900)));
        for _ in 0..=number % 3 {
            recorder.call(
                key,
                &Call { latency: Duration::from_millis(1), bytes: 0, at: sample::START, failure: Some("no") },
            );
        }
    }
    let totals: Snapshot = recorder.take();
    Summary { exit: Exit::Failures, ..sample::summary(totals, 0.0, 5.0) }
}

#[test]
fn more_names_than_anybody_reads_are_left_out_and_counted() {
    let mut keeper = kept(&sample::events()[..1]);
    keeper.on(&Event::Done(Arc::new(crowd(1500))));
    let mut view = keeper.view();
    assert_eq!((view.state.rows.len(), view.state.left_out.rows), (1000, 500));
    assert!(view.state.rows.is_sorted_by(|a, b| a.name < b.name));
    assert_eq!(view.state.left_out.failures, 1000);
    // All of them are in the sum.
    assert_eq!(view.state.total.requests, 3000);
    assert!(view.halve());
    assert_eq!((view.state.rows.len(), view.state.left_out.rows), (500, 1000));
    while view.halve() {}
    assert!(view.state.rows.len() <= 1 && view.state.rows[0].requests == 3);
}
