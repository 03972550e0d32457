//! What the live view shows, however small the terminal: figures first, then sparklines, then tables, then the log.
//! Used by `live`.

use std::collections::VecDeque;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Paragraph, Sparkline};

use super::grid;
use crate::event::State as RunState;
use crate::report::text::{cut_end, cut_middle, duration, ms, printable, rate, wrapped};
use crate::report::view::{Line as LogLine, Point, State};

pub(super) struct Screen<'a> {
    pub(super) state: &'a State,
    pub(super) logs: &'a VecDeque<LogLine>,
    pub(super) points: &'a [Point],
    pub(super) color: bool,
    /// The first row of the table that is wanted, where there is no room for all.
    pub(super) first: usize,
    /// The keys are wanted, in place of table and log.
    pub(super) help: bool,
}

/// What was drawn of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Seen {
    /// The first row.
    pub(super) first: usize,
    /// So many rows have room.
    pub(super) room: usize,
}

/// The keys, where there is room for all that is to be said of them.
const KEYS: [(&str, &str); 9] = [
    ("w  W", "one user more, ten more; of arrivals: iterations a second"),
    ("s  S", "one less, ten less"),
    ("p", "pause: no further task begins; again: go on"),
    ("q", "stop: tasks may finish; again: at once. Nothing against the verdict"),
    ("Ctrl-C", "stop by a signal (exit code 105)"),
    ("↓ ↑  j k", "the table: a row on, a row back"),
    ("PgDn  PgUp", "a page on, a page back"),
    ("g  G", "to its begin, to its end (Home, End)"),
    ("?", "these keys, and back (Esc)"),
];

/// A sparkline: what it is called, its newest value, and its values.
type Spark<'a> = (&'a str, String, Vec<u64>, Color);

impl Screen<'_> {
    pub(super) fn tint(&self, color: Color) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new() }
    }
}

/// Draws all that there is room for.
pub(super) fn draw(screen: &Screen<'_>, frame: &mut Frame<'_>) -> Seen {
    let area = frame.area();
    let height = area.height;
    let rows = screen.state.rows.len() as u16 + 3;
    let logs = if height >= 20 { (height / 5).clamp(4, 8) } else { 0 };
    let sparks = if height >= 14 { 4 } else { 0 };
    let told = figures(screen, area.width);
    // A quarter, or all that the others leave.
    let others = told.len() + usize::from(sparks + rows + 3) + (screen.logs.len() + 1).min(usize::from(logs));
    let reasons = match height {
        12.. => reasons(
            screen,
            area.width,
            usize::from(height / 4).max(usize::from(height).saturating_sub(others)),
        ),
        _ => Vec::new(),
    };
    let parts = [
        Constraint::Length(1),
        Constraint::Length((told.len() as u16).min((height / 4).max(1))),
        Constraint::Length(sparks),
        Constraint::Length(u16::from(height >= 8)),
        Constraint::Length(reasons.len() as u16),
        Constraint::Max(rows.max(4)),
        Constraint::Fill(if logs > 0 { 1 } else { 0 }),
        Constraint::Length(u16::from(height >= 4)),
    ];
    let [title, top, charts, verdict, why, table, log, keys] = Layout::vertical(parts).areas(area);
    draw_title(screen, frame, title);
    frame.render_widget(Paragraph::new(told), top);
    draw_sparks(screen, frame, charts);
    draw_verdict(screen, frame, verdict);
    frame.render_widget(Paragraph::new(reasons), why);
    draw_keys(screen, frame, keys);
    if screen.help {
        draw_help(frame, table.union(log));
        return Seen { first: screen.first, room: usize::from(table.height.saturating_sub(3)) };
    }
    if logs > 0 {
        draw_log(screen, frame, log);
    }
    grid::draw(screen, frame, table)
}

fn draw_title(screen: &Screen<'_>, frame: &mut Frame<'_>, area: Rect) {
    let run = &screen.state.run;
    let (word, color) = match run.state {
        RunState::Preparing => ("preparing", Color::Cyan),
        RunState::Spawning => ("spawning", Color::Cyan),
        RunState::Running => ("running", Color::Green),
        RunState::Paused => ("paused", Color::Yellow),
        RunState::Stopping => ("stopping", Color::Yellow),
        RunState::Ended => ("ended", Color::Blue),
    };
    let host = run.host.as_deref().map(|host| format!(" at {host}")).unwrap_or_default();
    let name = printable(&format!("{} · {}{host}", run.scripts.join(", "), run.environment), false);
    let width = usize::from(area.width);
    let time = match run.run_time {
        Some(time) => format!("{} of {}", lasted(run.elapsed), lasted(time)),
        None => lasted(run.elapsed),
    };
    let end = format!(" {time} ");
    let name = cut_middle(&name, width.saturating_sub(end.chars().count() + word.len() + 3));
    let line = Line::from(vec![
        Span::styled(format!(" {word} "), screen.tint(color).add_modifier(Modifier::REVERSED)),
        Span::raw(end),
        Span::styled(name, Style::new().add_modifier(Modifier::BOLD)),
    ]);
    frame.render_widget(line, area);
}

