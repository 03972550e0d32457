//! Reads the attributes of a class: names, numbers, tags, the wait. Used by
//! `manifest` and `tasks`; nothing here runs script code.

use std::ffi::c_int;

use mlua_sys as ffi;
use mlua_sys::lua_State;

use crate::api::wait_of;
use crate::load::Wait;
use crate::script::{WaitTime, attributes};

use super::class::push_inherited;
use super::state::{raw_field, str_at};

/// Refuses names that are all but one of the host's: they are slips of the pen.
///
/// # Safety
/// From within a relaxed account, like all of this file; `index` must be a class.
pub(super) unsafe fn check_names(lua: *mut lua_State, index: c_int, known: &[&str]) -> Result<(), String> {
    // SAFETY: as the caller promised; keys are not converted.
    unsafe {
        let mut slip = None;
        ffi::lua_pushnil(lua);
        while ffi::lua_next(lua, index) != 0 {
            let name = String::from_utf8_lossy(str_at(lua, -2)).into_owned();
            slip = slip.or_else(|| attributes::slip(&name, known));
            ffi::lua_pop(lua, 1);
        }
        slip.map_or(Ok(()), Err)
    }
}

/// A number of 0 or more.
///
/// # Safety
/// As [`check_names`].
pub(super) unsafe fn number(
    lua: *mut lua_State,
    index: c_int,
    name: &str,
    default: f64,
) -> Result<f64, String> {
    // SAFETY: as `check_names`.
    unsafe {
        let kind = push_inherited(lua, index, name);
        let value = ffi::lua_tonumber(lua, -1);
        ffi::lua_pop(lua, 1);
        match kind {
            ffi::LUA_TNIL => Ok(default),
            ffi::LUA_TNUMBER if value.is_finite() && value >= 0.0 => Ok(value),
            ffi::LUA_TNUMBER => Err(format!("`{name}` must be 0 or more, not {value}")),
            _ => Err(format!("`{name}` must be a number")),
        }
    }
}

/// A tag, or a list of tags, in the field `tags`.
///
/// # Safety
/// As [`check_names`].
pub(super) unsafe fn tags(lua: *mut lua_State, index: c_int) -> Result<Vec<String>, String> {
    // SAFETY: as `check_names`.
    unsafe {
        let kind = push_inherited(lua, index, "tags");
        let mut tags = Vec::new();
        if kind == ffi::LUA_TSTRING {
            tags.push(String::from_utf8_lossy(str_at(lua, -1)).into_owned());
        } else if kind == ffi::LUA_TTABLE {
            for item in 1..=ffi::lua_rawlen(lua, -1) {
                ffi::lua_rawgeti(lua, -1, item as i64);
                let tag = String::from_utf8_lossy(str_at(lua, -1)).into_owned();
                ffi::lua_pop(lua, 1);
                if tag.is_empty() {
                    ffi::lua_pop(lua, 1);
                    return Err("`tags` must be a list of strings".into());
                }
                tags.push(tag);
            }
        } else if kind != ffi::LUA_TNIL {
            ffi::lua_pop(lua, 1);
            return Err("`tags` must be a list of strings".into());
        }
        ffi::lua_pop(lua, 1);
        Ok(tags)
    }
}

/// None where it has none.
///
/// # Safety
/// As [`check_names`].
pub(super) unsafe fn wait_time(lua: *mut lua_State, index: c_int) -> Result<Option<WaitTime>, String> {
    // SAFETY: as `check_names`.
    unsafe {
        let kind = push_inherited(lua, index, "wait_time");
        let at = ffi::lua_gettop(lua);
        let wait = match kind {
            ffi::LUA_TNIL => {
                ffi::lua_settop(lua, at - 1);
                return Ok(None);
            }
            ffi::LUA_TFUNCTION => Some(WaitTime::Function),
            ffi::LUA_TNUMBER => Wait::Constant(ffi::lua_tonumber(lua, at)).check().ok().map(WaitTime::Built),
            ffi::LUA_TTABLE => {
                raw_field(lua, at, "wait");
                let kind = String::from_utf8_lossy(str_at(lua, -1)).into_owned();
                raw_field(lua, at, "a");
                raw_field(lua, at, "b");
                let wait = wait_of(&kind, ffi::lua_tonumber(lua, -2), ffi::lua_tonumber(lua, -1));
                wait.and_then(|wait| wait.check().ok()).map(WaitTime::Built)
            }
            _ => None,
        };
        ffi::lua_settop(lua, at - 1);
        wait.map(Some).ok_or_else(|| {
            "`wait_time` must be between(a, b), constant(s) or the like, or a function".to_owned()
        })
    }
}

/// Whether it has an `on_start`, and an `on_stop`.
///
/// # Safety
/// As [`check_names`].
pub(super) unsafe fn hooks(lua: *mut lua_State, index: c_int) -> Result<[bool; 2], String> {
    // SAFETY: as `check_names`.
    unsafe {
        let mut defined = [false; 2];
        for (slot, function) in defined.iter_mut().zip(["on_start", "on_stop"]) {
            let kind = push_inherited(lua, index, function);
            ffi::lua_pop(lua, 1);
            *slot = match kind {
                ffi::LUA_TFUNCTION => true,
                ffi::LUA_TNIL => false,
                _ => return Err(format!("`{function}` must be a function")),
            };
        }
        Ok(defined)
    }
}
