//! Reads what the scripts declared from their classes. Called by `program` after the top level has run;
//! nothing here runs script code.

use rhai::Dynamic;

use crate::exit::Exit;
use crate::fault::Fault;
use crate::load::Wait;
use crate::script::attributes::{ATTRIBUTES, SET_ATTRIBUTES};
use crate::script::chain::{self, plain_tasks};
use crate::script::message;
use crate::script::{Class, Set, SetKind, Target, Task, WaitTime};

use super::attributes::{check_names, hooks, is_abstract, number, tags, wait_time};
use super::class::{Base, ClassRef, Client};
use super::library::Library;
use super::tasks::tasks;

/// What is wrong with a class: where it is defined (`file:line`), and what.
#[derive(PartialEq)]
pub(super) struct Wrong {
    pub(super) place: String,
    pub(super) what: String,
}

impl Wrong {
    pub(super) fn of(class: &ClassRef, kind: &str, what: impl std::fmt::Display) -> Wrong {
        Wrong { place: class.place.clone(), what: format!("{kind} `{}`: {what}", class.name) }
    }

    pub(super) fn fault(&self, library: &Library) -> Fault {
        let (what, help) = message::advice(&self.what);
        let mut fault = Fault::new(Exit::Script, what);
        if let Some(mut place) = message::place(&self.place) {
            place.source = library.line(&place.file, place.line);
            place.column = place.source.as_deref().map(|source| message::column(source, what));
            fault = fault.at(place);
        }
        help.into_iter().fold(fault, Fault::help)
    }
}

/// What the scripts declared.
#[derive(Default)]
pub(super) struct Read {
    /// Every user class, abstract ones left out.
    pub(super) classes: Vec<Class>,
    /// What is most likely not meant.
    pub(super) warnings: Vec<String>,
}

/// Every class of the scripts. Task sets that no class leads to are looked at as well.
///
/// # Errors
/// What is wrong with each class that something is wrong with.
pub(super) fn read(classes: &[ClassRef]) -> Result<Read, Vec<Wrong>> {
    let mut read = Read::default();
    let mut wrong: Vec<Wrong> = Vec::new();
    for class in classes {
        let result = match class.base {
            Base::Set(kind) => check_set(class, kind, &mut read.warnings),
            Base::User(_) => read_class(class).map(|class| read.classes.extend(class)),
            Base::Shape => Ok(()),
        };
        // A set is looked at by itself, and below each class that leads to it.
        wrong.extend(result.err().filter(|found| !wrong.contains(found)));
    }
    if wrong.is_empty() { Ok(read) } else { Err(wrong) }
}

fn read_class(class: &ClassRef) -> Result<Option<Class>, Wrong> {
    let wrong = |what: String| Wrong::of(class, "class", what);
    check_names(class, &ATTRIBUTES).map_err(wrong)?;
    if is_abstract(class) {
        return Ok(None);
    }
    let tags = tags(class.get("tags").as_ref()).map_err(wrong)?;
    let (declared, targets) = tasks(class).map_err(wrong)?;
    let mut tasks = plain_tasks(declared).map_err(wrong)?;
    let sets = read_sets(&targets, &mut tasks)?;
    for task in &mut tasks {
        task.tags.extend(tags.iter().cloned());
    }
    let weight = number(class, "weight", 1.0).map_err(wrong)?;
    let fixed_count = number(class, "fixed_count", 0.0).map_err(wrong)?;
    if fixed_count.fract() != 0.0 || fixed_count > f64::from(u32::MAX) {
        return Err(wrong(format!("`fixed_count` must be a whole number, not {fixed_count}")));
    }
    let host = match class.get("host") {
        None => None,
        Some(host) => match host.as_immutable_string_ref() {
            Ok(host) => Some(host.to_string()),
            Err(_) => return Err(wrong("`host` must be a string".into())),
        },
    };
    let wait_time = wait_time(class).map_err(wrong)?.unwrap_or(WaitTime::Built(Wait::None));
    let [has_on_start, has_on_stop] = hooks(class).map_err(wrong)?;
    Ok(Some(Class {
        name: class.name.to_string(),
        weight,
        fixed_count: fixed_count as u32,
        host,
        wait_time,
        tasks,
        sets,
        has_on_start,
        has_on_stop,
        http: class.base == Base::User(Client::Http),
        grpc: grpc_options(class).map_err(wrong)?,
        place: class.place.clone(),
    }))
}

