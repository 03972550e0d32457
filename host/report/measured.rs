//! The parts of the terminal's report that scripts measure by themselves: checks,
//! groups, and metrics of their own. Used by `sections`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::comparison::{interval, more};
use super::paint::{Paint, Tint};
use super::table::{Cell, Table};
use super::text::{ms, number, percent, printable, rate};
use crate::event::{Outcome, Threshold};
use crate::metrics::{CheckCount, Doubt, Kind, Measure, MetricKey, Snapshot};

/// The kinds of metrics, as their tables are headed.
pub(super) const KINDS: [(&str, Kind); 4] =
    [("Counters", Kind::Counter), ("Gauges", Kind::Gauge), ("Rates", Kind::Rate), ("Trends", Kind::Trend)];

/// Checks by name, those of a group below its path.
pub(super) fn checks(totals: &Snapshot, columns: usize, paint: Paint) -> String {
    if totals.checks.is_empty() {
        return String::new();
    }
    let mut table = Table::new(vec!["", "Check", "passes", "fails", "held"], 1);
    let mut group = "";
    for (key, count) in &totals.checks {
        if key.group != group {
            group = &key.group;
            let mut cells = vec![Cell::new(""), Cell::new(printable(group, false)).tint(Tint::Title)];
            cells.resize(5, Cell::new(""));
            table.row(cells);
        }
        let indent = if group.is_empty() { "" } else { "  " };
        table.row(check(&format!("{indent}{}", printable(&key.name, false)), count));
    }
    table.render(columns, paint)
}

fn check(name: &str, count: &CheckCount) -> Vec<Cell> {
    let (mark, tint) = match count.fails {
        0 => (Cell::new("✓").tint(Tint::Good), Tint::Plain),
        _ => (Cell::new("✗").tint(Tint::Bad), Tint::Bad),
    };
    vec![
        mark,
        Cell::new(name),
        Cell::new(count.passes.to_string()),
        Cell::new(count.fails.to_string()).tint(tint),
        Cell::new(percent(count.passes, count.passes + count.fails)),
    ]
}

/// Each threshold with what was measured.
pub(super) fn thresholds(thresholds: &[Threshold], columns: usize, paint: Paint) -> String {
    if thresholds.is_empty() {
        return String::new();
    }
    let mut table = Table::new(vec!["", "Metric", "threshold", "measured"], 1);
    for threshold in thresholds {
        let (mark, tint) = match threshold.outcome {
            Outcome::Held => ("✓", Tint::Good),
            Outcome::Crossed => ("✗", Tint::Bad),
            Outcome::NoSamples | Outcome::Uncertain(_) => ("?", Tint::Warning),
        };
        let value = value_or_why(threshold);
        table.row(vec![
            Cell::new(mark).tint(tint),
            Cell::new(printable(&threshold.selector, false)),
            Cell::new(printable(&threshold.expression, false)),
            Cell::new(value).tint(if threshold.outcome == Outcome::Held { Tint::Plain } else { tint }),
        ]);
    }
    table.render(columns, paint)
}

/// What was measured for a threshold, or why there is nothing.
pub(super) fn value_or_why(threshold: &Threshold) -> String {
    value_of(threshold).unwrap_or_else(|| match threshold.outcome {
        Outcome::Uncertain(Doubt::NoBaseline) => "no baseline".to_owned(),
        Outcome::Uncertain(Doubt::NotInBaseline) => "not in the baseline".to_owned(),
        _ => "no samples".to_owned(),
    })
}

/// What was measured for a threshold: a value, or a change with its uncertainty.
pub(super) fn value_of(threshold: &Threshold) -> Option<String> {
    Some(match &threshold.change {
        Some(change) => format!("{} (95 %: {})", more(change.ratio), interval(change)),
        None if threshold.unit.is_empty() || threshold.unit.starts_with('/') => {
            format!("{}{}", number(threshold.value?), threshold.unit)
        }
        None => format!("{} {}", number(threshold.value?), threshold.unit),
    })
}

