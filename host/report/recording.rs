//! The HDR logs of runs, read again: added up exactly, and told as one run. Used by `app` for
//! `e2e report` and `--baseline`; what writes them is `outlets/hdr`.

mod judged;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;

use judged::{health, thresholds, verdict};

use super::outlets::{End, Interval, Run, SECTION, Section};
use super::target::reason;
use crate::event::{Event, RunInfo, SoFar, Stop, Summary, Tick, Users, Verdict};
use crate::exit::Exit;
use crate::fault::{Fault, Place};
use crate::load::Segment;
use crate::metrics::{Baseline, Buckets, Entry, Snapshot};

/// What ends a run as it was meant to.
const ENDINGS: [&str; 5] = ["run_time", "iterations", "shape_ended", "scenarios_ended", "users_ended"];

/// One log.
#[derive(Debug)]
pub struct Recording {
    run: Run,
    intervals: Vec<Interval>,
    /// None where the run was cut off.
    end: Option<End>,
}

/// An interval whose histograms are yet to come.
struct Open {
    interval: Interval,
    /// In the order of its entries.
    buckets: Vec<Buckets>,
}

impl Recording {
    /// Reads a log that `--out hdr=FILE` wrote.
    ///
    /// # Errors
    /// [`Exit::Config`]: it cannot be read, is no such log, or is damaged. A run that was killed
    /// has a log that ends somewhere: what is whole of it is read.
    pub fn read(path: &Path) -> Result<Recording, Fault> {
        let shown = path.display();
        let bytes = fs::read(path).map_err(|error| {
            Fault::new(Exit::Config, format!("cannot read the log `{shown}`")).why(reason(&error))
        })?;
        let text = String::from_utf8_lossy(&bytes);
        let mut recording = Recording { run: Run::default(), intervals: Vec::new(), end: None };
        let (mut begun, mut open) = (false, None);
        // A line without its end was being written when the run was killed.
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        for (index, line) in whole.lines().enumerate() {
            let damaged = |why: String| {
                let what = format!("the log `{shown}` is damaged");
                let place = Place { file: shown.to_string(), line: index + 1, column: None, source: None };
                Fault::new(Exit::Config, what).at(place).why(why)
            };
            if let Some(json) = line.strip_prefix(SECTION) {
                if open.is_some() {
                    return Err(damaged("histograms of the interval before are missing".to_owned()));
                }
                let section = serde_json::from_str(json).map_err(|why| damaged(why.to_string()))?;
                begun |= matches!(section, Section::Run(_));
                recording.section(section, &mut open);
            } else if line.starts_with("Tag=") {
                let Some(own) = &mut open else {
                    return Err(damaged("a histogram belongs to no interval".to_owned()));
                };
                own.add(line).map_err(damaged)?;
            }
            if open.as_ref().is_some_and(Open::is_whole) {
                recording.intervals.extend(open.take().map(Open::close));
            }
        }
        if !begun {
            let what = format!("`{shown}` is no log of a run");
            return Err(Fault::new(Exit::Config, what)
                .why("it has no line that begins with `#e2e `")
                .help("`--out hdr=FILE` writes one"));
        }
        Ok(recording)
    }

    fn section(&mut self, section: Section, open: &mut Option<Open>) {
        match section {
            Section::Run(run) => self.run = run,
            Section::Reset => self.intervals.clear(),
            Section::End(end) => self.end = Some(end),
            Section::Interval(interval) => *open = Some(Open { interval: *interval, buckets: Vec::new() }),
        }
    }

    /// What a run is compared with.
    pub fn baseline(&self) -> Baseline {
        Baseline { totals: self.totals().into(), watched: self.run.watched.clone() }
    }

    /// All that was measured.
    pub fn totals(&self) -> Snapshot {
        let mut totals = Snapshot::default();
        self.intervals.iter().for_each(|interval| totals.merge(&interval.measured));
        totals
    }

