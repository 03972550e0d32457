//! What a running fiber may do: wait, tick, ask whether it is doomed. Host
//! functions and engine hooks call these from the fiber's stack.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::ptr;
use std::rc::Rc;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use corosensei::Yielder;

use super::heap;
use super::watchdog::{self, SLICE};

/// The call was told to end: every wait and tick of it fails from here on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

/// Why a call may not go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doom {
    /// The run stops.
    Stopped,
    /// It used more CPU time than one call may.
    OverBudget(Duration),
    /// A future that it waited for panicked.
    Panicked,
    /// What runs within [`until`] took longer than that.
    Late,
}

/// What a fiber hands to the worker when it parks: the future to poll for it.
pub(super) type Parked = *mut (dyn Future<Output = ()> + 'static);

/// Called from the signal handler to make the engine call `tick` soon; the
/// argument is what `set_preempt` was given.
pub type Arm = unsafe fn(*mut c_void);

/// The state of one call that its fiber, its worker and the watchdog's signal share.
/// All three are on one thread.
pub(super) struct Running {
    pub(super) yielder: Cell<*const Yielder<(), Parked>>,
    pub(super) doom: Cell<Option<Doom>>,
    pub(super) budget: Duration,
    used: Cell<Duration>,
    /// The thread's CPU clock when this slice began, known only after an overrun.
    slice_start: Cell<Option<Duration>>,
    /// Set by the watchdog's signal: the slice is over.
    pub(super) overrun: Cell<bool>,
    arm: Cell<Option<Arm>>,
    target: AtomicPtr<c_void>,
    /// The target that was armed last.
    armed: AtomicPtr<c_void>,
    /// The lowest address that its stack may reach.
    floor: usize,
    /// The thread's balance of memory above which the call holds too much.
    heavy: Cell<isize>,
    /// See [`until`].
    limit: Cell<Option<Instant>>,
    /// See [`set_local`].
    local: RefCell<Option<Rc<dyn Any>>>,
}

impl Running {
    pub(super) fn new(budget: Duration, floor: usize) -> Self {
        Running {
            yielder: Cell::new(ptr::null()),
            doom: Cell::new(None),
            budget,
            used: Cell::new(Duration::ZERO),
            slice_start: Cell::new(None),
            overrun: Cell::new(false),
            arm: Cell::new(None),
            target: AtomicPtr::new(ptr::null_mut()),
            armed: AtomicPtr::new(ptr::null_mut()),
            floor,
            heavy: Cell::new(isize::MAX),
            limit: Cell::new(None),
            local: RefCell::new(None),
        }
    }

    /// Runs in the signal handler: async-signal-safe, no allocation.
    pub(super) fn preempt(&self) {
        let target = self.target.load(Ordering::Relaxed);
        // Arming takes as long as the script's stack is deep: once a slice is enough.
        let armed = self.armed.swap(target, Ordering::Relaxed);
        if self.overrun.replace(true) && armed == target {
            return;
        }
        if let (false, Some(arm)) = (target.is_null(), self.arm.get()) {
            // SAFETY: whoever called `set_preempt` promised that `arm` may be called with
            // this target from a signal handler of this thread for as long as it is set.
            unsafe { arm(target) }
        }
    }

    fn charge(&self) {
        let spent = match self.slice_start.get() {
            Some(start) => watchdog::thread_cpu().saturating_sub(start),
            None => SLICE,
        };
        self.used.set(self.used.get() + spent);
        if self.used.get() >= self.budget && self.doom.get().is_none() {
            self.doom.set(Some(Doom::OverBudget(self.budget)));
        }
    }
}

thread_local! {
    /// The call whose fiber runs on this thread just now; null on the worker's own stack.
    static CURRENT: AtomicPtr<Running> = const { AtomicPtr::new(ptr::null_mut()) };
}

/// Makes `running` the current call, and returns the one before.
pub(super) fn enter(running: *mut Running) -> *mut Running {
    CURRENT.with(|current| current.swap(running, Ordering::Relaxed))
}

pub(super) fn current<'a>() -> Option<&'a Running> {
    let running = CURRENT.with(|current| current.load(Ordering::Relaxed));
    // SAFETY: the pointer is set by `Call::resume` only while that call's fiber runs, and the
    // call is pinned and borrowed there; callers use the reference on this fiber only.
    unsafe { running.as_ref() }
}

/// Parks the fiber until `future` (pinned by the caller, so that it is not moved again) is
/// ready; the worker runs other VUs meanwhile.
///
/// # Errors
/// [`Interrupted`] when the call was told to end first, or when there is no fiber to park
/// (a script's top level, while it is loaded).
pub fn wait<F: Future + Unpin>(future: F) -> Result<F::Output, Interrupted> {
    let running = current().ok_or(Interrupted)?;
    if running.doom.get().is_some() {
        return Err(Interrupted);
    }
    running.slice_start.set(None);
    match running.limit.get() {
        None => park(running, future),
        Some(limit) => park_until(running, future, limit),
    }
}

#[cold]
fn park_until<F: Future + Unpin>(
    running: &Running,
    mut future: F,
    limit: Instant,
) -> Result<F::Output, Interrupted> {
    let mut alarm = pin!(tokio::time::sleep_until(limit.into()));
    let bounded = poll_fn(|cx| match Pin::new(&mut future).poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => alarm.as_mut().poll(cx).map(|()| None),
    });
    match park(running, bounded)? {
        Some(output) => Ok(output),
        None => {
            running.doom.set(running.doom.get().or(Some(Doom::Late)));
            Err(Interrupted)
        }
    }
}

