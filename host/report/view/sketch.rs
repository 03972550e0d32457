//! How latencies are distributed, roughly: in steps of 5 %, small enough to be kept for each point of a chart
//! and exact in adding up. Used by `series`.

use crate::metrics::Entry;

/// From one step to the next.
const STEP: f64 = 1.05;

/// Sorted pairs of step and count.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Sketch(Vec<(u16, u32)>);

impl Sketch {
    pub(super) fn of(entry: &Entry) -> Sketch {
        let mut sketch: Vec<(u16, u32)> = Vec::new();
        for (highest, count) in entry.buckets.iter() {
            let count = u32::try_from(count).unwrap_or(u32::MAX);
            let step = step(highest);
            match sketch.last_mut() {
                Some(last) if last.0 == step => last.1 = last.1.saturating_add(count),
                _ => sketch.push((step, count)),
            }
        }
        Sketch(sketch)
    }

    pub(super) fn merge(&mut self, other: &Sketch) {
        let mut merged = Vec::with_capacity(self.0.len().max(other.0.len()));
        let (mut own, mut others) = (self.0.iter().peekable(), other.0.iter().peekable());
        loop {
            let take = match (own.peek(), others.peek()) {
                (None, None) => break,
                (Some(a), Some(b)) if a.0 == b.0 => {
                    let both = (a.0, a.1.saturating_add(b.1));
                    others.next();
                    own.next();
                    merged.push(both);
                    continue;
                }
                (Some(a), Some(b)) if a.0 < b.0 => own.next(),
                (Some(_), None) => own.next(),
                _ => others.next(),
            };
            merged.extend(take.copied());
        }
        self.0 = merged;
    }

    /// Latencies in ms that these fractions (which ascend) did not exceed, to 2.5 %.
    pub(super) fn percentiles<const N: usize>(&self, fractions: [f64; N]) -> [Option<f64>; N] {
        let all: u64 = self.0.iter().map(|(_, count)| u64::from(*count)).sum();
        let (mut passed, mut steps, mut at) = (0, self.0.iter(), None);
        fractions.map(|fraction| {
            let rank = ((fraction * all as f64).ceil() as u64).max(1);
            while passed < rank {
                let Some((step, count)) = steps.next() else { break };
                passed += u64::from(*count);
                at = Some(middle(*step));
            }
            at
        })
    }
}

/// Latencies are in us.
fn step(us: u32) -> u16 {
    (f64::from(us.max(1)).ln() / STEP.ln()) as u16
}

/// What stands for a step, in ms.
fn middle(step: u16) -> f64 {
    STEP.powf(f64::from(step) + 0.5) / 1000.0
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
            recorder.call(key, &Call { latency: Duration::from_micros(us), bytes: 0, at: 1, failure: None });
        }
        recorder.take().total
    }

    proptest! {
        /// Beside the exact answer over all values together: two sketches that were merged are as near as one.
        #[test]
        fn merging_loses_nothing(
            one in prop::collection::vec(1u64..50_000_000, 1..200),
            other in prop::collection::vec(1u64..50_000_000, 0..200),
        ) {
            let mut merged = Sketch::of(&entry(&one));
            merged.merge(&Sketch::of(&entry(&other)));
            let mut all: Vec<u64> = one.iter().chain(&other).copied().collect();
            all.sort_unstable();
            prop_assert_eq!(&merged, &Sketch::of(&entry(&all)));
            let fractions = [0.5, 0.95, 0.99];
            for (fraction, found) in fractions.into_iter().zip(merged.percentiles(fractions)) {
                let rank = (fraction * all.len() as f64).ceil() as usize;
                let exact = all[rank - 1] as f64 / 1000.0;
                let found = found.unwrap();
                prop_assert!((found / exact - 1.0).abs() < 0.06, "{} for {}", found, exact);
            }
        }
    }

    #[test]
    fn without_requests_nothing_is_known() {
        assert_eq!(Sketch::default().percentiles([0.5, 0.99]), [None, None]);
    }
}
