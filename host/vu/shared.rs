//! What the VUs of one worker thread share without a lock. Made by `run`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::config::{HttpDebug, Level, ScriptOptions};
use crate::data::Reader;
use crate::metrics::Recorder;
use crate::net::Net;

use super::briefing::Briefing;

/// Takes a log line: its level, who says it, the text.
pub type LogSink = Box<dyn Fn(Level, &str, String)>;

pub struct Shared {
    pub recorder: RefCell<Recorder>,
    pub net: Rc<Net>,
    /// The script's `config`: read once a process, never changed.
    pub config: &'static Value,
    /// The script's `env`.
    pub env: &'static Value,
    pub log: LogSink,
    /// Data files and secrets.
    pub data: Reader,
    /// `--http-debug`.
    pub http_debug: Option<HttpDebug>,
    /// What becomes of bodies, unless a request says.
    pub discard_body: bool,
    /// The run's seed: decisions repeat with it.
    pub seed: u64,
    /// The zero of `time.monotonic` and of paces.
    pub started: Instant,
    /// That moment since 1970.
    pub started_epoch: Duration,
    /// What `options { .. }` set while the scripts were loaded.
    pub options: RefCell<ScriptOptions>,
    /// The message of `test.abort`, once it was called.
    pub abort: RefCell<Option<String>>,
    /// Tasks that were told to end before they were done.
    pub interrupted: Cell<u64>,
    pub briefing: Briefing,
}

impl Shared {
    /// `moment` in seconds since 1970, by one look at the calendar for the whole run.
    pub fn epoch(&self, moment: Instant) -> u64 {
        (self.started_epoch + moment.saturating_duration_since(self.started)).as_secs()
    }

    /// What `started_epoch` must be where `started` is `moment`.
    pub fn epoch_of(moment: Instant) -> Duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        now.saturating_sub(moment.elapsed())
    }
}
