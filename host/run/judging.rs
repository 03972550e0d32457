//! The judgement of a run under way: its thresholds, each second and at the end; what the generator
//! feels of itself; and the verdict. Of `running`.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant, SystemTime};

use crate::config::Level;
use crate::event::{Event, Outcome, Stop, Threshold, Tick, Verdict};
use crate::exit::Exit;
use crate::metrics::{Entry, Kind, Measure};

use super::ending::warning;
use super::health;
use super::message::Phase;
use super::pulse::Pulse;
use super::running::{Act, Running};
use super::ticks::Ticks;

/// The lateness of fewer arrivals is an accident.
const FEW: u64 = 30;

impl Running {
    /// The first users come at that moment.
    pub(super) fn begin_at(&mut self, at: Instant, started_at: SystemTime) {
        (self.started, self.started_at, self.since) = (at, started_at, started_at);
        self.counted = at;
        self.ticks = Ticks::new(at, self.users.len());
    }

    /// The active users of a worker.
    pub(super) fn users_of(&self, worker: usize) -> u64 {
        self.users[worker].iter().sum()
    }

    /// Active users by class.
    pub(super) fn users_by_class(&self) -> Vec<u64> {
        let count = |class: usize| self.users.iter().map(|users| users[class]).sum();
        (0..self.names.len()).map(count).collect()
    }

    pub(super) fn tick(&mut self, tell: &mut dyn FnMut(&Event)) -> Arc<[Threshold]> {
        self.tick_at(self.started.elapsed(), SystemTime::now(), tell)
    }

    /// Tells how things stood so long after the start; what became of each threshold until then.
    pub(super) fn tick_at(
        &mut self,
        elapsed: Duration,
        at: SystemTime,
        tell: &mut dyn FnMut(&Event),
    ) -> Arc<[Threshold]> {
        let classes: Vec<(Arc<str>, u64)> = self.names.iter().cloned().zip(self.users_by_class()).collect();
        let users = classes.iter().map(|(_, users)| users).sum();
        // Those that leave at the end say nothing about how many there were.
        let is_over = users == 0 && self.seen.most > 0 && !std::mem::replace(&mut self.deserted, true);
        if self.phases.phase() == Phase::Running && !is_over {
            self.deserted = users == 0;
            self.note_users(users);
        }
        let judged: Arc<[Threshold]> = self.judge().into();
        tell(&Event::Tick(Tick {
            elapsed,
            at,
            users,
            classes: classes.into(),
            totals: self.totals.clone(),
            interval: Arc::new(std::mem::take(&mut self.interval)),
            since: self.since,
            so_far: self.so_far(users, judged.clone()),
        }));
        judged
    }

    /// So many users there are now: a sample of `vus` and `vus_max`, where somebody asks for them.
    pub(super) fn note_users(&mut self, users: u64) {
        self.seen.see(users);
        if self.setup.thresholds.is_empty() {
            return;
        }
        let (setup, most) = (self.setup.clone(), self.seen.max);
        let at = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        for (metric, value) in [("vus", users), ("vus_max", most)] {
            for number in setup.thresholds.of_run(metric) {
                let watched = &mut Arc::make_mut(&mut self.totals).watched;
                let measure = watched.entry(number).or_insert_with(|| Measure::new(Kind::Gauge));
                measure.add(value as f64, at);
            }
        }
    }

    /// In a run that was too short to be looked at there were as many users as there ever were.
    pub(super) fn note_most_users(&mut self) {
        let most = self.setup.users_most.load(Ordering::Relaxed);
        if most > 0 && self.seen.most == 0 {
            self.note_users(most);
        }
        self.seen.most = self.seen.most.max(most);
        self.seen.max = self.seen.max.max(most);
    }

    /// Ends the run where a threshold is crossed that is to end it.
    pub(super) fn look_at_thresholds(&mut self, judged: &[Threshold]) {
        if self.stop.is_some() || !self.setup.thresholds.may_end_the_run() {
            return;
        }
        let passed = self.started.elapsed();
        if let Some(number) = self.setup.thresholds.fatal(judged, passed) {
            let threshold = judged[number].clone();
            let text = format!("{} {}", threshold.selector, threshold.expression);
            self.fatal = Some((number, threshold));
            self.end(Stop::Threshold(text));
        }
    }