    /// From when to when rates are about it, us since 1970.
    fn span(&self) -> (u64, u64) {
        let first = micros(self.intervals.first().map_or(self.run.started_at, |interval| interval.since));
        let last = self.intervals.last().map_or(first, |interval| micros(interval.at));
        let lasted = match &self.end {
            Some(End { lasted_us: Some(lasted), .. }) => *lasted,
            Some(end) => micros(end.elapsed_ms).min(micros(end.at).saturating_sub(first)),
            None => last.saturating_sub(first),
        };
        (first, first.saturating_add(lasted))
    }

    /// From its first users to its last, us since 1970.
    fn users(&self) -> (u64, u64) {
        let (first, last) = self.span();
        let elapsed = self.end.as_ref().map_or(last - first, |end| micros(end.elapsed_ms));
        (last.saturating_sub(elapsed), last)
    }

    /// When it was over, ms since 1970.
    fn ended(&self) -> u64 {
        let last = self.intervals.last().map_or(self.run.started_at, |interval| interval.at);
        self.end.as_ref().map_or(last, |end| end.at)
    }

    fn exit(&self, totals: &Snapshot) -> Exit {
        let failed = totals.total.failures > 0 || totals.all_exceptions() > 0;
        let failures = if failed { Exit::Failures } else { Exit::Ok };
        match &self.end {
            // Thresholds are judged again, unless one ended the run.
            Some(End { exit: 99 | 112, stop, doubts, .. })
                if stop.is_empty() || ENDINGS.contains(&stop.as_str()) =>
            {
                let doubted = if doubts.is_empty() { Exit::Ok } else { Exit::Inconclusive };
                failures.worst(doubted)
            }
            Some(end) => Exit::of_code(end.exit).unwrap_or(Exit::Internal),
            // It was killed: nobody knows what the rest would have been.
            None => failures.worst(Exit::Signal),
        }
    }

    fn stop(&self) -> Stop {
        let Some(end) = &self.end else { return Stop::Signal };
        match end.stop.as_str() {
            "run_time" => Stop::RunTime,
            "iterations" => Stop::Iterations,
            "shape_ended" => Stop::ShapeEnded,
            "scenarios_ended" => Stop::ScenariosEnded,
            "users_ended" => Stop::UsersEnded,
            "finished" => Stop::Finished,
            "signal" => Stop::Signal,
            "changed" => Stop::Changed,
            text => match Exit::of_code(end.exit) {
                Some(Exit::Abort) | None => Stop::Abort(text.to_owned()),
                Some(Exit::Threshold) => Stop::Threshold(text.to_owned()),
                Some(exit) => Stop::Fault(Fault::new(exit, text)),
            },
        }
    }
}

impl Open {
    fn is_whole(&self) -> bool {
        self.buckets.len() == self.interval.measured.entries.len()
    }

    /// Takes the next histogram.
    fn add(&mut self, line: &str) -> Result<(), String> {
        let encoded = line.rsplit(',').next().unwrap_or_default();
        let bytes = STANDARD.decode(encoded).map_err(|why| why.to_string())?;
        let histogram: Histogram<u64> =
            Deserializer::new().deserialize(&mut &*bytes).map_err(|why| why.to_string())?;
        let expected = self.interval.measured.entries.values().nth(self.buckets.len());
        if expected.is_none_or(|entry| entry.requests != histogram.len()) {
            return Err("a histogram holds another number of requests than its interval says".to_owned());
        }
        let mut buckets = Buckets::default();
        for step in histogram.iter_recorded() {
            let highest = u32::try_from(step.value_iterated_to()).unwrap_or(u32::MAX);
            buckets.add(highest, step.count_at_value());
        }
        self.buckets.push(buckets);
        Ok(())
    }

