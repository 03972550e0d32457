//! The shared connections of a client: one an origin and guise. While one is being opened, those who need it
//! wait. Used by `sharing`.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Poll, Waker};

use super::session::Session;
use crate::net::error::{Error, ErrorKind};
use crate::net::origin::Origin;

/// As many as a client keeps idle of HTTP/1.1.
const MOST: usize = 16;

#[derive(Default)]
pub(in crate::net) struct Sessions {
    open: Vec<Rc<Session>>,
    opening: Vec<Rc<Opening>>,
}

/// A connection that is being opened.
pub(in crate::net) struct Opening {
    origin: Rc<Origin>,
    guise: u32,
    is_over: Cell<bool>,
    failure: RefCell<Option<Error>>,
    waiting: RefCell<Vec<Waker>>,
}

/// What somebody who needs a connection has to do.
pub(in crate::net) enum Claim {
    /// Use it.
    Open(Rc<Session>),
    /// Wait, and ask again.
    Wait(Rc<Opening>),
    /// Open it.
    Mine(Rc<Opening>),
}

impl Sessions {
    pub(in crate::net) fn claim(&mut self, origin: &Rc<Origin>, guise: u32) -> Claim {
        self.sweep();
        let open = self.open.iter().find(|session| session.guise == guise && session.origin.is(origin));
        if let Some(session) = open {
            return Claim::Open(session.clone());
        }
        self.opening.retain(|opening| !opening.is_over.get());
        let opening = self.opening.iter().find(|one| one.guise == guise && one.origin.is(origin));
        if let Some(opening) = opening {
            return Claim::Wait(opening.clone());
        }
        let opening = Rc::new(Opening {
            origin: origin.clone(),
            guise,
            is_over: Cell::new(false),
            failure: RefCell::default(),
            waiting: RefCell::default(),
        });
        self.opening.push(opening.clone());
        Claim::Mine(opening)
    }

    /// Lets go of those that nothing more can go over.
    pub(in crate::net) fn sweep(&mut self) {
        self.open.retain(|session| !session.is_gone());
    }

    pub(in crate::net) fn keep(&mut self, session: Rc<Session>) {
        if self.open.len() >= MOST {
            let idle = self.open.iter().position(|session| !session.is_busy());
            self.open.remove(idle.unwrap_or(0));
        }
        self.open.push(session);
    }
}

impl Opening {
    /// Until it is open, or cannot be opened.
    ///
    /// # Errors
    /// Why not, unless that was the time of the request that tried.
    pub(in crate::net) async fn wait(&self) -> Result<(), Error> {
        poll_fn(|cx| {
            if self.is_over.get() {
                return Poll::Ready(());
            }
            let mut waiting = self.waiting.borrow_mut();
            if !waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
                waiting.push(cx.waker().clone());
            }
            Poll::Pending
        })
        .await;
        self.failure.borrow().clone().map_or(Ok(()), Err)
    }

    pub(in crate::net) fn fail(&self, error: &Error) {
        if error.kind != ErrorKind::Timeout {
            *self.failure.borrow_mut() = Some(error.clone());
        }
    }

    pub(in crate::net) fn end(&self) {
        self.is_over.set(true);
        self.waiting.take().into_iter().for_each(Waker::wake);
    }
}
