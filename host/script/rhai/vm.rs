//! One VU's Rhai sandbox. Made by `program`, called by `run` on a fiber.

use std::rc::Rc;

use rhai::{Dynamic, EvalAltResult, FnPtr, NativeCallContext, Position, Scope};

use crate::api::{Frame, Raise};
use crate::config::Level;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::script::{Class, Entry, Outcome, Set, Task, Vm};
use crate::vu::fiber::{self, Doom};
use crate::vu::{Hooks, Vu};

use super::class::{Base, ClassRef};
use super::frame::RhaiFrame;
use super::instance::Instance;
use super::library::Library;
use super::nest::Nest;
use super::state::State;
use super::{call, functions, globals, limits, manifest, trace};

pub(super) struct RhaiVm {
    pub(super) state: Rc<State>,
    nest: Option<Nest>,
}

/// How a call of a script function ended.
pub(super) type Called = Result<Dynamic, Outcome>;

impl RhaiVm {
    /// A new sandbox in which the scripts' top level has run.
    pub(super) fn load(vu: Rc<Vu>, library: Rc<Library>) -> Result<RhaiVm, Fault> {
        // The functions that a VM before it was left for are gone with it.
        vu.hooks.set(Hooks::default());
        let vm = RhaiVm { state: State::new(vu, library.clone()), nest: None };
        fiber::set_local(vm.state.clone());
        for script in &library.scripts {
            vm.state.account.begin();
            let mut scope = Scope::new();
            let run = library.engine.eval_ast_with_scope::<Dynamic>(&mut scope, &script.ast);
            vm.state.account.end();
            vm.state.scopes.borrow_mut().push(scope);
            match run.map_err(|error| vm.failed(error, script.ast.source())) {
                Ok(_) => {}
                Err(Outcome::Raised(fault) | Outcome::Broken(fault)) => return Err(fault),
                Err(_) => return Err(Fault::new(Exit::Script, "interrupted while the script was loaded")),
            }
        }
        vm.state.loading.set(false);
        Ok(vm)
    }

    /// What the scripts declared. What is most likely not meant is logged as a warning.
    pub(super) fn classes(&self) -> Result<Vec<Class>, Vec<Fault>> {
        let classes = self.state.classes.borrow().clone();
        match manifest::read(&classes) {
            Ok(read) => {
                read.warnings.into_iter().for_each(|warning| self.state.vu.log(Level::Warning, warning));
                Ok(read.classes)
            }
            Err(all) => Err(all.iter().map(|wrong| wrong.fault(&self.state.library)).collect()),
        }
    }

    /// Makes the instance of `class`, with its functions in the order of `tasks`.
    pub(super) fn become_user(&mut self, class: &str, tasks: &[Task]) -> Result<(), Fault> {
        let is_it = |known: &&ClassRef| known.name == class && matches!(known.base, Base::User(_));
        let found = self.state.classes.borrow().iter().find(is_it).cloned();
        let found = found.or_else(|| functions::class(&self.state, class));
        let made = match found {
            None => Err(format!(
                "the script did not define the class `{class}` for this VU, though it did before"
            )),
            Some(class) => Nest::new(&class, tasks),
        };
        self.nest = Some(made.map_err(|why| Fault::new(Exit::Script, why))?);
        Ok(())
    }

    /// Calls a function of the script.
    pub(super) fn call_function(
        &self,
        function: &Dynamic,
        this: Option<Instance>,
        args: Vec<Dynamic>,
    ) -> Called {
        let Some(function) = function.read_lock::<FnPtr>().map(|function| function.clone()) else {
            return Ok(Dynamic::UNIT);
        };
        fiber::set_local(self.state.clone());
        self.state.begin();
        self.state.account.begin();
        let called = call::from_outside(&self.state, &function, this, args);
        self.state.account.end();
        let is_left = self.state.leaving.replace(false);
        *self.state.read.borrow_mut() = Dynamic::UNIT;
        self.state.kept.take();
        let called = match called {
            // The last that it did was too much.
            Ok(_) if self.state.is_over_memory() => Err(limits::interruption()),
            called => called,
        };
        match called {
            Ok(value) => Ok(value),
            Err(_) if is_left && fiber::doom().is_none() => Ok(Dynamic::UNIT),
            Err(error) => Err(match self.failed(error, None) {
                // A loop without a variable tells no place: that of the function is near enough.
                Outcome::Broken(fault) if fault.at.is_none() => {
                    let function = function.clone().into();
                    Outcome::Broken(trace::fault_at(&self.state.library, &function, fault.what))
                }
                outcome => outcome,
            }),
        }
    }

