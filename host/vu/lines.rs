//! What a VU holds open beyond a call of its script: WebSockets, event sources and streams of gRPC. Scripts hold
//! numbers; a line lives until it is closed, or its VU ends. Used by `api`; `run` ends them.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::metrics::{Call, Group, Key, Kind, Recorder};
use crate::net::{Error, Listening, Response, Socket, Source, socket_url};

use super::hooks::{Happened, Hook, RequestDone};
use super::rpc::HeldRpc;
use super::user::Vu;

/// WebSockets and event sources that a VU may hold open at the same time: each is a connection. Streams of gRPC share
/// one.
pub const MOST_OPEN: usize = 64;

/// Of closed ones so many are kept, so that a script can still ask why they closed.
const MOST_CLOSED: usize = 8;

/// What was asked for a line, and what it counts under.
pub struct Terms {
    pub key: Key,
    pub group: Group,
    /// Of its metrics.
    pub tags: Vec<(String, String)>,
    /// How long a step of it may take.
    pub limit: Duration,
    /// How long a loop over it waits for the next item; None: as long as it takes.
    pub patience: Cell<Option<Duration>>,
}

/// A WebSocket, or why there is none.
pub struct HeldSocket {
    pub terms: Terms,
    pub response: Box<Response>,
    pub protocol: Option<String>,
    pub socket: Option<Rc<Socket>>,
    begun: Instant,
    /// Messages sent and received that are counted already.
    counted: Cell<(u64, u64)>,
    has_ended: Cell<bool>,
}

/// A connection for an event source, while it is being made.
pub type Opening = Pin<Box<dyn Future<Output = Listening>>>;

/// An event source over all its connections.
pub struct HeldSource {
    pub terms: Terms,
    /// The last answer.
    pub response: RefCell<Rc<Response>>,
    /// The connection that stands.
    pub source: RefCell<Option<Rc<Source>>>,
    /// Connects again, with the id of the last event.
    pub connect: Box<dyn Fn(String) -> Opening>,
    /// The connection that is being made; it is gone on with from call to call.
    pub opening: RefCell<Option<Opening>>,
    /// When the next one is due. None while one stands, and once there is none to come.
    pub due: Cell<Option<Instant>>,
    /// How often it may still connect again.
    pub left: Cell<u64>,
    pub reconnects: Cell<u64>,
    pub last_id: RefCell<String>,
    /// How long the server wants it to wait before.
    pub retry: Cell<Duration>,
    /// Why it ended, where that was not in order.
    pub error: RefCell<Option<Error>>,
}

#[derive(Clone)]
pub enum Line {
    Socket(Rc<HeldSocket>),
    Source(Rc<HeldSource>),
    Rpc(Rc<HeldRpc>),
}

/// The lines of a VU, by number.
#[derive(Default)]
pub struct Lines {
    last: u64,
    kept: Vec<(u64, Line)>,
}

impl HeldSocket {
    /// `begun`: when the connection was asked for.
    pub fn new(terms: Terms, handshake: crate::net::Handshake, begun: Instant) -> Self {
        let crate::net::Handshake { response, socket, protocol } = handshake;
        let has_ended = Cell::new(socket.is_none());
        HeldSocket { terms, response, protocol, socket, begun, counted: Cell::default(), has_ended }
    }
}

impl HeldSource {
    /// Whether events may still come.
    pub fn is_open(&self) -> bool {
        self.source.borrow().is_some() || self.opening.borrow().is_some() || self.due.get().is_some()
    }

    pub fn close(&self) {
        self.source.take();
        self.opening.take();
        self.due.set(None);
    }
}

impl Line {
    fn is_open(&self) -> bool {
        match self {
            Line::Socket(held) => held.socket.as_ref().is_some_and(|socket| socket.is_open()),
            Line::Source(held) => held.is_open(),
            Line::Rpc(held) => !held.rpc.is_over(),
        }
    }
}

impl Lines {
    /// How many of a kind are open.
    pub fn count_open(&self, is_counted: impl Fn(&Line) -> bool) -> usize {
        self.kept.iter().filter(|(_, line)| is_counted(line) && line.is_open()).count()
    }

    pub fn insert(&mut self, line: Line) -> u64 {
        let mut closed = self.kept.iter().filter(|(_, line)| !line.is_open()).count();
        self.kept.retain(|(_, line)| {
            let goes = closed >= MOST_CLOSED && !line.is_open();
            closed -= usize::from(goes);
            !goes
        });
        self.last += 1;
        self.kept.push((self.last, line));
        self.last
    }

