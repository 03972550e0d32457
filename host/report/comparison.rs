//! A run beside an earlier one: how its percentiles have changed, with the uncertainty. Printed by
//! `app` for `--baseline`; thresholds about one are shown in the same words.

use super::paint::{Paint, Tint};
use super::table::{Cell, Table};
use super::text::{ms, percent, printable};
use crate::mask::hide;
use crate::metrics::{Change, Entry, Snapshot};

/// The percentiles that are compared.
const COMPARED: [(f64, &str); 3] = [(0.5, "p50"), (0.95, "p95"), (0.99, "p99")];

/// The table, and what its intervals mean. `width` in columns.
pub fn compare(before: &Snapshot, now: &Snapshot, width: usize, color: bool) -> String {
    let paint = Paint(color);
    let heads = vec!["Type", "Name", "", "before", "now", "change", "95 % interval", "failed"];
    let mut table = Table::new(heads, 1);
    for (label, entry) in &now.entries {
        let Some(earlier) = before.entries.get(label) else { continue };
        let (method, name) = (hide(&label.method), hide(&label.name));
        rows((&method, &name), earlier, entry).into_iter().for_each(|row| table.row(row));
    }
    rows(("", "Aggregated"), &before.total, &now.total).into_iter().for_each(|row| table.row(row));
    let only = |one: &Snapshot, other: &Snapshot| {
        one.entries.keys().filter(|label| !other.entries.contains_key(*label)).count()
    };
    let (new, gone) = (only(now, before), only(before, now));
    let mut text = format!("{}\n", paint.text(Tint::Title, "Compared with the baseline (times in ms)"));
    text.push_str(&table.render(width, paint));
    if new + gone > 0 {
        text.push_str(&format!("not compared: {new} names that are new, {gone} that are gone\n"));
    }
    text + "Intervals by order statistics, for independent requests; where 0 % lies within one, the \
            change may be chance. A stalling server makes them too narrow.\n"
}

fn rows((method, name): (&str, &str), before: &Entry, now: &Entry) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for (fraction, head) in COMPARED {
        let Some(change) = Change::of(before, now, fraction) else { continue };
        let tint = match (change.is_certain(), change.ratio > 1.0) {
            (false, _) => Tint::Plain,
            (true, true) => Tint::Bad,
            (true, false) => Tint::Good,
        };
        let first = rows.is_empty();
        let show = |text: &str| Cell::new(if first { printable(text, false) } else { String::new() });
        let shares = format!(
            "{} → {}",
            percent(before.failures, before.requests),
            percent(now.failures, now.requests)
        );
        rows.push(vec![
            show(method),
            show(name),
            Cell::new(head),
            Cell::new(ms(change.before)),
            Cell::new(ms(change.now)),
            Cell::new(more(change.ratio)).tint(tint),
            Cell::new(interval(&change)),
            show(&shares),
        ]);
    }
    rows
}

/// The interval of a change, as far as it is known.
pub(super) fn interval(change: &Change) -> String {
    let end = |end: Option<f64>| end.map_or("?".to_owned(), more);
    format!("{} … {}", end(change.low), end(change.high))
}

/// A ratio as what it is more, or less.
pub(super) fn more(ratio: f64) -> String {
    format!("{:+.1} %", (ratio - 1.0) * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_run_beside_itself_has_not_changed() {
        let summary = sample::tiny();
        let text = compare(&summary.totals, &summary.totals, 100, false);
        assert!(text.contains("+0.0 %") && text.contains("? … ?"), "{text}");
        assert!(text.contains("33.33% → 33.33%"), "{text}");
    }
}
