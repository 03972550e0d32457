//! Whoever merges a run that several processes make: it adds up what they say, judges it, and tells the sinks, as the
//! conductor does of a run of one process. It owns nothing that cannot be had again from what was said: another process
//! that takes over hears it all once more. Called by `app`, in the process that leads.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::config::OnLoss;
use crate::event::{Agreed, Event, Level, LogLine, RunInfo, Stop, Summary, Threshold, What};
use crate::metrics::{Entry, Snapshot};

use super::attendant::Attendant;
use super::ledger::Ledger;
use super::parcel::{End, Mouth, Outgoing, Parcel};
use super::roll::{Roll, State};
use super::running::{Act, Running};
use super::setup::Setup;
use super::together::{Opening, log};

/// From one tick to the next, and how long one waits for processes that are late.
const SECOND: Duration = Duration::from_secs(1);
const PATIENCE: Duration = Duration::from_millis(600);

/// How long `teardown` and the last listeners may take beyond what they may take anyway.
const CLOSING: Duration = Duration::from_secs(10);

/// What a merger is given.
pub struct Head {
    pub setup: Arc<Setup>,
    pub info: RunInfo,
    pub news: Receiver<News>,
    pub mouth: Mouth,
    pub on_loss: OnLoss,
    /// Starts a process for a segment whose own is lost; false where that cannot be.
    pub replace: Box<dyn FnMut(u64) -> bool + Send>,
}

/// What a merger hears.
pub enum News {
    /// When the run began, or is to begin.
    Opened(Opening),
    /// It does not begin, and why.
    Cancelled(Stop),
    Parcel(Box<Parcel>),
    Log(LogLine),
    /// What all carry out.
    Order(Agreed),
    /// Everything that was said before has been heard.
    CaughtUp,
    /// A second has passed in which all that was said could be heard.
    Beat,
    /// This process, of that segment, is to go: another may merge, if there is one.
    Resign(u64),
    /// Another process merges by now.
    Deposed,
}

/// How merging ended.
pub enum Merged {
    Over(Arc<Summary>),
    /// Another process goes on.
    SteppedDown,
}

pub(super) struct Merger {
    pub(super) running: Running,
    ledger: Ledger,
    roll: Roll,
    generation: u32,
    pub(super) opening: Option<Opening>,
    pub(super) caught_up: bool,
    /// Orders that came before it was known when the run began.
    pub(super) early: Vec<Agreed>,
    /// Seconds that were told.
    told: u32,
    pub(super) mouth: Mouth,
    on_loss: OnLoss,
    closing: Option<Instant>,
    closed: bool,
}

/// Merges to the end. `tell` gets every event of the whole run, the last one is `Event::Done`.
pub fn merge(head: Head, tell: &mut dyn FnMut(&Event)) -> Merged {
    let Head { setup, mut info, news, mouth, on_loss, mut replace } = head;
    let segments = usize::try_from(info.processes).unwrap_or(1);
    let mut running = Running::of(setup, info.started_at, (Attendant::none(), segments, None));
    running.act = Act::Users;
    let mut merger = Merger {
        running,
        ledger: Ledger::default(),
        roll: Roll::new(segments),
        generation: 0,
        opening: None,
        caught_up: false,
        early: Vec::new(),
        told: 0,
        mouth,
        on_loss,
        closing: None,
        closed: false,
    };
    loop {
        let heard = news.recv_timeout(merger.until_tick());
        match heard {
            Ok(News::Opened(opening)) => merger.open(opening, &mut info, tell),
            Ok(News::Cancelled(stop)) => {
                let (at, started_at) = (Instant::now(), SystemTime::now());
                merger.open(Opening { at, started_at, data: None, late: false }, &mut info, tell);
                merger.roll.cancel();
                merger.running.end_here(stop);
            }
            Ok(News::Parcel(parcel)) => merger.hear(*parcel, tell),
            Ok(News::Log(line)) => tell(&Event::Log(line)),
            Ok(News::Order(agreed)) => merger.heed(agreed, tell),
            Ok(News::CaughtUp) => merger.caught_up = true,
            Ok(News::Beat) => merger.beat(&mut *replace, tell),
            Ok(News::Resign(own)) if merger.roll.any_running_but(own) => return Merged::SteppedDown,
            Ok(News::Resign(_)) | Err(RecvTimeoutError::Timeout) => {}
            Ok(News::Deposed) | Err(RecvTimeoutError::Disconnected) => return Merged::SteppedDown,
        }
        merger.tick_when_due(tell);
        if merger.is_over() {
            return Merged::Over(merger.end(tell));
        }
    }
}

