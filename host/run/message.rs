//! What conductor and workers tell each other.

use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use crate::api::Wanted;
use crate::config::Level;
use crate::fault::Fault;
use crate::load::Aim;
use crate::metrics::Snapshot;

use super::pulse::Pulse;
use super::steering::Tuning;

/// From a worker to the conductor.
pub(super) enum Report {
    /// Everything since the report before.
    Metrics {
        snapshot: Box<Snapshot>,
        users: Users,
        pulse: Pulse,
    },
    /// Its users have come, or gone, as this order asked for.
    Reached {
        worker: usize,
        order: u64,
        /// How many there are now, over all workers.
        users: u64,
    },
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
        /// `on_stop` functions that were interrupted.
        cut_off: u64,
        /// When the last user was gone: reports may wait for whoever reads the output.
        ended: Instant,
        outcome: Result<(), Fault>,
    },
}

/// From the control VM to the conductor.
pub(super) enum Said {
    /// What workers report as well: logs, `test.abort`.
    Report(Report),
    /// What was measured since the last time.
    Metrics(Box<Snapshot>),
    /// Something took too long, or was ended by a signal.
    Interrupted(&'static str),
    /// `init`, `test_start` and `setup` are done; what `setup` returned.
    Prepared(Result<Option<&'static Value>, Fault>),
    /// What the load shape's `tick` returned.
    Wanted(Result<Option<Wanted>, Fault>),
    /// Listeners, and what goes with them, are done.
    Told,
}

/// From the conductor to the control VM. Each gets an answer: `Prepared`, `Wanted` or `Told`.
#[derive(Clone, Copy)]
pub(super) enum Ask {
    Prepare,
    /// Another process has prepared the run: what its `setup` returned.
    Adopt(Option<&'static Value>),
    /// What the load shape wants from `at` on; its time began at `since`. So many users live.
    Tick {
        users: u64,
        since: Instant,
        at: Duration,
    },
    /// So many users were started, or were left, as were aimed at.
    Complete {
        users: u64,
    },
    /// No user is left: `teardown` and `test_stop`.
    Finish,
    /// With the process's exit code as far as it is known.
    Quit(u8),
}

/// From the conductor to a worker.
pub(super) enum Order {
    /// How many users there are to be from now on.
    Aim(Aim),
    /// No other target will come.
    Close,
    /// The end of the run has come so far.
    Go(Phase),
    /// Forget what was measured: statistics begin now.
    Reset,
    /// No task is to begin until this is taken back.
    Pause(bool),
    /// The scenario of that number is to go on with so many users, or iterations a second.
    Tune(usize, Tuning),
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
