//! Fibers: a call into a script runs on a stack of its own, so that a host
//! function is plain sequential Rust and may wait anywhere, also below C frames
//! (`table.sort`, `string.gsub`, metamethods, `pcall`), where coroutine yields
//! cannot. Used by `script` (what runs on a fiber) and `run` (who drives it).
//!
//! The rules that keep it sound:
//! - A future that a fiber waits for lies pinned on the fiber's stack and is
//!   polled from the worker's stack, so fiber stacks stay small in use.
//! - A parked fiber is never dropped: unwinding through C frames is undefined.
//!   Ending one early resumes it with [`Interrupted`], after which every wait and
//!   every tick of that call fails, so the call can only run to its end.
//! - A panic ends the call it happened in and nothing else.

mod call;
mod current;
mod heap;
mod stack;
mod watchdog;

pub use call::{Call, Failed, call};
pub use current::{
    Doom, Interrupted, Pulse, doom, local, pulse, set_heavy, set_local, set_preempt, stop, tick, until, wait,
};
pub use heap::{Counting, balance};
pub use stack::{STACK_SIZE, want_stack};
pub use watchdog::{SLICE, Watch, thread_cpu};
