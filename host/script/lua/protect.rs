//! The basic functions that could let a script escape its limits, written anew:
//! `pcall` and `xpcall` (which may not swallow a doomed call, nor one that leaves its
//! task set), coroutines (the one that runs is the one to preempt), `setmetatable` (no `__gc`), and the two library
//! functions that can loop in C without end. Bound by `sandbox`.

use std::ffi::c_int;

use mlua_sys as ffi;
use mlua_sys::lua_State;

use crate::vu::fiber;

use super::preempt;
use super::state::{context, push_str, set_raw_field, str_at};
use super::trace;

/// From this many items on, `table.sort` lets others have their turn.
const SORT_LIMIT: usize = 4096;

/// Most items that `table.move` may move at once: a loop in C that nothing interrupts.
const MOVE_LIMIT: i64 = 1 << 20;

/// The error value that `interrupt` raises.
const LEFT: &str = "the task set was left";

/// Pushes it.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn push_left(lua: *mut lua_State) {
    // SAFETY: as the caller promised.
    unsafe { push_str(lua, LEFT) }
}

/// Whether the error value at `index` is on its way to end a call that leaves its task set. What
/// a script catches on that way (in a `__close`, say) is another value.
///
/// # Safety
/// `index` must be valid.
pub(super) unsafe fn is_left(lua: *mut lua_State, index: c_int) -> bool {
    // SAFETY: as the caller promised.
    unsafe { context(lua).vu.left.get().is_some() && str_at(lua, index) == LEFT.as_bytes() }
}

/// Puts the safe versions over the basic ones in the globals table on top.
///
/// # Safety
/// The table on top must be the globals of a new state, with the base library opened.
pub(super) unsafe fn install_base(lua: *mut lua_State) {
    let replaced: [(&str, ffi::lua_CFunction); 3] =
        [("pcall", pcall), ("xpcall", xpcall), ("setmetatable", set_metatable)];
    // SAFETY: as the caller promised.
    unsafe {
        for (name, function) in replaced {
            ffi::lua_pushcfunction(lua, function);
            set_raw_field(lua, -2, name);
        }
        // What could load bytecode, read files, or turn the collector off.
        for name in ["load", "loadfile", "dofile", "collectgarbage", "warn"] {
            ffi::lua_pushnil(lua);
            set_raw_field(lua, -2, name);
        }
    }
}

/// The same for the library called `name`, whose table is on top.
///
/// # Safety
/// The table on top must be that library's, just opened.
pub(super) unsafe fn install_library(lua: *mut lua_State, name: &str) {
    let replaced: &[(&str, ffi::lua_CFunction)] = match name {
        "coroutine" => &[("resume", resume), ("wrap", wrap), ("close", close)],
        "table" => &[("move", table_move), ("sort", table_sort)],
        "string" => &[
            ("rep", repeat),
            ("find", super::strings::find),
            ("match", super::strings::match_),
            ("gmatch", super::strings::gmatch),
            ("gsub", super::strings::gsub),
        ],
        _ => &[],
    };
    // SAFETY: as the caller promised.
    unsafe {
        for &(field, function) in replaced {
            if matches!(field, "rep" | "move" | "sort") {
                super::state::raw_field(lua, -1, field);
                ffi::lua_pushcclosure(lua, function, 1);
            } else {
                ffi::lua_pushcfunction(lua, function);
            }
            set_raw_field(lua, -2, field);
        }
        if name == "string" {
            ffi::lua_pushnil(lua);
            set_raw_field(lua, -2, "dump");
        }
    }
}

unsafe extern "C-unwind" fn pcall(lua: *mut lua_State) -> c_int {
    // SAFETY: a C function that owns nothing.
    unsafe {
        ffi::luaL_checkany(lua, 1);
        ffi::lua_pushboolean(lua, 1);
        ffi::lua_rotate(lua, 1, 1);
        let args = ffi::lua_gettop(lua) - 2;
        let status = ffi::lua_pcallk(lua, args, ffi::LUA_MULTRET, 0, 0, Some(finish_pcall));
        finish_pcall(lua, status, 0)
    }
}

unsafe extern "C-unwind" fn xpcall(lua: *mut lua_State) -> c_int {
    // SAFETY: a C function that owns nothing.
    unsafe {
        let count = ffi::lua_gettop(lua);
        ffi::luaL_checktype(lua, 2, ffi::LUA_TFUNCTION);
        ffi::lua_pushvalue(lua, 2);
        ffi::lua_pushcclosure(lua, handle, 1);
        ffi::lua_copy(lua, -1, 2);
        ffi::lua_pop(lua, 1);
        ffi::lua_pushboolean(lua, 1);
        ffi::lua_pushvalue(lua, 1);
        ffi::lua_rotate(lua, 3, 2);
        let status = ffi::lua_pcallk(lua, count - 2, ffi::LUA_MULTRET, 2, 2, Some(finish_pcall));
        finish_pcall(lua, status, 2)
    }
}

