//! The clock of NATS, by which processes agree on a moment: their own may differ by any amount. Asked by `tend` and
//! `session`.

use std::time::{Duration, Instant};

use super::link::Link;

/// How often it is asked at first.
const ROUNDS: usize = 5;

/// A moment of one's own, and what the server's clock said then (ns since 1970), to within half a round trip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Clock {
    here: Instant,
    nanos: i128,
    round: Duration,
}

impl Clock {
    /// Something was written between the two moments, at `nanos` by the server's clock.
    pub(super) fn of(sent: Instant, answered: Instant, nanos: i128) -> Clock {
        let round = answered.saturating_duration_since(sent);
        Clock { here: sent + round / 2, nanos, round }
    }

    /// The better of the two: the shorter the round trip, the less is unknown.
    pub(super) fn better(self, other: Clock) -> Clock {
        if other.round < self.round { other } else { self }
    }

    pub(super) fn now(&self) -> i128 {
        self.at(Instant::now())
    }

    /// What the server's clock says at that moment.
    pub(super) fn at(&self, moment: Instant) -> i128 {
        let ahead = moment.saturating_duration_since(self.here).as_nanos() as i128;
        let behind = self.here.saturating_duration_since(moment).as_nanos() as i128;
        self.nanos + ahead - behind
    }

    /// When the server's clock says that.
    pub(super) fn when(&self, nanos: i128) -> Instant {
        let ahead = nanos - self.nanos;
        let time = Duration::from_nanos(u64::try_from(ahead.unsigned_abs()).unwrap_or(u64::MAX));
        let moment = match ahead >= 0 {
            true => self.here.checked_add(time),
            false => self.here.checked_sub(time),
        };
        // Before this machine was started: as early as it can say.
        moment.unwrap_or(self.here)
    }

    /// Asks the server, several times.
    ///
    /// # Errors
    /// NATS gives no answer.
    pub(super) async fn measure(link: &Link, token: &str) -> Result<Clock, String> {
        let mut best: Option<Clock> = None;
        for _ in 0..ROUNDS {
            let key = format!("clock.{token}");
            let sent = Instant::now();
            link.store.put(&key, Vec::new().into()).await.map_err(|error| error.to_string())?;
            let answered = Instant::now();
            let entry = link.store.entry(&key).await.map_err(|error| error.to_string())?;
            let Some(entry) = entry else { continue };
            let clock = Clock::of(sent, answered, entry.created.unix_timestamp_nanos());
            best = Some(best.map_or(clock, |best| best.better(clock)));
        }
        let _ = link.store.purge(&format!("clock.{token}")).await;
        best.ok_or_else(|| "it does not tell the time".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever two clocks say: both turn the server's moment into the same moment, to half a round trip each.
    #[test]
    fn a_moment_of_the_server_is_the_same_for_all() {
        let base = Instant::now() + Duration::from_secs(3600);
        let ms = |ms: u64| Duration::from_millis(ms);
        // The server wrote at 1,000,000 ms by its clock, 3 ms and 10 ms after both had asked.
        let server = 1_000_000 * 1_000_000;
        let (one, other) =
            (Clock::of(base, base + ms(6), server), Clock::of(base - ms(7), base + ms(9), server));
        let at = server + 2_000_000_000;
        let (here, there) = (one.when(at), other.when(at));
        let apart = here.max(there) - here.min(there);
        assert!(apart <= ms(3 + 8), "{apart:?}");
        assert_eq!(one.at(here), at);
        assert_eq!(one.at(one.when(server - 5_000_000)), server - 5_000_000);
        assert_eq!(one.better(other), one);
    }
}
