//! The routes that users of Locust script, with Locust's shapes. What Locust starts and changes by one form is
//! started and changed here in the same way.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use url::form_urlencoded;

use crate::event::{Level, LogLine, Share};
use crate::fault::Fault;
use crate::metrics::{Entry, Label, Span, epoch};
use crate::report::Document;

use super::answers::{file, json, missing};
use super::asked::{Asked, Field};
use super::files::{self, HISTORY};
use super::headers::REPORT_POLICY;
use super::past::Measured;
use super::routes::Web;
use super::status::State as Standing;

/// Rows of `/stats/requests`, as in Locust; the sum comes beside them.
const MOST_ROWS: usize = 500;

/// Starts a run, or, while one goes on, changes its users and their rate.
pub(super) async fn swarm(State(web): State<Web>, bytes: Bytes) -> Response {
    let pairs: Vec<(String, String)> = form_urlencoded::parse(&bytes).into_owned().collect();
    let host = web.backdrop.host();
    let answer = |said: Result<&str, String>, host: Option<String>| {
        let (success, message) = match said {
            Ok(said) => (true, said.to_owned()),
            Err(why) => (false, why),
        };
        json(&json!({ "success": success, "message": message, "host": host }))
    };
    let asked = match Asked::of_form(&pairs) {
        Ok(asked) => asked,
        Err(fault) => return answer(Err(text(&fault)), host),
    };
    let host = match &asked.host {
        Field::To(host) => Some(host.clone()),
        _ => host,
    };
    if is_on(web.session.status().state) {
        let users = match asked.users {
            Field::To(users) => Some(u64::from(users)),
            _ => None,
        };
        let rate = match asked.spawn_rate {
            Field::To(rate) => Some(rate),
            _ => None,
        };
        let changed = web.session.aim(users, rate).await;
        return answer(changed.map(|_| "Swarming started").map_err(|fault| text(&fault)), host);
    }
    let started = match web.session.begin(asked) {
        Ok(started) => started.await,
        Err(fault) => return answer(Err(text(&fault)), host),
    };
    let said = match started {
        Ok(Ok(_)) => Ok("Swarming started"),
        Ok(Err(faults)) => Err(faults.iter().map(text).collect::<Vec<_>>().join("\n")),
        Err(_) => Err("the run did not begin".to_owned()),
    };
    answer(said, web.session.status().host.or(host))
}

fn text(fault: &Fault) -> String {
    fault.render(false).trim_end().trim_start_matches("error: ").to_owned()
}

fn is_on(state: Standing) -> bool {
    matches!(state, Standing::Spawning | Standing::Running | Standing::Paused)
}

pub(super) async fn stop(State(web): State<Web>) -> Response {
    // As in Locust, what does not run is stopped as well.
    if matches!(web.session.status().state, Standing::Ready | Standing::Stopped) {
        return json(&json!({ "success": true, "message": "Test stopped" }));
    }
    match web.session.stop(false).await {
        Ok(_) => json(&json!({ "success": true, "message": "Test stopped" })),
        Err(fault) => json(&json!({ "success": false, "message": text(&fault) })),
    }
}

pub(super) async fn reset(State(web): State<Web>) -> Response {
    match web.session.reset().await {
        Ok(()) => "ok".into_response(),
        Err(fault) => super::answers::conflict(&fault),
    }
}

pub(super) async fn requests(State(web): State<Web>) -> Response {
    let status = web.session.status();
    let state = match status.state {
        Standing::Ready | Standing::Preparing => "ready",
        Standing::Spawning => "spawning",
        Standing::Running | Standing::Paused => "running",
        Standing::Stopping => "stopping",
        Standing::Stopped => "stopped",
    };
    let measured = web.session.measured_or_nothing().await;
    if measured.summary.totals.total.requests == 0 && !is_on(status.state) {
        return json(&json!({
            "stats": [], "errors": [], "total_rps": 0.0, "total_fail_per_sec": 0.0, "total_avg_response_time": 0.0,
            "fail_ratio": 0.0, "current_response_time_percentiles": null, "state": state, "user_count": status.users,
        }));
    }
    let made = tokio::task::spawn_blocking(move || report(&measured, state)).await;
    json(&made.unwrap_or_default())
}

fn report(measured: &Measured, state: &str) -> Value {
    let summary = &*measured.summary;
    let totals = &*summary.totals;
    let span = summary.span();
    let sum = Label { name: "Aggregated".to_owned(), method: String::new() };
    let mut stats: Vec<Value> =
        totals.entries.iter().take(MOST_ROWS).map(|(label, entry)| row(label, entry, &span)).collect();
    stats.push(row(&sum, &totals.total, &span));
    let mut errors = Vec::new();
    for (key, seen) in totals.failures.iter().take(MOST_ROWS) {
        errors.push(
            json!({ "method": key.method, "name": key.name, "error": key.error, "occurrences": seen.count }),
        );
    }
    let total = &totals.total;
    let lately = |q: f64| measured.recent.percentile(q).map(|us| us / 1000);
    json!({
        "stats": stats,
        "errors": errors,
        "total_rps": span.current(&total.requests_at),
        "total_fail_per_sec": span.current(&total.failures_at),
        "total_avg_response_time": total.average() / 1e3,
        "fail_ratio": total.failure_ratio(),
        "current_response_time_percentiles": {
            "response_time_percentile_0.5": lately(0.5),
            "response_time_percentile_0.95": lately(0.95),
        },
        "state": state,
        "user_count": measured.users,
    })
}

