//! JSON straight between Lua values and bytes, through serde, without a tree in
//! between. Exact or an error: 64-bit integers keep their digits, and nothing
//! is dropped or guessed in silence. Used by `bind`.
//!
//! A table is a list when its keys are 1..n; an empty table is an object unless
//! it came from `json.array` or from a decoded list. A map of protobuf is an object, whatever its keys. Numbers without a fraction
//! stay integers; floats keep a `.0`, so that the type survives a round trip.

use std::ffi::c_int;
use std::fmt;

use mlua_sys as ffi;
use mlua_sys::lua_State;

use crate::vu::fiber;

use super::bind::{self, HostData};
use super::state::{set_raw_field, str_at};
use super::trace;

/// How deep tables may nest. serde_json reads no deeper either.
const MAX_DEPTH: usize = 127;

/// Marks list tables: the address is the key of their metatable in the registry.
pub(super) static ARRAY: u8 = 0;

/// Marks maps whose keys may be numbers or truths, in the same way.
pub(super) static KEYED: u8 = 1;

/// Why a value has no JSON form, and where in it (innermost segment last).
pub(super) struct Refusal {
    why: String,
    path: Vec<String>,
}

impl Refusal {
    fn new(why: impl Into<String>) -> Self {
        Refusal { why: why.into(), path: Vec::new() }
    }

    fn below(mut self, segment: String) -> Self {
        self.path.insert(0, segment);
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.concat();
        let path = path.trim_start_matches('.');
        if path.is_empty() {
            write!(f, "cannot encode as JSON: {}", self.why)
        } else {
            write!(f, "cannot encode `{path}` as JSON: {}", self.why)
        }
    }
}

/// Appends the value at `index` as JSON.
///
/// # Safety
/// From within a relaxed account, with `index` valid.
pub(super) unsafe fn encode(lua: *mut lua_State, index: c_int, out: &mut Vec<u8>) -> Result<(), Refusal> {
    // SAFETY: as the caller promised.
    unsafe {
        ffi::lua_pushnil(lua);
        ffi::lua_rawgetp(lua, ffi::LUA_REGISTRYINDEX, (&raw const ARRAY).cast());
        let array = ffi::lua_topointer(lua, -1);
        ffi::lua_rawgetp(lua, ffi::LUA_REGISTRYINDEX, (&raw const KEYED).cast());
        let keyed = ffi::lua_topointer(lua, -1);
        ffi::lua_pop(lua, 3);
        Encoder { lua, out, array, keyed, values: 0 }.value(ffi::lua_absindex(lua, index), 0)
    }
}

/// So many values take well below a time slice.
const VALUES_PER_TICK: u32 = 4096;

struct Encoder<'o> {
    lua: *mut lua_State,
    out: &'o mut Vec<u8>,
    array: *const std::ffi::c_void,
    keyed: *const std::ffi::c_void,
    /// Written so far.
    values: u32,
}

