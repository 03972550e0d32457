//! A connection that is shared by requests, each a stream of it. It is open for as long as somebody holds it.
//! Made by `sharing`, kept in `sessions`.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::Bytes;
use h2::client::{Builder, ResponseFuture, SendRequest};
use h2::{Error, Ping, PingPong, SendStream};

use super::driver::Driver;
use super::wire::{Counts, Wire};
use crate::net::connection::{Alarm, Connection};
use crate::net::origin::Origin;
use crate::net::peer::Security;
use crate::net::worker::Net;

/// What a server may send of one body, and of all together, before it is read: bodies that a script leaves unread
/// must not stop the others.
const STREAM_WINDOW: u32 = 1 << 20;
const WINDOW: u32 = 64 << 20;

/// h2 charges up to 256 bytes for a smaller piece of a body that lies here unread, and ends the connection where that
/// is more than this. A window full of lines of some bytes is no attack.
const MOST_OVERHEAD: usize = 32 << 20;

/// What of a request's body waits here until the server takes it.
const MOST_UNSENT: usize = 64 << 10;

/// So many times larger than the settings allow a head may be without the stream being broken off: then it is
/// known what was wrong with it.
const SLACK: usize = 4;

pub(in crate::net) struct Session {
    pub(in crate::net) origin: Rc<Origin>,
    pub(in crate::net) guise: u32,
    pub(in crate::net) security: Option<Rc<Security>>,
    sender: SendRequest<Bytes>,
    pub(super) counts: Rc<Counts>,
    /// The bytes that a request was charged with already.
    charged: Cell<(u64, u64)>,
    /// Streams in use.
    leased: Cell<usize>,
    waiting: RefCell<Vec<Waker>>,
    /// No further stream is to be opened.
    is_over: Cell<bool>,
    pings: RefCell<Option<PingPong>>,
    /// When the server was last asked whether it is there, and the bytes received by then.
    asked: Cell<Option<(Instant, u64)>>,
    /// Lent to the requests.
    pub(super) alarm: Cell<Option<Alarm>>,
}

/// Whether there is a stream for one more request.
pub(in crate::net) enum Room {
    Free(Lease),
    Full,
    /// Nor will there be.
    Gone,
}

impl Session {
    /// Begins to speak HTTP/2 over a new connection, on the worker that this is called on.
    ///
    /// # Errors
    /// The connection ended.
    pub(in crate::net) async fn start(net: &Net, connection: Connection) -> Result<Rc<Session>, Error> {
        let most_header = net.settings.max_header.saturating_mul(SLACK);
        let Connection { origin, guise, security, stream, .. } = connection;
        let charged = Cell::new((stream.sent(), stream.received()));
        let (wire, counts) = Wire::new(stream);
        let (sender, mut connection) = Builder::new()
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(WINDOW)
            .data_frame_budget(MOST_OVERHEAD)
            .max_send_buffer_size(MOST_UNSENT)
            .max_header_list_size(u32::try_from(most_header).unwrap_or(u32::MAX >> 8).min(u32::MAX >> 8))
            // Until the server has said how many it takes.
            .initial_max_send_streams(1)
            .handshake(wire)
            .await?;
        let session = Rc::new(Session {
            origin,
            guise,
            security,
            sender,
            counts,
            charged,
            leased: Cell::new(0),
            waiting: RefCell::default(),
            is_over: Cell::new(false),
            pings: RefCell::new(connection.ping_pong()),
            asked: Cell::default(),
            alarm: Cell::default(),
        });
        let driver = Driver { connection, session: Rc::downgrade(&session), alarm: None };
        tokio::task::spawn_local(driver);
        Ok(session)
    }

    /// Whether no further stream can be opened: the connection has ended, or the server is about to end it.
    pub(in crate::net) fn is_gone(&self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        self.is_over.get() || matches!(self.sender.clone().poll_ready(&mut cx), Poll::Ready(Err(_)))
    }

    /// No further stream is opened; those that are there go on.
    pub(in crate::net) fn retire(&self) {
        self.is_over.set(true);
    }

    /// A request that began at `begun`, when so many bytes had been received, was given up. Where nothing has come
    /// since, the server is asked whether it is there: a slow one says so, and keeps its connection. Where it was asked
    /// before the request began, and nothing has come since then, nobody is there.
    pub(super) fn doubt(&self, begun: Instant, before: u64) {
        let received = self.counts.received.get();
        if received != before {
            return;
        }
        if let Some((at, then)) = self.asked.get()
            && then == received
        {
            if begun > at {
                self.retire();
            }
            return;
        }
        self.asked.set(Some((Instant::now(), received)));
        if let Some(pings) = &mut *self.pings.borrow_mut() {
            // Its answer counts as a byte received; taken here, so that another can be sent.
            let _ = pings.poll_pong(&mut Context::from_waker(Waker::noop()));
            // It fails where the last one is still unanswered, or the connection has ended.
            let _ = pings.send_ping(Ping::opaque());
        }
    }

    pub(in crate::net) fn is_busy(&self) -> bool {
        self.leased.get() > 0
    }

    /// Whether the server takes one more stream.
    fn has_room(&self) -> bool {
        self.leased.get() < self.sender.current_max_send_streams()
    }

    pub(in crate::net) fn room(self: &Rc<Self>) -> Room {
        if self.is_gone() {
            return Room::Gone;
        }
        if !self.has_room() {
            return Room::Full;
        }
        self.leased.set(self.leased.get() + 1);
        Room::Free(Lease(self.clone()))
    }

    /// The same once there is some: never `Full`.
    pub(in crate::net) async fn wait(self: &Rc<Self>) -> Room {
        poll_fn(|cx| match self.room() {
            Room::Full => {
                let mut waiting = self.waiting.borrow_mut();
                // The requests of a batch are one task.
                if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
                    waiting.push(cx.waker().clone());
                }
                Poll::Pending
            }
            room => Poll::Ready(room),
        })
        .await
    }

    /// Wakes who waits for room, if there is some, or none to come.
    pub(super) fn wake(&self) {
        if !self.waiting.borrow().is_empty() && (self.has_room() || self.is_gone()) {
            self.waiting.take().into_iter().for_each(Waker::wake);
        }
    }

    pub(super) fn send(
        &self,
        request: http::Request<()>,
        is_whole: bool,
    ) -> Result<(ResponseFuture, SendStream<Bytes>), Error> {
        self.sender.clone().send_request(request, is_whole)
    }

    /// Bytes sent and received that no request was charged with yet. What streams at the same time move counts for
    /// the one that ends first.
    pub(super) fn charge(&self) -> (u64, u64) {
        let now = (self.counts.sent.get(), self.counts.received.get());
        let before = self.charged.replace(now);
        (now.0 - before.0, now.1 - before.1)
    }
}

/// The right to one stream.
pub(in crate::net) struct Lease(pub(super) Rc<Session>);

impl Drop for Lease {
    fn drop(&mut self) {
        self.0.leased.set(self.0.leased.get() - 1);
        self.0.wake();
    }
}
