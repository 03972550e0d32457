//! Logs written and read again.

use std::path::PathBuf;
use std::time::Instant;

use super::*;
use proptest::prelude::*;

use crate::config::Outlet;
use crate::event::{Outcome, SoFar, Threshold};
use crate::metrics::{Call, Group, Kind, Phases, Recorder, Sample, Scene, Selector, TagSet};
use crate::report::{outlets, sample};

/// Writes the log of these events.
fn log(folder: &Path, name: &str, events: &[Event]) -> PathBuf {
    let path = folder.join(name);
    let outlet = Outlet::parse(&format!("hdr={}", path.display())).unwrap();
    let mut pump = outlets::prepare(&outlet, &Default::default()).unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    for event in events {
        match event {
            Event::Done(_) => pump.end(event, deadline),
            _ => pump.on(event),
        }
    }
    let ended = pump.finish(deadline);
    assert!(ended.fault.is_none(), "{:?}", ended.fault);
    path
}

fn done(events: &[Event]) -> &Summary {
    let Some(Event::Done(summary)) = events.last() else { panic!("the last is the summary") };
    summary
}

#[test]
fn what_is_read_is_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let events = sample::events();
    let recording = Recording::read(&log(dir.path(), "a", &events)).unwrap();
    let replayed = replay(&[recording], None);
    let (was, is) = (done(&events), done(&replayed));
    assert_eq!(is.totals, was.totals);
    assert_eq!((is.since, is.ended_at, is.exit, is.interrupted), (was.since, was.ended_at, was.exit, 2));
    assert_eq!(replayed.len(), 4, "started, two ticks, done");
}

#[test]
fn logs_add_up_exactly() {
    let dir = tempfile::tempdir().unwrap();
    let events = sample::events();
    let logs = ["a", "b"].map(|name| Recording::read(&log(dir.path(), name, &events)).unwrap());
    let mut expected = (*done(&events).totals).clone();
    expected.merge(&done(&events).totals);
    let replayed = replay(&logs, None);
    assert_eq!(*done(&replayed).totals, expected);
    assert_eq!(done(&replayed).since, done(&events).since, "at the same time");
    let Event::Tick(tick) = &replayed[1] else { panic!() };
    assert_eq!(tick.users, 8);
}

/// One after the other: per second of running, everywhere alike; and what is aimed at is not the sum.
#[test]
fn runs_one_after_another_have_one_rate() {
    let dir = tempfile::tempdir().unwrap();
    let shifted = |by: u64| {
        let later = |time: SystemTime| time + Duration::from_secs(by);
        let shift = |event: Event| match event {
            Event::Started(info) => {
                let started_at = later(info.started_at);
                Event::Started(Arc::new(RunInfo {
                    started_at,
                    watched: vec!["mine".into()],
                    ..(*info).clone()
                }))
            }
            Event::Tick(tick) => Event::Tick(Tick { at: later(tick.at), since: later(tick.since), ..tick }),
            Event::Log(line) => Event::Log(line),
            Event::Done(summary) => {
                let mut summary = (*summary).clone();
                let mut mine = crate::metrics::Measure::new(Kind::Counter);
                mine.add(200.0, 1);
                Arc::make_mut(&mut summary.interval).watched.insert(0, mine);
                // It took a while to end: rates are about the users.
                (summary.since, summary.ended_at) =
                    (later(summary.since), later(summary.ended_at + Duration::from_secs(1)));
                summary.thresholds = vec![Threshold {
                    selector: "mine".into(),
                    expression: "rate>1".into(),
                    unit: "",
                    value: None,
                    change: None,
                    outcome: Outcome::NoSamples,
                }];
                Event::Done(Arc::new(summary))
            }
        };
        sample::events().into_iter().map(shift).collect::<Vec<_>>()
    };
    let logs: Vec<Recording> = [0, 100]
        .map(|by| Recording::read(&log(dir.path(), &by.to_string(), &shifted(by))).unwrap())
        .into_iter()
        .collect();
    let replayed = replay(&logs, None);
    let (Event::Started(info), summary) = (&replayed[0], done(&replayed)) else { panic!() };
    assert_eq!((summary.lasted.as_secs(), summary.elapsed.as_secs()), (20, 20));
    assert_eq!(summary.thresholds[0].value, Some(20.0), "400 in 20 s");
    assert_eq!(summary.span().rate(summary.totals.total.requests), (2 * sample::REQUESTS) as f64 / 20.0);
    assert_eq!((info.users, summary.users.max, summary.since), (4, 4, sample::at(0.0)));
    let Event::Tick(tick) = &replayed[replayed.len() - 2] else { panic!() };
    assert_eq!(tick.at.duration_since(tick.since).unwrap().as_secs(), 19);
}

