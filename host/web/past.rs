//! Runs that have ended, and what was measured of a run at a moment. Kept by `session`, read by the downloads.

use std::sync::Arc;

use crate::event::{LogLine, RunInfo, Summary};
use crate::metrics::Entry;
use crate::report::{Kept, Moment};

use super::board::Sight;
use super::status::Status;

pub(super) struct Past {
    pub(super) id: u64,
    pub(super) info: Arc<RunInfo>,
    pub(super) summary: Arc<Summary>,
    pub(super) beats: u64,
    /// What the page shows of it.
    pub(super) sight: Arc<Sight>,
    /// The requests of its last seconds.
    pub(super) recent: Arc<Entry>,
    pub(super) logs: Vec<LogLine>,
    pub(super) history: Option<Arc<Kept>>,
    pub(super) status: Status,
}

impl Past {
    pub(super) fn measured(&self) -> Measured {
        Measured {
            id: self.id,
            info: self.info.clone(),
            summary: self.summary.clone(),
            users: 0,
            recent: self.recent.clone(),
            history: self.history.clone(),
        }
    }
}

/// What was measured of a run, as of a moment.
#[derive(Clone)]
pub(super) struct Measured {
    pub(super) id: u64,
    pub(super) info: Arc<RunInfo>,
    /// Of a run that goes on: as if it had ended with its last second.
    pub(super) summary: Arc<Summary>,
    pub(super) users: u64,
    /// The requests of its last seconds.
    pub(super) recent: Arc<Entry>,
    /// The rows of the past seconds.
    pub(super) history: Option<Arc<Kept>>,
}

impl Measured {
    pub(super) fn moment(&self) -> Moment<'_> {
        Moment { info: &self.info, summary: &self.summary }
    }
}
