//! What a process of a run that several make says once a second, and at its end. Each parcel has a number, so that one
//! that is repeated counts once. Made by `together`, added up by `head`, carried by `cluster`.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc::UnboundedSender;

use crate::event::{Agreed, LogLine, Stop};
use crate::fault::Fault;
use crate::metrics::Snapshot;

use super::pulse::Pulse;

/// Which process speaks: its segment, and how many had the same before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Voice {
    pub segment: u64,
    /// From 1.
    pub epoch: u32,
}

/// Everything since the parcel before.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Parcel {
    pub voice: Voice,
    /// From 1, without a gap.
    pub number: u64,
    /// Since the start of the run.
    pub at: Duration,
    /// How often statistics have begun anew.
    pub generation: u32,
    /// Active users by class.
    pub users: Vec<u64>,
    pub measured: Snapshot,
    pub felt: Vec<Felt>,
    pub begun: Begun,
    /// Its users are gone.
    pub end: Option<End>,
    /// `teardown` and what goes with it is done.
    pub closed: bool,
}

/// How many iterations have begun: whoever plays the part next goes on from there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Begun {
    pub all: u64,
    /// By scenario.
    pub parts: Vec<u64>,
}

/// What a worker's thread felt, and of how many requests, which took so long altogether (us).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Felt {
    pub(super) worker: usize,
    pub(super) pulse: Pulse,
    pub(super) requests: u64,
    pub(super) micros: u64,
}

/// How the part of a process ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct End {
    pub stop: Option<Stop>,
    /// It was asked to go, alone.
    pub left: bool,
    pub exhausted: bool,
    /// How long it had users, since the start of the run.
    pub elapsed: Duration,
    pub interrupted: u64,
    pub notes: Vec<String>,
}

/// From a process to the others.
#[derive(Debug)]
pub enum Outgoing {
    Parcel(Box<Parcel>),
    Order(Agreed),
    Log(LogLine),
    /// From whoever merges: what an order came to, under its ticket.
    Answer(String, Result<String, Fault>),
    /// From whoever merges: all users are gone, `teardown` may run.
    Finish,
}

/// To whom it is said.
pub type Mouth = UnboundedSender<Outgoing>;
