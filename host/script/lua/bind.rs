//! Binds the tables of the script API into a Lua state: host functions, host
//! objects, and views of data that the host holds once for all VUs. Everything is
//! bound on first use, so that a VM pays only for what its script touches.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

use mlua_sys as ffi;
use mlua_sys::lua_State;
use serde_json::Value;

use crate::api::{Arg, Frame, HostFn, HostResult, Member, MemberKind, Module, ObjectType, Raise};

use super::frame::LuaFrame;
use super::listeners;
use super::metamethods::{self, push_value};
use super::preempt;
use super::state::{context, guarded, push_str};

/// What a host userdata is.
#[derive(Clone, Copy)]
pub(super) enum HostData {
    /// A type and the object's number in its VU.
    Object(&'static ObjectType, u64),
    View(&'static Value),
    Module(&'static Module),
}

/// The addresses of these are registry keys.
static METATABLE: u8 = 0;
static RAISED: u8 = 0;

/// Pushes the function, made once a VM.
///
/// # Safety
/// From within a relaxed account, with three free slots.
pub(super) unsafe fn push_function(lua: *mut lua_State, function: &'static HostFn) {
    // SAFETY: as the caller promised; the upvalue is a pointer to a static.
    unsafe {
        let key = std::ptr::from_ref(function).cast::<c_void>();
        push_cached(lua, key, |lua| {
            ffi::lua_pushlightuserdata(lua, key.cast_mut());
            ffi::lua_pushcclosure(lua, call_function, 1);
        });
    }
}

/// # Safety
/// As [`push_function`].
pub(super) unsafe fn push_cached(lua: *mut lua_State, key: *const c_void, make: impl Fn(*mut lua_State)) {
    // SAFETY: as `push_function`.
    unsafe {
        if ffi::lua_rawgetp(lua, ffi::LUA_REGISTRYINDEX, key) == ffi::LUA_TNIL {
            ffi::lua_pop(lua, 1);
            make(lua);
            ffi::lua_pushvalue(lua, -1);
            ffi::lua_rawsetp(lua, ffi::LUA_REGISTRYINDEX, key);
        }
    }
}

/// Pushes a host object or a view.
///
/// # Safety
/// As [`push_function`].
pub(super) unsafe fn push_data(lua: *mut lua_State, data: HostData) {
    // SAFETY: as the caller promised; `HostData` owns nothing, so it needs no finalizer.
    unsafe {
        let kept = match data {
            HostData::Object(kind, _) => c_int::from(kind.keeps),
            HostData::View(_) | HostData::Module(_) => 0,
        };
        ffi::lua_newuserdatauv(lua, size_of::<HostData>(), kept).cast::<HostData>().write(data);
        push_cached(lua, (&raw const METATABLE).cast(), |lua| {
            metamethods::push_metatable(lua);
            context(lua).metatable.set(ffi::lua_topointer(lua, -1));
        });
        ffi::lua_setmetatable(lua, -2);
    }
}

/// The host data at `index`, if it is some.
///
/// # Safety
/// `index` must be valid; needs a free slot.
pub(super) unsafe fn data_at(lua: *mut lua_State, index: c_int) -> Option<HostData> {
    // SAFETY: only host userdata has this metatable, and it holds a `HostData`.
    unsafe {
        let data = ffi::lua_touserdata(lua, index);
        if data.is_null() || ffi::lua_type(lua, index) != ffi::LUA_TUSERDATA {
            return None;
        }
        if ffi::lua_getmetatable(lua, index) == 0 {
            return None;
        }
        let ours = ffi::lua_topointer(lua, -1) == context(lua).metatable.get();
        ffi::lua_pop(lua, 1);
        ours.then(|| *data.cast::<HostData>())
    }
}

unsafe extern "C-unwind" fn call_function(lua: *mut lua_State) -> c_int {
    // SAFETY: the upvalue was set by `push_function`.
    unsafe {
        let function = &*ffi::lua_touserdata(lua, ffi::lua_upvalueindex(1)).cast::<HostFn>();
        // `self.client:get(..)` and `http.get(..)` are one function: a client passes itself first.
        let client = context(lua).http.get();
        let first = 1 + c_int::from(!client.is_null() && ffi::lua_topointer(lua, 1) == client);
        guarded(lua, |lua| run(lua, first, |frame| (function.run)(frame)))
    }
}

pub(super) unsafe extern "C-unwind" fn call_member(lua: *mut lua_State) -> c_int {
    // SAFETY: the upvalue was set by `index_data`.
    unsafe {
        let member = &*ffi::lua_touserdata(lua, ffi::lua_upvalueindex(1)).cast::<Member>();
        guarded(lua, |lua| match data_at(lua, 1) {
            Some(HostData::Object(kind, id)) if kind.members.iter().any(|m| std::ptr::eq(m, member)) => {
                run(lua, 2, |frame| match member.kind {
                    MemberKind::Field(get) | MemberKind::Kept(get) | MemberKind::Method(get) => {
                        get(frame, id)
                    }
                })
            }
            _ => fail(lua, Raise::new(format!("call `{0}` with a colon: `object:{0}()`", member.name))),
        })
    }
}

/// Runs host code with the arguments from stack index `first` on.
///
/// # Safety
/// From C functions, through `guarded`.
pub(super) unsafe fn run(
    lua: *mut lua_State,
    first: c_int,
    body: impl FnOnce(&dyn Frame) -> HostResult,
) -> Result<c_int, ()> {
    // SAFETY: called by C functions through `guarded`.
    unsafe {
        let count = (ffi::lua_gettop(lua) - first + 1).max(0);
        let frame = LuaFrame { lua, context: context(lua), first, count, given: Cell::new(0) };
        match catch_unwind(AssertUnwindSafe(|| body(&frame))) {
            // Whoever listens hears of it before the script goes on.
            Ok(Ok(())) if frame.context.vu.has_news() => listeners::tell(lua).map(|()| frame.given.get()),
            Ok(Ok(())) => Ok(frame.given.get()),
            Ok(Err(raise)) => fail(lua, raise),
            Err(_) => {
                fail(lua, Raise::new("internal fault in a host function (a defect of e2e, please report it)"))
            }
        }
    }
}

/// Pushes the error value for `raise`.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn fail(lua: *mut lua_State, raise: Raise) -> Result<c_int, ()> {
    // SAFETY: from within a relaxed account.
    unsafe {
        ffi::lua_checkstack(lua, 4);
        match raise {
            Raise::Error { what, help } => {
                ffi::luaL_where(lua, 1);
                match help {
                    Some(help) => push_str(lua, format!("{what} ({help})")),
                    None => push_str(lua, what),
                }
                ffi::lua_concat(lua, 2);
            }
            Raise::Script => {
                ffi::lua_rawgetp(lua, ffi::LUA_REGISTRYINDEX, (&raw const RAISED).cast());
            }
            Raise::Interrupted => {
                preempt::push_doom(lua);
            }
        }
        Err(())
    }
}

/// Pushes an error message with the script's position before it.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn refuse(lua: *mut lua_State, what: impl Into<String>) -> Result<c_int, ()> {
    // SAFETY: as the caller promised.
    unsafe { fail(lua, Raise::new(what)) }
}

/// Pushes what a host function that takes no arguments returns; nil if it raises.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn push_made(lua: *mut lua_State, make: crate::api::Run) {
    // SAFETY: as the caller promised.
    unsafe {
        let first = ffi::lua_gettop(lua) + 1;
        if run(lua, first, |frame| make(frame)) != Ok(1) {
            ffi::lua_settop(lua, first - 1);
            ffi::lua_pushnil(lua);
        }
    }
}

