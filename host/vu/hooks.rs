//! What scripts can have called besides their tasks: listeners of events, `setup`
//! and `teardown`; and what happened that listeners of a VU must hear. Used by
//! `api`, `script` and `run`.

use std::borrow::Cow;
use std::time::Duration;

use crate::fault::Fault;

/// An occasion for which scripts can leave a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    Init,
    TestStart,
    SpawningComplete,
    TestStop,
    Quitting,
    Setup,
    Teardown,
    /// This and the next run in the VM of the VU, the others in one of their own.
    Request,
    UserError,
}

impl Hook {
    /// Whether it is called in the VM of the VU where it happens.
    pub fn is_of_vu(self) -> bool {
        matches!(self, Hook::Request | Hook::UserError)
    }

    /// As messages call it.
    pub fn name(self) -> &'static str {
        match self {
            Hook::Init => "events.init",
            Hook::TestStart => "events.test_start",
            Hook::SpawningComplete => "events.spawning_complete",
            Hook::TestStop => "events.test_stop",
            Hook::Quitting => "events.quitting",
            Hook::Setup => "setup",
            Hook::Teardown => "teardown",
            Hook::Request => "events.request",
            Hook::UserError => "events.user_error",
        }
    }
}

/// A set of hooks: those that scripts have left a function for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hooks(u16);

impl Hooks {
    pub fn contains(self, hook: Hook) -> bool {
        self.0 & 1 << hook as u16 != 0
    }

    #[must_use]
    pub fn with(self, hook: Hook) -> Hooks {
        Hooks(self.0 | 1 << hook as u16)
    }

    /// What is in either.
    #[must_use]
    pub fn and(self, other: Hooks) -> Hooks {
        Hooks(self.0 | other.0)
    }

    /// Whether something is to be called that no VU calls.
    pub fn need_control(self) -> bool {
        self.0 & !Hooks::default().with(Hook::Request).with(Hook::UserError).0 != 0
    }

    /// Whether something is to be called where it happens in a VU.
    pub fn listen(self) -> bool {
        self.0 & Hooks::default().with(Hook::Request).with(Hook::UserError).0 != 0
    }
}

/// Something that listeners in a VU's VM hear.
#[derive(Clone, Debug)]
pub enum Happened {
    Request(Box<RequestDone>),
    /// A task, `on_start` or the like raised: the message with its place, and the stack.
    UserError {
        message: String,
        traceback: String,
    },
}

/// A request that was counted.
#[derive(Clone, Debug)]
pub struct RequestDone {
    pub method: String,
    pub name: String,
    pub url: String,
    pub response_time: Duration,
    /// Bytes of the body.
    pub response_length: u64,
    pub status_code: u16,
    /// Why it failed; None for success.
    pub exception: Option<String>,
    /// Seconds since 1970.
    pub start_time: f64,
    /// Of a call of gRPC.
    pub rpc: Option<RpcDone>,
}

/// What only calls of gRPC have.
#[derive(Clone, Debug)]
pub struct RpcDone {
    pub status_name: Cow<'static, str>,
    /// Messages sent and received.
    pub counts: (u64, u64),
}

impl Happened {
    /// That a script raised.
    pub fn of_fault(fault: &Fault) -> Happened {
        Happened::UserError { message: message_of(fault), traceback: fault.trace.join("\n") }
    }

    pub fn hook(&self) -> Hook {
        match self {
            Happened::Request(_) => Hook::Request,
            Happened::UserError { .. } => Hook::UserError,
        }
    }
}

/// What a script raised, as it is counted: with its place and its remedy.
pub(super) fn message_of(fault: &Fault) -> String {
    let place = fault.at.as_ref().map(|at| format!("{}:{}: ", at.file, at.line)).unwrap_or_default();
    let help = fault.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{place}{}{help}", fault.what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_knows_what_it_needs() {
        let none = Hooks::default();
        assert!(!none.need_control() && !none.listen() && !none.contains(Hook::Init));
        let request = none.with(Hook::Request);
        assert!(request.listen() && !request.need_control() && request.contains(Hook::Request));
        let both = request.with(Hook::Teardown);
        assert!(both.listen() && both.need_control() && !both.contains(Hook::Setup));
        assert!(none.with(Hook::Init).need_control());
    }
}