    /// What an error makes of a call. `main` is the file whose top level ran, where one did.
    pub(super) fn failed(&self, error: Box<EvalAltResult>, main: Option<&str>) -> Outcome {
        if fiber::doom() == Some(Doom::Stopped) {
            return Outcome::Interrupted;
        }
        let is_broken = fiber::doom().is_some() || self.state.is_over_memory();
        let mut fault = trace::fault(&self.state.library, error, main);
        if is_broken {
            // The place is that of the error; what is wrong is known better.
            if let Some(reason) = limits::reason(&self.state) {
                fault.what = reason;
                fault.help = None;
            }
            return Outcome::Broken(fault);
        }
        Outcome::Raised(fault)
    }

    /// A context for host code that no script calls.
    pub(super) fn with_context<R>(&self, run: impl FnOnce(&NativeCallContext<'_>) -> R) -> R {
        fiber::set_local(self.state.clone());
        let engine = &self.state.library.engine;
        let mut global = engine.new_global_runtime_state();
        self.state.units.borrow().iter().for_each(|unit| unit.enter(&mut global));
        let at = Position::NONE;
        run(&NativeCallContext::new_with_all_fields(engine, globals::LOADED, None, &global, at))
    }

    /// Reads values as a host function reads its arguments.
    pub(super) fn look_at<R>(
        &self,
        values: &[Dynamic],
        read: impl FnOnce(&dyn Frame) -> Result<R, Raise>,
    ) -> Result<R, Raise> {
        self.with_context(|context| read(&RhaiFrame::new(&self.state, context, values.iter())))
    }

    /// Calls a method of an instance; nothing where there is none.
    fn call_method(&self, instance: Instance, name: &str) -> Called {
        let function = instance.class().get(name).unwrap_or_default();
        self.call_with(&function, instance)
    }

    fn call_with(&self, function: &Dynamic, instance: Instance) -> Called {
        let this = Dynamic::from(instance.clone());
        self.call_function(function, Some(instance), vec![this])
    }

    /// Goes into the set that the task leads to, with a new instance.
    fn enter(&mut self, task: usize, set: &Set) -> Called {
        let Some(nest) = &mut self.nest else { return Ok(Dynamic::UNIT) };
        if let Err(why) = nest.enter(task, set) {
            return Err(Outcome::Raised(Fault::new(Exit::Script, why)));
        }
        let instance = nest.innermost();
        if !set.has_on_start {
            return Ok(Dynamic::UNIT);
        }
        let called = self.call_method(instance, "on_start");
        let left = self.state.vu.left.get().is_some();
        if ((left && called.is_ok()) || matches!(called, Err(Outcome::Raised(_))))
            && let Some(nest) = &mut self.nest
        {
            nest.leave();
        }
        called
    }

    fn call_wait(&self, instance: Instance) -> Outcome {
        let function = instance.class().get("wait_time").unwrap_or_default();
        let result = match self.call_with(&function, instance) {
            Ok(result) => result,
            Err(outcome) => return outcome,
        };
        let seconds = super::attributes::float(&result).unwrap_or(-1.0);
        if seconds.is_finite() && seconds >= 0.0 {
            return Outcome::Wait(seconds);
        }
        if self.state.vu.left.get().is_some() {
            return Outcome::Done;
        }
        let what =
            format!("wait_time must return a number of seconds, 0 or more, not {}", trace::shown(&result));
        Outcome::Raised(trace::fault_at(&self.state.library, &function, what))
    }

    fn run(&mut self, entry: Entry<'_>) -> Outcome {
        let Some(nest) = &mut self.nest else { return Outcome::Done };
        let called = match entry {
            Entry::OnStart => {
                let instance = nest.instance(0);
                self.call_method(instance, "on_start")
            }
            Entry::OnStop => {
                let instance = nest.instance(0);
                self.call_method(instance, "on_stop")
            }
            Entry::Wait(depth) => {
                let instance = nest.instance(depth);
                return self.call_wait(instance);
            }
            Entry::Enter { task, set } => self.enter(task, set),
            // The set counts as left from before its `on_stop` on.
            Entry::Leave => {
                let instance = nest.leave();
                self.call_method(instance, "on_stop")
            }
            Entry::Task(index) => {
                let (task, instance) = (nest.task(index).unwrap_or_default(), nest.innermost());
                self.call_with(&task, instance)
            }
        };
        match called {
            Ok(_) => Outcome::Done,
            Err(outcome) => outcome,
        }
    }
}

impl Vm for RhaiVm {
    fn call(&mut self, entry: Entry<'_>) -> Outcome {
        let outcome = self.run(entry);
        self.tell(outcome)
    }

    fn memory(&self) -> usize {
        self.state.memory()
    }
}

impl Drop for RhaiVm {
    fn drop(&mut self) {
        if let Some(nest) = &mut self.nest {
            nest.clear();
        }
        self.state.clear();
    }
}