/// Keeps the error value on top until `fail` raises it again; pops it.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn keep_raised(lua: *mut lua_State) {
    // SAFETY: as the caller promised.
    unsafe { ffi::lua_rawsetp(lua, ffi::LUA_REGISTRYINDEX, (&raw const RAISED).cast()) }
}

/// Pushes the error value that was kept.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn push_raised(lua: *mut lua_State) {
    // SAFETY: as the caller promised.
    unsafe {
        ffi::lua_rawgetp(lua, ffi::LUA_REGISTRYINDEX, (&raw const RAISED).cast());
    }
}

/// Pushes any argument value.
///
/// # Safety
/// From within a relaxed account; references must be of this state.
pub(super) unsafe fn push_arg(lua: *mut lua_State, value: Arg<'_>) {
    // SAFETY: as the caller promised.
    unsafe {
        match value {
            Arg::Nil | Arg::Other(_) => ffi::lua_pushnil(lua),
            Arg::Bool(value) => ffi::lua_pushboolean(lua, c_int::from(value)),
            Arg::Int(value) => ffi::lua_pushinteger(lua, value),
            Arg::Num(value) => ffi::lua_pushnumber(lua, value),
            Arg::Str(bytes) => push_str(lua, bytes),
            Arg::Table(table) => ffi::lua_pushvalue(lua, table.0),
            Arg::Function(function) => ffi::lua_pushvalue(lua, function.0),
            Arg::Host(function) => push_function(lua, function),
            Arg::Object(kind, id) => push_data(lua, HostData::Object(kind, id)),
            Arg::View(value) => push_value(lua, Some(value)),
            Arg::Null => ffi::lua_pushlightuserdata(lua, std::ptr::null_mut()),
        }
    }
}
