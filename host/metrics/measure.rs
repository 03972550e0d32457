//! What the metrics that scripts declare hold: counters, gauges, rates and trends,
//! each a sum that can be added to others. Filled by `custom` and `groups`, added up
//! in `snapshot`, asked by the sinks.

use serde::{Deserialize, Serialize};

use super::exact::Sum;
use super::stored::{bits, timed};
use super::summary::rank;
use super::tally::Buckets;

/// What is done with the values of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// Adds them up.
    Counter,
    /// Keeps the last, the least and the greatest.
    Gauge,
    /// How many of them are not zero.
    Rate,
    /// Their distribution.
    Trend,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Rate => "rate",
            Kind::Trend => "trend",
        }
    }
}

/// Values of one metric, of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Measure {
    Counter(Counter),
    Gauge(Gauge),
    Rate(Rate),
    Trend(Trend),
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counter {
    /// How many values were added.
    pub count: u64,
    pub sum: Sum,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gauge {
    pub count: u64,
    /// The latest value, with its time in ns since the start of the run; of two at the same time
    /// the greater, so that merging knows no order.
    #[serde(with = "timed")]
    pub last: (u64, f64),
    #[serde(with = "bits")]
    pub min: f64,
    #[serde(with = "bits")]
    pub max: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    pub hits: u64,
    pub count: u64,
}

/// A distribution to three significant digits; its ends and its sum are exact.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Trend {
    pub count: u64,
    pub sum: Sum,
    #[serde(with = "bits")]
    pub min: f64,
    #[serde(with = "bits")]
    pub max: f64,
    /// By [`bucket`].
    buckets: Buckets,
}

// All values are finite.
impl Eq for Gauge {}
impl Eq for Trend {}

impl Measure {
    pub fn new(kind: Kind) -> Self {
        match kind {
            Kind::Counter => Measure::Counter(Counter::default()),
            Kind::Gauge => Measure::Gauge(Gauge::default()),
            Kind::Rate => Measure::Rate(Rate::default()),
            Kind::Trend => Measure::Trend(Trend::default()),
        }
    }

    /// Adds a finite value that came `at` ns after the start of the run.
    pub fn add(&mut self, value: f64, at: u64) {
        match self {
            Measure::Counter(counter) => {
                counter.count += 1;
                counter.sum.add(value);
            }
            Measure::Gauge(gauge) => {
                gauge.merge(&Gauge { count: 1, last: (at, value), min: value, max: value })
            }
            Measure::Rate(rate) => {
                rate.count += 1;
                rate.hits += u64::from(value != 0.0);
            }
            Measure::Trend(trend) => trend.add(value),
        }
    }

    /// Adds what `other`, of the same kind, was given.
    pub fn merge(&mut self, other: &Measure) {
        match (self, other) {
            (Measure::Counter(own), Measure::Counter(other)) => {
                own.count += other.count;
                own.sum.merge(&other.sum);
            }
            (Measure::Gauge(own), Measure::Gauge(other)) => own.merge(other),
            (Measure::Rate(own), Measure::Rate(other)) => {
                own.count += other.count;
                own.hits += other.hits;
            }
            (Measure::Trend(own), Measure::Trend(other)) => own.merge(other),
            _ => debug_assert!(false, "the kind is part of a metric's key"),
        }
    }

    pub fn kind(&self) -> Kind {
        match self {
            Measure::Counter(_) => Kind::Counter,
            Measure::Gauge(_) => Kind::Gauge,
            Measure::Rate(_) => Kind::Rate,
            Measure::Trend(_) => Kind::Trend,
        }
    }

    /// How many values it was given.
    pub fn count(&self) -> u64 {
        match self {
            Measure::Counter(counter) => counter.count,
            Measure::Gauge(gauge) => gauge.count,
            Measure::Rate(rate) => rate.count,
            Measure::Trend(trend) => trend.count,
        }
    }