/// How often each group ran and how long it took; and the requests that were made in it, and in
/// no group within it.
pub(super) fn groups(totals: &Snapshot, columns: usize, paint: Paint) -> String {
    if totals.groups.is_empty() {
        return String::new();
    }
    let heads = vec!["Group", "times", "Avg", "Min", "Med", "95%", "Max", "# reqs", "# fails"];
    let mut table = Table::new(heads, 0);
    for (path, count) in &totals.groups {
        let (times, requests) = (&count.durations, &count.requests);
        let tint = if requests.failures > 0 { Tint::Bad } else { Tint::Plain };
        let mut cells = vec![Cell::new(printable(path, false)), Cell::new(times.count.to_string())];
        let shown = [times.average(), times.min, times.percentile(0.5), times.percentile(0.95), times.max];
        cells.extend(shown.map(|value| Cell::new(ms(value * 1e3))));
        cells.extend([
            Cell::new(requests.requests.to_string()),
            Cell::new(format!("{}({})", requests.failures, percent(requests.failures, requests.requests)))
                .tint(tint),
        ]);
        table.row(cells);
    }
    table.render(columns, paint)
}

/// A metric of the scripts' own as a whole, or with certain tags, and what it came to.
pub(super) struct Apart {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) unit: String,
    /// `name=value, ...`; empty for the whole.
    pub(super) tags: String,
    /// Heads and values.
    pub(super) values: Vec<(&'static str, String)>,
}

/// All metrics, each as a whole, and below it by its tags, where it has some.
pub(super) fn kept_apart(totals: &Snapshot, lasted: Duration) -> Vec<Apart> {
    KINDS.iter().flat_map(|(_, kind)| of_kind(totals, *kind, lasted)).collect()
}

fn of_kind(totals: &Snapshot, kind: Kind, lasted: Duration) -> Vec<Apart> {
    let mut wholes: BTreeMap<(&str, &str), Vec<(&MetricKey, &Measure)>> = BTreeMap::new();
    for (key, measure) in totals.metrics.iter().filter(|(key, _)| key.kind == kind) {
        wholes.entry((&key.name, &key.unit)).or_default().push((key, measure));
    }
    let mut apart = Vec::new();
    for ((name, unit), parts) in wholes {
        let mut whole = parts[0].1.clone();
        parts[1..].iter().for_each(|(_, measure)| whole.merge(measure));
        let mut put = |tags: String, measure: &Measure| {
            let values = heads(kind).iter().copied().zip(values(measure, lasted)).collect();
            apart.push(Apart { name: name.to_owned(), kind, unit: unit.to_owned(), tags, values });
        };
        put(String::new(), &whole);
        for (key, measure) in parts.iter().filter(|(key, _)| !key.tags.is_empty()) {
            let tags: Vec<String> = key.tags.iter().map(|(name, value)| format!("{name}={value}")).collect();
            put(tags.join(", "), measure);
        }
    }
    apart
}

/// The metrics of one kind, each as a whole, and below it by its tags, where it has some.
pub(super) fn metrics(
    totals: &Snapshot,
    kind: Kind,
    lasted: Duration,
    columns: usize,
    paint: Paint,
) -> String {
    let all = of_kind(totals, kind, lasted);
    if all.is_empty() {
        return String::new();
    }
    let mut heads_of = vec!["Metric"];
    heads_of.extend(heads(kind));
    let mut table = Table::new(heads_of, 0);
    for one in all {
        let name = match (one.tags.is_empty(), one.unit.is_empty()) {
            (false, _) => format!("  {}", one.tags),
            (true, true) => one.name,
            (true, false) => format!("{} ({})", one.name, one.unit),
        };
        let mut cells = vec![Cell::new(printable(&name, false))];
        cells.extend(one.values.into_iter().map(|(_, value)| Cell::new(value)));
        table.row(cells);
    }
    table.render(columns, paint)
}

fn heads(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Counter => &["sum", "per s"],
        Kind::Gauge => &["last", "min", "max"],
        Kind::Rate => &["share", "hits", "values"],
        Kind::Trend => &["values", "avg", "min", "med", "90%", "95%", "99%", "max"],
    }
}

