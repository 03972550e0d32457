//! `pairs` over host userdata: nothing is copied, one item at a time. Part of the
//! metatable that `metamethods` makes.

use std::ffi::c_int;

use mlua_sys as ffi;
use mlua_sys::lua_State;
use serde_json::Value;
use serde_json::map::Iter;

use crate::api::ObjectType;

use super::bind::{HostData, data_at, run};
use super::metamethods::push_value;
use super::state::{guarded, push_str, raw_field};

/// The fields of an object that are still to come.
type Fields = Iter<'static>;

// It lies in Lua's memory and is never dropped.
const _: () = assert!(!std::mem::needs_drop::<Fields>() && align_of::<Fields>() <= 8);

/// `__pairs`.
pub(super) unsafe extern "C-unwind" fn pairs(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua; what the iterators know lies in their upvalues.
    unsafe {
        guarded(lua, |lua| match data_at(lua, 1) {
            Some(HostData::Object(ObjectType { entries: Some(entries), .. }, id)) => {
                ffi::lua_rawgeti(lua, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_GLOBALS);
                raw_field(lua, -1, "next");
                run(lua, ffi::lua_gettop(lua) + 1, |frame| entries(frame, id)).map(|_| 2)
            }
            Some(HostData::View(Value::Object(fields))) => {
                ffi::lua_newuserdatauv(lua, size_of::<Fields>(), 0).cast::<Fields>().write(fields.iter());
                ffi::lua_pushcclosure(lua, next_field, 1);
                Ok(1)
            }
            _ => {
                ffi::lua_pushvalue(lua, 1);
                ffi::lua_pushinteger(lua, 0);
                ffi::lua_pushcclosure(lua, next_item, 2);
                Ok(1)
            }
        })
    }
}

unsafe extern "C-unwind" fn next_field(lua: *mut lua_State) -> c_int {
    // SAFETY: the upvalue is what `pairs` made, and a script cannot reach it.
    unsafe {
        guarded(lua, |lua| {
            let fields = &mut *ffi::lua_touserdata(lua, ffi::lua_upvalueindex(1)).cast::<Fields>();
            match fields.next() {
                Some((name, value)) => {
                    push_str(lua, name);
                    push_value(lua, Some(value));
                    Ok(2)
                }
                None => {
                    ffi::lua_pushnil(lua);
                    Ok(1)
                }
            }
        })
    }
}

unsafe extern "C-unwind" fn next_item(lua: *mut lua_State) -> c_int {
    // SAFETY: the upvalues are those of `pairs`: the list, and how many items were seen.
    unsafe {
        guarded(lua, |lua| {
            let at = ffi::lua_tointeger(lua, ffi::lua_upvalueindex(2)) as usize;
            ffi::lua_pushinteger(lua, at as i64 + 1);
            ffi::lua_copy(lua, -1, ffi::lua_upvalueindex(2));
            match data_at(lua, ffi::lua_upvalueindex(1)) {
                Some(HostData::View(Value::Array(items))) if at < items.len() => {
                    push_value(lua, items.get(at));
                    Ok(2)
                }
                Some(HostData::Object(ObjectType { items: Some(items), .. }, id)) => {
                    let first = ffi::lua_gettop(lua) + 1;
                    let given = run(lua, first, |frame| match at < (items.length)(frame, id) {
                        true => (items.get)(frame, id, at),
                        false => Ok(()),
                    })?;
                    if given == 0 {
                        ffi::lua_pushnil(lua);
                        return Ok(1);
                    }
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
