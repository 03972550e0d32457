//! `--out otlp[=URL]`: metrics to an OpenTelemetry collector, over HTTP or gRPC, set up by the
//! OTEL_* variables. Sums since the start; trends as histograms.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use percent_encoding::percent_decode_str;
use prost::Message;
use reqwest::Url;

use super::super::series::{Measured, Series, Unit, Users, Value};
use super::super::tagged::tagged;
use super::otlp_grpc::Grpc;
use super::otlp_messages::{
    CUMULATIVE, Data, Gauge, Histogram, HistogramPoint, KeyValue, Metric, NumberPoint, Request, Resource,
    ResourceMetrics, Scope, ScopeMetrics, Sum,
};
use super::post::Post;
use super::{Carrier, News, Trouble};
use crate::config::Outlet;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::mask;

/// Between two deliveries, unless OTEL_METRIC_EXPORT_INTERVAL says.
const EVERY: Duration = Duration::from_secs(5);
/// Upper bounds of the buckets of histograms: ms of requests, and whatever scripts measure.
const BOUNDS: [f64; 22] = [
    1.0, 2.0, 3.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 50.0, 75.0, 100.0, 150.0, 200.0, 300.0, 500.0, 750.0,
    1000.0, 2000.0, 5000.0, 10_000.0, 30_000.0,
];

const HEADERS: [(&str, &str); 1] = [("Content-Type", "application/x-protobuf")];

pub(super) struct Otlp {
    way: Way,
    every: Duration,
    due: Option<Instant>,
    resource: Vec<(String, String)>,
    users: Users,
    watched: Vec<String>,
}

enum Way {
    Http(Post),
    Grpc(Grpc),
}

impl Otlp {
    pub(super) fn prepare(outlet: &Outlet, variables: &BTreeMap<String, String>) -> Result<Otlp, Fault> {
        let get = |name: &str| variables.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let refused = |what: String, why: &str| Fault::new(Exit::Config, what).why(why);
        // What is said of metrics comes before what is said of all signals.
        let own = |name: &str| {
            get(&format!("OTEL_EXPORTER_OTLP_METRICS_{name}"))
                .or_else(|| get(&format!("OTEL_EXPORTER_OTLP_{name}")))
        };
        let is_grpc = match own("PROTOCOL") {
            None | Some("http/protobuf") => false,
            Some("grpc") => true,
            Some(other) => {
                return Err(refused(
                    format!("OTEL_EXPORTER_OTLP_PROTOCOL is `{other}`"),
                    "metrics are sent by http/protobuf or grpc",
                ));
            }
        };
        let url = endpoint(&outlet.target, is_grpc, &get)
            .map_err(|(url, why)| refused(format!("`{}` is no URL", mask::hide_password(&url)), &why))?;
        let headers = pairs(own("HEADERS").unwrap_or_default());
        headers.iter().for_each(|(_, value)| mask::add(value));
        let every = match get("OTEL_METRIC_EXPORT_INTERVAL") {
            None => EVERY,
            Some(text) => text.parse().map(Duration::from_millis).map_err(|_| {
                refused(format!("OTEL_METRIC_EXPORT_INTERVAL is `{text}`"), "it is a number of ms")
            })?,
        };
        let mut resource = pairs(get("OTEL_RESOURCE_ATTRIBUTES").unwrap_or_default());
        if let Some(name) = get("OTEL_SERVICE_NAME") {
            resource.retain(|(known, _)| known != "service.name");
            resource.push(("service.name".to_owned(), name.to_owned()));
        } else if !resource.iter().any(|(known, _)| known == "service.name") {
            resource.push(("service.name".to_owned(), "e2e".to_owned()));
        }
        let way = match is_grpc {
            true => Way::Grpc(Grpc::prepare(outlet, &url, &headers)?),
            false => Way::Http(Post::new(outlet, url, &headers)?),
        };
        Ok(Otlp { way, every, due: None, resource, users: Users::default(), watched: Vec::new() })
    }

