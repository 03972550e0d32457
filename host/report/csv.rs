//! Locust's four CSV files. Statistics, failures and exceptions are replaced
//! as a whole at each tick and at the end; the history grows by a row a tick.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use jiff::Timestamp;

use super::arrivals::{self, Row};
use super::files::{CSV, CSV_ARRIVALS, beginning_with};
use super::sink::Sink;
use super::target::{Target, lost};
use crate::event::{Event, RunInfo};
use crate::fault::Fault;
use crate::metrics::{Entry, Label, PERCENTILES, Snapshot, Span, epoch};

pub(super) struct Csv {
    stats: Target,
    failures: Target,
    exceptions: Target,
    history: Target,
    /// The prefix of all files; what is written where there are arrivals.
    prefix: PathBuf,
    arrivals: Option<(Target, Arc<RunInfo>)>,
    /// A history row for each name as well.
    full: bool,
    /// Open from the start of the run on, until a row is lost.
    log: Option<File>,
    newest: Option<Newest>,
}

/// The measurements and the moment a set of rows is about.
pub(super) struct View<'a> {
    pub(super) totals: &'a Snapshot,
    pub(super) span: Span,
    pub(super) at: SystemTime,
    pub(super) users: u64,
}

impl Csv {
    /// Checks the four paths that begin with `prefix`.
    ///
    /// # Errors
    /// [`crate::exit::Exit::Config`] for a path that cannot be written.
    pub(super) fn prepare(prefix: &Path, full: bool) -> Result<Self, Fault> {
        let [stats, failures, exceptions, history] = CSV;
        let target = |suffix| Target::prepare(&beginning_with(prefix, suffix));
        Ok(Csv {
            stats: target(stats)?,
            failures: target(failures)?,
            exceptions: target(exceptions)?,
            history: target(history)?,
            prefix: prefix.to_owned(),
            arrivals: None,
            full,
            log: None,
            newest: None,
        })
    }

    /// Puts the three whole files in place; the first fault, after trying all.
    fn replace(&self, view: &View<'_>) -> Result<(), Fault> {
        let stats = self.stats.replace(stats(view).as_bytes());
        let failures = self.failures.replace(failures(view.totals).as_bytes());
        let exceptions = self.exceptions.replace(exceptions(view.totals).as_bytes());
        let arrivals = match &self.arrivals {
            Some((target, info)) => target.replace(arrivals(info, view.totals).as_bytes()),
            None => Ok(()),
        };
        stats.and(failures).and(exceptions).and(arrivals)
    }

    fn begin(&mut self) -> Result<(), Fault> {
        let opened = File::create(self.history.path())
            .and_then(|mut file| file.write_all(history_heads().as_bytes()).map(|()| file));
        self.log = Some(opened.map_err(|error| lost(self.history.path(), &error))?);
        Ok(())
    }

    fn append(&mut self, view: &View<'_>, is_last: bool) -> Result<(), Fault> {
        let Some(log) = &mut self.log else { return Ok(()) };
        let written = append(log, &mut self.newest, (view, is_last), self.full);
        written.map_err(|error| {
            // One fault tells it; a history with a hole would look whole.
            self.log = None;
            lost(self.history.path(), &error)
        })
    }
}

impl Sink for Csv {
    fn on(&mut self, event: &Event) -> Result<(), Fault> {
        match event {
            Event::Started(info) => {
                if arrivals::has_any(info) {
                    let target = Target::prepare(&beginning_with(&self.prefix, CSV_ARRIVALS))?;
                    self.arrivals = Some((target, info.clone()));
                }
                let totals = Snapshot::default();
                let span = Span::of(&totals, info.started_at, info.started_at);
                // A failure here or at a tick is made good by the next rewrite.
                let _ = self.replace(&View { totals: &totals, span, at: info.started_at, users: 0 });
                self.begin()
            }
            Event::Tick(tick) => {
                let at = tick.at;
                let span = Span::of(&tick.totals, tick.since, at);
                let view = View { totals: &tick.totals, span, at, users: tick.users };
                let _ = self.replace(&view);
                self.append(&view, false)
            }
            Event::Log(_) => Ok(()),
            Event::Done(summary) => {
                let at = summary.ended_at;
                let view = View { totals: &summary.totals, span: summary.span(), at, users: 0 };
                let replaced = self.replace(&view);
                let appended = self.append(&view, true);
                replaced.and(appended)
            }
        }
    }
}

