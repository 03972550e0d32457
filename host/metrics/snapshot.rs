//! What was measured in some stretch of time by one worker or by many.
//! Snapshots add up: associative, commutative, exact. Made by `recorder`,
//! merged by the aggregator of `run`, read by the sinks.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::custom::MetricKey;
use super::entry::{Entry, Label};
use super::groups::GroupCount;
use super::measure::{Measure, Trend};
use super::shares::{CheckShareKey, ShareKey};
use super::stored::pairs;

/// A mergeable sum of measurements.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Snapshot {
    #[serde(with = "pairs")]
    pub entries: BTreeMap<Arc<Label>, Entry>,
    /// The sum of all entries, kept up while merging.
    pub total: Entry,
    #[serde(with = "pairs")]
    pub checks: BTreeMap<Arc<CheckKey>, CheckCount>,
    #[serde(with = "pairs")]
    pub failures: BTreeMap<Arc<FailureKey>, Occurrences>,
    #[serde(with = "pairs")]
    pub exceptions: BTreeMap<Arc<ExceptionKey>, ExceptionCount>,
    /// By the path of the group, such as `checkout::payment`.
    #[serde(with = "pairs")]
    pub groups: BTreeMap<Arc<str>, GroupCount>,
    /// What scripts measured with metrics of their own. The values of a metric are those of all
    /// its keys together.
    #[serde(with = "pairs")]
    pub metrics: BTreeMap<Arc<MetricKey>, Measure>,
    /// What thresholds ask for, by the number of its selector.
    pub watched: BTreeMap<u32, Measure>,
    /// Requests by the tags that dashboards split by, and how long they took; empty unless an output shows them.
    #[serde(with = "pairs", skip_serializing_if = "BTreeMap::is_empty")]
    pub shares: BTreeMap<Arc<ShareKey>, Trend>,
    /// Checks by scenario, where requests are told apart.
    #[serde(with = "pairs", skip_serializing_if = "BTreeMap::is_empty")]
    pub check_shares: BTreeMap<Arc<CheckShareKey>, CheckCount>,
    /// Iterations (task executions) that ended.
    pub iterations: u64,
    /// Iterations that were due, and that no user was free for.
    pub dropped: u64,
    /// Set where a name no longer fitted: the first that was counted under `other`.
    pub overflow: Option<Overflow>,
}

/// A check, within its group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CheckKey {
    /// The group's path; empty for a check in no group.
    pub group: String,
    pub name: String,
}

/// How often a check held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckCount {
    pub passes: u64,
    pub fails: u64,
}

/// What failed requests are grouped by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FailureKey {
    pub name: String,
    pub method: String,
    pub error: String,
}

/// How often, and in which seconds of the epoch first and last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrences {
    pub count: u64,
    pub first: u64,
    pub last: u64,
}

/// What raised errors are grouped by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ExceptionKey {
    pub message: String,
    /// The script's own.
    pub traceback: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionCount {
    pub seen: Occurrences,
    /// Where it was raised first.
    pub origin: Origin,
}

/// Ordered by time: the earlier of two is the origin.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// Second of the epoch.
    pub at: u64,
    pub class: String,
    pub task: String,
}

/// The first name beyond the cap on distinct names. Ordered by time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Overflow {
    /// Second of the epoch.
    pub at: u64,
    pub kind: OverflowKind,
    pub name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum OverflowKind {
    Request,
    Check,
    Group,
    /// Of a script's own metric.
    Tags,
    Failure,
    Exception,
}

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, advice) = match self.kind {
            OverflowKind::Request => {
                ("requests", "; give requests that differ only in an id a common `name`")
            }
            OverflowKind::Check => ("checks", ""),
            OverflowKind::Group => ("groups", "; a group is a part of the script, not of its data"),
            OverflowKind::Tags => {
                ("combinations of metric and tag", "; tags that are ids tell nothing apart")
            }
            OverflowKind::Failure => ("failures", ""),
            OverflowKind::Exception => ("exceptions", ""),
        };
        let name = &self.name;
        write!(
            f,
            "more than 10,000 different {kind}: from `{name}` on they are counted under `other`{advice}"
        )
    }
}

impl Snapshot {
    /// Adds what `other` measured.
    pub fn merge(&mut self, other: &Snapshot) {
        for (label, entry) in &other.entries {
            match self.entries.get_mut(label) {
                Some(own) => own.merge(entry),
                None => {
                    self.entries.insert(label.clone(), entry.clone());
                }
            }
        }
        self.total.merge(&other.total);
        for (key, count) in &other.checks {
            self.checks.entry(key.clone()).or_default().merge(count);
        }
        for (key, count) in &other.check_shares {
            self.check_shares.entry(key.clone()).or_default().merge(count);
        }
        for (key, seen) in &other.failures {
            self.failures.entry(key.clone()).and_modify(|own| own.merge(seen)).or_insert(*seen);
        }
        for (key, count) in &other.exceptions {
            match self.exceptions.get_mut(key) {
                Some(own) => own.merge(count),
                None => {
                    self.exceptions.insert(key.clone(), count.clone());
                }
            }
        }
        for (path, count) in &other.groups {
            self.groups.entry(path.clone()).or_default().merge(count);
        }
        for (key, measure) in &other.metrics {
            match self.metrics.get_mut(key) {
                Some(own) => own.merge(measure),
                None => {
                    self.metrics.insert(key.clone(), measure.clone());
                }
            }
        }
        for (number, measure) in &other.watched {
            match self.watched.get_mut(number) {
                Some(own) => own.merge(measure),
                None => {
                    self.watched.insert(*number, measure.clone());
                }
            }
        }
        for (key, durations) in &other.shares {
            match self.shares.get_mut(key) {
                Some(own) => own.merge(durations),
                None => drop(self.shares.insert(key.clone(), durations.clone())),
            }
        }
        self.iterations += other.iterations;
        self.dropped += other.dropped;
        self.overflow = match (self.overflow.take(), &other.overflow) {
            (Some(own), Some(other)) => Some(own.min(other.clone())),
            (own, other) => own.or_else(|| other.clone()),
        };
    }

    /// The same with other numbers for what is watched: the new ones, by the old.
    pub fn renumbered(&self, numbers: &[u32]) -> Snapshot {
        let mut snapshot = self.clone();
        snapshot.watched.clear();
        for (number, measure) in &self.watched {
            if let Some(number) = numbers.get(*number as usize) {
                snapshot.watched.insert(*number, measure.clone());
            }
        }
        snapshot
    }

    /// Checks over all names.
    pub fn all_checks(&self) -> CheckCount {
        self.checks.values().fold(CheckCount::default(), |sum, count| CheckCount {
            passes: sum.passes + count.passes,
            fails: sum.fails + count.fails,
        })
    }

    /// Raised errors over all groups.
    pub fn all_exceptions(&self) -> u64 {
        self.exceptions.values().map(|count| count.seen.count).sum()
    }
}

impl CheckCount {
    pub(super) fn merge(&mut self, other: &CheckCount) {
        self.passes += other.passes;
        self.fails += other.fails;
    }
}

impl ExceptionCount {
    pub(super) fn merge(&mut self, other: &ExceptionCount) {
        self.seen.merge(&other.seen);
        if other.origin < self.origin {
            self.origin = other.origin.clone();
        }
    }
}

impl Occurrences {
    pub(super) fn once(at: u64) -> Self {
        Occurrences { count: 1, first: at, last: at }
    }

    pub(super) fn merge(&mut self, other: &Occurrences) {
        self.count += other.count;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}
