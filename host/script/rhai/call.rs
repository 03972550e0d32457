//! Calling functions of scripts: from outside, and from within host functions. Closures get `this` from
//! the host, and as many arguments as they take.

use std::rc::Rc;

use rhai::{Dynamic, EvalAltResult, FnPtr, NativeCallContext, Position, Shared};

use super::instance::Instance;
use super::library::{Defined, is_closure};
use super::state::{State, Unit};

type Called = Result<Dynamic, Box<EvalAltResult>>;

/// Calls a function that the VM has kept.
pub(super) fn from_outside(
    state: &Rc<State>,
    function: &FnPtr,
    this: Option<Instance>,
    args: Vec<Dynamic>,
) -> Called {
    let engine = &state.library.engine;
    let mut global = engine.new_global_runtime_state();
    match defined(state, function, "") {
        Some(defined) => unit(state, &defined).enter(&mut global),
        None => state.units.borrow().iter().for_each(|unit| unit.enter(&mut global)),
    }
    let before = state.this.replace(this);
    let name = function.fn_name();
    let context = NativeCallContext::new_with_all_fields(engine, name, None, &global, Position::NONE);
    let called = run(&context, state, function, args);
    state.this.replace(before);
    called
}

/// Calls a closure of another file than the one whose code calls it.
pub(super) fn elsewhere(
    context: &NativeCallContext<'_>,
    state: &Rc<State>,
    function: &FnPtr,
    this: Option<Dynamic>,
    args: Vec<Dynamic>,
) -> Called {
    let engine = context.engine();
    let mut global = engine.new_global_runtime_state();
    if let Some(defined) = defined(state, function, "") {
        unit(state, &defined).enter(&mut global);
    }
    global.level = context.call_level() + 1;
    let (name, at) = (function.fn_name(), context.call_position());
    let context = NativeCallContext::new_with_all_fields(engine, name, None, &global, at);
    let mut this = this;
    function.call_raw(&context, this.as_mut(), args)
}

/// Calls a function from a host function that it was given to.
pub(super) fn within(
    context: &NativeCallContext<'_>,
    state: &Rc<State>,
    function: &FnPtr,
    args: Vec<Dynamic>,
) -> Called {
    let defined = defined(state, function, context.call_source().unwrap_or_default());
    let is_at_home = |defined: &Rc<Defined>| {
        context.namespaces().last().is_some_and(|home| Shared::ptr_eq(home, &defined.home))
    };
    match defined.filter(|defined| !is_at_home(defined)) {
        None => run(context, state, function, args),
        // What it sees is what its own file sees.
        Some(defined) => {
            let engine = context.engine();
            let mut global = engine.new_global_runtime_state();
            unit(state, &defined).enter(&mut global);
            global.level = context.call_level() + 1;
            let (name, at) = (function.fn_name(), context.call_position());
            let context = NativeCallContext::new_with_all_fields(engine, name, None, &global, at);
            run(&context, state, function, args)
        }
    }
}

fn run(
    context: &NativeCallContext<'_>,
    state: &Rc<State>,
    function: &FnPtr,
    mut args: Vec<Dynamic>,
) -> Called {
    if let Some(defined) = defined(state, function, context.call_source().unwrap_or_default()) {
        args.resize(defined.params.saturating_sub(function.curry().len()), Dynamic::UNIT);
    }
    let mut this = state.this.borrow().clone().map(Dynamic::from);
    function.call_raw(context, this.as_mut(), args)
}

/// Where a function is from; None for one of the host's.
fn defined(state: &State, function: &FnPtr, source: &str) -> Option<Rc<Defined>> {
    let name = function.fn_name();
    if is_closure(name) { state.library.closure(name) } else { state.library.named(name, source) }
}

fn unit(state: &State, defined: &Defined) -> Rc<Unit> {
    state.unit(&defined.home).unwrap_or_else(|| {
        let unit = Rc::new(Unit {
            home: defined.home.clone(),
            source: Some(defined.source.clone()),
            imports: Default::default(),
            constants: Default::default(),
        });
        state.units.borrow_mut().push(unit.clone());
        unit
    })
}

/// Notes what the file whose code calls just now sees by now.
pub(super) fn note_unit(context: &NativeCallContext<'_>, state: &State) {
    let global = context.global_runtime_state();
    let Some(home) = global.lib.last() else { return };
    let mut imports = Vec::with_capacity(global.num_imports());
    let mut names: Vec<_> = global.iter_imports().map(|(name, _)| name.to_owned()).collect();
    names.reverse();
    for (index, name) in names.into_iter().enumerate() {
        imports.extend(global.get_shared_import(index).map(|module| (name.into(), module)));
    }
    match state.unit(home) {
        Some(unit) => {
            unit.imports.replace(imports);
            unit.constants.replace(global.constants.clone());
        }
        None => state.units.borrow_mut().push(Rc::new(Unit {
            home: home.clone(),
            source: global.source.clone(),
            imports: imports.into(),
            constants: global.constants.clone().into(),
        })),
    }
}
