//! Which classes run: those that were named, with what the tags leave of their tasks, and functions that
//! scenarios name. Used by `setup`; `app` asks for the names.

use crate::config::Plan;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::net;
use crate::script::{Class, Function, Language, Manifest, Set};

use super::routes::{Blocked, Routes, Tags, routes};
use super::schedule::place_of;
use super::setup::ClassPlan;

/// Those of `plan.classes` that are user classes: a load shape can be named as well, and has no users.
///
/// # Errors
/// [`Exit::Usage`] for one that the scripts do not define.
pub fn named_classes<'p>(plan: &'p Plan, manifest: &Manifest) -> Result<Vec<&'p String>, Fault> {
    let is_shape = |name: &String| manifest.shapes.iter().any(|shape| shape.name == *name);
    let named: Vec<&String> = plan.classes.iter().filter(|name| !is_shape(name)).collect();
    let known: Vec<&str> = manifest.classes.iter().map(|class| class.name.as_str()).collect();
    match named.iter().find(|name| !known.contains(&name.as_str())) {
        None => Ok(named),
        Some(name) => {
            let fault = Fault::new(Exit::Usage, format!("the script defines no user class `{name}`"));
            let fault = fault.help(format!("it defines {}", known.join(", ")));
            Err(fault.suggest(name, known.iter().copied()))
        }
    }
}

/// The functions that scenarios name, as classes; a class of that name comes before a function.
pub(super) fn called_functions(plan: &Plan, manifest: &Manifest) -> Vec<Class> {
    let named = |name: &str| plan.scenarios.iter().any(|it| it.value.exec.as_deref() == Some(name));
    let is_class = |name: &str| manifest.classes.iter().any(|class| class.name == name);
    let functions = manifest.functions.iter();
    let functions = functions.filter(|function| named(&function.name) && !is_class(&function.name));
    functions.cloned().map(Function::class).collect()
}

/// The classes that are `chosen` (else all), with their tags applied.
/// `called` are made of functions that scenarios name: they run whatever else was chosen.
pub(super) fn choose(
    plan: &Plan,
    (all, called): (Vec<Class>, Vec<Class>),
    chosen: &[&String],
) -> Result<Vec<ClassPlan>, Fault> {
    let known: Vec<String> = all.iter().map(|class| class.name.clone()).collect();
    let tags = Tags::of(plan);
    let tagged = tags.given();
    let mut classes = Vec::new();
    let first_called = all.len();
    for (index, class) in all.into_iter().chain(called).enumerate() {
        let is_chosen = chosen.contains(&&class.name);
        let named = chosen.is_empty() || is_chosen || index >= first_called;
        if !named || class.tasks.is_empty() {
            if is_chosen {
                return Err(Fault::new(Exit::Script, format!("class `{}` has no task", class.name)));
            }
            continue;
        }
        let Routes { choice, nodes, sets } = match routes(&class, tags) {
            Ok(routes) => routes,
            Err(Blocked::Class) if tagged => continue,
            Err(Blocked::Class) => {
                let fault =
                    Fault::new(Exit::Script, format!("all tasks of class `{}` have weight 0", class.name));
                return Err(fault.help("give at least one task a weight above 0"));
            }
            Err(Blocked::Set(set)) => return Err(idle(set)),
        };
        // That of a GrpcUser is an address of gRPC, see `own_clients`.
        let own = class.host.clone().filter(|_| class.grpc.is_none());
        let host = own.or_else(|| plan.base_url.clone());
        if class.http && host.is_none() {
            let fault =
                Fault::new(Exit::Config, format!("class `{}` has no host to send requests to", class.name));
            return Err(fault
                .help("pass --host URL, or set `base_url` in the environment file, or `host` in the class"));
        }
        if let (Some(host), None) = (&class.host, &class.grpc) {
            check_host(plan, &class, host)?;
        }
        classes.push(ClassPlan { class, host, choice, nodes, sets });
    }
    if classes.is_empty() {
        return Err(nothing_to_run(plan, &known, tagged));
    }
    if classes.iter().all(|plan| plan.class.weight == 0.0 && plan.class.fixed_count == 0) {
        let names: Vec<&str> = classes.iter().map(|plan| plan.class.name.as_str()).collect();
        let fault = Fault::new(
            Exit::Script,
            format!("no class gets a user, for all have weight 0: {}", names.join(", ")),
        );
        return Err(fault.help("give at least one a weight above 0, or a fixed_count"));
    }
    Ok(classes)
}

/// A set that would be entered and never do anything.
fn idle(set: &Set) -> Fault {
    let what = format!("task set `{}` never comes to a function that it could run", set.name);
    let fault = place_of(&set.place).into_iter().fold(Fault::new(Exit::Script, what), Fault::at);
    fault.help("give it a task that is a function, with a weight above 0")
}

/// A class's own host is seen before the first request, as that of the run is.
fn check_host(plan: &Plan, class: &Class, host: &str) -> Result<(), Fault> {
    let place = place_of(&class.place);
    let fault = |exit, what: String| place.iter().cloned().fold(Fault::new(exit, what), Fault::at);
    let (name, port) = net::place(host).map_err(|error| {
        fault(Exit::Script, format!("the `host` of class `{}` cannot be used", class.name))
            .why(error.text)
            .help("write it as http://host:port or https://host")
    })?;
    if plan.safety.allows_host(&name, Some(port)) {
        return Ok(());
    }
    let what = format!("`safety.allowed_hosts` does not list {name}, the host of class `{}`", class.name);
    Err(fault(Exit::Refused, what))
}

fn nothing_to_run(plan: &Plan, known: &[String], tagged: bool) -> Fault {
    let language = plan.scripts.first().map_or(Language::Lua, |script| Language::of(script));
    if known.is_empty() {
        let (class, task) = (language.class_form(), language.task_form());
        return Fault::new(Exit::Script, "the script defines no user class that could be run")
            .help(format!("write `{class}` and give it a task: `{task}`"));
    }
    if tagged {
        return Fault::new(Exit::Script, "no task is left to run by --tags and --exclude-tags")
            .help("tasks without tags run only without --tags");
    }
    Fault::new(Exit::Script, format!("no class has a task: {}", known.join(", ")))
        .help(format!("give it one: `{}`", language.task_form()))
}
