//! One virtual user. Made by `run`, seen by host functions through their frame.

use std::cell::{Cell, OnceCell, RefCell, RefMut};
use std::rc::Rc;
use std::time::Instant;

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::config::Level;
use crate::fault::Fault;
use crate::metrics::{Exception, Group};
use crate::net::{Base, Client};

use super::response::{Kept, Responses, Verdict};
use super::shared::Shared;

pub struct Vu {
    /// Counts from 1 over all workers.
    pub id: u64,
    /// The name of its user class.
    pub class: Rc<str>,
    pub shared: Rc<Shared>,
    pub client: Client,
    /// Where relative paths lead.
    pub base: Option<Rc<Base>>,
    pub rng: RefCell<SmallRng>,
    /// See [`Vu::values`].
    values: OnceCell<Box<RefCell<SmallRng>>>,
    /// Tasks begun, this one included.
    pub iteration: Cell<u64>,
    pub responses: RefCell<Responses>,
    /// Where the script is just now (`group`).
    pub group: Cell<Group>,
    /// How far it has come in each data file of mode `sequential`, by the file's number.
    pub places: RefCell<Vec<u32>>,
    /// `self:stop()` was called: no further task.
    pub leaving: Cell<bool>,
    /// The script that runs is in a task set, which it may leave.
    pub in_set: Cell<bool>,
    /// `self:interrupt(reschedule)` was called in the running call, which must end there.
    pub left: Cell<Option<Left>>,
}

/// How a task set was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// What it is nested in goes on at once.
    AtOnce,
    /// It waits before.
    AfterWait,
}

impl Vu {
    pub fn new(id: u64, class: Rc<str>, base: Option<Rc<Base>>, shared: Rc<Shared>) -> Rc<Vu> {
        // Neighbouring numbers must not give neighbouring streams: seeding mixes all bits.
        let seed = shared.seed ^ id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Rc::new(Vu {
            id,
            class,
            client: Client::new(shared.net.clone()),
            shared,
            base,
            rng: RefCell::new(SmallRng::seed_from_u64(seed)),
            values: OnceCell::new(),
            iteration: Cell::new(0),
            responses: RefCell::default(),
            group: Cell::new(Group::NONE),
            places: RefCell::default(),
            leaving: Cell::new(false),
            in_set: Cell::new(false),
            left: Cell::new(None),
        })
    }

    /// The seed of the script's own random numbers, apart from the host's decisions.
    pub fn script_seed(&self) -> (i64, i64) {
        let mut rng = SmallRng::seed_from_u64(self.shared.seed.rotate_left(32) ^ self.id);
        (rng.random(), rng.random())
    }

    /// Draws what scripts ask for (`fake`, rows of data files), apart from the host's decisions:
    /// a script that invents another value does not change which task comes next.
    pub fn values(&self) -> RefMut<'_, SmallRng> {
        let make = || {
            let seed = self.shared.seed.rotate_left(16) ^ self.id.wrapping_mul(0xbf58_476d_1ce4_e5b9);
            Box::new(RefCell::new(SmallRng::seed_from_u64(seed)))
        };
        self.values.get_or_init(make).borrow_mut()
    }

    /// The script's `print`.
    pub fn print(&self, text: String) {
        self.log(Level::Info, text);
    }

    pub fn log(&self, level: Level, text: String) {
        (self.shared.log)(level, &self.class, text);
    }

    /// Counts a request with a verdict: `failure` is its text, None for success.
    pub fn record(&self, kept: &Kept, failure: Option<&str>) {
        let call = crate::metrics::Call {
            latency: kept.response.elapsed,
            bytes: kept.response.body().len() as u64,
            at: self.shared.epoch(kept.response.ended),
            failure,
        };
        let recorder = &mut *self.shared.recorder.borrow_mut();
        recorder.call(kept.key, &call);
        if kept.group != Group::NONE {
            recorder.call_within(kept.group, &call);
        }
    }

    /// Counts an error of the script.
    pub fn record_exception(&self, task: &str, fault: &Fault) {
        let place = fault.at.as_ref().map(|at| format!("{}:{}: ", at.file, at.line)).unwrap_or_default();
        let help = fault.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        let message = format!("{place}{}{help}", fault.what);
        self.shared.recorder.borrow_mut().exception(&Exception {
            message: &message,
            traceback: &fault.trace.join("\n"),
            class: &self.class,
            task,
            at: self.shared.epoch(Instant::now()),
        });
    }

    /// The end of a call into the script: whatever the script left unjudged is settled by the
    /// default rule, and the bodies are released.
    pub fn release(&self) {
        let mut responses = self.responses.borrow_mut();
        for kept in responses.all() {
            if kept.verdict == Verdict::Open {
                self.record(kept, kept.default_failure().as_deref());
            }
        }
        responses.clear();
    }
}
