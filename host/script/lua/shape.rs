//! Load shapes in Lua: `LoadTestShape` and what extends it. Tables like those of
//! user classes, kept in a list of their own. Read by `vm`, bound by `class`.

use std::cell::Cell;
use std::ffi::{c_int, c_void};

use mlua_sys as ffi;
use mlua_sys::lua_State;

use crate::api::{Arg, SHAPE_METHODS, TableRef, read_stages};
use crate::fault::Fault;
use crate::script::attributes::SHAPE_ATTRIBUTES;
use crate::script::{Shape, ShapeForm};

use super::attributes::check_names;
use super::bind;
use super::class::{self, PLACE, key, name_of, push_inherited};
use super::frame::LuaFrame;
use super::manifest::Wrong;
use super::state::{context, guarded, push_str, raw_field, set_raw_field, str_at};
use super::trace;
use super::vm::LuaVm;

/// The base of all load shapes.
pub(super) const BASE: &str = "LoadTestShape";

/// The registry key, by its address, of the list of shapes.
static SHAPES: u8 = 0;

/// Pushes the base class.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn push_base(lua: *mut lua_State) {
    // SAFETY: as the caller promised.
    unsafe {
        ffi::lua_createtable(lua, 0, 6);
        for method in SHAPE_METHODS {
            bind::push_function(lua, method);
            set_raw_field(lua, -2, method.name);
        }
        ffi::lua_pushcfunction(lua, extend);
        set_raw_field(lua, -2, "extend");
        class::finish_base(lua, BASE);
    }
}

unsafe fn push_shapes(lua: *mut lua_State) {
    // SAFETY: as `push_base`.
    unsafe {
        bind::push_cached(lua, (&raw const SHAPES).cast::<c_void>(), |lua| ffi::lua_createtable(lua, 1, 0));
    }
}

/// `LoadTestShape:extend(name, attributes)`.
unsafe extern "C-unwind" fn extend(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua.
    unsafe {
        guarded(lua, |lua| {
            let usage = "`LoadTestShape:extend(\"Name\", { stages = { ... } })`";
            if name_of(lua, 1).is_none() {
                return bind::refuse(lua, format!("call `extend` with a colon: {usage}"));
            }
            if ffi::lua_type(lua, 2) != ffi::LUA_TSTRING || str_at(lua, 2).is_empty() {
                return bind::refuse(lua, format!("a load shape needs a name: {usage}"));
            }
            if !matches!(ffi::lua_type(lua, 3), ffi::LUA_TTABLE | ffi::LUA_TNIL | ffi::LUA_TNONE) {
                return bind::refuse(lua, "the attributes of a load shape must be a table");
            }
            if !context(lua).loading.get() {
                return bind::refuse(lua, "load shapes are defined at the top level of a script");
            }
            let name = String::from_utf8_lossy(str_at(lua, 2)).into_owned();
            if name == BASE || class::push_class(lua, &name) || push_shape(lua, &name) {
                return bind::refuse(lua, format!("the class `{name}` is defined already"));
            }
            ffi::lua_settop(lua, 3);
            ffi::lua_createtable(lua, 0, 6);
            if ffi::lua_type(lua, 3) == ffi::LUA_TTABLE {
                ffi::lua_pushnil(lua);
                while ffi::lua_next(lua, 3) != 0 {
                    ffi::lua_pushvalue(lua, -2);
                    ffi::lua_rotate(lua, -2, 1);
                    ffi::lua_rawset(lua, 4);
                }
            }
            class::finish_base(lua, &name);
            push_str(lua, trace::position(lua, 1));
            ffi::lua_rawsetp(lua, 4, key(&PLACE));
            if let Some(why) = class::finalizer(lua, 1).or_else(|| class::finalizer(lua, 4)) {
                return bind::refuse(lua, why);
            }
            ffi::lua_pushvalue(lua, 1);
            ffi::lua_setmetatable(lua, 4);
            push_shapes(lua);
            ffi::lua_pushvalue(lua, 4);
            ffi::lua_rawseti(lua, -2, ffi::lua_rawlen(lua, -2) as i64 + 1);
            ffi::lua_settop(lua, 4);
            Ok(1)
        })
    }
}

