//! A process's part in a run that several make: it begins when all do, tells what it measures, and carries out what
//! all have agreed upon. Of `running`; what all have measured is merged in `head`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::Receiver;
use serde_json::Value;

use crate::event::{Agreed, Aimed, Command, Event, Level, LogLine, Stop, What, Wish};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::load::Target;
use crate::metrics::Entry;

use super::message::Phase;
use super::parcel::{Begun, End, Felt, Mouth, Outgoing, Parcel, Voice};
use super::pulse::Pulse;
use super::running::{Act, Ears, Running};

/// The others.
pub struct Peers {
    pub voice: Voice,
    pub mouth: Mouth,
    pub begin: Begin,
    /// Whether this process leads just now: it runs what is called once a run.
    pub leads: Arc<AtomicBool>,
    pub closing: Receiver<Closing>,
    /// The number of the last parcel of this voice.
    pub number: u64,
}

/// Told what `setup` returned, as JSON, it says when all begin.
pub type Lead = dyn FnOnce(Result<Option<String>, Stop>) -> Result<Opening, Fault> + Send;

/// How the run begins for this process.
pub enum Begin {
    /// It runs `setup`, and tells what that returned: then it is agreed when all begin.
    /// Where it comes to no start, all are told why.
    Lead(Box<Lead>),
    At(Opening),
    /// It does not: `setup` failed, or somebody has stopped it.
    Cancelled(Stop),
}

/// The agreed start.
#[derive(Clone, Debug)]
pub struct Opening {
    pub at: Instant,
    pub started_at: SystemTime,
    /// What `setup` returned, as JSON.
    pub data: Option<String>,
    /// The others have begun long since.
    pub late: bool,
}

/// How the run ends for this process, once its users are gone.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Closing {
    /// All users of all processes are gone, and this one leads.
    Teardown,
    /// The verdict is known, and the exit code.
    Over(u8),
}

/// What `running` keeps of all that.
pub(super) struct Together {
    pub(super) peers: Peers,
    pub(super) generation: u32,
    felt: Vec<Felt>,
    /// It was asked to go, alone.
    left: bool,
    pub(super) late: bool,
}

impl Together {
    pub(super) fn new(mut peers: Peers) -> (Together, Option<Begin>) {
        let never = Begin::Lead(Box::new(|_| Err(Fault::new(Exit::Internal, "it has begun"))));
        let begin = std::mem::replace(&mut peers.begin, never);
        (Together { peers, generation: 0, felt: Vec::new(), left: false, late: false }, Some(begin))
    }

    pub(super) fn leads(&self) -> bool {
        self.peers.leads.load(Ordering::Relaxed)
    }

    pub(super) fn say(&self, outgoing: Outgoing) {
        // Whoever carries it has ended before the run only where the process does, too.
        let _ = self.peers.mouth.send(outgoing);
    }

    pub(super) fn order(&self, at: Duration, what: What) {
        self.say(Outgoing::Order(Agreed { at, what, ticket: None }));
    }

    pub(super) fn feel(&mut self, worker: usize, pulse: &Pulse, measured: &Entry) {
        let (requests, micros) = (measured.requests, measured.sum);
        self.felt.push(Felt { worker, pulse: *pulse, requests, micros });
    }
}

impl Running {
    /// Waits for the agreed start, `setup` before it where this process leads. True where users are to come.
    pub(super) fn open(&mut self, begin: Option<Begin>, ears: &Ears, tell: &mut dyn FnMut(&Event)) {
        let opening = match begin {
            None => return self.prepare(ears, tell),
            Some(Begin::Lead(open)) => {
                self.prepare(ears, tell);
                if self.phases.phase() > Phase::Running {
                    // What comes of it all are told with the verdict.
                    let _ = open(Err(self.stop.clone().unwrap_or(Stop::Signal)));
                    return;
                }
                let data = self.attendant.data().map(Value::to_string);
                match open(Ok(data)) {
                    Ok(opening) => opening,
                    Err(fault) => return self.end(Stop::Fault(fault)),
                }
            }
            Some(Begin::Cancelled(stop)) => return self.end_here(stop),
            Some(Begin::At(opening)) => {
                let data = opening.data.as_deref().map(serde_json::from_str::<Value>).transpose();
                match data {
                    // Read by all VMs until the process ends.
                    Ok(data) => self.attendant.adopt(data.map(|data| &*Box::leak(Box::new(data)))),
                    Err(why) => {
                        let fault = Fault::new(Exit::Internal, "what setup returned cannot be read");
                        return self.end(Stop::Fault(fault.why(why.to_string())));
                    }
                }
                opening
            }
        };
        if let Some(together) = &mut self.together {
            together.late = opening.late;
        }
        self.begin_at(opening.at, opening.started_at);
        while Instant::now() < self.started && self.phases.phase() == Phase::Running {
            self.turn(ears, tell);
        }
    }

