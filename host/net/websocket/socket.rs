//! An open WebSocket as its VU sees it. The other side of it is `pump`; both are on one thread,
//! and meet in `state`.

use std::cell::RefCell;
use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Utf8Bytes};

use super::state::{CLOSE_WAIT, LEAVE_WAIT, NO_FRAME, Stage, State};
use crate::net::error::Error;

/// The code of a VU that ends.
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

impl Socket {
    pub(super) fn new() -> Socket {
        Socket { state: RefCell::new(State::new()) }
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
