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
use super::preempt;
use super::state::{context, guarded, push_str, raw_field, set_raw_field, str_at};
use super::trace;

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

unsafe fn push_cached(lua: *mut lua_State, key: *const c_void, make: impl Fn(*mut lua_State)) {
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
        ffi::lua_newuserdatauv(lua, size_of::<HostData>(), 0).cast::<HostData>().write(data);
        push_cached(lua, (&raw const METATABLE).cast(), |lua| make_metatable(lua));
        ffi::lua_setmetatable(lua, -2);
    }
}

unsafe fn make_metatable(lua: *mut lua_State) {
    let methods: [(&str, ffi::lua_CFunction); 8] = [
        ("__eq", equal_data),
        ("__index", index_data),
        ("__call", call_module),
        ("__newindex", refuse_write),
        ("__close", close_data),
        ("__len", len_data),
        ("__pairs", pairs_data),
        ("__tostring", show_data),
    ];
    // SAFETY: as `push_function`.
    unsafe {
        ffi::lua_createtable(lua, 0, methods.len() as c_int + 1);
        for (name, method) in methods {
            ffi::lua_pushcfunction(lua, method);
            set_raw_field(lua, -2, name);
        }
        ffi::lua_pushboolean(lua, 0);
        set_raw_field(lua, -2, "__metatable");
    }
}

/// The host data at `index`, if it is some.
///
/// # Safety
/// `index` must be valid; needs two free slots.
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
        ffi::lua_rawgetp(lua, ffi::LUA_REGISTRYINDEX, (&raw const METATABLE).cast());
        let ours = ffi::lua_rawequal(lua, -1, -2) != 0;
        ffi::lua_pop(lua, 2);
        ours.then(|| *data.cast::<HostData>())
    }
}

