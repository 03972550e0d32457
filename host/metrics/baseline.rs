//! How a percentile has changed since an earlier run, and how certain that is. Asked by `report`,
//! and by `regression` for thresholds.
//!
//! The 95 % interval of a percentile is that of order statistics: how many of `n` values lie below
//! the true one is binomial, so two ranks of the histogram enclose it, whatever the distribution.
//! The interval of the ratio of two is made of theirs by the method of variance estimates recovery
//! (MOVER), on logarithms. Both take values as independent: those of a stalling server are not, and
//! the true uncertainty is then larger.

use serde::{Deserialize, Serialize};

use super::entry::Entry;
use super::measure::Trend;

/// A normal value lies beyond so many deviations in 2.5 % of cases.
const DEVIATIONS: f64 = 1.959_964;
/// From this variance on a binomial is as good as normal.
const LARGE: f64 = 25.0;

/// A percentile, now and before, in the unit of its values.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub before: f64,
    pub now: f64,
    /// Now for each one before: 1.1 is 10 % more.
    pub ratio: f64,
    /// The ends of its 95 % interval; None where too few values say nothing of that end.
    pub low: Option<f64>,
    pub high: Option<f64>,
}

impl Change {
    /// From `before` to `now`; None where one of them has no values.
    pub fn of<D: Distribution>(before: &D, now: &D, fraction: f64) -> Option<Change> {
        let (was, is) = (Bounds::of(before, fraction)?, Bounds::of(now, fraction)?);
        let log = |value: f64| value.max(now.floor()).ln();
        let ratio = log(is.value) - log(was.value);
        // How far the end of one lies from its value, and the opposite end of the other.
        let reach =
            |a: Option<f64>, b: Option<f64>| Some((log(is.value) - log(a?)).hypot(log(b?) - log(was.value)));
        Some(Change {
            before: was.value,
            now: is.value,
            ratio: ratio.exp(),
            low: reach(is.low, was.high).map(|reach| (ratio - reach).exp()),
            high: reach(is.high, was.low).map(|reach| (ratio + reach).exp()),
        })
    }

    /// Whether the difference is more than chance explains.
    pub fn is_certain(&self) -> bool {
        self.low.is_some_and(|low| low > 1.0) || self.high.is_some_and(|high| high < 1.0)
    }
}

/// Values of which a percentile can be told.
pub trait Distribution {
    fn count(&self) -> u64;
    /// The value that a fraction did not exceed; None without values.
    fn value(&self, fraction: f64) -> Option<f64>;
    /// Values below it count as it: a ratio needs something above zero.
    fn floor(&self) -> f64;
}

impl Distribution for Entry {
    fn count(&self) -> u64 {
        self.requests
    }

    fn value(&self, fraction: f64) -> Option<f64> {
        self.percentile(fraction).map(|us| us as f64)
    }

    fn floor(&self) -> f64 {
        1.0
    }
}

impl Distribution for Trend {
    fn count(&self) -> u64 {
        self.count
    }

    fn value(&self, fraction: f64) -> Option<f64> {
        (self.count > 0).then(|| self.percentile(fraction))
    }

    fn floor(&self) -> f64 {
        f64::MIN_POSITIVE
    }
}

/// A percentile and the ends of its interval.
struct Bounds {
    value: f64,
    low: Option<f64>,
    high: Option<f64>,
}

impl Bounds {
    fn of(values: &impl Distribution, fraction: f64) -> Option<Bounds> {
        let value = values.value(fraction)?;
        let (low, high) = ranks(fraction, values.count());
        // The middle of a rank's share, which no rounding takes to its neighbour.
        let at = |rank: u64| values.value((rank as f64 - 0.5) / values.count() as f64);
        Some(Bounds { value, low: low.and_then(at), high: high.and_then(at) })
    }
}

/// The ranks of `count` values, from 1, between which the true percentile lies in 95 % of cases.
fn ranks(fraction: f64, count: u64) -> (Option<u64>, Option<u64>) {
    let n = count as f64;
    let variance = n * fraction * (1.0 - fraction);
    let within = |rank: f64| (1.0..=n).contains(&rank).then_some(rank as u64);
    if variance >= LARGE {
        let reach = DEVIATIONS * variance.sqrt();
        return (within((n * fraction - reach).floor()), within((n * fraction + reach).ceil() + 1.0));
    }
    if fraction <= 0.0 || fraction >= 1.0 {
        return (None, None);
    }
    // From the top: how likely it is that `k` or more lie below.
    let (mut likely, mut tail, mut high) = (fraction.powf(n), 0.0, None);
    for k in (1..=count).rev() {
        tail += likely;
        if tail <= 0.025 {
            high = Some(k);
        }
        if tail >= 0.975 {
            return (Some(k), high);
        }
        likely *= k as f64 / (count - k + 1) as f64 * (1.0 - fraction) / fraction;
    }
    (None, high)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::metrics::{Call, Recorder};

    fn entry(latencies: impl Iterator<Item = u64>) -> Entry {
        let mut recorder = Recorder::new();
        let key = recorder.key("GET", "/");
        for us in latencies {
            let latency = Duration::from_micros(us);
            recorder.call(key, &Call { latency, bytes: 0, at: 1, failure: None });
        }
        recorder.take().total
    }

    /// From tables of nonparametric intervals of the median: of 10 values the 2nd and 9th, of 20 the
    /// 6th and 15th, of 50 the 18th and 33rd.
    #[test]
    fn known_ranks() {
        assert_eq!(ranks(0.5, 10), (Some(2), Some(9)));
        assert_eq!(ranks(0.5, 20), (Some(6), Some(15)));
        assert_eq!(ranks(0.5, 50), (Some(18), Some(33)));
        assert_eq!(ranks(0.5, 5), (None, None), "too few for 95 %");
        // 0.99 ^ n <= 0.025 from n = 368 on.
        assert_eq!(ranks(0.99, 367).1, None);
        assert_eq!(ranks(0.99, 368).1, Some(368));
        let (low, high) = ranks(0.5, 10_000);
        assert!((4900..=4903).contains(&low.unwrap()) && (5098..=5101).contains(&high.unwrap()));
    }

    #[test]
    fn a_change_beyond_chance_is_told_from_one_within() {
        let before = entry((0..2000).map(|n| 10_000 + n * 7919 % 2000));
        let same = entry((0..2000).map(|n| 10_000 + n * 6007 % 2000));
        let slower = entry((0..2000).map(|n| 13_000 + n * 7919 % 2600));
        let change = Change::of(&before, &same, 0.95).unwrap();
        assert!(!change.is_certain() && change.low.unwrap() <= 1.0 && change.high.unwrap() >= 1.0);
        let change = Change::of(&before, &slower, 0.95).unwrap();
        assert!(change.is_certain() && (change.ratio - 1.3).abs() < 0.01, "{change:?}");
        let one = Change::of(&before, &entry([20_000].into_iter()), 0.95).unwrap();
        assert_eq!((one.low, one.high), (None, None), "one is no proof");
        assert_eq!(Change::of(&Entry::default(), &same, 0.95), None);
    }
}