/// Of a class that has `this.grpc`: the options of its client.
fn grpc_options(class: &ClassRef) -> Result<Option<serde_json::Value>, String> {
    if class.base != Base::User(Client::Grpc) {
        return Ok(None);
    }
    match class.get("grpc_options") {
        None => Ok(Some(serde_json::Value::Null)),
        Some(options) if options.is_map() => {
            let mut json = Vec::new();
            super::json::encode(&options, &mut json).map_err(|why| format!("`grpc_options`: {why}"))?;
            serde_json::from_slice(&json).map(Some).map_err(|error| error.to_string())
        }
        Some(_) => Err("`grpc_options` must be a map".into()),
    }
}

/// The sets that `tasks` lead to, and all below them, each once, wherever it is nested.
fn read_sets(targets: &[Dynamic], tasks: &mut [Task]) -> Result<Vec<Set>, Wrong> {
    let mut known: Vec<ClassRef> = Vec::new();
    let mut sets: Vec<Set> = Vec::new();
    link(targets, tasks, &mut known);
    while let Some(class) = known.get(sets.len()).cloned() {
        let kind = match class.base {
            Base::Set(kind) => kind,
            _ => SetKind::Random,
        };
        let (mut set, targets) = read_set(&class, kind)?;
        if is_abstract(&class) {
            return Err(Wrong::of(&class, "task set", "it is abstract, and so cannot be a task itself"));
        }
        if set.tasks.is_empty() {
            return Err(Wrong::of(&class, "task set", "it has no task"));
        }
        link(&targets, &mut set.tasks, &mut known);
        sets.push(set);
    }
    Ok(sets)
}

/// Numbers the sets among the targets, and adds those that are new to `known`.
fn link(targets: &[Dynamic], tasks: &mut [Task], known: &mut Vec<ClassRef>) {
    for (target, task) in targets.iter().zip(tasks) {
        let Some(class) = target.read_lock::<ClassRef>() else { continue };
        let number = known.iter().position(|one| *one == *class).unwrap_or_else(|| {
            known.push(class.clone());
            known.len() - 1
        });
        task.target = Target::Set(number);
    }
}

fn read_set(class: &ClassRef, kind: SetKind) -> Result<(Set, Vec<Dynamic>), Wrong> {
    let wrong = |what: String| Wrong::of(class, "task set", what);
    check_names(class, &SET_ATTRIBUTES).map_err(wrong)?;
    for name in ["weight", "fixed_count"] {
        if class.members.borrow().contains_key(name) {
            let what =
                format!("`{name}` is for user classes (a set's weight stands where it becomes a task)");
            return Err(wrong(what));
        }
    }
    let tags = tags(class.get("tags").as_ref()).map_err(wrong)?;
    let wait_time = wait_time(class).map_err(wrong)?;
    let [has_on_start, has_on_stop] = hooks(class).map_err(wrong)?;
    let (declared, targets) = tasks(class).map_err(wrong)?;
    let tasks = match kind {
        SetKind::Markov => chain::chained_tasks(declared),
        _ => plain_tasks(declared),
    };
    let tasks = tasks.map_err(wrong)?;
    let (name, place) = (class.name.to_string(), class.place.clone());
    Ok((Set { name, kind, wait_time, tasks, tags, has_on_start, has_on_stop, place }, targets))
}

/// Looks at a set on its own, wherever it is nested. One to be extended need not be complete.
fn check_set(class: &ClassRef, kind: SetKind, warnings: &mut Vec<String>) -> Result<(), Wrong> {
    if is_abstract(class) {
        return check_names(class, &SET_ATTRIBUTES).map_err(|what| Wrong::of(class, "task set", what));
    }
    let (set, _) = read_set(class, kind)?;
    let lost = chain::unreachable(&set);
    if !lost.is_empty() {
        let wrong = Wrong::of(class, "task set", format!("nothing leads to {}", lost.join(", ")));
        warnings.push(format!("{}: {}", wrong.place, wrong.what));
    }
    Ok(())
}