/// Two ticks within a second are two rows of the history, in the run and in what its log tells.
#[test]
fn the_ticks_of_a_run_are_those_of_its_log() {
    let dir = tempfile::tempdir().unwrap();
    let mut events = sample::events();
    if let Event::Tick(tick) = &mut events[1] {
        tick.at = sample::at(9.0);
    }
    if let Event::Tick(tick) = &mut events[3] {
        (tick.at, tick.users) = (sample::at(9.9), 0);
    }
    let Some(Event::Done(summary)) = events.pop() else { panic!() };
    let users = Users { now: 3, least: 2, most: 7, max: 8 };
    let ended_at = sample::at(9.95);
    events.push(Event::Done(Arc::new(Summary { ended_at, users, ..(*summary).clone() })));
    let replayed = replay(&[Recording::read(&log(dir.path(), "a", &events)).unwrap()], None);
    let ticks: Vec<u64> = replayed
        .iter()
        .filter_map(|event| if let Event::Tick(tick) = event { Some(tick.users) } else { None })
        .collect();
    assert_eq!(ticks, [4, 0]);
    assert_eq!(done(&replayed).users, users);
}

#[test]
fn a_log_that_was_cut_off_counts_as_far_as_it_is_whole() {
    let dir = tempfile::tempdir().unwrap();
    let path = log(dir.path(), "a", &sample::events());
    let text = fs::read_to_string(&path).unwrap();
    for cut in (0..text.len()).filter(|cut| text.is_char_boundary(*cut)).step_by(97) {
        fs::write(&path, &text[..cut]).unwrap();
        match Recording::read(&path) {
            Ok(recording) => assert!(recording.totals().total.requests <= sample::REQUESTS),
            Err(fault) => assert!(fault.what.contains("is no log of a run"), "{}", fault.what),
        }
    }
    fs::write(&path, &text[..text.len() - 10]).unwrap();
    let replayed = replay(&[Recording::read(&path).unwrap()], None);
    assert_eq!(done(&replayed).totals.total.requests, sample::REQUESTS);
    assert!(done(&replayed).notes[0].contains("1 of 1 logs have no end"));
    assert_eq!((done(&replayed).exit, done(&replayed).elapsed.as_secs()), (Exit::Signal, 10));
}

#[test]
fn damage_is_told_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = log(dir.path(), "a", &sample::events());
    let text = fs::read_to_string(&path).unwrap();
    let line = text.lines().position(|line| line.starts_with("Tag=")).unwrap();
    let told = |text: String| {
        fs::write(&path, text).unwrap();
        let fault = Recording::read(&path).unwrap_err();
        (fault.exit, fault.at.as_ref().map(|at| at.line), fault.what.clone())
    };
    let without: Vec<&str> =
        text.lines().enumerate().filter(|(index, _)| *index != line).map(|(_, line)| line).collect();
    assert_eq!(told(without.join("\n") + "\n").0, Exit::Config);
    let (exit, at, what) = told(text.replacen(",HIST", ",HISX", 1));
    assert_eq!((exit, at), (Exit::Config, Some(line + 1)));
    assert!(what.contains("is damaged"));
    assert!(told("hello\n".into()).2.contains("is no log of a run"));
    assert!(Recording::read(&dir.path().join("missing")).unwrap_err().what.contains("cannot read"));
}

#[test]
fn times_that_overlap_count_once() {
    let covered = |spans: &[(u64, u64)]| covered(spans.iter().copied()).as_micros();
    assert_eq!(covered(&[(0, 10), (5, 12)]), 12);
    assert_eq!(covered(&[(100, 110), (0, 10)]), 20);
    assert_eq!(covered(&[(0, 10), (2, 4)]), 10);
    assert_eq!(covered(&[]), 0);
}

