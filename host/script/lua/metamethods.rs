//! How host userdata behaves in Lua: indexing, iterating, comparing, closing. The
//! metatable of `bind`, the same for objects, views and modules.

use std::ffi::{c_int, c_void};

use mlua_sys as ffi;
use mlua_sys::lua_State;
use serde_json::Value;

use crate::api::{Arg, MemberKind, Module, ObjectType, Raise};

use super::bind::{HostData, call_member, data_at, fail, push_cached, push_data, push_function, run};
use super::state::{guarded, push_str, set_raw_field, str_at};
use super::trace;
use super::walk::pairs;

/// Pushes a new metatable for all host userdata.
///
/// # Safety
/// From within a relaxed account, with four free slots.
pub(super) unsafe fn push_metatable(lua: *mut lua_State) {
    let methods: [(&str, ffi::lua_CFunction); 8] = [
        ("__eq", equal_data),
        ("__index", index_data),
        ("__call", call_module),
        ("__newindex", refuse_write),
        ("__close", close_data),
        ("__len", len_data),
        ("__pairs", pairs),
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

unsafe extern "C-unwind" fn index_data(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua with the userdata and a key.
    unsafe {
        guarded(lua, |lua| match data_at(lua, 1) {
            Some(HostData::Object(ObjectType { items: Some(items), .. }, id))
                if ffi::lua_type(lua, 2) == ffi::LUA_TNUMBER =>
            {
                let mut whole = 0;
                let number = ffi::lua_tointegerx(lua, 2, &raw mut whole);
                run(lua, 3, |frame| match usize::try_from(number.wrapping_sub(1)) {
                    Ok(index) if whole != 0 && index < (items.length)(frame, id) => {
                        (items.get)(frame, id, index)
                    }
                    _ => {
                        frame.give(Arg::Nil);
                        Ok(())
                    }
                })
            }
            Some(HostData::Object(kind, id)) => {
                let name = str_at(lua, 2);
                match kind.member(name) {
                    Some(member) => match member.kind {
                        MemberKind::Field(get) => run(lua, 3, |frame| get(frame, id)),
                        MemberKind::Kept(get) => {
                            if ffi::lua_getiuservalue(lua, 1, 1) > ffi::LUA_TNIL {
                                return Ok(1);
                            }
                            ffi::lua_pop(lua, 1);
                            let given = run(lua, 3, |frame| get(frame, id))?;
                            if given == 1 {
                                ffi::lua_pushvalue(lua, -1);
                                ffi::lua_setiuservalue(lua, 1, 1);
                            }
                            Ok(given)
                        }
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
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn push_value(lua: *mut lua_State, value: Option<&'static Value>) {
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
                Some(HostData::Object(ObjectType { items: Some(items), .. }, id)) => {
                    return run(lua, 2, |frame| {
                        frame.give(Arg::Int((items.length)(frame, id) as i64));
                        Ok(())
                    });
                }
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
