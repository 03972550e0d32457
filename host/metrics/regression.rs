//! Thresholds about an earlier run: `p(95)<+10%`. Judged by `run` while it goes on, and by `report`
//! for recorded runs.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::baseline::Change;
use super::entry::Entry;
use super::measure::{Measure, Trend};
use super::selector::Selector;
use super::snapshot::Snapshot;

/// What may become worse by how much: `p(95)<+10%`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Regression {
    /// Of 0..=1.
    pub fraction: f64,
    /// 1.1 for 10 %.
    pub limit: f64,
}

/// What a comparison says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It did not become worse by more than the limit, as far as can be seen.
    Held,
    /// It is worse beyond the limit: all of the 95 % interval is.
    Crossed,
    Unknown(Doubt),
}

/// Why a comparison says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    #[error("there is nothing to compare with: `--baseline FILE` names the log of an earlier run")]
    NoBaseline,
    #[error("the baseline has nothing of it")]
    NotInBaseline,
    #[error("nothing was measured of it")]
    NotMeasured,
    #[error("the share of failed requests is another than in the baseline, so their times do not compare")]
    OtherFailures,
    #[error("there were too few samples to tell a change from chance")]
    TooFew,
    #[error("it looks worse beyond the limit, but that may be chance: more samples would tell")]
    MayBeChance,
}

/// An earlier run.
#[derive(Clone, Debug, Default)]
pub struct Baseline {
    pub totals: Arc<Snapshot>,
    /// What `totals.watched` is about, by its numbers.
    pub watched: Vec<String>,
}

impl Regression {
    /// Reads `p(95)<+10%`; None for another text.
    pub fn parse(text: &str) -> Option<Regression> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let (percentile, limit) = text.split_once("<+")?;
        let percent: f64 = match percentile {
            "med" => 50.0,
            text => text.strip_prefix("p(")?.strip_suffix(')')?.parse().ok()?,
        };
        let more: f64 = limit.strip_suffix('%')?.parse().ok()?;
        let is_sound = (0.0..=100.0).contains(&percent) && more.is_finite() && more >= 0.0;
        is_sound.then_some(Regression { fraction: percent / 100.0, limit: 1.0 + more / 100.0 })
    }

    /// How what `selector` selects has changed in `now`, where it is kept apart as `number`; and what
    /// that means.
    pub fn judge(
        &self,
        baseline: &Baseline,
        selector: &Selector,
        (now, number): (&Snapshot, u32),
    ) -> (Option<Change>, Finding) {
        match baseline.change(selector, (now, number), self.fraction) {
            Ok(change) if baseline.fails_otherwise(selector, now) => {
                (Some(change), Finding::Unknown(Doubt::OtherFailures))
            }
            Ok(change) => (Some(change), self.find(&change)),
            Err(doubt) => (None, Finding::Unknown(doubt)),
        }
    }

    fn find(&self, change: &Change) -> Finding {
        match change {
            Change { low: None, high: None, .. } => Finding::Unknown(Doubt::TooFew),
            change if change.ratio < self.limit => Finding::Held,
            change if change.low.is_some_and(|low| low >= self.limit) => Finding::Crossed,
            _ => Finding::Unknown(Doubt::MayBeChance),
        }
    }
}

impl Baseline {
    /// Samples that were kept apart then are compared with those that are now; else what the tables
    /// have of requests or metrics of scripts, on both sides.
    fn change(
        &self,
        selector: &Selector,
        (now, number): (&Snapshot, u32),
        fraction: f64,
    ) -> Result<Change, Doubt> {
        let of = |before: &Trend, now: &Trend| {
            if now.count == 0 {
                return Err(Doubt::NotMeasured);
            }
            Change::of(before, now, fraction).ok_or(Doubt::NotInBaseline)
        };
        let text = selector.to_string();
        let measured = match now.watched.get(&number) {
            Some(Measure::Trend(trend)) => trend,
            _ => return Err(Doubt::NotMeasured),
        };
        if let Some(at) = self.watched.iter().position(|known| *known == text) {
            let before = u32::try_from(at).ok().and_then(|at| self.totals.watched.get(&at));
            return match before {
                Some(Measure::Trend(before)) => of(before, measured),
                _ => Err(Doubt::NotInBaseline),
            };
        }
        if let Some(before) = own(&self.totals, selector) {
            return of(&before, measured);
        }
        let before = requests(&self.totals, selector).ok_or(Doubt::NotInBaseline)?;
        let now = requests(now, selector).ok_or(Doubt::NotMeasured)?;
        Change::of(&before, &now, fraction).ok_or(Doubt::NotInBaseline)
    }
}

