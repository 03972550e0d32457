//! The conductor: starts the workers, keeps time, hears signals, merges what is
//! measured, and tells the sinks. Called by `app`, on the main thread.

use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, never, unbounded};

use crate::config::Level;
use crate::event::{Event, RunInfo, Summary, Wish};

use super::ending::warning;
use super::message::Phase;
use super::running::{Ears, Running};
use super::setup::Setup;
use super::together::{Peers, Together};

/// What reaches the conductor from outside: a number of signals so far.
pub struct Conductor {
    pub setup: Arc<Setup>,
    pub info: RunInfo,
    /// One message for each SIGINT or SIGTERM.
    pub signals: Receiver<Wish>,
    /// Where several processes make the run.
    pub peers: Option<Peers>,
}

/// Runs to the end, whatever it is. `tell` gets every event, the last one is `Event::Done`.
pub fn conduct(conductor: Conductor, tell: &mut dyn FnMut(&Event)) -> Arc<Summary> {
    let Conductor { setup, info, signals, peers } = conductor;
    let (together, begin) = peers.map(Together::new).unzip();
    let started_at = info.started_at;
    tell(&Event::Started(Arc::new(info)));
    if let (true, Some(text)) = (setup.log_level <= Level::Warning, &setup.warning) {
        tell(&warning(text.clone()));
    }
    let (sender, reports) = unbounded();
    let mut ears = Ears { reports, signals };
    let mut running = Running::new(setup, started_at, together);
    running.open(begin.flatten(), &ears, tell);
    let mut threads = Vec::new();
    let mut finished = true;
    if running.phases.phase() == Phase::Running {
        threads = running.start_workers(sender, running.attendant.data());
        while running.done < running.setup.workers && finished {
            finished = running.turn(&ears, tell);
        }
        if !finished && running.phases.phase() == Phase::Killing {
            running.give_up();
        }
        running.drain(&ears.reports, tell);
        finished = running.done == running.setup.workers;
        if !finished {
            running.elapsed = Some(running.started.elapsed());
        }
    }
    running.send_end();
    // No worker is left to listen to.
    ears.reports = never();
    running.close(&ears, tell);
    let summary = Arc::new(running.summary());
    tell(&Event::Done(summary.clone()));
    if finished {
        join(threads);
    }
    summary
}

fn join(threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        // A worker that panicked has said so already, by reporting nothing.
        let _ = thread.join();
    }
}
