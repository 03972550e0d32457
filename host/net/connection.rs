//! One connection of a VU and its two states of rest: with hyper's buffers for
//! the next request, or only the socket for a long think time. Made by
//! `connector`, driven by `exchange`, kept by `client`.

use std::pin::Pin;
use std::rc::Rc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::Sleep;

use super::origin::Origin;
use super::stream::{Meter, Stream};

type Io = TokioIo<Stream>;

/// hyper's connection future: reads and writes whenever it is polled.
pub(super) type Driver = http1::Connection<Io, Full<Bytes>>;

/// hyper's two halves. They are polled together in place: no task.
pub(super) struct Live {
    pub(super) sender: http1::SendRequest<Full<Bytes>>,
    /// None once it has ended; dropping it also answers what waits on it.
    pub(super) driver: Option<Driver>,
}

pub(super) enum State {
    Live(Box<Live>),
    Bare(Io),
    Closed,
}

/// A connection to an origin. Dropping it closes it.
pub(super) struct Connection {
    pub(super) origin: Rc<Origin>,
    /// Whether its certificate was checked (always for http).
    pub(super) verify: bool,
    pub(super) meter: Rc<Meter>,
    /// Kept from request to request, and moved only when it fires: setting a
    /// timer for each request would cost more than watching the socket.
    pub(super) alarm: Option<Pin<Box<Sleep>>>,
    pub(super) state: State,
}

impl State {
    /// hyper's side, made now if the connection is bare; None: it is closed.
    pub(super) async fn wake(&mut self, builder: &http1::Builder) -> Option<&mut Live> {
        if matches!(self, State::Bare(_))
            && let State::Bare(io) = std::mem::replace(self, State::Closed)
        {
            // HTTP/1.1 has no handshake: this never waits and never fails.
            if let Ok((sender, driver)) = builder.handshake(io).await {
                *self = State::Live(Box::new(Live { sender, driver: Some(driver) }));
            }
        }
        match self {
            State::Live(live) => Some(live),
            State::Bare(_) | State::Closed => None,
        }
    }
}

impl Connection {
    pub(super) fn new(origin: Rc<Origin>, verify: bool, stream: Stream, meter: Rc<Meter>) -> Self {
        let state = State::Bare(TokioIo::new(stream));
        Connection { origin, verify, meter, alarm: None, state }
    }

    /// Whether another request may go over it, as far as can be seen without
    /// touching the socket.
    pub(super) fn is_reusable(&self) -> bool {
        match &self.state {
            State::Live(live) => live.driver.is_some() && live.sender.is_ready(),
            State::Bare(_) => true,
            State::Closed => false,
        }
    }

    /// Gives hyper's buffers back (some 25 KiB) and keeps the socket.
    pub(super) fn rest(&mut self) {
        if !self.is_reusable() {
            return;
        }
        if let State::Live(live) = std::mem::replace(&mut self.state, State::Closed)
            && let Some(driver) = live.driver
        {
            let parts = driver.into_parts();
            // Bytes that nobody asked for: such a server is not trusted further.
            if parts.read_buf.is_empty() {
                self.state = State::Bare(parts.io);
            }
        }
    }
}
