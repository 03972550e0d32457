//! The live view as a sink: takes the screen when the run starts, gives it back when it has ended. Used by `outputs`.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use ratatui::Terminal;

use super::ansi::Ansi;
use super::screen::{self, Screen};
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

pub(in crate::report) struct Tui {
    keeper: Keeper,
    points: VecDeque<Point>,
    terminal: Option<Terminal<Ansi>>,
    drawn: Instant,
    color: bool,
}

impl Tui {
    pub(in crate::report) fn new(color: bool) -> Tui {
        Tui { keeper: Keeper::new(), points: VecDeque::new(), terminal: None, drawn: Instant::now(), color }
    }

    fn draw(&mut self) {
        let Some(terminal) = &mut self.terminal else { return };
        if self.drawn.elapsed() > SILENCE {
            let _ = terminal.clear();
        }
        self.drawn = Instant::now();
        let points = self.points.make_contiguous();
        let screen =
            Screen { state: self.keeper.state(), logs: self.keeper.logs(), points, color: self.color };
        // That a screen cannot be drawn is no reason to end a run.
        let _ = terminal.draw(|frame| screen::draw(&screen, frame));
    }
}

impl Sink for Tui {
    fn on(&mut self, event: &Event) -> Result<(), Fault> {
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
        Ok(())
    }
}
