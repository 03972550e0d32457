//! What a run tells while it goes on: the only thing that `run` and the sinks
//! share. Plain data, cheap to clone. Sent by the conductor of `run`, received
//! by `report` and `web`.

mod about;
mod agreed;
mod nothing;
mod so_far;
mod verdict;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::exit::Exit;
use crate::fault::Fault;
use crate::load::Segment;
pub use agreed::{Agreed, Aimed, What};

use crate::metrics::{Change, Doubt, Finding, Snapshot, Span};

pub use about::{About, Machine, Setting, Share};
pub use so_far::{SoFar, State, WorkerState};
pub use verdict::{Judgement, Kind, Verdict};

/// In this order: one `Started`, `Tick`s and `Log`s, one `Done`.
#[derive(Clone, Debug)]
pub enum Event {
    Started(Arc<RunInfo>),
    Tick(Tick),
    Log(LogLine),
    Done(Arc<Summary>),
}

/// What is known before the first request.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RunInfo {
    /// The environment's name, such as `local`.
    pub environment: String,
    /// The base URL, where there is one for all classes.
    pub host: Option<String>,
    /// The scripts as the user named them.
    pub scripts: Vec<String>,
    /// The user classes that run.
    pub classes: Vec<String>,
    /// The number of users aimed at.
    pub users: u64,
    /// Users started per second.
    pub spawn_rate: f64,
    /// The load shape that says how many users there are, and how fast they come, if there is one.
    pub shape: Option<String>,
    /// The scenarios that the load is made of, if it is.
    pub scenarios: Vec<String>,
    /// None: until something else ends it.
    pub run_time: Option<Duration>,
    /// Worker threads.
    pub workers: usize,
    /// What part of the run this process plays.
    pub segment: Segment,
    /// Processes that make the run.
    pub processes: u64,
    pub seed: u64,
    /// What is kept apart in [`Snapshot::watched`], by its number: `http_req_duration{name:GET /ready}`.
    pub watched: Vec<String>,
    pub started_at: SystemTime,
    #[serde(skip)]
    pub about: Arc<About>,
}

/// The state of the run, about once a second.
#[derive(Clone, Debug)]
pub struct Tick {
    /// Since the first users.
    pub elapsed: Duration,
    pub at: SystemTime,
    /// Users that are active.
    pub users: u64,
    /// Active users per class.
    pub classes: Arc<[(Arc<str>, u64)]>,
    /// Everything since `since`.
    pub totals: Arc<Snapshot>,
    /// What came in since the tick before.
    pub interval: Arc<Snapshot>,
    /// Where the statistics begin: the start of the run, or the reset after spawning.
    pub since: SystemTime,
    pub so_far: SoFar,
}

/// How many users there are, as far as somebody looked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Users {
    pub now: u64,
    pub least: u64,
    pub most: u64,
    /// How many there may be.
    pub max: u64,
}

impl Users {
    /// There may be so many.
    pub fn planned(max: u64) -> Users {
        Users { max, ..Users::default() }
    }

    /// Takes notice of how many there are.
    pub fn see(&mut self, users: u64) {
        let first = self.most == 0;
        self.now = users;
        self.least = if first { users } else { self.least.min(users) };
        self.most = self.most.max(users);
        self.max = self.max.max(users);
    }
}

/// A line of the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct LogLine {
    pub level: Level,
    pub at: SystemTime,
    /// Who says it, such as a class or `e2e`.
    #[serde(with = "agreed::text")]
    pub source: Arc<str>,
    pub text: String,
}

/// The weight of a log line; the graver is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// The whole run, once everything has ended.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Everything since `since`, to the last request.
    pub totals: Arc<Snapshot>,
    /// What came in since the last tick.
    pub interval: Arc<Snapshot>,
    /// From the first users to the last.
    pub elapsed: Duration,
    /// How many there were of them.
    pub users: Users,
    /// Of the time what came after `since`: the time that all rates are about.
    pub lasted: Duration,
    pub started_at: SystemTime,
    pub ended_at: SystemTime,
    /// Where the statistics begin: the start of the run, or the reset after spawning.
    pub since: SystemTime,
    pub stop: Stop,
    /// What the process would exit with as far as the run knows.
    pub exit: Exit,
    /// What stands for [`Exit::Failures`] (`--exit-code-on-error`).
    pub failures_code: u8,
    /// What became of each threshold, in the order of their metrics.
    pub thresholds: Vec<Threshold>,
    /// Iterations that the end of the run cut short.
    pub interrupted: u64,
    /// How the run went, and why it is not said that it passed.
    pub verdict: Verdict,
    pub health: Health,
    /// What the user ought to know, one sentence each.
    pub notes: Vec<String>,
    /// What the workers of this process did, to the end; empty where there were none.
    pub workers: Arc<[WorkerState]>,
}