/// The newest rows of a history: their second, where they begin, and the users that they tell.
#[derive(Clone, Copy)]
pub(super) struct Newest {
    second: u64,
    start: u64,
    users: u64,
}

/// Adds the rows of a second to the history; the last ones of a run stand for those of the same second, but for the
/// users, who are gone by then.
pub(super) fn append(
    file: &mut File,
    newest: &mut Option<Newest>,
    (view, is_last): (&View<'_>, bool),
    full: bool,
) -> io::Result<()> {
    let (second, mut users) = (epoch(view.at) as u64, view.users);
    if let Some(before) = newest.filter(|newest| is_last && newest.second == second) {
        // What is no file keeps both.
        let _ = file.set_len(before.start).and_then(|()| file.seek(SeekFrom::Start(before.start)));
        users = before.users;
    }
    *newest = file.stream_position().ok().map(|start| Newest { second, start, users });
    file.write_all(history(&View { users, ..*view }, full).as_bytes())
}

pub(super) fn stats(view: &View<'_>) -> String {
    let mut lines = Lines::default();
    let heads = [
        "Type",
        "Name",
        "Request Count",
        "Failure Count",
        "Median Response Time",
        "Average Response Time",
        "Min Response Time",
        "Max Response Time",
        "Average Content Size",
        "Requests/s",
        "Failures/s",
    ];
    lines.row(heads.into_iter().chain(PERCENTILES.map(|(_, head)| head)).map(str::to_owned));
    for (label, entry) in rows(view.totals, true) {
        let [median, average, min, max, size] = times(entry);
        let columns = [
            label.method.clone(),
            label.name.clone(),
            entry.requests.to_string(),
            entry.failures.to_string(),
            median,
            average,
            min,
            max,
            size,
            float(view.span.rate(entry.requests)),
            float(view.span.rate(entry.failures)),
        ];
        lines.row(columns.into_iter().chain(percentiles(entry)));
    }
    lines.0
}

/// The first row of the history.
pub(super) fn history_heads() -> String {
    let mut head = Lines::default();
    head.row(history_head());
    head.0
}

fn history_head() -> impl Iterator<Item = String> {
    let before = ["Timestamp", "User Count", "Type", "Name", "Requests/s", "Failures/s"];
    let after = [
        "Total Request Count",
        "Total Failure Count",
        "Total Median Response Time",
        "Total Average Response Time",
        "Total Min Response Time",
        "Total Max Response Time",
        "Total Average Content Size",
    ];
    before.into_iter().chain(PERCENTILES.map(|(_, head)| head)).chain(after).map(str::to_owned)
}

pub(super) fn history(view: &View<'_>, full: bool) -> String {
    let mut lines = Lines::default();
    let second = epoch(view.at) as u64;
    for (label, entry) in rows(view.totals, full) {
        let before = [
            second.to_string(),
            view.users.to_string(),
            label.method.clone(),
            label.name.clone(),
            format!("{:.6}", view.span.current(&entry.requests_at)),
            format!("{:.6}", view.span.current(&entry.failures_at)),
        ];
        let counts = [entry.requests.to_string(), entry.failures.to_string()];
        lines.row(before.into_iter().chain(percentiles(entry)).chain(counts).chain(times(entry)));
    }
    lines.0
}

/// What was measured of scenarios at an arrival rate; times in ms, with fractions.
pub(super) fn arrivals(info: &RunInfo, totals: &Snapshot) -> String {
    let mut lines = Lines::default();
    let heads = ["Scenario", "Metric", "Count", "Average", "Min"];
    lines.row(heads.into_iter().chain(PERCENTILES.map(|(_, head)| head)).map(str::to_owned));
    for Row { scenario, metric, trend } in arrivals::rows(info, totals) {
        let before = [
            scenario.to_owned(),
            metric.to_owned(),
            trend.count.to_string(),
            float(trend.average()),
            float(trend.min),
        ];
        lines.row(before.into_iter().chain(PERCENTILES.map(|(q, _)| float(trend.percentile(q)))));
    }
    lines.0
}

pub(super) fn failures(totals: &Snapshot) -> String {
    let mut lines = Lines::default();
    lines.row(["Method", "Name", "Error", "Occurrences", "First Seen", "Last Seen"].map(str::to_owned));
    for (key, seen) in &totals.failures {
        lines.row([
            key.method.clone(),
            key.name.clone(),
            key.error.clone(),
            seen.count.to_string(),
            utc(seen.first),
            utc(seen.last),
        ]);
    }
    lines.0
}

pub(super) fn exceptions(totals: &Snapshot) -> String {
    let mut lines = Lines::default();
    lines.row(["Count", "Message", "Traceback", "Nodes"].map(str::to_owned));
    for (key, count) in &totals.exceptions {
        lines.row([
            count.seen.count.to_string(),
            key.message.clone(),
            key.traceback.clone(),
            "local".to_owned(),
        ]);
    }
    lines.0
}

/// The rows of a file, by name and method; the aggregate is the last, or the only one.
fn rows(totals: &Snapshot, all: bool) -> impl Iterator<Item = (Label, &Entry)> {
    let aggregate = Label { name: "Aggregated".to_owned(), method: String::new() };
    let entries = totals.entries.iter().filter(move |_| all);
    entries.map(|(label, entry)| ((**label).clone(), entry)).chain([(aggregate, &totals.total)])
}

/// Median, average, minimum, maximum (ms) and average size, as Locust prints them.
fn times(entry: &Entry) -> [String; 5] {
    if entry.requests == 0 {
        return ["0", "0.0", "0", "0", "0"].map(str::to_owned);
    }
    let requests = entry.requests as f64;
    [
        whole(entry.median()),
        float(entry.sum as f64 / (requests * 1000.0)),
        float(entry.min.unwrap_or(0) as f64 / 1000.0),
        float(entry.max as f64 / 1000.0),
        float(entry.average_bytes()),
    ]
}

fn percentiles(entry: &Entry) -> Vec<String> {
    if entry.requests == 0 {
        return vec!["N/A".to_owned(); PERCENTILES.len()];
    }
    entry.percentiles(&PERCENTILES.map(|(q, _)| q)).into_iter().map(whole).collect()
}

/// Whole ms, cut as Locust cuts them: rounded up they could exceed the maximum.
fn whole(us: u64) -> String {
    (us / 1000).to_string()
}

/// A float as Python prints it.
fn float(value: f64) -> String {
    let text = format!("{value:?}");
    match text.split_once('e') {
        None => text,
        Some((digits, exponent)) => match exponent.strip_prefix('-') {
            Some(exponent) => format!("{digits}e-{exponent:0>2}"),
            None => format!("{digits}e+{exponent:0>2}"),
        },
    }
}

fn utc(second: u64) -> String {
    let timestamp = Timestamp::from_second(i64::try_from(second).unwrap_or(i64::MAX));
    timestamp.unwrap_or(Timestamp::MAX).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Lines of CSV, quoted only where need be, ended by CRLF.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn row(&mut self, fields: impl IntoIterator<Item = String>) {
        for (index, field) in fields.into_iter().enumerate() {
            if index > 0 {
                self.0.push(',');
            }
            if field.contains([',', '"', '\r', '\n']) {
                self.0.push('"');
                self.0.push_str(&field.replace('"', "\"\""));
                self.0.push('"');
            } else {
                self.0.push_str(&field);
            }
        }
        self.0.push_str("\r\n");
    }
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;
