//! What the live view shows, however small the terminal: figures first, then sparklines, then tables, then the log.
//! Used by `live`.

use std::collections::VecDeque;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Cell, Paragraph, Row, Sparkline, Table};

use crate::event::State as RunState;
use crate::report::text::{cut_end, cut_middle, duration, ms, printable, rate};
use crate::report::view::{Line as LogLine, Point, Row as Entry, State, keep_busiest_rows};

pub(super) struct Screen<'a> {
    pub(super) state: &'a State,
    pub(super) logs: &'a VecDeque<LogLine>,
    pub(super) points: &'a [Point],
    pub(super) color: bool,
}

/// A sparkline: what it is called, its newest value, and its values.
type Spark<'a> = (&'a str, String, Vec<u64>, Color);

impl Screen<'_> {
    fn tint(&self, color: Color) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new() }
    }
}

/// Draws all that there is room for.
pub(super) fn draw(screen: &Screen<'_>, frame: &mut Frame<'_>) {
    let area = frame.area();
    let height = area.height;
    let rows = screen.state.rows.len() as u16 + 3;
    let logs = if height >= 20 { (height / 5).clamp(4, 8) } else { 0 };
    let sparks = if height >= 14 { 4 } else { 0 };
    let reasons = match height {
        12.. => (screen.state.now.verdict.reasons.len() as u16).min(3),
        _ => 0,
    };
    let parts = [
        Constraint::Length(1),
        Constraint::Length(if area.width < 90 && height >= 6 { 2 } else { 1 }),
        Constraint::Length(sparks),
        Constraint::Length(u16::from(height >= 8)),
        Constraint::Length(reasons),
        Constraint::Max(rows.max(4)),
        Constraint::Fill(if logs > 0 { 1 } else { 0 }),
        Constraint::Length(u16::from(height >= 4)),
    ];
    let [title, figures, charts, verdict, why, table, log, keys] = Layout::vertical(parts).areas(area);
    draw_title(screen, frame, title);
    draw_figures(screen, frame, figures);
    draw_sparks(screen, frame, charts);
    draw_verdict(screen, frame, verdict, why);
    draw_table(screen, frame, table);
    if logs > 0 {
        draw_log(screen, frame, log);
    }
    draw_keys(screen, frame, keys);
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

fn time(ms_of: Option<f64>) -> String {
    ms_of.map_or_else(|| "–".to_owned(), |value| ms(value * 1000.0))
}

fn draw_figures(screen: &Screen<'_>, frame: &mut Frame<'_>, area: Rect) {
    let (now, run) = (&screen.state.now, &screen.state.run);
    let users =
        if run.users > now.users { format!("{}/{}", now.users, run.users) } else { now.users.to_string() };
    let bad = if now.failures > 0 { screen.tint(Color::Red) } else { Style::new() };
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let figures = [
        ("users", users, bold),
        ("req/s", rate(now.rps), bold),
        ("failed", format!("{} ({:.2}%)", now.failures, now.failure_ratio * 100.0), bad.patch(bold)),
        ("requests", now.requests.to_string(), bold),
        ("p50", time(now.p50), bold),
        ("p95", time(now.p95), bold),
        ("p99 ms", time(now.p99), bold),
    ];
    let per_line = if area.height > 1 { 4 } else { figures.len() };
    let faint = Style::new().add_modifier(Modifier::DIM);
    let lines: Vec<Line<'_>> = figures
        .chunks(per_line)
        .map(|figures| {
            let spans = figures.iter().flat_map(|(name, value, style)| {
                [
                    Span::styled(format!(" {name} "), faint),
                    Span::styled(value.clone(), *style),
                    Span::raw("  "),
                ]
            });
            Line::from(spans.collect::<Vec<_>>())
        })
        .collect();
    frame.render_widget(Paragraph::new(lines), area);
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
        ("req/s", shown(last.map(|point| rate(point.rps))), values(&|point| point.rps), Color::Green),
        ("fails/s", shown(last.map(|point| rate(point.fps))), values(&|point| point.fps), Color::Red),
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

fn draw_verdict(screen: &Screen<'_>, frame: &mut Frame<'_>, area: Rect, why: Rect) {
    let (state, now) = (screen.state, &screen.state.now);
    let (mark, color) = match now.verdict.word {
        "" => ("", Color::Reset),
        "passed" => ("✓ ", Color::Green),
        "failed" | "aborted" => ("✗ ", Color::Red),
        _ => ("? ", Color::Yellow),
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
    let so_far = if mark.is_empty() { String::new() } else { format!(" {mark}{} so far ", now.verdict.word) };
    let line = Line::from(vec![
        Span::styled(so_far, screen.tint(color).add_modifier(Modifier::BOLD)),
        Span::raw(format!(" {}", parts.join(" · "))),
    ]);
    frame.render_widget(line, area);
    let width = usize::from(why.width.saturating_sub(5));
    let reasons = now.verdict.reasons.iter().take(usize::from(why.height));
    let reasons: Vec<Line<'_>> = reasons
        .map(|reason| Line::raw(format!("   · {}", cut_end(&printable(reason, false), width))))
        .collect();
    frame.render_widget(Paragraph::new(reasons), why);
}

fn draw_table(screen: &Screen<'_>, frame: &mut Frame<'_>, area: Rect) {
    if area.height < 2 || area.width < 20 {
        return;
    }
    let wide = area.width >= 76;
    let mut heads = vec!["type", "name", "reqs", "fails"];
    heads.extend(if wide {
        &["avg", "min", "med", "95%", "99%", "max", "req/s"][..]
    } else {
        &["95%", "req/s"]
    });
    let faint = Style::new().add_modifier(Modifier::DIM);
    let right = |text: String| Cell::from(Line::raw(text).right_aligned());
    let number = |entry: &Entry, place: usize| entry.percentiles.get(place).copied();
    let row = |entry: &Entry, style: Style| {
        let fails = Line::raw(entry.failures.to_string()).right_aligned();
        let fails = if entry.failures > 0 { fails.style(screen.tint(Color::Red)) } else { fails };
        let mut cells = vec![
            Cell::from(printable(&entry.method, false)),
            Cell::from(cut_middle(&printable(&entry.name, false), usize::from(area.width) / 2)),
            right(entry.requests.to_string()),
            Cell::from(fails),
        ];
        if wide {
            let [average, min, max] = [entry.average, entry.min, entry.max].map(|value| time(Some(value)));
            cells.extend([average, min].map(right));
            cells.extend([0, 5, 7].map(|place| right(time(number(entry, place)))));
            cells.push(right(max));
        } else {
            cells.push(right(time(number(entry, 5))));
        }
        cells.push(right(rate(entry.rps)));
        Row::new(cells).style(style)
    };
    // The busiest, where there is no room for all; the sum always has its line.
    let room = usize::from(area.height.saturating_sub(3));
    let mut entries: Vec<&Entry> = screen.state.rows.iter().collect();
    let hidden = keep_busiest_rows(&mut entries, room);
    let mut rows: Vec<Row<'_>> = entries.iter().map(|entry| row(entry, Style::new())).collect();
    rows.push(row(&screen.state.total, Style::new().add_modifier(Modifier::BOLD)));
    let mut widths =
        vec![Constraint::Length(6), Constraint::Fill(1), Constraint::Length(8), Constraint::Length(7)];
    widths.extend(vec![Constraint::Length(7); heads.len() - 4]);
    let head = heads.iter().enumerate().map(|(place, head)| match place {
        0 | 1 => Cell::from(*head),
        _ => right((*head).to_owned()),
    });
    let title = match hidden {
        0 => " statistics, times in ms ".to_owned(),
        _ => format!(" statistics, times in ms: the busiest, {hidden} more "),
    };
    let block = Block::new().borders(Borders::TOP).border_style(faint).title(title);
    let table = Table::new(rows, widths).header(Row::new(head).style(faint)).column_spacing(1).block(block);
    frame.render_widget(table, area);
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

fn draw_keys(screen: &Screen<'_>, frame: &mut Frame<'_>, area: Rect) {
    let text = match screen.state.run.state {
        RunState::Stopping => " ending: a second Ctrl-C ends it at once",
        RunState::Paused => " p go on · w W users +1 +10 · s S −1 −10 · q stop",
        _ => " p pause · w W users +1 +10 · s S −1 −10 · q stop",
    };
    frame.render_widget(Line::styled(text, Style::new().add_modifier(Modifier::DIM)), area);
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "screen_tests.rs"]
mod tests;
