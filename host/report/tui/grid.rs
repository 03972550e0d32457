//! The table of the live view: it scrolls where there are more names than lines, and gives up columns where they would
//! leave the names no room. Used by `screen`.

use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders, Cell, Row, Table};

use super::screen::{Screen, Seen, time};
use crate::report::text::{cut_middle, printable, rate, width};
use crate::report::view::Row as Entry;

/// A column and how it is shown, from left to right.
type Column = (&'static str, fn(&Entry) -> String);

const NAME: usize = 1;
const FAILS: usize = 3;

const COLUMNS: [Column; 11] = [
    ("type", |entry| cut_middle(&printable(&entry.method, false), 8)),
    ("name", |entry| printable(&entry.name, false)),
    ("reqs", |entry| entry.requests.to_string()),
    ("fails", |entry| entry.failures.to_string()),
    ("avg", |entry| time(Some(entry.average))),
    ("min", |entry| time(Some(entry.min))),
    ("med", |entry| time(entry.percentiles.first().copied())),
    ("95%", |entry| time(entry.percentiles.get(5).copied())),
    ("99%", |entry| time(entry.percentiles.get(7).copied())),
    ("max", |entry| time(Some(entry.max))),
    ("req/s", |entry| rate(entry.rps)),
];

/// The columns that give way, the first of them first; the name never does.
const GIVING_WAY: [&str; 10] = ["min", "99%", "avg", "max", "med", "req/s", "95%", "fails", "type", "reqs"];

/// As wide as the name is to be at least, if it is so long: half of the table, or this.
const ENOUGH: usize = 12;

/// The columns that there is room for, as wide as they are to be.
fn columns(entries: &[&Entry], room: usize) -> Vec<(usize, usize)> {
    let natural = |(index, (head, show)): (usize, &Column)| {
        let widest = entries.iter().map(|entry| width(&show(entry))).max().unwrap_or(0);
        // Numbers that grow are not to move the columns each second.
        let least = if index > NAME { 6 } else { 4 };
        (index, widest.max(head.len()).max(least))
    };
    let mut columns: Vec<(usize, usize)> = COLUMNS.iter().enumerate().map(natural).collect();
    let wanted = columns[NAME].1.min((room / 2).max(ENOUGH));
    let left = |columns: &[(usize, usize)]| {
        let others: usize =
            columns.iter().filter(|(index, _)| *index != NAME).map(|(_, wide)| wide + 1).sum();
        room.saturating_sub(others)
    };
    for head in GIVING_WAY {
        if left(&columns) >= wanted {
            break;
        }
        columns.retain(|(index, _)| COLUMNS[*index].0 != head);
    }
    let rest = left(&columns);
    columns.iter_mut().filter(|(index, _)| *index == NAME).for_each(|(_, wide)| *wide = rest);
    columns
}

/// Draws as many rows as there is room for, and the sum.
pub(super) fn draw(screen: &Screen<'_>, frame: &mut Frame<'_>, area: Rect) -> Seen {
    if area.height < 2 {
        return Seen { first: screen.first, room: 0 };
    }
    let faint = Style::new().add_modifier(Modifier::DIM);
    let room = usize::from(area.height.saturating_sub(3));
    let mut entries: Vec<&Entry> = screen.state.rows.iter().collect();
    let all = entries.len();
    let first = screen.first.min(all.saturating_sub(room));
    if all > room {
        // The busiest first, where not all can be seen at once; sorting keeps the order of names among equals.
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.requests));
    }
    let shown: Vec<&Entry> = entries.into_iter().skip(first).take(room).collect();
    let mut measured = shown.clone();
    measured.push(&screen.state.total);
    let columns = columns(&measured, usize::from(area.width));
    let row = |entry: &Entry, style: Style| {
        let cell = |&(index, wide): &(usize, usize)| {
            let text = COLUMNS[index].1(entry);
            let text = if index == NAME { cut_middle(&text, wide) } else { text };
            let line = if index > NAME { Line::raw(text).right_aligned() } else { Line::raw(text) };
            let is_bad = index == FAILS && entry.failures > 0;
            Cell::from(if is_bad { line.style(screen.tint(Color::Red)) } else { line })
        };
        Row::new(columns.iter().map(cell).collect::<Vec<_>>()).style(style)
    };
    let mut rows: Vec<Row<'_>> = shown.iter().map(|entry| row(entry, Style::new())).collect();
    rows.push(row(&screen.state.total, Style::new().add_modifier(Modifier::BOLD)));
    let head = columns.iter().map(|(index, _)| {
        let line = Line::raw(COLUMNS[*index].0);
        Cell::from(if *index > NAME { line.right_aligned() } else { line })
    });
    let title = match shown.len() {
        seen if seen == all => " statistics, times in ms ".to_owned(),
        seen => {
            format!(
                " {} to {} of {all}, the busiest first; ↓ ↑ PgDn PgUp · times in ms ",
                first + 1,
                first + seen
            )
        }
    };
    let title = cut_middle(&title, usize::from(area.width));
    let widths = columns.iter().map(|(_, wide)| Constraint::Length(*wide as u16));
    let block = Block::new().borders(Borders::TOP).border_style(faint).title(title);
    let head = Row::new(head.collect::<Vec<_>>()).style(faint);
    let table = Table::new(rows, widths.collect::<Vec<_>>()).header(head).column_spacing(1).block(block);
    frame.render_widget(table, area);
    Seen { first, room }
}
