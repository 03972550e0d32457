//! One receiver's thread and the queue before it. What the queue has no room for waits in one sum,
//! or is dropped and counted, so that whoever feeds it never waits. Used by `outputs`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::{Carrier, News, Trouble};
use crate::config::{Outlet, OutletKind};
use crate::event::Event;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::metrics::{RawSample, Snapshot};

/// Messages that may wait.
const ROOM: usize = 256;

pub(in super::super) struct Pump {
    /// The outlet as people may see it.
    name: String,
    is_file: bool,
    /// It shows single samples.
    shows_samples: bool,
    news: Sender<News>,
    status: Arc<Status>,
    /// Nothing comes from it; it is cut when the thread has ended.
    ended: Receiver<()>,
    /// What came in while the queue was full.
    waiting: Snapshot,
}

#[derive(Default)]
struct Status {
    dropped: AtomicU64,
    said: Mutex<Said>,
}

/// What the thread has to tell.
#[derive(Default)]
struct Said {
    /// Not yet told.
    fresh: Vec<String>,
    /// The trouble that it is in.
    trouble: Option<(String, Option<String>)>,
    failures: u64,
    lost: u64,
}

impl Status {
    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where samples go in.
pub(in super::super) struct Inlet {
    news: Sender<News>,
    status: Arc<Status>,
}

impl Inlet {
    /// Passes a batch on, or counts it as lost; never waits.
    pub(in super::super) fn put(&self, batch: &Arc<[RawSample]>) {
        if self.news.try_send(News::Samples(batch.clone())).is_err() {
            self.status.dropped.fetch_add(batch.len() as u64, Ordering::Relaxed);
        }
    }
}

/// How it ended.
#[derive(Default)]
pub(in super::super) struct Ended {
    /// Of what was not delivered; one sentence each.
    pub(in super::super) notes: Vec<String>,
    /// A file that is not what it should be.
    pub(in super::super) fault: Option<Fault>,
}

impl Pump {
    /// # Errors
    /// No thread can be made.
    pub(super) fn start(outlet: &Outlet, mut carrier: Box<dyn Carrier>) -> Result<Pump, Fault> {
        let (news, inbox) = bounded(ROOM);
        let (ending, ended) = bounded(0);
        let status = Arc::new(Status::default());
        let told = status.clone();
        let thread = std::thread::Builder::new().name(format!("out-{}", outlet.kind.name()));
        let is_file = outlet.file().is_some();
        let work = move || {
            let _ending: Sender<()> = ending;
            let mut next = None;
            while let Some(mut news) = next.take().or_else(|| inbox.recv().ok()) {
                while carrier.wants_newest()
                    && matches!(news, News::Tick(_))
                    && let Ok(newer) = inbox.try_recv()
                {
                    match newer {
                        News::Tick(_) => news = newer,
                        other => {
                            next = Some(other);
                            break;
                        }
                    }
                }
                let carried = carrier.carry(&news);
                told.note(carried, is_file);
                if matches!(news, News::Done(..)) {
                    return;
                }
            }
        };
        thread.spawn(work).map_err(|why| {
            Fault::new(Exit::Internal, format!("cannot start a thread for --out {outlet}"))
                .why(why.to_string())
        })?;
        let name = format!("--out {outlet}");
        let shows_samples = matches!(outlet.kind, OutletKind::Json | OutletKind::Csv | OutletKind::Influxdb);
        Ok(Pump { name, is_file, shows_samples, news, status, ended, waiting: Snapshot::default() })
    }

    /// Where single samples go in, if it shows them.
    pub(in super::super) fn inlet(&self) -> Option<Inlet> {
        self.shows_samples.then(|| Inlet { news: self.news.clone(), status: self.status.clone() })
    }

    /// Passes an event on; never waits.
    pub(in super::super) fn on(&mut self, event: &Event) {
        match event {
            Event::Started(info) => drop(self.news.try_send(News::Started(info.clone()))),
            Event::Tick(tick) => {
                let mut tick = tick.clone();
                let waiting = std::mem::take(&mut self.waiting);
                if waiting != Snapshot::default() {
                    Arc::make_mut(&mut tick.interval).merge(&waiting);
                }
                let interval = tick.interval.clone();
                if self.news.try_send(News::Tick(tick)).is_err() {
                    self.waiting = Arc::unwrap_or_clone(interval);
                }
            }
            Event::Log(_) | Event::Done(_) => {}
        }
    }

    /// Tells it the end, and that `deadline` is how long it will be waited for.
    pub(in super::super) fn end(&mut self, event: &Event, deadline: Instant) {
        let Event::Done(summary) = event else { return };
        let mut summary = summary.clone();
        if self.waiting != Snapshot::default() {
            let waiting = std::mem::take(&mut self.waiting);
            Arc::make_mut(&mut Arc::make_mut(&mut summary).interval).merge(&waiting);
        }
        // A queue that stays full until then belongs to a receiver that is given up anyway.
        let _ = self.news.send_deadline(News::Done(summary, deadline), deadline);
    }

    /// What went wrong since the last time, for the log.
    pub(in super::super) fn complaints(&self) -> Vec<String> {
        let fresh = std::mem::take(&mut self.status.said().fresh);
        fresh.into_iter().map(|text| format!("{}: {text}", self.name)).collect()
    }

    /// Waits for the thread, but not beyond `deadline`.
    pub(in super::super) fn finish(self, deadline: Instant) -> Ended {
        let late = matches!(self.ended.recv_deadline(deadline), Err(error) if error.is_timeout());
        let said = self.status.said();
        let mut ended = Ended::default();
        let trouble = said.trouble.as_ref().map(|(why, help)| match help {
            Some(help) => format!("{why}; {help}"),
            None => why.clone(),
        });
        if self.is_file {
            let why = trouble.or_else(|| late.then(|| "it took too long".to_owned()));
            ended.fault = why.map(|why| {
                Fault::new(Exit::Config, format!("the results of {} are not complete", self.name)).why(why)
            });
        } else if late || trouble.is_some() {
            let why = trouble.unwrap_or_else(|| "it did not answer in time".to_owned());
            ended.notes.push(format!("{}: the last results were not delivered: {why}", self.name));
        }
        let lost = said.lost + self.status.dropped.load(Ordering::Relaxed);
        if lost > 0 {
            let advice = "send fewer (--out csv=FILE is the fastest), or to a faster receiver";
            ended.notes.push(format!("{}: {lost} samples were not delivered; {advice}", self.name));
        }
        ended
    }
}

impl Status {
    /// A file that was lost once stays lost, for the first reason.
    fn note(&self, carried: Result<(), Trouble>, is_file: bool) {
        let mut said = self.said();
        match carried {
            Ok(()) if is_file => {}
            Ok(()) => {
                if said.trouble.take().is_some() {
                    let failures = std::mem::take(&mut said.failures);
                    said.fresh.push(format!("it is taken again, after {failures} failures"));
                }
            }
            Err(Trouble { why, help, lost }) => {
                said.lost += lost;
                said.failures += 1;
                // Once for each spell of trouble, not once a second.
                if said.trouble.is_none() {
                    said.fresh.push(format!("results are not taken: {why}"));
                }
                if !is_file || said.trouble.is_none() {
                    said.trouble = Some((why, help));
                }
            }
        }
    }
}
