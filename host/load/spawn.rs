//! When users come (or go) for a given rate, in closed form, so that every
//! worker can tell by itself. Called by `run` and its workers.

use std::time::Duration;

use crate::exit::Exit;
use crate::fault::Fault;
use crate::units::check_rate;

const NANOS: f64 = 1e9;

/// Batches of users at a steady rate, the first batch at once: at 2.4 a second
/// two users every 0.833 s.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ramp {
    batch: u64,
    /// Nanoseconds between two batches; a second or more, whatever the rate.
    interval: f64,
}

impl Ramp {
    /// `rate`: users a second. A fault (`Exit::Usage`) where `units` refuses it.
    pub fn new(rate: f64) -> Result<Self, Fault> {
        let rate = check_rate(rate).map_err(|error| {
            Fault::new(Exit::Usage, format!("invalid spawn rate {rate}"))
                .why(error.to_string())
                .help("write how many users start in a second, such as 10, or 0.5 for one every two seconds")
        })?;
        let batch = (rate.floor() as u64).max(1);
        Ok(Ramp { batch, interval: batch as f64 / rate * NANOS })
    }

    /// How many users come at once.
    pub fn batch(&self) -> u64 {
        self.batch
    }

    /// How long after the first batch the one numbered `k` comes; `k` counts from 0.
    pub fn batch_time(&self, k: u64) -> Duration {
        Duration::from_nanos(self.batch_offset(k))
    }

    /// How long `users` take at this rate, were they to come one by one.
    pub fn time_of(&self, users: u64) -> Duration {
        Duration::from_nanos((users as f64 / self.batch as f64 * self.interval) as u64)
    }

    /// How long after the start user `k` comes; `k` counts from 0.
    pub fn offset(&self, k: u64) -> Duration {
        Duration::from_nanos(self.batch_offset(k / self.batch))
    }

    /// How many users have come by `elapsed`: all with `offset(k) <= elapsed`.
    pub fn due(&self, elapsed: Duration) -> u64 {
        // Offsets saturate at u64::MAX, so that a time below it ends the search.
        let elapsed = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX).min(u64::MAX - 1);
        // Division rounds: the batch found can be one off.
        let mut last = (elapsed as f64 / self.interval) as u64;
        while self.batch_offset(last) > elapsed {
            last -= 1;
        }
        while self.batch_offset(last + 1) <= elapsed {
            last += 1;
        }
        (last + 1).saturating_mul(self.batch)
    }

    fn batch_offset(&self, batch: u64) -> u64 {
        (batch as f64 * self.interval) as u64
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn offsets(rate: f64, count: u64) -> Vec<u128> {
        let ramp = Ramp::new(rate).unwrap();
        (0..count).map(|k| ramp.offset(k).as_millis()).collect()
    }

    #[test]
    fn batches_are_those_of_locust() {
        assert_eq!(offsets(2.4, 6), [0, 0, 833, 833, 1666, 1666]);
        assert_eq!(offsets(1.0, 3), [0, 1000, 2000]);
        assert_eq!(offsets(0.5, 3), [0, 2000, 4000]);
        assert_eq!(offsets(100.0, 201)[99..101], [0, 1000]);
        assert_eq!(offsets(100.0, 201)[200], 2000);
    }

    #[test]
    fn due_counts_whole_batches() {
        let ramp = Ramp::new(2.4).unwrap();
        let due = |ms| ramp.due(Duration::from_millis(ms));
        assert_eq!([due(0), due(833), due(834), due(1700)], [2, 2, 4, 6]);
    }

    #[test]
    fn a_rate_must_be_above_zero_and_finite() {
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Ramp::new(rate).unwrap_err().exit, Exit::Usage, "{rate}");
        }
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        for rate in [1e-6, 1.0, 1e9] {
            let ramp = Ramp::new(rate).unwrap();
            assert!(ramp.due(Duration::MAX) >= ramp.due(Duration::ZERO));
            assert!(ramp.offset(u64::MAX) >= ramp.offset(0));
        }
    }

    proptest! {
        #[test]
        fn due_is_the_inverse_of_offset(rate in prop_oneof![0.01f64..1.0, 1.0f64..10.0, 10.0f64..20_000.0], k in 0u64..10_000_000, ns in 0u64..1_000_000_000_000_000) {
            let ramp = Ramp::new(rate).unwrap();
            let offset = ramp.offset(k);
            prop_assert!(ramp.due(offset) > k, "user {} is there at its own time", k);
            if let Some(before) = offset.checked_sub(Duration::from_nanos(1)) {
                prop_assert!(ramp.due(before) <= k, "and not before");
            }
            let elapsed = Duration::from_nanos(ns);
            let due = ramp.due(elapsed);
            prop_assert!(ramp.offset(due - 1) <= elapsed && elapsed < ramp.offset(due));
        }

        #[test]
        fn in_the_long_run_the_rate_holds(rate in 0.1f64..5000.0) {
            let due = Ramp::new(rate).unwrap().due(Duration::from_secs(10_000)) as f64;
            prop_assert!((due - rate * 10_000.0).abs() <= rate.max(1.0) + 1.0);
        }
    }
}