/// One run, told by `machines` that each made a part of its requests.
fn split(requests: &[(u64, u64, bool)], machines: usize) -> Vec<Vec<Event>> {
    let rules = ["http_req_duration{name:GET /1}", "http_req_failed", "mine"];
    let selectors: Vec<(Selector, Kind)> = rules
        .iter()
        .zip([Kind::Trend, Kind::Rate, Kind::Counter])
        .map(|(text, kind)| (Selector::parse(text).unwrap(), kind))
        .collect();
    (0..machines)
        .map(|machine| {
            let mut recorder = Recorder::watching(&selectors);
            let mine = recorder.metric(Kind::Counter, "mine", "").unwrap();
            let record = |recorder: &mut Recorder, number: usize| {
                let (name, us, failed) = requests[number];
                let key = recorder.key("GET", &format!("/{name}"));
                let failure = failed.then_some("it \"failed\"\nbadly");
                let latency = Duration::from_micros(us);
                recorder.call(key, &Call { latency, bytes: us, at: sample::START + name, failure });
                let phases = Phases { duration: latency, ..Phases::default() };
                recorder.sample(&Sample {
                    scene: Scene::NONE,
                    key,
                    tags: TagSet::NONE,
                    url: &String::new,
                    status: 200,
                    error_code: 0,
                    error: None,
                    failed,
                    phases,
                    sent_bytes: 1,
                    received_bytes: us,
                });
                recorder.check(Group::NONE, "ok", !failed);
                recorder.clear_tags();
                recorder.add(mine, us as f64 * 1e-3, number as u64, Scene::NONE);
                recorder.iteration();
            };
            let own =
                |range: std::ops::Range<usize>| range.filter(move |number| number % machines == machine);
            let half = requests.len() / 2;
            let mut info = sample::info();
            info.watched = rules.map(str::to_owned).to_vec();
            own(0..half).for_each(|number| record(&mut recorder, number));
            let first = recorder.take();
            own(half..requests.len()).for_each(|number| record(&mut recorder, number));
            let rest = recorder.take();
            let mut totals = first.clone();
            totals.merge(&rest);
            let mut summary = sample::summary(totals.clone(), 0.0, 10.0);
            summary.interval = Arc::new(rest);
            let threshold = |selector: &str, expression: &str| Threshold {
                selector: selector.into(),
                expression: expression.into(),
                unit: "",
                value: None,
                change: None,
                outcome: Outcome::NoSamples,
            };
            summary.thresholds = vec![
                threshold(rules[0], "p(90)<3000"),
                threshold(rules[1], "rate<0.5"),
                threshold(rules[2], "count<1000"),
            ];
            let tick = Tick {
                elapsed: Duration::from_secs(5),
                at: sample::at(5.0),
                users: 4,
                classes: Arc::default(),
                totals: Arc::new(first.clone()),
                interval: Arc::new(first),
                since: sample::at(0.0),
                so_far: SoFar::default(),
            };
            vec![Event::Started(Arc::new(info)), Event::Tick(tick), Event::Done(Arc::new(summary))]
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// However a run is split over machines, the sum of their logs is the run of one.
    #[test]
    fn machines_that_made_a_run_together_tell_what_one_would(
        requests in prop::collection::vec((0u64..4, 1u64..9_000_000, any::<bool>()), 0..40),
        machines in 1usize..5,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let told = |runs: Vec<Vec<Event>>| {
            let read = |(number, events): (usize, &Vec<Event>)| {
                Recording::read(&log(dir.path(), &number.to_string(), events)).unwrap()
            };
            let logs: Vec<Recording> = runs.iter().enumerate().map(read).collect();
            replay(&logs, None)
        };
        let whole = split(&requests, 1);
        let measured = done(&whole[0]).totals.clone();
        let (one, all) = (told(whole), told(split(&requests, machines)));
        let (one, all) = (done(&one), done(&all));
        prop_assert_eq!(&one.totals, &measured);
        prop_assert_eq!(&all.totals, &measured);
        prop_assert_eq!(&all.thresholds, &one.thresholds);
        prop_assert_eq!((all.exit, &all.verdict), (one.exit, &one.verdict));
        prop_assert!(requests.is_empty() || one.thresholds[1].outcome != Outcome::NoSamples);
    }
}
