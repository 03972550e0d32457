//! `--out hdr=FILE`: an HDR interval log, as HdrHistogram's own tools read it. A histogram of
//! latencies in us each second for each method and name; between them, in comments, all else that
//! was measured, so that `recording` can add up runs and write every report.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::super::target::{Target, reason};
use super::{Carrier, News, Trouble};
use crate::config::Outlet;
use crate::event::{Health, Outcome, RunInfo, Stop, Summary, Threshold, Users};
use crate::fault::Fault;
use crate::metrics::{Change, Doubt, Label, Snapshot};

/// What begins a line of e2e's own: for other tools it is a comment.
pub(in super::super) const SECTION: &str = "#e2e ";
/// What a tag of the format must not hold, and `%`.
const ESCAPED: &AsciiSet = &CONTROLS.add(b' ').add(b',').add(b'%');

/// A line of e2e's own.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Section {
    Run(Run),
    Interval(Box<Interval>),
    /// Statistics begin anew: what stands above no longer counts.
    Reset,
    End(End),
}

/// What is known before the first request.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in super::super) struct Run {
    pub(in super::super) environment: String,
    pub(in super::super) host: Option<String>,
    pub(in super::super) scripts: Vec<String>,
    pub(in super::super) classes: Vec<String>,
    pub(in super::super) scenarios: Vec<String>,
    pub(in super::super) users: u64,
    pub(in super::super) spawn_rate: f64,
    pub(in super::super) seed: u64,
    pub(in super::super) workers: usize,
    /// Of the numbers in `watched`.
    pub(in super::super) watched: Vec<String>,
    /// ms since 1970.
    pub(in super::super) started_at: u64,
}

/// What came in since the one before. The latencies of its entries stand in the lines that follow,
/// one for each entry, in the same order.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in super::super) struct Interval {
    /// ms since 1970.
    pub(in super::super) at: u64,
    pub(in super::super) since: u64,
    pub(in super::super) users: u64,
    pub(in super::super) measured: Snapshot,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(in super::super) struct End {
    /// ms since 1970.
    pub(in super::super) at: u64,
    pub(in super::super) since: u64,
    pub(in super::super) elapsed_ms: u64,
    /// Logs of older versions have none, and neither what follows.
    pub(in super::super) users: Option<Users>,
    /// What rates are about, us.
    pub(in super::super) lasted_us: Option<u64>,
    pub(in super::super) interrupted: u64,
    pub(in super::super) notes: Vec<String>,
    /// The process's exit code as far as the run knew.
    pub(in super::super) exit: u8,
    pub(in super::super) stop: String,
    pub(in super::super) thresholds: Vec<Judged>,
    /// Why the generator could not be relied on.
    pub(in super::super) doubts: Vec<String>,
    pub(in super::super) health: Health,
}

/// A threshold, and what became of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in super::super) struct Judged {
    pub(in super::super) selector: String,
    pub(in super::super) expression: String,
    pub(in super::super) value: Option<f64>,
    /// None where nobody knows.
    pub(in super::super) held: Option<bool>,
    /// It is about a baseline.
    #[serde(default)]
    pub(in super::super) regression: bool,
    #[serde(default)]
    pub(in super::super) change: Option<Change>,
    /// Why nobody knows how it is beside the baseline.
    #[serde(default)]
    pub(in super::super) doubt: Option<Doubt>,
}

pub(super) struct HdrLog {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    /// Where the statistics begin.
    since: Option<SystemTime>,
    /// When the interval began.
    from: SystemTime,
    started: SystemTime,
}

impl HdrLog {
    pub(super) fn prepare(outlet: &Outlet) -> Result<HdrLog, Fault> {
        let path = PathBuf::from(&outlet.target);
        Target::prepare(&path)?;
        Ok(HdrLog { path, file: None, since: None, from: UNIX_EPOCH, started: UNIX_EPOCH })
    }

    fn begin(&mut self, info: &RunInfo) -> std::io::Result<()> {
        let mut file = BufWriter::new(File::create(&self.path)?);
        (self.from, self.started) = (info.started_at, info.started_at);
        let start = info.started_at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        writeln!(file, "#[Latencies in us by e2e {}]", env!("CARGO_PKG_VERSION"))?;
        writeln!(file, "#[Histogram log format version 1.3]")?;
        writeln!(file, "#[StartTime: {start:.3} (seconds since epoch)]")?;
        let columns = ["StartTimestamp", "Interval_Length", "Interval_Max", "Interval_Compressed_Histogram"];
        writeln!(file, "{}", columns.map(|column| format!("\"{column}\"")).join(","))?;
        let run = Run {
            environment: info.environment.clone(),
            host: info.host.clone(),
            scripts: info.scripts.clone(),
            classes: info.classes.clone(),
            scenarios: info.scenarios.clone(),
            users: info.users,
            spawn_rate: info.spawn_rate,
            seed: info.seed,
            workers: info.workers,
            watched: info.watched.clone(),
            started_at: millis(info.started_at),
        };
        write_section(&mut file, &Section::Run(run))?;
        file.flush()?;
        self.file = Some(file);
        Ok(())
    }

