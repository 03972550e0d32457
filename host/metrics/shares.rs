//! Requests told apart by the tags that dashboards made for k6 split by. Kept only where an output
//! shows them; part of the `recorder`. What it counted is in [`Snapshot::shares`].

use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::groups::Group;
use super::measure::Trend;
use super::recorder::{Key, LIMIT, OTHER, Recorder};
use super::slots::Slots;
use super::snapshot::{OverflowKind, Snapshot};
use super::watched::Sample;

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
pub(super) struct Shares(Slots<Share>);

impl Recorder {
    /// Tells requests apart by their tags from now on.
    pub fn sharing(mut self, wanted: bool) -> Recorder {
        self.shares = wanted.then(Box::default);
        self
    }

    /// Counts a request among those with the same tags.
    pub(super) fn share(&mut self, sample: &Sample<'_>) {
        let Some(Shares(slots)) = self.shares.as_deref() else { return };
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
        let Some(Shares(slots)) = self.shares.as_deref_mut() else { return };
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
}

impl Shares {
    /// Moves what was counted since the last time into `snapshot`.
    pub(super) fn take(&mut self, snapshot: &mut Snapshot) {
        self.0.take_used(|slot| {
            snapshot.shares.insert(slot.key.clone(), slot.durations.clone());
            slot.durations.clear();
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
}
