//! Requests and checks told apart by the tags that dashboards made for k6 split by. Kept only where an output
//! shows them; part of the `recorder`. What it counted is in [`Snapshot::shares`] and [`Snapshot::check_shares`].

use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::groups::Group;
use super::measure::Trend;
use super::recorder::{Key, LIMIT, OTHER, Recorder};
use super::slots::Slots;
use super::snapshot::{CheckCount, OverflowKind, Snapshot};
use super::watched::{Sample, Scene};

/// What a request is told apart by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ShareKey {
    pub name: String,
    pub method: String,
    pub scenario: String,
    /// The group's path; empty for none.
    pub group: String,
    /// 0: no answer.
    pub status: u16,
    pub failed: bool,
}

/// What a check is told apart by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CheckShareKey {
    pub scenario: String,
    /// The group's path; empty for none.
    pub group: String,
    pub name: String,
}

#[derive(Debug)]
struct CheckShare {
    group: Group,
    key: Arc<CheckShareKey>,
    count: CheckCount,
}

#[derive(Debug)]
struct Share {
    request: Option<Key>,
    scenario: Box<str>,
    group: Group,
    key: Arc<ShareKey>,
    /// In ms, without the connection.
    durations: Trend,
}

#[derive(Debug, Default)]
pub(super) struct Shares {
    requests: Slots<Share>,
    checks: Slots<CheckShare>,
}

impl Recorder {
    /// Tells requests and checks apart by their tags from now on.
    pub fn sharing(mut self, wanted: bool) -> Recorder {
        self.shares = wanted.then(Box::default);
        self
    }

    /// Counts a request among those with the same tags.
    pub(super) fn share(&mut self, sample: &Sample<'_>) {
        let Some(Shares { requests: slots, .. }) = self.shares.as_deref() else { return };
        let (scenario, group) = (sample.scene.scenario, sample.scene.group);
        let (status, failed) = (sample.status, sample.failed);
        let mut request = Some(sample.key);
        let hash = |request: Option<Key>| FxBuildHasher.hash_one((request, scenario, group, status, failed));
        let is = |slot: &Share, request| {
            slot.request == request
                && *slot.scenario == *scenario
                && slot.group == group
                && (slot.key.status, slot.key.failed) == (status, failed)
        };
        if slots.len() >= LIMIT && slots.find(hash(request), |slot| is(slot, request)).is_none() {
            let label = self.shared_label(sample.key);
            self.overflowed(OverflowKind::Tags, || {
                format!("http_reqs{{name={},status={status}}}", label.name)
            });
            request = None;
        }
        let label = request.map(|key| self.shared_label(key));
        let groups = &self.groups;
        let Some(Shares { requests: slots, .. }) = self.shares.as_deref_mut() else { return };
        let index = slots.find_or_insert(
            hash(request),
            |slot| is(slot, request),
            || {
                let (name, method) = match &label {
                    Some(label) => (label.name.clone(), label.method.clone()),
                    None => (OTHER.to_owned(), OTHER.to_owned()),
                };
                let path = groups.path(group).map(|path| path.to_string()).unwrap_or_default();
                let key =
                    ShareKey { name, method, scenario: scenario.to_owned(), group: path, status, failed };
                Share {
                    request,
                    scenario: scenario.into(),
                    group,
                    key: Arc::new(key),
                    durations: Trend::default(),
                }
            },
        );
        let durations = &mut slots.get_mut(index).durations;
        durations.add(sample.phases.duration.as_secs_f64() * 1e3);
        if durations.count == 1 {
            slots.mark(index);
        }
    }

    /// Counts the outcome of a check among those of the same scenario and group.
    pub(super) fn share_check(&mut self, scene: &Scene<'_>, name: &str, held: bool) {
        let Some(Shares { checks, .. }) = self.shares.as_deref_mut() else { return };
        let (scenario, group) = (scene.scenario, scene.group);
        let hash = |name: &str| FxBuildHasher.hash_one((scenario, group, name));
        let is = |slot: &CheckShare, name: &str| {
            slot.group == group && slot.key.name == name && slot.key.scenario == scenario
        };
        // The statistics of checks tell of those that are too many.
        let full = checks.len() >= LIMIT && checks.find(hash(name), |slot| is(slot, name)).is_none();
        let name = if full { OTHER } else { name };
        let groups = &self.groups;
        let index = checks.find_or_insert(
            hash(name),
            |slot| is(slot, name),
            || {
                let path = groups.path(group).map(|path| path.to_string()).unwrap_or_default();
                let key = CheckShareKey { scenario: scenario.to_owned(), group: path, name: name.to_owned() };
                CheckShare { group, key: Arc::new(key), count: CheckCount::default() }
            },
        );
        let count = &mut checks.get_mut(index).count;
        let is_first = *count == CheckCount::default();
        count.passes += u64::from(held);
        count.fails += u64::from(!held);
        if is_first {
            checks.mark(index);
        }
    }
}

