//! The terminal: progress and log lines on stderr, tables on stdout (or on
//! stderr, where stdout carries the JSON array).

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressDrawTarget;

use super::bar::Bar;
use super::options::Options;
use super::paint::{Paint, Tint};
use super::sections;
use super::sink::Sink;
use super::target::reason;
use super::text::{clock, counted, duration, printable, rate};
use crate::event::{Event, Level, LogLine, RunInfo, Summary, Tick};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::metrics::Span;

/// How often the statistics are printed during the run.
const EVERY: Duration = Duration::from_secs(2);

pub(super) struct Console {
    /// Where the tables go; None: to `err` as well.
    out: Option<Box<dyn Write + Send>>,
    err: Box<dyn Write + Send>,
    target: Option<ProgressDrawTarget>,
    bar: Option<Bar>,
    /// Nothing but errors.
    quiet: bool,
    /// The terminal is another's until the end.
    waits: bool,
    /// Tables during the run.
    running: bool,
    width: usize,
    out_paint: Paint,
    err_paint: Paint,
    /// When the next table is due, since the start.
    due: Duration,
    /// What runs.
    info: Option<Arc<RunInfo>>,
}

impl Console {
    /// `out` is None where the tables go to `err` too.
    pub(super) fn new(
        options: &Options,
        out: Option<Box<dyn Write + Send>>,
        err: Box<dyn Write + Send>,
        bar: ProgressDrawTarget,
    ) -> Self {
        let tables_tty = if out.is_some() { options.tty } else { options.stderr_tty };
        Console {
            out,
            err,
            target: options.stderr_tty.then_some(bar),
            bar: None,
            quiet: options.quiet,
            waits: options.tui,
            running: tables_tty && !options.only_summary,
            width: options.width,
            out_paint: Paint(options.color && tables_tty),
            err_paint: Paint(options.color && options.stderr_tty),
            due: EVERY,
            info: None,
        }
    }

    fn started(&mut self, info: &Arc<RunInfo>) {
        self.info = Some(info.clone());
        self.tell(&opening(info, self.err_paint));
        if let Some(target) = self.target.take() {
            self.bar = Some(Bar::new(target, info.run_time, self.err_paint));
        }
    }

    fn tick(&mut self, tick: &Tick) -> io::Result<()> {
        let span = Span::of(&tick.totals, tick.since, tick.at);
        let mut printed = Ok(());
        if self.running && tick.elapsed >= self.due {
            // A tick is not exactly a second: a table is due at even ones all the same.
            self.due = EVERY * ((tick.elapsed.as_millis() / EVERY.as_millis()) as u32 + 1);
            let table = sections::statistics(&tick.totals, &span, true).render(self.width, self.out_paint);
            printed = self.print(&format!("{table}\n"));
        }
        if let Some(bar) = &self.bar {
            bar.show(tick, &span);
        }
        printed
    }

    fn log(&mut self, line: &LogLine) {
        let (name, tint) = match line.level {
            Level::Debug => ("DEBUG", Tint::Faint),
            Level::Info => ("INFO ", Tint::Good),
            Level::Warn => ("WARN ", Tint::Warning),
            Level::Error => ("ERROR", Tint::Bad),
        };
        let at = self.err_paint.text(Tint::Faint, &clock(line.at));
        let level = self.err_paint.text(tint, name);
        let source = self.err_paint.text(Tint::Faint, &format!("{}:", printable(&line.source, false)));
        self.tell(&format!("{at} {level} {source} {}\n", printable(&line.text, true)));
    }

    fn done(&mut self, summary: &Summary) -> io::Result<()> {
        if let Some(bar) = self.bar.take() {
            bar.finish();
        }
        let text = sections::closing(summary, self.info.as_deref(), self.width, self.out_paint);
        self.print(&text)
    }

    /// Progress and logs; that they cannot be shown ends nothing.
    fn tell(&mut self, text: &str) {
        let err = &mut self.err;
        let mut write = || {
            let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
        };
        match &self.bar {
            Some(bar) => bar.above(write),
            None => write(),
        }
    }

    fn print(&mut self, text: &str) -> io::Result<()> {
        let out = self.out.as_mut().unwrap_or(&mut self.err);
        let mut write = || out.write_all(text.as_bytes()).and_then(|()| out.flush());
        match &self.bar {
            Some(bar) => bar.above(write),
            None => write(),
        }
    }
}

impl Sink for Console {
    fn on(&mut self, event: &Event) -> Result<(), Fault> {
        let printed = match event {
            Event::Started(info) if self.waits => {
                self.info = Some(info.clone());
                Ok(())
            }
            Event::Tick(_) | Event::Log(_) if self.waits => Ok(()),
            Event::Log(line) if line.level == Level::Error || !self.quiet => {
                self.log(line);
                Ok(())
            }
            _ if self.quiet => Ok(()),
            Event::Started(info) => {
                self.started(info);
                Ok(())
            }
            // What a table during the run would have said, the one at the end says.
            Event::Tick(tick) => self.tick(tick).or(Ok(())),
            Event::Log(_) => Ok(()),
            Event::Done(summary) => self.done(summary),
        };
        match printed {
            // Whoever read it has seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            printed => printed.map_err(|error| {
                Fault::new(Exit::Config, "cannot write the summary to the terminal").why(reason(&error))
            }),
        }
    }
}

/// The line at the start: what runs, where, how much.
fn opening(info: &RunInfo, paint: Paint) -> String {
    let mut parts = vec![info.scripts.join(", "), info.classes.join(", ")];
    parts.push(match &info.host {
        Some(host) => format!("{} at {host}", info.environment),
        None => info.environment.clone(),
    });
    parts.push(match &info.shape {
        Some(shape) => format!("load shape {shape}"),
        None if !info.scenarios.is_empty() => format!("scenarios {}", info.scenarios.join(", ")),
        None => format!("{}, {}/s", counted(info.users, "user"), rate(info.spawn_rate)),
    });
    parts.extend(info.run_time.map(duration));
    parts.push(match info.processes {
        1 => counted(info.workers as u64, "worker"),
        several => counted(several, "process").replace("processs", "processes"),
    });
    if !info.segment.is_whole() {
        parts.push(format!("segment {}", info.segment));
    }
    parts.push(format!("seed {}", info.seed));
    let parts: Vec<_> =
        parts.iter().filter(|part| !part.is_empty()).map(|part| printable(part, false)).collect();
    format!("{}\n", paint.text(Tint::Faint, &parts.join(" · ")))
}

#[cfg(test)]
#[path = "console_tests.rs"]
mod tests;
