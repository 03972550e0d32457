//! What was measured, under the names that k6 has for it: so dashboards and scripts made for k6
//! read it. Used by every output in k6's shape.

use std::borrow::Cow;
use std::collections::BTreeMap;

pub(super) use crate::event::Users;
use crate::metrics::{Entry, Measure, Snapshot, Trend, built_in};

/// One metric with certain tags.
pub(super) struct Series<'a> {
    pub(super) name: Cow<'a, str>,
    pub(super) tags: Tags<'a>,
    pub(super) unit: Unit,
    pub(super) value: Value<'a>,
}

pub(super) type Tags<'a> = Vec<(Cow<'a, str>, Cow<'a, str>)>;

/// What a value is, as k6's `contains` tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// In ms.
    Time,
    /// In bytes.
    Data,
    Other,
}

/// A sum since the statistics began, or since the last time, as the snapshot has it.
pub(super) enum Value<'a> {
    Counter(f64),
    Gauge { last: f64, min: f64, max: f64 },
    Rate { hits: u64, count: u64 },
    Trend(Spread<'a>),
}

/// A distribution, in the unit of its metric.
pub(super) enum Spread<'a> {
    /// Of requests; in ms.
    Requests(Cow<'a, Entry>),
    Trend(Cow<'a, Trend>),
}

/// Whether requests under this label are HTTP's: sockets and gRPC have metrics of their own.
pub(super) fn is_http(method: &str) -> bool {
    !matches!(method, "WS" | "grpc")
}

/// Metrics that are measured only where an output shows them. k6 counts the second half of a
/// request's time alone, and that of those that went well.
pub(super) const OBSERVED: &[&str] = &[
    "data_sent",
    "data_received",
    "iteration_duration",
    "http_req_duration",
    "http_req_duration{expected_response:true}",
    "http_req_blocked",
    "http_req_connecting",
    "http_req_tls_handshaking",
    "http_req_sending",
    "http_req_waiting",
    "http_req_receiving",
];

/// What there is to tell.
#[derive(Clone, Copy)]
pub(super) struct Measured<'a> {
    pub(super) totals: &'a Snapshot,
    pub(super) users: Users,
    /// Of the numbers in `totals.watched`.
    pub(super) watched: &'a [String],
}

/// Metrics as a whole, by name; beside them what thresholds ask for, such as
/// `http_req_duration{name:GET /ready}`.
pub(super) fn overall(measured: Measured<'_>) -> BTreeMap<Cow<'_, str>, Series<'_>> {
    let totals = measured.totals;
    let mut all = Vec::new();
    let mut http = Entry::default();
    totals
        .entries
        .iter()
        .filter(|(label, _)| is_http(&label.method))
        .for_each(|(_, entry)| http.merge(entry));
    if totals.entries.keys().any(|label| is_http(&label.method)) {
        let received = http.bytes as f64;
        requests(&mut all, Cow::Owned(http), Vec::new());
        put(&mut all, "data_received", Unit::Data, Value::Counter(received));
    }
    let checks = totals.all_checks();
    if checks.passes + checks.fails > 0 {
        let count = checks.passes + checks.fails;
        put(&mut all, "checks", Unit::Other, Value::Rate { hits: checks.passes, count });
    }
    if !totals.groups.is_empty() {
        let mut durations = Trend::default();
        totals.groups.values().for_each(|group| durations.merge(&group.durations));
        put(&mut all, "group_duration", Unit::Time, Value::Trend(Spread::Trend(Cow::Owned(durations))));
    }
    whole(&mut all, totals, measured.users);
    let mut merged: BTreeMap<&str, (&str, Measure)> = BTreeMap::new();
    for (key, measure) in &totals.metrics {
        match merged.get_mut(&*key.name) {
            Some((_, own)) => own.merge(measure),
            None => drop(merged.insert(&key.name, (&key.unit, measure.clone()))),
        }
    }
    for (name, (unit, measure)) in merged {
        put(&mut all, name, unit_of(unit), owned(measure));
    }
    let mut all: BTreeMap<_, _> = all.into_iter().map(|series| (series.name.clone(), series)).collect();
    for (selector, measure) in watched(measured) {
        // How many users there are stands above.
        if !selector.starts_with("vus") {
            let metric = selector.split('{').next().unwrap_or_default();
            let series = Series {
                name: selector.into(),
                tags: Vec::new(),
                unit: built_in(metric).map_or(Unit::Other, |metric| unit_of(metric.unit)),
                value: borrowed(measure),
            };
            all.insert(series.name.clone(), series);
        }
    }
    all
}

