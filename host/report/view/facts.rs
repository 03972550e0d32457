//! The shapes of what the page shows of a run's state, as JSON has them. Filled by `gather`, kept by `keeper`.

use serde::Serialize;

use super::rows::Row;
use crate::event::Share;
use crate::report::comparison::Comparison;

/// A run but for its history.
#[derive(Clone, Debug, Default, Serialize)]
pub struct State {
    pub run: Run,
    pub now: Now,
    /// By name, then method; those with the most requests where there are too many.
    pub rows: Vec<Row>,
    /// The row of all requests together.
    pub total: Row,
    pub checks: Vec<Check>,
    pub groups: Vec<Group>,
    /// What scripts measured with metrics of their own.
    pub metrics: Vec<Measured>,
    /// Of scenarios at an arrival rate.
    pub arrivals: Vec<Arrival>,
    pub thresholds: Vec<Judged>,
    /// With `--baseline`, at the end.
    pub comparison: Option<Comparison>,
    /// The most frequent first.
    pub failures: Vec<Failure>,
    pub exceptions: Vec<Exception>,
    /// Active users by class.
    pub classes: Vec<Share>,
    pub workers: Vec<Worker>,
    /// What the user ought to know, one sentence each.
    pub notes: Vec<String>,
    pub left_out: LeftOut,
}

/// What runs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Run {
    pub state: crate::event::State,
    pub environment: String,
    pub host: Option<String>,
    pub scripts: Vec<String>,
    pub classes: Vec<String>,
    /// Users aimed at.
    pub users: u64,
    /// The most there were so far.
    pub most_users: u64,
    /// Users started per second.
    pub spawn_rate: f64,
    /// Seconds; null where something else ends it.
    pub run_time: Option<f64>,
    pub shape: Option<String>,
    pub scenarios: Vec<String>,
    pub workers: usize,
    /// As text: it may be larger than numbers of JSON are exact.
    pub seed: String,
    pub started_at: f64,
    /// Null while it runs.
    pub ended_at: Option<f64>,
    /// Where the statistics begin.
    pub since: f64,
    /// Seconds since the first users.
    pub elapsed: f64,
    /// Why it ended, in words.
    pub stop: Option<String>,
    pub exit_code: Option<u8>,
}

/// The figures at the top.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Now {
    pub users: u64,
    pub requests: u64,
    pub failures: u64,
    /// In the last 10 s while it runs, over all of it at the end.
    pub rps: f64,
    pub fps: f64,
    /// 0 to 1.
    pub failure_ratio: f64,
    /// Over all requests, ms; null without any.
    pub p50: Option<f64>,
    pub p95: Option<f64>,
    pub p99: Option<f64>,
    pub checks: u64,
    pub checks_failed: u64,
    pub exceptions: u64,
    pub verdict: Verdict,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Verdict {
    /// `passed`, `failed`, `inconclusive`, or `stopped` and `aborted` of a run that was; `unjudged` of one that goes
    /// on, where nothing is wrong but that there is nothing to judge yet; empty before the first tick.
    pub word: &'static str,
    /// Of a run that has ended.
    pub is_final: bool,
    pub reasons: Vec<String>,
    /// For each of them `failure`, `unknown`, or `note`.
    pub kinds: Vec<&'static str>,
}

#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// The group's path; empty for none.
    pub group: String,
    pub name: String,
    pub passes: u64,
    pub fails: u64,
}

/// Times in ms.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// `outer::inner`.
    pub path: String,
    pub count: u64,
    pub average: f64,
    pub min: f64,
    pub median: f64,
    pub p95: f64,
    pub max: f64,
    pub requests: u64,
    pub failures: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    pub name: String,
    /// `counter`, `gauge`, `rate`, `trend`.
    pub kind: &'static str,
    pub unit: String,
    /// `name=value, ...`; empty for the metric as a whole.
    pub tags: String,
    /// Heads and values as text.
    pub values: Vec<(&'static str, String)>,
}

/// Times in ms.
#[derive(Clone, Debug, Serialize)]
pub struct Arrival {
    pub scenario: String,
    pub metric: String,
    pub count: u64,
    pub average: f64,
    pub min: f64,
    pub median: f64,
    pub p95: f64,
    pub p99: f64,
    pub max: f64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Judged {
    /// `http_req_duration{name:GET /ready}`.
    pub selector: String,
    /// `p(95)<500`.
    pub expression: String,
    pub unit: &'static str,
    pub value: Option<f64>,
    /// The value, or why there is none, in words.
    pub measured: String,
    /// `held`, `crossed`, `unknown`.
    pub outcome: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    pub method: String,
    pub name: String,
    pub error: String,
    pub count: u64,
    pub first: f64,
    pub last: f64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Exception {
    pub message: String,
    pub traceback: String,
    pub count: u64,
    pub first: f64,
    pub last: f64,
    /// Where it was raised first.
    pub class: String,
    pub task: String,
}

/// A thread of the generator, or a worker elsewhere.
#[derive(Clone, Debug, Serialize)]
pub struct Worker {
    pub name: String,
    pub users: u64,
    /// At most since the start.
    pub most_users: u64,
    /// In the last second while it runs, over all of it at the end.
    pub rps: f64,
    pub requests: u64,
    /// The part of the last second that it ran, and that it could have but had no core; 0 to 1.
    pub cpu: Option<f64>,
    /// The largest such part since the start.
    pub busiest: Option<f64>,
    pub waited: Option<f64>,
    /// How late what was due came, ms: in the last second on average, and at most since the start.
    pub late: f64,
    pub latest: f64,
}

/// A line of the log.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Counts up from 0.
    pub number: u64,
    pub at: f64,
    /// `debug`, `info`, `warning`, `error`.
    pub level: &'static str,
    pub source: String,
    pub text: String,
}

/// How many there are besides what is shown.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LeftOut {
    pub rows: usize,
    pub checks: usize,
    pub groups: usize,
    pub metrics: usize,
    /// Of the comparison.
    pub compared: usize,
    pub failures: usize,
    pub exceptions: usize,
}
