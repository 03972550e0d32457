//! A worker's pool of fiber stacks. A stack is taken for a call, not for a VU.
//! Used by `call`.

use std::cell::{Cell, RefCell};
use std::io;

use corosensei::stack::{DefaultStack, Stack};

/// Bytes of address space for each stack, guard page not counted. Only pages
/// that were touched use memory. The deepest a script can get is 200 nested C
/// calls (Lua's own limit, `LUAI_MAXCCALLS`) of at most about 2.5 KiB each
/// (`string.gsub` keeps its buffer on the stack); the rest is margin for the
/// host function at the bottom. Host functions that call scripts
/// nest at most 40 deep, for their frames are larger. `tests/limits.rs` runs against both.
pub const STACK_SIZE: usize = 1024 * 1024;

/// Stacks kept for reuse. Each keeps the pages that it ever touched.
const KEPT: usize = 512;

thread_local! {
    static POOL: RefCell<Vec<DefaultStack>> = const { RefCell::new(Vec::new()) };
    static SIZE: Cell<usize> = const { Cell::new(STACK_SIZE) };
}

/// Has this thread's stacks be at least so large from now on: an engine needs more than Lua does.
pub fn want_stack(size: usize) {
    if SIZE.get() < size {
        SIZE.set(size);
        POOL.with_borrow_mut(Vec::clear);
    }
}

pub(super) fn take() -> io::Result<DefaultStack> {
    match POOL.with_borrow_mut(Vec::pop) {
        Some(stack) => Ok(stack),
        None => DefaultStack::new(SIZE.get()),
    }
}

pub(super) fn give_back(stack: DefaultStack) {
    POOL.with_borrow_mut(|pool| {
        let is_large_enough = stack.base().get() - stack.limit().get() >= SIZE.get();
        if pool.len() < KEPT && is_large_enough {
            pool.push(stack);
        }
    });
}
