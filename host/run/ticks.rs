//! When the state of the run is told: each second, once every worker has reported
//! that second, or a little later without those that are late. Used by `conductor`.

use std::time::{Duration, Instant};

/// From one report of a worker, and one tick, to the next.
pub(super) const INTERVAL: Duration = Duration::from_secs(1);

/// How long a tick waits for a worker that is late.
const PATIENCE: Duration = Duration::from_millis(250);

pub(super) struct Ticks {
    next: Instant,
    /// When each worker reported last; None: it has ended.
    heard: Vec<Option<Instant>>,
}

impl Ticks {
    pub(super) fn new(started: Instant, workers: usize) -> Ticks {
        Ticks { next: started + INTERVAL, heard: vec![Some(started); workers] }
    }

    pub(super) fn hear(&mut self, worker: usize, now: Instant) {
        if let Some(heard) = &mut self.heard[worker] {
            *heard = now;
        }
    }

    pub(super) fn leave(&mut self, worker: usize) {
        self.heard[worker] = None;
    }

    /// When to ask again at the latest.
    pub(super) fn deadline(&self, now: Instant) -> Instant {
        if now < self.next { self.next } else { self.next + PATIENCE }
    }

    /// Whether to tell now; then the next tick is awaited.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        // A report that came late for the second before is not about this one.
        let fresh = self.next - INTERVAL / 2;
        let is_due = now >= self.next && self.heard.iter().flatten().all(|heard| *heard >= fresh);
        let is_taken = is_due || now >= self.next + PATIENCE;
        while is_taken && now >= self.next {
            self.next += INTERVAL;
        }
        is_taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_waits_for_every_worker_but_not_long() {
        let started = Instant::now();
        let at = |ms| started + Duration::from_millis(ms);
        let mut ticks = Ticks::new(started, 2);
        assert_eq!(ticks.deadline(at(0)), at(1000));
        ticks.hear(0, at(999));
        assert!(!ticks.take(at(999)));
        assert!(!ticks.take(at(1001)), "one is missing");
        assert_eq!(ticks.deadline(at(1001)), at(1250));
        ticks.hear(1, at(1002));
        assert!(ticks.take(at(1002)) && !ticks.take(at(1003)));
        ticks.hear(0, at(2001));
        assert!(!ticks.take(at(2249)) && ticks.take(at(2250)));
        // What comes late is not taken for the next.
        ticks.hear(1, at(2300));
        ticks.hear(0, at(3000));
        assert!(!ticks.take(at(3001)));
        ticks.leave(1);
        assert!(ticks.take(at(3001)));
        // After a long silence one tick is told, not one for each second.
        assert!(ticks.take(at(7400)) && !ticks.take(at(7400)));
        assert_eq!(ticks.deadline(at(7400)), at(8000));
    }
}
