//! k6's summary (`--summary-export`): checks by group, and each metric with its figures. Written
//! at the end.

use md5::{Digest, Md5};
use serde_json::{Map, Value as Json, json};

use super::series::{self, Measured, Series, Value, group_path, share};
use super::sink::Sink;
use super::target::Target;
use crate::event::{Event, Outcome, Summary};
use crate::fault::Fault;
use crate::metrics::Snapshot;

pub(super) struct SummaryExport {
    target: Target,
    watched: Vec<String>,
}

impl SummaryExport {
    pub(super) fn new(target: Target) -> Self {
        SummaryExport { target, watched: Vec::new() }
    }
}

impl Sink for SummaryExport {
    fn on(&mut self, event: &Event) -> Result<(), Fault> {
        match event {
            Event::Done(summary) => {
                return self.target.replace(&text(summary, &self.watched));
            }
            Event::Started(info) => self.watched.clone_from(&info.watched),
            Event::Tick(_) | Event::Log(_) => {}
        }
        Ok(())
    }
}

/// The file.
pub(super) fn text(summary: &Summary, watched: &[String]) -> Vec<u8> {
    let mut text =
        serde_json::to_string_pretty(&render(summary, watched)).expect("a tree of texts and numbers is JSON");
    text.push('\n');
    text.into_bytes()
}

fn render(summary: &Summary, watched: &[String]) -> Json {
    let lasted = summary.lasted.as_secs_f64();
    let measured = Measured { totals: &summary.totals, users: summary.users, watched };
    let mut metrics: Map<String, Json> = series::overall(measured)
        .into_iter()
        .map(|(name, series)| (name.into_owned(), figures(&series, lasted)))
        .collect();
    for threshold in &summary.thresholds {
        let metric = metrics.entry(threshold.selector.as_str()).or_insert_with(|| json!({}));
        // Where it stands in k6's file, true means that it was crossed.
        metric["thresholds"][threshold.expression.as_str()] = json!(threshold.outcome == Outcome::Crossed);
    }
    json!({ "root_group": groups(&summary.totals), "metrics": metrics })
}

/// The figures of a metric, as k6 has them for its kind.
fn figures(series: &Series<'_>, lasted: f64) -> Json {
    match &series.value {
        Value::Counter(count) => {
            let rate = if lasted > 0.0 { count / lasted } else { 0.0 };
            json!({ "count": number(*count), "rate": rate })
        }
        Value::Gauge { last, min, max } => {
            let [last, min, max] = [last, min, max].map(|value| number(*value));
            json!({ "value": last, "min": min, "max": max })
        }
        Value::Rate { hits, count } => {
            json!({ "passes": hits, "fails": count - hits, "value": share(*hits, *count) })
        }
        Value::Trend(spread) => json!({
            "avg": spread.average(),
            "min": spread.min(),
            "med": spread.percentile(0.5),
            "max": spread.max(),
            "p(90)": spread.percentile(0.9),
            "p(95)": spread.percentile(0.95),
        }),
    }
}

/// Whole numbers without a fraction, as k6 prints them.
fn number(value: f64) -> Json {
    match value.fract() == 0.0 && value.abs() < 9e15 {
        true => json!(value as i64),
        false => json!(value),
    }
}

/// The group around all, which has no name.
fn groups(totals: &Snapshot) -> Json {
    let mut root = group("", "");
    for path in totals.groups.keys() {
        find(&mut root, path);
    }
    for (key, count) in &totals.checks {
        let path = format!("{}::{}", group_path(&key.group), key.name);
        let check = json!({
            "name": key.name,
            "path": path,
            "id": id(&path),
            "passes": count.passes,
            "fails": count.fails,
        });
        if let Some(checks) = find(&mut root, &key.group)["checks"].as_object_mut() {
            checks.insert(key.name.clone(), check);
        }
    }
    root
}

/// The group of that path; made, with those around it, where there is none yet.
fn find<'j>(root: &'j mut Json, path: &str) -> &'j mut Json {
    let mut at = root;
    let mut whole = String::new();
    for name in path.split("::").filter(|name| !name.is_empty()) {
        whole.push_str("::");
        whole.push_str(name);
        let inner = &mut at["groups"][name];
        if inner.is_null() {
            *inner = group(name, &whole);
        }
        at = inner;
    }
    at
}

