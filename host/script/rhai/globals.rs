//! Names that stand for something everywhere, also in functions: the script API, and the variables of
//! the script's own top level. Asked by the engine at each variable.

use rhai::{Dynamic, Engine, EvalContext, NativeCallContext, Position, Scope};

use crate::api;

use super::bind::{self, modules};
use super::class::{BASES, ClassRef};
use super::depth;
use super::instance::Instance;
use super::limits;
use super::state::State;
use super::tops;
use super::value::HostValue;

/// What the host has the engine call at the end of a script's top level.
pub(super) const LOADED: &str = "__loaded";

/// Every name that a script can use anywhere, for suggestions.
pub(super) fn names() -> impl Iterator<Item = &'static str> + Clone {
    let plain = |module: &'static api::Module| module.functions.iter().map(|function| function.name);
    let named = modules().filter(|module| !module.name.is_empty()).map(|module| module.name);
    let functions = modules().filter(|module| module.name.is_empty()).flat_map(plain);
    ["print", "debug", "type_of"].into_iter().chain(BASES).chain(named).chain(functions)
}

pub(super) fn resolve(engine: &mut Engine) {
    #[allow(deprecated)]
    engine.on_var(|name, index, mut context| {
        let Some(state) = State::current() else { return Ok(None) };
        limits::check(&state, context.call_level())?;
        if let Some(value) = context.scope().get(name) {
            depth::check_at_times(&state, value)?;
            // Nothing can be asked of a value in use, as a closure is that calls itself.
            if value.is_shared()
                && !value.is_locked()
                && let Some(value) = release(&mut context, name)
            {
                return Ok(Some(value));
            }
        }
        // A variable whose place is known is the script's own.
        if index > 0 || is_in(context.scope(), name) {
            return Ok(None);
        }
        if !state.tops.borrow().is_empty()
            && let Some(value) = tops::find(&state, context.source(), name)?
        {
            return Ok(Some(value));
        }
        if let Some(value) = global(&state, name)? {
            return Ok(Some(value));
        }
        Ok(constant(&context, name))
    });
}

/// Takes what is held by reference anyway out of the cell that a closure shares with the variable: the
/// engine locks the cell while a method of the value runs, and `U.task("a", || U.name)` would come upon
/// the lock. The value itself, where the variable cannot be written.
fn release(context: &mut EvalContext<'_, '_, '_, '_, '_, '_>, name: &str) -> Option<Dynamic> {
    let value = context.scope().get(name)?;
    let is_module = || matches!(value.read_lock::<HostValue>().as_deref(), Some(HostValue::Module(_)));
    if !(value.is::<ClassRef>() || value.is::<Instance>() || is_module()) {
        return None;
    }
    let plain = value.flatten_clone();
    match context.scope_mut().get_mut(name) {
        Some(value) => {
            *value = plain;
            None
        }
        None => Some(plain),
    }
}

fn is_in(scope: &Scope<'_>, name: &str) -> bool {
    !scope.is_empty() && scope.contains(name)
}

/// A global of the API.
fn global(state: &std::rc::Rc<State>, name: &str) -> Result<Option<Dynamic>, Box<rhai::EvalAltResult>> {
    if let Some(value) = state.library.globals.borrow().get(name) {
        return Ok(Some(value.clone()));
    }
    let (known, value) = match modules().find(|module| !module.name.is_empty() && module.name == name) {
        Some(module) => match module.value {
            Some(make) => {
                let engine = &state.library.engine;
                let global = engine.new_global_runtime_state();
                let at = Position::NONE;
                let context = NativeCallContext::new_with_all_fields(engine, name, None, &global, at);
                (module.name, bind::run(state, &context, &[], |frame| make(frame))?)
            }
            None => (module.name, Dynamic::from(HostValue::Module(module))),
        },
        None => match BASES.iter().find(|base| **base == name) {
            Some(base) => (*base, ClassRef::root(base).map_or(Dynamic::UNIT, Dynamic::from)),
            None => return Ok(None),
        },
    };
    state.library.globals.borrow_mut().insert(known, value.clone());
    Ok(Some(value))
}

/// A constant of the file's top level, where a function asks for it.
fn constant(context: &EvalContext<'_, '_, '_, '_, '_, '_>, name: &str) -> Option<Dynamic> {
    let constants = context.global_runtime_state().constants.as_ref()?;
    constants.borrow().get(name).cloned()
}
