//! What became of the arrivals of scenarios at an arrival rate: how late they were, what requests took,
//! and what they took since the moment that they were meant for. Used by `sections` and `csv`.

use super::paint::Paint;
use super::table::{Cell, Table};
use super::text::{ms, printable};
use crate::event::RunInfo;
use crate::metrics::{ARRIVALS, Measure, Selector, Snapshot, Trend};

/// What one metric of one scenario came to, in ms.
pub(super) struct Row<'a> {
    pub(super) scenario: &'a str,
    pub(super) metric: &'static str,
    pub(super) trend: &'a Trend,
}

/// Whether some scenario is at an arrival rate.
pub(super) fn has_any(info: &RunInfo) -> bool {
    info.scenarios.iter().any(|scenario| info.watched.contains(&selector(ARRIVALS[0], scenario)))
}

fn selector(metric: &str, scenario: &str) -> String {
    Selector::of_scenario(metric, scenario).to_string()
}

/// Those that were measured, scenario by scenario.
pub(super) fn rows<'a>(info: &'a RunInfo, totals: &'a Snapshot) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    let number = |text: &str| info.watched.iter().position(|known| known == text);
    for scenario in &info.scenarios {
        // Of other scenarios a threshold may ask for the one or the other.
        if number(&selector(ARRIVALS[0], scenario)).is_none() {
            continue;
        }
        for metric in ARRIVALS {
            let number = number(&selector(metric, scenario)).and_then(|number| u32::try_from(number).ok());
            if let Some(Measure::Trend(trend)) = number.and_then(|number| totals.watched.get(&number)) {
                rows.push(Row { scenario, metric, trend });
            }
        }
    }
    rows
}

/// The table of the terminal; empty where there is nothing to show.
pub(super) fn table(info: &RunInfo, totals: &Snapshot, columns: usize, paint: Paint) -> String {
    let rows = rows(info, totals);
    if rows.is_empty() {
        return String::new();
    }
    let heads = vec!["Scenario", "Metric", "count", "Avg", "Min", "Med", "90%", "95%", "99%", "Max"];
    let mut table = Table::new(heads, 1);
    for Row { scenario, metric, trend } in rows {
        let time = |value: f64| Cell::new(ms(value * 1e3));
        let mut cells = vec![
            Cell::new(printable(scenario, false)),
            Cell::new(metric),
            Cell::new(trend.count.to_string()),
            time(trend.average()),
            time(trend.min),
        ];
        cells.extend([0.5, 0.9, 0.95, 0.99].map(|q| time(trend.percentile(q))));
        cells.push(time(trend.max));
        table.row(cells);
    }
    table.render(columns, paint)
}
