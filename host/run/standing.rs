//! How the run stands at a tick, for those who watch it: its state, its workers, and how it would be
//! judged now. Of `running`.

use std::sync::Arc;
use std::time::Duration;

use crate::event::{SoFar, State, Threshold, WorkerState};
use crate::metrics::Entry;

use super::message::Phase;
use super::pulse::Pulse;
use super::running::{Act, Running};
use super::schedule::Schedule;

impl Running {
    /// What a worker felt and measured in about a second.
    pub(super) fn note_worker(&mut self, worker: usize, pulse: &Pulse, measured: &Entry) {
        let noted = &mut self.workers[worker];
        let seconds = pulse.lasted.as_secs_f64().max(1e-3);
        let part = |time: Duration| (time.as_secs_f64() / seconds).min(1.0);
        let ran = pulse.cpu.map(|(ran, _)| part(ran));
        *noted = WorkerState {
            users: 0,
            most_users: noted.most_users,
            ran,
            busiest: ran.map(|ran| noted.busiest.unwrap_or(0.0).max(ran)).or(noted.busiest),
            robbed: pulse.cpu.map(|(_, waited)| part(waited)),
            late: pulse.late,
            latest: noted.latest.max(pulse.latest),
            rate: measured.requests as f64 / seconds,
            requests: noted.requests + measured.requests,
        };
    }

    /// How many users a worker has just now.
    pub(super) fn note_users_of(&mut self, worker: usize) {
        let users = self.users_of(worker);
        let noted = &mut self.workers[worker];
        noted.most_users = noted.most_users.max(users);
    }

    pub(super) fn so_far(&self, users: u64, thresholds: Arc<[Threshold]>) -> SoFar {
        let verdict = Arc::new(self.verdict(self.exit(&thresholds), &thresholds));
        let aim = self.users_aimed_at();
        let state = match (self.act, self.phases.phase()) {
            (Act::Preparing, Phase::Running) => State::Preparing,
            (Act::Users, Phase::Running) if self.door.is_paused() => State::Paused,
            (Act::Users, Phase::Running) if aim.is_some_and(|aim| users < aim) => State::Spawning,
            (Act::Users, Phase::Running) => State::Running,
            _ => State::Stopping,
        };
        let of_worker =
            |(worker, state): (usize, &WorkerState)| WorkerState { users: self.users_of(worker), ..*state };
        let workers = self.workers.iter().enumerate().map(of_worker).collect();
        SoFar { state, aim, workers, thresholds, verdict }
    }

    /// None where nobody says for more than a moment.
    fn users_aimed_at(&self) -> Option<u64> {
        match &self.setup.schedule {
            Schedule::Scenarios { .. } => None,
            _ => self.door.target().map(|target| target.users),
        }
    }
}
