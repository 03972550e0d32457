//! The judgement of a run under way: its thresholds, each second and at the end. Of `running`.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use crate::event::{Outcome, Stop, Threshold};
use crate::metrics::{Kind, Measure};

use super::running::Running;

impl Running {
    /// So many users there are now: a sample of `vus` and `vus_max`, where somebody asks for them.
    pub(super) fn note_users(&mut self, users: u64) {
        if self.setup.thresholds.is_empty() {
            return;
        }
        let setup = self.setup.clone();
        let most = setup.schedule.most_users().unwrap_or(users).max(users);
        let at = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        for (metric, value) in [("vus", users), ("vus_max", most)] {
            for number in setup.thresholds.of_run(metric) {
                let watched = &mut Arc::make_mut(&mut self.totals).watched;
                let measure = watched.entry(number).or_insert_with(|| Measure::new(Kind::Gauge));
                measure.add(value as f64, at);
            }
        }
    }

    /// Ends the run where a threshold is crossed that is to end it.
    pub(super) fn look_at_thresholds(&mut self) {
        if self.stop.is_some() || !self.setup.thresholds.may_end_the_run() {
            return;
        }
        let judged = self.judge();
        let passed = self.started.elapsed();
        if let Some(number) = self.setup.thresholds.fatal(&judged, passed) {
            let threshold = judged[number].clone();
            let text = format!("{} {}", threshold.selector, threshold.expression);
            self.fatal = Some((number, threshold));
            self.end(Stop::Threshold(text));
        }
    }

    /// In a run that was too short to be looked at there were as many users as there ever were.
    pub(super) fn note_most_users(&mut self) {
        let most = self.setup.users_most.load(Ordering::Relaxed);
        let mut vus = self.setup.thresholds.of_run("vus");
        if most > 0 && vus.any(|number| !self.totals.watched.contains_key(&number)) {
            drop(vus);
            self.note_users(most);
        }
    }

    /// Says which thresholds had nothing to judge, each metric once.
    pub(super) fn note_lacking(&mut self, thresholds: &[Threshold]) {
        let mut lacking: Vec<&str> = Vec::new();
        for threshold in thresholds.iter().filter(|threshold| threshold.outcome == Outcome::NoSamples) {
            if lacking.last() != Some(&threshold.selector.as_str()) {
                lacking.push(&threshold.selector);
            }
        }
        for selector in lacking {
            let meant = self.setup.thresholds.meant(selector, &self.totals);
            let meant = meant.map_or_else(String::new, |name| format!(" (did you mean `{name}`?)"));
            self.notes
                .push(format!("nothing was measured of `{selector}`, so its threshold says nothing{meant}"));
        }
    }

    /// What became of each threshold so far. One that ended the run stays crossed.
    pub(super) fn judge(&self) -> Vec<Threshold> {
        // Rates are about the time with users.
        let after = self.elapsed.map(|elapsed| self.started.elapsed().saturating_sub(elapsed));
        let passed = SystemTime::now().duration_since(self.since).unwrap_or_default();
        let seconds = passed.saturating_sub(after.unwrap_or_default()).as_secs_f64();
        let mut judged = self.setup.thresholds.judge(&self.totals, seconds);
        if let Some((number, threshold)) = &self.fatal {
            judged[*number] = threshold.clone();
        }
        judged
    }
}
