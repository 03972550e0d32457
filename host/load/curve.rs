//! A rate, or a number of users, over time: straight lines from point to point, as the stages of
//! k6's ramping executors draw them. In closed form, so that whoever works through the arrivals of
//! a rate can tell each moment by itself, and no rounding adds up. Made for scenarios by `run`.

use std::time::Duration;

use super::split::Split;

/// Straight lines, one after the other; a steady curve has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    lines: Vec<Line>,
}

/// From one height to another, and where it is reached from: seconds and area since the beginning.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Line {
    at: f64,
    area: f64,
    lasts: f64,
    from: f64,
    to: f64,
}

impl Line {
    fn slope(&self) -> f64 {
        if self.lasts > 0.0 { (self.to - self.from) / self.lasts } else { 0.0 }
    }

    fn height(&self, passed: f64) -> f64 {
        self.from + self.slope() * passed
    }

    /// Below the first `passed` seconds of it.
    fn area_by(&self, passed: f64) -> f64 {
        (self.from + self.slope() * passed / 2.0) * passed
    }

    /// After how many seconds of it the area is reached; it is reached within the line.
    fn time_of(&self, area: f64) -> f64 {
        // The root of slope/2 t^2 + from t = area that does not cancel, whatever the slope.
        let inner = (self.from * self.from + 2.0 * self.slope() * area).max(0.0);
        let below = self.from + inner.sqrt();
        if below <= 0.0 { 0.0 } else { (2.0 * area / below).clamp(0.0, self.lasts) }
    }
}

impl Curve {
    /// `height` for so long.
    pub fn steady(height: f64, lasts: Duration) -> Curve {
        Curve::stages(height, [(lasts, height)])
    }

    /// From `start` to the target of each stage in a straight line; one that lasts no time is a step.
    /// Heights are finite and not below 0.
    pub fn stages(start: f64, stages: impl IntoIterator<Item = (Duration, f64)>) -> Curve {
        let mut lines: Vec<Line> = Vec::new();
        let mut next = Line { at: 0.0, area: 0.0, lasts: 0.0, from: start, to: start };
        for (lasts, target) in stages {
            let line = Line { lasts: lasts.as_secs_f64(), to: target, ..next };
            let (at, area) = (line.at + line.lasts, line.area + line.area_by(line.lasts));
            next = Line { at, area, lasts: 0.0, from: target, to: target };
            lines.push(line);
        }
        Curve { lines }
    }

    /// When it is over.
    pub fn end(&self) -> Duration {
        self.lines.last().map_or(Duration::ZERO, |line| Duration::from_secs_f64(line.at + line.lasts))
    }

    /// The height at a moment: the last one after the end.
    pub fn height(&self, at: Duration) -> f64 {
        let at = at.as_secs_f64();
        // Of a step the height that it leads to.
        let after = self.lines.partition_point(|line| line.at + line.lasts <= at);
        match self.lines.get(after) {
            Some(line) => line.height(at - line.at),
            None => self.lines.last().map_or(0.0, |line| line.to),
        }
    }

    /// The greatest height.
    pub fn most(&self) -> f64 {
        self.lines.iter().fold(0.0, |most: f64, line| most.max(line.from).max(line.to))
    }

    /// When the greatest height is reached first.
    pub fn time_of_most(&self) -> Duration {
        let most = self.most();
        let times = self.lines.iter().filter_map(|line| {
            if line.from >= most {
                return Some(line.at);
            }
            (line.to >= most).then_some(line.at + line.lasts)
        });
        Duration::from_secs_f64(times.into_iter().next().unwrap_or(0.0))
    }

    /// The most that it rises in a second: what it begins with, and each step, rise at once.
    pub fn steepest(&self) -> f64 {
        let begins = self.lines.first().map_or(0.0, |line| line.from);
        self.lines.iter().fold(begins, |most, line| {
            let rise = (line.to - line.from).max(0.0);
            most.max(if line.lasts > 1.0 { rise / line.lasts } else { rise })
        })
    }

    /// How much has come by then: the area below it. Of a rate a second, how many arrivals.
    pub fn area(&self, by: Duration) -> f64 {
        let by = by.as_secs_f64();
        let after = self.lines.partition_point(|line| line.at + line.lasts <= by);
        match (self.lines.get(after), self.lines.last()) {
            (Some(line), _) => line.area + line.area_by(by - line.at),
            (None, Some(line)) => line.area + line.area_by(line.lasts),
            (None, None) => 0.0,
        }
    }

    /// The moment of arrival `k` of this rate a second, counted from 0: the first comes at once where
    /// the rate is steady, as in k6, and each when a whole one more has come. None: after the end.
    pub fn arrival(&self, k: u64) -> Option<Duration> {
        let wanted = k as f64;
        // Where nothing comes there is no arrival either, and one at the very end is too late.
        let holds = |line: &Line| line.area + line.area_by(line.lasts) <= wanted;
        let line = self.lines.get(self.lines.partition_point(holds))?;
        Some(Duration::from_secs_f64(line.at + line.time_of(wanted - line.area)))
    }

    /// How many arrivals of this rate a second come by then, at the end those that come before it.
    pub fn arrivals_by(&self, by: Duration) -> u64 {
        // The first comes where the area is 0, and each further one where it has grown by 1.
        match by < self.end() {
            true => {
                let has_begun = self.arrival(0).is_some_and(|first| first <= by);
                self.area(by).floor() as u64 + u64::from(has_begun)
            }
            false => self.area(by).ceil() as u64,
        }
    }