/// The script's message handler (the upvalue), unless the call is doomed: a handler that the
/// hook's own error runs could loop without an end, since no hook interrupts a hook.
unsafe extern "C-unwind" fn handle(lua: *mut lua_State) -> c_int {
    // SAFETY: a C function that owns nothing.
    unsafe {
        if fiber::doom().is_none() && !is_left(lua, 1) {
            ffi::lua_pushvalue(lua, ffi::lua_upvalueindex(1));
            ffi::lua_rotate(lua, 1, 1);
            ffi::lua_callk(lua, 1, 1, 0, None);
        }
        1
    }
}

/// `extra` values below the results belong to the caller.
unsafe extern "C-unwind" fn finish_pcall(lua: *mut lua_State, status: c_int, extra: isize) -> c_int {
    // SAFETY: a C function that owns nothing.
    unsafe {
        if status == ffi::LUA_OK || status == ffi::LUA_YIELD {
            return ffi::lua_gettop(lua) - extra as c_int;
        }
        if fiber::doom().is_some() || is_left(lua, -1) {
            ffi::lua_error(lua);
        }
        context(lua).trace.borrow_mut().clear();
        ffi::lua_pushboolean(lua, 0);
        ffi::lua_pushvalue(lua, -2);
        2
    }
}

unsafe extern "C-unwind" fn set_metatable(lua: *mut lua_State) -> c_int {
    // SAFETY: a C function that owns nothing.
    unsafe {
        ffi::luaL_checktype(lua, 1, ffi::LUA_TTABLE);
        let kind = ffi::lua_type(lua, 2);
        if kind != ffi::LUA_TNIL && kind != ffi::LUA_TTABLE {
            return ffi::luaL_argerror(lua, 2, c"nil or table expected".as_ptr());
        }
        if ffi::luaL_getmetafield(lua, 1, c"__metatable".as_ptr()) != ffi::LUA_TNIL {
            return ffi::luaL_error(lua, c"cannot change a protected metatable".as_ptr());
        }
        if kind == ffi::LUA_TTABLE {
            ffi::lua_pushstring(lua, c"__gc".as_ptr());
            if ffi::lua_rawget(lua, 2) != ffi::LUA_TNIL {
                return ffi::luaL_error(
                    lua,
                    c"`__gc` is not available in scripts (use a `<close>` variable or on_stop)".as_ptr(),
                );
            }
        }
        ffi::lua_settop(lua, 2);
        ffi::lua_setmetatable(lua, 1);
        1
    }
}

/// Moves `args` values to `co` and runs it. The count of results, now on `lua`, or -1 with the
/// error value there.
unsafe fn run_coroutine(lua: *mut lua_State, co: *mut lua_State, args: c_int) -> c_int {
    // SAFETY: `co` is on the stack of `lua` (argument or upvalue), so it stays alive.
    unsafe {
        if ffi::lua_checkstack(co, args) == 0 {
            ffi::lua_pushstring(lua, c"too many arguments to resume".as_ptr());
            return -1;
        }
        ffi::lua_xmove(lua, co, args);
        let memory = &context(lua).memory;
        let before = preempt::target(memory, co);
        let mut results = 0;
        let status = ffi::lua_resume(co, lua, args, &raw mut results);
        preempt::target(memory, before);
        if fiber::doom().is_some() {
            preempt::raise_doom(lua);
        }
        if status == ffi::LUA_OK || status == ffi::LUA_YIELD {
            if ffi::lua_checkstack(lua, results + 1) == 0 {
                ffi::lua_pop(co, results);
                ffi::lua_pushstring(lua, c"too many results to resume".as_ptr());
                return -1;
            }
            ffi::lua_xmove(co, lua, results);
            results
        } else {
            ffi::lua_xmove(co, lua, 1);
            if is_left(lua, -1) {
                ffi::lua_error(lua);
            }
            -1
        }
    }
}

unsafe fn check_coroutine(lua: *mut lua_State) -> *mut lua_State {
    // SAFETY: raises with nothing alive.
    unsafe {
        let co = ffi::lua_tothread(lua, 1);
        if co.is_null() {
            let text =
                ffi::lua_pushfstring(lua, c"thread expected, got %s".as_ptr(), ffi::luaL_typename(lua, 1));
            ffi::luaL_argerror(lua, 1, text);
        }
        co
    }
}

unsafe extern "C-unwind" fn resume(lua: *mut lua_State) -> c_int {
    // SAFETY: a C function that owns nothing.
    unsafe {
        let co = check_coroutine(lua);
        let results = run_coroutine(lua, co, ffi::lua_gettop(lua) - 1);
        ffi::lua_pushboolean(lua, c_int::from(results >= 0));
        let count = if results < 0 { 2 } else { results + 1 };
        ffi::lua_rotate(lua, -count, 1);
        count
    }
}

unsafe extern "C-unwind" fn wrap(lua: *mut lua_State) -> c_int {
    // SAFETY: a C function that owns nothing.
    unsafe {
        ffi::luaL_checktype(lua, 1, ffi::LUA_TFUNCTION);
        let co = ffi::lua_newthread(lua);
        ffi::lua_pushvalue(lua, 1);
        ffi::lua_xmove(lua, co, 1);
        ffi::lua_pushcclosure(lua, call_wrapped, 1);
        1
    }
}

