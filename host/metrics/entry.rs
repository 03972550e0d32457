//! What is known of the requests under one method and name. Filled by
//! `recorder`, added up in `snapshot`, asked through `summary`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::tally::{Buckets, Seconds};

/// What requests are grouped by. The order is that of the result files: name, then method.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Label {
    pub name: String,
    pub method: String,
}

/// The requests of one [`Label`], or of all of them. Latencies are in us.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Entry {
    /// Requests, the failed ones included.
    pub requests: u64,
    pub failures: u64,
    /// Bytes of response bodies.
    pub bytes: u64,
    /// The exact sum of the latencies, us.
    pub sum: u64,
    /// The exact shortest latency, us; None before the first request.
    pub min: Option<u64>,
    /// The exact longest latency, us; 0 before the first request.
    pub max: u64,
    /// Latencies to three significant digits, held to 1 us..1 h.
    pub buckets: Buckets,
    pub requests_at: Seconds,
    pub failures_at: Seconds,
    /// The second of the epoch in which the first request ended.
    pub first: Option<u64>,
    /// The second of the epoch in which the last request ended.
    pub last: Option<u64>,
}

impl Entry {
    /// Counts one request, all but its bucket.
    pub(super) fn count(&mut self, latency: u64, bytes: u64, at: u64, failed: bool) {
        let second = u32::try_from(at).unwrap_or(u32::MAX);
        self.requests += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        self.sum = self.sum.saturating_add(latency);
        self.min = earliest(self.min, Some(latency));
        self.max = self.max.max(latency);
        self.requests_at.add(second, 1);
        if failed {
            self.failures += 1;
            self.failures_at.add(second, 1);
        }
        self.first = earliest(self.first, Some(at));
        self.last = self.last.max(Some(at));
    }

    /// Adds what `other` counted.
    pub fn merge(&mut self, other: &Entry) {
        self.requests += other.requests;
        self.failures += other.failures;
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.sum = self.sum.saturating_add(other.sum);
        self.min = earliest(self.min, other.min);
        self.max = self.max.max(other.max);
        self.buckets.merge(&other.buckets);
        self.requests_at.merge(&other.requests_at);
        self.failures_at.merge(&other.failures_at);
        self.first = earliest(self.first, other.first);
        self.last = self.last.max(other.last);
    }

    /// Back to nothing, keeping the memory of its tallies.
    pub(super) fn clear(&mut self) {
        let mut empty = Entry {
            buckets: std::mem::take(&mut self.buckets),
            requests_at: std::mem::take(&mut self.requests_at),
            failures_at: std::mem::take(&mut self.failures_at),
            ..Entry::default()
        };
        empty.buckets.clear();
        empty.requests_at.clear();
        empty.failures_at.clear();
        *self = empty;
    }
}

/// The smaller of two that may be unknown.
pub(super) fn earliest(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// A latency in us, to the nearest.
pub(super) fn micros(latency: Duration) -> u64 {
    u64::try_from(latency.as_nanos().saturating_add(500) / 1000).unwrap_or(u64::MAX)
}