impl Shares {
    /// Moves what was counted since the last time into `snapshot`.
    pub(super) fn take(&mut self, snapshot: &mut Snapshot) {
        self.requests.take_used(|slot| {
            snapshot.shares.insert(slot.key.clone(), slot.durations.clone());
            slot.durations.clear();
        });
        self.checks.take_used(|slot| {
            snapshot.check_shares.insert(slot.key.clone(), std::mem::take(&mut slot.count));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Phases, Scene, TagSet};
    use std::time::Duration;

    #[test]
    fn requests_are_shared_out_by_their_tags_and_bounded() {
        let mut recorder = Recorder::new().sharing(true);
        let sample = |recorder: &mut Recorder, name: &str, status, scenario| {
            let key = recorder.key("GET", name);
            recorder.sample(&Sample {
                scene: Scene { scenario, ..Scene::NONE },
                key,
                tags: TagSet::NONE,
                url: &String::new,
                status,
                error_code: 0,
                error: None,
                failed: status >= 400,
                phases: Phases { duration: Duration::from_millis(3), ..Phases::default() },
                sent_bytes: 0,
                received_bytes: 0,
            });
        };
        for (status, scenario) in [(200, "a"), (200, "a"), (503, "a"), (200, "b")] {
            sample(&mut recorder, "/x", status, scenario);
        }
        let told = |snapshot: &Snapshot| -> Vec<(u16, String, u64)> {
            let one =
                |(key, trend): (&Arc<ShareKey>, &Trend)| (key.status, key.scenario.clone(), trend.count);
            snapshot.shares.iter().map(one).collect()
        };
        let expected = [(200, "a".to_owned(), 2), (503, "a".to_owned(), 1), (200, "b".to_owned(), 1)];
        assert_eq!(told(&recorder.take()), expected);
        assert!(recorder.take().shares.is_empty());
        for number in 0..LIMIT + 5 {
            sample(&mut recorder, &number.to_string(), 200, "a");
        }
        let snapshot = recorder.take();
        assert!(snapshot.shares.len() <= LIMIT + 1);
        assert_eq!(snapshot.shares.values().map(|trend| trend.count).sum::<u64>(), LIMIT as u64 + 5);
        assert!(snapshot.overflow.is_some());
    }

    #[test]
    fn checks_are_shared_out_by_their_scenarios() {
        let mut recorder = Recorder::new().sharing(true);
        assert!(recorder.watches_checks());
        let group = recorder.group(Group::NONE, "pay");
        for (scenario, group, held) in [
            ("a", Group::NONE, true),
            ("a", Group::NONE, false),
            ("b", Group::NONE, true),
            ("b", group, true),
        ] {
            recorder.sample_check(Scene { scenario, group, ..Scene::NONE }, "ok", held);
        }
        let snapshot = recorder.take();
        let told = |(key, count): (&Arc<CheckShareKey>, &CheckCount)| {
            (key.scenario.clone(), key.group.clone(), count.passes, count.fails)
        };
        let of = |scenario: &str, group: &str, passes, fails| (scenario.into(), group.into(), passes, fails);
        let shares: Vec<(String, String, u64, u64)> = snapshot.check_shares.iter().map(told).collect();
        assert_eq!(shares, [of("a", "", 1, 1), of("b", "", 1, 0), of("b", "pay", 1, 0)]);
        let mut sum = snapshot.clone();
        sum.merge(&snapshot);
        assert_eq!(sum.check_shares.values().map(|count| count.passes).sum::<u64>(), 6);
        assert!(recorder.take().check_shares.is_empty());
    }
}
