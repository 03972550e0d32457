//! Classes in Lua: users and task sets. A class is a plain table whose metatable is
//! its parent; an instance is one whose metatable is its class. Its methods are in
//! `methods`; what it declares is read by `manifest`. Bound by `sandbox`.

use std::ffi::{c_int, c_void};

use mlua_sys as ffi;
use mlua_sys::lua_State;

use crate::api::GRPC_CLIENT;
use crate::script::SetKind;

use super::bind;
use super::metamethods::push_value;
use super::methods;
use super::sandbox;
use super::shape;
use super::state::{context, push_str, raw_field, set_raw_field, str_at};

/// The classes that every script has.
pub(super) const BASES: [&str; 7] =
    ["User", "HttpUser", "GrpcUser", "TaskSet", "SequentialTaskSet", "MarkovTaskSet", shape::BASE];

/// What a class descends from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    User,
    Set(SetKind),
}

/// Addresses as keys, which no script can name. In a class: its name, the place of its
/// definition, its list of tasks. In the registry: the list of classes.
pub(super) static NAME: u8 = 0;
pub(super) static PLACE: u8 = 0;
pub(super) static TASKS: u8 = 0;
static CLASSES: u8 = 0;

pub(super) fn key(address: &'static u8) -> *const c_void {
    std::ptr::from_ref(address).cast()
}

/// Pushes the base class called `name`, if it is one. Made on first use; `sandbox` keeps it.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn push_base(lua: *mut lua_State, name: &[u8]) -> bool {
    // SAFETY: as the caller promised.
    unsafe {
        match name {
            b"User" => push_root(lua, "User", &methods::USER),
            b"HttpUser" => {
                ffi::lua_createtable(lua, 0, 3);
                sandbox::push_api_cached(lua, "http");
                set_raw_field(lua, -2, "client");
                finish_base(lua, "HttpUser");
                sandbox::push_api_cached(lua, "User");
                ffi::lua_setmetatable(lua, -2);
            }
            b"GrpcUser" => {
                ffi::lua_createtable(lua, 0, 3);
                // Number 0 is the client that the class describes, made when it is used.
                bind::push_data(lua, bind::HostData::Object(&GRPC_CLIENT, 0));
                set_raw_field(lua, -2, "grpc");
                finish_base(lua, "GrpcUser");
                sandbox::push_api_cached(lua, "User");
                ffi::lua_setmetatable(lua, -2);
            }
            b"TaskSet" => push_root(lua, "TaskSet", &methods::TASK_SET),
            b"SequentialTaskSet" | b"MarkovTaskSet" => {
                ffi::lua_createtable(lua, 0, 2);
                finish_base(lua, if name[0] == b'S' { "SequentialTaskSet" } else { "MarkovTaskSet" });
                sandbox::push_api_cached(lua, "TaskSet");
                ffi::lua_setmetatable(lua, -2);
            }
            _ if name == shape::BASE.as_bytes() => shape::push_base(lua),
            _ => return false,
        }
        true
    }
}

/// Pushes a base class that has no parent.
unsafe fn push_root(lua: *mut lua_State, name: &str, methods: &[(&str, ffi::lua_CFunction)]) {
    // SAFETY: as `push_base`.
    unsafe {
        ffi::lua_createtable(lua, 0, methods.len() as c_int + 2);
        for (name, method) in methods {
            ffi::lua_pushcfunction(lua, *method);
            set_raw_field(lua, -2, name);
        }
        if let Some(data) = context(lua).vu.shared.briefing.data {
            // What `setup` returned is inherited by every class, as one view of it.
            push_value(lua, Some(data));
            set_raw_field(lua, -2, "data");
        }
        finish_base(lua, name);
    }
}

/// Gives the table on top a name and makes it its instances' index.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn finish_base(lua: *mut lua_State, name: &str) {
    // SAFETY: as `push_base`.
    unsafe {
        push_str(lua, name);
        ffi::lua_rawsetp(lua, -2, key(&NAME));
        ffi::lua_pushvalue(lua, -1);
        set_raw_field(lua, -2, "__index");
    }
}

/// Pushes the list of classes.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn push_classes(lua: *mut lua_State) {
    // SAFETY: as the caller promised.
    unsafe {
        if ffi::lua_rawgetp(lua, ffi::LUA_REGISTRYINDEX, key(&CLASSES)) == ffi::LUA_TNIL {
            ffi::lua_pop(lua, 1);
            ffi::lua_createtable(lua, 1, 0);
            ffi::lua_pushvalue(lua, -1);
            ffi::lua_rawsetp(lua, ffi::LUA_REGISTRYINDEX, key(&CLASSES));
        }
    }
}

