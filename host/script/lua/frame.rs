//! A host call as Lua makes it: the [`Frame`] of this engine. Made by `bind`.

use std::cell::Cell;
use std::ffi::c_int;
use std::rc::Rc;

use mlua_sys as ffi;
use mlua_sys::lua_State;

use crate::api::{Arg, Build, FillMap, FnRef, Frame, HostResult, Raise, TableRef, Visit};
use crate::vu::{Hook, Vu};

use crate::vu::fiber;

use super::bind::{self, HostData, data_at, push_arg};
use super::builder;
use super::json;
use super::json_decode;
use super::state::{Context, push_str, str_at};
use super::trace;
use super::{class, listeners};

/// How deep host functions that call script functions may nest. Their frames are larger than
/// those of Lua's own C functions, whose number Lua limits to 200.
const MAX_DEPTH: u32 = 40;

pub(super) struct LuaFrame<'c> {
    pub(super) lua: *mut lua_State,
    pub(super) context: &'c Context,
    /// Stack index of argument 0.
    pub(super) first: c_int,
    pub(super) count: c_int,
    /// How many results were pushed.
    pub(super) given: Cell<c_int>,
}

// SAFETY of this whole implementation: a frame exists only while its C function runs, with
// the account relaxed, so that nothing called here raises; every stack index is absolute and
// stays valid while the reference that holds it is (see `api::frame`).

impl LuaFrame<'_> {
    fn at<'a>(&self, index: c_int) -> Arg<'a> {
        let lua = self.lua;
        // SAFETY: see above.
        unsafe {
            match ffi::lua_type(lua, index) {
                ffi::LUA_TSTRING => Arg::Str(str_at(lua, index)),
                ffi::LUA_TNUMBER if ffi::lua_isinteger(lua, index) != 0 => {
                    Arg::Int(ffi::lua_tointeger(lua, index))
                }
                ffi::LUA_TNUMBER => Arg::Num(ffi::lua_tonumber(lua, index)),
                ffi::LUA_TBOOLEAN => Arg::Bool(ffi::lua_toboolean(lua, index) != 0),
                ffi::LUA_TTABLE => Arg::Table(TableRef(ffi::lua_absindex(lua, index))),
                ffi::LUA_TFUNCTION => Arg::Function(FnRef(ffi::lua_absindex(lua, index))),
                ffi::LUA_TLIGHTUSERDATA if ffi::lua_touserdata(lua, index).is_null() => Arg::Null,
                ffi::LUA_TUSERDATA => match data_at(lua, index) {
                    Some(HostData::Object(kind, id)) => Arg::Object(kind, id),
                    Some(HostData::View(value)) => Arg::View(value),
                    Some(HostData::Module(module)) => Arg::Other(module.name),
                    None => Arg::Other("userdata"),
                },
                ffi::LUA_TTHREAD => Arg::Other("coroutine"),
                _ => Arg::Nil,
            }
        }
    }

    /// Calls a script function; its results are pushed.
    fn protected(&self, function: FnRef, args: &[Arg<'_>], results: c_int) -> HostResult {
        let lua = self.lua;
        self.room(args.len() as c_int + 4)?;
        let depth = &self.context.depth;
        if depth.get() >= MAX_DEPTH {
            return Err(Raise::new(
                "stack overflow: host functions and script functions call each other too deeply",
            ));
        }
        depth.set(depth.get() + 1);
        // SAFETY: see above; the script's code runs with its account on again.
        unsafe {
            let handler = ffi::lua_gettop(lua) + 1;
            ffi::lua_pushcfunction(lua, trace::on_error);
            ffi::lua_pushvalue(lua, function.0);
            for arg in args {
                push_arg(lua, *arg);
            }
            let memory = &self.context.memory;
            memory.relax(false);
            let status = ffi::lua_pcall(lua, args.len() as c_int, results, handler);
            memory.relax(true);
            depth.set(depth.get() - 1);
            if status == ffi::LUA_OK {
                ffi::lua_rotate(lua, handler, -1);
                ffi::lua_pop(lua, 1);
                return Ok(());
            }
            bind::keep_raised(lua);
            ffi::lua_settop(lua, handler - 1);
            Err(Raise::Script)
        }
    }

    fn room(&self, slots: c_int) -> HostResult {
        // SAFETY: see above.
        if unsafe { ffi::lua_checkstack(self.lua, slots) } == 0 {
            return Err(Raise::new("the script's stack is full"));
        }
        Ok(())
    }
}