    /// How long there were users since the statistics began: what all rates are about, to the us.
    pub(super) fn lasted(&self) -> Duration {
        let gone = self.elapsed.filter(|_| self.done == self.setup.workers || self.act == Act::Closing);
        let until = gone.map_or_else(Instant::now, |elapsed| self.started + elapsed);
        let lasted = until.saturating_duration_since(self.counted);
        Duration::from_micros(u64::try_from(lasted.as_micros()).unwrap_or(u64::MAX))
    }

    /// What became of each threshold so far. One that ended the run stays crossed.
    pub(super) fn judge(&self) -> Vec<Threshold> {
        let mut judged = self.setup.thresholds.judge(&self.totals, self.lasted().as_secs_f64());
        if let Some((number, threshold)) = &self.fatal {
            judged[*number] = threshold.clone();
        }
        judged
    }

    /// What a worker's thread felt in a second, beside what was measured in it.
    pub(super) fn feel(
        &mut self,
        worker: usize,
        pulse: &Pulse,
        measured: &Entry,
        tell: &mut dyn FnMut(&Event),
    ) {
        if self.resetting[worker] > 0 {
            return;
        }
        if let Some(together) = &mut self.together {
            return together.feel(worker, pulse, measured);
        }
        let said = self.health.hear(pulse, measured, self.started.elapsed());
        if let Some(text) = said.filter(|_| self.warns_of_generator()) {
            tell(&warning(text));
        }
    }

    pub(super) fn warns_of_generator(&self) -> bool {
        self.setup.judges_generator && self.setup.log_level <= Level::Warning
    }

    /// Says, once, that names are too many to be told apart, while there is still time to look at it.
    pub(super) fn tell_overflow(&mut self, tell: &mut dyn FnMut(&Event)) {
        if let Some(overflow) = self.totals.overflow.as_ref().filter(|_| !self.overflowed) {
            self.overflowed = true;
            if self.setup.log_level <= Level::Warning {
                tell(&warning(overflow.to_string()));
            }
        }
    }

    /// How it went, where the process would exit with `exit`.
    pub(super) fn verdict(&self, exit: Exit, thresholds: &[Threshold]) -> Verdict {
        let lacking = (thresholds, self.lacking(thresholds));
        Verdict::of((exit, self.stop.as_ref()), self.doubts(), lacking, &self.totals)
    }

    /// Why this machine is to blame for what was measured, if it is.
    pub(super) fn doubts(&self) -> Vec<String> {
        let missing = |(segment, since): &(u64, Duration)| {
            let since = since.as_secs_f64();
            format!(
                "process {segment} was lost {since:.0} s after the start: its part of the load is missing"
            )
        };
        let mut doubts: Vec<String> = self.lost.iter().map(missing).collect();
        if !self.setup.judges_generator {
            return doubts;
        }
        doubts.extend(self.health.reasons());
        let measured = |metric: &str, scenario: &str| {
            let number = self.setup.thresholds.of_arrivals(metric, scenario)?;
            match self.totals.watched.get(&number)? {
                Measure::Trend(trend) if trend.count >= FEW => Some(trend.average()),
                _ => None,
            }
        };
        for part in &self.setup.parts {
            let name = &part.scenario.name;
            let Some(late) = measured("arrival_lateness", name) else { continue };
            let taken = measured("http_req_duration_intended", name).unwrap_or(0.0);
            if health::is_late(late, taken) {
                doubts.push(format!(
                    "the generator could not keep the rate: iterations of `{name}` began {late:.0} ms late on average"
                ));
            }
        }
        doubts
    }

    /// Which thresholds had nothing to judge, each metric once.
    fn lacking(&self, thresholds: &[Threshold]) -> Vec<String> {
        let mut selectors: Vec<&str> = thresholds
            .iter()
            .filter(|threshold| threshold.outcome == Outcome::NoSamples)
            .map(|threshold| threshold.selector.as_str())
            .collect();
        selectors.dedup();
        let reason = |selector: &str| {
            let meant = self.setup.thresholds.meant(selector, &self.totals);
            let meant = meant.map_or_else(String::new, |name| format!(" (did you mean `{name}`?)"));
            Verdict::lacking(selector) + meant.as_str()
        };
        selectors.into_iter().map(reason).collect()
    }
}
