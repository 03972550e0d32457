//! How long a VU waits between two tasks. Called by each VU after each task;
//! the script layer makes and checks the `Wait`.

use std::time::Duration;

use rand::{Rng, RngExt};

use crate::exit::Exit;
use crate::fault::Fault;
use crate::units::{LONGEST, check_rate, duration_of_seconds};

/// A wait as the script wrote it; seconds, or per second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wait {
    None,
    /// Uniform, from the first to the second, both seconds.
    Between(f64, f64),
    /// Seconds.
    Constant(f64),
    /// Seconds from the start of a task to the start of the next.
    ConstantPacing(f64),
    /// Tasks a second: a pacing of its inverse.
    ConstantThroughput(f64),
    /// Exponential with a mean of one through this, per second.
    Poisson(f64),
}

impl Wait {
    /// The wait itself, or a fault (`Exit::Script`) that names what is wrong with it.
    pub fn check(self) -> Result<Self, Fault> {
        let times = |times: &[f64]| times.iter().try_for_each(|s| duration_of_seconds(*s).map(drop));
        let (call, checked) = match self {
            Wait::None => return Ok(self),
            Wait::Between(a, b) => (format!("between({a}, {b})"), times(&[a, b])),
            Wait::Constant(s) => (format!("constant({s})"), times(&[s])),
            Wait::ConstantPacing(s) => (format!("constant_pacing({s})"), times(&[s])),
            Wait::ConstantThroughput(rate) => {
                (format!("constant_throughput({rate})"), check_rate(rate).map(drop))
            }
            Wait::Poisson(rate) => (format!("poisson({rate})"), check_rate(rate).map(drop)),
        };
        let fault = || Fault::new(Exit::Script, format!("invalid {call}"));
        match (checked, self) {
            (Err(error), _) => Err(fault().why(error.to_string())),
            (_, Wait::Between(a, b)) if a > b => Err(fault()
                .why("its first number is the larger one")
                .help(format!("write between({b}, {a})"))),
            (_, good) => Ok(good),
        }
    }
}

/// What one VU must remember between waits. 16 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Nanoseconds on the caller's monotonic clock: the last paced wait's begin.
    last: i64,
    /// Nanoseconds that wait was meant to last.
    last_wait: i64,
}

impl Pace {
    /// `now`: when the VU was made, on the clock that `next` is given. What runs
    /// before the first wait counts as run time.
    pub fn new(now: Duration) -> Self {
        Pace { last: nanos(now), last_wait: 0 }
    }

    /// How long to wait from `now` on. `wait` must have passed `Wait::check`.
    pub fn next(&mut self, wait: &Wait, now: Duration, rng: &mut impl Rng) -> Duration {
        match *wait {
            Wait::None => Duration::ZERO,
            Wait::Between(a, b) => seconds(rng.random_range(a..=b)),
            Wait::Constant(s) => seconds(s),
            Wait::ConstantPacing(period) => self.pace(seconds(period), now),
            Wait::ConstantThroughput(rate) => self.pace(seconds(1.0 / rate), now),
            // 1 - u lies in (0, 1], so the logarithm is finite.
            Wait::Poisson(rate) => seconds(-(1.0 - rng.random::<f64>()).ln() / rate),
        }
    }

    /// Waking late counts as run time, and so is made up for by a shorter wait.
    fn pace(&mut self, period: Duration, now: Duration) -> Duration {
        let now = nanos(now);
        let run = now - self.last - self.last_wait;
        self.last_wait = nanos(period).saturating_sub(run).max(0);
        self.last = now;
        Duration::from_nanos(self.last_wait as u64)
    }
}

/// A draw from a distribution can be any number: it is cut at the longest time there is.
fn seconds(seconds: f64) -> Duration {
    duration_of_seconds(seconds).unwrap_or(LONGEST)
}

