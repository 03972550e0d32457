//! A run beside an earlier one: how its percentiles have changed, with the uncertainty. Printed by
//! `app` for `--baseline`, shown by `html`; thresholds about one are shown in the same words.

use serde::Serialize;

use super::paint::{Paint, Tint};
use super::table::{Cell, Table};
use super::text::{ms, percent, printable};
use crate::mask::hide;
use crate::metrics::{Change, Entry, Snapshot, fail_otherwise};

/// The percentiles that are compared.
const COMPARED: [(f64, &str); 3] = [(0.5, "p50"), (0.95, "p95"), (0.99, "p99")];

/// Names whose requests fail otherwise that are told; the table shows all shares.
const NAMED: usize = 5;

/// What to know of the intervals.
const INTERVALS: &str = "Intervals by order statistics, for independent requests; where 0 % lies within one, the change may \
                         be chance. A stalling server makes them too narrow.";

/// A run beside an earlier one.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// By name, then method; the sum last.
    pub rows: Vec<Compared>,
    /// What the user ought to know, one sentence each.
    pub notes: Vec<String>,
}

/// A percentile of a name; times in ms.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    pub method: String,
    pub name: String,
    /// `p95`.
    pub percentile: &'static str,
    pub before: f64,
    pub now: f64,
    /// As text: `+5.0 %`, `+1.0 % … +9.2 %`.
    pub change: String,
    pub interval: String,
    /// `better`, `worse`, `chance`, or `other` where failures make it no change of speed.
    pub meaning: &'static str,
    /// The parts that failed, before and now, as text.
    pub failed: [String; 2],
}

impl Comparison {
    pub fn of(before: &Snapshot, now: &Snapshot) -> Comparison {
        let (mut shown, mut otherwise) = (Comparison::default(), Vec::new());
        for (label, entry) in &now.entries {
            let Some(earlier) = before.entries.get(label) else { continue };
            let (method, name) = (hide(&label.method), hide(&label.name));
            if fail_otherwise(earlier, entry) {
                otherwise.push(printable(format!("{method} {name}").trim(), false));
            }
            shown.rows.extend(rows((&method, &name), earlier, entry));
        }
        shown.rows.extend(rows(("", "Aggregated"), &before.total, &now.total));
        if otherwise.is_empty() && fail_otherwise(&before.total, &now.total) {
            otherwise.push("Aggregated".to_owned());
        }
        if !otherwise.is_empty() {
            let rest = otherwise.len().saturating_sub(NAMED);
            otherwise.truncate(NAMED);
            let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            shown.notes.push(format!(
                "! far more requests failed than before, or far fewer: what the percentiles of {}{more} say is no change \
                 of speed",
                otherwise.join(", ")
            ));
        }
        let only = |one: &Snapshot, other: &Snapshot| {
            one.entries.keys().filter(|label| !other.entries.contains_key(*label)).count()
        };
        let (new, gone) = (only(now, before), only(before, now));
        if new + gone > 0 {
            shown.notes.push(format!("not compared: {new} names that are new, {gone} that are gone"));
        }
        shown.notes.push(INTERVALS.to_owned());
        shown
    }
}

/// The table, and what its intervals mean. `width` in columns.
pub fn compare(before: &Snapshot, now: &Snapshot, width: usize, color: bool) -> String {
    let paint = Paint(color);
    let heads = vec!["Type", "Name", "", "before", "now", "change", "95 % interval", "failed"];
    let mut table = Table::new(heads, 1);
    let Comparison { rows, notes } = Comparison::of(before, now);
    let mut last = None;
    for row in rows {
        let first = last.replace((row.method.clone(), row.name.clone()))
            != Some((row.method.clone(), row.name.clone()));
        let tint = match row.meaning {
            "other" => Tint::Warning,
            "worse" => Tint::Bad,
            "better" => Tint::Good,
            _ => Tint::Plain,
        };
        let show = |text: &str| Cell::new(if first { printable(text, false) } else { String::new() });
        table.row(vec![
            show(&row.method),
            show(&row.name),
            Cell::new(row.percentile),
            Cell::new(ms(row.before * 1000.0)),
            Cell::new(ms(row.now * 1000.0)),
            Cell::new(row.change).tint(tint),
            Cell::new(row.interval),
            show(&row.failed.join(" → ")),
        ]);
    }
    let mut shown = format!("{}\n", paint.text(Tint::Title, "Compared with the baseline (times in ms)"));
    shown.push_str(&table.render(width, paint));
    for note in notes {
        let tint = if note.starts_with('!') { Tint::Warning } else { Tint::Plain };
        shown.push_str(&format!("{}\n", paint.text(tint, &note)));
    }
    shown
}

fn rows((method, name): (&str, &str), before: &Entry, now: &Entry) -> Vec<Compared> {
    let mut rows = Vec::new();
    for (fraction, percentile) in COMPARED {
        let Some(change) = Change::of(before, now, fraction) else { continue };
        let meaning = match (change.is_certain(), change.ratio > 1.0) {
            _ if fail_otherwise(before, now) => "other",
            (false, _) => "chance",
            (true, true) => "worse",
            (true, false) => "better",
        };
        rows.push(Compared {
            method: method.to_owned(),
            name: name.to_owned(),
            percentile,
            before: change.before / 1000.0,
            now: change.now / 1000.0,
            change: more(change.ratio),
            interval: interval(&change),
            meaning,
            failed: [before, now].map(|entry| percent(entry.failures, entry.requests)),
        });
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
    use std::time::Duration;

    use super::*;
    use crate::metrics::{Call, Recorder};
    use crate::report::sample;

    #[test]
    fn a_run_beside_itself_has_not_changed() {
        let summary = sample::tiny();
        let text = compare(&summary.totals, &summary.totals, 100, false);
        assert!(text.contains("+0.0 %") && text.contains("? … ?"), "{text}");
        assert!(text.contains("33.33% → 33.33%"), "{text}");
    }

    #[test]
    fn a_dead_server_is_no_faster_one() {
        let run = |failure: Option<&str>| {
            let mut recorder = Recorder::new();
            for name in ["/a", "/b"] {
                let key = recorder.key("GET", name);
                for _ in 0..50 {
                    let failure = failure.filter(|_| name == "/a");
                    let latency = Duration::from_millis(if failure.is_some() { 1 } else { 20 });
                    recorder.call(key, &Call { latency, bytes: 0, at: 1, failure });
                }
            }
            recorder.take()
        };
        let text = compare(&run(None), &run(Some("refused")), 100, false);
        assert!(text.contains("what the percentiles of GET /a say is no change of speed"), "{text}");
        let text = compare(&run(None), &run(None), 100, false);
        assert!(!text.contains("change of speed"), "{text}");
    }
}
