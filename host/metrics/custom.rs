//! The metrics that scripts declare, as a worker records them: interned, without an
//! allocation once a metric and its tags are known. Part of the `recorder`.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use super::measure::{Kind, Measure};
use super::recorder::{LIMIT, OTHER, Recorder, head};
use super::slots::Slots;
use super::snapshot::{OverflowKind, Snapshot};
use super::watched::Scene;

/// Metrics that a run may have. Each is written in a script, so more are made of data.
const MOST: usize = 1000;

/// A declared metric; valid for the recorder that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric(pub u32);

/// Why a metric cannot be declared.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undeclared {
    #[error("the metric `{name}` is a {} already and cannot be a {} too", before.name(), now.name())]
    Kind { name: String, before: Kind, now: Kind },
    #[error("the unit of the metric `{name}` is `{before}` already and cannot be `{now}` too")]
    Unit { name: String, before: String, now: String },
    #[error("a run can have {MOST} metrics, and `{name}` is one more")]
    TooMany { name: String },
}

/// What the values of a metric are grouped by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct MetricKey {
    pub name: String,
    pub kind: Kind,
    /// As declared, such as `ms`; may be empty.
    pub unit: String,
    /// Sorted by name.
    pub tags: Vec<(String, String)>,
}

#[derive(Debug)]
struct Declared {
    name: Arc<str>,
    kind: Kind,
    unit: String,
}

/// The values of a metric with certain tags.
#[derive(Debug)]
struct Series {
    metric: Metric,
    key: Arc<MetricKey>,
    measure: Measure,
}

/// The tags of the value that is added next; kept for its memory.
#[derive(Debug, Default)]
struct Tags {
    text: String,
    /// Where in `text` a name starts, its value starts, and its value ends.
    places: Vec<(usize, usize, usize)>,
}

impl Tags {
    fn push(&mut self, name: &str, value: &str) {
        let Tags { text, places } = self;
        let start = text.len();
        text.push_str(head(name));
        let middle = text.len();
        text.push_str(head(value));
        places.push((start, middle, text.len()));
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.places.iter().map(|&(name, value, end)| (&self.text[name..value], &self.text[value..end]))
    }
}

#[derive(Debug, Default)]
pub(super) struct Custom {
    metrics: Slots<Declared>,
    series: Slots<Series>,
    tags: Tags,
    /// Those that samples are told apart by, but not values.
    own: Tags,
}

impl Recorder {
    /// The metric of that name; the same one whenever it is declared again.
    ///
    /// # Errors
    /// Another kind or unit than before, or more metrics than a run can have.
    pub fn metric(&mut self, kind: Kind, name: &str, unit: &str) -> Result<Metric, Undeclared> {
        let metrics = &mut self.custom.metrics;
        let hash = FxBuildHasher.hash_one(name);
        if let Some(known) = metrics.find(hash, |declared| &*declared.name == name) {
            let declared = metrics.get(known);
            if declared.kind != kind {
                return Err(Undeclared::Kind { name: name.to_owned(), before: declared.kind, now: kind });
            }
            if !unit.is_empty() && declared.unit != unit {
                let (before, now) = (declared.unit.clone(), unit.to_owned());
                return Err(Undeclared::Unit { name: name.to_owned(), before, now });
            }
            return Ok(Metric(known));
        }
        if metrics.len() >= MOST {
            return Err(Undeclared::TooMany { name: name.to_owned() });
        }
        let make = || Declared { name: name.into(), kind, unit: unit.to_owned() };
        Ok(Metric(metrics.find_or_insert(hash, |_| false, make)))
    }

    /// Name, kind and unit of each metric that was declared.
    pub fn metrics(&self) -> impl Iterator<Item = (&str, Kind, &str)> {
        self.custom.declared()
    }

    /// The name and kind that a metric was declared with.
    pub fn declared(&self, metric: Metric) -> (Arc<str>, Kind) {
        let declared = self.custom.metrics.get(metric.0);
        (declared.name.clone(), declared.kind)
    }

