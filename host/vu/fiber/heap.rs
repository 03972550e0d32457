//! How much a thread has allocated, for engines that have no allocator of their own to count for them:
//! what a script holds is what the thread's balance grew by while the script ran. The process's
//! allocator, set in `main`.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;

use mimalloc::MiMalloc;

thread_local! {
    /// Constant and without a destructor, so that the allocator may use it at any time.
    static BALANCE: Cell<isize> = const { Cell::new(0) };
}

/// Bytes that this thread has allocated, less those that it has freed. 0 where another allocator is in use.
pub fn balance() -> isize {
    BALANCE.get()
}

fn add(bytes: usize) {
    BALANCE.set(BALANCE.get().wrapping_add_unsigned(bytes));
}

fn take(bytes: usize) {
    BALANCE.set(BALANCE.get().wrapping_sub_unsigned(bytes));
}

/// mimalloc, counting.
pub struct Counting;

// SAFETY: every call is handed on to mimalloc as it is; counting neither allocates nor unwinds.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: as the caller promised.
        unsafe { MiMalloc.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: as the caller promised.
        unsafe { MiMalloc.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        take(layout.size());
        // SAFETY: as the caller promised.
        unsafe { MiMalloc.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add(size);
        take(layout.size());
        // SAFETY: as the caller promised.
        unsafe { MiMalloc.realloc(block, layout, size) }
    }
}
