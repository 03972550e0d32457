//! What is agreed once and kept under a key, and what is told of a run. Written and read by `join`, `tend`, `session`
//! and `follow`.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::event::{Health, Judgement, LogLine, RunInfo, Stop, Summary, Threshold, Users, Verdict};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::metrics::Snapshot;
use crate::run::Voice;

/// What must be the same in all processes of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// A hash of the scripts.
    pub scripts: String,
    /// What the run does, by name of option.
    pub plan: BTreeMap<String, String>,
    pub segments: u64,
    /// The seed, where one was given.
    pub seed: Option<u64>,
    /// What program it is.
    pub version: String,
}

/// `plan`: who came first says what the run is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Founding {
    pub(super) identity: Identity,
    /// The one that all use.
    pub(super) seed: u64,
}

/// `member.SEGMENT`: renewed while the process lives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Membership {
    pub(super) voice: Voice,
    /// Tells processes apart that want the same segment.
    pub(super) token: String,
    /// `host:pid`, for messages.
    pub(super) who: String,
    /// It has left: its segment is free.
    pub(super) gone: bool,
}

/// `lease`: whoever renews it merges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Lease {
    pub(super) token: String,
    pub(super) who: String,
    pub(super) segment: u64,
    /// Counts those who merged.
    pub(super) term: u64,
    /// It was given back.
    pub(super) free: bool,
}

/// `start`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Start {
    /// At that time of the server, ns since 1970; what `setup` returned.
    At { nanos: i128, data: Option<String>, info: Box<RunInfo> },
    /// `setup` failed, or somebody stopped it.
    Cancelled(Stop),
}

/// `verdict`: how the run went. Everybody exits with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ruling {
    pub exit: Exit,
    pub failures_code: u8,
    pub stop: Stop,
    pub verdict: Verdict,
    pub thresholds: Vec<Threshold>,
    pub health: Health,
    pub notes: Vec<String>,
    pub interrupted: u64,
    pub elapsed: Duration,
    pub users: Users,
    /// What rates are about.
    pub lasted: Duration,
    pub started_at: SystemTime,
    pub ended_at: SystemTime,
    pub since: SystemTime,
    /// Requests, and how many failed.
    pub counted: (u64, u64),
}

impl Ruling {
    pub fn of(summary: &Summary) -> Ruling {
        Ruling {
            exit: summary.exit,
            failures_code: summary.failures_code,
            stop: summary.stop.clone(),
            verdict: summary.verdict.clone(),
            thresholds: summary.thresholds.clone(),
            health: summary.health,
            notes: summary.notes.clone(),
            interrupted: summary.interrupted,
            elapsed: summary.elapsed,
            users: summary.users,
            lasted: summary.lasted,
            started_at: summary.started_at,
            ended_at: summary.ended_at,
            since: summary.since,
            counted: (summary.totals.total.requests, summary.totals.total.failures),
        }
    }

    /// Of a run that did not begin.
    pub(super) fn failed(fault: &Fault) -> Ruling {
        let now = SystemTime::now();
        let stop = Stop::Fault(fault.clone());
        let reasons = vec![fault.what.clone()];
        Ruling {
            exit: fault.exit,
            failures_code: Exit::Failures.code(),
            stop,
            verdict: Verdict {
                judgement: Judgement::Failed,
                failures: reasons.clone(),
                reasons,
                doubts: Vec::new(),
            },
            thresholds: Vec::new(),
            health: Health::default(),
            notes: Vec::new(),
            interrupted: 0,
            elapsed: Duration::ZERO,
            users: Users::default(),
            lasted: Duration::ZERO,
            started_at: now,
            ended_at: now,
            since: now,
            counted: (0, 0),
        }
    }

    /// The process exit code.
    pub fn code(&self) -> u8 {
        self.exit.code_with(self.failures_code)
    }
}

/// What whoever merges tells those who look on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Told {
    pub(super) term: u64,
    pub(super) news: Piece,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Piece {
    Log(LogLine),
    /// How things stand; `measured` is everything since `since`, where `whole`, else since the piece before.
    Tick {
        elapsed: Duration,
        at: SystemTime,
        since: SystemTime,
        classes: Vec<(String, u64)>,
        whole: bool,
        measured: Snapshot,
    },
    /// The end, and what came in since the piece before.
    Done {
        whole: bool,
        measured: Snapshot,
    },
}
