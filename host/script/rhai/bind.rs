//! Binds the tables of the script API into an engine: functions, modules of functions, host values and
//! what scripts do with them. Used by `library`, once a worker.

use std::any::TypeId;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use rhai::{
    Dynamic, Engine, EvalAltResult, FuncRegistration, ImmutableString, Module, NativeCallContext, Position,
    RhaiFunc, Shared,
};

use crate::api::{self, HostFn, HostResult, Raise};

use super::class::ClassRef;
use super::frame::RhaiFrame;
use super::instance::Instance;
use super::names::Names;
use super::state::State;
use super::value::HostValue;
use super::walk::{self, HostFunction, HostLoop};
use super::{basics, globals, guards, import, limits, listeners, members, names, pointers, wording};

pub(super) type Returned = Result<Dynamic, Box<EvalAltResult>>;

/// More arguments than any host function takes.
pub(super) const MAX_ARGS: usize = 5;

/// The engine's own names for what is not called by name.
pub(super) const GET: &str = "get$";
pub(super) const SET: &str = "set$";
const GET_ITEM: &str = "index$get$";
const SET_ITEM: &str = "index$set$";

/// What a method called `debug` gives the engine that has done its work, as `log.debug`.
const LOGGED: &str = "\0";

/// A function that takes values of these types, and any others after them.
pub(super) struct Binding<'m> {
    pub(super) module: &'m mut Module,
    /// Whether the first argument is looked at where it lies. What a method was called on is handed
    /// back to where it was read then, which nothing of the host needs.
    pub(super) by_reference: bool,
}

impl Binding<'_> {
    pub(super) fn bind(
        &mut self,
        name: impl AsRef<str>,
        (first, any): (&[TypeId], usize),
        run: impl Fn(&Rc<State>, &NativeCallContext<'_>, &mut [&mut Dynamic]) -> Returned + 'static,
    ) {
        let func = move |context: Option<NativeCallContext<'_>>, args: &mut [&mut Dynamic]| match (
            State::current(),
            context,
        ) {
            (Some(state), Some(context)) => run(&state, &context, args),
            _ => Err(EvalAltResult::ErrorRuntime("no script runs".into(), Position::NONE).into()),
        };
        let func: Shared<rhai_fn::FnAny> = Shared::new(func);
        let (has_context, is_pure, is_volatile) = (true, true, true);
        let func = match self.by_reference {
            true => RhaiFunc::Method { func, has_context, is_pure, is_volatile },
            false => RhaiFunc::Pure { func, has_context, is_pure, is_volatile },
        };
        let mut types = first.to_vec();
        types.resize(first.len() + any, TypeId::of::<Dynamic>());
        FuncRegistration::new(name.as_ref()).set_into_module_raw(self.module, types, func);
    }
}

/// The type of a native function as the engine has it.
mod rhai_fn {
    use rhai::{Dynamic, EvalAltResult, NativeCallContext};

    pub(super) type FnAny =
        dyn Fn(Option<NativeCallContext<'_>>, &mut [&mut Dynamic]) -> Result<Dynamic, Box<EvalAltResult>>;
}

/// Binds everything. `names` are those that scripts use.
pub(super) fn bind(engine: &mut Engine, names: &Names) {
    let mut module = Module::new();
    bind_functions(&mut module);
    bind_operators(&mut module);
    guards::bind(&mut module);
    bind_members(&mut module, names);
    pointers::bind(&mut module, names);
    for kind in [TypeId::of::<HostValue>(), TypeId::of::<HostLoop>()] {
        module.set_iter_result(kind, walk::iterate);
    }
    engine.register_global_module(module.into());
    for module in modules().filter(|module| !module.name.is_empty()) {
        bind_module(engine, module);
    }
    super::kinds::register(engine);
    engine.on_print(|text| {
        if let Some(state) = State::current() {
            state.vu.print(text.to_owned());
        }
    });
    engine.on_debug(|text, _, _| {
        if let Some(state) = State::current().filter(|_| text != LOGGED) {
            state.vu.log(crate::config::Level::Debug, text.to_owned());
        }
    });
    globals::resolve(engine);
    members::resolve_others(engine);
    engine.set_module_resolver(import::Resolver);
}

/// The tables of the API, and what this language adds to them.
pub(super) fn modules() -> impl Iterator<Item = &'static api::Module> + Clone {
    api::MODULES.iter().copied().chain([&basics::FUNCTIONS, &basics::MATH])
}

/// The names of all methods of the API.
pub(super) fn methods() -> impl Iterator<Item = &'static str> {
    let functions = modules().filter(|module| !module.name.is_empty()).flat_map(|module| module.functions);
    let members = api::OBJECTS.iter().flat_map(|kind| kind.members).map(|member| member.name);
    let own = ["extend", "task", "on_start", "on_stop", "wait_time", "tick", "stop", "interrupt"];
    functions.map(|function| function.name).chain(members).chain(own)
}

/// Functions that are called by their own name: `check(..)`, `uuid()`.
fn bind_functions(module: &mut Module) {
    let mut binding = Binding { module, by_reference: false };
    for table in modules() {
        if table.name.is_empty() {
            table.functions.iter().for_each(|function| bind_function(&mut binding, function.name, function));
        }
        if let Some(function) = table.call {
            bind_function(&mut binding, table.name, function);
        }
    }
    binding.bind(globals::LOADED, (&[], 0), |state, context, _| {
        super::call::note_unit(context, state);
        Ok(Dynamic::UNIT)
    });
}

fn bind_function(binding: &mut Binding<'_>, name: &str, function: &'static HostFn) {
    for count in 0..=MAX_ARGS {
        binding.bind(name, (&[], count), move |state, context, args| call(state, context, function, args));
    }
}