/// The name of the class at `index`; None where it is no class.
///
/// # Safety
/// As [`push_classes`]; the name lives as long as the class.
pub(super) unsafe fn name_of<'a>(lua: *mut lua_State, index: c_int) -> Option<&'a [u8]> {
    // SAFETY: as the caller promised.
    unsafe {
        if ffi::lua_type(lua, index) != ffi::LUA_TTABLE {
            return None;
        }
        ffi::lua_rawgetp(lua, index, key(&NAME));
        let name = (ffi::lua_type(lua, -1) == ffi::LUA_TSTRING).then(|| str_at(lua, -1));
        ffi::lua_pop(lua, 1);
        name
    }
}

/// What the class or instance at `index` descends from; None where it is neither.
///
/// # Safety
/// As [`push_classes`].
pub(super) unsafe fn base_of(lua: *mut lua_State, index: c_int) -> Option<Base> {
    // SAFETY: as the caller promised; the stack is as it was at the end.
    unsafe {
        let top = ffi::lua_gettop(lua);
        ffi::lua_pushvalue(lua, index);
        let base = loop {
            match name_of(lua, top + 1) {
                Some(b"User" | b"HttpUser" | b"GrpcUser") => break Some(Base::User),
                Some(b"TaskSet") => break Some(Base::Set(SetKind::Random)),
                Some(b"SequentialTaskSet") => break Some(Base::Set(SetKind::Sequential)),
                Some(b"MarkovTaskSet") => break Some(Base::Set(SetKind::Markov)),
                _ if ffi::lua_type(lua, top + 1) != ffi::LUA_TTABLE => break None,
                _ if ffi::lua_getmetatable(lua, top + 1) == 0 => break None,
                _ => ffi::lua_replace(lua, top + 1),
            }
        };
        ffi::lua_settop(lua, top);
        base
    }
}

/// Pushes `class[name]` along the chain of parents, without running script code. Its type.
///
/// # Safety
/// From within a relaxed account; `index` must be a table.
pub(super) unsafe fn push_inherited(lua: *mut lua_State, index: c_int, name: &str) -> c_int {
    // SAFETY: as the caller promised.
    unsafe {
        ffi::lua_pushvalue(lua, index);
        loop {
            let kind = raw_field(lua, -1, name);
            if kind != ffi::LUA_TNIL {
                ffi::lua_rotate(lua, -2, 1);
                ffi::lua_pop(lua, 1);
                return kind;
            }
            ffi::lua_pop(lua, 1);
            if ffi::lua_getmetatable(lua, -1) == 0 {
                ffi::lua_pop(lua, 1);
                ffi::lua_pushnil(lua);
                return ffi::LUA_TNIL;
            }
            ffi::lua_rotate(lua, -2, 1);
            ffi::lua_pop(lua, 1);
        }
    }
}

/// Why a class cannot be the metatable of an instance or a class below it, if it cannot.
///
/// # Safety
/// From within a relaxed account; `index` must be a table.
pub(super) unsafe fn finalizer(lua: *mut lua_State, index: c_int) -> Option<&'static str> {
    // SAFETY: as the caller promised.
    unsafe {
        let kind = raw_field(lua, index, "__gc");
        ffi::lua_pop(lua, 1);
        (kind != ffi::LUA_TNIL)
            .then_some("`__gc` is not available in scripts (use a `<close>` variable or on_stop)")
    }
}

/// Pushes the user class called `name`; false (and nothing pushed) where there is none.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn push_class(lua: *mut lua_State, name: &str) -> bool {
    // SAFETY: as the caller promised.
    unsafe {
        push_classes(lua);
        let list = ffi::lua_gettop(lua);
        for index in 1..=ffi::lua_rawlen(lua, list) {
            ffi::lua_rawgeti(lua, list, index as i64);
            if name_of(lua, -1) == Some(name.as_bytes()) && base_of(lua, -1) == Some(Base::User) {
                ffi::lua_rotate(lua, list, 1);
                ffi::lua_settop(lua, list);
                return true;
            }
            ffi::lua_pop(lua, 1);
        }
        ffi::lua_pop(lua, 1);
        false
    }
}
