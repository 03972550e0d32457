//! A run in which nothing happened: what there is to tell where there was none. Used by `web`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Health, RunInfo, Stop, Summary, Users, Verdict};
use crate::exit::Exit;
use crate::load::Segment;

impl RunInfo {
    /// No script, nobody, nowhere.
    pub fn nothing(at: SystemTime) -> RunInfo {
        RunInfo {
            environment: String::new(),
            host: None,
            scripts: Vec::new(),
            classes: Vec::new(),
            users: 0,
            spawn_rate: 0.0,
            shape: None,
            scenarios: Vec::new(),
            run_time: None,
            workers: 0,
            segment: Segment::WHOLE,
            processes: 1,
            seed: 0,
            watched: Vec::new(),
            started_at: at,
            about: Arc::default(),
        }
    }
}

impl Summary {
    /// What came of it.
    pub fn nothing(at: SystemTime) -> Summary {
        Summary {
            totals: Arc::default(),
            interval: Arc::default(),
            elapsed: Duration::ZERO,
            users: Users::default(),
            lasted: Duration::ZERO,
            started_at: at,
            ended_at: at,
            since: at,
            stop: Stop::UsersEnded,
            exit: Exit::Ok,
            failures_code: Exit::Failures.code(),
            thresholds: Vec::new(),
            interrupted: 0,
            verdict: Verdict::default(),
            health: Health::default(),
            notes: vec!["there was no run".to_owned()],
            workers: Arc::default(),
        }
    }
}
