//! One virtual user. Made by `run`, seen by host functions through their frame.

use std::cell::{Cell, OnceCell, RefCell, RefMut};
use std::rc::Rc;
use std::time::{Duration, Instant};

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::config::Level;
use crate::fault::Fault;
use crate::metrics::{Exception, Group, Label};
use crate::net::{Base, Client};

use super::hooks::{Happened, Hook, Hooks, RequestDone, message_of};
use super::lines::Held;
use super::response::{Kept, Responses, Verdict};
use super::rpc;
use super::samples::Role;
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
    /// The scenario that it belongs to, where the run has some.
    pub role: Option<Rc<Role>>,
    /// How much later than intended the running iteration began.
    pub late: Cell<Duration>,
    pub rng: RefCell<SmallRng>,
    /// See [`Vu::values`].
    values: OnceCell<Box<RefCell<SmallRng>>>,
    /// Tasks begun, this one included.
    pub iteration: Cell<u64>,
    pub responses: RefCell<Responses>,
    /// What stays open from call to call.
    pub lines: Held,
    pub rpcs: rpc::Held,
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
    /// What its scripts have left functions for.
    pub hooks: Cell<Hooks>,
    /// What listeners of this VM have not heard yet; stays empty where there is none.
    happened: RefCell<Vec<Happened>>,
    /// Listeners are being called: what they do themselves is not told to them.
    telling: Cell<bool>,
    /// The error of a listener was logged.
    complained: Cell<bool>,
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
        Vu::of(None, id, class, base, shared)
    }

    /// One of a scenario.
    pub fn of(
        role: Option<Rc<Role>>,
        id: u64,
        class: Rc<str>,
        base: Option<Rc<Base>>,
        shared: Rc<Shared>,
    ) -> Rc<Vu> {
        // Neighbouring numbers must not give neighbouring streams: seeding mixes all bits.
        let seed = shared.seed ^ id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let responses = RefCell::new(Responses::new(shared.net.settings().max_bodies));
        Rc::new(Vu {
            id,
            class,
            client: Client::new(shared.net.clone()),
            shared,
            base,
            role,
            late: Cell::default(),
            rng: RefCell::new(SmallRng::seed_from_u64(seed)),
            values: OnceCell::new(),
            iteration: Cell::new(0),
            responses,
            lines: Held::default(),
            rpcs: rpc::Held::default(),
            group: Cell::new(Group::NONE),
            places: RefCell::default(),
            leaving: Cell::new(false),
            in_set: Cell::new(false),
            left: Cell::new(None),
            hooks: Cell::default(),
            happened: RefCell::default(),
            telling: Cell::new(false),
            complained: Cell::new(false),
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
            bytes: kept.response.size(),
            at: self.shared.epoch(kept.response.ended),
            failure,
        };
        let recorder = &mut *self.shared.recorder.borrow_mut();
        recorder.call(kept.key, &call);
        if kept.group != Group::NONE {
            recorder.call_within(kept.group, &call);
        }
        if recorder.watches_requests() {
            self.sample(recorder, kept, failure.is_some());
        }
        if self.hooks.get().contains(Hook::Request) && !self.telling.get() {
            let done = self.request_done(kept, failure, recorder.label(kept.key));
            self.happened.borrow_mut().push(done);
        }
    }

    fn request_done(&self, kept: &Kept, failure: Option<&str>, label: &Label) -> Happened {
        let response = &kept.response;
        let started = response.ended.checked_sub(response.elapsed).unwrap_or(response.ended);
        let since_start = started.saturating_duration_since(self.shared.started);
        Happened::Request(Box::new(RequestDone {
            method: label.method.clone(),
            name: label.name.clone(),
            url: response.url(),
            response_time: response.elapsed,
            response_length: response.size(),
            status_code: kept.status(),
            exception: failure.map(str::to_owned),
            start_time: (self.shared.started_epoch + since_start).as_secs_f64(),
            rpc: None,
        }))
    }

    /// Something that listeners are to hear, if there are any.
    pub fn happen(&self, happened: Happened) {
        if self.hooks.get().contains(happened.hook()) && !self.telling.get() {
            self.happened.borrow_mut().push(happened);
        }
    }

    /// Whether listeners have something to hear.
    pub fn has_news(&self) -> bool {
        self.hooks.get().listen() && !self.telling.get() && !self.happened.borrow().is_empty()
    }

    /// Takes what listeners have not heard yet. Until `told`, nothing is kept for them.
    pub fn news(&self) -> Vec<Happened> {
        self.telling.set(true);
        std::mem::take(&mut *self.happened.borrow_mut())
    }

    /// A listener raised: counted each time, logged once a VM.
    pub fn listener_raised(&self, hook: Hook, fault: &Fault) {
        self.record_exception(hook.name(), fault);
        if !self.complained.replace(true) {
            let at = fault.at.as_ref().map(|at| format!(" ({}:{})", at.file, at.line)).unwrap_or_default();
            self.log(Level::Error, format!("{}: {}{at}", hook.name(), fault.what));
        }
    }

    /// All listeners have been called.
    pub fn told(&self) {
        self.telling.set(false);
    }

    /// Counts an error of the script.
    pub fn record_exception(&self, task: &str, fault: &Fault) {
        let message = message_of(fault);
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
        self.settle();
        self.responses.borrow_mut().clear();
        self.release_rpcs();
    }

    /// Counts by the default rule what the script left unjudged.
    pub fn settle(&self) {
        for kept in self.responses.borrow_mut().all_mut() {
            if kept.verdict != Verdict::Settled {
                kept.verdict = Verdict::Settled;
                self.record(kept, kept.default_failure().as_deref());
            }
        }
        self.settle_rpcs();
    }
}
