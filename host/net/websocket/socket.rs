//! An open WebSocket as its VU sees it: what has arrived, and what is to be sent. The
//! other side of it is `pump`; both are on one thread, and meet in `State`.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Utf8Bytes};

use crate::net::error::{Error, ErrorKind};

/// The server's answer to a close frame is waited for so long.
pub(super) const CLOSE_WAIT: Duration = Duration::from_secs(5);
/// And the writing of the last one.
pub(super) const LEAVE_WAIT: Duration = Duration::from_secs(1);

/// Nothing more is read while so many messages, or so many bytes of them, wait for the script.
const MOST_HELD: (usize, usize) = (64, 1 << 20);

/// The close code where no close frame came, and where one came without a code: RFC 6455, 7.1.5.
const NO_FRAME: u16 = 1006;
pub(super) const NO_CODE: u16 = 1005;
/// The one of a VU that ends.
const GOING_AWAY: u16 = 1001;

/// A message of either side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    Text(Utf8Bytes),
    Binary(Bytes),
}

impl Message {
    pub fn text(text: impl Into<String>) -> Message {
        Message::Text(text.into().into())
    }

    pub fn binary(bytes: impl Into<Bytes>) -> Message {
        Message::Binary(bytes.into())
    }

    pub fn bytes(&self) -> &[u8] {
        match self {
            Message::Text(text) => text.as_bytes(),
            Message::Binary(bytes) => bytes,
        }
    }
}

/// What became of something that was waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome<T> {
    Done(T),
    TimedOut,
    /// The socket is closed, or was closed meanwhile.
    Closed,
}

/// A WebSocket. Dropping it lets its connection end.
pub struct Socket {
    pub(super) state: RefCell<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Open,
    /// A close frame of either side is there; the other one may follow.
    Closing,
    /// What is to be written is written, and nothing else waited for.
    Leaving,
    /// The connection is gone.
    Over,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) stage: Stage,
    pub(super) inbox: VecDeque<Message>,
    /// Bytes in it.
    held: usize,
    pub(super) outgoing: Option<tungstenite::Message>,
    /// The last of them is not with the system yet.
    pub(super) is_flushing: bool,
    /// The last frame that is sent.
    pub(super) farewell: Option<CloseFrame>,
    /// How long the connection may live on, once it closes.
    pub(super) linger: Option<Duration>,
    /// What the pong that is waited for must hold, and when it came.
    awaited: Option<Bytes>,
    pong_at: Option<Instant>,
    pings: u64,
    /// When it was known that no further message comes.
    pub(super) ended: Option<Instant>,
    /// From the server's close frame.
    close: Option<(u16, String)>,
    error: Option<Error>,
    pub(super) sent: u64,
    received: u64,
    user: Option<Waker>,
    pub(super) pump: Option<Waker>,
}

impl State {
    /// Nothing more is read before the script has taken some.
    pub(super) fn is_full(&self) -> bool {
        self.inbox.len() >= MOST_HELD.0 || self.held >= MOST_HELD.1
    }

    pub(super) fn take(&mut self, message: Message) {
        if self.ended.is_none() {
            self.received += 1;
            self.held += message.bytes().len();
            self.inbox.push_back(message);
            self.wake_user();
        }
    }

    pub(super) fn take_pong(&mut self, data: &Bytes) {
        if self.awaited.as_ref() == Some(data) {
            self.awaited = None;
            self.pong_at = Some(Instant::now());
            self.wake_user();
        }
    }

    /// The server's close frame, or why none came.
    pub(super) fn end(&mut self, close: Result<(u16, String), Error>) {
        match close {
            Ok(close) => {
                self.close.get_or_insert(close);
            }
            // Of a socket that the script has closed, nobody misses anything.
            Err(error) if self.ended.is_none() => self.error = Some(error),
            Err(_) => {}
        }
        self.ended.get_or_insert_with(Instant::now);
        self.wake_user();
    }

