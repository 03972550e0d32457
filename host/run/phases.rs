//! How far the end of the run has come, and when its next phase is due. Kept by
//! `running`.

use std::time::{Duration, Instant};

use super::message::Phase;

/// How long `on_stop` may take once the run ends, unless the stop timeout is longer. The same
/// holds for `teardown` and the listeners at the end.
const ON_STOP_TIME: Duration = Duration::from_secs(30);

/// The same where the environment limits the run time.
const GUARDED_TIME: Duration = Duration::from_secs(10);

/// The same once the run was refused: nothing can be sent any more.
const REFUSED_TIME: Duration = Duration::from_secs(2);

/// After that, how long workers may take to end what cannot be interrupted.
const LAST_WAIT: Duration = Duration::from_secs(3);

/// The phase, and since when it is the phase.
pub(super) struct Phases {
    phase: Phase,
    since: Instant,
    stop_timeout: Duration,
    on_stop_time: Duration,
}

/// How long `on_stop` may take, and again `teardown` with the last listeners.
pub(super) fn on_stop_time(stop_timeout: Duration, is_guarded: bool) -> Duration {
    if is_guarded { GUARDED_TIME } else { ON_STOP_TIME.max(stop_timeout) }
}

impl Phases {
    pub(super) fn new(now: Instant, stop_timeout: Duration, on_stop_time: Duration) -> Phases {
        Phases { phase: Phase::Running, since: now, stop_timeout, on_stop_time }
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

    /// From now on what is left gets but a moment.
    pub(super) fn hurry(&mut self) {
        self.stop_timeout = self.stop_timeout.min(REFUSED_TIME);
        self.on_stop_time = REFUSED_TIME;
    }

    /// When the next phase is due; None while the run is on.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let time = match self.phase {
            Phase::Running | Phase::Finishing => return None,
            Phase::Stopping => self.stop_timeout,
            Phase::Interrupting => self.on_stop_time,
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
        let mut phases = {
            let timeout = Duration::from_secs(60);
            Phases::new(Instant::now(), timeout, on_stop_time(timeout, false))
        };
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

    #[test]
    fn a_guarded_end_is_short_and_a_refused_one_shorter() {
        let timeout = Duration::from_secs(60);
        let mut phases = Phases::new(Instant::now(), timeout, on_stop_time(timeout, true));
        phases.go(Phase::Interrupting);
        let left = |phases: &Phases| phases.deadline().map(|at| at - phases.since);
        assert_eq!(left(&phases), Some(GUARDED_TIME));
        phases.hurry();
        assert_eq!(left(&phases), Some(REFUSED_TIME));
        phases.close();
        assert_eq!(left(&phases), Some(REFUSED_TIME));
    }
}
