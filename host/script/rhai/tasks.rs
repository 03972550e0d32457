//! Reads the tasks of a class: from its list `tasks`, and from what `Class.task` noted. Used by
//! `manifest` (to declare them) and `nest` (to call them).

use rhai::{Array, Dynamic, Map};

use crate::fault::closest;
use crate::script::Task;
use crate::script::chain::Declared;

use super::attributes::{float, tags};
use super::class::ClassRef;
use super::methods::check_target;

/// The class's tasks, and their functions and task sets, in the same order: parents' first; a task
/// replaces one of the same name.
pub(super) fn tasks(class: &ClassRef) -> Result<(Vec<Declared>, Vec<Dynamic>), String> {
    let (mut tasks, mut targets): (Vec<Declared>, Vec<Dynamic>) = Default::default();
    for class in class.chain() {
        let listed = class.members.borrow().get("tasks").cloned();
        let lists = [listed, Some(class.tasks.borrow().clone().into())];
        for list in lists.into_iter().flatten().filter(|list| !list.is_unit()) {
            if list.is_map() {
                // A table from tasks to weights has no order, and so no seed could repeat a run.
                return Err("`tasks` must be a list: `[[task, weight], ...]`".into());
            }
            let Some(list) = list.read_lock::<Array>() else { return Err("`tasks` must be a list".into()) };
            for (index, item) in list.iter().enumerate() {
                let (mut declared, target) = read_task(item, index + 1)?;
                if declared.task.name.is_empty() {
                    declared.task.name = free_name(&target, &tasks);
                }
                let same = |known: &Declared| known.task.name == declared.task.name;
                match tasks.iter().position(same) {
                    Some(place) => (tasks[place], targets[place]) = (declared, target),
                    None => {
                        tasks.push(declared);
                        targets.push(target);
                    }
                }
            }
        }
    }
    Ok((tasks, targets))
}

/// A name for the target, which came without one: it replaces none, whatever its number in its list.
/// A set has a name already.
fn free_name(target: &Dynamic, tasks: &[Declared]) -> String {
    let set = target.read_lock::<ClassRef>().map(|class| class.name.to_string());
    let free = |name: &String| tasks.iter().all(|known| known.task.name != *name);
    let name = |number: usize| match &set {
        Some(set) if number == 1 => set.clone(),
        Some(set) => format!("{set} {number}"),
        None => format!("task {number}"),
    };
    let first = if set.is_some() { 1 } else { tasks.len() + 1 };
    (first..).map(name).find(free).unwrap_or_default()
}

/// Reads one entry of a list of tasks. Its name is empty where it has none.
fn read_task(item: &Dynamic, number: usize) -> Result<(Declared, Dynamic), String> {
    let mut declared = Declared { task: Task { weight: 1, ..Task::default() }, ..Declared::default() };
    match check_target(item) {
        Ok(()) => return Ok((declared, item.clone())),
        Err(Some(why)) => return Err(format!("item {number} of `tasks`: {why}")),
        Err(None) => {}
    }
    let entry = match (item.read_lock::<Map>(), item.read_lock::<Array>()) {
        (Some(map), _) => map.clone(),
        // `[target, weight]`.
        (_, Some(pair)) if pair.len() <= 2 => {
            let names = ["target", "weight"].into_iter().map(Into::into);
            names.zip(pair.iter().cloned()).collect()
        }
        _ => {
            return Err(format!(
                "item {number} of `tasks` is neither a function nor a task set nor #{{ target:, weight: }}"
            ));
        }
    };
    check_entry(&entry, number)?;
    let task = &mut declared.task;
    match entry.get("name") {
        None => {}
        Some(name) => match name.as_immutable_string_ref() {
            Ok(name) => task.name = name.to_string(),
            Err(_) => return Err(format!("the name of item {number} of `tasks` must be a string")),
        },
    }
    let label = if task.name.is_empty() {
        format!("item {number} of `tasks`")
    } else {
        format!("task `{}`", task.name)
    };
    if let Some(given) = entry.get("weight").filter(|weight| !weight.is_unit()) {
        task.weight = weight(given, 0)
            .ok_or_else(|| format!("the weight of {label} must be a whole number from 0 to 1000000"))?;
        declared.weighted = true;
    }
    task.tags = tags(entry.get("tags"))?;
    if let Some(next) = entry.get("next").filter(|next| !next.is_unit()) {
        declared.next = Some(followers(next).map_err(|why| format!("`next` of {label} {why}"))?);
    }
    let target = entry.get("target").cloned().unwrap_or_default();
    match check_target(&target) {
        Ok(()) => Ok((declared, target)),
        Err(Some(why)) => Err(format!("{label}: {why}")),
        Err(None) => Err(format!("{label} has no function or task set as its target")),
    }
}

/// The whole number, if it is one from `least` to a million.
fn weight(value: &Dynamic, least: u32) -> Option<u32> {
    let weight = float(value)?;
    (weight.fract() == 0.0 && (f64::from(least)..=1e6).contains(&weight)).then_some(weight as u32)
}

/// A name, a list of names, or a map from names to weights. Sorted.
fn followers(next: &Dynamic) -> Result<Vec<(String, u32)>, String> {
    const WRONG: &str = "must be a table from names of tasks to their weights";
    let text = |name: &Dynamic| name.as_immutable_string_ref().ok().map(|name| name.to_string());
    let mut names: Vec<(String, u32)> = Vec::new();
    if let Some(name) = text(next) {
        names.push((name, 1));
    } else if let Some(list) = next.read_lock::<Array>() {
        for name in list.iter() {
            names.push((text(name).filter(|name| !name.is_empty()).ok_or(WRONG)?, 1));
        }
    } else if let Some(map) = next.read_lock::<Map>() {
        for (name, given) in map.iter() {
            let weight = weight(given, 1).ok_or_else(|| {
                format!("gives `{name}` a weight that is not a whole number from 1 to 1000000")
            })?;
            names.push((name.to_string(), weight));
        }
    } else {
        return Err(WRONG.into());
    }
    if names.is_empty() {
        return Err("is empty: something must follow each task".into());
    }
    names.sort();
    // `["a", "a"]` means what `#{ a: 2 }` does.
    names.dedup_by(|later, first| {
        let same = later.0 == first.0;
        first.1 += if same { later.1 } else { 0 };
        same
    });
    Ok(names)
}

/// Refuses what a task's entry cannot have.
fn check_entry(entry: &Map, number: usize) -> Result<(), String> {
    const KEYS: [&str; 5] = ["name", "next", "tags", "target", "weight"];
    match entry.keys().find(|key| !KEYS.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            let help =
                closest(key, KEYS).map(|best| format!(" (did you mean `{best}`?)")).unwrap_or_default();
            Err(format!("item {number} of `tasks` has the unknown field `{key}`{help}"))
        }
    }
}

/// The functions and sets of the class's tasks in the order of `wanted`: scripts may define tasks in
/// another order in each VM.
pub(super) fn ordered(class: &ClassRef, wanted: &[Task]) -> Result<Vec<Dynamic>, String> {
    let (own, targets) = tasks(class)?;
    let find = |task: &Task| {
        let place = own.iter().position(|own| own.task.name == task.name);
        place.map(|place| targets[place].clone()).ok_or_else(|| {
            let name = &task.name;
            format!("the script did not define the task `{name}` for this VU, though it did before")
        })
    };
    wanted.iter().map(find).collect()
}