    pub(super) fn wake_user(&mut self) {
        if let Some(user) = self.user.take() {
            user.wake();
        }
    }

    fn wake_pump(&mut self) {
        if let Some(pump) = self.pump.take() {
            pump.wake();
        }
    }

    fn wait<T>(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        self.user = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The script takes no message any more.
    fn discard(&mut self) {
        self.inbox.clear();
        self.held = 0;
        self.ended.get_or_insert_with(Instant::now);
    }
}

impl Socket {
    pub(super) fn new() -> Socket {
        let state = State {
            stage: Stage::Open,
            inbox: VecDeque::new(),
            held: 0,
            outgoing: None,
            is_flushing: false,
            farewell: None,
            linger: None,
            awaited: None,
            pong_at: None,
            pings: 0,
            ended: None,
            close: None,
            error: None,
            sent: 0,
            received: 0,
            user: None,
            pump: None,
        };
        Socket { state: RefCell::new(state) }
    }

    /// Sends a message; done when the system has taken it. One that ran into its time is sent
    /// all the same as soon as the server reads on.
    pub async fn send(&self, message: Message, limit: Duration) -> Outcome<()> {
        let message = match message {
            Message::Text(text) => tungstenite::Message::Text(text),
            Message::Binary(bytes) => tungstenite::Message::Binary(bytes),
        };
        within(limit, self.write(message)).await
    }

    async fn write(&self, message: tungstenite::Message) -> Outcome<()> {
        let mut message = Some(message);
        poll_fn(|cx| {
            let state = &mut *self.state.borrow_mut();
            if message.is_none() && !state.is_flushing {
                return Poll::Ready(Outcome::Done(()));
            }
            if state.ended.is_some() {
                return Poll::Ready(Outcome::Closed);
            }
            // One that ran into its time may be in the way.
            if !state.is_flushing
                && let Some(message) = message.take()
            {
                state.outgoing = Some(message);
                state.is_flushing = true;
                state.wake_pump();
            }
            state.wait(cx)
        })
        .await
    }

    /// The next message; None: as long as it takes. What has arrived before the end comes first.
    pub async fn receive(&self, limit: Option<Duration>) -> Outcome<Message> {
        let next = poll_fn(|cx| {
            let state = &mut *self.state.borrow_mut();
            let was_full = state.is_full();
            if let Some(message) = state.inbox.pop_front() {
                state.held -= message.bytes().len();
                if was_full && !state.is_full() {
                    state.wake_pump();
                }
                return Poll::Ready(Outcome::Done(message));
            }
            if state.ended.is_some() {
                return Poll::Ready(Outcome::Closed);
            }
            state.wait(cx)
        });
        match limit {
            None => next.await,
            Some(limit) => {
                if limit.is_zero() {
                    // What lies in the system's buffers has arrived, too.
                    tokio::task::yield_now().await;
                }
                within(limit, next).await
            }
        }
    }

    /// Sends a ping of at most 125 bytes and waits for its pong: the time between.
    pub async fn ping(&self, data: Option<Bytes>, limit: Duration) -> Outcome<Duration> {
        let data = {
            let state = &mut *self.state.borrow_mut();
            state.pings += 1;
            let data = data.unwrap_or_else(|| state.pings.to_string().into());
            state.awaited = Some(data.clone());
            state.pong_at = None;
            data
        };
        let begun = Instant::now();
        within(limit, async {
            match self.write(tungstenite::Message::Ping(data)).await {
                Outcome::Done(()) => {}
                Outcome::TimedOut => return Outcome::TimedOut,
                Outcome::Closed => return Outcome::Closed,
            }
            poll_fn(|cx| {
                let state = &mut *self.state.borrow_mut();
                match (state.pong_at, state.ended) {
                    (Some(at), _) => Poll::Ready(Outcome::Done(at - begun)),
                    (None, Some(_)) => Poll::Ready(Outcome::Closed),
                    (None, None) => state.wait(cx),
                }
            })
            .await
        })
        .await
    }

