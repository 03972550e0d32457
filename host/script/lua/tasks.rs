//! Reads the tasks of a class: from its list `tasks`, and from what `Class:task`
//! noted. Used by `manifest` (to declare them) and `vm` (to call them).

use std::ffi::c_int;

use mlua_sys as ffi;
use mlua_sys::lua_State;

use crate::fault::closest;
use crate::script::Task;
use crate::script::chain::Declared;

use super::attributes::tags;
use super::class::{TASKS, key, name_of};
use super::methods::check_target;
use super::state::{raw_field, str_at};

/// Pushes the list of the class's tasks (functions and task sets), and returns what is known of
/// each, in that order: parents' first; a task replaces one of the same name.
///
/// # Safety
/// From within a relaxed account; `index` must be a class.
pub(super) unsafe fn push_tasks(lua: *mut lua_State, index: c_int) -> Result<Vec<Declared>, String> {
    // SAFETY: as the caller promised.
    unsafe {
        let mut tasks: Vec<Declared> = Vec::new();
        ffi::lua_createtable(lua, 0, 0);
        let functions = ffi::lua_gettop(lua);
        // The chain from the class up to its first base, then walked from there down.
        let mut depth = 0;
        ffi::lua_pushvalue(lua, index);
        while ffi::lua_checkstack(lua, 8) != 0 && ffi::lua_getmetatable(lua, -1) != 0 {
            depth += 1;
        }
        for level in (0..=depth).rev() {
            let class = functions + 1 + level;
            raw_field(lua, class, "tasks");
            ffi::lua_rawgetp(lua, class, key(&TASKS));
            let mut result = Ok(());
            for list in [-2, -1] {
                let list = ffi::lua_absindex(lua, list);
                if result.is_ok() {
                    result = match ffi::lua_type(lua, list) {
                        ffi::LUA_TNIL => Ok(()),
                        ffi::LUA_TTABLE => add_tasks(lua, list, functions, &mut tasks),
                        _ => Err("`tasks` must be a list".to_owned()),
                    };
                }
            }
            ffi::lua_pop(lua, 2);
            if result.is_err() {
                ffi::lua_settop(lua, functions - 1);
                result?;
            }
        }
        ffi::lua_settop(lua, functions);
        Ok(tasks)
    }
}

unsafe fn add_tasks(
    lua: *mut lua_State,
    list: c_int,
    functions: c_int,
    tasks: &mut Vec<Declared>,
) -> Result<(), String> {
    // SAFETY: as `push_tasks`.
    unsafe {
        ffi::lua_pushnil(lua);
        while ffi::lua_next(lua, list) != 0 {
            ffi::lua_pop(lua, 1);
            if ffi::lua_isinteger(lua, -1) == 0 {
                // A table from tasks to weights has no order, and so no seed could repeat a run.
                ffi::lua_pop(lua, 1);
                return Err("`tasks` must be a list: `{ { task, weight }, ... }`".into());
            }
        }
        for item in 1..=ffi::lua_rawlen(lua, list) {
            ffi::lua_rawgeti(lua, list, item as i64);
            let at = ffi::lua_gettop(lua);
            let read = read_task(lua, at, item);
            if let Ok(mut declared) = read {
                if declared.task.name.is_empty() {
                    declared.task.name = free_name(lua, tasks);
                }
                let same = |known: &Declared| known.task.name == declared.task.name;
                let place = tasks.iter().position(same).unwrap_or(tasks.len());
                // The function or set is on top.
                ffi::lua_rawseti(lua, functions, place as i64 + 1);
                ffi::lua_settop(lua, at - 1);
                if place == tasks.len() { tasks.push(declared) } else { tasks[place] = declared }
            } else {
                ffi::lua_settop(lua, at - 1);
                read?;
            }
        }
        Ok(())
    }
}

/// A name for the target on top, which came without one: it replaces none, whatever its number in
/// its list. A set has a name already.
unsafe fn free_name(lua: *mut lua_State, tasks: &[Declared]) -> String {
    // SAFETY: as `push_tasks`.
    let set = unsafe { name_of(lua, -1) }.map(String::from_utf8_lossy);
    let free = |name: &String| tasks.iter().all(|known| known.task.name != *name);
    let name = |number: usize| match &set {
        Some(set) if number == 1 => set.clone().into_owned(),
        Some(set) => format!("{set} {number}"),
        None => format!("task {number}"),
    };
    let first = if set.is_some() { 1 } else { tasks.len() + 1 };
    (first..).map(name).find(free).unwrap_or_default()
}

/// Reads one entry of a list of tasks, and leaves its function or set on top. Its name is empty
/// where it has none.
unsafe fn read_task(lua: *mut lua_State, at: c_int, item: usize) -> Result<Declared, String> {
    // SAFETY: as `push_tasks`.
    unsafe {
        let mut declared = Declared { task: Task { weight: 1, ..Task::default() }, ..Declared::default() };
        match check_target(lua, at) {
            Ok(()) => return Ok(declared),
            Err(Some(why)) => return Err(format!("item {item} of `tasks`: {why}")),
            Err(None) if ffi::lua_type(lua, at) == ffi::LUA_TTABLE => {}
            Err(None) => {
                return Err(format!(
                    "item {item} of `tasks` is neither a function nor a task set nor {{ target =, weight = }}"
                ));
            }
        }
        check_entry(lua, at, item)?;
        let task = &mut declared.task;
        match raw_field(lua, at, "name") {
            ffi::LUA_TNIL => {}
            ffi::LUA_TSTRING => task.name = String::from_utf8_lossy(str_at(lua, -1)).into_owned(),
            _ => return Err(format!("the name of item {item} of `tasks` must be a string")),
        }
        let label = if task.name.is_empty() {
            format!("item {item} of `tasks`")
        } else {
            format!("task `{}`", task.name)
        };
        // `{ target =, weight = }` or `{ target, weight }`.
        if raw_field(lua, at, "weight") != ffi::LUA_TNIL || ffi::lua_rawgeti(lua, at, 2) != ffi::LUA_TNIL {
            task.weight = weight(lua, 0)
                .ok_or_else(|| format!("the weight of {label} must be a whole number from 0 to 1000000"))?;
            declared.weighted = true;
        }
        task.tags = tags(lua, at)?;
        if raw_field(lua, at, "next") != ffi::LUA_TNIL {
            declared.next = Some(followers(lua).map_err(|why| format!("`next` of {label} {why}"))?);
        }
        if raw_field(lua, at, "target") == ffi::LUA_TNIL {
            ffi::lua_rawgeti(lua, at, 1);
        }
        match check_target(lua, -1) {
            Ok(()) => Ok(declared),
            Err(Some(why)) => Err(format!("{label}: {why}")),
            Err(None) => Err(format!("{label} has no function or task set as its target")),
        }
    }
}