/// `uuid::hex()`, beside `uuid.hex()`.
fn bind_module(engine: &mut Engine, table: &'static api::Module) {
    let mut module = Module::new();
    let mut binding = Binding { module: &mut module, by_reference: false };
    for function in table.functions {
        bind_function(&mut binding, function.name, function);
    }
    if table.name == "json" {
        module.set_var("null", Dynamic::UNIT);
    }
    engine.register_static_module(table.name, module.into());
}

fn bind_operators(module: &mut Module) {
    module.set_native_fn("==", |one: HostValue, other: HostValue| Ok(one == other));
    module.set_native_fn("!=", |one: HostValue, other: HostValue| Ok(one != other));
    module.set_native_fn("==", |one: ClassRef, other: ClassRef| Ok(one == other));
    module.set_native_fn("!=", |one: ClassRef, other: ClassRef| Ok(one != other));
    module.set_native_fn("==", |one: Instance, other: Instance| Ok(one == other));
    module.set_native_fn("!=", |one: Instance, other: Instance| Ok(one != other));
}

/// Properties, items and methods of host values, classes and instances.
fn bind_members(module: &mut Module, names: &Names) {
    let kinds = [TypeId::of::<HostValue>(), TypeId::of::<ClassRef>(), TypeId::of::<Instance>()];
    let text = TypeId::of::<ImmutableString>();
    let mut binding = Binding { module, by_reference: true };
    for kind in kinds {
        for name in &names.properties {
            let own = name.clone();
            binding.bind(format!("{GET}{name}"), (&[kind], 0), move |state, context, args| {
                members::get(state, context, args, &own)
            });
            let own = name.clone();
            binding.bind(format!("{SET}{name}"), (&[kind], 1), move |state, context, args| {
                members::set(state, context, args, &own)
            });
        }
        binding.bind(GET_ITEM, (&[kind, text], 0), |state, context, args| {
            let name = args[1].as_immutable_string_ref().map(|name| name.clone()).unwrap_or_default();
            members::get(state, context, args, &name)
        });
        binding.bind(SET_ITEM, (&[kind, text], 1), |state, context, args| {
            let name = args[1].as_immutable_string_ref().map(|name| name.clone()).unwrap_or_default();
            members::set(state, context, args, &name)
        });
    }
    binding.bind(GET_ITEM, (&[kinds[0], TypeId::of::<i64>()], 0), |state, context, args| {
        members::item(state, context, args)
    });
    binding.bind(SET_ITEM, (&[kinds[0], TypeId::of::<i64>()], 1), |state, context, args| {
        members::set_item(state, context, args)
    });
    binding.by_reference = false;
    let print = ["to_string", "print", "debug", "to_debug"].map(|name| (ImmutableString::from(name), 0));
    let view = super::view::METHODS.map(|name| (name.into(), usize::from(name == "contains")));
    let used = names.methods.iter().filter(|(name, _)| name != names::CALL);
    for (name, count) in used.chain(&print).chain(&view) {
        for kind in kinds {
            let own = name.clone();
            binding.bind(name, (&[kind], *count), move |state, context, args| {
                let result = members::call(state, context, &own, args)?;
                // The engine wants a text of everything called `debug`, and hands it to where it logs.
                Ok(if own == "debug" && !result.is_string() { LOGGED.into() } else { result })
            });
        }
    }
}

/// Calls a host function with all arguments.
pub(super) fn call(
    state: &Rc<State>,
    context: &NativeCallContext<'_>,
    function: &'static HostFn,
    args: &[&mut Dynamic],
) -> Returned {
    run(state, context, args, |frame| (function.run)(frame))
}

/// Runs host code with these arguments.
pub(super) fn run(
    state: &Rc<State>,
    context: &NativeCallContext<'_>,
    args: &[&mut Dynamic],
    body: impl FnOnce(&RhaiFrame<'_>) -> HostResult,
) -> Returned {
    let frame = RhaiFrame::new(state, context, args.iter().map(|arg| &**arg));
    match state.account.in_host(|| catch_unwind(AssertUnwindSafe(|| body(&frame)))) {
        Ok(Ok(())) => {
            let given = frame.into_given();
            // Whoever listens hears of it before the script goes on.
            if state.vu.has_news() {
                listeners::tell(context, state)?;
            }
            Ok(given)
        }
        Ok(Err(raise)) => Err(raised(state, raise)),
        Err(_) => Err(error("internal fault in a host function (a defect of e2e, please report it)")),
    }
}

/// A host function's error as the script's.
pub(super) fn raised(state: &State, raise: Raise) -> Box<EvalAltResult> {
    match raise {
        Raise::Error { .. } => error(wording::worded(raise.text())),
        Raise::Script => state.raised.borrow_mut().take().unwrap_or_else(limits::interruption),
        Raise::Interrupted => limits::last_words(state).unwrap_or_else(limits::interruption),
    }
}

/// An error of the host's own; the engine adds the place.
pub(super) fn error(what: impl Into<String>) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(what.into().into(), Position::NONE).into()
}

/// Several values that a host function returned: what a loop goes over, or an array.
pub(super) fn several(mut values: Vec<Dynamic>) -> Dynamic {
    let function = values.first().and_then(|first| first.read_lock::<HostFunction>().map(|it| it.clone()));
    match function {
        Some(function) => {
            let subject = values.get_mut(1).map(std::mem::take).unwrap_or_default();
            // As in Lua: function, subject, start, and what ends with the loop.
            Dynamic::from(HostLoop { function, subject, closes: values.len() > 3 })
        }
        None => values.into(),
    }
}

/// A host function as a value.
pub(super) fn function(function: &'static HostFn) -> Dynamic {
    Dynamic::from(HostFunction(function))
}
