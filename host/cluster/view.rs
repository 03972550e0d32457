//! What was told of a run, added up again: the same events that whoever merges it has. Of `follow`.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::event::{Event, RunInfo, Summary, Tick};
use crate::metrics::Snapshot;

use super::records::{Piece, Ruling, Told};

/// What was told, added up.
pub(super) struct View {
    term: u64,
    totals: Snapshot,
    interval: Snapshot,
    since: SystemTime,
    pub(super) is_done: bool,
    /// Up to when it was told of.
    told: Duration,
    /// Lines of the log that were told of.
    lines: HashSet<u64>,
}

impl View {
    pub(super) fn new(info: &RunInfo) -> View {
        View {
            term: 0,
            totals: Snapshot::default(),
            interval: Snapshot::default(),
            since: info.started_at,
            is_done: false,
            told: Duration::ZERO,
            lines: HashSet::new(),
        }
    }

    pub(super) fn hear(&mut self, told: Told) -> Vec<Event> {
        // Whoever merged before may have the last of its words heard late.
        if told.term < self.term {
            return Vec::new();
        }
        self.term = told.term;
        match told.news {
            Piece::Log(line) => {
                // Whoever takes over tells everything once more.
                let mut hasher = DefaultHasher::new();
                (line.at, &*line.source, &line.text).hash(&mut hasher);
                self.lines.insert(hasher.finish()).then_some(Event::Log(line)).into_iter().collect()
            }
            Piece::Tick { elapsed, at, since, classes, whole, measured, standing } => {
                self.add(measured, whole);
                self.since = since;
                let users = classes.iter().map(|(_, users)| users).sum();
                let classes = classes.into_iter().map(|(name, users)| (name.into(), users)).collect();
                let interval = Arc::new(std::mem::take(&mut self.interval));
                let totals = Arc::new(self.totals.clone());
                if elapsed <= self.told {
                    return Vec::new();
                }
                self.told = elapsed;
                let so_far = standing.so_far();
                vec![Event::Tick(Tick { elapsed, at, users, classes, totals, interval, since, so_far })]
            }
            Piece::Done { whole, measured } => {
                self.add(measured, whole);
                self.is_done = true;
                Vec::new()
            }
        }
    }

    fn add(&mut self, measured: Snapshot, whole: bool) {
        if whole {
            self.totals = measured.clone();
            self.interval = measured;
        } else {
            self.totals.merge(&measured);
            self.interval.merge(&measured);
        }
    }

    pub(super) fn summary(&self, ruling: &Ruling) -> Summary {
        Summary {
            totals: Arc::new(self.totals.clone()),
            interval: Arc::new(self.interval.clone()),
            elapsed: ruling.elapsed,
            users: ruling.users,
            lasted: ruling.lasted,
            started_at: ruling.started_at,
            ended_at: ruling.ended_at,
            since: ruling.since,
            stop: ruling.stop.clone(),
            exit: ruling.exit,
            failures_code: ruling.failures_code,
            thresholds: ruling.thresholds.clone(),
            interrupted: ruling.interrupted,
            verdict: ruling.verdict.clone(),
            health: ruling.health,
            notes: ruling.notes.clone(),
            workers: Arc::default(),
        }
    }
}
