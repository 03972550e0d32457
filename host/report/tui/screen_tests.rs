//! The live view: what is on it, and that no size of the terminal breaks it.

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::event::{Event, Judgement, Verdict};
use crate::metrics::{Call, Recorder};
use crate::report::sample;
use crate::report::view::Keeper;

fn drawn(events: &[Event], columns: u16, rows: u16) -> String {
    turned(events, (columns, rows), (0, false)).0
}

/// What is drawn from that row on, or of the keys.
fn turned(events: &[Event], (columns, rows): (u16, u16), (first, help): (usize, bool)) -> (String, Seen) {
    let mut keeper = Keeper::new();
    let mut points = Vec::new();
    for event in events {
        keeper.on(event);
        if let Event::Tick(_) = event {
            points.push(keeper.newest().clone());
        }
    }
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    let (state, logs, points) = (keeper.state(), keeper.logs(), &*points);
    let screen = Screen { state, logs, points, color: true, first, help };
    let mut seen = Seen::default();
    terminal.draw(|frame| seen = draw(&screen, frame)).unwrap();
    (terminal.backend().to_string(), seen)
}

/// All but the end.
fn under_way() -> Vec<Event> {
    sample::events().into_iter().take_while(|event| !matches!(event, Event::Done(_))).collect()
}

#[test]
fn a_screen_has_the_figures_of_the_run() {
    let text = drawn(&under_way(), 110, 30);
    for part in [
        "9.0 s of 10.0 s",
        "suites/smoke.lua · local at http://127.0.0.1:4000",
        "requests 125",
        "users 4",
        "GET  /ready",
        "Aggregated",
        "exceptions 3",
        "warning  SmokeTestUser: slow answer",
        "p pause",
        "p95 ms",
    ] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}

#[test]
fn any_size_will_do() {
    let events = sample::events();
    for columns in [1, 2, 7, 19, 20, 39, 75, 76, 90, 250] {
        for rows in 1..45 {
            for until in [1, 2, 5] {
                drawn(&events[..until], columns, rows);
                turned(&events[..until], (columns, rows), (usize::MAX, columns % 2 == 0));
            }
        }
    }
}

/// The sum has its line however many names there are, and so have the keys.
#[test]
fn what_matters_most_stays_on_a_small_screen() {
    let text = drawn(&under_way(), 60, 12);
    assert!(
        text.contains("Aggregated") && text.contains("p pause") && text.contains("requests 125"),
        "{text}"
    );
    let text = drawn(&under_way(), 30, 5);
    assert!(text.contains("users 4"), "{text}");
}

/// A tick with so many names; the first was asked for the least.
fn crowd(names: usize, reasons: Vec<String>) -> Vec<Event> {
    let mut events = under_way();
    events.truncate(2);
    let mut recorder = Recorder::new();
    for number in 0..names {
        let key = recorder.key("GET", &format!("/v1beta/collections/{number:03}/documents"));
        for _ in 0..=number {
            let latency = std::time::Duration::from_millis(1234);
            recorder.call(key, &Call { latency, bytes: 0, at: sample::START, failure: None });
        }
    }
    let Event::Tick(tick) = &mut events[1] else { panic!("a tick") };
    tick.totals = std::sync::Arc::new(recorder.take());
    let failures = vec![reasons[0].clone()];
    let verdict = Verdict { judgement: Judgement::Failed, reasons, doubts: Vec::new(), failures };
    tick.so_far.verdict = verdict.into();
    events
}

/// 80 columns are what most terminals have.
#[test]
fn the_name_is_the_last_column_to_go() {
    let events = crowd(3, vec!["a request failed".into()]);
    let text = drawn(&events, 80, 24);
    for part in ["/v1beta/collections/002/documents", "reqs", "95%", "req/s"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
    // The least tells the least.
    assert!(!text.contains(" min ") && !text.contains("99%"), "{text}");
    let text = drawn(&events, 140, 24);
    assert!(text.contains("/v1beta/collections/002/documents") && text.contains(" min "), "{text}");
    let text = drawn(&events, 24, 24);
    assert!(text.contains("name") && text.contains("ments"), "{text}");
}

#[test]
fn a_table_that_is_longer_than_the_screen_scrolls() {
    let events = crowd(40, vec!["a request failed".into()]);
    let (text, seen) = turned(&events, (100, 24), (0, false));
    assert!(seen.first == 0 && seen.room > 3 && seen.room < 40, "{seen:?}");
    // The busiest come first.
    assert!(text.contains("/039/") && !text.contains("/000/"), "{text}");
    assert!(text.contains(&format!("1 to {} of 40, the busiest first", seen.room)), "{text}");
    let (text, end) = turned(&events, (100, 24), (usize::MAX, false));
    assert_eq!(end.first, 40 - end.room);
    assert!(text.contains("/000/") && !text.contains("/039/") && text.contains("Aggregated"), "{text}");
}

#[test]
fn the_keys_are_explained() {
    let (text, _) = turned(&under_way(), (80, 24), (0, true));
    for part in ["PgDn", "one user more, ten more", "Nothing against the verdict", "? back"] {
        assert!(text.contains(part), "{part} in\n{text}");
    }
}

#[test]
fn reasons_have_their_marks_and_what_is_cut_is_counted() {
    let mut reasons = vec!["a request failed".to_owned()];
    reasons.extend((0..9).map(|number| format!("reason {number} {}", "word ".repeat(30))));
    let text = drawn(&crowd(3, reasons), 80, 40);
    assert!(text.contains("✗ a request failed") && text.contains("? reason 0 word"), "{text}");
    assert!(text.contains("… and 2 more"), "{text}");
}
