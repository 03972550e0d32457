//! The latencies of one key since the last hand-over. A key that is asked for
//! rarely keeps them as they are, a busy one counts them in a histogram: ten
//! thousand idle keys then cost no memory to speak of. Used by `recorder`.

use hdrhistogram::Histogram;

use super::tally::Buckets;

/// Latencies in an interval from which on a key gets its histogram.
const FEW: usize = 128;
/// Significant digits of a bucket.
const DIGITS: u8 = 3;
/// One hour in us, the longest latency that is told apart.
const LONGEST: u64 = 3_600_000_000;

#[derive(Debug)]
pub(super) enum Latencies {
    Few(Vec<u32>),
    Many(Histogram<u32>),
}

impl Default for Latencies {
    fn default() -> Self {
        Latencies::Few(Vec::new())
    }
}

impl Latencies {
    /// Counts a latency in us, held to 1 us..1 h.
    pub(super) fn record(&mut self, latency: u64) {
        let latency = latency.clamp(1, LONGEST);
        match self {
            Latencies::Few(values) if values.len() < FEW => {
                values.push(u32::try_from(latency).expect("an hour of us fits"));
            }
            Latencies::Few(values) => {
                let mut histogram =
                    Histogram::<u32>::new(DIGITS).expect("three significant digits are within its range");
                for &value in values.iter() {
                    count(&mut histogram, u64::from(value));
                }
                count(&mut histogram, latency);
                *self = Latencies::Many(histogram);
            }
            Latencies::Many(histogram) => count(histogram, latency),
        }
    }

    /// Moves what was counted into `buckets`, and starts anew with the same memory.
    pub(super) fn drain(&mut self, ruler: &Ruler, buckets: &mut Buckets) {
        match self {
            Latencies::Few(values) => {
                values.sort_unstable();
                for &value in values.iter() {
                    buckets.add(ruler.bucket(value), 1);
                }
                values.clear();
            }
            Latencies::Many(histogram) => {
                for step in histogram.iter_recorded() {
                    let highest = u32::try_from(step.value_iterated_to()).unwrap_or(u32::MAX);
                    buckets.add(highest, u64::from(step.count_at_value()));
                }
                histogram.reset();
            }
        }
    }
}

fn count(histogram: &mut Histogram<u32>, latency: u64) {
    histogram.record(latency).expect("it resizes itself up to far more than an hour");
}

/// Knows the bounds of buckets; an empty histogram that is only asked.
#[derive(Debug)]
pub(super) struct Ruler(Histogram<u8>);

impl Ruler {
    pub(super) fn new() -> Self {
        Ruler(Histogram::new(DIGITS).expect("three significant digits are within its range"))
    }

    /// The highest latency in the bucket of `latency`, us.
    fn bucket(&self, latency: u32) -> u32 {
        u32::try_from(self.0.highest_equivalent(u64::from(latency))).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Kept or counted, a latency lands in the same bucket, and the bucket is that wide at most.
        #[test]
        fn both_ways_agree(latency in 1u64..4_000_000_000) {
            let ruler = Ruler::new();
            let (mut few, mut many) = (Latencies::default(), Latencies::default());
            few.record(latency);
            for _ in 0..=FEW {
                many.record(latency);
            }
            prop_assert!(matches!(many, Latencies::Many(_)));
            let (mut kept, mut counted) = (Buckets::default(), Buckets::default());
            few.drain(&ruler, &mut kept);
            many.drain(&ruler, &mut counted);
            let (bucket, one) = kept.iter().next().expect("one latency was recorded");
            prop_assert_eq!(one, 1);
            prop_assert_eq!(counted.iter().collect::<Vec<_>>(), vec![(bucket, FEW as u64 + 1)]);
            let held = latency.min(LONGEST);
            prop_assert!(u64::from(bucket) >= held && u64::from(bucket) <= held + held / 1000);
        }
    }

    #[test]
    fn draining_starts_anew() {
        let ruler = Ruler::new();
        for times in [1, FEW + 1] {
            let mut latencies = Latencies::default();
            (0..times).for_each(|_| latencies.record(5));
            latencies.drain(&ruler, &mut Buckets::default());
            let mut again = Buckets::default();
            latencies.drain(&ruler, &mut again);
            assert!(again.is_empty());
        }
    }
}
