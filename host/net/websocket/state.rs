//! What a socket and its task know together: what has arrived, what is to be sent, how far the
//! closing has come. Used by `socket` and `pump`.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

use super::socket::Message;
use crate::net::error::Error;

/// The server's answer to a close frame is waited for so long.
pub(super) const CLOSE_WAIT: Duration = Duration::from_secs(5);
/// And the writing of the last one.
pub(super) const LEAVE_WAIT: Duration = Duration::from_secs(1);

/// Nothing more is read while so many messages, or so many bytes of them, wait for the script.
const MOST_HELD: (usize, usize) = (64, 1 << 20);

/// The close code where no close frame came, and where one came without a code: RFC 6455, 7.1.5.
pub(super) const NO_FRAME: u16 = 1006;
pub(super) const NO_CODE: u16 = 1005;

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
    pub(super) held: usize,
    pub(super) outgoing: Option<tungstenite::Message>,
    /// The last of them is not with the system yet.
    pub(super) is_flushing: bool,
    /// The last frame that is sent.
    pub(super) farewell: Option<CloseFrame>,
    /// How long the connection may live on, once it closes.
    pub(super) linger: Option<Duration>,
    /// What the pong that is waited for must hold, and when it came.
    pub(super) awaited: Option<Bytes>,
    pub(super) pong_at: Option<Instant>,
    pub(super) pings: u64,
    /// When it was known that no further message comes.
    pub(super) ended: Option<Instant>,
    /// From the server's close frame.
    pub(super) close: Option<(u16, String)>,
    pub(super) error: Option<Error>,
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) user: Option<Waker>,
    pub(super) pump: Option<Waker>,
}

impl State {
    pub(super) fn new() -> State {
        State {
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
        }
    }

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

    pub(super) fn wake_pump(&mut self) {
        if let Some(pump) = self.pump.take() {
            pump.wake();
        }
    }

    pub(super) fn wait<T>(&mut self, cx: &mut Context<'_>) -> Poll<T> {
        self.user = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The script takes no message any more.
    pub(super) fn discard(&mut self) {
        self.inbox.clear();
        self.held = 0;
        self.ended.get_or_insert_with(Instant::now);
    }
}
