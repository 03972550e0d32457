//! Properties, items and methods of host values, classes and instances. Called by what `bind` binds.

use std::rc::Rc;

use rhai::{Array, Dynamic, Engine, FnPtr, Map, NativeCallContext};

use crate::api::{Arg, Frame, HostResult, Member, MemberKind, Module, ObjectType, Raise};

use super::bind::{self, GET, Returned, SET, error};
use super::class::ClassRef;
use super::instance::Instance;
use super::library::is_closure;
use super::names::CALL;
use super::state::State;
use super::value::HostValue;
use super::{call as calls, limits, methods, view};

/// `object.name`
pub(super) fn get(
    state: &Rc<State>,
    context: &NativeCallContext<'_>,
    args: &[&mut Dynamic],
    name: &str,
) -> Returned {
    limits::check(state, context.call_level())?;
    let value = read(state, context, args, name)?;
    // What is kept comes back as itself.
    if args[0].is::<HostValue>() && !value.is_shared() {
        *state.read.borrow_mut() = value.clone();
    }
    Ok(value)
}

fn read(state: &Rc<State>, context: &NativeCallContext<'_>, args: &[&mut Dynamic], name: &str) -> Returned {
    let object = &*args[0];
    if let Some(instance) = object.read_lock::<Instance>() {
        return Ok(instance.get(name, state));
    }
    if let Some(class) = object.read_lock::<ClassRef>() {
        return Ok(class.get(name).unwrap_or_default());
    }
    match *object.read_lock::<HostValue>().expect("bound to these three types") {
        HostValue::View(value) => Ok(view::field(value, name)),
        HostValue::Object(kind, number) => match kind.member(name.as_bytes()) {
            Some(member) => match member.kind {
                MemberKind::Field(get) => bind::run(state, context, &[], |frame| get(frame, number)),
                MemberKind::Kept(get) => kept(state, context, (member, number), get),
                MemberKind::Method(_) => {
                    let kind = kind.name;
                    Err(error(format!("`{name}` is a method of {kind}: call it, as `object.{name}()`")))
                }
            },
            None => match kind.lookup {
                Some(lookup) => {
                    bind::run(state, context, &[], |frame| lookup(frame, number, name.as_bytes()))
                }
                None => Err(unknown_member(state, kind, name)),
            },
        },
        HostValue::Module(module) => match module.constants.iter().find(|constant| constant.name == name) {
            Some(constant) => bind::run(state, context, &[], |frame| (constant.run)(frame)),
            None => match module.functions.iter().find(|function| function.name == name) {
                Some(function) => Ok(bind::function(function)),
                None => Err(unknown_function(state, module, name)),
            },
        },
    }
}