fn group(name: &str, path: &str) -> Json {
    json!({ "name": name, "path": path, "id": id(path), "groups": {}, "checks": {} })
}

/// What k6 knows groups and checks by: the MD5 of the path.
fn id(path: &str) -> String {
    Md5::digest(path.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::event::{Threshold, Users};
    use crate::metrics::{Call, Group, Kind, Recorder, Scene};
    use crate::report::sample;

    #[test]
    fn the_shape_of_k6() {
        let mut recorder = Recorder::new();
        let key = recorder.key("GET", "/a");
        for (ms, failure) in [(10, None), (20, Some("500")), (30, None), (40, None)] {
            let latency = Duration::from_millis(ms);
            recorder.call(key, &Call { latency, bytes: 25, at: sample::START, failure });
        }
        let group = recorder.group(Group::NONE, "checkout");
        recorder.check(Group::NONE, "status is 200", true);
        recorder.check(Group::NONE, "status is 200", false);
        let inner = recorder.group(group, "pay");
        recorder.check(inner, "paid", true);
        recorder.group_ended(inner, Duration::from_millis(8));
        let orders = recorder.metric(Kind::Counter, "orders", "").unwrap();
        for (value, kind) in [(2.0, "a"), (3.5, "b")] {
            recorder.clear_tags();
            recorder.tag("kind", kind);
            recorder.add(orders, value, 1, Scene::NONE);
        }
        recorder.iteration();
        let mut summary = sample::summary(recorder.take(), 0.0, 2.0);
        summary.users = Users::planned(9);
        [2, 5, 3].into_iter().for_each(|now| summary.users.see(now));
        let threshold = |expression: &str, outcome| Threshold {
            selector: "http_reqs".into(),
            expression: expression.into(),
            unit: "",
            value: Some(4.0),
            change: None,
            outcome,
        };
        summary.thresholds =
            vec![threshold("count>3", Outcome::Held), threshold("count>5", Outcome::Crossed)];
        // What nobody knows was not crossed.
        summary.thresholds.push(threshold("count>7", Outcome::NoSamples));
        let got = render(&summary, &[]);
        let expected = json!({
            "root_group": {
                "name": "", "path": "", "id": "d41d8cd98f00b204e9800998ecf8427e",
                "groups": { "checkout": {
                    "name": "checkout", "path": "::checkout", "id": id("::checkout"), "checks": {},
                    "groups": { "pay": {
                        "name": "pay", "path": "::checkout::pay", "id": id("::checkout::pay"), "groups": {},
                        "checks": { "paid": {
                            "name": "paid", "path": "::checkout::pay::paid",
                            "id": id("::checkout::pay::paid"), "passes": 1, "fails": 0 } },
                    } },
                } },
                "checks": { "status is 200": {
                    "name": "status is 200", "path": "::status is 200",
                    "id": "6210a8cd14cd70477eba5c5e4cb3fb5f", "passes": 1, "fails": 1 } },
            },
            "metrics": {
                "checks": { "passes": 2, "fails": 1, "value": 2.0 / 3.0 },
                "data_received": { "count": 100, "rate": 50.0 },
                "group_duration": { "avg": 8.0, "min": 8.0, "med": 8.0, "max": 8.0, "p(90)": 8.0, "p(95)": 8.0 },
                "http_req_duration": {
                    "avg": 25.0, "min": 10.0, "med": 20.015, "max": 40.0, "p(90)": 40.0, "p(95)": 40.0 },
                "http_req_failed": { "passes": 1, "fails": 3, "value": 0.25 },
                "http_reqs": { "count": 4, "rate": 2.0, "thresholds": { "count>3": false, "count>5": true, "count>7": false } },
                "iterations": { "count": 1, "rate": 0.5 },
                "orders": { "count": 5.5, "rate": 2.75 },
                "vus": { "value": 3, "min": 2, "max": 5 },
                "vus_max": { "value": 9, "min": 9, "max": 9 },
            },
        });
        assert_eq!(got, expected, "{got:#}");
    }
}
