//! What a run tells its scripts, besides configuration: what `setup` returned, and
//! the clock of a load shape. Filled by `run`, read by `api`.

use std::cell::Cell;
use std::time::{Duration, Instant};

use serde_json::Value;

/// One a thread.
#[derive(Default)]
pub struct Briefing {
    /// What `setup` returned: held once a process, read by every VU.
    pub data: Option<&'static Value>,
    /// Where a load shape's time begins: the start of its run, or its `reset_time`.
    since: Cell<Option<Instant>>,
    /// Users that live.
    pub users: Cell<u64>,
}

impl Briefing {
    /// With what `setup` returned.
    pub fn of(data: Option<&'static Value>) -> Briefing {
        Briefing { data, ..Briefing::default() }
    }

    /// Sets the zero of a load shape's time, unless it has one.
    pub fn begin_once(&self, since: Instant) {
        self.since.set(self.since.get().or(Some(since)));
    }

    /// A load shape's time begins anew.
    pub fn reset_time(&self) {
        self.since.set(Some(Instant::now()));
    }

    /// How long the load shape has run.
    pub fn run_time(&self) -> Duration {
        self.since.get().map(|since| since.elapsed()).unwrap_or_default()
    }
}
