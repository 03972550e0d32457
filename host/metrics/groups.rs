//! Groups of a script's work (`group(name, function)`), as a worker records them.
//! Part of the `recorder`.

use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

use rustc_hash::FxBuildHasher;

use super::entry::{Entry, micros};
use super::latencies::{Latencies, Ruler};
use super::measure::Trend;
use super::recorder::{Call, LIMIT, OTHER, Recorder, head};
use super::slots::Slots;
use super::snapshot::{OverflowKind, Snapshot};

/// A group, interned; valid for the recorder that gave it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Group(Option<std::num::NonZeroU32>);

impl Group {
    /// What is in no group.
    pub const NONE: Group = Group(None);

    fn at(index: u32) -> Group {
        Group(std::num::NonZeroU32::new(index + 1))
    }

    fn index(self) -> Option<u32> {
        self.0.map(|number| number.get() - 1)
    }
}

/// What happened in a group, and in none within it.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct GroupCount {
    /// How long it took from its beginning to its end, ms; its count is how often it ended.
    pub durations: Trend,
    pub requests: Entry,
}

impl GroupCount {
    pub fn merge(&mut self, other: &GroupCount) {
        self.durations.merge(&other.durations);
        self.requests.merge(&other.requests);
    }
}

#[derive(Debug)]
struct Slot {
    parent: Group,
    name: Box<str>,
    /// The names from the outermost on, with `::` between.
    path: Arc<str>,
    count: GroupCount,
    latencies: Latencies,
    used: bool,
}

#[derive(Debug, Default)]
pub(super) struct Groups(Slots<Slot>);

impl Recorder {
    /// The group called `name` within `parent`; allocates only for one that is new.
    pub fn group(&mut self, parent: Group, name: &str) -> Group {
        let (mut parent, mut name) = (parent, head(name));
        let mut hash = FxBuildHasher.hash_one((parent, name));
        if let Some(index) = self.groups.0.find(hash, |slot| slot.parent == parent && *slot.name == *name) {
            return Group::at(index);
        }
        if self.groups.0.len() >= LIMIT {
            let offender = name;
            self.overflowed(OverflowKind::Group, || offender.to_owned());
            (parent, name) = (Group::NONE, OTHER);
            hash = FxBuildHasher.hash_one((parent, name));
        }
        let path = match self.groups.path(parent) {
            Some(outer) => format!("{outer}::{name}").into(),
            None => name.into(),
        };
        let make = || Slot {
            parent,
            name: name.into(),
            path,
            count: GroupCount::default(),
            latencies: Latencies::default(),
            used: false,
        };
        Group::at(self.groups.0.find_or_insert(
            hash,
            |slot| slot.parent == parent && *slot.name == *name,
            make,
        ))
    }

    /// Counts a group that ended.
    pub fn group_ended(&mut self, group: Group, took: Duration) {
        if let Some(slot) = self.groups.used(group) {
            slot.count.durations.add(took.as_secs_f64() * 1e3);
        }
    }

    /// Counts a request that was made within a group, besides [`Recorder::call`].
    pub fn call_within(&mut self, group: Group, call: &Call<'_>) {
        if let Some(slot) = self.groups.used(group) {
            let latency = micros(call.latency);
            slot.count.requests.count(latency, call.bytes, call.at, call.failure.is_some());
            slot.latencies.record(latency);
        }
    }
}

impl Groups {
    /// The names of a group from the outermost on, with `::` between; none for no group.
    pub(super) fn path(&self, group: Group) -> Option<Arc<str>> {
        Some(self.0.get(group.index()?).path.clone())
    }

    fn used(&mut self, group: Group) -> Option<&mut Slot> {
        let index = group.index()?;
        if !std::mem::replace(&mut self.0.get_mut(index).used, true) {
            self.0.mark(index);
        }
        Some(self.0.get_mut(index))
    }

    /// Moves what was counted since the last time into `snapshot`.
    pub(super) fn take(&mut self, ruler: &Ruler, snapshot: &mut Snapshot) {
        self.0.take_used(|slot| {
            slot.latencies.drain(ruler, &mut slot.count.requests.buckets);
            snapshot.groups.insert(slot.path.clone(), slot.count.clone());
            slot.count.durations.clear();
            slot.count.requests.clear();
            slot.used = false;
        });
    }
}
