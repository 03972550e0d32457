//! How a run ends: signals, deadlines, phases, and what it came to. Of `running`.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::config;
use crate::event::{Event, Level, LogLine, Stop, Summary, Threshold, What, Wish};
use crate::exit::Exit;

use super::message::{Phase, Report};
use super::running::{Act, Running};
use super::schedule::Schedule;

impl Running {
    /// What comes from outside.
    pub(super) fn heed(&mut self, wish: Wish, tell: &mut dyn FnMut(&Event)) {
        if self.share(&wish, tell) {
            return;
        }
        let now = self.started.elapsed();
        match &wish {
            Wish::Command(command) => self.command(command, (None, now), tell),
            Wish::Asked(command, answer) => self.command(command, (Some(answer), now), tell),
            Wish::Signal | Wish::Terminated | Wish::Replaced | Wish::Changed => self.signal(wish, tell),
            Wish::Agreed(agreed) => self.obey_agreed(agreed.clone(), tell),
        }
    }

    pub(super) fn signal(&mut self, wish: Wish, tell: &mut dyn FnMut(&Event)) {
        let stop = match wish {
            Wish::Changed => Stop::Changed,
            _ => Stop::Signal,
        };
        self.wind_up(stop, tell);
    }

    /// As a signal does, but that somebody wanted the end is nothing against the run.
    pub(super) fn finish(&mut self, tell: &mut dyn FnMut(&Event)) {
        self.wind_up(Stop::Finished, tell);
    }

    /// The first time gracefully, the second at once.
    fn wind_up(&mut self, stop: Stop, tell: &mut dyn FnMut(&Event)) {
        self.signals += 1;
        let text = match &stop {
            Stop::Changed => "a file changed: ",
            _ => "stopping: ",
        };
        let again = match &stop {
            Stop::Changed => "",
            Stop::Finished => "; stopping again ends it at once",
            _ => "; a second signal (Ctrl-C) ends it at once",
        };
        self.end_here(stop);
        if self.signals > 1 {
            self.go(Phase::Killing);
        } else if self.setup.log_level <= config::Level::Warning {
            let what = match self.act {
                Act::Preparing => "setup",
                Act::Users => "tasks",
                Act::Closing => "teardown",
            };
            let time = self.phases.deadline().map(|at| at.saturating_duration_since(Instant::now()));
            let time = time.unwrap_or_default().as_secs_f64().round();
            tell(&warning(format!("{text}{what} may take {time} s to finish{again}")));
        }
    }

    /// Begins the end of the run, in all its processes where it is one that ends it for all.
    pub(super) fn end(&mut self, stop: Stop) {
        if let (Some(together), Stop::Abort(_) | Stop::Fault(_)) = (&self.together, &stop) {
            together.order(self.started.elapsed(), What::End(stop.clone()));
        }
        self.end_here(stop);
    }

    /// Begins the end of the run here; of several reasons the gravest counts.
    pub(super) fn end_here(&mut self, stop: Stop) {
        let gravity = |stop: &Stop| match stop {
            Stop::RunTime | Stop::Iterations | Stop::ShapeEnded | Stop::ScenariosEnded | Stop::UsersEnded => {
                0
            }
            Stop::Changed | Stop::Finished | Stop::Threshold(_) => 1,
            Stop::Signal => 2,
            Stop::Abort(_) => 3,
            Stop::Fault(_) => 4,
        };
        let is_refused = matches!(&stop, Stop::Fault(fault) if fault.exit == Exit::Refused);
        if self.stop.as_ref().is_none_or(|before| gravity(&stop) > gravity(before)) {
            self.stop = Some(stop);
        }
        if is_refused {
            // What the environment does not allow is over at once, whatever a script would send yet.
            self.setup.net.halt();
            self.phases.hurry();
            self.go(Phase::Interrupting);
        } else {
            self.go(Phase::Stopping);
        }
    }

    pub(super) fn go(&mut self, phase: Phase) {
        if self.phases.go(phase) {
            self.door.go(phase);
            // That users take too long with their `on_stop` is no reason to hurry what comes after.
            if self.act != Act::Users || phase < Phase::Killing || self.signals > 1 {
                self.attendant.go(phase);
            }
        }
    }