impl Baseline {
    /// Whether what `selector` selects now fails far more often than then, or far less.
    fn fails_otherwise(&self, selector: &Selector, now: &Snapshot) -> bool {
        let is_of_requests = selector.metric.starts_with("http_req_");
        let is_of_one_kind = selector.tags.iter().any(|(name, _)| OUTCOMES.contains(&name.as_str()));
        if !is_of_requests || is_of_one_kind {
            return false;
        }
        // As far as names and methods tell; of what other tags select nobody knows how much failed.
        let (before, now) = (labelled(&self.totals, selector), labelled(now, selector));
        fail_otherwise(&before, &now)
    }
}

/// Tags that tell how a request went: of those with one value as many fail as ever.
const OUTCOMES: [&str; 3] = ["status", "error_code", "expected_response"];

/// Whether so many more of the requests failed than before, or so many fewer, that percentiles are about other
/// things: more than one in twenty, and more than chance explains.
pub fn fail_otherwise(before: &Entry, now: &Entry) -> bool {
    if before.requests == 0 || now.requests == 0 {
        return false;
    }
    let (n, m) = (before.requests as f64, now.requests as f64);
    let apart = (now.failure_ratio() - before.failure_ratio()).abs();
    let all = (before.failures + now.failures) as f64 / (n + m);
    let deviation = (all * (1.0 - all) * (1.0 / n + 1.0 / m)).sqrt();
    apart > 0.05 && apart > 1.96 * deviation
}

/// The requests that a selector of names and methods selects.
fn requests(totals: &Snapshot, selector: &Selector) -> Option<Entry> {
    if selector.metric != "http_req_duration" {
        return None;
    }
    if !selector.tags.iter().all(|(name, _)| matches!(name.as_str(), "name" | "method")) {
        return None;
    }
    let all = labelled(totals, selector);
    (all.requests > 0).then_some(all)
}

/// Those whose name and method it allows, whatever else it asks for.
fn labelled(totals: &Snapshot, selector: &Selector) -> Entry {
    let mut all = Entry::default();
    for (label, entry) in &totals.entries {
        let full = format!("{} {}", label.method, label.name);
        let has = |(tag, value): &(String, String)| match tag.as_str() {
            "method" => label.method == *value,
            "name" => label.name == *value || full == *value,
            _ => true,
        };
        if selector.tags.iter().all(has) {
            all.merge(entry);
        }
    }
    all
}

