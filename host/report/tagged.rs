//! What was measured, metric by metric and by their tags, as dashboards made for k6 split it. Used by the outputs for
//! Prometheus and OpenTelemetry.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::series::{
    Measured, Series, Spread, Unit, Value, borrowed, group_path, is_http, pair, put, requests, unit_of, vus,
    watched,
};
use crate::metrics::{Selector, Snapshot, built_in};

/// Metrics by their tags.
pub(super) fn tagged(measured: Measured<'_>) -> Vec<Series<'_>> {
    let totals = measured.totals;
    let mut all = Vec::new();
    for (key, durations) in totals.shares.iter().filter(|(key, _)| is_http(&key.method)) {
        let hits = if key.failed { durations.count } else { 0 };
        let tags = vec![
            pair("method", &key.method),
            pair("name", &key.name),
            ("status".into(), key.status.to_string().into()),
            pair("scenario", &key.scenario),
            ("group".into(), group_path(&key.group).into()),
            pair("expected_response", if key.failed { "false" } else { "true" }),
        ];
        let mut put = |name: &'static str, unit, value| {
            all.push(Series { name: name.into(), tags: tags.clone(), unit, value });
        };
        put("http_reqs", Unit::Other, Value::Counter(durations.count as f64));
        put("http_req_failed", Unit::Other, Value::Rate { hits, count: durations.count });
        put("http_req_duration", Unit::Time, Value::Trend(Spread::Trend(Cow::Borrowed(durations))));
    }
    for (label, entry) in &totals.entries {
        if totals.shares.is_empty() && is_http(&label.method) {
            let tags = vec![pair("method", &label.method), pair("name", &label.name)];
            requests(&mut all, Cow::Borrowed(entry), tags);
        }
    }
    checks(&mut all, totals);
    for (path, count) in &totals.groups {
        all.push(Series {
            name: "group_duration".into(),
            tags: vec![("group".into(), group_path(path).into())],
            unit: Unit::Time,
            value: Value::Trend(Spread::Trend(Cow::Borrowed(&count.durations))),
        });
    }
    by_scenario(&mut all, measured);
    vus(&mut all, measured.users);
    for (key, measure) in &totals.metrics {
        all.push(Series {
            name: (&*key.name).into(),
            tags: key.tags.iter().map(|(name, value)| pair(name, value)).collect(),
            unit: unit_of(&key.unit),
            value: borrowed(measure),
        });
    }
    // What is told by name already, or is a part of it, would count twice in a sum over all tags.
    let told: Vec<Cow<'_, str>> = all.iter().map(|series| series.name.clone()).collect();
    for (selector, measure) in watched(measured) {
        if let Some(metric) = built_in(selector).filter(|metric| !told.contains(&Cow::Borrowed(metric.name)))
        {
            put(&mut all, metric.name, unit_of(metric.unit), borrowed(measure));
        }
    }
    all
}

/// Checks by name, group and scenario. Those of `setup` and the like are of none.
fn checks<'a>(all: &mut Vec<Series<'a>>, totals: &'a Snapshot) {
    let mut put = |name: &'a str, group: &str, scenario: Option<&'a str>, (passes, fails): (u64, u64)| {
        if passes + fails > 0 {
            let mut tags = vec![pair("check", name), ("group".into(), group_path(group).into())];
            tags.extend(scenario.map(|scenario| pair("scenario", scenario)));
            let value = Value::Rate { hits: passes, count: passes + fails };
            all.push(Series { name: "checks".into(), tags, unit: Unit::Other, value });
        }
    };
    let mut told: BTreeMap<(&str, &str), (u64, u64)> = BTreeMap::new();
    for (key, count) in &totals.check_shares {
        put(&key.name, &key.group, Some(&key.scenario), (count.passes, count.fails));
        let sum = told.entry((&key.name, &key.group)).or_default();
        *sum = (sum.0 + count.passes, sum.1 + count.fails);
    }
    for (key, count) in &totals.checks {
        let (passes, fails) = told.get(&(&*key.name, &*key.group)).copied().unwrap_or_default();
        let rest = (count.passes.saturating_sub(passes), count.fails.saturating_sub(fails));
        put(&key.name, &key.group, None, rest);
    }
}

