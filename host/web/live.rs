//! The run that goes on. Kept by `session`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use tokio::sync::oneshot;

use crate::event::{
    self, Event, Health, Judgement, LogLine, RunInfo, Share, Stop, Summary, Tick, Users, Wish,
};
use crate::exit::Exit;
use crate::metrics::{Entry, Snapshot};
use crate::report::History;

use super::board::{Board, Sight};
use super::past::{Measured, Past};
use super::session::Started;
use super::status::{Beat, State, Status};

/// How long after the last question the whole of what was measured is kept at hand: that costs the run a copy a second.
const ASKED_FOR: Duration = Duration::from_secs(5);

/// How many seconds are the present.
const RECENT: usize = 10;
/// Bytes of log lines that are kept.
const MOST_LOGS: usize = 256 << 10;

/// The newest lines.
#[derive(Default)]
struct Logs {
    lines: VecDeque<LogLine>,
    bytes: usize,
}

impl Logs {
    fn add(&mut self, line: &LogLine) {
        self.bytes += line.text.len() + line.source.len();
        self.lines.push_back(line.clone());
        while self.bytes > MOST_LOGS
            && let Some(oldest) = self.lines.pop_front()
        {
            self.bytes -= oldest.text.len() + oldest.source.len();
        }
    }
}

pub(super) struct Live {
    pub(super) id: u64,
    pub(super) wishes: Sender<Wish>,
    /// Somebody has ended it.
    pub(super) is_ending: bool,
    /// How many seconds were told of.
    pub(super) beats: u64,
    reply: Option<oneshot::Sender<Started>>,
    board: Board,
    info: Option<Arc<RunInfo>>,
    users: u64,
    elapsed: Duration,
    so_far: event::State,
    aim: Option<u64>,
    /// Users a second, as it was changed last.
    pub(super) spawn_rate: f64,
    seen: Users,
    last: Option<Arc<Summary>>,
    asked: Option<Instant>,
    history: Option<History>,
    summary: Option<Arc<Summary>>,
    logs: Logs,
    recent: VecDeque<Entry>,
}

impl Live {
    pub(super) fn new(
        id: u64,
        wishes: Sender<Wish>,
        full_history: bool,
        reply: oneshot::Sender<Started>,
    ) -> Live {
        Live {
            id,
            wishes,
            is_ending: false,
            beats: 0,
            reply: Some(reply),
            board: Board::default(),
            info: None,
            users: 0,
            elapsed: Duration::ZERO,
            so_far: event::State::default(),
            aim: None,
            spawn_rate: 0.0,
            seen: Users::default(),
            last: None,
            asked: None,
            history: History::temporary(full_history).ok(),
            summary: None,
            logs: Logs::default(),
            recent: VecDeque::new(),
        }
    }

    pub(super) fn compare_with(&mut self, baseline: &Arc<Snapshot>) {
        self.board.compare_with(baseline.clone());
    }

    pub(super) fn hear(&mut self, event: &Event) {
        self.board.hear(event);
        if let Some(history) = &mut self.history
            && history.hear(event).is_err()
        {
            // Half of it would look whole.
            self.history = None;
        }
        match event {
            Event::Started(info) => {
                self.info = Some(info.clone());
                self.seen = Users::planned(info.users);
                self.spawn_rate = info.spawn_rate;
                // As long as nothing was told of the first second.
                self.aim = Some(info.users).filter(|users| *users > 0 && info.scenarios.is_empty());
                if let Some(reply) = self.reply.take() {
                    let _ = reply.send(Ok(self.id));
                }
            }
            Event::Tick(tick) => {
                self.users = tick.users;
                self.elapsed = tick.elapsed;
                self.so_far = tick.so_far.state;
                self.aim = tick.so_far.aim;
                self.beats += 1;
                let is_asked_for = self.asked.is_some_and(|asked| asked.elapsed() < ASKED_FOR);
                self.seen.see(tick.users);
                self.recent.push_back(tick.interval.total.clone());
                if self.recent.len() > RECENT {
                    self.recent.pop_front();
                }
                self.last = is_asked_for.then(|| Arc::new(self.so_far(tick)));
            }
            Event::Done(summary) => {
                self.users = 0;
                self.elapsed = summary.elapsed;
                self.is_ending = true;
                self.summary = Some(summary.clone());
            }
            Event::Log(line) => self.logs.add(line),
        }
    }