fn lasted(seconds: f64) -> String {
    duration(std::time::Duration::from_secs_f64(seconds.max(0.0)))
}

pub(super) fn time(ms_of: Option<f64>) -> String {
    ms_of.map_or_else(|| "–".to_owned(), |value| ms(value * 1000.0))
}

/// The figures in as many lines as they take.
fn figures(screen: &Screen<'_>, width: u16) -> Vec<Line<'static>> {
    let (now, run) = (&screen.state.now, &screen.state.run);
    let users =
        if run.users > now.users { format!("{}/{}", now.users, run.users) } else { now.users.to_string() };
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let bad = if now.failures > 0 { screen.tint(Color::Red).patch(bold) } else { bold };
    let figures = [
        ("users", users, bold),
        ("req/s in 10 s", rate(now.rps), bold),
        ("failed", format!("{} ({:.2}%)", now.failures, now.failure_ratio * 100.0), bad),
        ("requests", now.requests.to_string(), bold),
        ("p50", time(now.p50), bold),
        ("p95", time(now.p95), bold),
        ("p99 ms", time(now.p99), bold),
    ];
    let faint = Style::new().add_modifier(Modifier::DIM);
    let mut lines = vec![Line::default()];
    for (name, value, style) in figures {
        let spans = [Span::styled(format!(" {name} "), faint), Span::styled(value, style), Span::raw("  ")];
        let wide = spans.iter().map(Span::width).sum::<usize>();
        let is_full = lines.last().is_some_and(|line| line.width() + wide > usize::from(width) + 2);
        if is_full && lines.last().is_some_and(|line| line.width() > 0) {
            lines.push(Line::default());
        }
        lines.last_mut().into_iter().for_each(|line| line.spans.extend(spans.clone()));
    }
    lines
}

fn draw_sparks(screen: &Screen<'_>, frame: &mut Frame<'_>, area: Rect) {
    if area.height < 3 || area.width < 12 {
        return;
    }
    let last = screen.points.last();
    let values = |read: &dyn Fn(&Point) -> f64| -> Vec<u64> {
        screen.points.iter().map(|point| (read(point) * 100.0) as u64).collect()
    };
    let shown = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    let sparks: [Spark<'_>; 4] = [
        ("req/s now", shown(last.map(|point| rate(point.rps))), values(&|point| point.rps), Color::Green),
        ("fails/s now", shown(last.map(|point| rate(point.fps))), values(&|point| point.fps), Color::Red),
        (
            "p95 ms",
            time(last.and_then(|point| point.p95)),
            values(&|point| point.p95.unwrap_or(0.0)),
            Color::Yellow,
        ),
        ("users", shown(last.map(|point| point.users.to_string())), values(&|p| p.users as f64), Color::Cyan),
    ];
    let count = usize::from(area.width / 20).clamp(1, sparks.len());
    let areas = Layout::horizontal(vec![Constraint::Fill(1); count]).split(area);
    for ((name, newest, values, color), area) in sparks.into_iter().zip(areas.iter()) {
        let block = Block::new()
            .borders(Borders::TOP)
            .border_style(Style::new().add_modifier(Modifier::DIM))
            .title(format!("{name} {newest} "));
        let room = usize::from(area.width.saturating_sub(1));
        let values = &values[values.len().saturating_sub(room)..];
        frame.render_widget(Sparkline::default().block(block).style(screen.tint(color)).data(values), *area);
    }
}

fn draw_verdict(screen: &Screen<'_>, frame: &mut Frame<'_>, area: Rect) {
    let (state, now) = (screen.state, &screen.state.now);
    let (mark, color) = match now.verdict.word {
        "" => ("", Color::Reset),
        "unjudged" => (" … not judged yet ", Color::Cyan),
        "passed" => (" ✓ passed so far ", Color::Green),
        "failed" => (" ✗ failed so far ", Color::Red),
        _ => (" ? inconclusive so far ", Color::Yellow),
    };
    let mut parts = vec![];
    if now.checks > 0 {
        parts.push(format!("checks {} of {}", now.checks - now.checks_failed, now.checks));
    }
    if !state.thresholds.is_empty() {
        let held = state.thresholds.iter().filter(|one| one.outcome == "held").count();
        parts.push(format!("thresholds {held} of {}", state.thresholds.len()));
    }
    if now.exceptions > 0 {
        parts.push(format!("exceptions {}", now.exceptions));
    }
    let line = Line::from(vec![
        Span::styled(mark, screen.tint(color).add_modifier(Modifier::BOLD)),
        Span::raw(format!(" {}", parts.join(" · "))),
    ]);
    frame.render_widget(line, area);
}

/// Why it did not pass, in at most so many lines.
fn reasons(screen: &Screen<'_>, width: u16, most: usize) -> Vec<Line<'static>> {
    let verdict = &screen.state.now.verdict;
    let room = usize::from(width.saturating_sub(5));
    let told = |(index, reason): (usize, &String)| -> Vec<Line<'static>> {
        let (mark, color) = match verdict.kinds.get(index) {
            Some(&"failure") => ("✗", Color::Red),
            Some(&"note") => ("!", Color::Yellow),
            _ => ("?", Color::Yellow),
        };
        let lines = wrapped(&printable(reason, false), room).into_iter().enumerate();
        let line = |(number, text): (usize, String)| {
            let mark = if number == 0 { mark } else { " " };
            Line::from(vec![Span::styled(format!("   {mark} "), screen.tint(color)), Span::raw(text)])
        };
        lines.map(line).collect()
    };
    let mut reasons: Vec<Vec<Line<'static>>> = verdict.reasons.iter().enumerate().map(told).collect();
    let all = reasons.len();
    let lines = |reasons: &[Vec<Line<'static>>]| reasons.iter().map(Vec::len).sum::<usize>();
    if lines(&reasons) <= most {
        return reasons.concat();
    }
    while lines(&reasons) > most.saturating_sub(1) && reasons.len() > 1 {
        reasons.pop();
    }
    let rest = all - reasons.len();
    let mut shown = reasons.concat();
    shown.truncate(most.saturating_sub(usize::from(rest > 0)));
    if rest > 0 {
        shown.push(Line::styled(format!("     … and {rest} more"), Style::new().add_modifier(Modifier::DIM)));
    }
    shown
}

fn draw_help(frame: &mut Frame<'_>, area: Rect) {
    let faint = Style::new().add_modifier(Modifier::DIM);
    let lines: Vec<Line<'_>> = KEYS
        .iter()
        .map(|(key, what)| {
            let bold = Style::new().add_modifier(Modifier::BOLD);
            Line::from(vec![Span::styled(format!(" {key:<10} "), bold), Span::raw(*what)])
        })
        .collect();
    let block = Block::new().borders(Borders::TOP).border_style(faint).title(" keys ");
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

fn draw_log(screen: &Screen<'_>, frame: &mut Frame<'_>, area: Rect) {
    if area.height < 2 {
        return;
    }
    let faint = Style::new().add_modifier(Modifier::DIM);
    let width = usize::from(area.width);
    let room = usize::from(area.height - 1);
    let from = screen.logs.len().saturating_sub(room);
    let lines: Vec<Line<'_>> = screen
        .logs
        .iter()
        .skip(from)
        .map(|line| {
            let style = match line.level {
                "error" => screen.tint(Color::Red),
                "warning" => screen.tint(Color::Yellow),
                _ => Style::new(),
            };
            let text = cut_end(
                &printable(&format!("{}: {}", line.source, line.text), false),
                width.saturating_sub(9),
            );
            Line::from(vec![Span::styled(format!("{:<8} ", line.level), style), Span::raw(text)])
        })
        .collect();
    let block = Block::new().borders(Borders::TOP).border_style(faint).title(" log ");
    frame.render_widget(Paragraph::new(lines).block(block), area);
}

/// What matters most comes first: the end of the line is what a narrow terminal cuts off.
fn draw_keys(screen: &Screen<'_>, frame: &mut Frame<'_>, area: Rect) {
    let text = match (screen.help, screen.state.run.state) {
        (true, _) => " ? back",
        (_, RunState::Stopping) => " ending: q or Ctrl-C ends it at once · ? keys",
        (_, RunState::Paused) => " ? keys · p go on · q stop · w W users +1 +10 · s S −1 −10",
        _ => " ? keys · p pause · q stop · w W users +1 +10 · s S −1 −10",
    };
    frame.render_widget(Line::styled(text, Style::new().add_modifier(Modifier::DIM)), area);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "screen_tests.rs"]
mod tests;
