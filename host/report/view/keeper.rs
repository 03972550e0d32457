//! Keeps the state of a run from its events. Used by the sinks of pages: `web`, `html`, `tui`.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Serialize;

use super::facts::{Line, State};
use super::gather;
use super::rows::{keep_busiest_rows, short};
use super::series::{History, Point, Series};
use crate::event::{About, Event, Level, LogLine, RunInfo, Summary, Tick};
use crate::metrics::{Snapshot, Span};
use crate::report::comparison::Comparison;

/// Lines of the log that are kept: the last.
pub(super) const MOST_LINES: usize = 300;
/// Characters of a line that are.
const LONGEST_LINE: usize = 2000;

/// The whole state with its history: what a page needs that knows nothing yet.
#[derive(Clone, Debug, Default, Serialize)]
pub struct View {
    #[serde(flatten)]
    pub state: State,
    pub series: Series,
    /// The last lines of the log.
    pub logs: Vec<Line>,
    #[serde(flatten)]
    pub about: About,
}

/// The state of this second: what a page needs that had the one before.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Beat {
    #[serde(flatten)]
    pub state: State,
    /// The newest point of each series; null where nothing was measured yet.
    pub point: Option<Point>,
    /// The lines of the log since two ticks ago: pages tell by their numbers which they have.
    pub logs: Vec<Line>,
}

impl View {
    /// Keeps the half of what there may be much of: the first of sorted lists, the last lines of the log. False
    /// where there is nothing left to leave out.
    pub fn halve(&mut self) -> bool {
        let State { rows, checks, groups, metrics, comparison, failures, exceptions, left_out, .. } =
            &mut self.state;
        let mut any = false;
        // Those with the most requests tell the most.
        let fewer = keep_busiest_rows(rows, rows.len().div_ceil(2));
        left_out.rows += fewer;
        any |= fewer > 0;
        any |= cut(checks, &mut left_out.checks);
        any |= cut(groups, &mut left_out.groups);
        any |= cut(metrics, &mut left_out.metrics);
        if let Some(comparison) = comparison {
            any |= cut(&mut comparison.rows, &mut left_out.compared);
        }
        any |= cut(failures, &mut left_out.failures);
        any |= cut(exceptions, &mut left_out.exceptions);
        any |= cut(&mut self.series.endpoints, &mut self.series.endpoints_left_out);
        self.logs.reverse();
        any |= cut(&mut self.logs, &mut 0);
        self.logs.reverse();
        any |= cut(&mut self.about.settings, &mut 0);
        any | cut(&mut self.about.shares, &mut 0)
    }
}

fn cut<T>(list: &mut Vec<T>, left_out: &mut usize) -> bool {
    let kept = list.len().div_ceil(2);
    let is_less = kept < list.len();
    *left_out += list.len() - kept;
    list.truncate(kept);
    is_less
}

/// The state of a run, from its events.
#[derive(Debug, Default)]
pub struct Keeper {
    state: State,
    history: History,
    logs: VecDeque<Line>,
    lines: u64,
    /// Lines there were at the tick before, and at the one before that.
    told: (u64, u64),
    has_point: bool,
    info: Option<Arc<RunInfo>>,
    /// Tables are made at the end alone: nobody looks before.
    only_end: bool,
    /// What an earlier run measured.
    baseline: Option<Arc<Snapshot>>,
}

impl Keeper {
    pub fn new() -> Keeper {
        Keeper::default()
    }

    /// For those who look at the end of the run alone: ticks cost less.
    pub fn for_the_end() -> Keeper {
        Keeper { only_end: true, ..Keeper::default() }
    }

    /// The run is shown beside an earlier one once it has ended.
    pub fn compare_with(&mut self, baseline: Arc<Snapshot>) {
        self.baseline = Some(baseline);
    }

    /// Takes notice. A new `Started` begins anew.
    pub fn on(&mut self, event: &Event) {
        match event {
            Event::Started(info) => {
                let baseline = self.baseline.take();
                *self = Keeper { only_end: self.only_end, baseline, ..Keeper::default() };
                self.state.run = gather::run(info);
                self.info = Some(info.clone());
            }
            Event::Tick(tick) => self.tick(tick),
            Event::Log(line) => self.log(line),
            Event::Done(summary) => self.done(summary),
        }
    }

    fn tick(&mut self, tick: &Tick) {
        self.history.add(tick.elapsed.as_secs_f64(), tick.users, &tick.interval);
        self.history.note_names(tick.totals.entries.len());
        self.has_point = true;
        self.told = (self.lines, self.told.0);
        let (state, so_far) = (&mut self.state, &tick.so_far);
        state.run.state = so_far.state;
        state.run.elapsed = short(tick.elapsed.as_secs_f64());
        state.run.since = gather::moment(tick.since);
        if let Some(aim) = so_far.aim {
            state.run.users = aim;
        }
        state.now.users = tick.users;
        state.run.most_users = state.run.most_users.max(tick.users);
        state.workers = gather::workers(&so_far.workers);
        if self.only_end {
            return;
        }
        state.now.verdict = gather::verdict(&so_far.verdict);
        state.thresholds = gather::judged(&so_far.thresholds);
        state.classes = gather::classes(&tick.classes);
        let span = Span::of(&tick.totals, tick.since, tick.at);
        let lasted = gather::lasted(tick.since, tick.at);
        gather::measure(state, (&tick.totals, self.info.as_deref()), (&span, lasted), false);
    }

    fn log(&mut self, line: &LogLine) {
        if self.logs.len() == MOST_LINES {
            self.logs.pop_front();
        }
        let mut text: String = line.text.chars().take(LONGEST_LINE).collect();
        if text.len() < line.text.len() {
            text.push('…');
        }
        self.logs.push_back(Line {
            number: self.lines,
            at: gather::moment(line.at),
            level: match line.level {
                Level::Debug => "debug",
                Level::Info => "info",
                Level::Warn => "warning",
                Level::Error => "error",
            },
            source: line.source.to_string(),
            text,
        });
        self.lines += 1;
    }

    fn done(&mut self, summary: &Summary) {
        let totals = &*summary.totals;
        self.history.close(summary.elapsed.as_secs_f64(), &summary.interval);
        self.history.note_names(totals.entries.len());
        self.has_point = true;
        let lasted = (&summary.span(), summary.lasted);
        gather::measure(&mut self.state, (totals, self.info.as_deref()), lasted, true);
        gather::outcome(&mut self.state, summary);
        self.state.comparison = self.baseline.as_ref().map(|before| Comparison::of(before, totals));
    }

    pub fn state(&self) -> &State {
        &self.state
    }

    /// The last lines of the log.
    pub fn logs(&self) -> &VecDeque<Line> {
        &self.logs
    }

    /// The newest point of the series.
    pub fn newest(&self) -> &Point {
        self.history.newest()
    }

    /// Everything, for a page that is opened now.
    pub fn view(&self) -> View {
        View {
            state: self.state.clone(),
            series: self.history.series(),
            logs: self.logs.iter().cloned().collect(),
            about: self.info.as_ref().map(|info| (*info.about).clone()).unwrap_or_default(),
        }
    }

    /// What has changed since the tick before.
    pub fn beat(&self) -> Beat {
        let fresh = self.logs.iter().filter(|line| line.number >= self.told.1);
        Beat {
            state: self.state.clone(),
            point: self.has_point.then(|| self.history.newest().clone()),
            logs: fresh.cloned().collect(),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "keeper_tests.rs"]
mod tests;
