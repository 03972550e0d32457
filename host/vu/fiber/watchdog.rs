//! Notices calls that overrun their time slice, and signals their thread, so
//! that nothing has to be counted while calls are short. One thread a process
//! looks at every worker four times a slice; a worker only bumps a counter.
//! `call` reports to it, `run` registers each worker with [`Watch`].

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::current;

/// How long a call may run before the other VUs of its thread get their turn.
pub const SLICE: Duration = Duration::from_millis(5);

/// Between two looks. With `OVERRUN`, a turn is ended when it has lasted from a half to three
/// quarters of a slice: the rest is for waking late and for what it does until it notices.
const LOOK: Duration = Duration::from_micros(SLICE.as_micros() as u64 / 4);
const OVERRUN: u32 = 2;

/// Ignored by default everywhere, and not used by anything else here.
const SIGNAL: libc::c_int = libc::SIGURG;

/// A worker's pulse: odd while a fiber runs, and another number for each turn.
#[derive(Default)]
struct Pulse(AtomicU64);

struct Worker {
    thread: libc::pthread_t,
    pulse: Arc<Pulse>,
    seen: u64,
    /// At how many looks after the first the same turn was running.
    again: u32,
}

static WORKERS: OnceLock<Mutex<Vec<Worker>>> = OnceLock::new();

thread_local! {
    static PULSE: RefCell<Option<Arc<Pulse>>> = const { RefCell::new(None) };
}

/// While it lives, this thread's fibers are watched.
pub struct Watch(());

impl Watch {
    /// Registers the calling thread.
    pub fn start() -> Watch {
        let pulse = Arc::new(Pulse::default());
        PULSE.set(Some(pulse.clone()));
        // SAFETY: has no preconditions.
        let thread = unsafe { libc::pthread_self() };
        workers().lock().push(Worker { thread, pulse, seen: 0, again: 0 });
        Watch(())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // SAFETY: has no preconditions.
        let thread = unsafe { libc::pthread_self() };
        workers().lock().retain(|worker| worker.thread != thread);
        PULSE.set(None);
    }
}

/// A fiber starts or goes on, or it parked or ended: called in pairs.
pub(super) fn beat() {
    PULSE.with_borrow(|pulse| {
        if let Some(pulse) = pulse {
            // Only this thread writes it: no read-modify-write needed.
            pulse.0.store(pulse.0.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
        }
    });
}

/// CPU time of the calling thread.
pub fn thread_cpu() -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a valid timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut now) };
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}

fn workers() -> &'static Mutex<Vec<Worker>> {
    WORKERS.get_or_init(|| {
        install();
        std::thread::Builder::new()
            .name("watchdog".into())
            .spawn(watch)
            .expect("the process may start one more thread");
        Mutex::new(Vec::new())
    })
}

fn watch() {
    loop {
        std::thread::sleep(LOOK);
        // Held over the signal, so that no thread can end in between.
        for worker in workers().lock().iter_mut() {
            let now = worker.pulse.0.load(Ordering::Relaxed);
            worker.again = if now == worker.seen && now % 2 == 1 { worker.again + 1 } else { 0 };
            worker.seen = now;
            if worker.again >= OVERRUN {
                // SAFETY: a registered thread is alive: its `Watch` removes it under the lock.
                unsafe { libc::pthread_kill(worker.thread, SIGNAL) };
            }
        }
    }
}

fn install() {
    // SAFETY: a zeroed sigaction is valid; the handler is async-signal-safe.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_signal as extern "C" fn(libc::c_int) as libc::sighandler_t;
        action.sa_flags = libc::SA_RESTART;
        libc::sigemptyset(&raw mut action.sa_mask);
        libc::sigaction(SIGNAL, &raw const action, std::ptr::null_mut());
    }
}

extern "C" fn on_signal(_: libc::c_int) {
    if let Some(running) = current::current() {
        running.preempt();
    }
}
