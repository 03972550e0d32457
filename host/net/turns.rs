//! At most so many requests a second, all workers together (`safety.max_rps`): each request takes a turn, and waits
//! for it where it lies ahead. Turns are handed out in closed form, by one atomic number. Made by `run`, taken by
//! `client`.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The turns of a run. Clones share them.
#[derive(Clone, Debug)]
pub struct Turns {
    /// The zero of all times below, which are nanoseconds.
    since: Instant,
    /// From one turn to the next.
    apart: u64,
    /// The first time that nobody has.
    next: Arc<AtomicU64>,
}

/// Turns of this worker that were given back, because whoever waited for them was told to end.
pub(super) type Unused = RefCell<BTreeSet<u64>>;

impl Turns {
    /// `per_second` is above 0.
    pub fn new(per_second: f64) -> Turns {
        // Rounded up, so that it is never exceeded; a float beyond the integer's range becomes its end.
        let apart = ((1e9 / per_second).ceil() as u64).max(1);
        Turns { since: Instant::now(), apart, next: Arc::default() }
    }

    /// Waits for a turn. The time that it took.
    pub(super) async fn take(&self, unused: &Unused) -> Duration {
        let now = self.now();
        let at = self.reserve(now, unused);
        if at <= now {
            return Duration::ZERO;
        }
        let mut turn = Turn { at, unused, taken: false };
        tokio::time::sleep_until((self.since + Duration::from_nanos(at)).into()).await;
        turn.taken = true;
        Duration::from_nanos(self.now() - now)
    }

    fn now(&self) -> u64 {
        self.since.elapsed().as_nanos() as u64
    }

    /// The earliest turn from `now` on.
    fn reserve(&self, now: u64, unused: &Unused) -> u64 {
        let mut unused = unused.borrow_mut();
        while let Some(at) = unused.pop_first() {
            if at >= now {
                return at;
            }
        }
        let (mut next, apart) = (self.next.load(Ordering::Relaxed), self.apart);
        loop {
            let at = next.max(now);
            let after = at.saturating_add(apart);
            match self.next.compare_exchange_weak(next, after, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return at,
                Err(changed) => next = changed,
            }
        }
    }
}

/// A turn that is waited for. Without this, those who gave up would hold up the cleaning at the end of the run.
struct Turn<'t> {
    at: u64,
    unused: &'t Unused,
    taken: bool,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.taken {
            self.unused.borrow_mut().insert(self.at);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn turns_are_apart_and_the_first_one_is_now() {
        let (turns, unused) = (Turns::new(5.0), Unused::default());
        let second = 1_000_000_000;
        assert_eq!(turns.reserve(7, &unused), 7);
        assert_eq!(turns.reserve(8, &unused), 7 + second / 5);
        assert_eq!(turns.reserve(9, &unused), 7 + second / 5 * 2);
        // Whoever comes later does not find what was left unused before.
        assert_eq!(turns.reserve(9 * second, &unused), 9 * second);
        assert_eq!(turns.reserve(9 * second, &unused), 9 * second + second / 5);
    }

    #[test]
    fn rates_at_the_end_of_their_range() {
        assert_eq!(Turns::new(f64::MAX).apart, 1);
        let never = Turns::new(f64::MIN_POSITIVE);
        assert_eq!((never.apart, never.reserve(1, &Unused::default())), (u64::MAX, 1));
        assert_eq!(never.reserve(2, &Unused::default()), u64::MAX);
        assert_eq!(Turns::new(3.0).apart, 333_333_334);
    }

    #[test]
    fn who_gives_up_leaves_the_turn_to_the_next() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (turns, unused) = (Turns::new(0.1), Unused::default());
            assert_eq!(turns.take(&unused).await, Duration::ZERO);
            for _ in 0..3 {
                let wait = tokio::time::timeout(Duration::from_millis(5), turns.take(&unused));
                assert!(wait.await.is_err());
            }
            let second = turns.reserve(turns.now(), &unused);
            assert!((10_000_000_000..11_000_000_000).contains(&second), "{second}");
        });
    }

    proptest! {
        /// Several workers, each at its own time: no second holds more than were allowed.
        #[test]
        fn no_second_holds_more(rate in 1u32..50, coming in prop::collection::vec((0u64..200_000_000, 0usize..3), 1..200)) {
            let (turns, unused) = (Turns::new(rate.into()), [Unused::default(), Unused::default(), Unused::default()]);
            let mut now = 0;
            let mut taken = Vec::new();
            for (later, worker) in coming {
                now += later;
                taken.push(turns.clone().reserve(now, &unused[worker]));
                prop_assert!(*taken.last().unwrap() >= now);
            }
            taken.sort_unstable();
            for (index, from) in taken.iter().enumerate() {
                let within = taken[index..].iter().take_while(|at| **at - from < 1_000_000_000).count();
                prop_assert!(within <= rate as usize, "{within} in a second");
            }
        }
    }
}
