//! The methods of classes: `extend`, `task`, and the hooks by name; `stop` and `interrupt` of instances.
//! They note what the script says; `manifest` reads it. Called by `members`.

use std::cell::RefCell;
use std::rc::Rc;

use rhai::{Dynamic, EvalAltResult, FnPtr, Map, NativeCallContext};

use crate::api::{Raise, SHAPE_METHODS};
use crate::script::{SetKind, hint};
use crate::vu::Left;

use super::bind::{self, Returned, error, raised};
use super::class::{BASES, Base, Class, ClassRef};
use super::instance::Instance;
use super::state::State;
use super::{call as calls, limits, trace};

const NO_WEIGHT: &str = "in a MarkovTaskSet the weights stand in `next`";
const NO_NEXT: &str = "`next` is for the tasks of a MarkovTaskSet";

/// What a class can be given by a method of the same name, beside its attributes.
const HOOKS: [&str; 4] = ["on_start", "on_stop", "wait_time", "tick"];

type Failed = Box<EvalAltResult>;

/// `Class.name(..)`
pub(super) fn call(
    state: &Rc<State>,
    context: &NativeCallContext<'_>,
    class: &ClassRef,
    name: &str,
    args: &mut [&mut Dynamic],
) -> Returned {
    match name {
        "extend" => extend(state, context, class, args).map(Dynamic::from),
        "task" => task(state, context, class, args),
        "to_string" | "print" | "debug" | "to_debug" => Ok(class.name.clone().into()),
        _ => {
            let own = class.get(name).and_then(|member| member.read_lock::<FnPtr>().map(|it| it.clone()));
            match (own, args) {
                (None, [function]) if HOOKS.contains(&name) => {
                    let known = class.base == Base::Shape || name != "tick";
                    if !known {
                        return Err(error("`tick` is for load shapes: extend `LoadTestShape`"));
                    }
                    set(state, class, name, function.take())
                }
                // Another definition replaces the one before, as an assignment would.
                (Some(_), [function]) if HOOKS.contains(&name) && function.is_fnptr() => {
                    set(state, class, name, function.take())
                }
                (Some(function), args) => {
                    calls::within(context, state, &function, args.iter_mut().map(|arg| arg.take()).collect())
                }
                (None, _) => {
                    let help = hint::method(name).map(|best| format!(" (did you mean `{best}`?)"));
                    let class = &class.name;
                    Err(error(format!(
                        "unknown method `{name}` of class `{class}`{}",
                        help.unwrap_or_default()
                    )))
                }
            }
        }
    }
}

/// `Class.name = value`
pub(super) fn set(_: &State, class: &ClassRef, name: &str, value: Dynamic) -> Returned {
    if class.is_root() {
        return Err(error(format!("cannot set `{name}` of `{0}`: extend `{0}` instead", class.name)));
    }
    class.members.borrow_mut().insert(name.into(), value.flatten());
    Ok(Dynamic::UNIT)
}

fn is_base(name: &str) -> bool {
    BASES.contains(&name)
}

/// `Class.extend(name, attributes)`.
fn extend(
    state: &Rc<State>,
    context: &NativeCallContext<'_>,
    parent: &ClassRef,
    args: &[&mut Dynamic],
) -> Result<ClassRef, Failed> {
    let (what, example) = match parent.base {
        Base::Set(_) => ("task set", "TaskSet.extend(\"Name\", #{ ... })"),
        Base::Shape => ("load shape", "LoadTestShape.extend(\"Name\", #{ stages: [ ... ] })"),
        Base::User(_) => ("class", "HttpUser.extend(\"Name\", #{ ... })"),
    };
    let name = args.first().and_then(|name| name.as_immutable_string_ref().ok().map(|name| name.clone()));
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        return Err(error(format!("a {what} needs a name: `{example}`")));
    };
    let members = match args.get(1) {
        None => Map::new(),
        Some(value) if value.is_unit() => Map::new(),
        Some(value) => match value.as_map_ref() {
            Ok(map) => map.clone(),
            Err(_) => return Err(error(format!("the attributes of a {what} must be a map"))),
        },
    };
    if !state.loading.get() {
        let what = if parent.base == Base::Shape { "load shapes" } else { "classes" };
        return Err(error(format!("{what} are defined at the top level of a script, not while it runs")));
    }
    // Sets are known by where they are used, so that their names need not differ.
    let is_taken = |known: &ClassRef| match (parent.base, known.base) {
        (Base::Set(_), Base::Shape) | (Base::User(_) | Base::Shape, Base::User(_) | Base::Shape) => {
            known.name == name
        }
        _ => false,
    };
    if is_base(&name) || state.classes.borrow().iter().any(is_taken) {
        return Err(error(format!("the class `{name}` is defined already")));
    }
    calls::note_unit(context, state);
    let class = ClassRef::new(Class {
        name,
        base: parent.base,
        parent: Some(parent.clone()),
        place: trace::position(context),
        members: RefCell::new(members),
        tasks: RefCell::default(),
    });
    state.classes.borrow_mut().push(class.clone());
    Ok(class)
}