/// Of a process's workers the one with the most to do; the requests are those of all of them.
fn busiest(parcel: &Parcel) -> Option<(&super::pulse::Pulse, Entry)> {
    let felt = parcel.felt.iter().max_by_key(|felt| felt.pulse.cpu.map(|(ran, _)| ran))?;
    let requests = parcel.felt.iter().map(|felt| felt.requests).sum();
    Some((&felt.pulse, Entry { requests, ..Entry::default() }))
}

impl Merger {
    fn open(&mut self, opening: Opening, info: &mut RunInfo, tell: &mut dyn FnMut(&Event)) {
        if self.opening.is_some() {
            return;
        }
        info.started_at = opening.started_at;
        self.running.begin_at(opening.at, opening.started_at);
        self.opening = Some(opening);
        tell(&Event::Started(Arc::new(info.clone())));
        self.aim();
        for agreed in std::mem::take(&mut self.early) {
            self.heed(agreed, tell);
        }
    }

    fn until_tick(&self) -> Duration {
        let due = self.opening.as_ref().map(|opening| opening.at + SECOND * (self.told + 1) + PATIENCE);
        let left = due.map_or(SECOND, |due| due.saturating_duration_since(Instant::now()));
        left.clamp(Duration::from_millis(10), SECOND)
    }

    fn hear(&mut self, parcel: Parcel, tell: &mut dyn FnMut(&Event)) {
        if !self.ledger.admit(parcel.voice, parcel.number) || parcel.voice.segment >= self.roll.len() {
            return;
        }
        self.turn_generation(parcel.generation);
        if parcel.generation == self.generation {
            self.add(&parcel, tell);
        }
        let segment = parcel.voice.segment;
        // What a predecessor said last may be heard after the first word of whoever replaces it.
        if let Some(returned) = self.roll.hear(parcel.voice, parcel.at) {
            self.running.notes.push(returned.clone());
            tell(&log(Level::Warn, returned));
        }
        if self.roll.epoch(segment) == parcel.voice.epoch {
            self.running.users[segment as usize] = parcel.users;
        }
        if let Some(end) = parcel.end {
            self.end_of(parcel.voice, end, tell);
        }
        self.closed |= parcel.closed;
    }

    /// Counts from anew where somebody does: all reach their users at the same time, though not all say so at once.
    fn turn_generation(&mut self, generation: u32) {
        if generation <= self.generation {
            return;
        }
        self.generation = generation;
        self.running.health.reset();
        self.running.totals = Arc::default();
        self.running.interval = Snapshot::default();
        (self.running.since, self.running.counted) = (SystemTime::now(), Instant::now());
    }

    fn add(&mut self, parcel: &Parcel, tell: &mut dyn FnMut(&Event)) {
        let running = &mut self.running;
        if let Some((pulse, measured)) = busiest(parcel) {
            running.note_worker(parcel.voice.segment as usize, pulse, &measured);
        }
        running.merge(&parcel.measured);
        running.tell_overflow(tell);
        for felt in &parcel.felt {
            let measured = Entry { requests: felt.requests, sum: felt.micros, ..Entry::default() };
            if let Some(text) = running.health.hear(&felt.pulse, &measured, parcel.at)
                && running.warns_of_generator()
            {
                let segment = parcel.voice.segment;
                tell(&log(Level::Warn, format!("process {segment}, worker {}: {text}", felt.worker)));
            }
        }
    }