    /// Back to nothing, keeping its memory.
    pub(super) fn clear(&mut self) {
        match self {
            Measure::Counter(counter) => {
                counter.count = 0;
                counter.sum.clear();
            }
            Measure::Gauge(gauge) => *gauge = Gauge::default(),
            Measure::Rate(rate) => *rate = Rate::default(),
            Measure::Trend(trend) => trend.clear(),
        }
    }
}

impl Gauge {
    fn merge(&mut self, other: &Gauge) {
        if other.count == 0 {
            return;
        }
        if self.count == 0 {
            *self = other.clone();
            return;
        }
        self.count += other.count;
        let later = other.last.0.cmp(&self.last.0).then(other.last.1.total_cmp(&self.last.1));
        if later.is_gt() {
            self.last = other.last;
        }
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }
}

impl Rate {
    /// The share of values that were not zero; 0 without values.
    pub fn share(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.hits as f64 / self.count as f64 }
    }
}

impl Trend {
    /// Adds a finite value.
    pub fn add(&mut self, value: f64) {
        // Only one zero, so that all values compare as their bits do.
        let value = value + 0.0;
        self.widen(value, value);
        self.count += 1;
        self.sum.add(value);
        self.buckets.add(bucket(value), 1);
    }

    /// Adds what `other` was given.
    pub fn merge(&mut self, other: &Trend) {
        if other.count == 0 {
            return;
        }
        self.widen(other.min, other.max);
        self.count += other.count;
        self.sum.merge(&other.sum);
        self.buckets.merge(&other.buckets);
    }

    fn widen(&mut self, min: f64, max: f64) {
        let first = self.count == 0;
        self.min = if first { min } else { self.min.min(min) };
        self.max = if first { max } else { self.max.max(max) };
    }

    /// The exact mean; 0 without values.
    pub fn average(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum.value() / self.count as f64 }
    }

    /// The value that the fraction `q` of the values did not exceed, to three significant digits;
    /// 0 without values.
    pub fn percentile(&self, q: f64) -> f64 {
        if self.count == 0 {
            return 0.0;
        }
        let rank = rank(q, self.count);
        if rank == self.count {
            return self.max;
        }
        let mut passed = 0;
        for (bucket, count) in self.buckets.iter() {
            passed += count;
            if passed >= rank {
                return value_of(bucket).clamp(self.min, self.max);
            }
        }
        self.max
    }

    /// Each value that occurred, to three significant digits and within the ends, and how often.
    pub fn values(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        self.buckets.iter().map(|(bucket, count)| (value_of(bucket).clamp(self.min, self.max), count))
    }

    pub(super) fn clear(&mut self) {
        (self.count, self.min, self.max) = (0, 0.0, 0.0);
        self.sum.clear();
        self.buckets.clear();
    }
}

/// Bits of a float that a bucket leaves out: of its fraction ten remain, for steps of 0.1 %.
const LEFT_OUT: u32 = 42;

/// Numbers buckets in the order of their values: floats compare as their bits do, but for the sign.
fn bucket(value: f64) -> u32 {
    let bits = value.to_bits();
    let ordered = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
    (ordered >> LEFT_OUT) as u32
}

