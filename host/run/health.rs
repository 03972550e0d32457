//! Whether the generator kept up, and how far what was measured can be believed. It is told of each
//! worker's pulse once a second; pure. Kept by `running`.
//!
//! A second of a worker is *affected* where two things meet: the thread could not do what was due,
//! and requests were measured meanwhile, whose times are then partly its own. The thread could not
//! where others took the core from it and it had none to spare, where work stood still for want of
//! memory, or where it was late by as much as would be seen in the times. A server that is slow does
//! none of these: whoever waits is idle.

use std::time::Duration;

use crate::event::Health as Told;
use crate::metrics::Entry;

use super::pulse::Pulse;

/// Others had the core for at least this part of a second, in which the thread could have run.
const ROBBED: f64 = 0.4;

/// And less than this part of it was left idle.
const SPARE: f64 = 0.2;

/// Work stood still for want of memory for at least this part of a second.
const STALLED: f64 = 0.2;

/// Late by less is of no account.
const LATE: Duration = Duration::from_millis(20);

/// Nor is less than this part of what requests took.
const SEEN: f64 = 0.25;

/// Fewer affected seconds are an accident.
const SECONDS: u32 = 3;

/// Fewer of the requests leave the rest to be believed.
const SHARE: f64 = 0.5;

/// More of the requests that failed for want of room here make the failures the generator's own.
const EXHAUSTED: f64 = 0.01;

/// A thread that ran for more of a second than this is at its end.
const BUSY: f64 = 0.95;

/// How often a warning of one kind is repeated.
const AGAIN: Duration = Duration::from_secs(30);

/// Whether what began so late makes up too much of what was measured, both in ms.
pub(super) fn is_late(late: f64, measured: f64) -> bool {
    late >= LATE.as_secs_f64() * 1e3 && late >= SEEN * measured
}

#[derive(Default)]
pub(super) struct Health {
    told: Told,
    /// Seconds felt, over all workers, and how late they were altogether.
    seconds: u32,
    late: Duration,
    /// Seconds of the run, however many workers were affected, and the last of them.
    affected_seconds: u32,
    last_affected: Option<u64>,
    affected: u64,
    requests: u64,
    /// Users that this machine had no room for.
    stunted: u64,
    busy_seconds: u32,
    /// The largest part of a second for which work stood still for want of memory.
    stalled: f64,
    /// When each kind of warning was given last.
    warned: [Option<Duration>; 4],
}

