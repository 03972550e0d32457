//! Functions of a script's top level, and users that are made of one: a scenario may name a function
//! where others name a class. Used by `program` and `vm`.

use std::cell::RefCell;

use rhai::{Dynamic, FnPtr, Map};

use crate::script::Function;
use crate::vu::Hook;

use super::class::{Base, Class, ClassRef, Client};
use super::library::is_closure;
use super::state::State;

/// The functions of the scripts (`fn name() ..`) and the closures in variables of their top level.
pub(super) fn read(state: &State) -> Vec<Function> {
    let mut names: Vec<String> = Vec::new();
    for script in &state.library.scripts {
        names.extend(script.ast.iter_functions().map(|function| function.name.to_owned()));
    }
    for scope in &*state.scopes.borrow() {
        names.extend(scope.iter().filter(|(.., value)| value.is_fnptr()).map(|(name, ..)| name.to_owned()));
    }
    names.retain(|name| !is_closure(name));
    names.sort();
    names.dedup();
    let with_place = |name: String| {
        let place = place(state, &find(state, &name)?);
        Some(Function { name, place })
    };
    names.into_iter().filter_map(with_place).collect()
}

/// Where the functions stand that were left for an occasion.
pub(super) fn places(state: &State) -> Vec<(Hook, String)> {
    let hooks = state.hooks.borrow();
    hooks.iter().map(|(hook, function)| (*hook, place(state, function))).collect()
}

fn find(state: &State, name: &str) -> Option<FnPtr> {
    let is_it = |script: &std::rc::Rc<super::library::Script>| {
        script.ast.iter_functions().any(|function| function.name == name)
    };
    if !is_closure(name) && state.library.scripts.iter().any(is_it) {
        return FnPtr::new(name).ok();
    }
    let scopes = state.scopes.borrow();
    let value = scopes.iter().find_map(|scope| scope.get(name).map(Dynamic::flatten_clone))?;
    value.try_cast::<FnPtr>()
}

/// `file:line`
fn place(state: &State, function: &FnPtr) -> String {
    let name = function.fn_name();
    let defined = state.library.closure(name).or_else(|| state.library.named(name, ""));
    defined.map(|defined| format!("{}:{}", defined.source, defined.line)).unwrap_or_default()
}

/// A class below `HttpUser` whose only task is the function called `name`, if there is one.
pub(super) fn class(state: &State, name: &str) -> Option<ClassRef> {
    let function = find(state, name)?;
    let place = place(state, &function);
    let task = Map::from([("name".into(), name.into()), ("target".into(), function.into())]);
    Some(ClassRef::new(Class {
        name: name.into(),
        base: Base::User(Client::Http),
        parent: ClassRef::root("HttpUser"),
        place,
        members: RefCell::default(),
        tasks: RefCell::new(vec![task.into()]),
    }))
}
