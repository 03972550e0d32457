//! Single samples, for outputs that show each. Made only where one is asked for: a recorder without
//! a sink pays a look. Part of the `recorder`; taken by `report`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::custom::Metric;
use super::entry::Label;
use super::measure::Kind;
use super::recorder::Recorder;
use super::watched::{Phases, Sample, Scene, TagSet};

/// Samples that are handed over together.
const BATCH: usize = 500;

/// Takes samples from a worker's thread, and must not wait.
pub type RawSink = Arc<dyn Fn(Vec<RawSample>) + Send + Sync>;

/// Something that was measured once.
#[derive(Clone, Debug)]
pub struct RawSample {
    pub at: SystemTime,
    pub class: Arc<str>,
    pub scenario: Arc<str>,
    /// The group's path; None in no group.
    pub group: Option<Arc<str>>,
    /// Those that the script gave it.
    pub tags: Vec<(String, String)>,
    pub what: RawWhat,
}

#[derive(Clone, Debug)]
pub enum RawWhat {
    Request(Box<RawRequest>),
    Check {
        name: String,
        held: bool,
    },
    Iteration(Duration),
    /// So many that were due and did not begin.
    Dropped(u64),
    /// That one began at an arrival rate, so late.
    Arrival(Duration),
    /// That a group ended.
    Group(Duration),
    /// Of a metric by name.
    Value {
        metric: Arc<str>,
        kind: Kind,
        unit: Arc<str>,
        value: f64,
    },
}

#[derive(Clone, Debug)]
pub struct RawRequest {
    pub label: Arc<Label>,
    pub url: String,
    /// 0: no answer.
    pub status: u16,
    /// As k6 counts them; 0 for none.
    pub error_code: u16,
    /// Why no answer came.
    pub error: Option<String>,
    pub failed: bool,
    pub phases: Phases,
    pub sent_bytes: u64,
    pub received_bytes: u64,
}

/// What waits to be handed over.
pub(super) struct Raw {
    sink: RawSink,
    batch: Vec<RawSample>,
    /// Names of classes and scenarios, few of which there are.
    names: Vec<Arc<str>>,
}

impl std::fmt::Debug for Raw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Raw").field("batch", &self.batch.len()).finish_non_exhaustive()
    }
}

impl Raw {
    fn name(&mut self, name: &str) -> Arc<str> {
        match self.names.iter().find(|known| ***known == *name) {
            Some(known) => known.clone(),
            None => {
                self.names.push(name.into());
                self.names[self.names.len() - 1].clone()
            }
        }
    }

    /// Hands over what there is.
    pub(super) fn flush(&mut self) {
        if !self.batch.is_empty() {
            (self.sink)(std::mem::take(&mut self.batch));
        }
    }
}

impl Recorder {
    /// The same, passing on each single sample.
    pub fn emitting(mut self, sink: Option<RawSink>) -> Recorder {
        self.raw = sink.map(|sink| Box::new(Raw { sink, batch: Vec::new(), names: Vec::new() }));
        self
    }

    pub(super) fn emits(&self) -> bool {
        self.raw.is_some()
    }

    pub(super) fn emit_request(&mut self, sample: &Sample<'_>) {
        let label = self.shared_label(sample.key);
        let tags = self.tags_of(sample.tags);
        let request = RawRequest {
            label,
            url: (sample.url)(),
            status: sample.status,
            error_code: sample.error_code,
            error: sample.error.map(str::to_owned),
            failed: sample.failed,
            phases: sample.phases,
            sent_bytes: sample.sent_bytes,
            received_bytes: sample.received_bytes,
        };
        self.emit(sample.scene, tags, RawWhat::Request(Box::new(request)));
    }

    /// A value with the tags that were set for it.
    pub(super) fn emit_value(&mut self, scene: Scene<'_>, metric: Metric, value: f64) {
        let (name, kind) = self.declared(metric);
        let unit: Arc<str> = self.custom.unit(metric).into();
        let tags = self.custom.all_tags().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.emit(scene, tags, RawWhat::Value { metric: name, kind, unit, value });
    }

    pub(super) fn emit(&mut self, scene: Scene<'_>, tags: Vec<(String, String)>, what: RawWhat) {
        let group = self.groups.path(scene.group);
        let tags = tags.into_iter().chain(self.tags_of(scene.tags)).collect();
        let Some(raw) = &mut self.raw else { return };
        let (class, scenario) = (raw.name(scene.class), raw.name(scene.scenario));
        raw.batch.push(RawSample { at: SystemTime::now(), class, scenario, group, tags, what });
        if raw.batch.len() >= BATCH {
            raw.flush();
        }
    }

    fn tags_of(&self, set: TagSet) -> Vec<(String, String)> {
        let tags = self.watched.tags(set).unwrap_or_default();
        tags.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::metrics::{Group, Recorder};

    #[test]
    fn samples_come_in_batches_and_whole() {
        let batches: Arc<Mutex<Vec<Vec<RawSample>>>> = Arc::default();
        let sink = batches.clone();
        let sink: RawSink = Arc::new(move |batch| sink.lock().unwrap().push(batch));
        let mut recorder = Recorder::new().emitting(Some(sink));
        let group = recorder.group(Group::NONE, "pay");
        let scene = Scene { class: "U", scenario: "default", group, tags: TagSet::NONE };
        for number in 0..BATCH + 2 {
            recorder.sample_check(scene, "holds", number != 3);
        }
        assert_eq!(batches.lock().unwrap().len(), 1, "the rest waits");
        drop(recorder.take());
        let got: Vec<RawSample> = batches.lock().unwrap().drain(..).flatten().collect();
        assert_eq!(got.len(), BATCH + 2);
        assert_eq!(
            (&*got[0].class, &*got[0].scenario, got[0].group.as_deref()),
            ("U", "default", Some("pay"))
        );
        assert!(matches!(&got[3].what, RawWhat::Check { name, held: false } if name == "holds"));
        drop(recorder.take());
        assert!(batches.lock().unwrap().is_empty());
    }
}
