//! Every exit code of the `e2e` command, in one place. Used by `fault` (an
//! expected error carries its code), `app` (which exits with it) and the docs.

use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicBool, Ordering};

/// Why the process ends. The number is the process exit code and a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum Exit {
    /// All well.
    Ok = 0,
    /// A request failed or a task raised (`--exit-code-on-error` replaces it).
    Failures = 1,
    /// Wrong usage of the command line.
    Usage = 2,
    /// A threshold was crossed.
    Threshold = 99,
    /// Configuration, script path or result path.
    Config = 104,
    /// Stopped by a signal.
    Signal = 105,
    /// The script does not compile, defines no runnable user class, or its init or setup raised.
    Script = 107,
    /// `test.abort` was called.
    Abort = 108,
    /// An internal fault: a defect of e2e itself.
    Internal = 109,
    /// Refused by the `safety` section of a guarded environment.
    Refused = 111,
    /// Inconclusive: the generator could not keep up, or a threshold had no samples.
    Inconclusive = 112,
}

/// Whether a panic was seen, wherever it was contained.
static BROKEN: AtomicBool = AtomicBool::new(false);

/// Notes an internal fault; called by the panic hook.
pub fn note_internal_fault() {
    BROKEN.store(true, Ordering::Relaxed);
}

/// Forgets what was noted: another run begins in this process.
pub fn forget_internal_faults() {
    BROKEN.store(false, Ordering::Relaxed);
}

impl Exit {
    /// [`Exit::Internal`] if a panic was seen so far, else all well.
    pub fn of_internal_faults() -> Exit {
        if BROKEN.load(Ordering::Relaxed) { Exit::Internal } else { Exit::Ok }
    }

    /// The process exit code.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What has this exit code.
    pub fn of_code(code: u8) -> Option<Exit> {
        use Exit::*;
        let all =
            [Ok, Failures, Usage, Threshold, Config, Signal, Script, Abort, Internal, Refused, Inconclusive];
        all.into_iter().find(|exit| exit.code() == code)
    }

    /// The process exit code where `failures` stands for [`Exit::Failures`] (`--exit-code-on-error`).
    pub fn code_with(self, failures: u8) -> u8 {
        if self == Exit::Failures { failures } else { self.code() }
    }

    /// Of several reasons the one that the process exits with: 109, 107, 108, 105, 112, 99, 1.
    pub fn worst(self, other: Exit) -> Exit {
        let rank = |exit: Exit| match exit {
            Exit::Ok => 0,
            Exit::Failures => 1,
            Exit::Threshold => 2,
            Exit::Inconclusive => 3,
            Exit::Signal => 4,
            Exit::Abort => 5,
            Exit::Script => 6,
            Exit::Internal => 7,
            Exit::Usage | Exit::Config | Exit::Refused => 8,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}