/// A trend of a script, as far as its own tags select it.
fn own(totals: &Snapshot, selector: &Selector) -> Option<Trend> {
    let mut all = Trend::default();
    for (key, measure) in &totals.metrics {
        if let Measure::Trend(trend) = measure
            && key.name == selector.metric
            && selector.tags.iter().all(|tag| key.tags.contains(tag))
        {
            all.merge(trend);
        }
    }
    (all.count > 0).then_some(all)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::metrics::{Call, Kind, Phases, Recorder, Sample, Scene, TagSet};

    fn snapshot(name: &str, latencies: impl Iterator<Item = u64>) -> Snapshot {
        let mut recorder = Recorder::new();
        let key = recorder.key("GET", name);
        let mut watched = Measure::new(Kind::Trend);
        for us in latencies {
            let latency = Duration::from_micros(us);
            recorder.call(key, &Call { latency, bytes: 0, at: 1, failure: None });
            watched.add(us as f64 / 1e3, 0);
        }
        let mut snapshot = recorder.take();
        if watched.count() > 0 {
            snapshot.watched.insert(0, watched);
        }
        snapshot
    }

    fn judge(before: &Snapshot, now: &Snapshot, watched: &[&str]) -> Finding {
        let rule = Regression::parse("p(95) < +10%").unwrap();
        let selector = Selector::parse("http_req_duration{name:GET /a}").unwrap();
        let watched = watched.iter().map(|text| (*text).to_owned()).collect();
        let baseline = Baseline { totals: before.clone().into(), watched };
        rule.judge(&baseline, &selector, (now, 0)).1
    }

    /// By what both kept apart, and by the tables where the earlier run did not.
    #[test]
    fn crossed_only_where_it_is_no_chance() {
        let values = |count: u64, from: u64, step: u64| (0..count).map(move |n| from + n * step % 2000);
        let before = snapshot("/a", values(2000, 10_000, 7919));
        let (same, slower) =
            (snapshot("/a", values(2000, 10_000, 6007)), snapshot("/a", values(2000, 13_000, 7919)));
        // Two of 30 are slow: the 95th percentile of so few may be that of the others.
        let few = snapshot("/a", values(28, 10_000, 7919).chain([20_000, 21_000]));
        for watched in [&["http_req_duration{name:GET /a}"][..], &[]] {
            assert_eq!(judge(&before, &same, watched), Finding::Held);
            assert_eq!(judge(&before, &slower, watched), Finding::Crossed);
            assert_eq!(judge(&before, &few, watched), Finding::Unknown(Doubt::MayBeChance));
            let one = snapshot("/a", [20_000].into_iter());
            assert_eq!(judge(&before, &one, watched), Finding::Unknown(Doubt::TooFew));
            let none = Snapshot::default();
            assert_eq!(judge(&before, &none, watched), Finding::Unknown(Doubt::NotMeasured));
            assert_eq!(judge(&none, &same, watched), Finding::Unknown(Doubt::NotInBaseline));
        }
        let other = snapshot("/b", values(2000, 10_000, 7919));
        assert_eq!(judge(&other, &same, &[]), Finding::Unknown(Doubt::NotInBaseline));
    }

    /// A server that refuses at once is no faster server.
    #[test]
    fn failures_that_are_quick_are_no_improvement() {
        let run = |failed: u64, selector: &str| {
            let asked = [(Selector::parse(selector).unwrap(), Kind::Trend)];
            let mut recorder = Recorder::watching(&asked);
            let key = recorder.key("GET", "/a");
            for number in 0..200 {
                let is_failed = number < failed;
                let latency = Duration::from_micros(if is_failed { 100 } else { 10_000 + number });
                let failure = is_failed.then_some("refused");
                recorder.call(key, &Call { latency, bytes: 0, at: 1, failure });
                recorder.sample(&Sample {
                    scene: Scene::NONE,
                    key,
                    tags: TagSet::NONE,
                    url: &String::new,
                    status: if is_failed { 0 } else { 200 },
                    error_code: 0,
                    error: None,
                    failed: is_failed,
                    phases: Phases { duration: latency, ..Phases::default() },
                    sent_bytes: 0,
                    received_bytes: 0,
                });
            }
            recorder.take()
        };
        let judged = |before: u64, now: u64, selector: &str| {
            let baseline =
                Baseline { totals: run(before, selector).into(), watched: vec![selector.to_owned()] };
            let own = Selector::parse(selector).unwrap();
            Regression::parse("med<+10%").unwrap().judge(&baseline, &own, (&run(now, selector), 0)).1
        };
        let doubt = Finding::Unknown(Doubt::OtherFailures);
        for selector in ["http_req_duration", "http_req_duration{name:GET /a}"] {
            assert_eq!(judged(0, 200, selector), doubt, "{selector}");
        }
        assert_eq!(judged(100, 0, "http_req_duration{name:GET /a}"), doubt, "a broken baseline");
        assert_eq!(judged(2, 6, "http_req_duration"), Finding::Held, "few");
        assert_eq!(judged(100, 104, "http_req_duration"), Finding::Held);
        let good = "http_req_duration{expected_response:true}";
        assert_eq!(judged(0, 100, good), Finding::Held, "those that went well compare");
    }

    #[test]
    fn what_is_no_regression() {
        assert_eq!(Regression::parse("med<+0.5%"), Some(Regression { fraction: 0.5, limit: 1.005 }));
        for text in ["p(95)<10%", "p(95)<+10", "p(101)<+1%", "avg<+1%", "p(95)>+1%", "p(95)<+-1%", ""] {
            assert_eq!(Regression::parse(text), None, "{text}");
        }
    }
}
