//! The sandbox for what is called once a run: listeners of the run's events, `setup`
//! and `teardown`, and a load shape's `tick`. Made by `program`, called by `run` on a
//! fiber.

use std::cell::Cell;
use std::ffi::c_int;

use mlua_sys as ffi;
use mlua_sys::lua_State;
use serde_json::Value;

use crate::api::{Arg, Frame, HostResult, Occasion, Raise, Wanted, read_wanted};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::script::{Control, Outcome};
use crate::vu::Hook;

use super::frame::LuaFrame;
use super::metamethods::push_value;
use super::nest::{INSTANCE, NEST};
use super::shape;
use super::state::context;
use super::vm::{Called, LuaVm};
use super::{listeners, trace};

pub(super) struct LuaControl {
    vm: LuaVm,
}

impl LuaControl {
    /// With an instance of the load shape called `shape`.
    pub(super) fn new(vm: LuaVm, shape: Option<&str>) -> Result<LuaControl, Fault> {
        let lua = vm.state.lua();
        let relaxed = vm.state.context().memory.relax(true);
        // SAFETY: no script code runs; the account is relaxed.
        let found = unsafe {
            ffi::lua_settop(lua, 0);
            let found = shape.is_none_or(|name| shape::push_shape(lua, name));
            if found && shape.is_some() {
                ffi::lua_createtable(lua, 0, 2);
                ffi::lua_rotate(lua, INSTANCE, 1);
                ffi::lua_setmetatable(lua, INSTANCE);
            }
            ffi::lua_settop(lua, NEST);
            found
        };
        vm.state.context().memory.relax(relaxed);
        if found {
            return Ok(LuaControl { vm });
        }
        let name = shape.unwrap_or_default();
        let what = format!("the script did not define the load shape `{name}` again, though it did before");
        Err(Fault::new(Exit::Script, what))
    }

    /// Calls function `index` of `hook` with the arguments that `push` pushes (how many); its
    /// results stay on the stack. Done where there is none.
    fn call(
        &self,
        (hook, index): (Hook, i64),
        results: c_int,
        push: impl FnOnce(*mut lua_State) -> c_int,
    ) -> Called {
        let lua = self.vm.state.lua();
        let relaxed = self.vm.state.context().memory.relax(true);
        // SAFETY: nothing but instance and tasks is on the stack; the account is relaxed.
        let args = unsafe {
            ffi::lua_settop(lua, NEST);
            ffi::lua_pushcfunction(lua, trace::on_error);
            listeners::push(lua, hook, index).then(|| push(lua))
        };
        self.vm.state.context().memory.relax(relaxed);
        match args {
            Some(args) => self.vm.call_top(args, results),
            None => Called::Done,
        }
    }

    /// Reads the results of a call, which are on top of the stack.
    fn read<R>(
        &self,
        results: c_int,
        read: impl FnOnce(&dyn Frame) -> Result<R, Raise>,
    ) -> Result<R, String> {
        let lua = self.vm.state.lua();
        let relaxed = self.vm.state.context().memory.relax(true);
        // SAFETY: the results are there; no script code runs; the account is relaxed.
        let value = unsafe {
            let first = ffi::lua_gettop(lua) - results + 1;
            let frame = LuaFrame { lua, context: context(lua), first, count: results, given: Cell::new(0) };
            let value = read(&frame).map_err(Raise::text);
            ffi::lua_settop(lua, NEST);
            value
        };
        self.vm.state.context().memory.relax(relaxed);
        value
    }

    /// A fault at the definition of the function that `push` pushes.
    fn fault_at(&self, what: String, push: impl FnOnce(*mut lua_State) -> bool) -> Fault {
        let lua = self.vm.state.lua();
        let relaxed = self.vm.state.context().memory.relax(true);
        // SAFETY: as `read`.
        let place = unsafe {
            let place = if push(lua) { trace::place_of_function(lua) } else { String::new() };
            ffi::lua_settop(lua, NEST);
            place
        };
        self.vm.state.context().memory.relax(relaxed);
        trace::fault(&self.vm.library, &format!("{place}: {what}"), Vec::new())
    }
}

/// Pushes what `give` returns, one value.
fn push_given(lua: *mut lua_State, give: impl FnOnce(&dyn Frame) -> HostResult) -> c_int {
    // SAFETY: called while the account is relaxed, with room on the stack.
    unsafe {
        let first = ffi::lua_gettop(lua) + 1;
        let frame = LuaFrame { lua, context: context(lua), first, count: 0, given: Cell::new(0) };
        if give(&frame).is_err() {
            ffi::lua_settop(lua, first - 1);
            ffi::lua_pushnil(lua);
        }
        1
    }
}

impl Control for LuaControl {
    fn fire(&mut self, occasion: &Occasion, done: &mut i64, raised: &mut Vec<Fault>) -> Outcome {
        let hook = occasion.hook();
        // SAFETY: reads a list of the registry.
        let count = unsafe { listeners::count(self.vm.state.lua(), hook) };
        while *done < count {
            *done += 1;
            let index = *done;
            let called = self.call((hook, index), 0, |lua| push_given(lua, |frame| occasion.give(frame)));
            match self.vm.tell(called.into()) {
                Outcome::Done | Outcome::Wait(_) => {}
                Outcome::Raised(fault) => raised.push(fault),
                outcome => return outcome,
            }
        }
        Outcome::Done
    }

    fn setup(&mut self) -> Result<Option<Vec<u8>>, Outcome> {
        if let Called::Failed(outcome) = self.call((Hook::Setup, 1), 1, |_| 0) {
            return Err(self.vm.tell(outcome));
        }
        let json = self.read(1, |frame| {
            if let Arg::Nil = frame.arg(0) {
                return Ok(None);
            }
            let mut json = Vec::new();
            frame.encode(frame.arg(0), &mut json)?;
            Ok(Some(json))
        });
        let told = self.vm.tell(Outcome::Done);
        match (json, told) {
            (Ok(json), Outcome::Done) => Ok(json),
            (Ok(_), outcome) => Err(outcome),
            (Err(why), _) => {
                let what = format!("what setup returned: {why}");
                // SAFETY: pushes a function of the registry.
                let push = |lua| unsafe { listeners::push(lua, Hook::Setup, 1) };
                Err(Outcome::Raised(self.fault_at(what, push)))
            }
        }
    }

    fn teardown(&mut self, data: Option<&'static Value>) -> Outcome {
        let called = self.call((Hook::Teardown, 1), 0, |lua| {
            // SAFETY: called while the account is relaxed.
            unsafe { push_value(lua, data) };
            1
        });
        self.vm.tell(called.into())
    }

    fn tick(&mut self) -> Result<Option<Wanted>, Outcome> {
        const RESULTS: c_int = 3;
        // SAFETY: called while the account is relaxed; the instance is in its place.
        let own = |lua: *mut lua_State| unsafe { ffi::lua_pushvalue(lua, INSTANCE) };
        if let Called::Failed(outcome) = self.vm.call_method("tick", RESULTS, own) {
            return Err(self.vm.tell(outcome));
        }
        let wanted = self.read(RESULTS, |frame| read_wanted(frame));
        match (wanted, self.vm.tell(Outcome::Done)) {
            (Ok(wanted), Outcome::Done) => Ok(wanted),
            (Ok(_), outcome) => Err(outcome),
            (Err(what), _) => {
                // SAFETY: the instance of the shape is in its place.
                let push = |lua| unsafe {
                    super::class::push_inherited(lua, INSTANCE, "tick") == ffi::LUA_TFUNCTION
                };
                Err(Outcome::Raised(self.fault_at(what, push)))
            }
        }
    }
}