    fn end_of(&mut self, voice: super::parcel::Voice, end: End, tell: &mut dyn FnMut(&Event)) {
        let running = &mut self.running;
        running.interrupted += end.interrupted;
        running.exhausted |= end.exhausted;
        running.elapsed = running.elapsed.max(Some(end.elapsed));
        for note in end.notes {
            if !running.notes.contains(&note) {
                running.notes.push(note);
            }
        }
        match (end.stop, end.left) {
            (_, true) => {
                self.roll.set(voice, State::Left(end.elapsed));
                let text = format!("process {} has left the run: it was told to end", voice.segment);
                tell(&log(Level::Warn, text));
            }
            (stop, false) => {
                self.roll.set(voice, State::Ended);
                if let Some(stop) = stop {
                    running.end_here(stop);
                }
            }
        }
    }

    /// Who has been silent for too long?
    fn beat(&mut self, replace: &mut dyn FnMut(u64) -> bool, tell: &mut dyn FnMut(&Event)) {
        let begun = self.opening.as_ref().is_some_and(|opening| opening.at <= Instant::now());
        if !begun || !self.caught_up {
            return;
        }
        for segment in self.roll.beat() {
            tell(&log(Level::Warn, format!("process {segment} is silent: its part of the load is missing")));
        }
        if self.on_loss == OnLoss::Takeover {
            for segment in self.roll.vacant() {
                let text = match replace(segment) {
                    true => format!("a process is started in place of process {segment}"),
                    false => format!("no process could be started in place of process {segment}"),
                };
                tell(&log(Level::Warn, text));
            }
        }
    }

    /// Tells each second once all processes have told it, or a little later without those that are late.
    fn tick_when_due(&mut self, tell: &mut dyn FnMut(&Event)) {
        let Some(opening) = self.opening.clone() else { return };
        loop {
            let second = SECOND * (self.told + 1);
            let all = self.roll.all_have_told(second);
            let past = self.roll.latest() >= second + SECOND && !self.caught_up;
            let late = self.caught_up && Instant::now() >= opening.at + second + PATIENCE;
            let is_over = self.roll.none_running();
            if is_over || !(all || past || late) {
                return;
            }
            self.told += 1;
            self.follow_stages();
            let judged = self.running.tick_at(second, opening.started_at + second, tell);
            if self.caught_up {
                self.look_at_thresholds(&judged);
            }
        }
    }

    /// Ends the run, in all processes, where a threshold is crossed that is to end it.
    fn look_at_thresholds(&mut self, judged: &[Threshold]) {
        let had = self.running.stop.is_some();
        self.running.look_at_thresholds(judged);
        if let (false, Some(stop)) = (had, &self.running.stop) {
            let what = What::End(stop.clone());
            let _ = self.mouth.send(Outgoing::Order(Agreed {
                at: self.running.started.elapsed(),
                what,
                ticket: None,
            }));
        }
    }

    /// All users are gone, and `teardown` has run where there is one.
    fn is_over(&mut self) -> bool {
        let may_come_back = !self.caught_up || self.roll.is_waiting(self.on_loss == OnLoss::Takeover);
        if self.opening.is_none() || may_come_back {
            return false;
        }
        if !self.running.setup.needs_control() || self.closed {
            return true;
        }
        let most = self.running.setup.on_stop_time() * 2 + CLOSING;
        let Some(since) = self.closing else {
            self.closing = Some(Instant::now());
            let _ = self.mouth.send(Outgoing::Finish);
            return false;
        };
        if since.elapsed() > most {
            self.running.notes.push("teardown or a listener did not end in time".into());
            return true;
        }
        false
    }

    fn end(mut self, tell: &mut dyn FnMut(&Event)) -> Arc<Summary> {
        let all_left = self.roll.all_left();
        let lost = self.roll.missing();
        if all_left && self.running.stop.is_none() {
            self.running.end_here(Stop::Signal);
        }
        self.running.lost = if all_left { Vec::new() } else { lost };
        // All users are gone: rates are about the time until then.
        self.running.act = Act::Closing;
        let summary = Arc::new(self.running.summary());
        tell(&Event::Done(summary.clone()));
        summary
    }
}
