//! From measurements to what is shown of them. Used by `keeper`.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::facts::{
    Arrival, Check, Exception, Failure, Group, Judged, LeftOut, Measured, Now, Run, State, Verdict, Worker,
};
use super::rows::{millis, rows, short};
use crate::event::{Judgement, Kind, Outcome, RunInfo, Share, Stop, Summary, Threshold, WorkerState};
use crate::exit::Exit;
use crate::metrics::{Snapshot, Span, Trend, epoch};
use crate::report::{arrivals, measured, sections};

/// So many of each kind are shown.
const MOST: usize = 500;
/// And of exceptions, whose tracebacks are long.
const MOST_EXCEPTIONS: usize = 100;

/// ms since 1970.
pub(super) fn moment(at: SystemTime) -> f64 {
    (epoch(at) * 1000.0).round()
}

pub(super) fn run(info: &RunInfo) -> Run {
    Run {
        state: crate::event::State::Preparing,
        environment: info.environment.clone(),
        host: info.host.clone(),
        scripts: info.scripts.clone(),
        classes: info.classes.clone(),
        users: info.users,
        spawn_rate: info.spawn_rate,
        run_time: info.run_time.map(|time| time.as_secs_f64()),
        shape: info.shape.clone(),
        scenarios: info.scenarios.clone(),
        workers: info.workers,
        seed: info.seed.to_string(),
        started_at: moment(info.started_at),
        since: moment(info.started_at),
        ..Run::default()
    }
}

/// The figures and tables of what was measured. `lasted` is the time that rates refer to.
pub(super) fn measure(
    state: &mut State,
    (totals, info): (&Snapshot, Option<&RunInfo>),
    (span, lasted): (&Span, Duration),
    is_over: bool,
) {
    let (rows, total, rows_left_out) = rows(totals, span, is_over);
    let at = |q| totals.total.percentile(q).map(|us| millis(us as f64));
    let checks = totals.all_checks();
    state.now = Now {
        users: state.now.users,
        requests: totals.total.requests,
        failures: totals.total.failures,
        rps: total.rps,
        fps: total.fps,
        failure_ratio: totals.total.failure_ratio(),
        p50: at(0.5),
        p95: at(0.95),
        p99: at(0.99),
        checks: checks.passes + checks.fails,
        checks_failed: checks.fails,
        exceptions: totals.all_exceptions(),
        verdict: std::mem::take(&mut state.now.verdict),
    };
    (state.rows, state.total) = (rows, total);
    let mut left_out = LeftOut { rows: rows_left_out, ..LeftOut::default() };
    (state.checks, left_out.checks) = first(MOST, totals.checks.iter(), |(key, count)| Check {
        group: key.group.clone(),
        name: key.name.clone(),
        passes: count.passes,
        fails: count.fails,
    });
    (state.groups, left_out.groups) = first(MOST, totals.groups.iter(), |(path, group)| {
        let [median, p95] = [0.5, 0.95].map(|q| time(&group.durations, q));
        Group {
            path: path.to_string(),
            count: group.durations.count,
            average: group.durations.average(),
            min: group.durations.min,
            median,
            p95,
            max: group.durations.max,
            requests: group.requests.requests,
            failures: group.requests.failures,
        }
    });
    let metrics = measured::kept_apart(totals, lasted);
    (state.metrics, left_out.metrics) = first(MOST, metrics.into_iter(), |one| Measured {
        name: one.name,
        kind: one.kind.name(),
        unit: one.unit,
        tags: one.tags,
        values: one.values,
    });
    state.arrivals = info.map(|info| arrived(info, totals)).unwrap_or_default();
    let mut failures: Vec<_> = totals.failures.iter().collect();
    failures.sort_by_key(|(_, seen)| std::cmp::Reverse(seen.count));
    (state.failures, left_out.failures) = first(MOST, failures.into_iter(), |(key, seen)| Failure {
        method: key.method.clone(),
        name: key.name.clone(),
        error: key.error.clone(),
        count: seen.count,
        first: second(seen.first),
        last: second(seen.last),
    });
    let mut exceptions: Vec<_> = totals.exceptions.iter().collect();
    exceptions.sort_by_key(|(_, count)| std::cmp::Reverse(count.seen.count));
    (state.exceptions, left_out.exceptions) =
        first(MOST_EXCEPTIONS, exceptions.into_iter(), |(key, count)| Exception {
            message: key.message.clone(),
            traceback: key.traceback.clone(),
            count: count.seen.count,
            first: second(count.seen.first),
            last: second(count.seen.last),
            class: count.origin.class.clone(),
            task: count.origin.task.clone(),
        });
    state.left_out = left_out;
}

/// The first of them, and how many are left.
fn first<T, U>(
    most: usize,
    all: impl ExactSizeIterator<Item = T>,
    shape: impl FnMut(T) -> U,
) -> (Vec<U>, usize) {
    let left_out = all.len().saturating_sub(most);
    (all.take(most).map(shape).collect(), left_out)
}

