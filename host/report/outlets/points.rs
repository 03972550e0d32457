//! The points that k6 makes of a sample: a value of a metric, with its tags. Used by the outputs
//! that show single samples.

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use super::super::series::{Users, group_path};
use crate::event::Tick;
use crate::mask::hide;
use crate::metrics::{Kind, RawRequest, RawSample, RawWhat};

/// A value of a metric at a time. Trends are in ms.
pub(super) struct Point<'a> {
    pub(super) metric: &'a str,
    pub(super) kind: Kind,
    /// k6's `contains`: `time`, `data` or `default`.
    pub(super) contains: &'static str,
    pub(super) at: SystemTime,
    pub(super) value: f64,
    pub(super) tags: &'a [(Cow<'a, str>, Cow<'a, str>)],
}

/// The points of a sample.
pub(super) fn of_sample(sample: &RawSample, put: &mut dyn FnMut(&Point<'_>)) {
    let tags = tags(sample);
    let mut put = |metric: &str, kind, contains, value| {
        put(&Point { metric, kind, contains, at: sample.at, value, tags: &tags });
    };
    match &sample.what {
        RawWhat::Request(request) => of_request(request, &mut put),
        RawWhat::Check { held, .. } => put("checks", Kind::Rate, "default", f64::from(u8::from(*held))),
        RawWhat::Iteration(took) => {
            put("iterations", Kind::Counter, "default", 1.0);
            put("iteration_duration", Kind::Trend, "time", ms(*took));
        }
        RawWhat::Dropped(count) => put("dropped_iterations", Kind::Counter, "default", *count as f64),
        RawWhat::Arrival(late) => put("arrival_lateness", Kind::Trend, "time", ms(*late)),
        RawWhat::Group(took) => put("group_duration", Kind::Trend, "time", ms(*took)),
        RawWhat::Value { metric, kind, unit, value } => {
            let contains = match &**unit {
                "ms" => "time",
                "B" => "data",
                _ => "default",
            };
            put(&hide(metric), *kind, contains, *value);
        }
    }
}

fn of_request(request: &RawRequest, put: &mut dyn FnMut(&str, Kind, &'static str, f64)) {
    let phases = &request.phases;
    put("http_reqs", Kind::Counter, "default", 1.0);
    for (metric, time) in [
        ("http_req_duration", phases.duration),
        ("http_req_blocked", phases.blocked),
        ("http_req_connecting", phases.connecting),
        ("http_req_tls_handshaking", phases.tls_handshaking),
        ("http_req_sending", phases.sending),
        ("http_req_waiting", phases.waiting),
        ("http_req_receiving", phases.receiving),
    ] {
        put(metric, Kind::Trend, "time", ms(time));
    }
    // What began at an arrival rate is later than its moment by something, however little.
    if !phases.late.is_zero() {
        put("http_req_duration_intended", Kind::Trend, "time", ms(phases.late + phases.duration));
    }
    put("http_req_failed", Kind::Rate, "default", f64::from(u8::from(request.failed)));
    put("data_sent", Kind::Counter, "data", request.sent_bytes as f64);
    put("data_received", Kind::Counter, "data", request.received_bytes as f64);
}

/// How many users there are.
pub(super) fn of_tick(tick: &Tick, users: Users, put: &mut dyn FnMut(&Point<'_>)) {
    for (metric, value) in [("vus", users.now), ("vus_max", users.max)] {
        let (kind, contains) = (Kind::Gauge, "default");
        put(&Point { metric, kind, contains, at: tick.at, value: value as f64, tags: &[] });
    }
}

/// The tags that k6 gives it, and `class`; sorted by name, without secrets.
fn tags(sample: &RawSample) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let mut tags: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
    let mut own = |name: &'static str, value| tags.push((name.into(), value));
    own("scenario", hide(&sample.scenario));
    // An arrival is no user's yet.
    if !matches!(sample.what, RawWhat::Dropped(_) | RawWhat::Arrival(_)) {
        own("class", hide(&sample.class));
        let group = sample.group.as_deref().map(group_path).unwrap_or_default();
        own("group", hide(&group).into_owned().into());
    }
    match &sample.what {
        RawWhat::Request(request) => {
            own("method", hide(&request.label.method));
            own("name", hide(&request.label.name));
            own("url", hide(&request.url));
            own("status", request.status.to_string().into());
            own("expected_response", if request.failed { "false" } else { "true" }.into());
            if request.error_code > 0 {
                own("error_code", request.error_code.to_string().into());
            }
            if let Some(error) = &request.error {
                own("error", hide(error));
            }
        }
        RawWhat::Check { name, .. } => own("check", hide(name)),
        RawWhat::Iteration(_)
        | RawWhat::Dropped(_)
        | RawWhat::Arrival(_)
        | RawWhat::Group(_)
        | RawWhat::Value { .. } => {}
    }
    // Ours come first, and win, as for thresholds; then those of the sample, then those of the scenario.
    tags.extend(sample.tags.iter().map(|(name, value)| (hide(name), hide(value))));
    tags.sort_by(|a, b| a.0.cmp(&b.0));
    tags.dedup_by(|later, earlier| later.0 == earlier.0);
    tags
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_tag_of_a_script_takes_the_place_of_ours() {
        let mut sample = samples::three().remove(0);
        let given = [("scenario", "fake"), ("name", "boo"), ("plan", "mine"), ("plan", "of the scenario")];
        sample.tags = given.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let tags = tags(&sample);
        for (name, value) in [("scenario", "default"), ("name", "/a, b"), ("plan", "mine")] {
            let own: Vec<&str> = tags.iter().filter(|tag| tag.0 == name).map(|tag| &*tag.1).collect();
            assert_eq!(own, [value], "{name}");
        }
    }

    #[test]
    fn arrivals_are_told_by_their_scenario() {
        let mut sample = samples::three().remove(1);
        let mut told = Vec::new();
        for what in [RawWhat::Dropped(3), RawWhat::Arrival(Duration::from_millis(7))] {
            sample.what = what;
            of_sample(&sample, &mut |point| {
                let names: Vec<String> = point.tags.iter().map(|(name, _)| name.to_string()).collect();
                told.push((point.metric.to_owned(), point.value, names.join(",")));
            });
        }
        let of = |metric: &str, value| (metric.to_owned(), value, "scenario".to_owned());
        assert_eq!(told, [of("dropped_iterations", 3.0), of("arrival_lateness", 7.0)]);
    }

    #[test]
    fn what_was_late_has_a_second_time() {
        let points = |late: u64| {
            let mut sample = samples::three().remove(0);
            if let RawWhat::Request(request) = &mut sample.what {
                request.phases.late = Duration::from_millis(late);
            }
            let mut points = Vec::new();
            of_sample(&sample, &mut |point| points.push((point.metric.to_owned(), point.value)));
            points.into_iter().find(|(metric, _)| metric == "http_req_duration_intended")
        };
        assert_eq!(points(0), None);
        assert_eq!(points(30), Some(("http_req_duration_intended".to_owned(), 42.0)));
    }
}

#[cfg(test)]
pub(super) mod samples {
    use std::sync::Arc;
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::metrics::{Label, Phases};

    /// A failed request, a check that held, and a value.
    pub(in super::super) fn three() -> Vec<RawSample> {
        let label = Arc::new(Label { name: "/a, b".into(), method: "GET".into() });
        let ms = Duration::from_millis;
        let phases = Phases { duration: ms(12), waiting: ms(10), sending: ms(2), ..Phases::default() };
        let request = RawRequest {
            label,
            url: "http://127.0.0.1/a?x=1".into(),
            status: 503,
            error_code: 1503,
            error: None,
            failed: true,
            phases,
            sent_bytes: 100,
            received_bytes: 250,
        };
        let sample = |group: Option<&str>, tags: &[(&str, &str)], what| RawSample {
            at: UNIX_EPOCH + Duration::from_nanos(1_700_000_000_123_456_789),
            class: "Shopper".into(),
            scenario: "default".into(),
            group: group.map(Into::into),
            tags: tags.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            what,
        };
        vec![
            sample(Some("pay"), &[("plan", "gold=1")], RawWhat::Request(Box::new(request))),
            sample(None, &[], RawWhat::Check { name: "is \"ok\"".into(), held: true }),
            sample(
                None,
                &[],
                RawWhat::Value { metric: "orders".into(), kind: Kind::Counter, unit: "".into(), value: 2.5 },
            ),
        ]
    }
}
