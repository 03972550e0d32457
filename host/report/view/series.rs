//! What a run was like over time, as its charts show it. Points are a second each, until there are too many:
//! then neighbours are merged, two by two, and each stands for twice the time. Used by `keeper`.

use std::sync::Arc;

use serde::Serialize;

use super::rows::{millis, short};
use super::sketch::Sketch;
use crate::metrics::{Entry, Label, Snapshot};

/// Points are merged once there are more.
pub(super) const MOST_POINTS: usize = 480;
/// Names that have charts of their own: those that came first.
pub(super) const MOST_ENDPOINTS: usize = 16;

const FRACTIONS: [f64; 3] = [0.5, 0.95, 0.99];

/// Lists of one length: a point is what stands at one place in all of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Series {
    /// Seconds since the start of the run, at the end of a point's stretch.
    pub t: Vec<f64>,
    pub users: Vec<u64>,
    /// Requests a second.
    pub rps: Vec<f64>,
    /// Failures a second.
    pub fps: Vec<f64>,
    pub p50: Vec<Option<f64>>,
    pub p95: Vec<Option<f64>>,
    pub p99: Vec<Option<f64>>,
    pub endpoints: Vec<Endpoint>,
    /// Names that have no series of their own: there are too many.
    pub endpoints_left_out: usize,
}

/// The same of one name and method; the lists are as long as `t`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Endpoint {
    pub method: String,
    pub name: String,
    pub rps: Vec<f64>,
    pub fps: Vec<f64>,
    pub p50: Vec<Option<f64>>,
    pub p95: Vec<Option<f64>>,
    pub p99: Vec<Option<f64>>,
}

/// The newest point, as it came.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Point {
    pub t: f64,
    pub users: u64,
    pub rps: f64,
    pub fps: f64,
    pub p50: Option<f64>,
    pub p95: Option<f64>,
    pub p99: Option<f64>,
    /// In the order of [`Series::endpoints`].
    pub endpoints: Vec<EndpointPoint>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EndpointPoint {
    pub method: String,
    pub name: String,
    pub rps: f64,
    pub fps: f64,
    pub p50: Option<f64>,
    pub p95: Option<f64>,
    pub p99: Option<f64>,
}

#[derive(Clone, Debug, Default)]
pub(super) struct History {
    stretches: Vec<Stretch>,
    /// Ticks that a stretch holds when it is full, and those that the last one holds.
    width: u32,
    filled: u32,
    labels: Vec<Arc<Label>>,
    left_out: usize,
    newest: Point,
}

/// What happened in a stretch of time.
#[derive(Clone, Debug, Default)]
struct Stretch {
    /// Its end, s since the start.
    until: f64,
    /// Its length, s.
    seconds: f64,
    /// The most there were.
    users: u64,
    whole: Part,
    /// By the number of the label; those that came later are not there.
    parts: Vec<Part>,
}

#[derive(Clone, Debug, Default)]
struct Part {
    requests: u64,
    failures: u64,
    latencies: Sketch,
    /// ms; what the latencies say exactly, as long as nothing was merged.
    exact: [Option<f64>; 3],
}

impl History {
    /// Adds what was measured until `until` s after the start.
    pub(super) fn add(&mut self, until: f64, users: u64, measured: &Snapshot) {
        let before = self.stretches.last().map_or(0.0, |last| last.until);
        // A reset, or a clock that jumped: a stretch has some length.
        let seconds = (until - before).max(1e-3);
        self.know(measured);
        let part = |label: &Arc<Label>| measured.entries.get(label).map(Part::of).unwrap_or_default();
        let stretch = Stretch {
            until,
            seconds,
            users,
            whole: Part::of(&measured.total),
            parts: self.labels.iter().map(part).collect(),
        };
        self.newest = self.point(&stretch);
        self.put(stretch);
    }

    /// What came after the last tick. Too short a time says nothing of a rate: it belongs to the point before.
    pub(super) fn close(&mut self, until: f64, measured: &Snapshot) {
        let users = self.stretches.last().map_or(0, |last| last.users);
        let before = self.stretches.last().map_or(0.0, |last| last.until);
        if until - before < 0.5 && !self.stretches.is_empty() {
            self.filled = 0;
            self.width = self.width.max(1);
        }
        if measured.total.requests > 0 || self.stretches.is_empty() {
            self.add(until, users, measured);
            if let Some(last) = self.stretches.last() {
                self.newest = self.point(last);
            }
        }
    }

    fn put(&mut self, stretch: Stretch) {
        self.width = self.width.max(1);
        match self.stretches.last_mut() {
            Some(last) if self.filled < self.width => {
                last.merge(&stretch);
                self.filled += 1;
            }
            _ => {
                self.stretches.push(stretch);
                self.filled = 1;
            }
        }
        if self.stretches.len() > MOST_POINTS {
            self.thin();
        }
    }

