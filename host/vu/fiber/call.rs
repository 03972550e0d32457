//! One call on a fiber, as a future that the worker awaits. `run` makes them.

use std::future::Future;
use std::io;
use std::marker::{PhantomData, PhantomPinned};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use corosensei::stack::{DefaultStack, Stack};
use corosensei::{Coroutine, CoroutineResult};

use super::current::{self, Doom, Parked, Running};
use super::{stack, watchdog};

/// Why a call has no result.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// The host panicked below it: a defect of e2e, never of the script.
    #[error("internal fault: {0}")]
    Panic(String),
}

type Fiber<R> = Coroutine<(), Parked, R, DefaultStack>;

/// A call under way. Dropping it early interrupts it first, and runs it to its end.
#[must_use = "a call does nothing until it is awaited"]
pub struct Call<'a, R> {
    fiber: Option<Fiber<R>>,
    parked: Option<Parked>,
    running: Running,
    /// What the closure borrows must outlive the fiber.
    borrows: PhantomData<&'a mut ()>,
    /// The fiber and the watchdog's signal hold pointers to `running`.
    _pinned: PhantomPinned,
}

/// Prepares `f` to run on a fiber, with at most `budget` of CPU time.
///
/// # Errors
/// When no stack can be mapped (two kernel mappings each; see `vm.max_map_count`).
pub fn call<'a, R, F>(budget: Duration, f: F) -> io::Result<Call<'a, R>>
where
    F: FnOnce() -> R + 'a,
    R: 'a,
{
    let entry = move |yielder: &corosensei::Yielder<(), Parked>, ()| {
        if let Some(running) = current::current() {
            running.yielder.set(yielder);
        }
        f()
    };
    let stack = stack::take()?;
    let floor = stack.limit().get();
    // SAFETY: what `f` borrows lives for 'a, and `Call<'a>` drives the fiber to its end before
    // it is gone (see `Drop`). If it is leaked instead, the fiber never runs again.
    let fiber = unsafe { Fiber::with_stack_unchecked(stack, entry) };
    Ok(Call {
        fiber: Some(fiber),
        parked: None,
        running: Running::new(budget, floor),
        borrows: PhantomData,
        _pinned: PhantomPinned,
    })
}

impl<R> Call<'_, R> {
    /// Dooms the call: its next poll resumes it, and it can only end.
    pub fn interrupt(self: Pin<&mut Self>) {
        if self.running.doom.get().is_none() {
            self.running.doom.set(Some(Doom::Stopped));
        }
    }

    fn resume(&mut self) -> Poll<Result<R, Failed>> {
        let fiber = self.fiber.as_mut().expect("a finished call is not polled again");
        let before = current::enter(&raw mut self.running);
        watchdog::beat();
        let result = catch_unwind(AssertUnwindSafe(|| fiber.resume(())));
        watchdog::beat();
        current::enter(before);
        let result = match result {
            Ok(CoroutineResult::Yield(parked)) => {
                self.parked = Some(parked);
                return Poll::Pending;
            }
            Ok(CoroutineResult::Return(value)) => Ok(value),
            Err(panic) => Err(Failed::Panic(panic_text(&*panic))),
        };
        if let Some(fiber) = self.fiber.take() {
            stack::give_back(fiber.into_stack());
        }
        Poll::Ready(result)
    }

    /// Polls what the fiber waits for, from the worker's stack.
    fn poll_parked(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(parked) = self.parked else { return Poll::Ready(()) };
        if self.running.doom.get().is_none() {
            // SAFETY: the fiber is parked in `wait`, where the future lies pinned.
            let future = unsafe { Pin::new_unchecked(&mut *parked) };
            match catch_unwind(AssertUnwindSafe(|| future.poll(cx))) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(())) => {}
                Err(_) => self.running.doom.set(Some(Doom::Panicked)),
            }
        }
        self.parked = None;
        Poll::Ready(())
    }
}

impl<R> Future for Call<'_, R> {
    type Output = Result<R, Failed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // SAFETY: nothing is moved out of the pinned value; `running` stays where it is.
        let this = unsafe { self.get_unchecked_mut() };
        loop {
            if this.poll_parked(cx).is_pending() {
                return Poll::Pending;
            }
            if let Poll::Ready(result) = this.resume() {
                return Poll::Ready(result);
            }
        }
    }
}

impl<R> Drop for Call<'_, R> {
    fn drop(&mut self) {
        while self.fiber.as_ref().is_some_and(|fiber| fiber.started() && !fiber.done()) {
            self.running.doom.set(Some(Doom::Stopped));
            self.parked = None;
            // A doomed fiber cannot park again, so this ends after one turn.
            let _ = self.resume();
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "panic".to_owned())
}
