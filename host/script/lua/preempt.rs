//! Fairness, CPU budget and stop for Lua code: a hook that is armed only when the
//! watchdog says that a call has overrun its slice, and disarmed when it has run.
//! Used by `vm` (around each call) and `protect` (around coroutines).

use std::ffi::c_void;

use mlua_sys as ffi;
use mlua_sys::{lua_Debug, lua_State};

use crate::units;
use crate::vu::fiber::{self, Doom};

use super::state::{Memory, context, push_str};
use super::trace;

/// Runs in the signal handler. `lua_sethook` is made to be called from one.
unsafe fn arm(lua: *mut c_void) {
    // SAFETY: the target is a live thread of the VM that runs just now.
    unsafe { ffi::lua_sethook(lua.cast(), Some(on_hook), ffi::LUA_MASKCOUNT, 1) }
}

/// Makes `lua` the thread that runs, and that an overrun interrupts; returns the one before.
///
/// # Safety
/// `lua` must be a thread of `memory`'s VM and stay alive until the next call of this, or be null.
pub(super) unsafe fn target(memory: &Memory, lua: *mut lua_State) -> *mut lua_State {
    memory.running.set(lua);
    // SAFETY: as the caller promised.
    unsafe { fiber::set_preempt(arm, lua.cast()).cast() }
}

unsafe extern "C-unwind" fn on_hook(lua: *mut lua_State, _: *mut lua_Debug) {
    // SAFETY: a hook may do what a C function may; nothing of Rust is alive at the raise.
    unsafe {
        ffi::lua_sethook(lua, None, 0, 0);
        if fiber::tick().is_err() {
            raise_doom(lua);
        }
    }
}

/// Raises the reason why this call may not go on, and sees that nothing in it can: whatever
/// Lua code runs next in this thread raises again at its first instruction.
///
/// # Safety
/// From C functions and hooks only; nothing with a destructor may be alive.
pub(super) unsafe fn raise_doom(lua: *mut lua_State) -> ! {
    // SAFETY: as the caller promised.
    unsafe {
        ffi::lua_sethook(lua, Some(on_hook), ffi::LUA_MASKCOUNT, 1);
        ffi::luaL_checkstack(lua, 3, std::ptr::null());
        push_doom(lua);
        ffi::lua_error(lua)
    }
}

/// Pushes what a doomed call ends with, and where it was.
///
/// # Safety
/// Needs a free stack slot.
pub(super) unsafe fn push_doom(lua: *mut lua_State) {
    let text = match fiber::doom() {
        Some(Doom::OverBudget(budget)) => {
            format!("cpu budget exceeded: the call ran for {} without an end", units::format_duration(budget))
        }
        Some(Doom::Panicked) => "internal fault in a host call".to_owned(),
        Some(Doom::Late) => "the time of what asked for it is over".to_owned(),
        Some(Doom::Stopped) | None => "interrupted".to_owned(),
    };
    // SAFETY: as the caller promised; the account is relaxed, so nothing is raised over `text`.
    unsafe {
        let memory = &context(lua).memory;
        let before = memory.relax(true);
        let place = trace::nearest_position(lua);
        let colon = if place.is_empty() { "" } else { ": " };
        push_str(lua, format!("{place}{colon}{text}"));
        memory.relax(before);
    }
}
