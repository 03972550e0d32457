//! How far the end of the run has come, and when its next phase is due. Kept by
//! `running`.

use std::time::{Duration, Instant};

use super::message::Phase;

/// How long `on_stop` may take once the run ends, unless the stop timeout is longer. The same
/// holds for `teardown` and the listeners at the end.
pub(super) const ON_STOP_TIME: Duration = Duration::from_secs(30);

/// After that, how long workers may take to end what cannot be interrupted.
const LAST_WAIT: Duration = Duration::from_secs(3);

/// The phase, and since when it is the phase.
pub(super) struct Phases {
    phase: Phase,
    since: Instant,
    stop_timeout: Duration,
}

impl Phases {
    pub(super) fn new(now: Instant, stop_timeout: Duration) -> Phases {
        Phases { phase: Phase::Running, since: now, stop_timeout }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase
    }

    /// Goes forward; false where it is as far already.
    pub(super) fn go(&mut self, phase: Phase) -> bool {
        let further = phase > self.phase;
        if further {
            *self = Phases { phase, since: Instant::now(), ..*self };
        }
        further
    }

    /// What is left when the users are gone may take as long as their `on_stop`, even where that
    /// was interrupted for taking too long.
    pub(super) fn close(&mut self) {
        *self = Phases { phase: Phase::Interrupting, since: Instant::now(), ..*self };
    }

    /// When the next phase is due; None while the run is on.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let time = match self.phase {
            Phase::Running | Phase::Finishing => return None,
            Phase::Stopping => self.stop_timeout,
            Phase::Interrupting => ON_STOP_TIME.max(self.stop_timeout),
            Phase::Killing => LAST_WAIT,
        };
        self.since.checked_add(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_only_go_forward_until_the_users_are_gone() {
        let mut phases = Phases::new(Instant::now(), Duration::from_secs(60));
        assert_eq!((phases.deadline(), phases.phase()), (None, Phase::Running));
        assert!(phases.go(Phase::Finishing) && phases.deadline().is_none());
        assert!(phases.go(Phase::Interrupting) && !phases.go(Phase::Stopping));
        let left = |phases: &Phases| phases.deadline().map(|at| at - phases.since);
        assert_eq!(left(&phases), Some(Duration::from_secs(60)), "a longer stop timeout holds");
        assert!(phases.go(Phase::Killing) && !phases.go(Phase::Killing));
        assert_eq!(left(&phases), Some(LAST_WAIT));
        phases.close();
        assert_eq!(phases.phase(), Phase::Interrupting);
    }
}