    fn request(&self, measured: Measured<'_>, since: SystemTime, at: SystemTime) -> Request {
        let attributes = |pairs: &[(String, String)]| {
            pairs.iter().map(|(key, value)| KeyValue::new(key, value)).collect::<Vec<_>>()
        };
        let scope = Scope { name: "e2e".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
        let metrics = metrics(measured, nanos(since), nanos(at));
        Request {
            resource_metrics: vec![ResourceMetrics {
                resource: Some(Resource { attributes: attributes(&self.resource) }),
                scope_metrics: vec![ScopeMetrics { scope: Some(scope), metrics }],
            }],
        }
    }
}

impl Carrier for Otlp {
    fn carry(&mut self, news: &News) -> Result<(), Trouble> {
        match news {
            News::Started(info) => {
                self.users = Users::planned(info.users);
                self.watched.clone_from(&info.watched);
            }
            News::Samples(_) => {}
            News::Tick(tick) => {
                self.users.see(tick.users);
                let now = Instant::now();
                if self.due.is_none_or(|due| now >= due) {
                    self.due = Some(now + self.every);
                    let measured =
                        Measured { totals: &tick.totals, users: self.users, watched: &self.watched };
                    let request = self.request(measured, tick.since, tick.at);
                    return match &self.way {
                        Way::Http(post) => post.send(request.encode_to_vec(), &HEADERS),
                        Way::Grpc(grpc) => grpc.send(request),
                    };
                }
            }
            News::Done(summary, deadline) => {
                let measured =
                    Measured { totals: &summary.totals, users: summary.users, watched: &self.watched };
                let request = self.request(measured, summary.since, summary.ended_at);
                return match &self.way {
                    Way::Http(post) => post.insist(&request.encode_to_vec(), &HEADERS, *deadline),
                    Way::Grpc(grpc) => grpc.insist(&request, *deadline),
                };
            }
        }
        Ok(())
    }

