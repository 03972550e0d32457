//! The live view: what is on it, and that no size of the terminal breaks it.

use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;
use crate::event::Event;
use crate::report::sample;
use crate::report::view::Keeper;

fn drawn(events: &[Event], columns: u16, rows: u16) -> String {
    let mut keeper = Keeper::new();
    let mut points = Vec::new();
    for event in events {
        keeper.on(event);
        if let Event::Tick(_) = event {
            points.push(keeper.newest().clone());
        }
    }
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    let screen = Screen { state: keeper.state(), logs: keeper.logs(), points: &points, color: true };
    terminal.draw(|frame| draw(&screen, frame)).unwrap();
    terminal.backend().to_string()
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
        "GET    /ready",
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