fn values(measure: &Measure, lasted: Duration) -> Vec<String> {
    match measure {
        Measure::Counter(counter) => {
            let sum = counter.sum.value();
            let seconds = lasted.as_secs_f64();
            vec![number(sum), rate(if seconds > 0.0 { sum / seconds } else { 0.0 })]
        }
        Measure::Gauge(gauge) => [gauge.last.1, gauge.min, gauge.max].map(number).to_vec(),
        Measure::Rate(rate) => {
            vec![percent(rate.hits, rate.count), rate.hits.to_string(), rate.count.to_string()]
        }
        Measure::Trend(trend) => {
            let mut shown = vec![trend.count.to_string(), number(trend.average()), number(trend.min)];
            shown.extend([0.5, 0.9, 0.95, 0.99].map(|q| number(trend.percentile(q))));
            shown.push(number(trend.max));
            shown
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::metrics::{Call, Group, Recorder};

    #[test]
    fn checks_stand_below_their_group() {
        let mut recorder = Recorder::new();
        let outer = recorder.group(Group::NONE, "checkout");
        let inner = recorder.group(outer, "pay");
        for group in [inner, outer, Group::NONE] {
            recorder.check(group, "status is 200", group != inner);
        }
        assert_eq!(
            checks(&recorder.take(), 80, Paint(false)),
            "   Check            passes  fails     held
──────────────────────────────────────────
✓  status is 200         1      0  100.00%
   checkout
✓    status is 200       1      0  100.00%
   checkout::pay
✗    status is 200       0      1    0.00%
"
        );
    }

    #[test]
    fn groups_with_their_times_and_requests() {
        let mut recorder = Recorder::new();
        let group = recorder.group(Group::NONE, "checkout");
        for millis in [100, 200, 600] {
            recorder.group_ended(group, Duration::from_millis(millis));
        }
        let call = |failure| Call { latency: Duration::from_millis(5), bytes: 0, at: 1, failure };
        recorder.call_within(group, &call(None));
        recorder.call_within(group, &call(Some("no")));
        assert_eq!(
            groups(&recorder.take(), 80, Paint(false)),
            "\
Group     times  Avg  Min  Med  95%  Max  # reqs    # fails
───────────────────────────────────────────────────────────
checkout      3  300  100  200  600  600       2  1(50.00%)
"
        );
    }

    #[test]
    fn each_kind_has_its_table() {
        let mut recorder = Recorder::new();
        for (kind, name, unit) in [
            (Kind::Counter, "orders", ""),
            (Kind::Gauge, "queue", "jobs"),
            (Kind::Rate, "cached", ""),
            (Kind::Trend, "price", "EUR"),
        ] {
            let metric = recorder.metric(kind, name, unit).unwrap();
            for (at, value) in [(1, 1.0), (2, 0.0), (3, 2.5)] {
                recorder.clear_tags();
                if value > 2.0 {
                    recorder.tag("plan", "gold");
                }
                recorder.add(metric, value, at, crate::metrics::Scene::NONE);
            }
        }
        let totals = recorder.take();
        let shown = KINDS.map(|(_, kind)| metrics(&totals, kind, Duration::from_secs(10), 80, Paint(false)));
        assert_eq!(
            shown.concat(),
            "\
Metric       sum  per s
───────────────────────
orders       3.5   0.35
  plan=gold  2.5   0.25
Metric        last  min  max
────────────────────────────
queue (jobs)   2.5    0  2.5
  plan=gold    2.5  2.5  2.5
Metric         share  hits  values
──────────────────────────────────
cached        66.67%     2       3
  plan=gold  100.00%     1       1
Metric       values    avg  min  med  90%  95%  99%  max
────────────────────────────────────────────────────────
price (EUR)       3  1.167    0    1  2.5  2.5  2.5  2.5
  plan=gold       1    2.5  2.5  2.5  2.5  2.5  2.5  2.5
"
        );
    }
}