    /// Sends a close frame and waits for the server's, for a short time. What has arrived and
    /// was not taken is dropped.
    pub async fn close(&self, code: u16, reason: &str) {
        self.bid(code, reason, Stage::Closing, CLOSE_WAIT);
        self.over().await;
    }

    /// Begins to tell the server that its peer goes away; `over` waits no longer than that takes.
    pub fn leave(&self) {
        self.bid(GOING_AWAY, "", Stage::Leaving, LEAVE_WAIT);
    }

    fn bid(&self, code: u16, reason: &str, stage: Stage, linger: Duration) {
        let state = &mut *self.state.borrow_mut();
        match state.stage {
            Stage::Open => {
                state.farewell = Some(CloseFrame { code: code.into(), reason: reason.into() });
                (state.stage, state.linger) = (stage, Some(linger));
            }
            // The server has closed it already, or nobody answers.
            Stage::Closing => (state.stage, state.linger) = (Stage::Leaving, Some(LEAVE_WAIT)),
            Stage::Leaving | Stage::Over => {}
        }
        state.discard();
        state.wake_pump();
    }

    /// Waits until the connection of a socket that was closed, or is left, is gone.
    pub async fn over(&self) {
        poll_fn(|cx| {
            let state = &mut *self.state.borrow_mut();
            if state.stage == Stage::Over { Poll::Ready(()) } else { state.wait(cx) }
        })
        .await;
    }

    /// Whether messages can be sent.
    pub fn is_open(&self) -> bool {
        self.state.borrow().ended.is_none()
    }

    /// When it closed.
    pub fn ended(&self) -> Option<Instant> {
        self.state.borrow().ended
    }

    /// The code and reason of the server's close frame; 1005 where it had no code, 1006 where
    /// none came. None while it is open.
    pub fn close_frame(&self) -> Option<(u16, String)> {
        let state = self.state.borrow();
        let close = state.close.clone().unwrap_or_else(|| (NO_FRAME, String::new()));
        state.ended.map(|_| close)
    }

    /// Why it closed, where that was no close of either side.
    pub fn error(&self) -> Option<Error> {
        self.state.borrow().error.clone()
    }

    /// Messages sent and received.
    pub fn counts(&self) -> (u64, u64) {
        let state = self.state.borrow();
        (state.sent, state.received)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.state.get_mut().wake_pump();
    }
}

async fn within<T>(limit: Duration, outcome: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    tokio::time::timeout(limit, outcome).await.unwrap_or(Outcome::TimedOut)
}

/// What ended a socket, other than a close frame, and the code to tell the server, if it can be told.
pub(super) fn explain(error: tungstenite::Error) -> (Error, Option<u16>) {
    use tungstenite::error::{CapacityError, ProtocolError};
    match error {
        tungstenite::Error::Io(error) => {
            let error = Error::of_io(&error);
            let text = error.text.replace(" before it answered", "");
            (Error { text, ..error }, None)
        }
        tungstenite::Error::ConnectionClosed
        | tungstenite::Error::AlreadyClosed
        | tungstenite::Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            (Error::new(ErrorKind::Closed, "the server closed the connection without a close frame"), None)
        }
        tungstenite::Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            let text = format!("a message of {size} bytes is larger than {max_size} (max_message)");
            (Error::new(ErrorKind::TooLarge, text), Some(1009))
        }
        tungstenite::Error::Utf8(_) => {
            (Error::new(ErrorKind::Protocol, "the server sent a text that is not UTF-8"), Some(1007))
        }
        error => {
            let text = format!("the server broke the WebSocket protocol: {error}");
            let text = text.replace("WebSocket protocol error: ", "").to_owned();
            (Error::new(ErrorKind::Protocol, text), Some(1002))
        }
    }
}
