//! Logs written and read again.

use std::path::PathBuf;
use std::time::Instant;

use super::*;
use crate::config::Outlet;
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
    let replayed = replay(&[recording]);
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
    let replayed = replay(&logs);
    assert_eq!(*done(&replayed).totals, expected);
    assert_eq!(done(&replayed).since, done(&events).since, "at the same time");
    let Event::Tick(tick) = &replayed[1] else { panic!() };
    assert_eq!(tick.users, 8);
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
    let replayed = replay(&[Recording::read(&path).unwrap()]);
    assert_eq!(done(&replayed).totals.total.requests, sample::REQUESTS);
    assert!(done(&replayed).notes[0].contains("1 of 1 logs have no end"));
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
    assert_eq!(covered(vec![(0, 10), (5, 12)]), 12);
    assert_eq!(covered(vec![(100, 110), (0, 10)]), 20);
    assert_eq!(covered(vec![(0, 10), (2, 4)]), 10);
    assert_eq!(covered(vec![]), 0);
}
