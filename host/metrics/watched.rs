//! Samples that are kept apart because something asks for them: a threshold's metric, and those of
//! its samples that have certain tags. What nobody asks for costs a sample one look. Part of the
//! `recorder`; what it counted is in [`Snapshot::watched`], by the number of the selector.

use std::borrow::Cow;
use std::hash::BuildHasher;
use std::num::NonZeroU32;
use std::time::Duration;

use rustc_hash::FxBuildHasher;

use super::builtin::{Part, SCENE, Source, built_in};
use super::groups::Group;
use super::measure::{Kind, Measure};
use super::raw::RawWhat;
use super::recorder::{Key, LIMIT, OTHER, Recorder};
use super::selector::Selector;
use super::slots::Slots;
use super::snapshot::{OverflowKind, Snapshot};

/// Tags that a script gave a sample, interned; valid for the recorder that gave it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TagSet(Option<NonZeroU32>);

impl TagSet {
    pub const NONE: TagSet = TagSet(None);
}

/// Whose sample it is.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    pub class: &'a str,
    pub scenario: &'a str,
    pub group: Group,
    /// Those of the scenario.
    pub tags: TagSet,
}

impl Scene<'_> {
    pub const NONE: Scene<'static> =
        Scene { class: "", scenario: "", group: Group::NONE, tags: TagSet::NONE };
}

/// A request that ended, with all that its samples may be told apart by.
pub struct Sample<'a> {
    pub scene: Scene<'a>,
    pub key: Key,
    pub tags: TagSet,
    pub url: &'a dyn Fn() -> String,
    /// 0: no answer.
    pub status: u16,
    /// As k6 counts them; 0 for none.
    pub error_code: u16,
    /// Why no answer came.
    pub error: Option<&'a str>,
    pub failed: bool,
    pub phases: Phases,
    /// On the wire.
    pub sent_bytes: u64,
    pub received_bytes: u64,
}

/// Where a request's time went.
#[derive(Clone, Copy, Debug, Default)]
pub struct Phases {
    pub duration: Duration,
    /// How much later than intended it was begun.
    pub late: Duration,
    pub blocked: Duration,
    pub connecting: Duration,
    pub tls_handshaking: Duration,
    pub sending: Duration,
    pub waiting: Duration,
    pub receiving: Duration,
}

/// A selector, and what was counted for it since the last time.
#[derive(Debug)]
struct Watcher {
    selector: Selector,
    measure: Measure,
}

type Tags = Box<[(Box<str>, Box<str>)]>;

#[derive(Debug, Default)]
pub(super) struct Watched {
    watchers: Vec<Watcher>,
    /// Which of them wait for what.
    requests: Vec<(usize, Part)>,
    checks: Vec<usize>,
    iterations: Vec<usize>,
    iteration_durations: Vec<usize>,
    groups: Vec<usize>,
    named: Vec<usize>,
    dropped: Vec<usize>,
    arrivals: Vec<usize>,
    /// Scripts' own tags of requests are asked for.
    tagged: bool,
    sets: Slots<Tags>,
}

impl Recorder {
    /// One that keeps apart what `selectors` select.
    pub fn watching(selectors: &[(Selector, Kind)]) -> Recorder {
        let mut watched = Watched::default();
        for (number, (selector, kind)) in selectors.iter().enumerate() {
            let source = built_in(&selector.metric).map_or(Source::Named, |metric| metric.source);
            match source {
                Source::Requests(part) => {
                    watched.requests.push((number, part));
                    watched.tagged |=
                        selector.tags.iter().any(|(name, _)| !source.tags().contains(&name.as_str()));
                }
                Source::Checks => watched.checks.push(number),
                Source::Iterations => watched.iterations.push(number),
                Source::IterationDurations => watched.iteration_durations.push(number),
                Source::Groups => watched.groups.push(number),
                Source::Named => watched.named.push(number),
                Source::Dropped => watched.dropped.push(number),
                Source::Arrivals => watched.arrivals.push(number),
                Source::Run => {}
            }
            watched.watchers.push(Watcher { selector: selector.clone(), measure: Measure::new(*kind) });
        }
        let mut recorder = Recorder::new();
        recorder.watched = watched;
        recorder
    }

    /// Whether [`Recorder::sample`] has anything to do.
    pub fn watches_requests(&self) -> bool {
        !self.watched.requests.is_empty() || self.shares.is_some() || self.emits()
    }

    /// Whether scripts' own tags of requests are asked for.
    pub fn watches_tags(&self) -> bool {
        self.watched.tagged || self.emits()
    }

    pub fn watches_checks(&self) -> bool {
        !self.watched.checks.is_empty() || self.shares.is_some() || self.emits()
    }