    fn close(self) -> Interval {
        let Open { mut interval, buckets } = self;
        let measured = &mut interval.measured;
        for (entry, buckets) in measured.entries.values_mut().zip(buckets) {
            entry.buckets = buckets;
        }
        let mut total = Entry::default();
        measured.entries.values().for_each(|entry| total.merge(entry));
        measured.total = total;
        interval
    }
}

/// Several recordings as one run: its events, from `Started` to `Done`, as if it happened now.
/// Runs at the same time add up; the rates of runs one after another are per second of running.
/// Thresholds about a baseline are judged again where there is one.
pub fn replay(recordings: &[Recording], baseline: Option<&Baseline>) -> Vec<Event> {
    let started_at = recordings.iter().map(|one| one.run.started_at).min().unwrap_or_default();
    let info = info(recordings, time(started_at));
    let watched = info.watched.clone();
    let mut events = Vec::new();
    let spans: Vec<(u64, u64)> = recordings.iter().map(Recording::span).collect();
    let since = spans.iter().map(|span| span.0 / 1000).min().unwrap_or(started_at);
    let ended = recordings.iter().map(Recording::ended).max().unwrap_or(started_at);
    let mut intervals: Vec<(usize, &Interval)> = Vec::new();
    for (number, recording) in recordings.iter().enumerate() {
        intervals.extend(recording.intervals.iter().map(|interval| (number, interval)));
    }
    intervals.sort_by_key(|(_, interval)| interval.at);
    let mut users = vec![0; recordings.len()];
    let mut seen = Users::planned(info.users);
    // Those that the next tick has heard of.
    let mut heard = vec![false; recordings.len()];
    let (mut totals, mut fresh) = (Snapshot::default(), Snapshot::default());
    let numbers: Vec<Vec<u32>> =
        recordings.iter().map(|one| renumbered(&one.run.watched, &watched)).collect();
    for (index, (number, interval)) in intervals.iter().enumerate() {
        users[*number] = interval.users;
        heard[*number] = true;
        fresh.merge(&interval.measured.renumbered(&numbers[*number]));
        // The last one is the summary's. A tick is a second of all; of one recording what was a tick of it.
        let next = intervals.get(index + 1);
        if next.is_some_and(|(number, next)| next.at / 1000 > interval.at / 1000 || heard[*number]) {
            heard.fill(false);
            seen.see(users.iter().sum());
            totals.merge(&fresh);
            let passed = covered(spans.iter().map(|(from, to)| (*from, (*to).min(micros(interval.at)))));
            events.push(Event::Tick(Tick {
                elapsed: Duration::from_millis(interval.at.saturating_sub(started_at)),
                at: time(interval.at),
                users: users.iter().sum(),
                classes: Arc::default(),
                totals: Arc::new(totals.clone()),
                interval: Arc::new(std::mem::take(&mut fresh)),
                // Rates are per second of running.
                since: time(interval.at) - passed,
                so_far: SoFar::default(),
            }));
        }
    }
    totals.merge(&fresh);
    let mut summary = summary(recordings, totals, fresh);
    summary.users = match recordings {
        // How many there were between two ticks it knows best itself.
        [Recording { end: Some(End { users: Some(users), .. }), .. }] => *users,
        _ => seen,
    };
    summary.thresholds = thresholds(recordings, &summary, (&watched, baseline));
    for threshold in &summary.thresholds {
        summary.exit = summary.exit.worst(threshold.outcome.exit());
    }
    summary.verdict = verdict(recordings, &summary);
    let (started_at, ended_at, since) = (time(started_at), time(ended), time(since));
    events.push(Event::Done(Arc::new(Summary { started_at, ended_at, since, ..summary })));
    events.insert(0, Event::Started(Arc::new(info)));
    events
}

/// How many users were aimed at, at the same time.
fn most_users(recordings: &[Recording]) -> u64 {
    let spans: Vec<((u64, u64), u64)> = recordings.iter().map(|one| (one.users(), one.run.users)).collect();
    let beside = |at: u64| {
        let there = spans.iter().filter(|((from, to), _)| (*from..=*to).contains(&at));
        there.map(|(_, users)| users).sum()
    };
    spans.iter().map(|((from, _), _)| beside(*from)).max().unwrap_or(0)
}