    pub(super) fn logs(&self) -> Vec<LogLine> {
        self.logs.lines.iter().cloned().collect()
    }

    /// As if it had ended with the last second.
    fn so_far(&self, tick: &Tick) -> Summary {
        let verdict = (*tick.so_far.verdict).clone();
        Summary {
            totals: tick.totals.clone(),
            interval: Arc::default(),
            elapsed: tick.elapsed,
            users: self.seen,
            lasted: tick.at.duration_since(tick.since).unwrap_or_default(),
            started_at: self.info.as_ref().map_or(tick.since, |info| info.started_at),
            ended_at: tick.at,
            since: tick.since,
            stop: Stop::Finished,
            exit: match verdict.judgement {
                Judgement::Passed => Exit::Ok,
                Judgement::Failed => Exit::Failures,
                Judgement::Inconclusive => Exit::Inconclusive,
            },
            failures_code: Exit::Failures.code(),
            thresholds: tick.so_far.thresholds.to_vec(),
            interrupted: 0,
            verdict,
            health: Health::default(),
            notes: vec!["the run goes on: this is as of its last second".to_owned()],
            workers: tick.so_far.workers.clone(),
        }
    }

    pub(super) fn beat(&self, is_heard: bool) -> Beat {
        let json = is_heard.then(|| self.board.beat().into());
        Beat { run: self.id, number: self.beats, json }
    }

    pub(super) fn sight(&self) -> Sight {
        self.board.sight()
    }

    pub(super) fn status(&self) -> Status {
        let state = match self.so_far {
            _ if self.is_ending => State::Stopping,
            event::State::Preparing => State::Preparing,
            event::State::Spawning => State::Spawning,
            event::State::Running => State::Running,
            event::State::Paused => State::Paused,
            event::State::Stopping | event::State::Ended => State::Stopping,
        };
        Status {
            state,
            run: Some(self.id),
            users: self.users,
            most_users: self.summary.as_ref().map_or(self.seen.most, |summary| summary.users.most),
            target: self.aim,
            spawn_rate: self.aim.map(|_| self.spawn_rate),
            elapsed: self.elapsed.as_secs_f64(),
            ..about(self.info.as_deref())
        }
    }

    /// How its users are shared.
    pub(super) fn shares(&self) -> Vec<Share> {
        self.info.as_ref().map(|info| info.about.shares.clone()).unwrap_or_default()
    }

    /// None until the next second is over, or before anything was measured.
    pub(super) fn measured(&mut self) -> Option<Measured> {
        self.asked = Some(Instant::now());
        let summary = self.summary.as_ref().or(self.last.as_ref())?;
        Some(Measured {
            id: self.id,
            info: self.info.clone()?,
            summary: summary.clone(),
            users: self.users,
            recent: self.recent(),
            history: self.history.as_ref().map(|history| history.file().clone()),
        })
    }

    /// The requests of the last seconds.
    fn recent(&self) -> Arc<Entry> {
        let mut sum = Entry::default();
        self.recent.iter().for_each(|entry| sum.merge(entry));
        Arc::new(sum)
    }

    /// None where the run broke down.
    pub(super) fn into_past(self, code: u8) -> Option<Past> {
        let status = Status { state: State::Stopped, code: Some(code), ..self.status() };
        Some(Past {
            id: self.id,
            info: self.info.clone()?,
            summary: self.summary.clone()?,
            beats: self.beats,
            sight: Arc::new(self.board.sight()),
            recent: self.recent(),
            logs: self.logs(),
            history: self.history.as_ref().map(|history| history.file().clone()),
            status,
        })
    }
}

/// What a run is about.
fn about(info: Option<&RunInfo>) -> Status {
    let Some(info) = info else { return Status::default() };
    Status {
        scripts: info.scripts.clone(),
        environment: Some(info.environment.clone()),
        host: info.host.clone(),
        scenarios: info.scenarios.clone(),
        shape: info.shape.clone(),
        ..Status::default()
    }
}