pub(super) fn watched(measured: Measured<'_>) -> impl Iterator<Item = (&str, &Measure)> {
    let Measured { totals, watched, .. } = measured;
    let name = |number: u32| watched.get(number as usize).map(String::as_str);
    totals.watched.iter().filter_map(move |(number, measure)| Some((name(*number)?, measure)))
}

/// What has no tags at all, of a run as a whole.
fn whole(all: &mut Vec<Series<'_>>, totals: &Snapshot, users: Users) {
    put(all, "iterations", Unit::Other, Value::Counter(totals.iterations as f64));
    if totals.dropped > 0 {
        put(all, "dropped_iterations", Unit::Other, Value::Counter(totals.dropped as f64));
    }
    vus(all, users);
}

pub(super) fn vus(all: &mut Vec<Series<'_>>, users: Users) {
    let Users { now, least, most, max } = users;
    let gauge =
        |last: u64, min: u64, max: u64| Value::Gauge { last: last as f64, min: min as f64, max: max as f64 };
    put(all, "vus", Unit::Other, gauge(now, least, most));
    put(all, "vus_max", Unit::Other, gauge(max, max, max));
}

/// The metrics of HTTP requests.
pub(super) fn requests<'a>(all: &mut Vec<Series<'a>>, entry: Cow<'a, Entry>, tags: Tags<'a>) {
    let mut put = |name: &'static str, unit, value| {
        all.push(Series { name: name.into(), tags: tags.clone(), unit, value });
    };
    put("http_reqs", Unit::Other, Value::Counter(entry.requests as f64));
    put("http_req_failed", Unit::Other, Value::Rate { hits: entry.failures, count: entry.requests });
    put("http_req_duration", Unit::Time, Value::Trend(Spread::Requests(entry)));
}

pub(super) fn put<'a>(all: &mut Vec<Series<'a>>, name: &'a str, unit: Unit, value: Value<'a>) {
    all.push(Series { name: name.into(), tags: Vec::new(), unit, value });
}

pub(super) fn pair<'a>(name: &'a str, value: &'a str) -> (Cow<'a, str>, Cow<'a, str>) {
    (name.into(), value.into())
}

/// A group as k6 names it: `::outer::inner`; nothing for none.
pub(super) fn group_path(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("::{path}") }
}

pub(super) fn unit_of(unit: &str) -> Unit {
    match unit {
        "ms" => Unit::Time,
        "B" | "bytes" => Unit::Data,
        _ => Unit::Other,
    }
}

pub(super) fn borrowed(measure: &Measure) -> Value<'_> {
    match measure {
        Measure::Counter(counter) => Value::Counter(counter.sum.value()),
        Measure::Gauge(gauge) => Value::Gauge { last: gauge.last.1, min: gauge.min, max: gauge.max },
        Measure::Rate(rate) => Value::Rate { hits: rate.hits, count: rate.count },
        Measure::Trend(trend) => Value::Trend(Spread::Trend(Cow::Borrowed(trend))),
    }
}

fn owned<'a>(measure: Measure) -> Value<'a> {
    match measure {
        Measure::Trend(trend) => Value::Trend(Spread::Trend(Cow::Owned(trend))),
        Measure::Counter(counter) => Value::Counter(counter.sum.value()),
        Measure::Gauge(gauge) => Value::Gauge { last: gauge.last.1, min: gauge.min, max: gauge.max },
        Measure::Rate(rate) => Value::Rate { hits: rate.hits, count: rate.count },
    }
}