/// Times are whole ms, cut as in the CSV files: a rounded percentile could be above the maximum.
fn row(label: &Label, entry: &Entry, span: &Span) -> Value {
    let safe = label.name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    json!({
        "method": label.method,
        "name": label.name,
        "safe_name": safe,
        "num_requests": entry.requests,
        "num_failures": entry.failures,
        "min_response_time": entry.min.unwrap_or(0) / 1000,
        "max_response_time": entry.max / 1000,
        "current_rps": span.current(&entry.requests_at),
        "current_fail_per_sec": span.current(&entry.failures_at),
        "avg_response_time": entry.average() / 1e3,
        "median_response_time": entry.median() / 1000,
        "total_rps": span.rate(entry.requests),
        "total_fail_per_sec": span.rate(entry.failures),
        "response_time_percentile_0.95": percentile(entry, 0.95),
        "response_time_percentile_0.99": percentile(entry, 0.99),
        "avg_content_length": entry.average_bytes(),
    })
}

fn percentile(entry: &Entry, q: f64) -> u64 {
    entry.percentile(q).unwrap_or(0) / 1000
}

pub(super) async fn exceptions(State(web): State<Web>) -> Response {
    let measured = web.session.measured_or_nothing().await;
    let rows = measured.summary.totals.exceptions.iter().map(|(key, count)| {
        json!({
            "count": count.seen.count, "msg": key.message, "traceback": key.traceback, "nodes": "local",
        })
    });
    json(&json!({ "exceptions": rows.collect::<Vec<_>>() }))
}

/// The tasks of each class, and all of them within the whole.
pub(super) async fn tasks(State(web): State<Web>) -> Response {
    let shares = web.session.shares();
    json(&json!({ "per_class": nodes(&shares, None), "total": nodes(&shares, Some(1.0)) }))
}

/// By name. As in Locust, users of a class are shared among the classes, and tasks within theirs; or, where `above` says
/// what part the whole is, each as its part of that.
fn nodes(shares: &[Share], above: Option<f64>) -> Value {
    let part = |share: &Share| {
        let ratio = share.ratio * above.unwrap_or(1.0);
        let mut node = json!({ "ratio": ratio });
        if !share.parts.is_empty() {
            node["tasks"] = nodes(&share.parts, above.map(|_| ratio));
        }
        (share.name.clone(), node)
    };
    Value::Object(shares.iter().map(part).collect::<Map<_, _>>())
}

/// The log of the run: one list, since there is one process.
pub(super) async fn logs(State(web): State<Web>) -> Response {
    let line = |line: &LogLine| {
        let at = jiff::Timestamp::try_from(line.at).unwrap_or_default().strftime("%Y-%m-%d %H:%M:%S,%3f");
        let level = match line.level {
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARNING",
            Level::Error => "ERROR",
        };
        format!("[{at}] {}/{level}/{}", line.source, line.text)
    };
    let lines: Vec<String> = web.session.logs().iter().map(line).collect();
    json(&json!({ "master": lines, "workers": {} }))
}

pub(super) async fn requests_csv(State(web): State<Web>) -> Response {
    csv(&web, Document::Stats.name(), "requests").await
}

pub(super) async fn history_csv(State(web): State<Web>) -> Response {
    csv(&web, HISTORY, "requests_full_history").await
}

pub(super) async fn failures_csv(State(web): State<Web>) -> Response {
    csv(&web, Document::Failures.name(), "failures").await
}

pub(super) async fn exceptions_csv(State(web): State<Web>) -> Response {
    csv(&web, Document::Exceptions.name(), "exceptions").await
}

async fn csv(web: &Web, name: &str, told: &str) -> Response {
    let measured = web.session.measured_or_nothing().await;
    let at = epoch(measured.summary.ended_at);
    match files::content(measured, name).await {
        Some((kind, content)) => file(&format!("{told}_{at:.3}.csv"), kind, content),
        None => missing("the file is not there"),
    }
}

/// The report as a page; `?download=1` keeps it.
pub(super) async fn report_page(State(web): State<Web>, uri: Uri) -> Response {
    let measured = web.session.measured_or_nothing().await;
    let at = epoch(measured.summary.ended_at);
    let Some(page) = files::report(&web, measured).await else { return missing("the report cannot be made") };
    let kind = "text/html; charset=utf-8";
    let is_kept = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
        .any(|(name, value)| name == "download" && !value.is_empty() && value != "0");
    if is_kept {
        return file(&format!("report_{at:.3}.html"), kind, page);
    }
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind)),
        (CONTENT_DISPOSITION, HeaderValue::from_static("inline")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(REPORT_POLICY)),
    ];
    (headers, page).into_response()
}
