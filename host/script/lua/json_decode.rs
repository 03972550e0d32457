//! JSON text to Lua values, see `json`. Used by `frame`.

use std::ffi::c_int;
use std::fmt;

use mlua_sys as ffi;
use mlua_sys::lua_State;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::vu::fiber;

use super::json::push_array_mark;
use super::state::push_str;

/// Parses `text` and pushes the value.
///
/// # Errors
/// What is wrong with the text, with line and column; nothing is pushed then.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn decode(lua: *mut lua_State, text: &[u8]) -> Result<(), String> {
    // Checked once as a whole, which is cheaper than string by string.
    let text = std::str::from_utf8(text).map_err(|why| why.to_string())?;
    // SAFETY: as the caller promised.
    unsafe {
        let top = ffi::lua_gettop(lua);
        if ffi::lua_checkstack(lua, 8) == 0 {
            return Err("the stack is full".into());
        }
        push_array_mark(lua);
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let seed = Push { lua, mark: top + 1 };
        match seed.deserialize(&mut deserializer).and_then(|()| deserializer.end()) {
            Ok(()) => {
                ffi::lua_rotate(lua, top + 1, -1);
                ffi::lua_pop(lua, 1);
                Ok(())
            }
            Err(error) => {
                ffi::lua_settop(lua, top);
                Err(error.to_string())
            }
        }
    }
}

/// So many items or fields are gathered on the stack before their table is made, which then
/// has the right size at once: growing it step by step costs more than all the rest.
const GATHERED: c_int = 16;

/// So many items take well below a time slice.
const ITEMS_PER_TICK: i64 = 4096;

/// Pushes whatever is deserialized.
#[derive(Clone, Copy)]
struct Push {
    lua: *mut lua_State,
    /// Stack index of the metatable of lists.
    mark: c_int,
}

impl<'de> DeserializeSeed<'de> for Push {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

// SAFETY of the visitor: `decode` holds the state and keeps the account relaxed; each nesting
// level reserves the slots that it needs.
impl<'de> Visitor<'de> for Push {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        // SAFETY: see above.
        unsafe { ffi::lua_pushboolean(self.lua, c_int::from(value)) };
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        // SAFETY: see above.
        unsafe { ffi::lua_pushinteger(self.lua, value) };
        Ok(())
    }

    fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<(), E> {
        match i64::try_from(value) {
            Ok(value) => self.visit_i64(value),
            Err(_) => Err(E::custom(format!("{value} does not fit a 64-bit signed integer"))),
        }
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        // SAFETY: see above.
        unsafe { ffi::lua_pushnumber(self.lua, value) };
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        // SAFETY: see above.
        unsafe { push_str(self.lua, value) };
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        // SAFETY: see above.
        unsafe { ffi::lua_pushlightuserdata(self.lua, std::ptr::null_mut()) };
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let lua = self.lua;
        // SAFETY: see above.
        unsafe {
            let base = ffi::lua_gettop(lua);
            if ffi::lua_checkstack(lua, GATHERED + 4) == 0 {
                return Err(A::Error::custom("nested too deeply"));
            }
            let mut count = 0;
            while count < GATHERED && items.next_element_seed(self)?.is_some() {
                count += 1;
            }
            ffi::lua_createtable(lua, if count < GATHERED { count } else { 2 * GATHERED }, 0);
            ffi::lua_pushvalue(lua, self.mark);
            ffi::lua_setmetatable(lua, -2);
            ffi::lua_rotate(lua, base + 1, 1);
            for index in (1..=count).rev() {
                ffi::lua_rawseti(lua, base + 1, i64::from(index));
            }
            let mut index = i64::from(count);
            if count == GATHERED {
                while items.next_element_seed(self)?.is_some() {
                    index += 1;
                    ffi::lua_rawseti(lua, base + 1, index);
                    give_way(index)?;
                }
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        let lua = self.lua;
        // SAFETY: see above.
        unsafe {
            let base = ffi::lua_gettop(lua);
            if ffi::lua_checkstack(lua, 2 * GATHERED + 4) == 0 {
                return Err(A::Error::custom("nested too deeply"));
            }
            let mut count = 0;
            while count < GATHERED && fields.next_key_seed(Key(lua))?.is_some() {
                fields.next_value_seed(self)?;
                count += 1;
            }
            ffi::lua_createtable(lua, 0, if count < GATHERED { count } else { 2 * GATHERED });
            let table = ffi::lua_gettop(lua);
            // In the order of the text: of two fields of one name the last one counts.
            for index in 0..count {
                ffi::lua_pushvalue(lua, base + 1 + 2 * index);
                ffi::lua_pushvalue(lua, base + 2 + 2 * index);
                ffi::lua_rawset(lua, table);
            }
            if count > 0 {
                ffi::lua_copy(lua, table, base + 1);
                ffi::lua_settop(lua, base + 1);
            }
            if count == GATHERED {
                let mut index = i64::from(count);
                while fields.next_key_seed(Key(lua))?.is_some() {
                    fields.next_value_seed(self)?;
                    ffi::lua_rawset(lua, base + 1);
                    index += 1;
                    give_way(index)?;
                }
            }
        }
        Ok(())
    }
}

/// Lets other VUs have their turn within long lists and objects. What is doomed cannot go on,
/// whatever it catches.
fn give_way<E: serde::de::Error>(index: i64) -> Result<(), E> {
    if index % ITEMS_PER_TICK == 0 && fiber::tick().is_err() {
        return Err(E::custom("the call was ended"));
    }
    Ok(())
}

/// Pushes an object's key.
struct Key(*mut lua_State);

impl<'de> DeserializeSeed<'de> for Key {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<(), E> {
        // SAFETY: see `Push`.
        unsafe { push_str(self.0, name) };
        Ok(())
    }
}