/// The whole number on top, if it is one from `least` to a million.
unsafe fn weight(lua: *mut lua_State, least: u32) -> Option<u32> {
    // SAFETY: as `push_tasks`; only a number is converted.
    unsafe {
        let weight = ffi::lua_tonumber(lua, -1);
        let fits = ffi::lua_type(lua, -1) == ffi::LUA_TNUMBER
            && weight.fract() == 0.0
            && (f64::from(least)..=1e6).contains(&weight);
        fits.then_some(weight as u32)
    }
}

/// The value of `next`, on top: a name, a list of names, or a table from names to weights. Sorted.
unsafe fn followers(lua: *mut lua_State) -> Result<Vec<(String, u32)>, String> {
    // SAFETY: as `push_tasks`; keys are not converted.
    unsafe {
        let at = ffi::lua_gettop(lua);
        let mut names: Vec<(String, u32)> = Vec::new();
        match ffi::lua_type(lua, at) {
            ffi::LUA_TSTRING => names.push((String::from_utf8_lossy(str_at(lua, at)).into_owned(), 1)),
            ffi::LUA_TTABLE => {
                ffi::lua_pushnil(lua);
                while ffi::lua_next(lua, at) != 0 {
                    let listed = ffi::lua_isinteger(lua, -2) != 0;
                    let name =
                        String::from_utf8_lossy(str_at(lua, if listed { -1 } else { -2 })).into_owned();
                    if name.is_empty() {
                        return Err("must be a table from names of tasks to their weights".into());
                    }
                    let weight = if listed { Some(1) } else { weight(lua, 1) };
                    let weight = weight.ok_or_else(|| {
                        format!("gives `{name}` a weight that is not a whole number from 1 to 1000000")
                    })?;
                    names.push((name, weight));
                    ffi::lua_pop(lua, 1);
                }
            }
            _ => return Err("must be a table from names of tasks to their weights".into()),
        }
        if names.is_empty() {
            return Err("is empty: something must follow each task".into());
        }
        names.sort();
        // `{ "a", "a" }` means what `{ a = 2 }` does.
        names.dedup_by(|later, first| {
            let same = later.0 == first.0;
            first.1 += if same { later.1 } else { 0 };
            same
        });
        Ok(names)
    }
}

/// Refuses what a task's entry cannot have.
unsafe fn check_entry(lua: *mut lua_State, at: c_int, item: usize) -> Result<(), String> {
    const KEYS: [&str; 5] = ["name", "next", "tags", "target", "weight"];
    // SAFETY: as `push_tasks`; keys are not converted.
    unsafe {
        ffi::lua_pushnil(lua);
        while ffi::lua_next(lua, at) != 0 {
            ffi::lua_pop(lua, 1);
            let name = String::from_utf8_lossy(str_at(lua, -1)).into_owned();
            let known = match ffi::lua_type(lua, -1) {
                ffi::LUA_TSTRING => KEYS.contains(&name.as_str()),
                _ => ffi::lua_isinteger(lua, -1) != 0 && (1..=2).contains(&ffi::lua_tointeger(lua, -1)),
            };
            if !known {
                let key = if name.is_empty() { super::trace::shown(lua, -1) } else { name };
                let help =
                    closest(&key, KEYS).map(|best| format!(" (did you mean `{best}`?)")).unwrap_or_default();
                return Err(format!("item {item} of `tasks` has the unknown field `{key}`{help}"));
            }
        }
        Ok(())
    }
}

/// Pushes the list of the class's tasks in the order of `wanted`: scripts that define tasks in a
/// loop over `pairs` may do so in another order in each VM. On an error nothing useful is pushed.
///
/// # Safety
/// As [`push_tasks`].
pub(super) unsafe fn push_ordered(lua: *mut lua_State, index: c_int, wanted: &[Task]) -> Result<(), String> {
    // SAFETY: as the caller promised.
    unsafe {
        let own = push_tasks(lua, index)?;
        let list = ffi::lua_gettop(lua);
        if own.iter().map(|own| &own.task.name).eq(wanted.iter().map(|task| &task.name)) {
            return Ok(());
        }
        ffi::lua_createtable(lua, wanted.len() as c_int, 0);
        for (index, task) in wanted.iter().enumerate() {
            let Some(place) = own.iter().position(|own| own.task.name == task.name) else {
                let name = &task.name;
                return Err(format!(
                    "the script did not define the task `{name}` for this VU, though it did before"
                ));
            };
            ffi::lua_rawgeti(lua, list, place as i64 + 1);
            ffi::lua_rawseti(lua, list + 1, index as i64 + 1);
        }
        ffi::lua_replace(lua, list);
        Ok(())
    }
}
