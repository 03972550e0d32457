//! Runs that have ended, and what was measured of a run at a moment. Kept by `session`, read by the downloads.

use std::sync::Arc;
use std::time::SystemTime;

use crate::event::{Event, LogLine, RunInfo, Summary};
use crate::metrics::Entry;
use crate::report::{History, Kept, Moment};

use super::board::{Board, Sight};
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
    /// As if there was a run in which nothing happened.
    pub(super) fn nothing() -> Measured {
        let now = SystemTime::now();
        let (info, summary) = (RunInfo::nothing(now), Summary::nothing(now));
        let history = History::temporary(false).ok().map(|history| history.file().clone());
        let (info, summary) = (Arc::new(info), Arc::new(summary));
        Measured { id: 0, info, summary, users: 0, recent: Arc::default(), history }
    }

    /// The report of a run that there was not.
    pub(super) fn empty_page(&self) -> Vec<u8> {
        let mut board = Board::default();
        board.hear(&Event::Started(self.info.clone()));
        board.hear(&Event::Done(self.summary.clone()));
        board.sight().page()
    }

    pub(super) fn moment(&self) -> Moment<'_> {
        Moment { info: &self.info, summary: &self.summary }
    }
}
