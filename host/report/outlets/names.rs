//! What was measured as Prometheus knows it: k6's names, with the prefix `k6_`, times in seconds.
//! Used by `remote_write` and `scrape`.

use super::super::series::{Measured, Series, Unit, Value, share};
use super::super::tagged::tagged;

/// A value with its name and labels.
#[derive(Debug, PartialEq)]
pub(super) struct Named {
    pub(super) name: String,
    pub(super) is_counter: bool,
    /// Sorted by name.
    pub(super) labels: Vec<(String, String)>,
    pub(super) value: f64,
}

/// Percentiles of a trend, and how their names end.
const PERCENTILES: [(f64, &str); 4] = [(0.5, "med"), (0.9, "p90"), (0.95, "p95"), (0.99, "p99")];

/// Everything, by name.
pub(super) fn named(measured: Measured<'_>) -> Vec<Named> {
    let mut all = Vec::new();
    for series in tagged(measured) {
        of_series(&series, &mut all);
    }
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

fn of_series(series: &Series<'_>, all: &mut Vec<Named>) {
    let mut labels: Vec<(String, String)> =
        series.tags.iter().map(|(name, value)| (plain(name), value.to_string())).collect();
    labels.sort();
    labels.dedup_by(|later, earlier| later.0 == earlier.0);
    let base = format!("k6_{}", plain(&series.name));
    let mut put = |ending: &str, is_counter, value| {
        let name = if ending.is_empty() { base.clone() } else { format!("{base}_{ending}") };
        all.push(Named { name, is_counter, labels: labels.clone(), value });
    };
    match &series.value {
        Value::Counter(sum) => put("total", true, *sum),
        Value::Gauge { last, .. } => put("", false, *last),
        Value::Rate { hits, count } => put("rate", false, share(*hits, *count)),
        Value::Trend(spread) => {
            let unit = if series.unit == Unit::Time { 1e-3 } else { 1.0 };
            put("count", true, spread.count() as f64);
            put("sum", true, spread.sum() * unit);
            put("min", false, spread.min() * unit);
            put("max", false, spread.max() * unit);
            put("avg", false, spread.average() * unit);
            for (fraction, ending) in PERCENTILES {
                put(ending, false, spread.percentile(fraction) * unit);
            }
        }
    }
}

/// A name of letters, digits and `_` that begins with none of the digits.
fn plain(name: &str) -> String {
    let mut plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if plain.is_empty() || plain.starts_with(|c: char| c.is_ascii_digit()) {
        plain.insert(0, '_');
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::report::series::Users;

    #[test]
    fn the_names_of_k6() {
        let summary = sample::tiny();
        let users = Users { now: 2, least: 1, most: 3, max: 3 };
        let all = named(Measured { totals: &summary.totals, users, watched: &[] });
        let value = |name: &str| all.iter().find(|named| named.name == name).map(|named| named.value);
        assert_eq!(value("k6_http_reqs_total"), Some(3.0));
        assert_eq!(value("k6_http_req_failed_rate"), Some(1.0 / 3.0));
        assert_eq!(value("k6_http_req_duration_max"), Some(0.0125));
        assert_eq!(value("k6_http_req_duration_sum"), Some(0.01575));
        assert_eq!(value("k6_vus"), Some(2.0));
        assert_eq!(value("k6_vus_max"), Some(3.0));
        let one = all.iter().find(|named| named.name == "k6_http_reqs_total").map(|named| &named.labels);
        assert_eq!(one, Some(&vec![("method".into(), "GET".into()), ("name".into(), "/a".into())]));
        assert_eq!(plain("9 my-metric.x"), "_9_my_metric_x");
    }
}