impl Health {
    /// One worker's second, and what it measured meanwhile, `at` so long after the start. A warning,
    /// where there is reason for one.
    pub(super) fn hear(&mut self, pulse: &Pulse, measured: &Entry, at: Duration) -> Option<String> {
        self.seconds += 1;
        self.late += pulse.late;
        self.requests += measured.requests;
        self.told.exhausted += pulse.exhausted;
        self.stunted += pulse.stunted;
        self.told.latest = self.told.latest.max(pulse.latest);
        let part = |time: Duration| time.as_secs_f64() / pulse.lasted.as_secs_f64().max(1e-3);
        let (ran, waited) = pulse.cpu.map_or((0.0, 0.0), |(ran, waited)| (part(ran), part(waited)));
        self.told.busiest = self.told.busiest.max(ran.min(1.0));
        self.told.robbed = self.told.robbed.max(waited.min(1.0));
        let is_robbed = waited >= ROBBED && 1.0 - ran - waited < SPARE;
        let is_late = is_late(pulse.late.as_secs_f64() * 1e3, measured.average() / 1e3);
        let stalled = part(pulse.stalled).min(1.0);
        self.stalled = self.stalled.max(stalled);
        let is_stalled = stalled >= STALLED;
        let is_busy = ran >= BUSY;
        self.busy_seconds += u32::from(is_busy);
        if measured.requests > 0 && (is_robbed || is_stalled || is_late) {
            // Reports come about whole seconds, a little before or after; one that has been starved comes
            // seldom, and is about all the seconds before it.
            let second = (at + Duration::from_millis(500)).as_secs();
            let length = (pulse.lasted.as_secs_f64().round() as u64).max(1);
            let new = self.last_affected.map_or(length, |last| length.min(second.saturating_sub(last)));
            self.affected_seconds += u32::try_from(new).unwrap_or(u32::MAX);
            self.last_affected = self.last_affected.max(Some(second));
            self.affected += measured.requests;
        }
        let percent = |part: f64| format!("{:.0} %", part * 100.0);
        if pulse.exhausted > 0 {
            let count = pulse.exhausted;
            return self.warn(0, at, || {
                format!(
                    "this machine had no room for {count} connections: they failed here, not at the server"
                )
            });
        }
        if measured.requests > 0 && is_robbed && self.affected_seconds >= 2 {
            return self.warn(1, at, || {
                format!(
                    "the generator is short of CPU: a worker could have run for {} of the last second but had no core",
                    percent(waited)
                )
            });
        }
        if measured.requests > 0 && is_stalled && self.affected_seconds >= 2 {
            return self.warn(3, at, || {
                let stalled = percent(stalled);
                format!(
                    "the machine is short of memory: work stood still for it for {stalled} of the last second"
                )
            });
        }
        if measured.requests > 0 && is_late && self.affected_seconds >= 2 {
            return self.warn(1, at, || {
                let ms = pulse.late.as_secs_f64() * 1e3;
                format!("the generator is late by {ms:.0} ms: so much of the times is its own")
            });
        }
        // A second or two is what starting many users takes.
        if is_busy && self.busy_seconds >= 3 {
            return self.warn(2, at, || {
                let ran = percent(ran.min(1.0));
                format!("a worker has used {ran} of its core: more load needs more cores, or another machine")
            });
        }
        None
    }

    fn warn(&mut self, kind: usize, at: Duration, text: impl FnOnce() -> String) -> Option<String> {
        let is_due = self.warned[kind].is_none_or(|before| at >= before + AGAIN);
        is_due.then(|| {
            self.warned[kind] = Some(at);
            text()
        })
    }

    /// Forgets what was measured, when statistics begin anew.
    pub(super) fn reset(&mut self) {
        *self = Health { warned: self.warned, ..Health::default() };
    }

    /// What was felt of the generator, for those who read the results.
    pub(super) fn told(&self) -> Told {
        let late = self.late.checked_div(self.seconds).unwrap_or_default();
        Told { late, affected: self.share(self.affected), ..self.told }
    }

    /// Why the results say little, if they do.
    pub(super) fn reasons(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        let affected = self.share(self.affected);
        if self.affected_seconds >= SECONDS && affected >= SHARE {
            let Told { latest, robbed, .. } = self.told;
            let memory = match self.stalled >= STALLED {
                true => format!(", stood still for want of memory (up to {:.0} %)", self.stalled * 100.0),
                false => String::new(),
            };
            reasons.push(format!(
                "the generator could not keep up: {:.0} % of the requests were measured while it had no core to run on \
                 (up to {:.0} % of the time){memory} or was late (by up to {:.0} ms)",
                affected * 100.0,
                robbed * 100.0,
                latest.as_secs_f64() * 1e3
            ));
        }
        let exhausted = self.told.exhausted;
        if exhausted > 0 && self.share(exhausted) >= EXHAUSTED {
            reasons.push(format!(
                "{exhausted} connections failed for want of room on this machine (files or ports), not at the server"
            ));
        }
        if self.stunted > 0 {
            let count = self.stunted;
            reasons.push(format!(
                "{count} times a user could not run for want of memory on this machine: the load was short of the plan"
            ));
        }
        reasons
    }

    fn share(&self, part: u64) -> f64 {
        if self.requests == 0 { 0.0 } else { (part as f64 / self.requests as f64).min(1.0) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "health_tests.rs"]
mod tests;