impl Encoder<'_> {
    unsafe fn value(&mut self, index: c_int, depth: usize) -> Result<(), Refusal> {
        let lua = self.lua;
        self.values += 1;
        // Other VUs get their turn. What is doomed cannot go on, whatever it catches.
        if self.values.is_multiple_of(VALUES_PER_TICK) && fiber::tick().is_err() {
            return Err(Refusal::new("the call was ended"));
        }
        // SAFETY: `index` is absolute and valid; only raw access.
        unsafe {
            match ffi::lua_type(lua, index) {
                ffi::LUA_TSTRING => self.string(str_at(lua, index)),
                ffi::LUA_TNUMBER if ffi::lua_isinteger(lua, index) != 0 => {
                    write_json(self.out, &ffi::lua_tointeger(lua, index));
                    Ok(())
                }
                ffi::LUA_TNUMBER => {
                    let number = ffi::lua_tonumber(lua, index);
                    if !number.is_finite() {
                        return Err(Refusal::new(format!("{number} is not a JSON number")));
                    }
                    write_json(self.out, &number);
                    Ok(())
                }
                ffi::LUA_TBOOLEAN => {
                    let text: &[u8] = if ffi::lua_toboolean(lua, index) != 0 { b"true" } else { b"false" };
                    self.out.extend_from_slice(text);
                    Ok(())
                }
                ffi::LUA_TNIL => {
                    self.out.extend_from_slice(b"null");
                    Ok(())
                }
                ffi::LUA_TLIGHTUSERDATA if ffi::lua_touserdata(lua, index).is_null() => {
                    self.out.extend_from_slice(b"null");
                    Ok(())
                }
                ffi::LUA_TTABLE => self.table(index, depth),
                kind => {
                    let name = match bind::data_at(lua, index) {
                        Some(HostData::View(view)) => {
                            write_json(self.out, view);
                            return Ok(());
                        }
                        Some(HostData::Object(kind, _)) => kind.name.into(),
                        Some(HostData::Module(module)) => module.name.into(),
                        None => std::ffi::CStr::from_ptr(ffi::lua_typename(lua, kind)).to_string_lossy(),
                    };
                    Err(Refusal::new(format!("a {name} has no JSON form")))
                }
            }
        }
    }

    fn string(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                write_json(self.out, text);
                Ok(())
            }
            Err(_) => Err(Refusal::new("the string is not valid UTF-8")),
        }
    }

    unsafe fn table(&mut self, index: c_int, depth: usize) -> Result<(), Refusal> {
        let lua = self.lua;
        if depth >= MAX_DEPTH {
            return Err(Refusal::new("tables nest too deeply (is there a cycle?)"));
        }
        // SAFETY: `index` is absolute and valid; only raw access.
        unsafe {
            if ffi::lua_checkstack(lua, 4) == 0 {
                return Err(Refusal::new("tables nest too deeply"));
            }
            let start = self.out.len();
            ffi::lua_pushnil(lua);
            if ffi::lua_next(lua, index) == 0 {
                let text: &[u8] = if self.is_marked(index, self.array) { b"[]" } else { b"{}" };
                self.out.extend_from_slice(text);
                return Ok(());
            }
            let list = ffi::lua_type(lua, -2) == ffi::LUA_TNUMBER && !self.is_marked(index, self.keyed);
            let result = if list { self.list(index, depth) } else { self.object(depth, index) };
            if result.is_err() {
                self.out.truncate(start);
            }
            result
        }
    }

    /// Key and first value are on the stack, and popped.
    unsafe fn object(&mut self, depth: usize, index: c_int) -> Result<(), Refusal> {
        let lua = self.lua;
        // SAFETY: as `table`.
        unsafe {
            let value = ffi::lua_gettop(lua);
            let key = value - 1;
            self.out.push(b'{');
            loop {
                let shown;
                let name = if ffi::lua_type(lua, key) == ffi::LUA_TSTRING {
                    str_at(lua, key)
                } else if self.is_marked(index, self.keyed) {
                    shown = trace::shown(lua, key);
                    shown.as_bytes()
                } else {
                    let refusal = other_key(lua, key);
                    ffi::lua_pop(lua, 2);
                    return Err(refusal);
                };
                let result = self.string(name).and_then(|()| {
                    self.out.push(b':');
                    self.value(value, depth + 1)
                });
                if let Err(refusal) = result {
                    let segment = format!(".{}", String::from_utf8_lossy(name));
                    ffi::lua_pop(lua, 2);
                    return Err(refusal.below(segment));
                }
                ffi::lua_pop(lua, 1);
                if ffi::lua_next(lua, index) == 0 {
                    self.out.push(b'}');
                    return Ok(());
                }
                self.out.push(b',');
            }
        }
    }

    /// Key and first value are on the stack, and popped.
    unsafe fn list(&mut self, index: c_int, depth: usize) -> Result<(), Refusal> {
        let lua = self.lua;
        // SAFETY: as `table`.
        unsafe {
            // The array part comes in order; only what lies in the hash part needs a second look.
            let mut count: i64 = 0;
            let mut largest: i64 = 0;
            loop {
                let key = if ffi::lua_isinteger(lua, -2) != 0 { ffi::lua_tointeger(lua, -2) } else { 0 };
                ffi::lua_pop(lua, 1);
                if key < 1 {
                    let refusal = other_key(lua, -1);
                    ffi::lua_pop(lua, 1);
                    return Err(refusal);
                }
                count += 1;
                largest = largest.max(key);
                if ffi::lua_next(lua, index) == 0 {
                    break;
                }
            }
            if largest != count {
                let why =
                    format!("a list has a hole: {count} items, the last at {largest} (json.null fills one)");
                return Err(Refusal::new(why));
            }
            self.out.push(b'[');
            for item in 1..=count {
                if item > 1 {
                    self.out.push(b',');
                }
                ffi::lua_rawgeti(lua, index, item);
                let result = self.value(ffi::lua_gettop(lua), depth + 1);
                ffi::lua_pop(lua, 1);
                result.map_err(|refusal| refusal.below(format!("[{item}]")))?;
            }
            self.out.push(b']');
            Ok(())
        }
    }

    unsafe fn is_marked(&self, index: c_int, mark: *const std::ffi::c_void) -> bool {
        // SAFETY: as `table`.
        unsafe {
            if mark.is_null() || ffi::lua_getmetatable(self.lua, index) == 0 {
                return false;
            }
            let same = ffi::lua_topointer(self.lua, -1) == mark;
            ffi::lua_pop(self.lua, 1);
            same
        }
    }
}

/// Why a table with the key at `index`, which is of another kind than its first one, has no form.
#[cold]
unsafe fn other_key(lua: *mut lua_State, index: c_int) -> Refusal {
    // SAFETY: a key on the stack, which is not converted.
    unsafe {
        let item = ffi::lua_isinteger(lua, index) != 0 && ffi::lua_tointeger(lua, index) >= 1;
        if item || ffi::lua_type(lua, index) == ffi::LUA_TSTRING {
            return Refusal::new("a table has both list items and names: use one kind");
        }
        let key = trace::shown(lua, index);
        Refusal::new(format!(
            "a table has the key {key}: only names and the numbers of list items, from 1, have a JSON form"
        ))
    }
}

fn write_json<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(out, value).expect("a vector takes every write, and these types have a JSON form");
}

/// Pushes the metatable that marks lists.
///
/// # Safety
/// From within a relaxed account, with three free slots.
pub(super) unsafe fn push_array_mark(lua: *mut lua_State) {
    // SAFETY: as the caller promised.
    unsafe { push_mark(lua, &ARRAY) };
}

/// Pushes the metatable that marks tables of a kind.
///
/// # Safety
/// From within a relaxed account, with three free slots.
pub(super) unsafe fn push_mark(lua: *mut lua_State, kind: &'static u8) {
    // SAFETY: as the caller promised.
    unsafe {
        let key = std::ptr::from_ref(kind).cast();
        if ffi::lua_rawgetp(lua, ffi::LUA_REGISTRYINDEX, key) == ffi::LUA_TNIL {
            ffi::lua_pop(lua, 1);
            ffi::lua_createtable(lua, 0, 1);
            // Out of the reach of scripts: a `__gc` in it would be one of every list.
            ffi::lua_pushboolean(lua, 0);
            set_raw_field(lua, -2, "__metatable");
            ffi::lua_pushvalue(lua, -1);
            ffi::lua_rawsetp(lua, ffi::LUA_REGISTRYINDEX, key);
        }
    }
}