/// `Class.task(name, [weight | #{ weight:, tags:, next: }], function | TaskSet)`.
fn task(
    state: &Rc<State>,
    context: &NativeCallContext<'_>,
    class: &ClassRef,
    args: &mut [&mut Dynamic],
) -> Returned {
    if class.is_root() {
        return Err(error("call `task` on a class of your own: `MyUser.task(\"name\", || { ... })`"));
    }
    let Some(name) = args.first().filter(|name| name.is_string()).map(|name| (**name).clone()) else {
        return Err(error("a task needs a name: `MyUser.task(\"name\", || { ... })`"));
    };
    let is_target = |value: &Dynamic| value.is_fnptr() || value.is::<ClassRef>();
    let (options, target) = match args {
        [_, target] if is_target(target) => (None, (**target).clone()),
        [_, target, rest] if is_target(target) && !rest.is_unit() => {
            return Err(error("the weight or the options of a task come before its function"));
        }
        [_, options, target] => (Some((**options).clone()), (**target).clone()),
        _ => (None, Dynamic::UNIT),
    };
    if let Err(why) = check_target(&target) {
        let why = why.unwrap_or("the last argument of `task` must be a function or a task set");
        return Err(error(why));
    }
    let mut entry = Map::new();
    entry.insert("name".into(), name);
    entry.insert("target".into(), target);
    if let Some(options) = options {
        read_options(state, class.base == Base::Set(SetKind::Markov), &options, &mut entry)?;
    }
    calls::note_unit(context, state);
    class.tasks.borrow_mut().push(entry.into());
    Ok(Dynamic::UNIT)
}

fn read_options(state: &State, markov: bool, options: &Dynamic, entry: &mut Map) -> Result<(), Failed> {
    if options.is_int() || options.is_float() {
        if markov {
            return Err(error(NO_WEIGHT));
        }
        entry.insert("weight".into(), options.clone());
        return Ok(());
    }
    let Ok(map) = options.as_map_ref() else {
        return Err(error("a task's weight must be a number, or a map of options"));
    };
    for (name, value) in map.iter() {
        match (name.as_str(), markov) {
            ("weight", true) => return Err(error(NO_WEIGHT)),
            ("next", false) => return Err(error(NO_NEXT)),
            ("weight" | "tags" | "next", _) => {}
            _ => {
                let known = [if markov { "next" } else { "weight" }, "tags"];
                return Err(raised(state, Raise::unknown("option of a task", name, known)));
            }
        }
        entry.insert(name.clone(), value.clone());
    }
    Ok(())
}

/// Whether a value can be a task: a function, or a task set of the script's own. `Err` says why not;
/// `Err(None)` where it is neither class nor function.
pub(super) fn check_target(value: &Dynamic) -> Result<(), Option<&'static str>> {
    if value.is_fnptr() {
        return Ok(());
    }
    let class = value.read_lock::<ClassRef>().ok_or(None)?;
    match class.base {
        Base::User(_) => Err(Some("a user class cannot be a task: extend `TaskSet` instead")),
        _ if class.is_root() => {
            Err(Some("a task set of your own is wanted: `TaskSet.extend(\"Name\", #{ ... })`"))
        }
        _ => Ok(()),
    }
}

/// `this.name(..)` where the class has no method of that name; None where there is none.
pub(super) fn of_instance(
    state: &Rc<State>,
    context: &NativeCallContext<'_>,
    instance: &Instance,
    name: &str,
    args: &[&mut Dynamic],
) -> Option<Returned> {
    match (name, instance.class().base) {
        ("stop", Base::User(_)) => {
            state.vu.leaving.set(true);
            Some(Ok(Dynamic::UNIT))
        }
        ("interrupt", Base::Set(_)) => Some(interrupt(state, args)),
        ("interrupt", Base::User(_)) => Some(Err(error(
            "`interrupt` leaves a task set, and this is a user (`this.stop()` ends a user, `return` a task)",
        ))),
        (_, Base::Shape) => {
            let method = SHAPE_METHODS.iter().find(|method| method.name == name)?;
            Some(bind::call(state, context, method, args))
        }
        _ => None,
    }
}

/// `this.interrupt([reschedule = true])`: leaves the innermost set, at this point.
fn interrupt(state: &State, args: &[&mut Dynamic]) -> Returned {
    if !state.vu.in_set.get() {
        return Err(error("no task set runs that `interrupt` could leave"));
    }
    let at_once = match args.first() {
        None => true,
        Some(value) if value.is_unit() => true,
        Some(value) => match value.as_bool() {
            Ok(value) => value,
            Err(_) => return Err(error("`interrupt` takes true (go on at once) or false (wait first)")),
        },
    };
    state.vu.left.set(Some(if at_once { Left::AtOnce } else { Left::AfterWait }));
    state.leaving.set(true);
    Err(limits::interruption())
}
