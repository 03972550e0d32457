//! One VU's Lua sandbox. Made by `program`, called by `run` on a fiber.

use std::ffi::c_int;
use std::rc::Rc;

use mlua_sys as ffi;

use crate::config::Level;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::script::{Class, Entry, Function, Outcome, Set, Task, Vm};
use crate::vu::{Hooks, Vu, fiber};

use super::class::push_inherited;
use super::nest::{self, INSTANCE, NEST, TASKS};
use super::program::{self, Library};
use super::state::State;
use super::{class, functions, manifest, preempt, protect, sandbox, tasks, trace};

pub(super) struct LuaVm {
    pub(super) state: State,
    pub(super) library: Rc<Library>,
}

/// How a protected call ended.
pub(super) enum Called {
    Done,
    Failed(Outcome),
}

impl From<Called> for Outcome {
    fn from(called: Called) -> Outcome {
        match called {
            Called::Done => Outcome::Done,
            Called::Failed(outcome) => outcome,
        }
    }
}

impl LuaVm {
    /// A new sandbox in which the scripts' top level has run.
    pub(super) fn load(vu: Rc<Vu>, library: Rc<Library>) -> Result<LuaVm, Fault> {
        let limit = library.memory_limit();
        // The functions that a VM before it was left for are gone with it.
        vu.hooks.set(Hooks::default());
        let state = State::new(vu, library.clone(), limit)
            .ok_or_else(|| Fault::new(Exit::Internal, "no memory for another VM"))?;
        let vm = LuaVm { state, library };
        let memory = &vm.state.context().memory;
        memory.relax(true);
        sandbox::open(&vm.state);
        for code in vm.library.scripts() {
            let lua = vm.state.lua();
            // SAFETY: a fresh state, nothing on its stack, its account relaxed.
            let loaded = unsafe {
                ffi::lua_pushcfunction(lua, trace::on_error);
                program::load(lua, code)
            };
            loaded.map_err(|why| Fault::new(Exit::Script, why))?;
            memory.relax(false);
            let called = vm.call_top(0, 0);
            memory.relax(true);
            match called {
                Called::Done => {}
                Called::Failed(Outcome::Raised(fault) | Outcome::Broken(fault)) => return Err(fault),
                Called::Failed(_) => {
                    return Err(Fault::new(Exit::Script, "interrupted while the script was loaded"));
                }
            }
        }
        memory.relax(false);
        vm.state.collect_from_now();
        vm.state.context().loading.set(false);
        Ok(vm)
    }

    /// What the scripts declared. What is most likely not meant is logged as a warning.
    pub(super) fn classes(&self) -> Result<Vec<Class>, Vec<Fault>> {
        let memory = &self.state.context().memory;
        memory.relax(true);
        // SAFETY: no script code runs; the account is relaxed.
        let read = unsafe { manifest::read(self.state.lua()) };
        memory.relax(false);
        match read {
            Ok(read) => {
                let vu = &self.state.context().vu;
                read.warnings.into_iter().for_each(|warning| vu.log(Level::Warning, warning));
                Ok(read.classes)
            }
            Err(all) => {
                let fault = |wrong: &manifest::Wrong| {
                    trace::fault(&self.library, &format!("{}: {}", wrong.place, wrong.what), Vec::new())
                };
                Err(all.iter().map(fault).collect())
            }
        }
    }

    /// The functions that scripts have left in globals.
    pub(super) fn functions(&self) -> Vec<Function> {
        let memory = &self.state.context().memory;
        memory.relax(true);
        // SAFETY: no script code runs; the account is relaxed.
        let read = unsafe { functions::read(self.state.lua()) };
        memory.relax(false);
        read
    }

    /// Makes the instance of `class`, with its functions in the order of `tasks`.
    pub(super) fn become_user(&mut self, class: &str, tasks: &[Task]) -> Result<(), Fault> {
        let lua = self.state.lua();
        let memory = &self.state.context().memory;
        memory.relax(true);
        // SAFETY: no script code runs; the account is relaxed.
        let made = unsafe {
            ffi::lua_settop(lua, 0);
            if !class::push_class(lua, class) && !functions::push_class(lua, class) {
                Err(format!(
                    "the script did not define the class `{class}` for this VU, though it did before"
                ))
            } else if let Some(why) = class::finalizer(lua, 1) {
                Err(format!("class `{class}`: {why}"))
            } else {
                ffi::lua_createtable(lua, 0, 4);
                ffi::lua_pushvalue(lua, 1);
                ffi::lua_setmetatable(lua, 2);
                // Class, instance: the instance comes first, its tasks second.
                let ordered = tasks::push_ordered(lua, 1, tasks);
                ffi::lua_rotate(lua, 1, -1);
                ffi::lua_settop(lua, TASKS);
                // In no set.
                ffi::lua_pushnil(lua);
                ordered
            }
        };
        memory.relax(false);
        made.map_err(|why| Fault::new(Exit::Script, why))
    }