/// Pushes the load shape called `name`; false (and nothing pushed) where there is none.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn push_shape(lua: *mut lua_State, name: &str) -> bool {
    // SAFETY: as the caller promised.
    unsafe {
        let top = ffi::lua_gettop(lua);
        push_shapes(lua);
        for index in 1..=ffi::lua_rawlen(lua, top + 1) {
            ffi::lua_rawgeti(lua, top + 1, index as i64);
            if name_of(lua, -1) == Some(name.as_bytes()) {
                ffi::lua_copy(lua, -1, top + 1);
                ffi::lua_settop(lua, top + 1);
                return true;
            }
            ffi::lua_pop(lua, 1);
        }
        ffi::lua_settop(lua, top);
        false
    }
}

impl LuaVm {
    /// The load shapes that the scripts defined.
    pub(super) fn shapes(&self) -> Result<Vec<Shape>, Fault> {
        let memory = &self.state.context().memory;
        memory.relax(true);
        // SAFETY: no script code runs; the account is relaxed.
        let read = unsafe { read(self.state.lua()) };
        memory.relax(false);
        read.map_err(|wrong| {
            trace::fault(&self.library, &format!("{}: {}", wrong.place, wrong.what), Vec::new())
        })
    }
}

/// Every load shape of the scripts but the abstract ones.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn read(lua: *mut lua_State) -> Result<Vec<Shape>, Wrong> {
    // SAFETY: as the caller promised; no script code runs.
    unsafe {
        let top = ffi::lua_gettop(lua);
        push_shapes(lua);
        let mut shapes = Vec::new();
        let mut result = Ok(());
        for index in 1..=ffi::lua_rawlen(lua, top + 1) {
            ffi::lua_rawgeti(lua, top + 1, index as i64);
            result = read_shape(lua, top + 2).map(|shape| shapes.extend(shape));
            ffi::lua_settop(lua, top + 1);
            if result.is_err() {
                break;
            }
        }
        ffi::lua_settop(lua, top);
        result.map(|()| shapes)
    }
}

unsafe fn read_shape(lua: *mut lua_State, index: c_int) -> Result<Option<Shape>, Wrong> {
    // SAFETY: as `read`; `index` is a shape.
    unsafe {
        let name = String::from_utf8_lossy(name_of(lua, index).unwrap_or_default()).into_owned();
        ffi::lua_rawgetp(lua, index, key(&PLACE));
        let place = String::from_utf8_lossy(str_at(lua, -1)).into_owned();
        ffi::lua_pop(lua, 1);
        let wrong =
            |what: String| Wrong { place: place.clone(), what: format!("load shape `{name}`: {what}") };
        check_names(lua, index, &SHAPE_ATTRIBUTES).map_err(wrong)?;
        raw_field(lua, index, "abstract");
        let is_abstract = ffi::lua_toboolean(lua, -1) != 0;
        ffi::lua_pop(lua, 1);
        if is_abstract {
            return Ok(None);
        }
        let form = match push_inherited(lua, index, "tick") {
            ffi::LUA_TFUNCTION => ShapeForm::Tick,
            ffi::LUA_TNIL => {
                if push_inherited(lua, index, "stages") == ffi::LUA_TNIL {
                    return Err(wrong("it has neither `stages` nor a method `tick`".into()));
                }
                let stages = match ffi::lua_type(lua, -1) {
                    ffi::LUA_TTABLE => Arg::Table(TableRef(ffi::lua_gettop(lua))),
                    _ => Arg::Other("value of another kind"),
                };
                let first = ffi::lua_gettop(lua) + 1;
                let frame = LuaFrame { lua, context: context(lua), first, count: 0, given: Cell::new(0) };
                ShapeForm::Stages(read_stages(&frame, stages).map_err(|raise| wrong(raise.text()))?)
            }
            _ => return Err(wrong("`tick` must be a function".into())),
        };
        Ok(Some(Shape { name, place: trace::place(&place), form }))
    }
}