/// Runs `f` on the current fiber; a wait in it that would last beyond `limit` ends then, and `f` can only end from
/// there on. Where that happened there is no result; the call itself goes on.
pub fn until<R>(limit: Instant, f: impl FnOnce() -> R) -> Option<R> {
    let Some(running) = current() else { return Some(f()) };
    let outer = running.limit.get();
    running.limit.set(Some(outer.map_or(limit, |outer| outer.min(limit))));
    let result = f();
    running.limit.set(outer);
    if running.doom.get() == Some(Doom::Late) {
        running.doom.set(None);
        return None;
    }
    Some(result)
}

fn park<F: Future + Unpin>(running: &Running, future: F) -> Result<F::Output, Interrupted> {
    let mut waiting = Waiting { future, output: None };
    let task: *mut (dyn Future<Output = ()> + '_) = &raw mut waiting;
    // SAFETY: only the lifetime is erased. The worker polls the future only while this fiber is
    // parked in the `suspend` below, so it never outlives this frame.
    let task: Parked = unsafe { std::mem::transmute::<*mut (dyn Future<Output = ()> + '_), Parked>(task) };
    // SAFETY: the yielder was set by this fiber's entry and lives on its stack.
    unsafe { (*running.yielder.get()).suspend(task) };
    waiting.output.ok_or(Interrupted)
}

/// Keeps the output where the fiber finds it.
struct Waiting<F: Future> {
    future: F,
    output: Option<F::Output>,
}

// The output is never pinned.
impl<F: Future + Unpin> Unpin for Waiting<F> {}

impl<F: Future + Unpin> Future for Waiting<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match Pin::new(&mut self.future).poll(cx) {
            Poll::Ready(output) => {
                self.output = Some(output);
                Poll::Ready(())
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

/// Lets the other VUs of the thread run if this call has used up its time slice. Cheap when
/// it has not: engines call it as often as they like.
///
/// # Errors
/// [`Interrupted`] once the call is doomed: stopped, or over its CPU budget.
pub fn tick() -> Result<(), Interrupted> {
    let Some(running) = current() else { return Ok(()) };
    if running.doom.get().is_some() {
        return Err(Interrupted);
    }
    if !running.overrun.replace(false) {
        return Ok(());
    }
    running.charge();
    wait(pin!(tokio::task::yield_now()))?;
    running.slice_start.set(Some(watchdog::thread_cpu()));
    Ok(())
}

/// Why the current call may not go on, if it may not.
pub fn doom() -> Option<Doom> {
    current().and_then(|running| running.doom.get())
}

/// Dooms the current call itself: it can only end from here on.
pub fn stop() {
    if let Some(running) = current() {
        running.doom.set(running.doom.get().or(Some(Doom::Stopped)));
    }
}

/// What an engine that asks at every operation must know.
#[derive(Clone, Copy, Debug)]
pub struct Pulse {
    /// Bytes of stack that are left to the current call, its guard page included. As good as unlimited
    /// where there is no fiber.
    pub room: usize,
    /// `tick` has something to do.
    pub is_due: bool,
    /// The thread holds more than `set_heavy` said.
    pub is_heavy: bool,
}

/// One look at the current call.
pub fn pulse() -> Pulse {
    let here = 0u8;
    let here = std::hint::black_box(&raw const here).addr();
    let nobody = Pulse { room: usize::MAX, is_due: false, is_heavy: false };
    current().map_or(nobody, |running| Pulse {
        room: here.saturating_sub(running.floor),
        is_due: running.overrun.get() || running.doom.get().is_some(),
        is_heavy: heap::balance() > running.heavy.get(),
    })
}

/// From which balance of this thread on the current call holds too much memory.
pub fn set_heavy(balance: isize) {
    if let Some(running) = current() {
        running.heavy.set(balance);
    }
}

/// Keeps the engine's own state of the current call where its callbacks find it.
pub fn set_local(state: Rc<dyn Any>) {
    if let Some(running) = current() {
        *running.local.borrow_mut() = Some(state);
    }
}

/// What `set_local` kept.
pub fn local<T: 'static>() -> Option<Rc<T>> {
    current()?.local.borrow().clone()?.downcast().ok()
}

/// Names what to arm when the current call overruns its slice, and returns what was named
/// before; null turns preemption off.
///
/// # Safety
/// `arm(target)` must be sound to call from a signal handler of this thread until the
/// next `set_preempt` or the end of the call.
pub unsafe fn set_preempt(arm: Arm, target: *mut c_void) -> *mut c_void {
    let Some(running) = current() else { return ptr::null_mut() };
    let before = running.target.swap(ptr::null_mut(), Ordering::Relaxed);
    running.arm.set(Some(arm));
    running.target.store(target, Ordering::Relaxed);
    before
}
