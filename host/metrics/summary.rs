//! What is asked of merged measurements: percentiles, averages, rates. Used by
//! the sinks and, later, by thresholds.

use std::time::{SystemTime, UNIX_EPOCH};

use super::entry::Entry;
use super::snapshot::Snapshot;
use super::tally::Seconds;

/// The percentiles that are reported, as fractions, with their column heads.
pub const PERCENTILES: [(f64, &str); 11] = [
    (0.50, "50%"),
    (0.66, "66%"),
    (0.75, "75%"),
    (0.80, "80%"),
    (0.90, "90%"),
    (0.95, "95%"),
    (0.98, "98%"),
    (0.99, "99%"),
    (0.999, "99.9%"),
    (0.9999, "99.99%"),
    (1.0, "100%"),
];

impl Entry {
    /// The latency in us that the fraction `q` of the requests did not exceed,
    /// to three significant digits, never above the longest one. None without requests.
    pub fn percentile(&self, q: f64) -> Option<u64> {
        self.percentiles(&[q]).first().copied()
    }

    /// Several percentiles in one pass; `fractions` ascend. Empty without requests.
    pub fn percentiles(&self, fractions: &[f64]) -> Vec<u64> {
        if self.requests == 0 {
            return Vec::new();
        }
        let mut found = Vec::with_capacity(fractions.len());
        let (mut buckets, mut passed, mut latency) = (self.buckets.iter(), 0, 0);
        for &fraction in fractions {
            let rank = rank(fraction, self.requests);
            while passed < rank {
                let Some((highest, count)) = buckets.next() else { break };
                passed += count;
                latency = u64::from(highest).min(self.max);
            }
            // The last of all is known exactly, however long it took.
            found.push(if rank == self.requests { self.max } else { latency });
        }
        found
    }

    /// The median latency, us; 0 without requests.
    pub fn median(&self) -> u64 {
        self.percentile(0.5).unwrap_or(0)
    }

    /// The exact mean latency, us; 0 without requests.
    pub fn average(&self) -> f64 {
        ratio(self.sum, self.requests)
    }

    /// The mean size of a body, bytes; 0 without requests.
    pub fn average_bytes(&self) -> f64 {
        ratio(self.bytes, self.requests)
    }

    /// Failures as a fraction of the requests; 0 without requests.
    pub fn failure_ratio(&self) -> f64 {
        ratio(self.failures, self.requests)
    }
}

fn ratio(sum: u64, count: u64) -> f64 {
    if count == 0 { 0.0 } else { sum as f64 / count as f64 }
}

/// Which of `count` sorted values the fraction `q` asks for, from 1.
pub(super) fn rank(q: f64, count: u64) -> u64 {
    let exact = q.clamp(0.0, 1.0) * count as f64;
    // 0.1 * 30 is a hair above 3: what is meant is the third.
    let near = exact.round();
    let rank = if (exact - near).abs() <= near * 1e-12 { near } else { exact.ceil() };
    (rank as u64).clamp(1, count)
}

/// The stretch of time that the rates of a set of measurements refer to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Where the statistics begin, seconds of the epoch.
    start: f64,
    /// Until then there were users.
    end: f64,
    /// The second of the last request.
    last: Option<u64>,
}

impl Span {
    /// The span of `totals`, counted from `since`; it reaches to `until`: now, or when the last users left.
    pub fn of(totals: &Snapshot, since: SystemTime, until: SystemTime) -> Self {
        let start = epoch(since);
        Span { start, end: epoch(until).max(start), last: totals.total.last }
    }

    /// Where the statistics begin, seconds of the epoch.
    pub fn start(&self) -> f64 {
        self.start
    }

    /// When the last request of a key ended, at the latest; seconds of the epoch.
    pub fn last_of(&self, entry: &Entry) -> Option<f64> {
        // What `teardown` asks for comes after the users.
        entry.last.map(|last| (last as f64 + 1.0).min(self.end.max(last as f64)))
    }

    /// Per second, over the whole span.
    pub fn rate(&self, count: u64) -> f64 {
        let seconds = self.end - self.start;
        if seconds > 0.0 { count as f64 / seconds } else { 0.0 }
    }

    /// Per second as of late: the mean over the seconds `[last - 12, last - 2)`,
    /// not reaching back before the start. The last two are left out because
    /// not every worker has told of them yet.
    pub fn current(&self, counts: &Seconds) -> f64 {
        self.window().map_or(0.0, |(from, to)| counted(counts, from, to) / (to - from) as f64)
    }

    /// As [`Span::current`], but of the ten seconds before the end of the span, whether there were requests or not; the
    /// second in which it started counts for what it lasted, and the rate of the whole is shown until there are two
    /// seconds to tell of. For the eye; `total` is the sum of `counts`.
    pub fn lately(&self, counts: &Seconds, total: u64) -> f64 {
        let Some((from, to)) = self.seconds_before((self.end.ceil() as u64).saturating_sub(1)) else {
            return self.rate(total);
        };
        let seconds = to as f64 - self.start.max(from as f64);
        if seconds < 2.0 { self.rate(total) } else { counted(counts, from, to) / seconds }
    }

    /// The seconds that tell of the rate as of late, unless there are none yet.
    fn window(&self) -> Option<(u64, u64)> {
        self.seconds_before(self.last?)
    }

    fn seconds_before(&self, last: u64) -> Option<(u64, u64)> {
        let from = last.saturating_sub(12).max(self.start as u64);
        let to = last.saturating_sub(2);
        (from < to).then_some((from, to))
    }
}

fn counted(counts: &Seconds, from: u64, to: u64) -> f64 {
    let bound = |second: u64| u32::try_from(second).unwrap_or(u32::MAX);
    counts.sum(bound(from)..bound(to)) as f64
}

