//! Values that host functions make piece by piece, straight onto the stack: no tree in between. Used by `frame`.

use mlua_sys as ffi;
use mlua_sys::lua_State;

use crate::api::{Arg, Build, Builder, HostResult, Raise};

use super::bind::push_arg;
use super::json;
use super::state::push_str;

/// Pushes the value that `build` makes.
///
/// # Errors
/// Those of `build`; nothing is pushed then.
///
/// # Safety
/// From within a relaxed account; references that `build` gives must be of this state.
pub(super) unsafe fn build(lua: *mut lua_State, build: &mut Build<'_>) -> HostResult {
    // SAFETY: as the caller promised.
    unsafe {
        let top = ffi::lua_gettop(lua);
        if ffi::lua_checkstack(lua, SLOTS) == 0 {
            return Err(full());
        }
        json::push_array_mark(lua);
        let mut stacked = Stacked { lua, mark: top + 1, open: Vec::new() };
        let built = build(&mut stacked);
        if built.is_ok() && ffi::lua_gettop(lua) == top + 2 {
            ffi::lua_rotate(lua, top + 1, -1);
            ffi::lua_pop(lua, 1);
            return Ok(());
        }
        ffi::lua_settop(lua, top);
        built?;
        ffi::lua_pushnil(lua);
        Ok(())
    }
}

/// A table, a key, a value and what making them takes.
const SLOTS: i32 = 6;

fn full() -> Raise {
    Raise::new("the value nests too deeply")
}

/// Tables that are not complete lie on Lua's stack, each below the key that comes next in it.
struct Stacked {
    lua: *mut lua_State,
    /// Stack index of the metatable of lists.
    mark: i32,
    /// The items that each open list has so far; None: a map.
    open: Vec<Option<i64>>,
}

impl Stacked {
    /// Puts the value on top where it belongs.
    fn complete(&mut self) {
        // SAFETY: `build` holds the state and keeps the account relaxed; tables and keys lie where `open` says.
        unsafe {
            match self.open.last_mut() {
                Some(Some(items)) => {
                    *items += 1;
                    ffi::lua_rawseti(self.lua, -2, *items);
                }
                Some(None) => ffi::lua_rawset(self.lua, -3),
                None => {}
            }
        }
    }

    fn push_table(&mut self, items: Option<i64>, sizes: (usize, usize)) -> HostResult {
        // SAFETY: see `complete`.
        unsafe {
            if ffi::lua_checkstack(self.lua, SLOTS) == 0 {
                return Err(full());
            }
            // A size that a message claims is not believed beyond reason.
            let size = |count: usize| count.min(1024) as i32;
            ffi::lua_createtable(self.lua, size(sizes.0), size(sizes.1));
            if items.is_some() {
                ffi::lua_pushvalue(self.lua, self.mark);
                ffi::lua_setmetatable(self.lua, -2);
            }
        }
        self.open.push(items);
        Ok(())
    }
}

impl Builder for Stacked {
    fn value(&mut self, value: Arg<'_>) {
        // SAFETY: see `complete`.
        unsafe { push_arg(self.lua, value) };
        self.complete();
    }

    fn bytes(&mut self, bytes: &[u8]) {
        // SAFETY: see `complete`.
        unsafe { push_str(self.lua, bytes) };
        self.complete();
    }

    fn open_map(&mut self, size: usize) -> HostResult {
        self.push_table(None, (0, size))
    }

    fn open_keyed(&mut self, size: usize) -> HostResult {
        self.push_table(None, (0, size))?;
        // SAFETY: see `complete`; the table is on top, and there is room above it.
        unsafe {
            json::push_mark(self.lua, &json::KEYED);
            ffi::lua_setmetatable(self.lua, -2);
        }
        Ok(())
    }

    fn open_list(&mut self, size: usize) -> HostResult {
        self.push_table(Some(0), (size, 0))
    }

    fn key(&mut self, key: Arg<'_>) {
        // SAFETY: see `complete`.
        unsafe { push_arg(self.lua, key) };
    }

    fn close(&mut self) {
        self.open.pop();
        self.complete();
    }
}