    /// Hands over what was measured since the last time.
    pub(super) fn send_parcel(&mut self, end: Option<End>, closed: bool) {
        let at = self.started.elapsed();
        let begun = Begun {
            all: self.setup.begun.load(Ordering::Relaxed),
            parts: self.setup.parts.iter().map(|part| part.begun()).collect(),
        };
        let users = self.users_by_class();
        let measured = std::mem::take(&mut self.interval);
        let Some(together) = &mut self.together else { return };
        together.peers.number += 1;
        let parcel = Parcel {
            voice: together.peers.voice,
            number: together.peers.number,
            at,
            generation: together.generation,
            users,
            measured,
            felt: std::mem::take(&mut together.felt),
            begun,
            end,
            closed,
        };
        together.say(Outgoing::Parcel(Box::new(parcel)));
    }

    /// Its users are gone.
    pub(super) fn send_end(&mut self) {
        let Some(together) = &self.together else { return };
        let left = together.left;
        let end = End {
            stop: self.stop.clone(),
            left,
            exhausted: self.exhausted,
            elapsed: self.elapsed.unwrap_or_default(),
            interrupted: std::mem::take(&mut self.interrupted),
            notes: std::mem::take(&mut self.notes),
        };
        self.send_parcel(Some(end), false);
    }

    /// Until the verdict is known; meanwhile `teardown`, where it comes to this process. The exit code.
    pub(super) fn close_together(&mut self, ears: &Ears, tell: &mut dyn FnMut(&Event)) {
        let Some(together) = &self.together else { return };
        if together.left {
            return;
        }
        let closing = together.peers.closing.clone();
        loop {
            crossbeam_channel::select! {
                recv(closing) -> closing => match closing {
                    Ok(Closing::Teardown) => {
                        self.tear_down(ears, tell);
                        self.send_parcel(None, true);
                    }
                    Ok(Closing::Over(code)) => return self.quit(code, ears, tell),
                    Err(_) => return,
                },
                recv(ears.signals) -> wish => match wish {
                    Ok(Wish::Terminated) => {
                        if let Some(together) = &mut self.together {
                            together.left = true;
                        }
                        return;
                    }
                    Ok(Wish::Signal) if self.signals > 0 => return self.send_parcel(None, true),
                    Ok(Wish::Signal) => self.signals += 1,
                    Ok(_) => {}
                    Err(_) => return,
                },
            }
        }
    }

    /// Something that is to be told all, rather than done here alone. False where there is nobody else.
    pub(super) fn share(&mut self, wish: &Wish, tell: &mut dyn FnMut(&Event)) -> bool {
        let at = self.started.elapsed();
        let Some(together) = &mut self.together else { return false };
        match wish {
            Wish::Command(Command::Finish) if self.signals == 0 => {
                together.order(at, What::End(Stop::Finished));
            }
            Wish::Command(Command::Finish) => together.order(at, What::Kill),
            Wish::Command(command) => {
                together.order(at, What::Command(command.clone()));
                if !together.leads() {
                    tell(&log(Level::Info, "told to all processes".to_owned()));
                }
                return true;
            }
            Wish::Asked(command, answer) => {
                together.order(at, What::Command(command.clone()));
                let _ = answer.try_send(Ok("told to all processes".to_owned()));
                return true;
            }
            Wish::Signal | Wish::Changed if self.signals == 0 => together.order(at, What::End(Stop::Signal)),
            Wish::Signal | Wish::Changed => together.order(at, What::Kill),
            Wish::Terminated => together.left = true,
            Wish::Replaced => {
                together.left = true;
                let text = "another process plays this segment by now: this one ends".to_owned();
                tell(&log(Level::Warn, text));
            }
            Wish::Agreed(_) => {}
        }
        false
    }

    /// Carries out what all do.
    pub(super) fn obey_agreed(&mut self, agreed: Agreed, tell: &mut dyn FnMut(&Event)) {
        let Agreed { at, what, .. } = agreed;
        match what {
            What::Command(Command::Finish) => self.command(&Command::Finish, (None, at), tell),
            // Whoever merges says what came of it, once for all.
            What::Command(command) => self.command(&command, (None, at), &mut |_| {}),
            What::Aim(Aimed { users, spawn_rate, classes }) => {
                let target = Target { users, spawn_rate, classes: classes.map(Into::into) };
                if let Err(fault) = self.door.aim(at, target) {
                    self.end_here(Stop::Fault(fault));
                }
            }
            What::Over => self.over = Some(self.started + at),
            // Whoever was stopped for good, or is past its users, has ended already.
            What::End(stop) if self.act == Act::Users => self.end_here(stop),
            What::Kill if self.act == Act::Users => self.go(Phase::Killing),
            What::End(_) | What::Kill => {}
        }
    }
}

pub(super) fn log(level: Level, text: String) -> Event {
    Event::Log(LogLine { level, at: SystemTime::now(), source: "e2e".into(), text })
}