/// The value of a bucket that is nearest to zero: whole numbers up to 2048 are themselves.
fn value_of(bucket: u32) -> f64 {
    let ordered = u64::from(bucket) << LEFT_OUT;
    let low = (1u64 << LEFT_OUT) - 1;
    f64::from_bits(if ordered >> 63 == 1 { ordered & !(1 << 63) } else { !(ordered | low) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: [Kind; 4] = [Kind::Counter, Kind::Gauge, Kind::Rate, Kind::Trend];

    fn of(kind: Kind, values: &[(f64, u64)]) -> Measure {
        let mut measure = Measure::new(kind);
        values.iter().for_each(|&(value, at)| measure.add(value, at));
        measure
    }

    fn trend(values: &[f64]) -> Trend {
        let mut trend = Trend::default();
        values.iter().for_each(|&value| trend.add(value));
        trend
    }

    fn any_values() -> impl Strategy<Value = Vec<(f64, u64)>> {
        prop::collection::vec((prop_oneof![-1e9f64..1e9, Just(0.0), Just(1.0), Just(-0.0)], 0u64..6), 0..30)
    }

    proptest! {
        #[test]
        fn merging_knows_no_order(a in any_values(), b in any_values(), c in any_values()) {
            for kind in KINDS {
                let (a, b, c) = (of(kind, &a), of(kind, &b), of(kind, &c));
                let plus = |one: &Measure, other: &Measure| {
                    let mut sum = one.clone();
                    sum.merge(other);
                    sum
                };
                prop_assert_eq!(plus(&a, &b), plus(&b, &a));
                prop_assert_eq!(plus(&plus(&a, &b), &c), plus(&a, &plus(&b, &c)));
                prop_assert_eq!(plus(&a, &Measure::new(kind)), a);
            }
        }

        #[test]
        fn merged_is_what_one_would_have_counted(a in any_values(), b in any_values()) {
            for kind in KINDS {
                let mut merged = of(kind, &a);
                merged.merge(&of(kind, &b));
                prop_assert_eq!(merged, of(kind, &[a.clone(), b.clone()].concat()));
            }
        }

        #[test]
        fn buckets_are_narrow_and_in_order(a in -1e12f64..1e12, b in -1e12f64..1e12) {
            let near = value_of(bucket(a));
            prop_assert!(near.abs() <= a.abs() && (a - near).abs() <= a.abs() / 1000.0, "{} for {}", near, a);
            prop_assert_eq!(bucket(near), bucket(a));
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(bucket(low) <= bucket(high));
        }

        /// Beside the exact answer over the sorted values.
        #[test]
        fn percentiles_hold_their_bounds(mut values in prop::collection::vec(-1e6f64..1e6, 1..200), hundredths in 0usize..=100) {
            let found = trend(&values).percentile(hundredths as f64 / 100.0);
            values.sort_by(f64::total_cmp);
            let exact = values[(hundredths * values.len()).div_ceil(100).max(1) - 1];
            prop_assert!((found - exact).abs() <= exact.abs() / 1000.0, "{} for {}", found, exact);
            prop_assert!(values[0] <= found && found <= values[values.len() - 1]);
        }
    }

    #[test]
    fn known_trends() {
        let hundred = trend(&(1..=100).map(f64::from).collect::<Vec<_>>());
        let shown = [0.0, 0.5, 0.9, 0.95, 1.0].map(|q| hundred.percentile(q));
        assert_eq!(shown, [1.0, 50.0, 90.0, 95.0, 100.0]);
        assert_eq!((hundred.average(), hundred.min, hundred.max), (50.5, 1.0, 100.0));
        assert_eq!(trend(&[]).percentile(0.5), 0.0);
        assert_eq!(trend(&[-5.0, -3.0, 0.0]).percentile(0.5), -3.0);
    }

    #[test]
    fn a_gauge_keeps_the_last_by_time() {
        let Measure::Gauge(gauge) = of(Kind::Gauge, &[(5.0, 10), (9.0, 30), (-2.0, 20)]) else { panic!() };
        assert_eq!((gauge.last.1, gauge.min, gauge.max, gauge.count), (9.0, -2.0, 9.0, 3));
    }

    #[test]
    fn a_rate_is_a_share() {
        let Measure::Rate(rate) = of(Kind::Rate, &[(1.0, 0), (0.0, 0), (1.0, 0), (1.0, 0)]) else { panic!() };
        assert_eq!((rate.hits, rate.count, rate.share()), (3, 4, 0.75));
        assert_eq!(Rate::default().share(), 0.0);
    }
}