fn arrived(info: &RunInfo, totals: &Snapshot) -> Vec<Arrival> {
    let shape = |row: arrivals::Row<'_>| {
        let [median, p95, p99] = [0.5, 0.95, 0.99].map(|q| time(row.trend, q));
        Arrival {
            scenario: row.scenario.to_owned(),
            metric: row.metric.to_owned(),
            count: row.trend.count,
            average: row.trend.average(),
            min: row.trend.min,
            median,
            p95,
            p99,
            max: row.trend.max,
        }
    };
    arrivals::rows(info, totals).into_iter().map(shape).collect()
}

fn time(trend: &Trend, q: f64) -> f64 {
    trend.percentile(q)
}

fn second(second: u64) -> f64 {
    second as f64 * 1000.0
}

pub(super) fn judged(thresholds: &[Threshold]) -> Vec<Judged> {
    let judged = |threshold: &Threshold| Judged {
        selector: threshold.selector.clone(),
        expression: threshold.expression.clone(),
        unit: threshold.unit,
        value: threshold.value,
        measured: measured::value_or_why(threshold),
        outcome: match threshold.outcome {
            Outcome::Held => "held",
            Outcome::Crossed => "crossed",
            Outcome::NoSamples | Outcome::Uncertain(_) => "unknown",
        },
    };
    thresholds.iter().map(judged).collect()
}

pub(super) fn workers(workers: &[WorkerState]) -> Vec<Worker> {
    let shape = |(number, worker): (usize, &WorkerState)| Worker {
        name: number.to_string(),
        users: worker.users,
        most_users: worker.most_users.max(worker.users),
        rps: short(worker.rate),
        requests: worker.requests,
        cpu: worker.ran.map(short),
        busiest: worker.busiest.map(short),
        waited: worker.robbed.map(short),
        late: short(worker.late.as_secs_f64() * 1e3),
        latest: short(worker.latest.as_secs_f64() * 1e3),
    };
    workers.iter().enumerate().map(shape).collect()
}

/// The part of the users that each class has just now.
pub(super) fn classes(users: &[(std::sync::Arc<str>, u64)]) -> Vec<Share> {
    let all: u64 = users.iter().map(|(_, users)| users).sum();
    let ratio = |users: u64| if all == 0 { 0.0 } else { users as f64 / all as f64 };
    let share = |(name, users): &(std::sync::Arc<str>, u64)| Share {
        name: name.to_string(),
        ratio: ratio(*users),
        parts: Vec::new(),
    };
    users.iter().map(share).collect()
}

/// How a run stands. That a threshold has nothing to judge yet is nothing against it.
pub(super) fn verdict(verdict: &crate::event::Verdict) -> Verdict {
    let kinds = kinds(verdict);
    let word = match verdict.judgement {
        Judgement::Passed => "passed",
        Judgement::Failed => "failed",
        Judgement::Inconclusive if !verdict.doubts.is_empty() || kinds.contains(&"note") => "inconclusive",
        Judgement::Inconclusive if kinds.contains(&"failure") => "failed",
        Judgement::Inconclusive => "unjudged",
    };
    Verdict { word, is_final: false, reasons: verdict.reasons.clone(), kinds }
}

fn kinds(verdict: &crate::event::Verdict) -> Vec<&'static str> {
    let kind = |reason: &String| match verdict.kind(reason) {
        Kind::Failure => "failure",
        Kind::Unknown => "unknown",
        Kind::Note => "note",
    };
    verdict.reasons.iter().map(kind).collect()
}

/// What a run that has ended came to.
pub(super) fn outcome(state: &mut State, summary: &Summary) {
    let word = match summary.exit {
        Exit::Ok => "passed",
        Exit::Inconclusive => "inconclusive",
        Exit::Signal => "stopped",
        Exit::Abort => "aborted",
        _ => "failed",
    };
    state.now.users = 0;
    let reasons = summary.verdict.reasons.clone();
    state.now.verdict = Verdict { word, is_final: true, reasons, kinds: kinds(&summary.verdict) };
    let run = &mut state.run;
    run.state = crate::event::State::Ended;
    run.ended_at = Some(moment(summary.ended_at));
    run.since = moment(summary.since);
    run.elapsed = summary.elapsed.as_secs_f64();
    run.exit_code = Some(summary.code());
    run.stop = Some(sections::ending(&summary.stop));
    run.most_users = run.most_users.max(summary.users.most);
    let elapsed = summary.elapsed.as_secs_f64();
    state.thresholds = judged(&summary.thresholds);
    state.notes = sections::noted(summary);
    if !summary.workers.is_empty() {
        state.workers = workers(&summary.workers);
    }
    for worker in &mut state.workers {
        worker.users = 0;
        worker.rps = if elapsed > 0.0 { worker.requests as f64 / elapsed } else { 0.0 };
    }
    // A stop by a fault tells it in full.
    if let Stop::Fault(fault) = &summary.stop {
        let place = fault.at.as_ref().map(|at| format!(" ({}:{})", at.file, at.line)).unwrap_or_default();
        state.notes.push(format!("{}{place}", fault.what));
    }
}

/// The time that rates refer to.
pub(super) fn lasted(since: SystemTime, now: SystemTime) -> Duration {
    now.max(UNIX_EPOCH).duration_since(since).unwrap_or_default()
}
