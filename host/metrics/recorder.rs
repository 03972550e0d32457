//! One worker's own recorder: no lock, and no allocation once the names are
//! known. Called for every request, check, iteration and raised error by the
//! workers of `run`, which hand over what [`Recorder::take`] gives each second.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxBuildHasher;

use crate::mask;

use super::custom::Custom;
use super::entry::{Entry, Label, micros};
use super::groups::{Group, Groups};
use super::latencies::{Latencies, Ruler};
use super::raw::Raw;
use super::shares::Shares;
use super::slots::Slots;
use super::snapshot::{
    CheckCount, CheckKey, ExceptionCount, ExceptionKey, FailureKey, Occurrences, Origin, Overflow,
    OverflowKind, Snapshot,
};
use super::watched::Watched;

/// Distinct names of each kind; whatever comes after them is counted under `other`.
pub(super) const LIMIT: usize = 10_000;
/// Further keys for `METHOD other`; past them the method is `other` as well.
const SPARE: usize = 64;
/// Bytes of an error text or traceback that are kept: a text may quote a whole response.
const TEXT: usize = 4096;
pub(super) const OTHER: &str = "other";

/// An interned (method, name); valid for the recorder that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(u32);

/// One request that ended, with or without an answer.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    pub latency: Duration,
    /// Of the response's body.
    pub bytes: u64,
    /// Second of the epoch in which it ended.
    pub at: u64,
    /// Why it counts as failed.
    pub failure: Option<&'a str>,
}

/// An error that a script raised.
#[derive(Clone, Copy, Debug)]
pub struct Exception<'a> {
    pub message: &'a str,
    /// The script's own.
    pub traceback: &'a str,
    pub class: &'a str,
    pub task: &'a str,
    /// Second of the epoch.
    pub at: u64,
}

#[derive(Debug)]
struct Requests {
    label: Arc<Label>,
    entry: Entry,
    latencies: Latencies,
}

#[derive(Debug)]
struct Check {
    group: Group,
    key: Arc<CheckKey>,
    count: CheckCount,
}

#[derive(Debug)]
struct Failure {
    request: Key,
    key: Arc<FailureKey>,
    seen: Option<Occurrences>,
}

#[derive(Debug)]
struct Raised {
    key: Arc<ExceptionKey>,
    count: Option<ExceptionCount>,
}

/// Counts what one worker does.
#[derive(Debug)]
pub struct Recorder {
    requests: Slots<Requests>,
    checks: Slots<Check>,
    failures: Slots<Failure>,
    exceptions: Slots<Raised>,
    pub(super) groups: Groups,
    pub(super) custom: Custom,
    pub(super) watched: Watched,
    pub(super) raw: Option<Box<Raw>>,
    pub(super) shares: Option<Box<Shares>>,
    iterations: u64,
    pub(super) dropped: u64,
    overflow: Option<Overflow>,
    ruler: Ruler,
    /// The latest second heard of.
    clock: u64,
}

impl Default for Recorder {
    fn default() -> Self {
        Recorder::new()
    }
}

impl Recorder {
    pub fn new() -> Self {
        Recorder {
            requests: Slots::default(),
            checks: Slots::default(),
            failures: Slots::default(),
            exceptions: Slots::default(),
            groups: Groups::default(),
            custom: Custom::default(),
            watched: Watched::default(),
            raw: None,
            shares: None,
            iterations: 0,
            dropped: 0,
            overflow: None,
            ruler: Ruler::new(),
            clock: 0,
        }
    }

    /// What a key counts under: method and name.
    pub fn label(&self, key: Key) -> &Label {
        &self.requests.get(key.0).label
    }

    pub fn shared_label(&self, key: Key) -> Arc<Label> {
        self.requests.get(key.0).label.clone()
    }

    /// The key of a method and name; allocates only for one that is new.
    pub fn key(&mut self, method: &str, name: &str) -> Key {
        let hash = FxBuildHasher.hash_one((method, name));
        if let Some(known) = self.requests.find(hash, |slot| slot.label.is(method, name)) {
            return Key(known);
        }
        if self.requests.len() < LIMIT {
            return self.intern(method, name);
        }
        self.overflowed(OverflowKind::Request, || format!("{method} {name}"));
        if self.requests.len() < LIMIT + SPARE {
            self.intern(method, OTHER)
        } else {
            self.intern(OTHER, OTHER)
        }
    }

    fn intern(&mut self, method: &str, name: &str) -> Key {
        Key(self.requests.find_or_insert(
            FxBuildHasher.hash_one((method, name)),
            |slot| slot.label.is(method, name),
            || Requests {
                label: Arc::new(Label { name: name.to_owned(), method: method.to_owned() }),
                entry: Entry::default(),
                latencies: Latencies::default(),
            },
        ))
    }

    /// Counts one request.
    pub fn call(&mut self, key: Key, call: &Call<'_>) {
        self.clock = self.clock.max(call.at);
        let latency = micros(call.latency);
        let slot = self.requests.get_mut(key.0);
        let new = slot.entry.requests == 0;
        slot.entry.count(latency, call.bytes, call.at, call.failure.is_some());
        slot.latencies.record(latency);
        if new {
            self.requests.mark(key.0);
        }
        if let Some(error) = call.failure {
            self.failure(key, error, call.at);
        }
    }

