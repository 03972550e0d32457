//! The memory account of a VM: what the thread's balance grew by while its script ran, and not while
//! host functions did. Kept by `state`.

use std::cell::Cell;

use crate::vu::fiber::{balance, set_heavy};

/// Script code runs between `begin` and `end`, and within `in_script`; host code within `in_host`.
pub(super) struct Account {
    limit: isize,
    /// Up to when script code began to run.
    held: Cell<isize>,
    /// The thread's balance then; None while no script code runs.
    since: Cell<Option<isize>>,
}

impl Account {
    pub(super) fn new(limit: usize) -> Account {
        let limit = isize::try_from(limit).unwrap_or(isize::MAX);
        Account { limit, held: Cell::new(0), since: Cell::new(None) }
    }

    pub(super) fn begin(&self) {
        if self.since.get().is_none() {
            let now = balance();
            self.since.set(Some(now));
            set_heavy(now.saturating_add(self.limit).saturating_sub(self.held.get()));
        }
    }

    pub(super) fn end(&self) {
        if let Some(since) = self.since.take() {
            self.held.set(self.held.get() + balance().wrapping_sub(since));
            set_heavy(isize::MAX);
        }
    }

    /// Host code, within script code.
    pub(super) fn in_host<R>(&self, run: impl FnOnce() -> R) -> R {
        let counted = self.since.get().is_some();
        self.end();
        let result = run();
        if counted {
            self.begin();
        }
        result
    }

    /// What is made for the script, or runs in it, within host code.
    pub(super) fn in_script<R>(&self, run: impl FnOnce() -> R) -> R {
        let counted = self.since.get().is_some();
        self.begin();
        let result = run();
        if !counted {
            self.end();
        }
        result
    }

    pub(super) fn held(&self) -> usize {
        let running = self.since.get().map_or(0, |since| balance().wrapping_sub(since));
        usize::try_from(self.held.get() + running).unwrap_or(0)
    }
}
