//! User classes in Lua: `User`, `HttpUser`, `extend`, `task`. A class is a plain
//! table whose metatable is its parent; an instance is one whose metatable is its
//! class. What a class declares is read by `manifest`. Bound by `sandbox`.

use std::ffi::{c_int, c_void};

use mlua_sys as ffi;
use mlua_sys::lua_State;

use super::bind;
use super::sandbox;
use super::state::{context, guarded, push_str, raw_field, set_raw_field, str_at};
use super::trace;

/// The classes that every script has.
pub(super) const BASES: [&str; 2] = ["User", "HttpUser"];

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
            b"User" => {
                ffi::lua_createtable(lua, 0, 5);
                for (name, method) in
                    [("extend", extend as ffi::lua_CFunction), ("task", task), ("stop", stop)]
                {
                    ffi::lua_pushcfunction(lua, method);
                    set_raw_field(lua, -2, name);
                }
                finish_base(lua, "User");
            }
            b"HttpUser" => {
                ffi::lua_createtable(lua, 0, 3);
                sandbox::push_api_cached(lua, "http");
                set_raw_field(lua, -2, "client");
                finish_base(lua, "HttpUser");
                sandbox::push_api_cached(lua, "User");
                ffi::lua_setmetatable(lua, -2);
            }
            _ => return false,
        }
        true
    }
}

/// Gives the table on top a name and makes it its instances' index.
unsafe fn finish_base(lua: *mut lua_State, name: &str) {
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

/// `Class:extend(name, attributes)`.
unsafe extern "C-unwind" fn extend(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua.
    unsafe {
        guarded(lua, |lua| {
            if name_of(lua, 1).is_none() {
                return bind::refuse(lua, "call `extend` with a colon: `HttpUser:extend(\"Name\", { ... })`");
            }
            if ffi::lua_type(lua, 2) != ffi::LUA_TSTRING || str_at(lua, 2).is_empty() {
                return bind::refuse(lua, "a class needs a name: `HttpUser:extend(\"Name\", { ... })`");
            }
            if !matches!(ffi::lua_type(lua, 3), ffi::LUA_TTABLE | ffi::LUA_TNIL | ffi::LUA_TNONE) {
                return bind::refuse(lua, "the attributes of a class must be a table");
            }
            if !context(lua).loading.get() {
                return bind::refuse(
                    lua,
                    "classes are defined at the top level of a script, not while it runs",
                );
            }
            let name = String::from_utf8_lossy(str_at(lua, 2)).into_owned();
            if BASES.contains(&name.as_str()) || defined(lua, &name) {
                return bind::refuse(lua, format!("the class `{name}` is defined already"));
            }
            if let Some(why) = finalizer(lua, 1) {
                return bind::refuse(lua, why);
            }
            ffi::lua_settop(lua, 3);
            ffi::lua_createtable(lua, 0, 8);
            if ffi::lua_type(lua, 3) == ffi::LUA_TTABLE {
                ffi::lua_pushnil(lua);
                while ffi::lua_next(lua, 3) != 0 {
                    ffi::lua_pushvalue(lua, -2);
                    ffi::lua_rotate(lua, -2, 1);
                    ffi::lua_rawset(lua, 4);
                }
            }
            finish_base(lua, &name);
            push_str(lua, trace::position(lua, 1));
            ffi::lua_rawsetp(lua, 4, key(&PLACE));
            ffi::lua_pushvalue(lua, 1);
            ffi::lua_setmetatable(lua, 4);
            push_classes(lua);
            ffi::lua_pushvalue(lua, 4);
            ffi::lua_rawseti(lua, -2, ffi::lua_rawlen(lua, -2) as i64 + 1);
            ffi::lua_settop(lua, 4);
            Ok(1)
        })
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

/// Whether a class of that name is in the list.
unsafe fn defined(lua: *mut lua_State, name: &str) -> bool {
    // SAFETY: from within a relaxed account.
    unsafe {
        let top = ffi::lua_gettop(lua);
        push_classes(lua);
        let found = (1..=ffi::lua_rawlen(lua, -1)).any(|index| {
            ffi::lua_rawgeti(lua, top + 1, index as i64);
            let same = name_of(lua, -1) == Some(name.as_bytes());
            ffi::lua_pop(lua, 1);
            same
        });
        ffi::lua_settop(lua, top);
        found
    }
}

/// `Class:task(name, [weight | { weight =, tags = }], function)`.
unsafe extern "C-unwind" fn task(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua.
    unsafe {
        guarded(lua, |lua| {
            if name_of(lua, 1).is_none() || BASES.iter().any(|base| name_of(lua, 1) == Some(base.as_bytes()))
            {
                return bind::refuse(
                    lua,
                    "call `task` on a class of your own: `MyUser:task(\"name\", function(self) ... end)`",
                );
            }
            if ffi::lua_type(lua, 2) != ffi::LUA_TSTRING {
                return bind::refuse(
                    lua,
                    "a task needs a name: `MyUser:task(\"name\", function(self) ... end)`",
                );
            }
            let options = ffi::lua_type(lua, 3);
            let target = if options == ffi::LUA_TFUNCTION { 3 } else { 4 };
            if ffi::lua_type(lua, target) != ffi::LUA_TFUNCTION {
                return bind::refuse(lua, "the last argument of `task` must be a function");
            }
            ffi::lua_settop(lua, target);
            ffi::lua_createtable(lua, 0, 4);
            let entry = target + 1;
            ffi::lua_pushvalue(lua, 2);
            set_raw_field(lua, entry, "name");
            ffi::lua_pushvalue(lua, target);
            set_raw_field(lua, entry, "target");
            match options {
                ffi::LUA_TNUMBER => {
                    ffi::lua_pushvalue(lua, 3);
                    set_raw_field(lua, entry, "weight");
                }
                ffi::LUA_TTABLE if target == 4 => {
                    ffi::lua_pushnil(lua);
                    while ffi::lua_next(lua, 3) != 0 {
                        let name = String::from_utf8_lossy(str_at(lua, -2)).into_owned();
                        if !matches!(name.as_str(), "weight" | "tags") {
                            let raise =
                                crate::api::Raise::unknown("option of a task", &name, ["weight", "tags"]);
                            return bind::fail(lua, raise);
                        }
                        set_raw_field(lua, entry, &name);
                    }
                }
                _ if target == 3 => {}
                _ => return bind::refuse(lua, "a task's weight must be a number, or a table of options"),
            }
            if ffi::lua_rawgetp(lua, 1, key(&TASKS)) == ffi::LUA_TNIL {
                ffi::lua_pop(lua, 1);
                ffi::lua_createtable(lua, 2, 0);
                ffi::lua_pushvalue(lua, -1);
                ffi::lua_rawsetp(lua, 1, key(&TASKS));
            }
            ffi::lua_pushvalue(lua, entry);
            ffi::lua_rawseti(lua, -2, ffi::lua_rawlen(lua, -2) as i64 + 1);
            Ok(0)
        })
    }
}

/// `self:stop()`: the VU ends after this task.
unsafe extern "C-unwind" fn stop(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua.
    unsafe { context(lua).vu.leaving.set(true) };
    0
}
