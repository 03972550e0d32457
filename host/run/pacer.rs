//! A clock that is finer than that of a worker's runtime, which is a millisecond or two late: it
//! tells of each arrival when it is due. A thread of its own for each scenario at an arrival rate and
//! worker, which sleeps. Started by `cast`.

use std::time::{Duration, Instant};

use tokio::sync::mpsc::{Receiver, channel};

use crate::load::{Curve, Split};

/// A sleep is longer than asked for by about this much, whatever its length.
const SLACK: Duration = Duration::from_micros(60);

/// So many arrivals wait for a worker that is behind; the others are told of later, with the moments they were due.
const AHEAD: usize = 1 << 16;

/// The moments of the arrivals of a worker, each told when it has come. Ends with the last, or when
/// nobody listens any more. What was due before `since` is passed over.
pub(super) fn start(
    rate: Curve,
    split: Split,
    (start, since): (Instant, Option<Instant>),
) -> Receiver<Instant> {
    let (sender, receiver) = channel(AHEAD);
    let tell = move || {
        for (_, at) in rate.arrivals(split) {
            let due = start + at;
            if since.is_some_and(|since| due < since) {
                continue;
            }
            loop {
                let left = due.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                std::thread::sleep(left.saturating_sub(SLACK).min(Duration::from_millis(200)));
                if sender.is_closed() {
                    return;
                }
            }
            if sender.blocking_send(due).is_err() {
                return;
            }
        }
    };
    // Without the thread there are no arrivals, and the scenario is over at once: its user sees none.
    let _ = std::thread::Builder::new().name("pacer".into()).spawn(tell);
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_arrival_comes_before_its_time_and_all_come() {
        let begun = Instant::now();
        let mut arrivals =
            start(Curve::steady(1000.0, Duration::from_millis(200)), Split::new(1, 2), (begun, None));
        let mut count = 0;
        while let Some(due) = arrivals.blocking_recv() {
            count += 1;
            assert!(Instant::now() >= due && due >= begun);
        }
        assert_eq!(count, 100);
    }
}
