//! What is agreed once and kept under a key, and what is told of a run. Written and read by `join`, `tend`, `session`
//! and `follow`.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::event::{
    About, Event, Health, Judgement, LogLine, RunInfo, SoFar, State, Stop, Summary, Threshold, Users,
    Verdict, WorkerState,
};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::metrics::Snapshot;
use crate::run::{Parcel, Voice};

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
    /// What a person must type before a run in its environment.
    pub question: Option<String>,
}

impl Identity {
    /// Whether whoever gives that sentence may steer the run: in a guarded environment only with its own.
    ///
    /// # Errors
    /// [`Exit::Refused`].
    pub(super) fn check_guard(&self, confirm: Option<&str>) -> Result<(), Fault> {
        let Some(question) = self.question.as_deref() else { return Ok(()) };
        if confirm == Some(question) {
            return Ok(());
        }
        let what = match confirm {
            Some(_) => "the confirmation is not that of the run's environment",
            None => "the run's environment is guarded: from here it can be stopped, and nothing else",
        };
        let help = format!("follow it with --confirm {question:?}");
        Err(Fault::new(Exit::Refused, what).help(help))
    }
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
    At { nanos: i128, data: Option<String>, info: Box<RunInfo>, about: Box<About> },
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

/// From a process, on its own subject.
#[derive(Serialize, Deserialize)]
pub(super) enum Said {
    Parcel(Box<Parcel>),
    Log(LogLine),
}

/// What an order came to, from whoever merges.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Answered {
    pub(super) ticket: String,
    pub(super) said: Result<String, Fault>,
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
        standing: Box<Standing>,
    },
    /// The end, and what came in since the piece before.
    Done {
        whole: bool,
        measured: Snapshot,
    },
}

/// So many processes are shown one by one: of more nobody could make anything.
const MOST_SHOWN: usize = 500;

/// How the run stands, beside what was measured.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Standing {
    state: State,
    aim: Option<u64>,
    workers: Vec<WorkerState>,
    thresholds: Vec<Threshold>,
    verdict: Verdict,
}

impl Standing {
    fn of(so_far: &SoFar) -> Standing {
        Standing {
            state: so_far.state,
            aim: so_far.aim,
            workers: so_far.workers.iter().take(MOST_SHOWN).copied().collect(),
            thresholds: so_far.thresholds.to_vec(),
            verdict: (*so_far.verdict).clone(),
        }
    }

    pub(super) fn so_far(self) -> SoFar {
        let Standing { state, aim, workers, thresholds, verdict } = self;
        SoFar { state, aim, workers: workers.into(), thresholds: thresholds.into(), verdict: verdict.into() }
    }
}

impl Piece {
    /// `whole` where a tick's sum is told rather than what is new. None where there is nothing to tell.
    pub(super) fn of(event: &Event, whole: bool) -> Option<Piece> {
        Some(match event {
            Event::Started(_) => return None,
            Event::Log(line) => Piece::Log(line.clone()),
            Event::Tick(tick) => Piece::Tick {
                elapsed: tick.elapsed,
                at: tick.at,
                since: tick.since,
                classes: tick.classes.iter().map(|(name, users)| (name.to_string(), *users)).collect(),
                whole,
                measured: if whole { (*tick.totals).clone() } else { (*tick.interval).clone() },
                standing: Box::new(Standing::of(&tick.so_far)),
            },
            Event::Done(summary) => Piece::Done {
                whole,
                measured: if whole { (*summary.totals).clone() } else { (*summary.interval).clone() },
            },
        })
    }
}