    /// Forgets the tags that were set for a value.
    pub fn clear_tags(&mut self) {
        for tags in [&mut self.custom.tags, &mut self.custom.own] {
            tags.text.clear();
            tags.places.clear();
        }
    }

    /// Sets a tag of the value that is added next. The names differ.
    pub fn tag(&mut self, name: &str, value: &str) {
        self.custom.tags.push(name, value);
    }

    /// The same, of a tag that whoever asks for single samples, or for some of them, sees, and that the statistics do
    /// not keep apart. Nobody asks unless [`Recorder::tells_values`].
    pub fn own_tag(&mut self, name: &str, value: &str) {
        self.custom.own.push(name, value);
    }

    /// Whether tags of its own make a difference for a value.
    pub fn tells_values(&self) -> bool {
        self.watches_named() || self.emits()
    }

    /// Adds a finite value, with the tags that were set since `clear_tags`. `at` is in ns since
    /// the start of the run.
    pub fn add(&mut self, metric: Metric, value: f64, at: u64, scene: Scene<'_>) {
        self.custom.sort_tags();
        if self.watches_named() {
            let name = self.declared(metric).0;
            self.sample_named(scene, &name, value, at);
        }
        if self.emits() {
            self.emit_value(scene, metric, value);
        }
        let Custom { series, tags, .. } = &self.custom;
        let mut hash = hash_of(metric, tags.pairs());
        let known = |slot: &Series| slot.is(metric, tags.pairs());
        if series.len() >= LIMIT && series.find(hash, known).is_none() {
            let shown: Vec<String> = tags.pairs().map(|(name, value)| format!("{name}={value}")).collect();
            let name = self.declared(metric).0;
            self.overflowed(OverflowKind::Tags, || format!("{name}{{{}}}", shown.join(",")));
            self.clear_tags();
            self.tag(OTHER, OTHER);
            hash = hash_of(metric, self.custom.tags.pairs());
        }
        let Custom { metrics, series, tags, .. } = &mut self.custom;
        let make = || {
            let declared = metrics.get(metric.0);
            let key = MetricKey {
                name: declared.name.to_string(),
                kind: declared.kind,
                unit: declared.unit.clone(),
                tags: tags.pairs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            };
            Series { metric, key: Arc::new(key), measure: Measure::new(declared.kind) }
        };
        let index = series.find_or_insert(hash, |slot| slot.is(metric, tags.pairs()), make);
        let measure = &mut series.get_mut(index).measure;
        let new = measure.count() == 0;
        measure.add(value, at);
        if new {
            series.mark(index);
        }
    }
}

impl Custom {
    pub(super) fn sort_tags(&mut self) {
        let Tags { text, places } = &mut self.tags;
        places.sort_unstable_by(|a, b| text[a.0..a.1].cmp(&text[b.0..b.1]));
    }

    /// The tags that were set for a value; sorted by `sort_tags`.
    pub(super) fn tags(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.tags.pairs()
    }

    /// Those and the sample's own.
    pub(super) fn all_tags(&self) -> impl Iterator<Item = (&str, &str)> + Clone {
        self.own.pairs().chain(self.tags.pairs())
    }

    pub(super) fn unit(&self, metric: Metric) -> &str {
        &self.metrics.get(metric.0).unit
    }

    /// The metrics that were declared.
    fn declared(&self) -> impl Iterator<Item = (&str, Kind, &str)> {
        self.metrics.all().map(|declared| (&*declared.name, declared.kind, declared.unit.as_str()))
    }

    /// Moves what was added since the last time into `snapshot`.
    pub(super) fn take(&mut self, snapshot: &mut Snapshot) {
        self.series.take_used(|slot| {
            snapshot.metrics.insert(slot.key.clone(), slot.measure.clone());
            slot.measure.clear();
        });
    }
}

impl Series {
    fn is<'t>(&self, metric: Metric, mut tags: impl Iterator<Item = (&'t str, &'t str)>) -> bool {
        let mut own = self.key.tags.iter();
        let same = own.by_ref().all(|(name, value)| tags.next() == Some((name, value)));
        self.metric == metric && same && tags.next().is_none()
    }
}

