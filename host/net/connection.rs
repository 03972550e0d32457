//! One connection of a VU. It owns no buffers: they are the worker's, and lent
//! for as long as bytes move. Made by `connector`, driven by `exchange`, kept by
//! `client`.

use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Instant;

use tokio::task::coop::unconstrained;
use tokio::time::Sleep;

use super::origin::Origin;
use super::peer::Security;
use super::stream::Stream;

/// A connection to an origin. Dropping it closes it.
pub(super) struct Connection {
    pub(super) origin: Rc<Origin>,
    /// The number of its guise: how it is secured. 0 for http.
    pub(super) guise: u32,
    /// What its handshake agreed on; None for http.
    pub(super) security: Option<Rc<Security>>,
    pub(super) stream: Stream,
    pub(super) alarm: Alarm,
    /// Whether another request may go over it, as far as is known.
    pub(super) is_reusable: bool,
    /// Whether a request went over it before.
    pub(super) is_used: bool,
    /// It is to be spoken to in HTTP/2.
    pub(super) is_http2: bool,
}

impl Connection {
    pub(super) fn new(
        origin: Rc<Origin>,
        guise: u32,
        stream: Stream,
        security: Option<Rc<Security>>,
    ) -> Self {
        Connection {
            origin,
            guise,
            security,
            stream,
            alarm: Alarm::default(),
            is_reusable: true,
            is_used: false,
            is_http2: false,
        }
    }
}

/// A timer that is kept from request to request, and moved only when it rings:
/// setting one for each request would cost more than watching the socket.
#[derive(Default)]
pub(super) struct Alarm {
    sleep: Option<Pin<Box<Sleep>>>,
    /// Whom it wakes.
    waker: Option<Waker>,
}

impl Alarm {
    /// Sees to it that the task of `cx` is woken at `at` or earlier, unless it is that late:
    /// then it returns true.
    pub(super) fn is_over(&mut self, at: Instant, cx: &mut Context<'_>) -> bool {
        let due = at.into();
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(due)));
        if sleep.deadline() > due {
            sleep.as_mut().reset(due);
            self.waker = None;
        }
        if !sleep.is_elapsed() && self.waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            return false;
        }
        // One that an earlier request has set may ring too early, which costs a look at the
        // clock, but never too late. Outside of tokio's budget: once that is spent, a timer says
        // that it is pending without having been set.
        while pin!(unconstrained(sleep.as_mut())).poll(cx).is_ready() {
            if Instant::now() >= at {
                self.waker = None;
                return true;
            }
            sleep.as_mut().reset(due);
        }
        self.waker = Some(cx.waker().clone());
        false
    }
}