/// Seconds of the epoch; 0 for a clock that is set before it.
pub fn epoch(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::metrics::{Call, Recorder};

    fn entry(latencies: &[u64]) -> Entry {
        let mut recorder = Recorder::new();
        let key = recorder.key("GET", "/");
        for &us in latencies {
            recorder
                .call(key, &Call { latency: Duration::from_micros(us), bytes: 3, at: 100, failure: None });
        }
        recorder.take().total
    }

    proptest! {
        /// Beside the exact answer over the sorted values: within a bucket's width, never above the maximum.
        #[test]
        fn percentiles_hold_their_bounds(
            mut latencies in prop::collection::vec(prop_oneof![0u64..3000, 0u64..5_000_000_000], 1..300),
            thousandths in 0u32..=1000,
        ) {
            let entry = entry(&latencies);
            latencies.sort_unstable();
            let q = f64::from(thousandths) / 1000.0;
            let found = entry.percentile(q).unwrap();
            let index = (thousandths as usize * latencies.len()).div_ceil(1000).max(1) - 1;
            let exact = latencies[index];
            prop_assert!(found <= *latencies.last().unwrap());
            // Above an hour the histogram says an hour.
            prop_assert!(found >= latencies[0].min(3_600_000_000));
            if exact <= 3_600_000_000 {
                prop_assert!(found >= exact && found <= exact + exact / 1000 + u64::from(exact == 0), "{} for {}", found, exact);
            }
        }

        #[test]
        fn percentiles_ascend(latencies in prop::collection::vec(0u64..10_000_000, 1..200)) {
            let all = entry(&latencies).percentiles(&PERCENTILES.map(|(q, _)| q));
            prop_assert!(all.is_sorted());
            prop_assert_eq!(all.last(), latencies.iter().max());
        }
    }

    #[test]
    fn known_percentiles() {
        let hundred = entry(&(1..=100).collect::<Vec<_>>());
        assert_eq!(hundred.percentiles(&[0.5, 0.9, 0.99, 0.999, 1.0]), [50, 90, 99, 100, 100]);
        assert_eq!(hundred.average(), 50.5);
        assert_eq!(hundred.average_bytes(), 3.0);
        assert_eq!(entry(&(1..=30).collect::<Vec<_>>()).percentile(0.1), Some(3));
        assert_eq!(Entry::default().percentile(0.5), None);
        assert_eq!(Entry::default().average(), 0.0);
    }

    #[test]
    fn beyond_an_hour_the_last_stays_exact() {
        let two_hours = 7_200_000_000;
        assert_eq!(entry(&[5, two_hours]).percentile(1.0), Some(two_hours));
    }

    fn span(start: f64, now: f64, seconds: &[(u64, u64)]) -> (Span, Entry) {
        let mut recorder = Recorder::new();
        let key = recorder.key("GET", "/");
        for &(at, count) in seconds {
            for _ in 0..count {
                recorder.call(key, &Call { latency: Duration::ZERO, bytes: 0, at, failure: None });
            }
        }
        let totals = recorder.take();
        let time = |seconds| UNIX_EPOCH + Duration::from_secs_f64(seconds);
        (Span::of(&totals, time(start), time(now)), totals.total)
    }

    #[test]
    fn total_rate_is_about_the_time_with_users() {
        let (ended, total) = span(100.5, 110.5, &[(101, 10), (110, 10)]);
        assert_eq!(ended.rate(total.requests), 2.0);
        // A server that went silent: users were there all the same.
        let (stalled, total) = span(100.0, 140.0, &[(101, 10), (109, 10)]);
        assert_eq!(stalled.rate(total.requests), 0.5);
        assert_eq!(stalled.last_of(&total), Some(110.0));
        // `teardown` asks for something.
        let (after, total) = span(100.0, 110.0, &[(101, 10), (114, 10)]);
        assert_eq!((after.rate(total.requests), after.last_of(&total)), (2.0, Some(114.0)));
        assert_eq!(span(100.0, 100.0, &[]).0.rate(0), 0.0);
    }

    #[test]
    fn current_rate_is_the_mean_of_ten_seconds() {
        // Seconds 108..118 count, 118..=120 and those before 108 do not.
        let (long, total) =
            span(50.0, 121.0, &[(107, 1000), (108, 30), (117, 20), (118, 500), (119, 500), (120, 500)]);
        assert_eq!(long.current(&total.requests_at), 5.0);
        assert_eq!(long.lately(&total.requests_at, total.requests), 5.0);
        // After 5 s of a run: [100, 103).
        let (short, total) = span(100.2, 105.9, &[(100, 3), (102, 3), (103, 50), (105, 50)]);
        assert_eq!(short.current(&total.requests_at), 2.0);
        assert!((short.lately(&total.requests_at, total.requests) - 6.0 / 2.8).abs() < 1e-9);
        // Started at the end of a second in which nothing came.
        let (late, total) = span(100.9, 104.4, &[(101, 10), (102, 10), (103, 10), (104, 5)]);
        assert_eq!(late.current(&total.requests_at), 5.0);
        assert_eq!(late.lately(&total.requests_at, total.requests), late.rate(total.requests));
        // A pause of a minute: there were none in the last ten seconds.
        let (paused, total) = span(50.0, 181.0, &[(108, 30), (120, 20)]);
        assert_eq!(paused.current(&total.requests_at), 3.0);
        assert_eq!(paused.lately(&total.requests_at, total.requests), 0.0);
        let (fresh, total) = span(100.0, 101.0, &[(100, 7)]);
        assert_eq!(fresh.current(&total.requests_at), 0.0);
        assert_eq!(fresh.lately(&total.requests_at, total.requests), 7.0);
    }
}
