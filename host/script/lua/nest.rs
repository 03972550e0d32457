//! Which task set a VM is in: the instances of the sets that a VU has entered, one
//! within the other. They are kept on the VM's main stack, so that a user in no set
//! pays nothing for them. Used by `vm`.

use std::ffi::c_int;

use mlua_sys as ffi;
use mlua_sys::lua_State;

use crate::script::Set;

use super::class::{self, push_inherited};
use super::state::set_raw_field;
use super::tasks;

/// Places of the main stack, which nothing else uses between calls: the innermost instance (of the
/// user, where it is in no set), the list of its tasks, and what it is nested in: nil, or a list
/// with the instance and the tasks of the user, then of each set, innermost last.
pub(super) const INSTANCE: c_int = 1;
pub(super) const TASKS: c_int = 2;
pub(super) const NEST: c_int = 3;

/// The address of this is the key in the list at `NEST` under which the tasks of each set that was
/// entered once are kept, by the set.
static ENTERED: u8 = 0;

/// Makes an instance of the set that the task of the innermost instance leads to, and makes it the
/// innermost one.
///
/// # Safety
/// From within a relaxed account, with the places as said and nothing above them.
pub(super) unsafe fn enter(lua: *mut lua_State, task: usize, set: &Set) -> Result<(), String> {
    // SAFETY: as the caller promised.
    unsafe {
        if ffi::lua_rawgeti(lua, TASKS, task as i64 + 1) != ffi::LUA_TTABLE {
            ffi::lua_settop(lua, NEST);
            let name = &set.name;
            return Err(format!(
                "the script did not nest the task set `{name}` for this VU, though it did before"
            ));
        }
        let class = NEST + 1;
        if let Some(why) = class::finalizer(lua, class) {
            ffi::lua_settop(lua, NEST);
            return Err(format!("task set `{}`: {why}", set.name));
        }
        if ffi::lua_type(lua, NEST) == ffi::LUA_TNIL {
            ffi::lua_createtable(lua, 2, 1);
            ffi::lua_createtable(lua, 0, 1);
            ffi::lua_rawsetp(lua, -2, class::key(&ENTERED));
            ffi::lua_replace(lua, NEST);
        }
        let pushed = push_tasks(lua, class, set);
        if pushed.is_err() {
            ffi::lua_settop(lua, NEST);
            return pushed;
        }
        ffi::lua_createtable(lua, 0, 3);
        let instance = ffi::lua_gettop(lua);
        push_instance(lua, 0);
        // The user's, unless the set has one of its own.
        for client in ["client", "grpc"] {
            if push_inherited(lua, class, client) == ffi::LUA_TNIL
                && push_inherited(lua, instance + 1, client) != ffi::LUA_TNIL
            {
                set_raw_field(lua, instance, client);
            }
            ffi::lua_settop(lua, instance + 1);
        }
        set_raw_field(lua, instance, "user");
        ffi::lua_pushvalue(lua, INSTANCE);
        set_raw_field(lua, instance, "parent");
        ffi::lua_pushvalue(lua, class);
        ffi::lua_setmetatable(lua, instance);
        // What was innermost goes into the list.
        let count = ffi::lua_rawlen(lua, NEST) as i64;
        for (place, at) in [(INSTANCE, count + 1), (TASKS, count + 2)] {
            ffi::lua_pushvalue(lua, place);
            ffi::lua_rawseti(lua, NEST, at);
        }
        ffi::lua_replace(lua, INSTANCE);
        ffi::lua_replace(lua, TASKS);
        ffi::lua_settop(lua, NEST);
        Ok(())
    }
}

/// Pushes the list of the tasks of the set at `class`, made when it is entered first.
unsafe fn push_tasks(lua: *mut lua_State, class: c_int, set: &Set) -> Result<(), String> {
    // SAFETY: as `enter`.
    unsafe {
        ffi::lua_rawgetp(lua, NEST, class::key(&ENTERED));
        let entered = ffi::lua_gettop(lua);
        ffi::lua_pushvalue(lua, class);
        if ffi::lua_rawget(lua, entered) == ffi::LUA_TNIL {
            ffi::lua_pop(lua, 1);
            tasks::push_ordered(lua, class, &set.tasks)?;
            ffi::lua_pushvalue(lua, class);
            ffi::lua_pushvalue(lua, -2);
            ffi::lua_rawset(lua, entered);
        }
        ffi::lua_rotate(lua, entered, -1);
        ffi::lua_pop(lua, 1);
        Ok(())
    }
}

/// Makes what the innermost set is nested in the innermost instance again. Nothing in no set.
///
/// # Safety
/// With the places as said; needs a free stack slot. Neither raises nor allocates.
pub(super) unsafe fn leave(lua: *mut lua_State) {
    // SAFETY: as the caller promised.
    unsafe {
        if ffi::lua_type(lua, NEST) == ffi::LUA_TNIL {
            return;
        }
        let count = ffi::lua_rawlen(lua, NEST) as i64;
        if count == 0 {
            return;
        }
        for (place, at) in [(INSTANCE, count - 1), (TASKS, count)] {
            ffi::lua_rawgeti(lua, NEST, at);
            ffi::lua_replace(lua, place);
        }
        for at in [count, count - 1] {
            ffi::lua_pushnil(lua);
            ffi::lua_rawseti(lua, NEST, at);
        }
    }
}

/// Pushes the instance that is so many sets deep; 0: the user.
///
/// # Safety
/// As [`leave`].
pub(super) unsafe fn push_instance(lua: *mut lua_State, depth: usize) {
    // SAFETY: as the caller promised.
    unsafe {
        let nested = ffi::lua_type(lua, NEST) != ffi::LUA_TNIL;
        if nested && ffi::lua_rawgeti(lua, NEST, depth as i64 * 2 + 1) == ffi::LUA_TTABLE {
            return;
        }
        if nested {
            ffi::lua_pop(lua, 1);
        }
        ffi::lua_pushvalue(lua, INSTANCE);
    }
}
