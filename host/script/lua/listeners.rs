//! Functions that scripts have left for an occasion (`api::events`), and calling
//! those of a VU's VM with what has happened there. Used by `frame`, `bind`, `vm`
//! and `control`.

use std::cell::Cell;
use std::ffi::{c_int, c_void};

use mlua_sys as ffi;
use mlua_sys::lua_State;

use crate::api::{Arg, FnRef, Frame, Raise, TableRef, give_happened};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::script::Outcome;
use crate::vu::{Happened, Hook, fiber};

use super::bind;
use super::frame::LuaFrame;
use super::state::{context, guarded};
use super::trace;
use super::vm::{Called, LuaVm};

/// The registry key, by its address, of the lists of functions, by hook.
static HOOKS: u8 = 0;

/// Appends the function at `index` to the list of `hook`.
///
/// # Safety
/// From within a relaxed account, with five free slots.
pub(super) unsafe fn keep(lua: *mut lua_State, hook: Hook, index: c_int) {
    // SAFETY: as the caller promised; raw access does not raise.
    unsafe {
        let key = (&raw const HOOKS).cast::<c_void>();
        let top = ffi::lua_gettop(lua);
        if ffi::lua_rawgetp(lua, ffi::LUA_REGISTRYINDEX, key) == ffi::LUA_TNIL {
            ffi::lua_createtable(lua, 0, 1);
            ffi::lua_pushvalue(lua, -1);
            ffi::lua_rawsetp(lua, ffi::LUA_REGISTRYINDEX, key);
        }
        let lists = ffi::lua_gettop(lua);
        if ffi::lua_rawgeti(lua, lists, hook as i64 + 1) == ffi::LUA_TNIL {
            ffi::lua_createtable(lua, 1, 0);
            ffi::lua_pushvalue(lua, -1);
            ffi::lua_rawseti(lua, lists, hook as i64 + 1);
        }
        ffi::lua_pushvalue(lua, index);
        ffi::lua_rawseti(lua, -2, ffi::lua_rawlen(lua, -2) as i64 + 1);
        ffi::lua_settop(lua, top);
    }
}

/// How many functions `hook` has.
///
/// # Safety
/// From within a relaxed account, with three free slots.
pub(super) unsafe fn count(lua: *mut lua_State, hook: Hook) -> i64 {
    // SAFETY: as the caller promised.
    unsafe {
        let top = ffi::lua_gettop(lua);
        let count = if push_list(lua, hook) { ffi::lua_rawlen(lua, -1) as i64 } else { 0 };
        ffi::lua_settop(lua, top);
        count
    }
}

/// Pushes the function numbered `index`, from 1; false and nothing where there is none.
///
/// # Safety
/// As [`count`].
pub(super) unsafe fn push(lua: *mut lua_State, hook: Hook, index: i64) -> bool {
    // SAFETY: as the caller promised.
    unsafe {
        let top = ffi::lua_gettop(lua);
        if push_list(lua, hook) && ffi::lua_rawgeti(lua, -1, index) == ffi::LUA_TFUNCTION {
            ffi::lua_copy(lua, -1, top + 1);
            ffi::lua_settop(lua, top + 1);
            return true;
        }
        ffi::lua_settop(lua, top);
        false
    }
}

/// Pushes the list of `hook`, and whatever is above it; false where there is none.
unsafe fn push_list(lua: *mut lua_State, hook: Hook) -> bool {
    // SAFETY: as `count`.
    unsafe {
        ffi::lua_rawgetp(lua, ffi::LUA_REGISTRYINDEX, (&raw const HOOKS).cast()) == ffi::LUA_TTABLE
            && ffi::lua_rawgeti(lua, -1, hook as i64 + 1) == ffi::LUA_TTABLE
    }
}

impl LuaVm {
    /// Lets listeners of this VM hear what happened in a call that ended so.
    pub(super) fn tell(&self, outcome: Outcome) -> Outcome {
        let vu = &self.state.context().vu;
        if !vu.hooks.get().listen() || matches!(outcome, Outcome::Broken(_) | Outcome::Interrupted) {
            return outcome;
        }
        vu.settle();
        // The control VM has no user to whom something could happen.
        if let (Outcome::Raised(fault), true) = (&outcome, vu.id != 0) {
            vu.happen(Happened::of_fault(fault));
        }
        if !vu.has_news() {
            return outcome;
        }
        let lua = self.state.lua();
        let relaxed = self.state.context().memory.relax(true);
        // SAFETY: nothing else uses the stack between calls; the account is relaxed.
        unsafe {
            ffi::lua_pushcfunction(lua, trace::on_error);
            ffi::lua_pushcfunction(lua, tell_all);
        }
        self.state.context().memory.relax(relaxed);
        match (outcome, self.call_top(0, 0)) {
            (outcome, Called::Done) => outcome,
            (Outcome::Raised(fault), Called::Failed(Outcome::Broken(_))) => Outcome::Broken(fault),
            (Outcome::Raised(fault), _) => Outcome::Raised(fault),
            (_, Called::Failed(outcome)) => outcome,
        }
    }
}

/// Tells listeners what has happened, as a Lua function.
pub(super) unsafe extern "C-unwind" fn tell_all(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua.
    unsafe { guarded(lua, |lua| tell(lua).map(|()| 0)) }
}

/// Tells listeners what has happened. A listener that raises is counted; it stops no other.
///
/// # Errors
/// Where the call is to end: the error value is on top of the stack.
///
/// # Safety
/// From a C function, within a relaxed account.
pub(super) unsafe fn tell(lua: *mut lua_State) -> Result<(), ()> {
    // SAFETY: as the caller promised.
    unsafe {
        if ffi::lua_checkstack(lua, 10) == 0 {
            return Ok(());
        }
        let vu = &context(lua).vu;
        let mut result = Ok(());
        for happened in vu.news() {
            if result.is_ok() {
                result = tell_one(lua, &happened);
            }
        }
        vu.told();
        result
    }
}

unsafe fn tell_one(lua: *mut lua_State, happened: &Happened) -> Result<(), ()> {
    // SAFETY: as `tell`.
    unsafe {
        let (context, hook) = (context(lua), happened.hook());
        let top = ffi::lua_gettop(lua);
        for index in 1.. {
            if !push(lua, hook, index) {
                break;
            }
            let frame = LuaFrame { lua, context, first: top + 1, count: 0, given: Cell::new(0) };
            // A table for each: what one listener does to it is not the others' concern.
            let called = give_happened(&frame, happened)
                .and_then(|()| frame.invoke(FnRef(top + 1), &[Arg::Table(TableRef(top + 2))]));
            ffi::lua_settop(lua, top);
            let Err(raise) = called else { continue };
            if fiber::doom().is_some() {
                return bind::fail(lua, raise).map(drop);
            }
            let fault = match raise {
                Raise::Script => {
                    bind::push_raised(lua);
                    let message = trace::message(lua);
                    let stack = std::mem::take(&mut *context.trace.borrow_mut());
                    trace::fault(&context.library, &message, stack)
                }
                Raise::Error { what, .. } => Fault::new(Exit::Script, what),
                Raise::Interrupted => return bind::fail(lua, Raise::Interrupted).map(drop),
            };
            context.vu.listener_raised(hook, &fault);
        }
        Ok(())
    }
}
