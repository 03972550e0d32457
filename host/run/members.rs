//! The VUs of a worker that must hear of the end of the run: each leaves its
//! waker here once. Used by `worker` and `user`.

use std::cell::{Cell, RefCell};
use std::task::{Context, Waker};

use super::message::Phase;

/// One thread's end-of-run state and those who wait for it.
pub(super) struct Members {
    phase: Cell<Phase>,
    wakers: RefCell<Vec<Option<Waker>>>,
    free: RefCell<Vec<usize>>,
    /// Woken when the last member leaves.
    closer: RefCell<Option<Waker>>,
}

impl Members {
    pub(super) fn new() -> Self {
        Members {
            phase: Cell::new(Phase::Running),
            wakers: RefCell::default(),
            free: RefCell::default(),
            closer: RefCell::default(),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// A place for a VU; it leaves its waker when it is first polled.
    pub(super) fn join(&self) -> usize {
        if let Some(place) = self.free.borrow_mut().pop() {
            return place;
        }
        let mut wakers = self.wakers.borrow_mut();
        wakers.push(None);
        wakers.len() - 1
    }

    pub(super) fn set_waker(&self, place: usize, cx: &Context<'_>) {
        self.wakers.borrow_mut()[place] = Some(cx.waker().clone());
    }

    pub(super) fn leave(&self, place: usize) {
        self.wakers.borrow_mut()[place] = None;
        self.free.borrow_mut().push(place);
        if self.is_empty()
            && let Some(closer) = self.closer.borrow_mut().take()
        {
            closer.wake();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.wakers.borrow().len() == self.free.borrow().len()
    }

    /// Goes forward to `phase` and wakes everyone.
    pub(super) fn advance(&self, phase: Phase) {
        if phase > self.phase.get() {
            self.phase.set(phase);
            self.wakers.borrow().iter().flatten().for_each(Waker::wake_by_ref);
            if let Some(closer) = self.closer.borrow_mut().take() {
                closer.wake();
            }
        }
    }

    /// Is told when the last member leaves, and when the phase changes.
    pub(super) fn set_closer(&self, cx: &Context<'_>) {
        *self.closer.borrow_mut() = Some(cx.waker().clone());
    }
}