    /// Two neighbours become one.
    fn thin(&mut self) {
        let is_odd = self.stretches.len() % 2 == 1;
        let mut thinned: Vec<Stretch> = Vec::with_capacity(MOST_POINTS);
        for pair in self.stretches.chunks(2) {
            let mut one = pair[0].clone();
            pair[1..].iter().for_each(|other| one.merge(other));
            thinned.push(one);
        }
        self.stretches = thinned;
        self.filled += if is_odd { 0 } else { self.width };
        self.width *= 2;
    }

    fn know(&mut self, measured: &Snapshot) {
        for label in measured.entries.keys() {
            if self.labels.len() < MOST_ENDPOINTS && !self.labels.contains(label) {
                self.labels.push(label.clone());
            }
        }
    }

    /// So many names there are by now.
    pub(super) fn note_names(&mut self, names: usize) {
        self.left_out = names.saturating_sub(self.labels.len());
    }

    fn point(&self, stretch: &Stretch) -> Point {
        let (rps, fps) = stretch.whole.rates(stretch.seconds);
        let [p50, p95, p99] = stretch.whole.percentiles();
        let endpoint = |(label, part): (&Arc<Label>, &Part)| {
            let (rps, fps) = part.rates(stretch.seconds);
            let [p50, p95, p99] = part.percentiles();
            let (method, name) = (label.method.clone(), label.name.clone());
            EndpointPoint { method, name, rps, fps, p50, p95, p99 }
        };
        let endpoints = self.labels.iter().zip(&stretch.parts).map(endpoint).collect();
        Point { t: short(stretch.until), users: stretch.users, rps, fps, p50, p95, p99, endpoints }
    }

    pub(super) fn newest(&self) -> &Point {
        &self.newest
    }

    pub(super) fn series(&self) -> Series {
        let mut series = Series { endpoints_left_out: self.left_out, ..Series::default() };
        series.endpoints.extend(self.labels.iter().map(|label| Endpoint {
            method: label.method.clone(),
            name: label.name.clone(),
            ..Endpoint::default()
        }));
        let nothing = Part::default();
        for stretch in &self.stretches {
            series.t.push(short(stretch.until));
            series.users.push(stretch.users);
            let (rps, fps) = stretch.whole.rates(stretch.seconds);
            let [p50, p95, p99] = stretch.whole.percentiles();
            series.rps.push(rps);
            series.fps.push(fps);
            series.p50.push(p50);
            series.p95.push(p95);
            series.p99.push(p99);
            for (number, endpoint) in series.endpoints.iter_mut().enumerate() {
                let part = stretch.parts.get(number).unwrap_or(&nothing);
                let (rps, fps) = part.rates(stretch.seconds);
                let [p50, p95, p99] = part.percentiles();
                endpoint.rps.push(rps);
                endpoint.fps.push(fps);
                endpoint.p50.push(p50);
                endpoint.p95.push(p95);
                endpoint.p99.push(p99);
            }
        }
        series
    }
}

impl Stretch {
    /// Adds the one that follows.
    fn merge(&mut self, next: &Stretch) {
        self.until = next.until;
        self.seconds += next.seconds;
        self.users = self.users.max(next.users);
        self.whole.merge(&next.whole);
        let known = self.parts.len();
        self.parts.iter_mut().zip(&next.parts).for_each(|(own, next)| own.merge(next));
        self.parts.extend(next.parts.iter().skip(known).cloned());
    }
}

impl Part {
    fn of(entry: &Entry) -> Part {
        let mut exact = [None; 3];
        for (place, us) in exact.iter_mut().zip(entry.percentiles(&FRACTIONS)) {
            *place = Some(millis(us as f64));
        }
        Part { requests: entry.requests, failures: entry.failures, latencies: Sketch::of(entry), exact }
    }

    fn merge(&mut self, other: &Part) {
        if other.requests == 0 {
            return;
        }
        self.latencies.merge(&other.latencies);
        self.exact = match self.requests {
            0 => other.exact,
            _ => self.latencies.percentiles(FRACTIONS).map(|ms| ms.map(short)),
        };
        self.requests += other.requests;
        self.failures += other.failures;
    }

    /// Requests and failures a second.
    fn rates(&self, seconds: f64) -> (f64, f64) {
        (short(self.requests as f64 / seconds), short(self.failures as f64 / seconds))
    }

    fn percentiles(&self) -> [Option<f64>; 3] {
        self.exact
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "series_tests.rs"]
mod tests;