    /// Calls the function below `args` values on top, whose message handler is below it.
    pub(super) fn call_top(&self, args: c_int, results: c_int) -> Called {
        let lua = self.state.lua();
        let context = self.state.context();
        context.trace.borrow_mut().clear();
        context.depth.set(0);
        // SAFETY: the stack is as said; the preemption target is a live thread, and reset.
        unsafe {
            let handler = ffi::lua_gettop(lua) - args - 1;
            preempt::target(&context.memory, lua);
            let status = ffi::lua_pcall(lua, args, results, handler);
            if status != ffi::LUA_OK && fiber::doom().is_none() {
                self.show_error();
            }
            preempt::target(&context.memory, std::ptr::null_mut());
            if status == ffi::LUA_OK {
                ffi::lua_rotate(lua, handler, -1);
                ffi::lua_pop(lua, 1);
                return Called::Done;
            }
            if fiber::doom().is_none() && protect::is_left(lua, -1) {
                ffi::lua_settop(lua, handler - 1);
                (0..results).for_each(|_| ffi::lua_pushnil(lua));
                return Called::Done;
            }
            // A doomed call leaves its hook armed.
            ffi::lua_sethook(lua, None, 0, 0);
            let relaxed = context.memory.relax(true);
            let message = trace::message(lua);
            ffi::lua_settop(lua, handler - 1);
            let mut trace = std::mem::take(&mut *context.trace.borrow_mut());
            context.memory.relax(relaxed);
            // A coroutine of the script's own hands the error on as a text.
            let broken = status == ffi::LUA_ERRMEM || message.ends_with("not enough memory");
            Called::Failed(match fiber::doom() {
                Some(fiber::Doom::Stopped) => Outcome::Interrupted,
                doom => {
                    // A stack overflow is reported from its deepest frame: the message says enough.
                    trace.truncate(20);
                    let message = if broken { self.out_of_memory() } else { message };
                    let fault = trace::fault(&self.library, &message, trace);
                    let broken = broken || doom.is_some();
                    if broken { Outcome::Broken(fault) } else { Outcome::Raised(fault) }
                }
            })
        }
    }

    /// Replaces an error value on top that has a text of its own by it: `__tostring` is script
    /// code, so it runs protected, and within the call's budget.
    fn show_error(&self) {
        unsafe extern "C-unwind" fn show(lua: *mut ffi::lua_State) -> c_int {
            // SAFETY: called by Lua with the value; owns nothing.
            unsafe { ffi::luaL_tolstring(lua, 1, std::ptr::null_mut()) };
            1
        }
        let lua = self.state.lua();
        // SAFETY: a value is on top; the account is relaxed where no script code runs.
        unsafe {
            let relaxed = self.state.context().memory.relax(true);
            let has_text = ffi::luaL_getmetafield(lua, -1, c"__tostring".as_ptr()) != ffi::LUA_TNIL;
            if has_text {
                ffi::lua_pop(lua, 1);
                ffi::lua_pushcfunction(lua, show);
                ffi::lua_pushvalue(lua, -2);
            }
            self.state.context().memory.relax(relaxed);
            if has_text {
                // An error in it leaves its own message, which is as good.
                ffi::lua_pcall(lua, 1, 1, 0);
                ffi::lua_rotate(lua, -2, 1);
                ffi::lua_pop(lua, 1);
            }
        }
    }

    /// "not enough memory" tells neither the place nor the limit.
    fn out_of_memory(&self) -> String {
        let place = self.state.context().memory.refused_at.take();
        let colon = if place.is_empty() { "" } else { ": " };
        let limit = crate::units::format_size(self.library.memory_limit() as u64);
        format!("{place}{colon}memory limit exceeded: one VU may hold {limit}")
    }

    /// Calls `function(instance)`, both of which `push` pushes (false: there is no function).
    fn call_with(&self, results: c_int, push: impl FnOnce(*mut ffi::lua_State) -> bool) -> Called {
        let lua = self.state.lua();
        // SAFETY: instance and tasks are in place; pushes go to an account that is relaxed.
        unsafe {
            let relaxed = self.state.context().memory.relax(true);
            ffi::lua_pushcfunction(lua, trace::on_error);
            let pushed = push(lua);
            self.state.context().memory.relax(relaxed);
            if !pushed {
                ffi::lua_settop(lua, NEST);
                return Called::Done;
            }
        }
        self.call_top(1, results)
    }

