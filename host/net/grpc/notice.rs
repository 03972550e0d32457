//! How it is noticed that the server has ended a call that goes on, beyond reading message after message. Part of
//! `stream`.

use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::answer::Failure;
use super::framing::Inbox;
use super::status::Status;
use super::stream::{Received, Rpc, State};
use crate::net::error::ErrorKind;

/// Unread messages are looked behind as long as they have no more bytes.
const UNREAD: usize = 1 << 20;

impl Rpc {
    /// Takes notice of what has come, without waiting: the server may have ended the call. Messages can still be taken.
    pub fn look(&self) {
        self.state.borrow_mut().look(UNREAD);
    }

    /// Ends the call from this side, unless the server has ended it already. What was not taken is dropped.
    pub fn cancel(&self) {
        let state = &mut *self.state.borrow_mut();
        while let Ok(Some(_)) = state.inbox.next() {}
        while state.over.is_none() {
            let before = state.inbox.held();
            state.look(before + 1);
            while let Ok(Some(_)) = state.inbox.next() {}
            if state.over.is_none() && state.inbox.held() <= before {
                break;
            }
        }
        state.give_up(Failure::cancelled());
    }

    /// Ends the call because of what the server sent in it, also where the server has ended it in order.
    pub fn refuse(&self, text: impl Into<String>) {
        let failure = Failure::new(Status::INTERNAL, ErrorKind::Protocol, text);
        let state = &mut *self.state.borrow_mut();
        state.inbox = Inbox::default();
        match &mut state.over {
            Some(over) => drop(over.failure.get_or_insert(failure)),
            None => state.give_up(failure),
        }
    }

    /// The message of a method that replies with one, once the status is there as well: without OK there is none.
    pub async fn receive_only(&self, patience: Option<Duration>) -> Received {
        let begun = Instant::now();
        let first = self.receive(patience).await;
        match first {
            Received::Message(message) => {
                let left = patience.map(|patience| patience.saturating_sub(begun.elapsed()));
                match self.receive(left).await {
                    Received::TimedOut => Received::Message(message),
                    Received::Over if self.is_ok() => Received::Message(message),
                    Received::Over => Received::Over,
                    Received::Message(_) => {
                        self.refuse("the server sent a second message where its method replies with one");
                        Received::Over
                    }
                }
            }
            Received::Over if self.is_ok() && self.counts().1 == 0 => {
                self.refuse("the server said OK, but sent no message");
                Received::Over
            }
            other => other,
        }
    }

    fn is_ok(&self) -> bool {
        self.state.borrow().over.as_ref().is_some_and(|over| over.failure.is_none())
    }
}

impl State {
    /// Reads what is there, until so many bytes of messages wait.
    fn look(&mut self, most: usize) {
        let mut cx = Context::from_waker(Waker::noop());
        while self.over.is_none() && self.inbox.held() < most {
            match self.poll_more(&mut cx) {
                Poll::Pending => return,
                Poll::Ready(Err(failure)) => self.finish(Some(failure)),
                Poll::Ready(Ok(())) => {}
            }
        }
    }
}
