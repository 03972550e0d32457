//! `--out json=FILE`: every sample as a line of JSON, as k6 writes them: a `Metric` before its
//! first `Point`.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::SystemTime;

use jiff::Timestamp;
use serde::ser::{Serialize, Serializer};

use super::point_file::Form;
use super::points::Point;

/// Each metric is declared once.
#[derive(Default)]
pub(super) struct Json {
    known: BTreeSet<String>,
}

#[derive(serde::Serialize)]
struct Line<'a, D> {
    metric: &'a str,
    r#type: &'static str,
    data: D,
}

#[derive(serde::Serialize)]
struct Declared<'a> {
    name: &'a str,
    r#type: &'static str,
    contains: &'static str,
    thresholds: [(); 0],
    submetrics: Option<()>,
}

#[derive(serde::Serialize)]
struct Data<'a> {
    time: String,
    value: f64,
    tags: Tags<'a>,
}

struct Tags<'a>(&'a [(Cow<'a, str>, Cow<'a, str>)]);

impl Serialize for Tags<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Form for Json {
    fn head() -> String {
        String::new()
    }

    fn put(&mut self, file: &mut impl Write, point: &Point<'_>) -> io::Result<()> {
        line(file, &mut self.known, point)
    }
}

fn line(to: &mut impl Write, known: &mut BTreeSet<String>, point: &Point<'_>) -> io::Result<()> {
    let metric = point.metric;
    if !known.contains(metric) {
        known.insert(metric.to_owned());
        let (kind, contains) = (point.kind.name(), point.contains);
        let data = Declared { name: metric, r#type: kind, contains, thresholds: [], submetrics: None };
        serde_json::to_writer(&mut *to, &Line { metric, r#type: "Metric", data })?;
        to.write_all(b"\n")?;
    }
    let data = Data { time: time(point.at), value: point.value, tags: Tags(point.tags) };
    serde_json::to_writer(&mut *to, &Line { metric, r#type: "Point", data })?;
    to.write_all(b"\n")
}

fn time(at: SystemTime) -> String {
    Timestamp::try_from(at).unwrap_or(Timestamp::MAX).to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::points;
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn lines_as_k6_writes_them() {
        let (mut text, mut known) = (Vec::new(), BTreeSet::new());
        for sample in points::samples::three() {
            points::of_sample(&sample, &mut |point| line(&mut text, &mut known, point).unwrap());
        }
        let text = String::from_utf8(text).unwrap();
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            lines[2],
            json!({ "metric": "http_req_duration", "type": "Metric", "data": {
                "name": "http_req_duration", "type": "trend", "contains": "time",
                "thresholds": [], "submetrics": null } })
        );
        let tags = json!({
            "class": "Shopper", "error_code": "1503", "expected_response": "false", "group": "::pay",
            "method": "GET", "name": "/a, b", "plan": "gold=1", "scenario": "default", "status": "503",
            "url": "http://127.0.0.1/a?x=1" });
        assert_eq!(
            lines[3],
            json!({ "metric": "http_req_duration", "type": "Point", "data": {
                "time": "2023-11-14T22:13:20.123456789Z", "value": 12.0, "tags": tags } })
        );
        let points: Vec<&Value> = lines.iter().filter(|line| line["type"] == "Point").collect();
        assert_eq!(points.len(), 11 + 1 + 1);
        assert_eq!(points[11]["data"]["tags"]["check"], "is \"ok\"");
        assert_eq!((&points[12]["metric"], &points[12]["data"]["value"]), (&json!("orders"), &json!(2.5)));
    }
}
