//! The live view as a sink: takes the screen when the run starts, gives it back when it has ended. Used by `outputs`;
//! `turn` by `app`, when somebody presses a key.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ratatui::Terminal;

use super::ansi::Ansi;
use super::screen::{self, Screen, Seen};
use crate::event::Event;
use crate::fault::Fault;
use crate::report::sink::Sink;
use crate::report::view::{Keeper, Point};

/// Points of the sparklines that are kept: no terminal is wider.
const MOST_POINTS: usize = 400;
/// Log lines redraw the screen at most so often.
const SOON: Duration = Duration::from_millis(200);
/// Ticks come each second. After a longer silence the process was stopped, and others wrote on the screen.
const SILENCE: Duration = Duration::from_millis(1800);

/// What is on the screen, while there is one.
static SHOWN: Mutex<Option<Arc<Mutex<Stage>>>> = Mutex::new(None);

/// What a person wants to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Rows of the table further down.
    Down,
    Up,
    PageDown,
    PageUp,
    First,
    Last,
    /// The keys, or back.
    Help,
    /// Back from the keys.
    Back,
}

/// Shows what is wanted at once. Nothing happens where there is no live view.
pub fn turn(turn: Turn) {
    let shown = lock(&SHOWN).clone();
    if let Some(stage) = shown {
        lock(&stage).turn(turn);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever held it has panicked: what it holds is whole all the same.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(in crate::report) struct Tui {
    stage: Arc<Mutex<Stage>>,
}

struct Stage {
    keeper: Keeper,
    points: VecDeque<Point>,
    terminal: Option<Terminal<Ansi>>,
    drawn: Instant,
    color: bool,
    seen: Seen,
    help: bool,
}

impl Tui {
    pub(in crate::report) fn new(color: bool) -> Tui {
        let stage = Stage {
            keeper: Keeper::new(),
            points: VecDeque::new(),
            terminal: None,
            drawn: Instant::now(),
            color,
            seen: Seen::default(),
            help: false,
        };
        Tui { stage: Arc::new(Mutex::new(stage)) }
    }
}

impl Stage {
    fn draw(&mut self) {
        let Some(terminal) = &mut self.terminal else { return };
        if self.drawn.elapsed() > SILENCE {
            let _ = terminal.clear();
        }
        self.drawn = Instant::now();
        let points = self.points.make_contiguous();
        let screen = Screen {
            state: self.keeper.state(),
            logs: self.keeper.logs(),
            points,
            color: self.color,
            first: self.seen.first,
            help: self.help,
        };
        let mut seen = self.seen;
        // That a screen cannot be drawn is no reason to end a run.
        let _ = terminal.draw(|frame| seen = screen::draw(&screen, frame));
        self.seen = seen;
    }

    fn turn(&mut self, turn: Turn) {
        let Seen { first, room } = self.seen;
        self.help = match turn {
            Turn::Help => !self.help,
            _ => false,
        };
        // The drawing holds it to what there is.
        self.seen.first = match turn {
            Turn::Down => first.saturating_add(1),
            Turn::Up => first.saturating_sub(1),
            Turn::PageDown => first.saturating_add(room.max(1)),
            Turn::PageUp => first.saturating_sub(room.max(1)),
            Turn::First => 0,
            Turn::Last => usize::MAX,
            Turn::Help | Turn::Back => first,
        };
        // After a silence the next tick wipes: a key must not hide that there was one.
        if self.drawn.elapsed() <= SILENCE {
            self.draw();
        }
    }

    fn on(&mut self, event: &Event) {
        self.keeper.on(event);
        match event {
            Event::Started(_) => {
                self.points.clear();
                self.terminal = Ansi::take().and_then(Terminal::new).ok();
                self.draw();
            }
            Event::Tick(_) => {
                if self.points.len() == MOST_POINTS {
                    self.points.pop_front();
                }
                self.points.push_back(self.keeper.newest().clone());
                self.draw();
            }
            Event::Log(_) if self.drawn.elapsed() >= SOON => self.draw(),
            Event::Log(_) => {}
            Event::Done(_) => self.terminal = None,
        }
    }
}

impl Sink for Tui {
    fn on(&mut self, event: &Event) -> Result<(), Fault> {
        lock(&self.stage).on(event);
        match event {
            Event::Started(_) => *lock(&SHOWN) = Some(self.stage.clone()),
            Event::Done(_) => *lock(&SHOWN) = None,
            _ => {}
        }
        Ok(())
    }
}

impl Drop for Tui {
    fn drop(&mut self) {
        // Its screen is given back also where the run broke down.
        let mut shown = lock(&SHOWN);
        if shown.as_ref().is_some_and(|shown| Arc::ptr_eq(shown, &self.stage)) {
            *shown = None;
        }
    }
}