    pub fn watches_iterations(&self) -> bool {
        let Watched { iterations, iteration_durations, .. } = &self.watched;
        !(iterations.is_empty() && iteration_durations.is_empty()) || self.emits()
    }

    pub fn watches_groups(&self) -> bool {
        !self.watched.groups.is_empty() || self.emits()
    }

    /// The tags that were set since `clear_tags`, as one.
    pub fn tag_set(&mut self) -> TagSet {
        self.custom.sort_tags();
        let mut hash = FxBuildHasher.hash_one(0);
        for pair in self.custom.tags() {
            hash = FxBuildHasher.hash_one((hash, pair));
        }
        let same = |tags: &[(Box<str>, Box<str>)], custom: &super::custom::Custom| {
            tags.iter().map(|(name, value)| (&**name, &**value)).eq(custom.tags())
        };
        let custom = &self.custom;
        if let Some(known) = self.watched.sets.find(hash, |tags| same(tags, custom)) {
            return TagSet(NonZeroU32::new(known + 1));
        }
        if self.watched.sets.len() >= LIMIT {
            let shown: Vec<String> = custom.tags().map(|(name, value)| format!("{name}={value}")).collect();
            self.overflowed(OverflowKind::Tags, || format!("{{{}}}", shown.join(",")));
            self.clear_tags();
            self.tag(OTHER, OTHER);
            hash = 0;
        }
        let custom = &self.custom;
        let make = || custom.tags().map(|(name, value)| (name.into(), value.into())).collect();
        let index = self.watched.sets.find_or_insert(hash, |tags| same(tags, custom), make);
        TagSet(NonZeroU32::new(index + 1))
    }

    /// Counts a request for whoever asked for such.
    pub fn sample(&mut self, sample: &Sample<'_>) {
        if self.emits() {
            self.emit_request(sample);
        }
        self.share(sample);
        for at in 0..self.watched.requests.len() {
            let (number, part) = self.watched.requests[at];
            if self.watched.watchers[number]
                .selector
                .tags
                .iter()
                .all(|(name, value)| self.request_has(sample, name, value))
            {
                self.watched.watchers[number].measure.add(part.value(sample), 0);
            }
        }
    }

    fn request_has(&self, sample: &Sample<'_>, name: &str, value: &str) -> bool {
        let label = self.label(sample.key);
        match name {
            // As the tables show it, with its method, or as it was given.
            "name" => {
                label.name == value
                    || value.strip_prefix(&*label.method).and_then(|rest| rest.strip_prefix(' '))
                        == Some(&label.name)
            }
            "method" => label.method == value,
            "status" => value.parse() == Ok(sample.status),
            "error_code" => value.parse() == Ok(sample.error_code),
            "expected_response" => value == if sample.failed { "false" } else { "true" },
            "url" => (sample.url)() == value,
            _ => match self.tag_of(sample.tags, name).filter(|_| !SCENE.contains(&name)) {
                // The request's own counts, not the scenario's.
                Some(own) => own == value,
                None => self.scene_has(&sample.scene, name, value).unwrap_or(false),
            },
        }
    }

    /// None for a tag that is not of the scene.
    fn scene_has(&self, scene: &Scene<'_>, name: &str, value: &str) -> Option<bool> {
        match name {
            "class" => Some(scene.class == value),
            "scenario" => Some(scene.scenario == value),
            "group" => {
                let path = self.groups.path(scene.group);
                let path: Cow<'_, str> = path.map_or("".into(), |path| path.to_string().into());
                // k6 begins a path with what joins its names.
                Some(value.strip_prefix("::").unwrap_or(value) == path)
            }
            _ => self.tag_of(scene.tags, name).map(|given| given == value),
        }
    }

    fn tag_of(&self, set: TagSet, name: &str) -> Option<&str> {
        self.watched.tags(set)?.iter().find(|(own, _)| **own == *name).map(|(_, given)| &**given)
    }

    /// Counts the outcome of a check for whoever asked for such.
    pub fn sample_check(&mut self, scene: Scene<'_>, check: &str, held: bool) {
        if self.emits() {
            self.emit(scene, Vec::new(), RawWhat::Check { name: check.to_owned(), held });
        }
        self.share_check(&scene, check, held);
        let own = |name: &str, value: &str| (name == "check").then(|| value == check);
        self.add_watched(|watched| &watched.checks, scene, own, f64::from(u8::from(held)));
    }