unsafe extern "C-unwind" fn call_wrapped(lua: *mut lua_State) -> c_int {
    // SAFETY: a C function that owns nothing; the coroutine is its upvalue.
    unsafe {
        let co = ffi::lua_tothread(lua, ffi::lua_upvalueindex(1));
        let results = run_coroutine(lua, co, ffi::lua_gettop(lua));
        if results >= 0 {
            return results;
        }
        trace::keep_coroutine(lua, co);
        let status = ffi::lua_status(co);
        if status != ffi::LUA_OK && status != ffi::LUA_YIELD {
            close_coroutine(lua, co);
        }
        if ffi::lua_type(lua, -1) == ffi::LUA_TSTRING {
            ffi::luaL_where(lua, 1);
            ffi::lua_rotate(lua, -2, 1);
            ffi::lua_concat(lua, 2);
        }
        ffi::lua_error(lua)
    }
}

/// Runs the pending `<close>` variables of a coroutine; on failure moves the error to `lua`.
unsafe fn close_coroutine(lua: *mut lua_State, co: *mut lua_State) -> c_int {
    // SAFETY: as `run_coroutine`.
    unsafe {
        let memory = &context(lua).memory;
        let before = preempt::target(memory, co);
        let status = ffi::lua_closethread(co, lua);
        preempt::target(memory, before);
        if fiber::doom().is_some() {
            preempt::raise_doom(lua);
        }
        if status != ffi::LUA_OK {
            ffi::lua_xmove(co, lua, 1);
            if is_left(lua, -1) {
                ffi::lua_error(lua);
            }
        }
        status
    }
}

unsafe extern "C-unwind" fn close(lua: *mut lua_State) -> c_int {
    // SAFETY: a C function that owns nothing.
    unsafe {
        let co = check_coroutine(lua);
        let mut info: ffi::lua_Debug = std::mem::zeroed();
        let suspended = ffi::lua_status(co) == ffi::LUA_YIELD;
        let idle = ffi::lua_status(co) != ffi::LUA_OK || ffi::lua_getstack(co, 0, &raw mut info) == 0;
        if co == lua || !(suspended || idle) {
            return ffi::luaL_error(lua, c"cannot close a running coroutine".as_ptr());
        }
        if close_coroutine(lua, co) == ffi::LUA_OK {
            ffi::lua_pushboolean(lua, 1);
            1
        } else {
            ffi::lua_pushboolean(lua, 0);
            ffi::lua_rotate(lua, -2, 1);
            2
        }
    }
}

/// `string.rep`, but for nothing repeated without end.
unsafe extern "C-unwind" fn repeat(lua: *mut lua_State) -> c_int {
    // SAFETY: a C function that owns nothing.
    unsafe {
        let mut len = 0;
        let mut separator = 0;
        ffi::luaL_checklstring(lua, 1, &raw mut len);
        ffi::luaL_optlstring(lua, 3, c"".as_ptr(), &raw mut separator);
        if len + separator == 0 {
            push_str(lua, "");
            return 1;
        }
        call_original(lua)
    }
}

/// `table.move`, for as many items as can be moved in a moment.
unsafe extern "C-unwind" fn table_move(lua: *mut lua_State) -> c_int {
    // SAFETY: a C function that owns nothing.
    unsafe {
        let first = ffi::luaL_checkinteger(lua, 2);
        let last = ffi::luaL_checkinteger(lua, 3);
        if last.saturating_sub(first) >= MOVE_LIMIT {
            return ffi::luaL_error(lua, c"too many elements to move".as_ptr());
        }
        call_original(lua)
    }
}

/// `table.sort`. A long list without an order of its own is given one that ticks: the library's is
/// a loop in C.
unsafe extern "C-unwind" fn table_sort(lua: *mut lua_State) -> c_int {
    // SAFETY: a C function that owns nothing.
    unsafe {
        if ffi::lua_isnoneornil(lua, 2) != 0
            && ffi::lua_type(lua, 1) == ffi::LUA_TTABLE
            && ffi::lua_rawlen(lua, 1) >= SORT_LIMIT
        {
            ffi::lua_settop(lua, 1);
            ffi::lua_pushcfunction(lua, is_less);
        }
        call_original(lua)
    }
}

unsafe extern "C-unwind" fn is_less(lua: *mut lua_State) -> c_int {
    // SAFETY: a C function that owns nothing, called by `table.sort` with two values.
    unsafe {
        if fiber::tick().is_err() {
            preempt::push_doom(lua);
            ffi::lua_error(lua)
        }
        let less = ffi::lua_compare(lua, 1, 2, ffi::LUA_OPLT);
        ffi::lua_pushboolean(lua, less);
        1
    }
}

/// Goes on as the library's own function, kept as an upvalue: in the same frame, so that its
/// errors name the place and the function that the script called.
unsafe fn call_original(lua: *mut lua_State) -> c_int {
    // SAFETY: a C function of Lua's library, with the arguments that it was called with.
    unsafe {
        match ffi::lua_tocfunction(lua, ffi::lua_upvalueindex(1)) {
            Some(original) => original(lua),
            None => 0,
        }
    }
}