impl Frame for LuaFrame<'_> {
    fn vu(&self) -> &Rc<Vu> {
        &self.context.vu
    }

    fn count(&self) -> usize {
        self.count as usize
    }

    fn arg(&self, index: usize) -> Arg<'_> {
        if index >= self.count() { Arg::Nil } else { self.at(self.first + index as c_int) }
    }

    fn each(&self, table: TableRef, visit: &mut Visit<'_>) -> HostResult {
        self.room(4)?;
        // SAFETY: see above.
        unsafe {
            let top = ffi::lua_gettop(self.lua);
            ffi::lua_pushnil(self.lua);
            while ffi::lua_next(self.lua, table.0) != 0 {
                if let Err(raise) = visit(self.at(top + 1), self.at(top + 2)) {
                    ffi::lua_settop(self.lua, top);
                    return Err(raise);
                }
                ffi::lua_settop(self.lua, top + 1);
            }
        }
        Ok(())
    }

    fn items(
        &self,
        table: TableRef,
        visit: &mut dyn for<'a> FnMut(usize, Arg<'a>) -> HostResult,
    ) -> HostResult {
        self.room(3)?;
        // SAFETY: see above.
        unsafe {
            let top = ffi::lua_gettop(self.lua);
            for index in 1..=ffi::lua_rawlen(self.lua, table.0) {
                ffi::lua_rawgeti(self.lua, table.0, index as i64);
                let result = visit(index - 1, self.at(top + 1));
                ffi::lua_settop(self.lua, top);
                result?;
            }
        }
        Ok(())
    }

    fn length(&self, table: TableRef) -> usize {
        // SAFETY: see above.
        unsafe { ffi::lua_rawlen(self.lua, table.0) as usize }
    }

    fn field(&self, table: TableRef, name: &str) -> Arg<'_> {
        if self.room(2).is_err() {
            return Arg::Nil;
        }
        // SAFETY: see above.
        unsafe {
            push_str(self.lua, name);
            ffi::lua_rawget(self.lua, table.0);
            self.at(ffi::lua_gettop(self.lua))
        }
    }

    fn encode(&self, value: Arg<'_>, out: &mut Vec<u8>) -> HostResult {
        self.room(4)?;
        if let Arg::Other(name) = value {
            return Err(Raise::new(format!("cannot encode as JSON: a {name} has no JSON form")));
        }
        // SAFETY: see above.
        unsafe {
            push_arg(self.lua, value);
            let result = json::encode(self.lua, -1, out);
            ffi::lua_pop(self.lua, 1);
            result.map_err(|refusal| ended(|| refusal.to_string()))
        }
    }

    fn call(&self, function: FnRef, args: &[Arg<'_>]) -> HostResult {
        // SAFETY: see above.
        unsafe {
            let top = ffi::lua_gettop(self.lua);
            self.protected(function, args, ffi::LUA_MULTRET)?;
            self.given.set(self.given.get() + ffi::lua_gettop(self.lua) - top);
        }
        Ok(())
    }

    fn invoke(&self, function: FnRef, args: &[Arg<'_>]) -> Result<bool, Raise> {
        self.protected(function, args, 1)?;
        // SAFETY: see above.
        unsafe {
            let truth = ffi::lua_toboolean(self.lua, -1) != 0;
            ffi::lua_pop(self.lua, 1);
            Ok(truth)
        }
    }

    fn keep(&self, hook: Hook, function: FnRef) {
        if self.room(6).is_ok() {
            // SAFETY: see above.
            unsafe { listeners::keep(self.lua, hook, function.0) };
        }
    }

    fn class_name(&self, table: TableRef) -> Option<String> {
        self.room(2).ok()?;
        // SAFETY: see above.
        let name = unsafe { class::name_of(self.lua, table.0) };
        name.map(|name| String::from_utf8_lossy(name).into_owned())
    }

    fn ask(&self, function: FnRef, take: &mut dyn for<'a> FnMut(Arg<'a>) -> HostResult) -> HostResult {
        self.protected(function, &[], 1)?;
        // SAFETY: see above.
        unsafe {
            let top = ffi::lua_gettop(self.lua);
            let taken = take(self.at(top));
            ffi::lua_settop(self.lua, top - 1);
            taken
        }
    }

    fn loading(&self) -> bool {
        self.context.loading.get()
    }

    fn position(&self) -> String {
        // SAFETY: see above.
        unsafe { trace::position(self.lua, 1) }
    }

    fn give(&self, value: Arg<'_>) {
        if self.room(4).is_ok() {
            // SAFETY: see above.
            unsafe { push_arg(self.lua, value) };
            self.given.set(self.given.get() + 1);
        }
    }

    fn give_item(&self, table: TableRef, index: usize) -> HostResult {
        self.room(4)?;
        // SAFETY: see above.
        unsafe { ffi::lua_rawgeti(self.lua, table.0, index as i64 + 1) };
        self.given.set(self.given.get() + 1);
        Ok(())
    }

    fn give_json(&self, text: &[u8], path: Option<&str>) -> HostResult {
        self.room(4)?;
        // SAFETY: see above.
        unsafe {
            json_decode::decode(self.lua, text).map_err(|why| ended(|| format!("not valid JSON: {why}")))?;
            for segment in path.unwrap_or("").split('.').filter(|segment| !segment.is_empty()) {
                if ffi::lua_type(self.lua, -1) != ffi::LUA_TTABLE {
                    ffi::lua_pop(self.lua, 1);
                    ffi::lua_pushnil(self.lua);
                    break;
                }
                push_str(self.lua, segment);
                if ffi::lua_rawget(self.lua, -2) == ffi::LUA_TNIL
                    && let Ok(index) = segment.parse::<u32>()
                {
                    ffi::lua_pop(self.lua, 1);
                    ffi::lua_rawgeti(self.lua, -1, i64::from(index) + 1);
                }
                ffi::lua_rotate(self.lua, -2, 1);
                ffi::lua_pop(self.lua, 1);
            }
        }
        self.given.set(self.given.get() + 1);
        Ok(())
    }

    fn give_list(&self, fill: &mut dyn FnMut(&dyn Frame) -> HostResult) -> HostResult {
        self.room(4)?;
        // SAFETY: see above.
        unsafe {
            let before = self.given.replace(0);
            ffi::lua_createtable(self.lua, 0, 0);
            let table = ffi::lua_gettop(self.lua);
            json::push_array_mark(self.lua);
            ffi::lua_setmetatable(self.lua, table);
            fill(self)?;
            for index in (1..=self.given.get()).rev() {
                ffi::lua_rawseti(self.lua, table, i64::from(index));
            }
            self.given.set(before + 1);
        }
        Ok(())
    }

    fn give_marked(&self, table: TableRef) -> HostResult {
        self.room(4)?;
        // SAFETY: see above.
        unsafe {
            json::push_array_mark(self.lua);
            if ffi::lua_getmetatable(self.lua, table.0) != 0 {
                let marked = ffi::lua_rawequal(self.lua, -1, -2) != 0;
                ffi::lua_pop(self.lua, 2);
                if !marked {
                    return Err(Raise::new("the table has a metatable already: json.array cannot mark it"));
                }
            } else {
                ffi::lua_setmetatable(self.lua, table.0);
            }
        }
        self.give(Arg::Table(table));
        Ok(())
    }

    fn give_built(&self, build: &mut Build<'_>) -> HostResult {
        // SAFETY: see above.
        unsafe { builder::build(self.lua, build)? };
        self.given.set(self.given.get() + 1);
        Ok(())
    }

    fn give_map(&self, fill: &mut FillMap<'_>) -> HostResult {
        self.room(6)?;
        // SAFETY: see above.
        unsafe {
            ffi::lua_createtable(self.lua, 0, 0);
            fill(&mut |name, value| {
                push_str(self.lua, name);
                push_arg(self.lua, value);
                ffi::lua_rawset(self.lua, -3);
            })?;
        }
        self.given.set(self.given.get() + 1);
        Ok(())
    }
}

/// Why JSON came to nothing: the call was told to end meanwhile, or what was wrong.
#[cold]
fn ended(wrong: impl FnOnce() -> String) -> Raise {
    if fiber::doom().is_some() { Raise::Interrupted } else { Raise::new(wrong()) }
}
