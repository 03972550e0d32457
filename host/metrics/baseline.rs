//! How a percentile has changed since an earlier run, and how certain that is. Asked by `report`,
//! and by thresholds about a baseline.
//!
//! The 95 % interval of a percentile is that of order statistics: how many of `n` values lie below
//! the true one is binomial, so two ranks of the histogram enclose it, whatever the distribution.
//! The interval of the ratio of two is made of theirs by the method of variance estimates recovery
//! (MOVER), on logarithms. Both take values as independent: those of a stalling server are not, and
//! the true uncertainty is then larger.

use super::entry::Entry;

/// A normal value lies beyond so many deviations in 2.5 % of cases.
const DEVIATIONS: f64 = 1.959_964;
/// From this variance on a binomial is as good as normal.
const LARGE: f64 = 25.0;

/// A percentile, now and before; latencies in us.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    pub before: u64,
    pub now: u64,
    /// Now for each one before: 1.1 is 10 % more.
    pub ratio: f64,
    /// The ends of its 95 % interval; None where too few values say nothing of that end.
    pub low: Option<f64>,
    pub high: Option<f64>,
}

/// What may become worse by how much: `p(95)<+10%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Regression {
    /// Of 0..=1.
    pub fraction: f64,
    /// 1.1 for 10 %.
    pub limit: f64,
}

/// What a comparison says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    Held,
    /// It is worse beyond the limit, and that is no chance.
    Crossed,
    /// It looks worse beyond the limit, but may be chance; or there is nothing to compare.
    Unknown,
}

impl Change {
    /// From `before` to `now`; None where one of them has no requests.
    pub fn of(before: &Entry, now: &Entry, fraction: f64) -> Option<Change> {
        let (was, is) = (Bounds::of(before, fraction)?, Bounds::of(now, fraction)?);
        let ratio = log(is.value) - log(was.value);
        // How far the end of one lies from its value, and the opposite end of the other.
        let reach =
            |a: Option<u64>, b: Option<u64>| Some((log(is.value) - log(a?)).hypot(log(b?) - log(was.value)));
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

impl Regression {
    /// Reads `p(95)<+10%`; None for another text.
    pub fn parse(text: &str) -> Option<Regression> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let (percentile, limit) = text.split_once("<+")?;
        let percent: f64 = match percentile {
            "med" => 50.0,
            text => text.strip_prefix("p(")?.strip_suffix(')')?.parse().ok()?,
        };
        let more: f64 = limit.strip_suffix('%')?.parse().ok()?;
        let is_sound = (0.0..=100.0).contains(&percent) && more.is_finite() && more >= 0.0;
        is_sound.then_some(Regression { fraction: percent / 100.0, limit: 1.0 + more / 100.0 })
    }

    pub fn judge(&self, before: &Entry, now: &Entry) -> Finding {
        match Change::of(before, now, self.fraction) {
            Some(change) if change.ratio < self.limit => Finding::Held,
            Some(change) if change.low.is_some_and(|low| low >= self.limit) => Finding::Crossed,
            _ => Finding::Unknown,
        }
    }
}

/// A percentile and the ends of its interval.
struct Bounds {
    value: u64,
    low: Option<u64>,
    high: Option<u64>,
}

impl Bounds {
    fn of(entry: &Entry, fraction: f64) -> Option<Bounds> {
        let value = entry.percentile(fraction)?;
        let (low, high) = ranks(fraction, entry.requests);
        // The middle of a rank's share, which no rounding takes to its neighbour.
        let at = |rank: u64| entry.percentile((rank as f64 - 0.5) / entry.requests as f64);
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

/// A latency of less than 1 us counts as one.
fn log(us: u64) -> f64 {
    (us.max(1) as f64).ln()
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
        let rule = Regression::parse("p(95) < +10%").unwrap();
        assert_eq!(rule.judge(&before, &same), Finding::Held);
        assert_eq!(rule.judge(&before, &slower), Finding::Crossed);
        assert_eq!(rule.judge(&before, &entry([20_000].into_iter())), Finding::Unknown, "one is no proof");
        assert_eq!(rule.judge(&Entry::default(), &same), Finding::Unknown);
    }

    #[test]
    fn what_is_no_regression() {
        assert_eq!(Regression::parse("med<+0.5%"), Some(Regression { fraction: 0.5, limit: 1.005 }));
        for text in ["p(95)<10%", "p(95)<+10", "p(101)<+1%", "avg<+1%", "p(95)>+1%", "p(95)<+-1%", ""] {
            assert_eq!(Regression::parse(text), None, "{text}");
        }
    }
}