impl Spread<'_> {
    pub(super) fn count(&self) -> u64 {
        match self {
            Spread::Requests(entry) => entry.requests,
            Spread::Trend(trend) => trend.count,
        }
    }

    pub(super) fn sum(&self) -> f64 {
        match self {
            Spread::Requests(entry) => ms(entry.sum),
            Spread::Trend(trend) => trend.sum.value(),
        }
    }

    pub(super) fn min(&self) -> f64 {
        match self {
            Spread::Requests(entry) => ms(entry.min.unwrap_or(0)),
            Spread::Trend(trend) => trend.min,
        }
    }

    pub(super) fn max(&self) -> f64 {
        match self {
            Spread::Requests(entry) => ms(entry.max),
            Spread::Trend(trend) => trend.max,
        }
    }

    pub(super) fn average(&self) -> f64 {
        match self {
            Spread::Requests(entry) => entry.average() / 1e3,
            Spread::Trend(trend) => trend.average(),
        }
    }

    /// Each value that occurred, to three significant digits, and how often.
    pub(super) fn each(&self, put: &mut dyn FnMut(f64, u64)) {
        match self {
            Spread::Requests(entry) => entry.buckets.iter().for_each(|(us, count)| {
                put(ms(u64::from(us).min(entry.max)), count);
            }),
            Spread::Trend(trend) => trend.values().for_each(|(value, count)| put(value, count)),
        }
    }

    /// What the fraction `q` of the values did not exceed; 0 without values.
    pub(super) fn percentile(&self, q: f64) -> f64 {
        match self {
            Spread::Requests(entry) => entry.percentile(q).map_or(0.0, ms),
            Spread::Trend(trend) => trend.percentile(q),
        }
    }
}

fn ms(us: u64) -> f64 {
    us as f64 / 1e3
}

/// The share of `hits` in `count`; 0 without any.
pub(super) fn share(hits: u64, count: u64) -> f64 {
    if count == 0 { 0.0 } else { hits as f64 / count as f64 }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::metrics::{Call, Kind, Recorder, Scene};
    use crate::report::tagged::tagged;

    /// Calls of gRPC have k6's metrics, and are no requests of HTTP.
    #[test]
    fn grpc_is_told_by_its_own_metrics() {
        let mut recorder = Recorder::new();
        for (method, name) in [("GET", "/a"), ("grpc", "pkg.Service/Get"), ("WS", "chat")] {
            let key = recorder.key(method, name);
            let latency = Duration::from_millis(4);
            recorder.call(key, &Call { latency, bytes: 1, at: 1, failure: None });
        }
        let duration = recorder.metric(Kind::Trend, "grpc_req_duration", "ms").unwrap();
        recorder.add(duration, 4.0, 1, Scene::NONE);
        let streams = recorder.metric(Kind::Counter, "grpc_streams", "").unwrap();
        recorder.add(streams, 1.0, 1, Scene::NONE);
        let totals = recorder.take();
        let measured = Measured { totals: &totals, users: Users::default(), watched: &[] };
        let count = |series: &Series<'_>| match &series.value {
            Value::Counter(sum) => *sum,
            Value::Trend(spread) => spread.count() as f64,
            _ => 0.0,
        };
        for (name, expected) in [
            ("http_reqs", 1.0),
            ("http_req_duration", 1.0),
            ("grpc_req_duration", 1.0),
            ("grpc_streams", 1.0),
        ] {
            let all = tagged(measured);
            let own: Vec<f64> = all.iter().filter(|series| series.name == name).map(count).collect();
            assert_eq!(own, [expected], "{name}");
            assert_eq!(count(&overall(measured)[name]), expected, "{name}");
        }
    }
}
