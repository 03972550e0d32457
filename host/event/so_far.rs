//! How a run stands at a tick, beside what was measured. Told by the conductor of `run`, shown by
//! `report` and `web`.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Threshold, Verdict};

/// As far as the run has come.
#[derive(Clone, Debug, Default)]
pub struct SoFar {
    pub state: State,
    /// Users aimed at just now; None where a script says from second to second.
    pub aim: Option<u64>,
    /// By the number of the worker.
    pub workers: Arc<[WorkerState]>,
    /// As they would be judged now.
    pub thresholds: Arc<[Threshold]>,
    /// As it would be now.
    pub verdict: Arc<Verdict>,
}

/// What a run does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// `setup` runs: there are no users yet.
    #[default]
    Preparing,
    /// Users are on their way to the number aimed at.
    Spawning,
    Running,
    /// No task begins.
    Paused,
    Stopping,
    Ended,
}

/// One worker: a thread with a core of its own, if there are enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkerState {
    /// Users that are active.
    pub users: u64,
    /// The most there were, as far as somebody looked.
    pub most_users: u64,
    /// The part of the last second that its thread ran, 0 to 1; None where the system does not say.
    pub ran: Option<f64>,
    /// The largest such part since the start.
    pub busiest: Option<f64>,
    /// The part of it that it could have run, but had no core.
    pub robbed: Option<f64>,
    /// How late what was due came in the last second, on average.
    pub late: Duration,
    /// At most, since the start.
    pub latest: Duration,
    /// Requests in the last second, each second.
    pub rate: f64,
    /// Requests since the start.
    pub requests: u64,
}