    /// When something is due at the latest.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        if let Some(deadline) = self.phases.deadline() {
            return Some(deadline);
        }
        // What `setup` took is part of a run that must not be longer.
        let most = self.setup.safety.max_run_time.as_ref().map(|most| most.value);
        let most = most.and_then(|most| self.opened.checked_add(most));
        let end = self.setup.run_time.and_then(|time| self.started.checked_add(time));
        match self.act {
            Act::Preparing => match self.started > self.opened {
                // All begin at a moment that has been agreed.
                true => most.into_iter().chain([self.started]).min(),
                false => most,
            },
            Act::Users => most.into_iter().chain(end).chain(self.schedule_deadline()).min(),
            Act::Closing => None,
        }
    }

    /// Goes to the next phase when it is due; false when the last one is over.
    pub(super) fn advance(&mut self, now: Instant) -> bool {
        match self.phases.deadline() {
            None => self.end_when_over(now),
            Some(deadline) if now < deadline => {}
            Some(_) => match self.phases.phase() {
                Phase::Running | Phase::Finishing => {}
                Phase::Stopping => self.go(Phase::Interrupting),
                Phase::Interrupting => {
                    let what = match self.act {
                        Act::Users => "some on_stop functions were interrupted: they took too long",
                        _ => "setup, teardown or a listener was interrupted: it took too long",
                    };
                    self.notes.push(what.into());
                    self.go(Phase::Killing);
                }
                Phase::Killing => return false,
            },
        }
        true
    }

    /// The run time, the longest that the environment allows, and the end of the stages.
    fn end_when_over(&mut self, now: Instant) {
        let allowed = self.setup.safety.check_preparation(now.saturating_duration_since(self.opened));
        match (self.act, &allowed) {
            (Act::Users, _) => {}
            (Act::Preparing, Err(fault)) => return self.end(Stop::Fault(fault.clone())),
            _ => return,
        }
        let passed = now.saturating_duration_since(self.started);
        if self.setup.run_time.is_some_and(|time| passed >= time) || allowed.is_err() {
            self.end(Stop::RunTime);
        } else if let Schedule::Stages { stages, .. } = &self.setup.schedule
            && passed >= stages.end()
        {
            self.end(Stop::ShapeEnded);
        } else if self.over.is_some_and(|over| now >= over) {
            self.end(Stop::ShapeEnded);
        }
    }

    pub(super) fn give_up(&mut self) {
        self.notes
            .push("a worker did not end in time: its last second may be missing from the results".into());
    }

    /// What the workers said last.
    pub(super) fn drain(&mut self, reports: &Receiver<Report>, tell: &mut dyn FnMut(&Event)) {
        loop {
            match reports.recv_timeout(Duration::ZERO) {
                Ok(report) => self.hear(report, tell),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// What the process exits with, as far as it is known and with thresholds judged so.
    pub(super) fn exit(&self, thresholds: &[Threshold]) -> Exit {
        let mut exit = Exit::of_internal_faults();
        if !self.doubts().is_empty() {
            exit = exit.worst(Exit::Inconclusive);
        }
        for threshold in thresholds {
            exit = exit.worst(threshold.outcome.exit());
        }
        if self.totals.total.failures > 0 || self.totals.all_exceptions() > 0 {
            exit = exit.worst(Exit::Failures);
        }
        match &self.stop {
            None
            | Some(
                Stop::RunTime
                | Stop::Iterations
                | Stop::ShapeEnded
                | Stop::ScenariosEnded
                | Stop::UsersEnded
                | Stop::Finished
                | Stop::Changed,
            ) => exit,
            Some(Stop::Threshold(_)) => exit.worst(Exit::Threshold),
            Some(Stop::Signal) => exit.worst(Exit::Signal),
            Some(Stop::Abort(_)) => exit.worst(Exit::Abort),
            Some(Stop::Fault(fault)) => exit.worst(fault.exit),
        }
    }

    pub(super) fn summary(mut self) -> Summary {
        self.note_most_users();
        let (lasted, thresholds) = (self.lasted(), self.judge());
        let exit = self.exit(&thresholds);
        let verdict = self.verdict(exit, &thresholds);
        if self.cut_off > 0 && self.signals > 1 {
            self.notes.push("some on_stop functions were interrupted by the second signal".into());
        }
        let stop = self.stop.take().unwrap_or(match (self.exhausted, self.setup.parts.is_empty()) {
            (true, _) => Stop::Iterations,
            (false, false) => Stop::ScenariosEnded,
            (false, true) => Stop::UsersEnded,
        });
        if self.totals.dropped > 0 {
            let dropped = self.totals.dropped;
            let (s, were) = if dropped == 1 { ("", "was") } else { ("s", "were") };
            self.notes.push(format!(
                "{dropped} iteration{s} {were} dropped: due, but all users of their scenario were busy (see `max_vus`)"
            ));
            let is_intended =
                |threshold: &Threshold| threshold.selector.starts_with("http_req_duration_intended");
            if thresholds.iter().any(is_intended) {
                let due = dropped + self.totals.iterations;
                let percent = dropped as f64 / due.max(1) as f64 * 100.0;
                self.notes.push(format!(
                    "thresholds on http_req_duration_intended say nothing of the dropped ones, {percent:.1} % of all that \
                     were due: give `dropped_iterations` one as well"
                ));
            }
        }
        Summary {
            totals: self.totals,
            interval: Arc::new(self.interval),
            elapsed: self.elapsed.unwrap_or_default(),
            users: self.seen,
            lasted,
            started_at: self.started_at,
            ended_at: SystemTime::now(),
            since: self.since,
            stop,
            failures_code: self.setup.exit_code_on_error,
            exit,
            thresholds,
            verdict,
            health: self.health.told(),
            interrupted: self.interrupted,
            notes: self.notes,
            workers: self.workers.into(),
        }
    }
}

/// A warning of e2e's own.
pub(super) fn warning(text: String) -> Event {
    Event::Log(LogLine { level: Level::Warn, at: SystemTime::now(), source: "e2e".into(), text })
}
