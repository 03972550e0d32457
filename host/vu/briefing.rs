//! What a run tells its scripts, besides configuration: what `setup` returned, and
//! the clock of a load shape. Filled by `run`, read by `api`.

use std::cell::Cell;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::rpc::OwnClient;

/// One a thread.
#[derive(Default)]
pub struct Briefing {
    /// What `setup` returned: held once a process, read by every VU.
    pub data: Option<&'static Value>,
    /// What `self.grpc` is, by class.
    pub clients: &'static [OwnClient],
    /// Where a load shape's time begins: the start of its run, or its `reset_time`.
    since: Cell<Option<Instant>>,
    /// For when a `tick` is asked: a little before, so that its answer is there in time.
    asked_for: Cell<Option<Instant>>,
    /// Users that live.
    pub users: Cell<u64>,
}

impl Briefing {
    /// With what `setup` returned.
    pub fn of(data: Option<&'static Value>, clients: &'static [OwnClient]) -> Briefing {
        Briefing { data, clients, ..Briefing::default() }
    }

    /// A load shape is asked what it wants from `moment` on. Its time began at `since`, unless it
    /// was reset.
    pub fn ask(&self, moment: Instant, since: Instant) {
        self.asked_for.set(Some(moment));
        self.since.set(self.since.get().or(Some(since)));
    }

    /// A load shape's time begins anew.
    pub fn reset_time(&self) {
        self.since.set(Some(self.now()));
    }

    /// How long the load shape has run.
    pub fn run_time(&self) -> Duration {
        self.since.get().map(|since| self.now().saturating_duration_since(since)).unwrap_or_default()
    }

    fn now(&self) -> Instant {
        let now = Instant::now();
        self.asked_for.get().map_or(now, |moment| moment.max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_sees_the_time_that_it_is_asked_for() {
        let briefing = Briefing::default();
        assert_eq!(briefing.run_time(), Duration::ZERO);
        let began = Instant::now();
        briefing.ask(began + Duration::from_secs(60), began);
        assert_eq!(briefing.run_time(), Duration::from_secs(60));
        briefing.reset_time();
        assert_eq!(briefing.run_time(), Duration::ZERO);
        briefing.ask(began + Duration::from_secs(61), began);
        assert_eq!(briefing.run_time(), Duration::from_secs(1));
    }
}
