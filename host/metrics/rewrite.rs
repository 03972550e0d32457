//! A snapshot with its texts written anew: what scripts put into names, and servers
//! into errors, may be what nobody is to see. Used by `report`.

use std::borrow::Cow;
use std::sync::Arc;

use super::custom::MetricKey;
use super::entry::Label;
use super::shares::{CheckShareKey, ShareKey};
use super::snapshot::{CheckKey, ExceptionKey, FailureKey, Origin, Overflow, Snapshot};

/// Writes a text anew; borrowed where it stays as it is.
type Rewrite<'r> = &'r dyn for<'t> Fn(&'t str) -> Cow<'t, str>;

impl Snapshot {
    /// The snapshot with each text as `rewrite` gives it; what then has one name is added up.
    /// None where all stay as they are.
    pub fn rewritten(&self, rewrite: Rewrite<'_>) -> Option<Snapshot> {
        self.texts().any(|text| matches!(rewrite(text), Cow::Owned(_))).then(|| self.with(rewrite))
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        let labels = self.entries.keys().flat_map(|label| [&*label.name, &label.method]);
        let checks = self.checks.keys().flat_map(|key| [&*key.group, &key.name]);
        let failures = self.failures.keys().flat_map(|key| [&*key.name, &key.method, &key.error]);
        let exceptions = self.exceptions.iter().flat_map(|(key, count)| {
            [&*key.message, &key.traceback, &count.origin.class, &count.origin.task]
        });
        let tags = self.metrics.keys().flat_map(|key| &key.tags).flat_map(|(name, value)| [&**name, value]);
        let units = self.metrics.keys().flat_map(|key| [&*key.name, &key.unit]);
        let shares = self.shares.keys().flat_map(|key| [&*key.name, &key.method, &key.scenario, &key.group]);
        let check_shares = self.check_shares.keys().flat_map(|key| [&*key.name, &key.scenario, &key.group]);
        labels
            .chain(shares)
            .chain(check_shares)
            .chain(checks)
            .chain(failures)
            .chain(exceptions)
            .chain(self.groups.keys().map(|path| &**path))
            .chain(tags)
            .chain(units)
            .chain(self.overflow.iter().map(|overflow| &*overflow.name))
    }

    fn with(&self, rewrite: Rewrite<'_>) -> Snapshot {
        let new = |text: &str| rewrite(text).into_owned();
        let mut snapshot = Snapshot {
            total: self.total.clone(),
            iterations: self.iterations,
            dropped: self.dropped,
            watched: self.watched.clone(),
            ..Snapshot::default()
        };
        for (label, entry) in &self.entries {
            let label = Label { name: new(&label.name), method: new(&label.method) };
            snapshot.entries.entry(Arc::new(label)).or_default().merge(entry);
        }
        for (key, count) in &self.checks {
            let key = CheckKey { group: new(&key.group), name: new(&key.name) };
            snapshot.checks.entry(Arc::new(key)).or_default().merge(count);
        }
        for (CheckShareKey { scenario, group, name }, count) in
            self.check_shares.iter().map(|(key, count)| (&**key, count))
        {
            let key = CheckShareKey { scenario: new(scenario), group: new(group), name: new(name) };
            snapshot.check_shares.entry(Arc::new(key)).or_default().merge(count);
        }
        for (path, count) in &self.groups {
            snapshot.groups.entry(new(path).into()).or_default().merge(count);
        }
        for (key, measure) in &self.metrics {
            let key = MetricKey {
                name: new(&key.name),
                kind: key.kind,
                unit: new(&key.unit),
                tags: key.tags.iter().map(|(name, value)| (new(name), new(value))).collect(),
            };
            let own = snapshot.metrics.entry(Arc::new(key));
            own.and_modify(|own| own.merge(measure)).or_insert_with(|| measure.clone());
        }
        for (key, durations) in &self.shares {
            let own = ShareKey {
                name: new(&key.name),
                method: new(&key.method),
                scenario: new(&key.scenario),
                group: new(&key.group),
                status: key.status,
                failed: key.failed,
            };
            snapshot.shares.entry(Arc::new(own)).or_default().merge(durations);
        }
        for (key, seen) in &self.failures {
            let (name, method) = (new(&key.name), new(&key.method));
            let key = FailureKey { name, method, error: new(&key.error) };
            snapshot.failures.entry(Arc::new(key)).and_modify(|own| own.merge(seen)).or_insert(*seen);
        }
        for (key, count) in &self.exceptions {
            let key = ExceptionKey { message: new(&key.message), traceback: new(&key.traceback) };
            let Origin { at, class, task } = &count.origin;
            let mut count = count.clone();
            count.origin = Origin { at: *at, class: new(class), task: new(task) };
            snapshot
                .exceptions
                .entry(Arc::new(key))
                .and_modify(|own| own.merge(&count))
                .or_insert_with(|| count.clone());
        }
        snapshot.overflow =
            self.overflow.as_ref().map(|over| Overflow { name: new(&over.name), ..over.clone() });
        snapshot
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::metrics::{Call, Exception, Group, Kind, Recorder};

    /// A snapshot with `text` wherever a text can be.
    fn snapshot(text: &str) -> Snapshot {
        let mut recorder = Recorder::new();
        for number in 0..2 {
            let text = format!("{text}{number}");
            let key = recorder.key(&text, &text);
            let call = Call { latency: Duration::from_millis(1), bytes: 1, at: 1, failure: Some(&text) };
            recorder.call(key, &call);
            let group = recorder.group(Group::NONE, &text);
            recorder.group_ended(group, Duration::from_millis(1));
            recorder.check(group, &text, true);
            let (message, traceback) = (&*text, &*text);
            recorder.exception(&Exception { message, traceback, class: &text, task: &text, at: 1 });
            let metric = recorder.metric(Kind::Counter, "metric", "").unwrap();
            recorder.clear_tags();
            recorder.tag(&text, &text);
            recorder.add(metric, 1.0, 1, crate::metrics::Scene::NONE);
        }
        recorder.take()
    }

    #[test]
    fn every_text_is_rewritten_and_nothing_is_lost() {
        fn hide(text: &str) -> Cow<'_, str> {
            match text.contains("secret") {
                true => Cow::Owned("x".to_owned()),
                false => Cow::Borrowed(text),
            }
        }
        let hidden = snapshot("secret").rewritten(&hide).unwrap();
        assert!(!format!("{hidden:?}").contains("secret"));
        assert_eq!(hidden.total.requests, 2);
        assert_eq!(hidden.entries.values().map(|entry| entry.requests).collect::<Vec<_>>(), [2]);
        assert_eq!(hidden.checks.values().next().unwrap().passes, 2);
        assert_eq!(hidden.groups["x"].durations.count, 2);
        assert_eq!(hidden.failures.values().next().unwrap().count, 2);
        assert_eq!(hidden.all_exceptions(), 2);
        assert_eq!(hidden.metrics.values().next().unwrap().count(), 2);
        assert!(snapshot("plain").rewritten(&hide).is_none());
        assert_eq!(snapshot("plain").with(&hide), snapshot("plain"));
    }
}