/// Cut likewise, so that sums of these stay far from overflow.
fn nanos(time: Duration) -> i64 {
    time.min(LONGEST).as_nanos() as i64
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn rng() -> StdRng {
        StdRng::seed_from_u64(7)
    }

    fn mean(wait: Wait) -> f64 {
        let (mut pace, mut rng) = (Pace::new(ms(0)), rng());
        (0..20_000).map(|_| pace.next(&wait, ms(0), &mut rng).as_secs_f64()).sum::<f64>() / 20_000.0
    }

    #[test]
    fn simple_waits() {
        let (mut pace, mut rng) = (Pace::new(ms(0)), rng());
        assert_eq!(pace.next(&Wait::None, ms(9), &mut rng), ms(0));
        assert_eq!(pace.next(&Wait::Constant(1.5), ms(9), &mut rng), ms(1500));
        assert_eq!(pace.next(&Wait::Between(2.0, 2.0), ms(9), &mut rng), ms(2000));
        for _ in 0..1000 {
            let wait = pace.next(&Wait::Between(0.5, 1.0), ms(9), &mut rng);
            assert!((ms(500)..=ms(1000)).contains(&wait), "{wait:?}");
        }
    }

    #[test]
    fn means_are_those_of_the_distributions() {
        assert!((mean(Wait::Between(1.0, 3.0)) - 2.0).abs() < 0.02);
        // The standard error is 0.25 / sqrt(20,000), 0.002.
        assert!((mean(Wait::Poisson(4.0)) - 0.25).abs() < 0.01);
    }

    #[test]
    fn pacing_takes_off_what_the_task_took() {
        let (mut pace, mut rng) = (Pace::new(ms(0)), rng());
        for wait in [Wait::ConstantPacing(1.0), Wait::ConstantThroughput(1.0)] {
            pace = Pace::new(ms(0));
            // 300 ms after the VU was made; then at 1.0 s a task of 200 ms; at 2.0 s one of
            // 1.5 s, longer than the period; then at once one of 100 ms.
            for (now, expected) in [(300, 700), (1200, 800), (3500, 0), (3600, 900)] {
                assert_eq!(pace.next(&wait, ms(now), &mut rng), ms(expected), "{wait:?} at {now}");
            }
        }
        // Woken 5 ms late: the next wait is that much shorter.
        assert_eq!(pace.next(&Wait::ConstantPacing(1.0), ms(4505), &mut rng), ms(995));
    }

    #[test]
    fn bad_arguments_are_faults_that_show_the_call() {
        use Wait::*;
        let nan = f64::NAN;
        let bad = [
            (Between(-1.0, 1.0), "between(-1, 1)"),
            (Between(2.0, 1.0), "between(2, 1)"),
            (Between(0.0, nan), "between(0, NaN)"),
            (Constant(-0.5), "constant(-0.5)"),
            (Constant(f64::INFINITY), "constant(inf)"),
            (ConstantPacing(nan), "constant_pacing(NaN)"),
            (ConstantThroughput(0.0), "constant_throughput(0)"),
            (ConstantThroughput(nan), "constant_throughput(NaN)"),
            (Poisson(-3.0), "poisson(-3)"),
        ];
        for (wait, call) in bad {
            let fault = wait.check().unwrap_err();
            assert!(fault.why.is_some());
            assert_eq!((fault.exit, fault.what), (Exit::Script, format!("invalid {call}")));
        }
        for good in [None, Between(0.0, 0.0), Constant(0.0), ConstantPacing(10.0), Poisson(0.1)] {
            assert_eq!(good.check().unwrap(), good);
        }
    }

    proptest! {
        #[test]
        fn a_paced_vu_starts_its_tasks_on_the_beat(period in 1u64..5000, tasks in prop::collection::vec(0f64..1.0, 1..50)) {
            let (mut pace, mut rng) = (Pace::new(ms(0)), rng());
            let wait = Wait::ConstantPacing(period as f64 / 1000.0);
            let mut now = ms(0);
            for (index, part) in tasks.iter().enumerate() {
                now += ms(period).mul_f64(*part);
                now += pace.next(&wait, now, &mut rng);
                let beat = ms(period) * (index as u32 + 1);
                prop_assert!(now.abs_diff(beat) < Duration::from_micros(1), "{now:?} {beat:?}");
            }
        }

        #[test]
        fn no_checked_wait_panics(a in any::<f64>(), b in any::<f64>(), now in any::<u64>()) {
            let (mut pace, mut rng) = (Pace::new(ms(0)), rng());
            for wait in [Wait::Between(a, b), Wait::Constant(a), Wait::ConstantPacing(a), Wait::ConstantThroughput(a), Wait::Poisson(a)] {
                if let Ok(wait) = wait.check() {
                    prop_assert!(pace.next(&wait, Duration::from_nanos(now), &mut rng) <= LONGEST);
                }
            }
        }
    }
}
