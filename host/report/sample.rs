//! Runs that never were, for the tests of the sinks.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use indicatif::ProgressDrawTarget;

use super::options::Writers;
use crate::event::{Event, Health, Level, LogLine, RunInfo, SoFar, Stop, Summary, Tick, Users, Verdict};
use crate::exit::Exit;
use crate::metrics::{Call, Exception, Group, Recorder, Snapshot};

/// The second in which they start.
pub(super) const START: u64 = 1_700_000_000;
/// Requests in [`events`].
pub(super) const REQUESTS: u64 = 126;

/// A writer that a test can look into.
#[derive(Clone, Default)]
pub(super) struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    pub(super) fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn writers(out: &Buffer, err: &Buffer) -> Writers {
    Writers { out: Box::new(out.clone()), err: Box::new(err.clone()), bar: ProgressDrawTarget::hidden() }
}

pub(super) fn at(seconds: f64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(START) + Duration::from_secs_f64(seconds)
}

pub(super) fn info() -> RunInfo {
    RunInfo {
        environment: "local".into(),
        host: Some("http://127.0.0.1:4000".into()),
        scripts: vec!["suites/smoke.lua".into()],
        classes: vec!["SmokeTestUser".into()],
        users: 4,
        spawn_rate: 2.0,
        shape: None,
        scenarios: Vec::new(),
        run_time: Some(Duration::from_secs(10)),
        workers: 2,
        segment: crate::load::Segment::WHOLE,
        processes: 1,
        seed: 42,
        watched: Vec::new(),
        started_at: at(0.0),
        about: Arc::default(),
    }
}

pub(super) fn summary(totals: Snapshot, since: f64, ended: f64) -> Summary {
    let exit = if totals.total.failures > 0 { Exit::Failures } else { Exit::Ok };
    Summary {
        totals: Arc::new(totals),
        interval: Arc::default(),
        elapsed: Duration::from_secs_f64(ended - since),
        users: Users { now: 4, least: 4, most: 4, max: 4 },
        lasted: Duration::from_secs_f64(ended - since),
        started_at: at(since),
        ended_at: at(ended),
        since: at(since),
        stop: Stop::RunTime,
        exit,
        failures_code: 1,
        thresholds: Vec::new(),
        interrupted: 0,
        verdict: Verdict::default(),
        health: Health::default(),
        notes: Vec::new(),
        workers: Arc::default(),
    }
}

/// Three requests under one name: 0.75, 2.5 and 12.5 ms; the second failed.
pub(super) fn tiny() -> Summary {
    let mut recorder = Recorder::new();
    let key = recorder.key("GET", "/a");
    for (us, second, failure) in
        [(750, 0, None), (2_500, 1, Some("status 500, not \"200\"")), (12_500, 1, None)]
    {
        recorder
            .call(key, &Call { latency: Duration::from_micros(us), bytes: 11, at: START + second, failure });
    }
    summary(recorder.take(), 0.5, 3.0)
}

/// A run of ten seconds with two ticks.
pub(super) fn events() -> Vec<Event> {
    let mut recorder = Recorder::new();
    let ready = recorder.key("GET", "/ready");
    let create = recorder.key("POST", "/v1beta/collections/{collection}/documents/{uri}/history");
    let record = |recorder: &mut Recorder, range: std::ops::Range<u64>, seconds: std::ops::Range<u64>| {
        for index in range {
            let key = if index % 3 == 0 { create } else { ready };
            let us = 400 + index * index * 37 % 90_000;
            let failure = (index % 57 == 0).then_some("404 Client Error: Not Found for url: /v1beta/x");
            let second = START + seconds.start + index % (seconds.end - seconds.start);
            recorder
                .call(key, &Call { latency: Duration::from_micros(us), bytes: index, at: second, failure });
            recorder.check(Group::NONE, "status is 200", failure.is_none());
            recorder.check(Group::NONE, "uri matches", true);
            recorder.iteration();
        }
    };
    let mut totals = Snapshot::default();
    let tick = |totals: &mut Snapshot, interval: Snapshot, elapsed| {
        totals.merge(&interval);
        Event::Tick(Tick {
            elapsed: Duration::from_secs(elapsed),
            at: at(elapsed as f64),
            users: 4,
            classes: [("SmokeTestUser".into(), 4)].into(),
            totals: Arc::new(totals.clone()),
            interval: Arc::new(interval),
            since: at(0.0),
            so_far: SoFar::default(),
        })
    };
    let mut events = vec![Event::Started(Arc::new(info()))];
    record(&mut recorder, 0..6, 0..2);
    events.push(tick(&mut totals, recorder.take(), 2));
    record(&mut recorder, 6..REQUESTS - 1, 2..9);
    for second in [4, 5, 8] {
        recorder.exception(&Exception {
            message: "suites/smoke.lua:31: attempt to index a nil value (field 'document')",
            traceback: "stack traceback:\n\tsuites/smoke.lua:31: in function <suites/smoke.lua:30>\n\t[C]: in function 'check'",
            class: "SmokeTestUser",
            task: "create_and_get_document",
            at: START + second,
        });
    }
    events.push(Event::Log(LogLine {
        level: Level::Warn,
        at: at(4.2),
        source: "SmokeTestUser".into(),
        text: "slow answer".into(),
    }));
    events.push(tick(&mut totals, recorder.take(), 9));
    record(&mut recorder, REQUESTS - 1..REQUESTS, 9..10);
    let rest = recorder.take();
    totals.merge(&rest);
    let mut summary = summary(totals, 0.0, 10.0);
    summary.interval = Arc::new(rest);
    summary.interrupted = 2;
    events.push(Event::Done(Arc::new(summary)));
    events
}