    fn failure(&mut self, request: Key, error: &str, at: u64) {
        let mut error = head(error);
        let mut hash = FxBuildHasher.hash_one((request, error));
        let known = |slot: &Failure| slot.request == request && slot.key.error == error;
        let full = self.failures.len() >= LIMIT && self.failures.find(hash, known).is_none();
        if full {
            let offender = error;
            self.overflowed(OverflowKind::Failure, || offender.to_owned());
            error = OTHER;
            hash = FxBuildHasher.hash_one((request, error));
        }
        let label = self.requests.get(request.0).label.clone();
        let index = self.failures.find_or_insert(
            hash,
            |slot| slot.request == request && slot.key.error == error,
            || Failure {
                request,
                key: Arc::new(FailureKey {
                    name: label.name.clone(),
                    method: label.method.clone(),
                    error: error.to_owned(),
                }),
                seen: None,
            },
        );
        match &mut self.failures.get_mut(index).seen {
            Some(seen) => seen.merge(&Occurrences::once(at)),
            unseen => {
                *unseen = Some(Occurrences::once(at));
                self.failures.mark(index);
            }
        }
    }

    /// Counts one outcome of a check in a group.
    pub fn check(&mut self, group: Group, name: &str, passed: bool) {
        let (mut group, mut name) = (group, head(name));
        let mut hash = FxBuildHasher.hash_one((group, name));
        let full = self.checks.len() >= LIMIT
            && self.checks.find(hash, |slot| slot.group == group && slot.key.name == name).is_none();
        if full {
            let offender = name;
            self.overflowed(OverflowKind::Check, || offender.to_owned());
            (group, name) = (Group::NONE, OTHER);
            hash = FxBuildHasher.hash_one((group, name));
        }
        let groups = &self.groups;
        let index = self.checks.find_or_insert(
            hash,
            |slot| slot.group == group && slot.key.name == name,
            || {
                let path = groups.path(group).map(|path| path.to_string()).unwrap_or_default();
                let key = Arc::new(CheckKey { group: path, name: name.to_owned() });
                Check { group, key, count: CheckCount::default() }
            },
        );
        let count = &mut self.checks.get_mut(index).count;
        let new = count.passes + count.fails == 0;
        if passed {
            count.passes += 1;
        } else {
            count.fails += 1;
        }
        if new {
            self.checks.mark(index);
        }
    }

    /// Counts one raised error, grouped by message and traceback.
    pub fn exception(&mut self, exception: &Exception<'_>) {
        self.clock = self.clock.max(exception.at);
        let (mut message, mut traceback) = (head(exception.message), head(exception.traceback));
        let mut hash = FxBuildHasher.hash_one((message, traceback));
        let full = self.exceptions.len() >= LIMIT
            && self.exceptions.find(hash, |slot| slot.key.is(message, traceback)).is_none();
        if full {
            let offender = message;
            self.overflowed(OverflowKind::Exception, || offender.to_owned());
            (message, traceback) = (OTHER, "");
            hash = FxBuildHasher.hash_one((message, traceback));
        }
        let index = self.exceptions.find_or_insert(
            hash,
            |slot| slot.key.is(message, traceback),
            || Raised {
                key: Arc::new(ExceptionKey { message: message.to_owned(), traceback: traceback.to_owned() }),
                count: None,
            },
        );
        let once = Occurrences::once(exception.at);
        match &mut self.exceptions.get_mut(index).count {
            Some(count) => count.seen.merge(&once),
            unseen => {
                let origin = Origin {
                    at: exception.at,
                    class: exception.class.to_owned(),
                    task: exception.task.to_owned(),
                };
                *unseen = Some(ExceptionCount { seen: once, origin });
                self.exceptions.mark(index);
            }
        }
    }

    /// Counts one iteration (a task's execution) that ended.
    pub fn iteration(&mut self) {
        self.iterations += 1;
    }

    /// Everything since the last take.
    pub fn take(&mut self) -> Snapshot {
        let mut snapshot = Snapshot {
            iterations: std::mem::take(&mut self.iterations),
            dropped: std::mem::take(&mut self.dropped),
            overflow: self.overflow.take(),
            ..Snapshot::default()
        };
        let ruler = &self.ruler;
        self.requests.take_used(|slot| {
            slot.latencies.drain(ruler, &mut slot.entry.buckets);
            snapshot.total.merge(&slot.entry);
            snapshot.entries.insert(slot.label.clone(), slot.entry.clone());
            slot.entry.clear();
        });
        self.checks.take_used(|slot| {
            snapshot.checks.insert(slot.key.clone(), std::mem::take(&mut slot.count));
        });
        self.failures.take_used(|slot| {
            snapshot.failures.extend(slot.seen.take().map(|seen| (slot.key.clone(), seen)));
        });
        self.exceptions.take_used(|slot| {
            snapshot.exceptions.extend(slot.count.take().map(|count| (slot.key.clone(), count)));
        });
        self.groups.take(&self.ruler, &mut snapshot);
        self.custom.take(&mut snapshot);
        self.watched.take(&mut snapshot);
        if let Some(shares) = &mut self.shares {
            shares.take(&mut snapshot);
        }
        if let Some(raw) = &mut self.raw {
            raw.flush();
        }
        snapshot
    }

    pub(super) fn overflowed(&mut self, kind: OverflowKind, name: impl FnOnce() -> String) {
        let at = self.clock;
        self.overflow.get_or_insert_with(|| Overflow { at, kind, name: name() });
    }
}

impl Label {
    fn is(&self, method: &str, name: &str) -> bool {
        self.method == method && self.name == name
    }
}

impl ExceptionKey {
    fn is(&self, message: &str, traceback: &str) -> bool {
        self.message == message && self.traceback == traceback
    }
}

/// The part of a text that is kept.
pub(super) fn head(text: &str) -> &str {
    if text.len() <= TEXT {
        return text;
    }
    let end = (0..=TEXT).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    &text[..mask::cut(text, end)]
}

#[cfg(test)]
#[path = "recorder_tests.rs"]
mod tests;