    /// Counts an iteration for whoever asked for such.
    pub fn sample_iteration(&mut self, scene: Scene<'_>, took: Duration) {
        if self.emits() {
            self.emit(scene, Vec::new(), RawWhat::Iteration(took));
        }
        self.add_watched(|watched| &watched.iterations, scene, |_, _| None, 1.0);
        self.add_watched(|watched| &watched.iteration_durations, scene, |_, _| None, ms(took));
    }

    /// Counts the end of a group for whoever asked for such; the scene is in it.
    pub fn sample_group(&mut self, scene: Scene<'_>, took: Duration) {
        if self.emits() {
            self.emit(scene, Vec::new(), RawWhat::Group(took));
        }
        self.add_watched(|watched| &watched.groups, scene, |_, _| None, ms(took));
    }

    /// Counts iterations that nobody was free for.
    pub fn drop_iterations(&mut self, scenario: &str, tags: TagSet, count: u64) {
        if count == 0 {
            return;
        }
        self.dropped += count;
        let scene = Scene { scenario, tags, ..Scene::NONE };
        if self.emits() {
            self.emit(scene, Vec::new(), RawWhat::Dropped(count));
        }
        self.add_watched(|watched| &watched.dropped, scene, |_, _| None, count as f64);
    }

    /// Counts an iteration that began at an arrival rate, so late.
    pub fn arrive(&mut self, scenario: &str, tags: TagSet, late: Duration) {
        let scene = Scene { scenario, tags, ..Scene::NONE };
        if self.emits() {
            self.emit(scene, Vec::new(), RawWhat::Arrival(late));
        }
        self.add_watched(|watched| &watched.arrivals, scene, |_, _| None, late.as_secs_f64() * 1e3);
    }

    /// Counts a value of a metric with a name, and the tags that were set for it, for whoever asked
    /// for such. `at` is in ns since the start of the run.
    pub(super) fn sample_named(&mut self, scene: Scene<'_>, metric: &str, value: f64, at: u64) {
        for index in 0..self.watched.named.len() {
            let number = self.watched.named[index];
            let selector = &self.watched.watchers[number].selector;
            let has = |name: &str, value: &str| {
                let own = self.custom.all_tags().find(|(own, _)| *own == name && !SCENE.contains(own));
                match own {
                    Some((_, given)) => given == value,
                    None => self.scene_has(&scene, name, value).unwrap_or(false),
                }
            };
            if selector.metric == metric && selector.tags.iter().all(|(name, value)| has(name, value)) {
                self.watched.watchers[number].measure.add(value, at);
            }
        }
    }

    pub(super) fn watches_named(&self) -> bool {
        !self.watched.named.is_empty()
    }

    fn add_watched(
        &mut self,
        waiting: impl Fn(&Watched) -> &Vec<usize>,
        scene: Scene<'_>,
        own: impl Fn(&str, &str) -> Option<bool>,
        value: f64,
    ) {
        for index in 0..waiting(&self.watched).len() {
            let number = waiting(&self.watched)[index];
            let mut tags = self.watched.watchers[number].selector.tags.iter();
            let has = |name: &str, value: &str| {
                own(name, value).or_else(|| self.scene_has(&scene, name, value)).unwrap_or(false)
            };
            if tags.all(|(name, value)| has(name, value)) {
                self.watched.watchers[number].measure.add(value, 0);
            }
        }
    }
}

impl Part {
    fn value(self, sample: &Sample<'_>) -> f64 {
        let phases = &sample.phases;
        match self {
            Part::Count => 1.0,
            Part::Failed => f64::from(u8::from(sample.failed)),
            Part::Duration => ms(phases.duration),
            Part::Intended => ms(phases.late + phases.duration),
            Part::Blocked => ms(phases.blocked),
            Part::Connecting => ms(phases.connecting),
            Part::TlsHandshaking => ms(phases.tls_handshaking),
            Part::Sending => ms(phases.sending),
            Part::Waiting => ms(phases.waiting),
            Part::Receiving => ms(phases.receiving),
            Part::SentBytes => sample.sent_bytes as f64,
            Part::ReceivedBytes => sample.received_bytes as f64,
        }
    }
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

impl Watched {
    /// The tags of a set, sorted by name.
    pub(super) fn tags(&self, TagSet(set): TagSet) -> Option<&[(Box<str>, Box<str>)]> {
        Some(self.sets.get(set?.get() - 1))
    }

    /// Moves what was counted since the last time into `snapshot`.
    pub(super) fn take(&mut self, snapshot: &mut Snapshot) {
        for (number, watcher) in (0u32..).zip(&mut self.watchers) {
            if watcher.measure.count() > 0 {
                snapshot.watched.insert(number, watcher.measure.clone());
                watcher.measure.clear();
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "watched_tests.rs"]
mod tests;
