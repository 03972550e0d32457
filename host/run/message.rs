//! What conductor and workers tell each other.

use std::time::SystemTime;

use crate::config::Level;
use crate::fault::Fault;
use crate::metrics::Snapshot;

/// From a worker to the conductor.
pub(super) enum Report {
    /// Everything since the report before.
    Metrics {
        snapshot: Box<Snapshot>,
        users: Users,
    },
    /// All its users have been started.
    Spawned,
    /// What it reports from now on was measured after the order to reset.
    Reset {
        worker: usize,
    },
    /// The last iteration that was asked for has begun.
    Exhausted,
    Log {
        level: Level,
        at: SystemTime,
        source: String,
        text: String,
    },
    /// `test.abort` was called.
    Abort(String),
    /// No user of it is left, and none is to come.
    Done {
        worker: usize,
        snapshot: Box<Snapshot>,
        interrupted: u64,
        outcome: Result<(), Fault>,
    },
}

/// From the conductor to a worker.
pub(super) enum Order {
    /// The end of the run has come so far.
    Go(Phase),
    /// Forget what was measured: statistics begin now.
    Reset,
}

/// Which worker, and its active users by class.
pub(super) struct Users {
    pub(super) worker: usize,
    pub(super) classes: Vec<u64>,
}

/// How far the end of the run has come; it only goes forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    Running,
    /// As many tasks have begun as were asked for: waiting users stop, running tasks end in their own time.
    Finishing,
    /// No further task: waiting users stop, running tasks may finish.
    Stopping,
    /// Running tasks are interrupted; `on_stop` runs.
    Interrupting,
    /// `on_stop` is interrupted too.
    Killing,
}
