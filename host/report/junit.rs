//! The JUnit report (`--junit`): what went wrong where a CI server shows tests. A case for each
//! named request, each check and each error, and one for the run itself. Written at the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use jiff::Timestamp;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::measured::value_of;
use super::sink::Sink;
use super::target::Target;
use super::text::counted;
use crate::event::{Event, Outcome, RunInfo, Stop, Summary, Threshold};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::metrics::{Entry, Label, ShareKey, Snapshot, Trend};

/// Errors that the case of a request quotes.
const QUOTED: usize = 5;

pub(super) struct Junit {
    target: Target,
    info: Option<Arc<RunInfo>>,
}

impl Junit {
    pub(super) fn new(target: Target) -> Self {
        Junit { target, info: None }
    }
}

impl Sink for Junit {
    fn on(&mut self, event: &Event) -> Result<(), Fault> {
        match event {
            Event::Started(info) => self.info = Some(info.clone()),
            Event::Done(summary) => {
                return self.target.replace(render(summary, self.info.as_deref()).as_bytes());
            }
            Event::Tick(_) | Event::Log(_) => {}
        }
        Ok(())
    }
}

pub(super) fn render(summary: &Summary, info: Option<&RunInfo>) -> String {
    let totals = &*summary.totals;
    let mut suite = TestSuite::new(name(info));
    let since = summary.started_at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let since = Timestamp::from_second(i64::try_from(since).unwrap_or(i64::MAX)).unwrap_or(Timestamp::MAX);
    suite.extra.insert("timestamp".into(), since.strftime("%Y-%m-%dT%H:%M:%S").to_string().into());
    suite.set_time(summary.elapsed);
    if let Some(info) = info {
        suite.add_property(("environment", info.environment.as_str()));
        suite.add_property(("seed", info.seed.to_string().as_str()));
        if let Some(host) = &info.host {
            suite.add_property(("host", host.as_str()));
        }
    }
    // Those of scenarios have suites of their own.
    let scenarios: Vec<&str> = info.iter().flat_map(|info| &info.scenarios).map(String::as_str).collect();
    let has_own = !scenarios.is_empty() && !totals.shares.is_empty();
    let is_told = |label: &Label| has_own && totals.shares.keys().any(|key| own(key, label, &scenarios));
    let rest = totals.entries.iter().filter(|(label, _)| !is_told(label));
    suite.add_test_cases(rest.map(|(label, entry)| request(label, entry, totals)));
    for (key, count) in &totals.checks {
        let path =
            if key.group.is_empty() { key.name.clone() } else { format!("{}::{}", key.group, key.name) };
        let all = count.passes + count.fails;
        let failed = (count.fails > 0).then(|| format!("{} of {all} did not hold", count.fails));
        suite.add_test_case(case("checks", path, failed));
    }
    suite.add_test_cases(summary.thresholds.iter().map(threshold));
    for (key, count) in &totals.exceptions {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(format!("raised {}", times(count.seen.count)));
        status.set_description(format!("{}\n{}", key.message, key.traceback).trim_end());
        let first = key.message.lines().next().unwrap_or_default();
        let mut case = TestCase::new(first, status);
        case.set_classname("errors");
        suite.add_test_case(case);
    }
    suite.add_test_case(run(summary));
    let mut report = Report::new("e2e");
    report.set_time(summary.elapsed);
    if has_own {
        report.add_test_suites(scenarios.iter().map(|name| scenario(name, totals)));
    }
    report.add_test_suite(suite);
    // Into memory, from texts that it has made fit for XML itself.
    report.to_string().unwrap_or_default()
}

/// Whether a share is of these requests, within one of the scenarios.
fn own(key: &ShareKey, label: &Label, scenarios: &[&str]) -> bool {
    key.name == label.name && key.method == label.method && scenarios.contains(&key.scenario.as_str())
}

/// The suite of a scenario: its requests.
fn scenario(scenario: &str, totals: &Snapshot) -> TestSuite {
    let mut suite = TestSuite::new(scenario);
    let mut requests: BTreeMap<Label, (u64, Trend)> = BTreeMap::new();
    for (key, durations) in totals.shares.iter().filter(|(key, _)| key.scenario == scenario) {
        let label = Label { name: key.name.clone(), method: key.method.clone() };
        let (failures, all) = requests.entry(label).or_default();
        *failures += if key.failed { durations.count } else { 0 };
        all.merge(durations);
    }
    for (label, (failures, durations)) in &requests {
        let all = counted(durations.count, "request");
        let failed = (*failures > 0).then(|| format!("{failures} of {all} failed"));
        let mut case = case("requests", title(label), failed);
        case.set_time(Duration::from_nanos((durations.average() * 1e6) as u64));
        if *failures > 0 {
            describe(&mut case, label, totals);
        }
        suite.add_test_case(case);
    }
    suite
}

/// The suite: what the user named, classes or scripts.
fn name(info: Option<&RunInfo>) -> String {
    let Some(info) = info else { return "e2e".to_owned() };
    let names = if info.classes.is_empty() { &info.scripts } else { &info.classes };
    names.join(", ")
}