fn info(recordings: &[Recording], started_at: SystemTime) -> RunInfo {
    let joined = |texts: &mut dyn Iterator<Item = &String>| {
        let mut all: Vec<String> = Vec::new();
        for text in texts {
            if !all.contains(text) {
                all.push(text.clone());
            }
        }
        all
    };
    let runs = || recordings.iter().map(|one| &one.run);
    let hosts = joined(&mut runs().filter_map(|run| run.host.as_ref()));
    RunInfo {
        environment: joined(&mut runs().map(|run| &run.environment)).join(", "),
        host: (!hosts.is_empty()).then(|| hosts.join(", ")),
        scripts: joined(&mut runs().flat_map(|run| &run.scripts)),
        classes: joined(&mut runs().flat_map(|run| &run.classes)),
        users: most_users(recordings),
        spawn_rate: runs().map(|run| run.spawn_rate).sum(),
        shape: None,
        scenarios: joined(&mut runs().flat_map(|run| &run.scenarios)),
        run_time: None,
        workers: runs().map(|run| run.workers).sum(),
        segment: Segment::WHOLE,
        processes: 1,
        watched: joined(&mut runs().flat_map(|run| &run.watched)),
        seed: runs().next().map_or(0, |run| run.seed),
        started_at,
        about: Arc::default(),
    }
}

/// The summary but for its times.
fn summary(recordings: &[Recording], totals: Snapshot, interval: Snapshot) -> Summary {
    let exits: Vec<Exit> = recordings.iter().map(|one| one.exit(&one.totals())).collect();
    let exit = exits.iter().fold(Exit::Ok, |worst, exit| worst.worst(*exit));
    let gravest = exits.iter().position(|one| *one == exit).unwrap_or(0);
    let ends = || recordings.iter().filter_map(|one| one.end.as_ref());
    let mut notes: Vec<String> = ends().flat_map(|end| end.notes.clone()).collect();
    let cut = recordings.len() - ends().count();
    if cut > 0 {
        notes.push(format!("{cut} of {} logs have no end: the run was killed", recordings.len()));
    }
    Summary {
        totals: Arc::new(totals),
        interval: Arc::new(interval),
        elapsed: covered(recordings.iter().map(Recording::users)),
        users: Users::default(),
        lasted: covered(recordings.iter().map(Recording::span)),
        started_at: UNIX_EPOCH,
        ended_at: UNIX_EPOCH,
        since: UNIX_EPOCH,
        stop: recordings.get(gravest).map_or(Stop::UsersEnded, Recording::stop),
        exit,
        failures_code: Exit::Failures.code(),
        thresholds: Vec::new(),
        interrupted: ends().map(|end| end.interrupted).sum(),
        verdict: Verdict::default(),
        health: health(recordings),
        notes,
        workers: Arc::default(),
    }
}

/// The place in `all` of each of these.
fn renumbered(own: &[String], all: &[String]) -> Vec<u32> {
    let place = |name: &String| all.iter().position(|known| known == name).unwrap_or(all.len());
    own.iter().map(|name| u32::try_from(place(name)).unwrap_or(u32::MAX)).collect()
}

/// How long at least one of the spans (us) lasted.
fn covered(spans: impl Iterator<Item = (u64, u64)>) -> Duration {
    let mut spans: Vec<(u64, u64)> = spans.collect();
    spans.sort_unstable();
    let (mut all, mut until) = (0, 0);
    for (from, to) in spans {
        all += to.saturating_sub(from.max(until));
        until = until.max(to);
    }
    Duration::from_micros(all)
}

fn micros(millis: u64) -> u64 {
    millis.saturating_mul(1000)
}

fn time(millis: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "recording_tests.rs"]
mod tests;
