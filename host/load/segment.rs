//! The part of a run that one process plays, where several make it together: user, arrival or
//! iteration `k` is that of segment `k mod n`. A segment's own workers divide what is left in the same way, so that
//! processes need not have the same number of them. Given by `config`, followed by `run`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::split::Split;

/// Segment `index` of `count`; indices count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    index: u64,
    count: u64,
}

impl Segment {
    /// The run as one process makes it.
    pub const WHOLE: Segment = Segment { index: 0, count: 1 };

    /// As many segments as a run can have.
    pub const MOST: u64 = 100_000;

    /// None for an index that is not below the count, and for a count beyond [`Segment::MOST`].
    pub fn new(index: u64, count: u64) -> Option<Segment> {
        (index < count && count <= Segment::MOST).then_some(Segment { index, count })
    }

    /// Reads `I/N`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Segment, String> {
        let read = |text: &str| text.trim().parse::<u64>().ok();
        let parts = text.split_once('/').and_then(|(index, count)| Some((read(index)?, read(count)?)));
        let (index, count) = parts.ok_or("write it as I/N, for example 0/4")?;
        Segment::new(index, count).ok_or_else(|| match count {
            0 => "there must be a segment".to_owned(),
            _ if count > Segment::MOST => format!("a run has at most {} segments", Segment::MOST),
            _ => format!("segments count from 0: of {count} there are 0/{count} to {}/{count}", count - 1),
        })
    }

    pub fn index(&self) -> u64 {
        self.index
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    pub fn is_whole(&self) -> bool {
        self.count == 1
    }

    /// How many of the first `total` items are this segment's.
    pub fn share(&self, total: u64) -> u64 {
        self.within(u64::MAX).share(total)
    }

    /// The part of so many that `workers` of this segment divide among them.
    pub fn split(&self, worker: usize, workers: usize) -> Split {
        self.split_over(u64::MAX, (worker, workers))
    }

    /// The same where no more than `users` can work at it: segments beyond these would have work and nobody
    /// to do it. `worker` counts from 0 and is taken modulo `workers`.
    pub fn split_over(&self, users: u64, (worker, workers): (usize, usize)) -> Split {
        let count = self.count.min(users.max(1));
        if self.index >= count {
            return Split::NOTHING;
        }
        let workers = workers.max(1) as u64;
        Split::of(self.index + count * (worker as u64 % workers), count.saturating_mul(workers))
    }

    /// How many of `total` iterations are this segment's, where so many users do them.
    pub fn quota(&self, total: u64, users: u64) -> u64 {
        self.within(users).share(total)
    }

    fn within(&self, users: u64) -> Split {
        self.split_over(users, (0, 1))
    }
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "segment_tests.rs"]
mod tests;