    /// Calls a method of the instance that `push` pushes.
    pub(super) fn call_method(
        &self,
        name: &str,
        results: c_int,
        push: impl FnOnce(*mut ffi::lua_State),
    ) -> Called {
        self.call_with(results, |lua| {
            // SAFETY: see `call_with`.
            unsafe {
                push(lua);
                let kind = push_inherited(lua, -1, name);
                ffi::lua_rotate(lua, -2, 1);
                kind != ffi::LUA_TNIL
            }
        })
    }

    /// Goes into the set that the task leads to, with a new instance.
    fn enter(&self, task: usize, set: &Set) -> Called {
        let lua = self.state.lua();
        let relaxed = self.state.context().memory.relax(true);
        // SAFETY: the account is relaxed; no script code runs.
        let entered = unsafe { nest::enter(lua, task, set) };
        self.state.context().memory.relax(relaxed);
        if let Err(why) = entered {
            return Called::Failed(Outcome::Raised(Fault::new(Exit::Script, why)));
        }
        if !set.has_on_start {
            return Called::Done;
        }
        // SAFETY: see `call_with`.
        let called = self.call_method("on_start", 0, |lua| unsafe { ffi::lua_pushvalue(lua, INSTANCE) });
        let left = self.state.context().vu.left.get().is_some();
        if (left && matches!(called, Called::Done)) || matches!(called, Called::Failed(Outcome::Raised(_))) {
            // SAFETY: as above.
            unsafe { nest::leave(lua) };
        }
        called
    }

    /// Leaves the innermost set: it counts as left from before its `on_stop` on.
    fn leave(&self) -> Called {
        // SAFETY: see `call_with`; the instance comes from where nothing else holds it.
        self.call_method("on_stop", 0, |lua| unsafe {
            ffi::lua_pushvalue(lua, INSTANCE);
            nest::leave(lua);
        })
    }

    fn call_wait(&self, depth: usize) -> Outcome {
        // SAFETY: see `call_with`.
        match self.call_method("wait_time", 1, |lua| unsafe { nest::push_instance(lua, depth) }) {
            Called::Failed(outcome) => outcome,
            Called::Done => {
                let lua = self.state.lua();
                let relaxed = self.state.context().memory.relax(true);
                // SAFETY: the one result is on top; the account is relaxed.
                let (got, seconds, place) = unsafe {
                    let got = trace::shown(lua, -1);
                    let number = ffi::lua_type(lua, -1) == ffi::LUA_TNUMBER;
                    let seconds = if number { ffi::lua_tonumber(lua, -1) } else { -1.0 };
                    nest::push_instance(lua, depth);
                    push_inherited(lua, -1, "wait_time");
                    let place = trace::place_of_function(lua);
                    ffi::lua_settop(lua, NEST);
                    (got, seconds, place)
                };
                self.state.context().memory.relax(relaxed);
                if seconds.is_finite() && seconds >= 0.0 {
                    return Outcome::Wait(seconds);
                }
                if self.state.context().vu.left.get().is_some() {
                    return Outcome::Done;
                }
                let what =
                    format!("{place}: wait_time must return a number of seconds, 0 or more, not {got}");
                Outcome::Raised(trace::fault(&self.library, &what, Vec::new()))
            }
        }
    }
}

impl Vm for LuaVm {
    fn call(&mut self, entry: Entry<'_>) -> Outcome {
        let outcome = self.run(entry);
        self.tell(outcome)
    }

    fn memory(&self) -> usize {
        self.state.used()
    }
}

impl LuaVm {
    fn run(&self, entry: Entry<'_>) -> Outcome {
        // SAFETY: see `call_with`.
        let own = |lua: *mut ffi::lua_State| unsafe { nest::push_instance(lua, 0) };
        let called = match entry {
            Entry::OnStart => self.call_method("on_start", 0, own),
            Entry::OnStop => self.call_method("on_stop", 0, own),
            Entry::Wait(depth) => return self.call_wait(depth),
            Entry::Enter { task, set } => self.enter(task, set),
            Entry::Leave => self.leave(),
            Entry::Task(index) => self.call_with(0, |lua| {
                // SAFETY: see `call_with`.
                unsafe {
                    let kind = ffi::lua_rawgeti(lua, TASKS, index as i64 + 1);
                    ffi::lua_pushvalue(lua, INSTANCE);
                    kind == ffi::LUA_TFUNCTION
                }
            }),
        };
        called.into()
    }
}