    /// None where it was closed, and others after it.
    pub fn get(&self, number: u64) -> Option<&Line> {
        // Numbers only grow, and their order is kept.
        let at = self.kept.binary_search_by_key(&number, |(known, _)| *known).ok()?;
        self.kept.get(at).map(|(_, line)| line)
    }
}

impl Vu {
    /// Counts a line that was opened, or could not be.
    pub fn record_line(&self, terms: &Terms, response: &Response, failure: Option<&str>) {
        let at = self.shared.epoch(response.ended);
        let call = Call { latency: response.elapsed, bytes: 0, at, failure };
        let recorder = &mut *self.shared.recorder.borrow_mut();
        recorder.call(terms.key, &call);
        if terms.group != Group::NONE {
            recorder.call_within(terms.group, &call);
        }
        if self.hooks.get().contains(Hook::Request) {
            let label = recorder.label(terms.key);
            let started = response.ended.checked_sub(response.elapsed).unwrap_or(response.ended);
            let since_start = started.saturating_duration_since(self.shared.started);
            self.happen(Happened::Request(Box::new(RequestDone {
                method: label.method.clone(),
                name: label.name.clone(),
                url: if label.method == "WS" { socket_url(response) } else { response.url() },
                response_time: response.elapsed,
                response_length: 0,
                status_code: response.status,
                exception: failure.map(str::to_owned),
                start_time: (self.shared.started_epoch + since_start).as_secs_f64(),
                rpc: None,
            })));
        }
    }

    /// Adds to a metric of e2e's own.
    pub fn measure(&self, kind: Kind, name: &str, value: f64, tags: &[(String, String)]) {
        self.measure_told(kind, name, value, |recorder| {
            tags.iter().for_each(|(name, value)| recorder.tag(name, value));
        });
    }

    /// The same, with the tags that `tell` sets.
    pub(super) fn measure_told(&self, kind: Kind, name: &str, value: f64, tell: impl FnOnce(&mut Recorder)) {
        let recorder = &mut *self.shared.recorder.borrow_mut();
        let unit = if kind == Kind::Trend { "ms" } else { "" };
        // Scripts cannot declare names of ours; one too many of theirs is an error there.
        let Ok(metric) = recorder.metric(kind, name, unit) else { return };
        recorder.clear_tags();
        tell(recorder);
        // When it was is asked of gauges alone: the last value of them counts.
        let at = if kind == Kind::Gauge { self.shared.started.elapsed().as_nanos() } else { 0 };
        recorder.add(metric, value, u64::try_from(at).unwrap_or(u64::MAX), self.scene());
    }

    /// Counts the messages of a socket since the last time, and its end.
    pub fn settle_socket(&self, held: &HeldSocket) {
        let Some(socket) = &held.socket else { return };
        let now = socket.counts();
        let before = held.counted.replace(now);
        let new = [("ws_msgs_sent", now.0 - before.0), ("ws_msgs_received", now.1 - before.1)];
        for (name, count) in new.into_iter().filter(|(_, count)| *count > 0) {
            self.measure(Kind::Counter, name, count as f64, &held.terms.tags);
        }
        if let Some(ended) = socket.ended()
            && !held.has_ended.replace(true)
        {
            let lived = ended.saturating_duration_since(held.begun).as_secs_f64() * 1e3;
            self.measure(Kind::Trend, "ws_session_duration", lived, &held.terms.tags);
        }
    }

    /// The end of the VU, or of its script: what is open is closed, all at the same time.
    pub async fn close_lines(&self) {
        let lines = std::mem::take(&mut *self.lines.borrow_mut());
        let mut sockets = Vec::new();
        for (_, line) in lines.map_or_else(Vec::new, |lines| lines.kept) {
            match line {
                Line::Socket(held) => sockets.push(held),
                Line::Source(held) => held.close(),
                Line::Rpc(held) => self.end_rpc(&held),
            }
        }
        for socket in sockets.iter().filter_map(|held| held.socket.as_ref()) {
            socket.leave();
        }
        for held in &sockets {
            if let Some(socket) = &held.socket {
                socket.over().await;
            }
            self.settle_socket(held);
        }
    }
}

/// None until the first is opened: few VUs have any.
pub(super) type Held = RefCell<Option<Box<Lines>>>;
