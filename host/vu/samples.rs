//! What a VU measures besides the statistics: samples for whoever asks for some of them, with the
//! tags that they have by themselves. Used by `api` and `run`.

use std::rc::Rc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::metrics::{Group, Phases, Recorder, Sample, Scene, TagSet};
use crate::net::{ErrorKind, Response};

use super::response::Kept;
use super::user::Vu;

/// The scenario of a run that has none of its own, as k6 calls it.
pub const SCENARIO: &str = "default";

/// A scenario, as its VUs know it.
pub struct Role {
    pub name: Rc<str>,
    /// Of all its samples.
    pub tags: TagSet,
    /// The script's `env` in it.
    pub env: &'static Value,
}

impl Vu {
    /// The script's `env`.
    pub fn env(&self) -> &'static Value {
        self.role.as_ref().map_or(self.shared.env, |role| role.env)
    }

    /// Whose samples they are just now.
    pub fn scene(&self) -> Scene<'_> {
        let (scenario, tags) =
            self.role.as_ref().map_or((SCENARIO, TagSet::NONE), |role| (&*role.name, role.tags));
        Scene { class: &self.class, scenario, group: self.group.get(), tags }
    }

    pub(super) fn sample(&self, recorder: &mut Recorder, kept: &Kept, failed: bool) {
        let response = &kept.response;
        let timings = &response.timings;
        recorder.sample(&Sample {
            scene: Scene { group: kept.group, ..self.scene() },
            key: kept.key,
            tags: kept.tags,
            url: &|| response.url(),
            status: kept.status(),
            error_code: error_code(response),
            error: response.error.as_ref().map(|error| error.text.as_str()),
            failed,
            phases: Phases {
                duration: timings.duration(),
                late: self.late.get(),
                blocked: timings.blocked,
                connecting: timings.connecting,
                tls_handshaking: timings.tls_handshaking,
                sending: timings.sending,
                waiting: timings.waiting,
                receiving: timings.receiving,
            },
            sent_bytes: response.sent_bytes,
            received_bytes: response.received_bytes,
        });
    }

    /// Counts the outcome of a check, in the group that the script is in.
    pub fn record_check(&self, name: &str, held: bool) {
        let recorder = &mut *self.shared.recorder.borrow_mut();
        recorder.check(self.group.get(), name, held);
        if recorder.watches_checks() {
            recorder.sample_check(self.scene(), name, held);
        }
    }

    /// Counts an iteration that ended; `begun` where somebody asks how long it took.
    pub fn record_iteration(&self, begun: Option<Instant>) {
        let recorder = &mut *self.shared.recorder.borrow_mut();
        recorder.iteration();
        if let Some(begun) = begun {
            recorder.sample_iteration(Scene { group: Group::NONE, ..self.scene() }, begun.elapsed());
        }
    }

    /// Counts a group that ended.
    pub fn record_group(&self, group: Group, took: Duration) {
        let recorder = &mut *self.shared.recorder.borrow_mut();
        recorder.group_ended(group, took);
        if recorder.watches_groups() {
            recorder.sample_group(Scene { group, ..self.scene() }, took);
        }
    }
}

/// The number that k6 gives to what went wrong; 0 for nothing.
fn error_code(response: &Response) -> u16 {
    match &response.error {
        None if response.status >= 400 => 1000 + response.status,
        None => 0,
        Some(error) => match error.kind {
            ErrorKind::Timeout => 1050,
            ErrorKind::Dns => 1101,
            ErrorKind::Connect => 1210,
            ErrorKind::Closed => 1220,
            ErrorKind::Tls => 1300,
            _ => 1000,
        },
    }
}
