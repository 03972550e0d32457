//! When a run is over. Asked by `run` each tick, and by workers before they
//! begin an iteration.

use std::time::Duration;

/// What ends a run by itself; with neither it goes on until it is stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stop {
    pub run_time: Option<Duration>,
    /// Task iterations of all VUs together.
    pub iterations: Option<u64>,
}

/// Why a run is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    RunTime,
    Iterations,
}

impl Stop {
    /// Whether the run is over, `elapsed` after its start and with `finished`
    /// iterations done. Used-up iterations are named first: then nothing was cut short.
    pub fn decide(&self, elapsed: Duration, finished: u64) -> Option<Ended> {
        if self.iterations.is_some_and(|most| finished >= most) {
            Some(Ended::Iterations)
        } else if self.run_time.is_some_and(|most| elapsed >= most) {
            Some(Ended::RunTime)
        } else {
            None
        }
    }

    /// Whether one more iteration may begin after `started` have. Iterations
    /// are claimed when they begin, so that exactly as many run as were asked for.
    pub fn may_start(&self, elapsed: Duration, started: u64) -> bool {
        self.decide(elapsed, started).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_by_time_or_by_iterations_whichever_is_first() {
        let s = Duration::from_secs;
        let both = Stop { run_time: Some(s(10)), iterations: Some(100) };
        assert_eq!(both.decide(s(9), 99), None);
        assert_eq!(both.decide(s(10), 99), Some(Ended::RunTime));
        assert_eq!(both.decide(s(9), 100), Some(Ended::Iterations));
        assert_eq!(both.decide(s(11), 101), Some(Ended::Iterations));
        assert!(both.may_start(s(9), 99) && !both.may_start(s(9), 100) && !both.may_start(s(10), 0));
    }

    #[test]
    fn without_an_end_it_never_ends() {
        assert_eq!(Stop::default().decide(Duration::MAX, u64::MAX), None);
    }
}