impl Summary {
    /// What rates are about.
    pub fn span(&self) -> Span {
        Span::of(&self.totals, self.since, self.since + self.lasted)
    }

    /// The process exit code.
    pub fn code(&self) -> u8 {
        self.exit.code_with(self.failures_code)
    }
}

/// What the generator felt of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Health {
    /// How late what was due came, on average.
    pub late: Duration,
    /// And at most.
    pub latest: Duration,
    /// The largest part of a second that a worker's thread ran: 0 to 1.
    pub busiest: f64,
    /// The largest part of a second that one could have run but had no core: 0 to 1.
    pub robbed: f64,
    /// The part of the requests that were measured while it could not keep up: 0 to 1.
    pub affected: f64,
    /// Connections that failed because this machine had no room for them.
    pub exhausted: u64,
}

/// A threshold, and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Threshold {
    /// The metric and the tags that it is about: `http_req_duration{name:GET /ready}`.
    pub selector: String,
    /// As written: `p(95)<500`, or `p(95)<+10%` for one about a baseline.
    pub expression: String,
    /// Of the value: `ms`, `B`, `%` of a change, or nothing.
    pub unit: &'static str,
    /// What was measured; None without samples.
    pub value: Option<f64>,
    /// How it changed since the baseline, for one about it.
    pub change: Option<Change>,
    pub outcome: Outcome,
}

impl Threshold {
    /// One about a baseline, as it was found to be.
    pub fn of_change(
        selector: String,
        expression: String,
        change: Option<Change>,
        finding: Finding,
    ) -> Threshold {
        let outcome = match finding {
            Finding::Held => Outcome::Held,
            Finding::Crossed => Outcome::Crossed,
            Finding::Unknown(doubt) => Outcome::Uncertain(doubt),
        };
        let value = change.map(|change| (change.ratio - 1.0) * 100.0);
        Threshold { selector, expression, unit: "%", value, change, outcome }
    }

    /// Whether it is about a change.
    pub fn is_about_a_baseline(&self) -> bool {
        self.change.is_some() || matches!(self.outcome, Outcome::Uncertain(_))
    }
}

impl Outcome {
    /// What the process exits with for it.
    pub fn exit(self) -> Exit {
        match self {
            Outcome::Held => Exit::Ok,
            Outcome::Crossed => Exit::Threshold,
            Outcome::NoSamples | Outcome::Uncertain(_) => Exit::Inconclusive,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    Held,
    Crossed,
    /// Nobody knows: there was nothing to judge.
    NoSamples,
    /// Nobody knows how it is beside the baseline.
    Uncertain(Doubt),
}

/// What somebody outside wants of a run.
#[derive(Clone, Debug)]
pub enum Wish {
    /// A person wants the run to end.
    Signal,
    /// The system wants this process to end.
    Terminated,
    /// `--watch`, for a file has changed.
    Changed,
    Command(Command),
    /// The same, and what came of it is to be told.
    Asked(Command, Answer),
    /// What all processes of a run carry out, this one included.
    Agreed(Agreed),
    /// Another process plays this one's part by now.
    Replaced,
}

/// Takes what a command has come to, in one sentence. Whoever asked may be gone.
pub type Answer = crossbeam_channel::Sender<Result<String, Fault>>;

/// How a run under way is steered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// No further task begins; users stay.
    Pause,
    Resume,
    PauseOrResume,
    /// Another number of users; of a scenario at an arrival rate another rate, iterations a second.
    Load {
        /// None: the run as a whole, or its only scenario.
        scenario: Option<String>,
        amount: Amount,
    },
    /// Users, users a second, or both, of a load that is neither a shape's nor made of scenarios.
    Target {
        users: Option<u64>,
        spawn_rate: Option<f64>,
    },
    /// Counts from anew.
    Reset,
    /// The end that a person at the page, or by a key, wants: the verdict is about what was measured.
    Finish,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Amount {
    To(f64),
    By(f64),
}

/// Why a run ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Stop {
    RunTime,
    Iterations,
    /// The load shape is over.
    ShapeEnded,
    /// All scenarios are over.
    ScenariosEnded,
    /// Every user ended by itself: it stopped, or its start failed.
    UsersEnded,
    /// A person ended it, at the page or by a key.
    Finished,
    Signal,
    /// Under `--watch`: there is another run to come.
    Changed,
    /// `test.abort`, with the script's message.
    Abort(String),
    /// A threshold with `abort_on_fail` was crossed: its metric and what it demands.
    Threshold(String),
    Fault(Fault),
}
