//! How a worker's thread fares by itself: how late it is when something is due, and how much of the
//! time it ran or had to wait for a core. Felt in each `worker`, judged by `health`.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::pressure;

/// From one beat to the next: what is due within a beat is as late as the beat.
const BEAT: Duration = Duration::from_millis(25);

/// What was felt in some stretch of time, about a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Pulse {
    pub(super) lasted: Duration,
    /// How late beats were on average.
    pub(super) late: Duration,
    /// And at most.
    pub(super) latest: Duration,
    /// How long the thread ran, and how long it could have but had no core; None where the system
    /// does not say.
    pub(super) cpu: Option<(Duration, Duration)>,
    /// How long work stood still for want of memory.
    pub(super) stalled: Duration,
    /// Connections that this machine had no room for.
    pub(super) exhausted: u64,
    /// Users that could not run for want of memory.
    pub(super) stunted: u64,
}

/// Feels the pulse of the thread that it is on.
pub(super) struct Feeler {
    beats: Cell<u32>,
    late: Cell<Duration>,
    latest: Cell<Duration>,
    since: Cell<Instant>,
    cpu: Cell<Option<(Duration, Duration)>>,
    stalled: Cell<Option<Duration>>,
}

impl Feeler {
    pub(super) fn new() -> Rc<Feeler> {
        Rc::new(Feeler {
            beats: Cell::new(0),
            late: Cell::default(),
            latest: Cell::default(),
            since: Cell::new(Instant::now()),
            cpu: Cell::new(cpu_of_this_thread()),
            stalled: Cell::new(pressure::stalled()),
        })
    }

    /// For ever.
    pub(super) async fn beat(self: Rc<Self>) {
        let mut next = Instant::now() + BEAT;
        loop {
            tokio::time::sleep_until(next.into()).await;
            next = self.felt(next, Instant::now());
        }
    }

    /// The beats from `due` on until `now`; when the next is due. After a stop of the thread each of
    /// those that it missed is late.
    fn felt(&self, mut due: Instant, now: Instant) -> Instant {
        while due <= now {
            let late = now - due;
            self.beats.set(self.beats.get() + 1);
            self.late.set(self.late.get() + late);
            self.latest.set(self.latest.get().max(late));
            due += BEAT;
        }
        due
    }

    /// What was felt since the last time.
    /// What this machine had no room for is known elsewhere: connections, users.
    pub(super) fn take(&self, (exhausted, stunted): (u64, u64)) -> Pulse {
        let now = Instant::now();
        let cpu = cpu_of_this_thread();
        let before = self.cpu.replace(cpu);
        let stalled = pressure::stalled();
        let earlier = self.stalled.replace(stalled);
        let since = |(ran, waited): (Duration, Duration), before: (Duration, Duration)| {
            (ran.saturating_sub(before.0), waited.saturating_sub(before.1))
        };
        Pulse {
            lasted: now - self.since.replace(now),
            late: self.late.take().checked_div(self.beats.take()).unwrap_or_default(),
            latest: self.latest.take(),
            cpu: cpu.zip(before).map(|(cpu, before)| since(cpu, before)),
            stalled: stalled.zip(earlier).map_or(Duration::ZERO, |(now, then)| now.saturating_sub(then)),
            exhausted,
            stunted,
        }
    }
}

/// How long this thread ran, and how long it waited for a core; None where the system does not say.
fn cpu_of_this_thread() -> Option<(Duration, Duration)> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let mut numbers = text.split_ascii_whitespace().map(|number| number.parse().map(Duration::from_nanos));
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn beats_that_were_missed_are_late_each() {
        let feeler = Feeler::new();
        let due = Instant::now();
        assert_eq!(feeler.felt(due, due + Duration::from_millis(5)), due + BEAT);
        let next = due + BEAT;
        // Due at 0, 25, 50 and 75 ms, felt at 80 ms.
        assert_eq!(feeler.felt(next, next + Duration::from_millis(80)), next + BEAT * 4);
        let pulse = feeler.take((3, 0));
        assert_eq!(
            (pulse.late, pulse.latest),
            (Duration::from_millis(5 + 80 + 55 + 30 + 5) / 5, Duration::from_millis(80))
        );
        assert_eq!((pulse.exhausted, feeler.take((0, 0)).late), (3, Duration::ZERO));
    }

    #[test]
    fn a_thread_that_computes_has_run() {
        let Some(before) = cpu_of_this_thread() else { return };
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(60) {
            std::hint::spin_loop();
        }
        let after = cpu_of_this_thread().unwrap();
        let (ran, waited) = (after.0 - before.0, after.1 - before.1);
        assert!(ran + waited > Duration::from_millis(40), "{ran:?} {waited:?}");
    }
}