/// Method and name; once, where the name begins with the method.
fn title(label: &Label) -> String {
    let Label { method, name } = label;
    match name.strip_prefix(method.as_str()).is_some_and(|rest| rest.starts_with(' ')) {
        true => name.clone(),
        false => format!("{method} {name}").trim().to_owned(),
    }
}

fn request(label: &Label, entry: &Entry, totals: &Snapshot) -> TestCase {
    let failed = (entry.failures > 0)
        .then(|| format!("{} of {} failed", entry.failures, counted(entry.requests, "request")));
    let mut case = case("requests", title(label), failed);
    // How long one took: the report is about requests, and their number is no duration.
    case.set_time(Duration::from_nanos((entry.average() * 1e3) as u64));
    describe(&mut case, label, totals);
    case
}

/// Quotes the errors of these requests.
fn describe(case: &mut TestCase, label: &Label, totals: &Snapshot) {
    let own = |key: &crate::metrics::FailureKey| key.name == label.name && key.method == label.method;
    let mut errors: Vec<_> = totals.failures.iter().filter(|(key, _)| own(key)).collect();
    errors.sort_by_key(|(_, seen)| std::cmp::Reverse(seen.count));
    let mut lines: Vec<String> = errors
        .iter()
        .take(QUOTED)
        .map(|(key, seen)| format!("{} {}", times(seen.count), key.error))
        .collect();
    if errors.len() > QUOTED {
        lines.push(format!("and {} other errors", errors.len() - QUOTED));
    }
    if !lines.is_empty() {
        case.status.set_description(lines.join("\n"));
    }
}

fn threshold(threshold: &Threshold) -> TestCase {
    let measured = value_of(threshold).map(|value| format!("measured {value}"));
    let failed = match threshold.outcome {
        Outcome::Held => None,
        Outcome::Crossed => measured,
        Outcome::NoSamples => Some("inconclusive: nothing was measured".to_owned()),
        Outcome::Uncertain(doubt) => {
            let measured = measured.map(|text| format!(" ({text})")).unwrap_or_default();
            Some(format!("inconclusive: {doubt}{measured}"))
        }
    };
    case("thresholds", format!("{}: {}", threshold.selector, threshold.expression), failed)
}

/// That the run came to its end: what is neither a request's fault nor a check's.
fn run(summary: &Summary) -> TestCase {
    let why = match (&summary.stop, summary.exit) {
        (_, Exit::Ok | Exit::Failures | Exit::Threshold) => None,
        (_, Exit::Inconclusive) => None,
        (Stop::Abort(message), _) => Some(format!("aborted: {message}")),
        (Stop::Fault(fault), _) => Some(fault.what.clone()),
        (Stop::Signal, _) => Some("stopped by a signal".to_owned()),
        (_, exit) => Some(format!("exit {}", exit.code())),
    };
    let mut status = match why {
        None => TestCaseStatus::success(),
        Some(_) => TestCaseStatus::non_success(NonSuccessKind::Error),
    };
    if let Some(why) = why {
        status.set_message(why);
    }
    if !summary.notes.is_empty() {
        status.set_description(summary.notes.join("\n"));
    }
    let mut case = TestCase::new("the run", status);
    case.set_classname("run").set_time(summary.elapsed);
    case
}

fn case(class: &str, name: String, failed: Option<String>) -> TestCase {
    let status = match failed {
        None => TestCaseStatus::success(),
        Some(message) => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_message(message);
            status
        }
    };
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    case
}

fn times(count: u64) -> String {
    format!("{count}×")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn what_failed_is_a_failed_case() {
        let text = render(&sample::tiny(), Some(&sample::info()));
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="e2e" tests="2" skipped="0" failures="1" errors="0" time="2.500">
    <testsuite name="SmokeTestUser" tests="2" skipped="0" errors="0" failures="1" time="2.500" timestamp="2023-11-14T22:13:20">
        <properties>
            <property name="environment" value="local"/>
            <property name="seed" value="42"/>
            <property name="host" value="http://127.0.0.1:4000"/>
        </properties>
        <testcase name="GET /a" classname="requests" time="0.005">
            <failure message="1 of 3 requests failed">1× status 500, not &quot;200&quot;</failure>
        </testcase>
        <testcase name="the run" classname="run" time="2.500"/>
    </testsuite>
</testsuites>
"#;
        assert_eq!(text, expected, "{text}");
    }

    #[test]
    fn an_abort_and_an_error_are_errors() {
        let mut events = sample::events();
        let Some(Event::Done(summary)) = events.pop() else { panic!("the last is the summary") };
        let mut summary = (*summary).clone();
        summary.exit = Exit::Abort;
        summary.stop = Stop::Abort("no <documents> \u{1b}[1mleft".into());
        let text = render(&summary, None);
        assert!(text.contains("aborted: no &lt;documents&gt; "), "{text}");
        assert!(!text.contains('\u{1b}'));
        assert!(text.contains(r#"classname="errors""#) && text.contains("raised 3×"), "{text}");
        assert!(text.contains("3 of 126 did not hold"), "{text}");
    }
}
