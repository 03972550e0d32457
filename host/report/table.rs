//! A table for the terminal: columns as wide as they need be, and one of names
//! that gives way, in the middle, where the terminal is too narrow. Used by
//! `sections`.

use super::paint::{Paint, Tint};
use super::text::{cut_middle, width};

/// A column of names is not cut below this; the table then is wider than the terminal.
const NARROWEST: usize = 12;

#[derive(Clone, Debug)]
pub(super) struct Cell {
    text: String,
    tint: Tint,
}

impl Cell {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Cell { text: text.into(), tint: Tint::Plain }
    }

    pub(super) fn tint(mut self, tint: Tint) -> Self {
        self.tint = tint;
        self
    }
}

/// The first `left` columns are aligned to the left, the others to the right.
#[derive(Debug)]
pub(super) struct Table {
    heads: Vec<&'static str>,
    rows: Vec<Vec<Cell>>,
    left: usize,
    /// The column that gives way.
    names: usize,
    /// The last row is a sum, apart from the others.
    sum: bool,
}

impl Table {
    /// Columns with their heads; `names` gives way and it and those before it are left-aligned.
    pub(super) fn new(heads: Vec<&'static str>, names: usize) -> Self {
        Table { heads, rows: Vec::new(), left: names + 1, names, sum: false }
    }

    pub(super) fn row(&mut self, cells: Vec<Cell>) {
        debug_assert_eq!(cells.len(), self.heads.len());
        self.rows.push(cells);
    }

    pub(super) fn sum(&mut self, cells: Vec<Cell>) {
        self.row(cells);
        self.sum = true;
    }

    /// The table in at most `columns`, if that is possible.
    pub(super) fn render(&self, columns: usize, paint: Paint) -> String {
        let mut widths: Vec<usize> = self.heads.iter().map(|head| width(head)).collect();
        for row in &self.rows {
            for (column, cell) in widths.iter_mut().zip(row) {
                *column = (*column).max(width(&cell.text));
            }
        }
        let natural = widths[self.names];
        let others = widths.iter().sum::<usize>() - natural;
        let gaps = widths.len() - 1;
        let room = |gap: usize| columns.saturating_sub(others + gap * gaps);
        let gap = if room(2) >= natural { 2 } else { 1 };
        widths[self.names] = natural.min(room(gap).max(NARROWEST));

        let heads: Vec<_> = self.heads.iter().map(|head| Cell::new(*head).tint(Tint::Title)).collect();
        let rule = "─".repeat(widths.iter().sum::<usize>() + gap * gaps);
        let rule = format!("{}\n", paint.text(Tint::Faint, &rule));
        let mut text = self.line(&heads, &widths, gap, paint) + rule.as_str();
        for (index, row) in self.rows.iter().enumerate() {
            if self.sum && index > 0 && index + 1 == self.rows.len() {
                text.push_str(&rule);
            }
            text.push_str(&self.line(row, &widths, gap, paint));
        }
        text
    }

    fn line(&self, cells: &[Cell], widths: &[usize], gap: usize, paint: Paint) -> String {
        let mut line = String::new();
        for (index, (cell, &column)) in cells.iter().zip(widths).enumerate() {
            let shown = if index == self.names { cut_middle(&cell.text, column) } else { cell.text.clone() };
            let pad = " ".repeat(column - width(&shown).min(column));
            let shown = paint.text(cell.tint, &shown);
            if index > 0 {
                line.push_str(&" ".repeat(gap));
            }
            if index < self.left {
                line.push_str(&shown);
                line.push_str(&pad);
            } else {
                line.push_str(&pad);
                line.push_str(&shown);
            }
        }
        line.truncate(line.trim_end().len());
        line.push('\n');
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(vec!["Type", "Name", "# reqs"], 1);
        let row = |method: &str, name: &str, count: &str| {
            vec![Cell::new(method), Cell::new(name), Cell::new(count)]
        };
        table.row(row("GET", "/v1beta/documents", "7"));
        table.sum(row("", "Aggregated", "7"));
        table
    }

    #[test]
    fn wide_enough() {
        assert_eq!(
            table().render(80, Paint(false)),
            "\
Type  Name               # reqs
───────────────────────────────
GET   /v1beta/documents       7
───────────────────────────────
      Aggregated              7
"
        );
    }

    #[test]
    fn names_are_cut_to_fit() {
        assert_eq!(
            table().render(26, Paint(false)),
            "\
Type Name           # reqs
──────────────────────────
GET  /v1beta…uments      7
──────────────────────────
     Aggregated          7
"
        );
    }

    #[test]
    fn colours_take_no_room() {
        let painted = table().render(80, Paint(true));
        let mut bare = painted.clone();
        for code in ["\x1b[1m", "\x1b[2m", "\x1b[0m"] {
            bare = bare.replace(code, "");
        }
        assert_ne!(painted, bare);
        assert_eq!(bare, table().render(80, Paint(false)));
    }
}