    fn wants_newest(&self) -> bool {
        true
    }
}

/// Where to: the target, else the variables, else this machine. The error is the text and the reason.
fn endpoint<'v>(
    target: &str,
    is_grpc: bool,
    get: &dyn Fn(&str) -> Option<&'v str>,
) -> Result<Url, (String, String)> {
    let whole = get("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT");
    let base = get("OTEL_EXPORTER_OTLP_ENDPOINT");
    let (text, is_whole) = match (target, whole, base) {
        ("", Some(whole), _) => (whole, true),
        ("", None, Some(base)) => (base, false),
        ("", None, None) => (if is_grpc { "http://127.0.0.1:4317" } else { "http://127.0.0.1:4318" }, false),
        // A path that was written is meant.
        (target, ..) => (target, Url::parse(target).is_ok_and(|url| url.path().len() > 1)),
    };
    let mut url = Url::parse(text).map_err(|why| (text.to_owned(), why.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err((text.to_owned(), "it begins with neither http:// nor https://".to_owned()));
    }
    if !is_whole && !is_grpc {
        let path = format!("{}/v1/metrics", url.path().trim_end_matches('/'));
        url.set_path(&path);
    }
    Ok(url)
}

/// `name=value,name=value`, percent-encoded.
fn pairs(text: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(text.trim()).decode_utf8_lossy().into_owned();
    text.split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}

/// Everything, a metric for each name. A rate is two sums, as k6 has it: `.occurred` of `.total`.
fn metrics(measured: Measured<'_>, start: u64, now: u64) -> Vec<Metric> {
    let mut all: BTreeMap<String, Metric> = BTreeMap::new();
    for series in tagged(measured) {
        let attributes: Vec<KeyValue> =
            series.tags.iter().map(|(name, value)| KeyValue::new(name, value)).collect();
        let number = |value| NumberPoint {
            attributes: attributes.clone(),
            start_time_unix_nano: start,
            time_unix_nano: now,
            value: Some(value),
        };
        let mut put = |ending: &str, data: Data| {
            let name = format!("{}{ending}", series.name);
            let unit = match series.unit {
                Unit::Time => "ms",
                Unit::Data => "By",
                Unit::Other => "",
            };
            let new = || Metric {
                name: name.clone(),
                description: String::new(),
                unit: unit.to_owned(),
                data: None,
            };
            let metric = all.entry(name.clone()).or_insert_with(new);
            match &mut metric.data {
                Some(own) => own.extend(data),
                empty => *empty = Some(data),
            }
        };
        let sum = |value| {
            Data::Sum(Sum {
                data_points: vec![number(value)],
                aggregation_temporality: CUMULATIVE,
                is_monotonic: true,
            })
        };
        match &series.value {
            Value::Counter(count) => put("", sum(*count)),
            Value::Gauge { last, .. } => put("", Data::Gauge(Gauge { data_points: vec![number(*last)] })),
            Value::Rate { hits, count } => {
                put(".occurred", sum(*hits as f64));
                put(".total", sum(*count as f64));
            }
            Value::Trend(_) => {
                let point = histogram(&series, attributes.clone(), (start, now));
                put(
                    "",
                    Data::Histogram(Histogram {
                        data_points: point.into_iter().collect(),
                        aggregation_temporality: CUMULATIVE,
                    }),
                );
            }
        }
    }
    all.into_values().collect()
}

fn histogram(
    series: &Series<'_>,
    attributes: Vec<KeyValue>,
    (start, now): (u64, u64),
) -> Option<HistogramPoint> {
    let Value::Trend(spread) = &series.value else { return None };
    let mut bucket_counts = vec![0; BOUNDS.len() + 1];
    spread.each(&mut |value, count| {
        bucket_counts[BOUNDS.partition_point(|bound| *bound < value)] += count;
    });
    Some(HistogramPoint {
        attributes,
        start_time_unix_nano: start,
        time_unix_nano: now,
        count: spread.count(),
        sum: Some(spread.sum()),
        bucket_counts,
        explicit_bounds: BOUNDS.to_vec(),
        min: Some(spread.min()),
        max: Some(spread.max()),
    })
}

fn nanos(time: SystemTime) -> u64 {
    u64::try_from(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn at(target: &str, is_grpc: bool, given: &[(&str, &str)]) -> String {
        let given: BTreeMap<&str, &str> = given.iter().copied().collect();
        endpoint(target, is_grpc, &|name| given.get(name).copied()).unwrap().to_string()
    }

    /// The rules of OpenTelemetry's specification of the exporter.
    #[test]
    fn where_it_goes() {
        let (all, own) = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT");
        assert_eq!(at("", false, &[]), "http://127.0.0.1:4318/v1/metrics");
        assert_eq!(at("", true, &[]), "http://127.0.0.1:4317/");
        assert_eq!(at("", false, &[(all, "http://c:4318/base/")]), "http://c:4318/base/v1/metrics");
        assert_eq!(at("", false, &[(all, "http://c:4318"), (own, "http://m:1/x")]), "http://m:1/x");
        assert_eq!(at("http://t:4318", false, &[(all, "http://c")]), "http://t:4318/v1/metrics");
        assert_eq!(at("http://t:4318/otlp/v1/metrics", false, &[]), "http://t:4318/otlp/v1/metrics");
        assert_eq!(pairs("a=1, b=x%20y,c"), [("a".into(), "1".into()), ("b".into(), "x y".into())]);
    }

    #[test]
    fn the_metrics_of_a_run() {
        let summary = sample::tiny();
        let measured = Measured { totals: &summary.totals, users: Users::default(), watched: &[] };
        let all = metrics(measured, 5, 9);
        let of = |name: &str| all.iter().find(|metric| metric.name == name).unwrap();
        let Some(Data::Sum(sum)) = &of("http_reqs").data else { panic!() };
        assert_eq!((sum.data_points[0].value, sum.is_monotonic), (Some(3.0), true));
        let Some(Data::Sum(failed)) = &of("http_req_failed.occurred").data else { panic!() };
        assert_eq!(failed.data_points[0].value, Some(1.0));
        let Some(Data::Histogram(durations)) = &of("http_req_duration").data else { panic!() };
        let point = &durations.data_points[0];
        assert_eq!((point.count, point.sum, point.max), (3, Some(15.75), Some(12.5)));
        assert_eq!(of("http_req_duration").unit, "ms");
        // 0.75, 2.5 and 12.5 ms.
        assert_eq!(point.bucket_counts[..7], [1, 0, 1, 0, 0, 0, 1]);
        assert_eq!(point.bucket_counts.len(), point.explicit_bounds.len() + 1);
    }
}