/// What an object has once it was read.
fn kept(
    state: &Rc<State>,
    context: &NativeCallContext<'_>,
    (member, number): (&'static Member, u64),
    get: fn(&dyn Frame, u64) -> HostResult,
) -> Returned {
    let key = (number, std::ptr::from_ref(member));
    let known = state.kept.borrow().get(&key).cloned();
    if let Some(known) = known.as_ref().filter(|known| !known.is_locked()) {
        return Ok(known.clone());
    }
    let value = bind::run(state, context, &[], |frame| get(frame, number))?;
    // Where a method of it calls a closure that reads it again, the engine holds it.
    if known.is_some() {
        return Ok(value);
    }
    let value = value.into_shared();
    state.kept.borrow_mut().insert(key, value.clone());
    Ok(value)
}

/// Whether what an object has under that name is being changed in its place just now.
fn is_changing(state: &State, object: &Dynamic, name: &str) -> bool {
    let Some(HostValue::Object(kind, number)) = object.read_lock::<HostValue>().map(|value| *value) else {
        return false;
    };
    let Some(member) = kind.member(name.as_bytes()) else { return false };
    state.kept.borrow().get(&(number, std::ptr::from_ref(member))).is_some_and(Dynamic::is_locked)
}

/// `object[index]`, counted from 0, or back from the end.
pub(super) fn item(state: &Rc<State>, context: &NativeCallContext<'_>, args: &[&mut Dynamic]) -> Returned {
    let index = args[1].as_int().unwrap_or_default();
    match *args[0].read_lock::<HostValue>().expect("bound to this type") {
        HostValue::View(value) => Ok(view::item(value, index)),
        HostValue::Object(ObjectType { items: Some(items), .. }, number) => {
            bind::run(state, context, &[], |frame| {
                let length = (items.length)(frame, number);
                match view::place(index, length) {
                    Some(index) if index < length => (items.get)(frame, number, index),
                    _ => {
                        frame.give(Arg::Nil);
                        Ok(())
                    }
                }
            })
        }
        other => Err(error(format!("`{}` is no list: it has no item {index}", other.name()))),
    }
}

/// `object.name = value`
pub(super) fn set(
    state: &Rc<State>,
    context: &NativeCallContext<'_>,
    args: &mut [&mut Dynamic],
    name: &str,
) -> Returned {
    let Some((value, [object, ..])) = args.split_last_mut() else { return Ok(Dynamic::UNIT) };
    if let Some(instance) = object.read_lock::<Instance>() {
        instance.set(name, value)?;
        return Ok(Dynamic::UNIT);
    }
    if let Some(class) = object.read_lock::<ClassRef>() {
        return methods::set(state, &class, name, value.take());
    }
    // What was read there comes back after a method was called on it.
    let is_unchanged = is_changing(state, object, name)
        || is_same(&state.read.borrow(), value)
        || read(state, context, &[&mut **object], name).is_ok_and(|held| is_same(&held, value));
    if is_unchanged { Ok(Dynamic::UNIT) } else { Err(error(format!("cannot set `{name}`: it is read-only"))) }
}

/// `object[index] = value`: refused, unless it is an item that comes back after a method was called on it.
pub(super) fn set_item(
    state: &Rc<State>,
    context: &NativeCallContext<'_>,
    args: &mut [&mut Dynamic],
) -> Returned {
    let [object, index, value] = args else { return Ok(Dynamic::UNIT) };
    let held = item(state, context, &[&mut **object, &mut **index])?;
    if is_same(&held, value) {
        return Ok(Dynamic::UNIT);
    }
    Err(error(format!("cannot set `{index}`: it is read-only (a copy can be changed: `let row = rows[0];`)")))
}

fn is_same(one: &Dynamic, other: &Dynamic) -> bool {
    if let (Ok(one), Ok(other)) = (one.as_immutable_string_ref(), other.as_immutable_string_ref()) {
        return *one == *other;
    }
    if let (Some(one), Some(other)) = (one.read_lock::<Map>(), other.read_lock::<Map>()) {
        let is_there = |(name, value): (_, &Dynamic)| other.get(name).is_some_and(|own| is_same(value, own));
        return one.len() == other.len() && one.iter().all(is_there);
    }
    if let (Some(one), Some(other)) = (one.read_lock::<Array>(), other.read_lock::<Array>()) {
        return one.len() == other.len()
            && one.iter().zip(other.iter()).all(|(one, other)| is_same(one, other));
    }
    match (one.read_lock::<HostValue>(), other.read_lock::<HostValue>()) {
        (Some(one), Some(other)) => *one == *other,
        _ => one.type_id() == other.type_id() && one.to_string() == other.to_string(),
    }
}

/// `object.name(..)`
pub(super) fn call(
    state: &Rc<State>,
    context: &NativeCallContext<'_>,
    name: &str,
    args: &mut [&mut Dynamic],
) -> Returned {
    let (object, args) = args.split_first_mut().expect("bound with a receiver");
    let name = if name == CALL { "call" } else { name };
    if let Some(instance) = object.read_lock::<Instance>().map(|it| it.clone()) {
        return call_method(state, context, &instance, name, args);
    }
    if let Some(class) = object.read_lock::<ClassRef>().map(|it| it.clone()) {
        return methods::call(state, context, &class, name, args);
    }
    match *object.read_lock::<HostValue>().expect("bound to these three types") {
        HostValue::View(value) => {
            if let Some(result) = view::method(value, name, args) {
                return Ok(result);
            }
            let raise = Raise::unknown("method of a read-only table", name, view::METHODS);
            Err(bind::raised(state, raise))
        }
        HostValue::Object(kind, number) => match kind.member(name.as_bytes()).map(|member| &member.kind) {
            Some(MemberKind::Method(run)) => bind::run(state, context, args, |frame| run(frame, number)),
            Some(MemberKind::Field(_) | MemberKind::Kept(_)) => {
                Err(error(format!("`{name}` is a field of {}, not a method: leave out the `()`", kind.name)))
            }
            None => match listed(state, context, (kind, number), name, args)? {
                Some(result) => Ok(result),
                None => Err(unknown_member(state, kind, name)),
            },
        },
        HostValue::Module(module) => match module.functions.iter().find(|function| function.name == name) {
            Some(function) => bind::call(state, context, function, args),
            None if matches!(name, "to_string" | "print" | "debug" | "to_debug") => Ok(module.name.into()),
            None => Err(unknown_function(state, module, name)),
        },
    }
}

/// What lists and tables of the host have in common with the language's own.
fn listed(
    state: &Rc<State>,
    context: &NativeCallContext<'_>,
    (kind, number): (&'static ObjectType, u64),
    name: &str,
    args: &[&mut Dynamic],
) -> Result<Option<Dynamic>, Box<rhai::EvalAltResult>> {
    if matches!(name, "to_string" | "print" | "debug" | "to_debug") {
        return Ok(Some(kind.name.into()));
    }
    if let (Some(items), "len", []) = (&kind.items, name, args) {
        return bind::run(state, context, &[], |frame| {
            frame.give(Arg::Int((items.length)(frame, number) as i64));
            Ok(())
        })
        .map(Some);
    }
    let Some(map) = entries(state, context, kind, number)? else { return Ok(None) };
    Ok(Some(match (name, args) {
        ("len", []) => (map.len() as i64).into(),
        ("keys", []) => map
            .into_keys()
            .map(|name| Dynamic::from(rhai::ImmutableString::from(name)))
            .collect::<rhai::Array>()
            .into(),
        ("values", []) => map.into_values().collect::<rhai::Array>().into(),
        ("to_map", []) => map.into(),
        ("contains", [name]) => {
            let name = name.as_immutable_string_ref().map(|name| name.to_lowercase()).unwrap_or_default();
            map.contains_key(name.as_str()).into()
        }
        _ => return Ok(None),
    }))
}

/// What can be iterated over in an object that answers to any name.
pub(super) fn entries(
    state: &Rc<State>,
    context: &NativeCallContext<'_>,
    kind: &'static ObjectType,
    number: u64,
) -> Result<Option<Map>, Box<rhai::EvalAltResult>> {
    let Some(entries) = kind.entries else { return Ok(None) };
    let given = bind::run(state, context, &[], |frame| entries(frame, number))?;
    Ok(given.try_cast_result::<Map>().ok())
}

/// A method of an instance: of the host's, or of its class.
fn call_method(
    state: &Rc<State>,
    context: &NativeCallContext<'_>,
    instance: &Instance,
    name: &str,
    args: &mut [&mut Dynamic],
) -> Returned {
    if let Some(function) = instance.get(name, state).read_lock::<FnPtr>().map(|it| it.clone()) {
        let args = args.iter_mut().map(|arg| arg.take()).collect();
        let before = state.this.replace(Some(instance.clone()));
        let called = calls::within(context, state, &function, args);
        state.this.replace(before);
        return called;
    }
    match methods::of_instance(state, context, instance, name, args) {
        Some(result) => result,
        None if matches!(name, "to_string" | "print" | "debug" | "to_debug") => {
            Ok(format!("instance of {}", instance.class().name).into())
        }
        None => {
            let best = crate::script::hint::method(name);
            let help = best.map(|best| format!(" (did you mean `{best}`?)")).unwrap_or_default();
            let class = &instance.class().name;
            Err(error(format!("unknown method `{name}` of class `{class}`{help}")))
        }
    }
}

fn unknown_member(state: &State, kind: &'static ObjectType, name: &str) -> Box<rhai::EvalAltResult> {
    let known = kind.members.iter().map(|member| member.name);
    bind::raised(state, Raise::unknown(&format!("member of {}", kind.name), name, known))
}

fn unknown_function(state: &State, module: &'static Module, name: &str) -> Box<rhai::EvalAltResult> {
    let known = module.functions.iter().chain(module.constants).map(|known| known.name);
    bind::raised(state, Raise::unknown(&format!("function of {}", module.name), name, known))
}

/// Methods under names that no script has written when the engine was made: those of modules whose
/// paths are put together. And closures of another file, called by the script itself.
pub(super) fn resolve_others(engine: &mut Engine) {
    #[allow(deprecated)]
    engine.on_missing_function(|name, args, is_method, context| {
        if name.starts_with(GET) || name.starts_with(SET) {
            return Ok(None);
        }
        let Some(state) = State::current() else { return Ok(None) };
        let global = context.global_runtime_state();
        let at = rhai::Position::NONE;
        let native = NativeCallContext::new_with_all_fields(&state.library.engine, name, None, global, at);
        if is_closure(name) {
            let Some(defined) = state.library.closure(name) else { return Ok(None) };
            if global.lib.iter().any(|home| rhai::Shared::ptr_eq(home, &defined.home)) {
                return Ok(None);
            }
            let (this, args) = if is_method { args.split_at_mut(1) } else { args.split_at_mut(0) };
            let args = args.iter_mut().map(|arg| arg.take()).collect();
            let Some(function) = defined.home.get_script_fn(name, defined.params) else { return Ok(None) };
            let function = FnPtr::from(function.clone());
            return calls::elsewhere(
                &native,
                &state,
                &function,
                this.first().map(|this| (**this).clone()),
                args,
            )
            .map(Some);
        }
        let Some(object) = args.first() else { return Ok(None) };
        let is_ours = object.is::<HostValue>() || object.is::<ClassRef>() || object.is::<Instance>();
        // The engine asks after any error, also of a method that was found.
        let is_bound = state.library.is_bound(name, args.len() - 1);
        if is_ours && is_method && !is_bound { call(&state, &native, name, args).map(Some) } else { Ok(None) }
    });
}
