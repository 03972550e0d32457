//! Global functions of a script, and users that are made of one: a scenario may name a function
//! where others name a class. Used by `program` and `vm`.

use std::ffi::c_int;

use mlua_sys as ffi;
use mlua_sys::lua_State;

use crate::script::Function;

use super::class::{PLACE, finish_base, key};
use super::sandbox;
use super::state::{push_str, raw_field, set_raw_field, str_at};
use super::trace;

/// The functions that scripts have left in globals, by name.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn read(lua: *mut lua_State) -> Vec<Function> {
    // SAFETY: as the caller promised; keys are not converted, the stack is as it was at the end.
    unsafe {
        let top = ffi::lua_gettop(lua);
        ffi::lua_pushglobaltable(lua);
        let mut functions = Vec::new();
        ffi::lua_pushnil(lua);
        while ffi::lua_next(lua, top + 1) != 0 {
            if ffi::lua_type(lua, top + 2) == ffi::LUA_TSTRING && is_own(lua, top + 3) {
                let name = String::from_utf8_lossy(str_at(lua, top + 2)).into_owned();
                functions.push(Function { name, place: trace::place_of_function(lua) });
            } else {
                ffi::lua_pop(lua, 1);
            }
        }
        ffi::lua_settop(lua, top);
        functions.sort_by(|a, b| a.name.cmp(&b.name));
        functions
    }
}

/// Whether it is a function that is written in Lua.
unsafe fn is_own(lua: *mut lua_State, index: c_int) -> bool {
    // SAFETY: as `read`.
    unsafe { ffi::lua_type(lua, index) == ffi::LUA_TFUNCTION && ffi::lua_iscfunction(lua, index) == 0 }
}

/// Pushes a class below `HttpUser` whose only task is the global function called `name`; false (and
/// nothing pushed) where there is none.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn push_class(lua: *mut lua_State, name: &str) -> bool {
    // SAFETY: as the caller promised.
    unsafe {
        ffi::lua_pushglobaltable(lua);
        let globals = ffi::lua_gettop(lua);
        raw_field(lua, globals, name);
        if !is_own(lua, -1) {
            ffi::lua_settop(lua, globals - 1);
            return false;
        }
        let function = globals + 1;
        ffi::lua_createtable(lua, 0, 4);
        ffi::lua_createtable(lua, 1, 0);
        ffi::lua_createtable(lua, 0, 2);
        push_str(lua, name);
        set_raw_field(lua, -2, "name");
        ffi::lua_pushvalue(lua, function);
        set_raw_field(lua, -2, "target");
        ffi::lua_rawseti(lua, -2, 1);
        set_raw_field(lua, -2, "tasks");
        finish_base(lua, name);
        ffi::lua_pushvalue(lua, function);
        push_str(lua, trace::place_of_function(lua));
        ffi::lua_rawsetp(lua, -2, key(&PLACE));
        sandbox::push_api_cached(lua, "HttpUser");
        ffi::lua_setmetatable(lua, -2);
        ffi::lua_replace(lua, globals);
        ffi::lua_settop(lua, globals);
        true
    }
}