fn hash_of<'t>(metric: Metric, tags: impl Iterator<Item = (&'t str, &'t str)>) -> u64 {
    let mut hasher = FxBuildHasher.build_hasher();
    metric.0.hash(&mut hasher);
    tags.for_each(|pair| pair.hash(&mut hasher));
    hasher.finish()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn add(recorder: &mut Recorder, metric: Metric, value: f64, tags: &[(&str, &str)]) {
        recorder.clear_tags();
        tags.iter().for_each(|(name, value)| recorder.tag(name, value));
        recorder.add(metric, value, 7, Scene::NONE);
    }

    fn counts(snapshot: &Snapshot) -> Vec<(String, u64)> {
        let shown = |key: &MetricKey| {
            let tags: String = key.tags.iter().map(|(name, value)| format!("{name}={value},")).collect();
            format!("{}{{{tags}}}", key.name)
        };
        snapshot.metrics.iter().map(|(key, measure)| (shown(key), measure.count())).collect()
    }

    #[test]
    fn tags_apply_in_any_order() {
        let mut recorder = Recorder::new();
        let orders = recorder.metric(Kind::Counter, "orders", "").unwrap();
        add(&mut recorder, orders, 2.0, &[("a", "1"), ("b", "2")]);
        add(&mut recorder, orders, 3.0, &[("b", "2"), ("a", "1")]);
        add(&mut recorder, orders, 1.0, &[("ab", "12")]);
        add(&mut recorder, orders, 1.0, &[]);
        let snapshot = recorder.take();
        let expected = [("orders{}", 1), ("orders{a=1,b=2,}", 2), ("orders{ab=12,}", 1)];
        assert_eq!(counts(&snapshot), expected.map(|(name, count)| (name.to_owned(), count)));
        assert!(recorder.take().metrics.is_empty());
        add(&mut recorder, orders, 1.0, &[("a", "1"), ("b", "2")]);
        let Measure::Counter(counter) = recorder.take().metrics.into_values().next().unwrap() else {
            panic!()
        };
        assert_eq!((counter.count, counter.sum.value()), (1, 1.0));
    }

    #[test]
    fn one_name_is_one_metric() {
        let mut recorder = Recorder::new();
        let trend = recorder.metric(Kind::Trend, "wait", "ms").unwrap();
        assert_eq!(recorder.metric(Kind::Trend, "wait", "ms"), Ok(trend));
        assert_eq!(recorder.metric(Kind::Trend, "wait", ""), Ok(trend));
        let text = |undeclared: Result<Metric, Undeclared>| undeclared.unwrap_err().to_string();
        let kind = text(recorder.metric(Kind::Gauge, "wait", "ms"));
        assert_eq!(kind, "the metric `wait` is a trend already and cannot be a gauge too");
        let unit = text(recorder.metric(Kind::Trend, "wait", "s"));
        assert_eq!(unit, "the unit of the metric `wait` is `ms` already and cannot be `s` too");
        for number in 1..MOST {
            recorder.metric(Kind::Rate, &format!("rate_{number}"), "").unwrap();
        }
        assert!(text(recorder.metric(Kind::Rate, "more", "")).contains("1000 metrics, and `more`"));
    }

    #[test]
    fn too_many_tags_are_counted_under_other() {
        let mut recorder = Recorder::new();
        let seen = recorder.metric(Kind::Counter, "seen", "").unwrap();
        for id in 0..LIMIT + 5 {
            add(&mut recorder, seen, 1.0, &[("id", &id.to_string())]);
        }
        add(&mut recorder, seen, 1.0, &[("id", "3")]);
        let snapshot = recorder.take();
        assert_eq!(snapshot.metrics.len(), LIMIT + 1);
        assert!(counts(&snapshot).contains(&("seen{other=other,}".to_owned(), 5)));
        assert!(counts(&snapshot).contains(&("seen{id=3,}".to_owned(), 2)));
        assert_eq!(snapshot.overflow.unwrap().name, "seen{id=10000}");
    }
}
