//! The VUs of a worker that must hear of the end: of the run, or their own when
//! there are to be fewer users. Each leaves its waker here once. Used by `worker`,
//! `crew` and `user`.

use std::cell::{Cell, RefCell};
use std::task::{Context, Waker};

use rustc_hash::FxHashMap;

use super::message::Phase;

/// One thread's end-of-run state and those who wait for it.
pub(super) struct Members {
    phase: Cell<Phase>,
    paused: Cell<bool>,
    seats: RefCell<Vec<Seat>>,
    free: RefCell<Vec<usize>>,
    /// The place of each VU, by its id.
    places: RefCell<FxHashMap<u64, usize>>,
    /// Woken when the last member leaves.
    closer: RefCell<Option<Waker>>,
}

struct Seat {
    waker: Option<Waker>,
    /// How far this VU's own end has come.
    phase: Phase,
}

impl Members {
    pub(super) fn new() -> Self {
        Members {
            phase: Cell::new(Phase::Running),
            paused: Cell::new(false),
            seats: RefCell::default(),
            free: RefCell::default(),
            places: RefCell::default(),
            closer: RefCell::default(),
        }
    }

    /// That of the run.
    pub(super) fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// That of the run, or of the VU's own end, if that is further.
    pub(super) fn phase_of(&self, place: usize) -> Phase {
        self.phase.get().max(self.seats.borrow()[place].phase)
    }

    /// A place for a VU; it leaves its waker when it is first polled.
    pub(super) fn join(&self, id: u64) -> usize {
        let seat = Seat { waker: None, phase: Phase::Running };
        let mut seats = self.seats.borrow_mut();
        let place = match self.free.borrow_mut().pop() {
            Some(place) => {
                seats[place] = seat;
                place
            }
            None => {
                seats.push(seat);
                seats.len() - 1
            }
        };
        self.places.borrow_mut().insert(id, place);
        place
    }

    pub(super) fn set_waker(&self, place: usize, cx: &Context<'_>) {
        self.seats.borrow_mut()[place].waker = Some(cx.waker().clone());
    }

    pub(super) fn leave(&self, id: u64, place: usize) {
        self.seats.borrow_mut()[place].waker = None;
        self.free.borrow_mut().push(place);
        let mut places = self.places.borrow_mut();
        // One that was taken back and given again has another place.
        if places.get(&id) == Some(&place) {
            places.remove(&id);
        }
        drop(places);
        if self.is_empty() {
            self.wake_closer();
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.seats.borrow().len() == self.free.borrow().len()
    }

    /// Goes forward to `phase` and wakes everyone.
    pub(super) fn advance(&self, phase: Phase) {
        if phase > self.phase.get() {
            self.phase.set(phase);
            self.seats.borrow().iter().filter_map(|seat| seat.waker.as_ref()).for_each(Waker::wake_by_ref);
            self.wake_closer();
        }
    }

    /// Whether no task is to begin.
    pub(super) fn is_paused(&self) -> bool {
        self.paused.get()
    }

    pub(super) fn pause(&self, paused: bool) {
        self.paused.set(paused);
        self.seats.borrow().iter().filter_map(|seat| seat.waker.as_ref()).for_each(Waker::wake_by_ref);
    }

    /// Goes forward to `phase` for this VU alone. False where it is gone.
    pub(super) fn dismiss(&self, id: u64, phase: Phase) -> bool {
        let Some(place) = self.places.borrow().get(&id).copied() else { return false };
        let mut seats = self.seats.borrow_mut();
        let seat = &mut seats[place];
        seat.phase = seat.phase.max(phase);
        seat.waker.iter().for_each(Waker::wake_by_ref);
        true
    }

    /// Is told when the last member leaves, and when the phase changes.
    pub(super) fn set_closer(&self, cx: &Context<'_>) {
        *self.closer.borrow_mut() = Some(cx.waker().clone());
    }

    pub(super) fn wake_closer(&self) {
        if let Some(closer) = self.closer.borrow_mut().take() {
            closer.wake();
        }
    }
}