/// What has no tag but that of the scenario. A run without scenarios is one, as k6 calls it.
fn by_scenario<'a>(all: &mut Vec<Series<'a>>, measured: Measured<'a>) {
    let totals = measured.totals;
    for metric in BY_SCENARIO {
        let Some(built_in) = built_in(metric) else { continue };
        let mut put = |scenario: Cow<'a, str>, value| {
            let tags = vec![("scenario".into(), scenario)];
            all.push(Series { name: metric.into(), tags, unit: unit_of(built_in.unit), value });
        };
        let named = measured.watched.iter().any(|text| scenario_of(text, metric).is_some());
        let parts = watched(measured).filter_map(|(text, own)| Some((scenario_of(text, metric)?, own)));
        for (scenario, measure) in parts {
            put(scenario.into(), borrowed(measure));
        }
        if named {
            continue;
        }
        match (metric, watched(measured).find(|(text, _)| *text == metric)) {
            ("iterations", _) => put("default".into(), Value::Counter(totals.iterations as f64)),
            (_, Some((_, measure))) => put("default".into(), borrowed(measure)),
            _ => {}
        }
    }
}

/// Metrics that outputs tell by scenario alone.
const BY_SCENARIO: [&str; 5] = [
    "iterations",
    "iteration_duration",
    "dropped_iterations",
    "arrival_lateness",
    "http_req_duration_intended",
];

/// The scenario whose samples of the metric a selector selects, all of them.
fn scenario_of(text: &str, metric: &str) -> Option<String> {
    let selector = text.starts_with(metric).then(|| Selector::parse(text).ok())??;
    let Selector { metric: own, mut tags } = selector;
    let (name, value) = tags.pop().filter(|_| tags.is_empty() && own == metric)?;
    (name == "scenario").then_some(value)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::Users;
    use crate::metrics::{Kind, Recorder, Scene};

    /// Each sample is in one series, with its scenario.
    #[test]
    fn what_dashboards_split_by_scenario() {
        let watched: Vec<String> =
            ["iterations{scenario:a b}", "iterations{scenario:c}", "iteration_duration", "iterations"]
                .map(str::to_owned)
                .to_vec();
        let selectors: Vec<(Selector, Kind)> = watched
            .iter()
            .map(|text| Selector::parse(text).unwrap())
            .map(|selector| (selector.clone(), built_in(&selector.metric).unwrap().kind))
            .collect();
        let mut recorder = Recorder::watching(&selectors).sharing(true);
        for (scenario, times) in [("a b", 2), ("c", 3)] {
            for _ in 0..times {
                let scene = Scene { scenario, ..Scene::NONE };
                recorder.iteration();
                recorder.sample_iteration(scene, Duration::from_millis(5));
                recorder.check(crate::metrics::Group::NONE, "ok", true);
                recorder.sample_check(scene, "ok", true);
            }
        }
        // Of `setup`.
        recorder.check(crate::metrics::Group::NONE, "ok", true);
        let totals = recorder.take();
        let told = |watched: &[String], metric: &str| -> Vec<(String, f64)> {
            let measured = Measured { totals: &totals, users: Users::default(), watched };
            let all = tagged(measured);
            let value = |series: &Series<'_>| match &series.value {
                Value::Counter(sum) => *sum,
                Value::Rate { count, .. } => *count as f64,
                Value::Trend(spread) => spread.count() as f64,
                Value::Gauge { last, .. } => *last,
            };
            let scenario = |series: &Series<'_>| {
                let tag = series.tags.iter().find(|(name, _)| name == "scenario");
                tag.map_or(String::new(), |(_, value)| value.to_string())
            };
            let own = all.iter().filter(|series| series.name == metric);
            own.map(|series| (scenario(series), value(series))).collect()
        };
        let of = |scenario: &str, value| (scenario.to_owned(), value);
        assert_eq!(told(&watched, "iterations"), [of("a b", 2.0), of("c", 3.0)]);
        assert_eq!(told(&watched, "iteration_duration"), [of("default", 5.0)]);
        assert_eq!(told(&watched, "checks"), [of("a b", 2.0), of("c", 3.0), of("", 1.0)]);
        assert_eq!(told(&[], "iterations"), [of("default", 5.0)], "a run without scenarios");
    }
}