/// The view at `index`, if it is one.
///
/// # Safety
/// As [`data_at`].
pub(super) unsafe fn view_at(lua: *mut lua_State, index: c_int) -> Option<&'static Value> {
    // SAFETY: as the caller promised.
    match unsafe { data_at(lua, index) } {
        Some(HostData::View(value)) => Some(value),
        _ => None,
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

unsafe extern "C-unwind" fn call_member(lua: *mut lua_State) -> c_int {
    // SAFETY: the upvalue was set by `index_data`.
    unsafe {
        let member = &*ffi::lua_touserdata(lua, ffi::lua_upvalueindex(1)).cast::<Member>();
        guarded(lua, |lua| match data_at(lua, 1) {
            Some(HostData::Object(kind, id)) if kind.members.iter().any(|m| std::ptr::eq(m, member)) => {
                run(lua, 2, |frame| match member.kind {
                    MemberKind::Field(get) | MemberKind::Method(get) => get(frame, id),
                })
            }
            _ => fail(lua, Raise::new(format!("call `{0}` with a colon: `object:{0}()`", member.name))),
        })
    }
}

/// Runs host code with the arguments from stack index `first` on.
unsafe fn run(
    lua: *mut lua_State,
    first: c_int,
    body: impl FnOnce(&dyn Frame) -> HostResult,
) -> Result<c_int, ()> {
    // SAFETY: called by C functions through `guarded`.
    unsafe {
        let count = (ffi::lua_gettop(lua) - first + 1).max(0);
        let frame = LuaFrame { lua, context: context(lua), first, count, given: Cell::new(0) };
        match catch_unwind(AssertUnwindSafe(|| body(&frame))) {
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

unsafe extern "C-unwind" fn index_data(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua with the userdata and a key.
    unsafe {
        guarded(lua, |lua| match data_at(lua, 1) {
            Some(HostData::Object(kind, id)) => {
                let name = str_at(lua, 2);
                match kind.member(name) {
                    Some(member) => match member.kind {
                        MemberKind::Field(get) => run(lua, 3, |frame| get(frame, id)),
                        MemberKind::Method(_) => {
                            let key = std::ptr::from_ref(member).cast::<c_void>();
                            push_cached(lua, key, |lua| {
                                ffi::lua_pushlightuserdata(lua, key.cast_mut());
                                ffi::lua_pushcclosure(lua, call_member, 1);
                            });
                            Ok(1)
                        }
                    },
                    None if kind.lookup.is_some() => {
                        let lookup = kind.lookup.expect("just asked");
                        run(lua, 3, |frame| lookup(frame, id, name))
                    }
                    None => {
                        let name = String::from_utf8_lossy(name);
                        let known = kind.members.iter().map(|member| member.name);
                        fail(lua, Raise::unknown(&format!("member of {}", kind.name), &name, known))
                    }
                }
            }
            Some(HostData::View(value)) => {
                push_value(lua, child(lua, value, 2));
                Ok(1)
            }
            Some(HostData::Module(module)) => {
                let name = str_at(lua, 2);
                match module.functions.iter().find(|function| function.name.as_bytes() == name) {
                    Some(function) => {
                        push_function(lua, function);
                        Ok(1)
                    }
                    None => match module.constants.iter().find(|constant| constant.name.as_bytes() == name) {
                        Some(constant) => run(lua, 3, |frame| (constant.run)(frame)),
                        None => {
                            let name = String::from_utf8_lossy(name);
                            let known =
                                module.functions.iter().chain(module.constants).map(|known| known.name);
                            fail(lua, Raise::unknown(&format!("function of {}", module.name), &name, known))
                        }
                    },
                }
            }
            None => Ok(0),
        })
    }
}

unsafe extern "C-unwind" fn call_module(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua with what is called, and the arguments.
    unsafe {
        guarded(lua, |lua| match data_at(lua, 1) {
            Some(HostData::Module(Module { call: Some(function), .. })) => {
                run(lua, 2, |frame| (function.run)(frame))
            }
            Some(HostData::Module(module)) => {
                fail(lua, Raise::new(format!("`{}` is not a function", module.name)))
            }
            _ => fail(lua, Raise::new("this is not a function")),
        })
    }
}

/// What the key at `key` selects in a view.
unsafe fn child(lua: *mut lua_State, value: &'static Value, key: c_int) -> Option<&'static Value> {
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
unsafe fn push_value(lua: *mut lua_State, value: Option<&'static Value>) {
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

unsafe extern "C-unwind" fn refuse_write(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua.
    unsafe {
        guarded(lua, |lua| {
            let name = match ffi::lua_type(lua, 2) {
                ffi::LUA_TSTRING => String::from_utf8_lossy(str_at(lua, 2)).into_owned(),
                _ => trace::shown(lua, 2),
            };
            fail(lua, Raise::new(format!("cannot set `{name}`: it is read-only")))
        })
    }
}

unsafe extern "C-unwind" fn close_data(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua.
    unsafe {
        guarded(lua, |lua| match data_at(lua, 1) {
            Some(HostData::Object(ObjectType { close: Some(close), .. }, id)) => run(lua, 3, |frame| {
                close(frame, id);
                Ok(())
            }),
            _ => Ok(0),
        })
    }
}

/// Views and objects are made anew each time they are asked for, and equal all the same.
unsafe extern "C-unwind" fn equal_data(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua with two userdata.
    unsafe {
        let equal = match (data_at(lua, 1), data_at(lua, 2)) {
            (Some(HostData::View(one)), Some(HostData::View(other))) => std::ptr::eq(one, other),
            (Some(HostData::Object(one, number)), Some(HostData::Object(other, id))) => {
                std::ptr::eq(one, other) && number == id
            }
            (Some(HostData::Module(one)), Some(HostData::Module(other))) => std::ptr::eq(one, other),
            _ => false,
        };
        ffi::lua_pushboolean(lua, c_int::from(equal));
        1
    }
}

unsafe extern "C-unwind" fn len_data(lua: *mut lua_State) -> c_int {
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

unsafe extern "C-unwind" fn show_data(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua.
    unsafe {
        guarded(lua, |lua| {
            match data_at(lua, 1) {
                Some(HostData::View(value)) => push_str(lua, value.to_string()),
                Some(HostData::Object(kind, _)) => push_str(lua, kind.name),
                Some(HostData::Module(module)) => push_str(lua, module.name),
                None => push_str(lua, "userdata"),
            }
            Ok(1)
        })
    }
}

unsafe extern "C-unwind" fn pairs_data(lua: *mut lua_State) -> c_int {
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
        ffi::lua_pushcclosure(lua, next_data, 2);
        1
    }
}

unsafe extern "C-unwind" fn next_data(lua: *mut lua_State) -> c_int {
    // SAFETY: the upvalues are those of `pairs_data`.
    unsafe {
        guarded(lua, |lua| {
            let at = ffi::lua_tointeger(lua, ffi::lua_upvalueindex(2)) as usize;
            ffi::lua_pushinteger(lua, at as i64 + 1);
            ffi::lua_copy(lua, -1, ffi::lua_upvalueindex(2));
            ffi::lua_pop(lua, 1);
            match view_at(lua, ffi::lua_upvalueindex(1)) {
                Some(Value::Array(items)) if at < items.len() => {
                    ffi::lua_pushinteger(lua, at as i64 + 1);
                    push_value(lua, items.get(at));
                    Ok(2)
                }
                Some(Value::Object(fields)) if at < fields.len() => {
                    let (name, value) = fields.iter().nth(at).expect("at is below the length");
                    push_str(lua, name);
                    push_value(lua, Some(value));
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
            Arg::Object(kind, id) => push_data(lua, HostData::Object(kind, id)),
            Arg::View(value) => push_value(lua, Some(value)),
            Arg::Null => ffi::lua_pushlightuserdata(lua, std::ptr::null_mut()),
        }
    }
}