    fn interval(
        &mut self,
        (at, since): (SystemTime, SystemTime),
        users: u64,
        measured: &Snapshot,
    ) -> std::io::Result<()> {
        let Some(file) = &mut self.file else { return Err(std::io::Error::other("it was lost before")) };
        if self.since.replace(since).is_some_and(|before| before != since) {
            write_section(file, &Section::Reset)?;
        }
        let start = self.from.duration_since(self.started).unwrap_or_default();
        let length = at.duration_since(self.from).unwrap_or_default();
        self.from = at;
        let mut slim = measured.clone();
        slim.entries.values_mut().for_each(|entry| entry.buckets.clear());
        // The sum of the entries.
        slim.total = Default::default();
        let interval = Interval { at: millis(at), since: millis(since), users, measured: slim };
        write_section(file, &Section::Interval(Box::new(interval)))?;
        for (label, entry) in &measured.entries {
            let mut histogram = empty();
            for (highest, count) in entry.buckets.iter() {
                // Within an hour, as the buckets are.
                let _ = histogram.record_n(u64::from(highest), count);
            }
            writeln!(file, "{}", line(label, (start, length), &histogram))?;
        }
        file.flush()
    }

    fn end(&mut self, summary: &Summary) -> std::io::Result<()> {
        self.interval((summary.ended_at, summary.since), 0, &summary.interval)?;
        let Some(file) = &mut self.file else { return Ok(()) };
        let end = End {
            at: millis(summary.ended_at),
            since: millis(summary.since),
            elapsed_ms: u64::try_from(summary.elapsed.as_millis()).unwrap_or(u64::MAX),
            users: Some(summary.users),
            lasted_us: Some(u64::try_from(summary.lasted.as_micros()).unwrap_or(u64::MAX)),
            interrupted: summary.interrupted,
            notes: summary.notes.clone(),
            exit: summary.exit.code(),
            stop: match &summary.stop {
                Stop::RunTime => "run_time",
                Stop::Iterations => "iterations",
                Stop::ShapeEnded => "shape_ended",
                Stop::ScenariosEnded => "scenarios_ended",
                Stop::UsersEnded => "users_ended",
                Stop::Finished => "finished",
                Stop::Signal => "signal",
                Stop::Changed => "changed",
                Stop::Abort(text) | Stop::Threshold(text) => text,
                Stop::Fault(fault) => &fault.what,
            }
            .to_owned(),
            thresholds: summary.thresholds.iter().map(judged).collect(),
            doubts: summary.verdict.doubts.clone(),
            health: summary.health,
        };
        write_section(file, &Section::End(end))?;
        file.flush()
    }
}

impl Carrier for HdrLog {
    fn carry(&mut self, news: &News) -> Result<(), Trouble> {
        let written = match news {
            News::Started(info) => self.begin(info),
            News::Tick(tick) => self.interval((tick.at, tick.since), tick.users, &tick.interval),
            News::Samples(_) => Ok(()),
            News::Done(summary, _) => self.end(summary),
        };
        written.map_err(|error| {
            // A log with a hole would look whole.
            self.file = None;
            Trouble { why: reason(&error), help: None, lost: 0 }
        })
    }
}

fn judged(threshold: &Threshold) -> Judged {
    Judged {
        selector: threshold.selector.clone(),
        expression: threshold.expression.clone(),
        value: threshold.value,
        held: match threshold.outcome {
            Outcome::Held => Some(true),
            Outcome::Crossed => Some(false),
            Outcome::NoSamples | Outcome::Uncertain(_) => None,
        },
        regression: threshold.is_about_a_baseline(),
        change: threshold.change,
        doubt: match threshold.outcome {
            Outcome::Uncertain(doubt) => Some(doubt),
            _ => None,
        },
    }
}

/// Latencies in us, with the bounds that the recorder has.
pub(in super::super) fn empty() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 3_600_000_000, 3)
        .expect("an hour of us at three digits is within its range")
}

fn write_section(file: &mut impl Write, section: &Section) -> std::io::Result<()> {
    let text = serde_json::to_string(section).map_err(std::io::Error::other)?;
    writeln!(file, "{SECTION}{text}")
}

fn line(label: &Label, (start, length): (Duration, Duration), histogram: &Histogram<u64>) -> String {
    let tag = format!("{} {}", label.method, label.name);
    let tag = utf8_percent_encode(tag.trim(), ESCAPED);
    let mut bytes = Vec::new();
    V2DeflateSerializer::new().serialize(histogram, &mut bytes).expect("it is written into memory");
    let (start, length, max) = (start.as_secs_f64(), length.as_secs_f64(), histogram.max() as f64 / 1e3);
    format!("Tag={tag},{start:.3},{length:.3},{max:.3},{}", STANDARD.encode(bytes))
}

pub(in super::super) fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
