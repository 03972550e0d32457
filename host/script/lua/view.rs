//! Views: data that the host holds once for all VUs (`config`, `env`) as scripts
//! see it, without a copy. Used by `bind`, which gives host data its metatable.

use std::ffi::c_int;

use mlua_sys as ffi;
use mlua_sys::lua_State;
use serde_json::Value;

use crate::api::ObjectType;

use super::bind::{HostData, data_at, push_data, run};
use super::state::{guarded, push_str, raw_field, str_at};

/// The view at `index`, if it is one.
///
/// # Safety
/// As [`data_at`].
unsafe fn view_at(lua: *mut lua_State, index: c_int) -> Option<&'static Value> {
    // SAFETY: as the caller promised.
    match unsafe { data_at(lua, index) } {
        Some(HostData::View(value)) => Some(value),
        _ => None,
    }
}

/// What the key at `key` selects in a view.
///
/// # Safety
/// `key` must be valid.
pub(super) unsafe fn child(lua: *mut lua_State, value: &'static Value, key: c_int) -> Option<&'static Value> {
    // SAFETY: the key is on the stack.
    unsafe {
        if ffi::lua_isinteger(lua, key) != 0 {
            let index = usize::try_from(ffi::lua_tointeger(lua, key).checked_sub(1)?).ok()?;
            return value.as_array()?.get(index);
        }
        value.as_object()?.get(std::str::from_utf8(str_at(lua, key)).ok()?)
    }
}

/// Pushes a value of a view; lists and objects as views again.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn push(lua: *mut lua_State, value: Option<&'static Value>) {
    // SAFETY: from within a relaxed account.
    unsafe {
        match value {
            None => ffi::lua_pushnil(lua),
            Some(Value::Null) => ffi::lua_pushlightuserdata(lua, std::ptr::null_mut()),
            Some(Value::Bool(value)) => ffi::lua_pushboolean(lua, c_int::from(*value)),
            Some(Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
                (Some(integer), _) => ffi::lua_pushinteger(lua, integer),
                (None, float) => ffi::lua_pushnumber(lua, float.unwrap_or(f64::NAN)),
            },
            Some(Value::String(text)) => push_str(lua, text),
            Some(value) => push_data(lua, HostData::View(value)),
        }
    }
}

/// `#view`.
pub(super) unsafe extern "C-unwind" fn len(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua.
    unsafe {
        guarded(lua, |lua| {
            let len = match data_at(lua, 1) {
                Some(HostData::View(Value::Array(items))) => items.len(),
                _ => 0,
            };
            ffi::lua_pushinteger(lua, len as i64);
            Ok(1)
        })
    }
}

/// `pairs(view)`, or over what an object iterates over.
pub(super) unsafe extern "C-unwind" fn pairs(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua; the iterator counts in its upvalue.
    unsafe {
        if let Some(HostData::Object(ObjectType { entries: Some(entries), .. }, id)) = data_at(lua, 1) {
            ffi::lua_rawgeti(lua, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_GLOBALS);
            raw_field(lua, -1, "next");
            return guarded(lua, |lua| {
                run(lua, ffi::lua_gettop(lua) + 1, |frame| entries(frame, id)).map(|_| 2)
            });
        }
        ffi::lua_pushvalue(lua, 1);
        ffi::lua_pushinteger(lua, 0);
        ffi::lua_pushcclosure(lua, next, 2);
        1
    }
}

unsafe extern "C-unwind" fn next(lua: *mut lua_State) -> c_int {
    // SAFETY: the upvalues are those of `pairs`.
    unsafe {
        guarded(lua, |lua| {
            let at = ffi::lua_tointeger(lua, ffi::lua_upvalueindex(2)) as usize;
            ffi::lua_pushinteger(lua, at as i64 + 1);
            ffi::lua_copy(lua, -1, ffi::lua_upvalueindex(2));
            ffi::lua_pop(lua, 1);
            match view_at(lua, ffi::lua_upvalueindex(1)) {
                Some(Value::Array(items)) if at < items.len() => {
                    ffi::lua_pushinteger(lua, at as i64 + 1);
                    push(lua, items.get(at));
                    Ok(2)
                }
                Some(Value::Object(fields)) if at < fields.len() => {
                    let (name, value) = fields.iter().nth(at).expect("at is below the length");
                    push_str(lua, name);
                    push(lua, Some(value));
                    Ok(2)
                }
                _ => {
                    ffi::lua_pushnil(lua);
                    Ok(1)
                }
            }
        })
    }
}