    /// The moments of those arrivals that are one worker's, in order, each with its number among all.
    pub fn arrivals(&self, split: Split) -> impl Iterator<Item = (u64, Duration)> + '_ {
        (0..).map_while(move |own| {
            let number = split.global(own);
            Some((number, self.arrival(number)?))
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn s(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn times(curve: &Curve) -> Vec<f64> {
        curve.arrivals(Split::new(0, 1)).map(|(_, at)| (at.as_secs_f64() * 1e6).round() / 1e6).collect()
    }

    #[test]
    fn a_steady_rate_is_evenly_spaced() {
        assert_eq!(times(&Curve::steady(4.0, s(1.0))), [0.0, 0.25, 0.5, 0.75]);
        assert_eq!(times(&Curve::steady(0.0, s(9.0))), [0.0; 0]);
        let curve = Curve::steady(5000.0, s(3600.0));
        // No rounding adds up: the last of 18 million is where it belongs, to the microsecond.
        assert_eq!(curve.arrival(17_999_999).unwrap().as_micros(), 3_599_999_800);
        assert_eq!(curve.arrival(18_000_000), None);
    }

    /// From 0 to 8 a second in 2 s: k arrivals after sqrt(k / 2) s.
    #[test]
    fn a_ramp_comes_closer() {
        let curve = Curve::stages(0.0, [(s(2.0), 8.0), (s(1.0), 8.0), (s(0.0), 1.0), (s(2.0), 1.0)]);
        let expected: Vec<f64> = (0..8u8).map(|k| (f64::from(k) / 2.0).sqrt()).collect();
        for (time, expected) in times(&curve).iter().zip(&expected) {
            assert!((time - expected).abs() < 2e-6, "{time} {expected}");
        }
        assert_eq!(times(&curve)[8..], [2.0, 2.125, 2.25, 2.375, 2.5, 2.625, 2.75, 2.875, 3.0, 4.0]);
        assert_eq!([0.0, 1.0, 2.5, 3.0, 9.0].map(|at| curve.height(s(at))), [0.0, 4.0, 8.0, 1.0, 1.0]);
        assert_eq!(
            (curve.end(), curve.most(), curve.area(s(3.0)), curve.area(s(99.0))),
            (s(5.0), 8.0, 16.0, 18.0)
        );
    }

    #[test]
    fn the_top_and_the_steepest_rise() {
        let of = |start, stages: &[(f64, f64)]| {
            let curve = Curve::stages(start, stages.iter().map(|(lasts, to)| (s(*lasts), *to)));
            (curve.time_of_most().as_secs_f64(), curve.steepest())
        };
        assert_eq!(of(5.0, &[(9.0, 5.0)]), (0.0, 5.0));
        assert_eq!(of(0.0, &[(10.0, 50.0), (10.0, 50.0), (10.0, 0.0)]), (10.0, 5.0));
        // A step is a rise at once, and so is less than a second.
        assert_eq!(of(1.0, &[(4.0, 2.0), (0.0, 9.0), (5.0, 9.0)]), (4.0, 7.0));
        assert_eq!(of(2.0, &[(0.5, 6.0), (8.0, 7.0)]), (8.5, 4.0));
    }

    fn any_curve() -> impl Strategy<Value = Curve> {
        let height = prop_oneof![Just(0.0), 0.0f64..300.0];
        (height.clone(), prop::collection::vec((0u64..4000, height), 1..6)).prop_map(|(start, stages)| {
            Curve::stages(start, stages.into_iter().map(|(ms, to)| (Duration::from_millis(ms), to)))
        })
    }

    proptest! {
        #[test]
        fn as_many_have_come_as_there_are_moments_before(
            start in 0.0..20.0f64, stages in prop::collection::vec((0.0..3.0f64, 0.0..20.0f64), 1..4), part in 0.0..1.2f64,
        ) {
            let curve = Curve::stages(start, stages.into_iter().map(|(lasts, height)| (s(lasts), height)));
            let by = curve.end().mul_f64(part);
            let all = curve.arrivals(Split::new(0, 1)).filter(|(_, at)| *at <= by).count() as u64;
            // One at that very moment may be on either side.
            prop_assert!(curve.arrivals_by(by).abs_diff(all) <= 1, "{} {all}", curve.arrivals_by(by));
        }

        /// Arrival k comes when k have come, never before the one before, and all by the end.
        #[test]
        fn arrivals_follow_the_area(curve in any_curve()) {
            let mut before = Duration::ZERO;
            let mut count = 0u64;
            for (number, at) in curve.arrivals(Split::new(0, 1)) {
                prop_assert_eq!(number, count);
                prop_assert!(at >= before && at <= curve.end());
                prop_assert!((curve.area(at) - number as f64).abs() < 1e-5 * (1.0 + curve.most()), "{} {:?}", number, at);
                (before, count) = (at, count + 1);
            }
            let whole = curve.area(curve.end());
            prop_assert!((count as f64 - whole.ceil()).abs() <= 1.0 && count as f64 >= whole - 1e-6, "{} of {}", count, whole);
        }

        /// Over any number of workers they are the same arrivals.
        #[test]
        fn workers_share_them(curve in any_curve(), workers in 1usize..6) {
            let mut shared: Vec<_> =
                (0..workers).flat_map(|worker| curve.arrivals(Split::new(worker, workers))).collect();
            shared.sort_unstable();
            prop_assert_eq!(shared, curve.arrivals(Split::new(0, 1)).collect::<Vec<_>>());
        }

        #[test]
        fn heights_lie_between_their_ends(curve in any_curve(), ms in 0u64..30_000) {
            let height = curve.height(Duration::from_millis(ms));
            prop_assert!((0.0..=curve.most() + 1e-9).contains(&height));
        }
    }
}
