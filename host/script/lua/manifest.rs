//! Reads what the scripts declared from their class tables. Called by `program`
//! after the top level has run; nothing here runs script code.

use std::ffi::c_int;

use mlua_sys as ffi;
use mlua_sys::lua_State;

use crate::api::wait_of;
use crate::fault::closest;
use crate::load::Wait;
use crate::script::{Class, Task, WaitTime};

use super::class::{self, PLACE, TASKS, key, name_of, push_inherited};
use super::state::{raw_field, str_at};

/// The attributes that mean something to the host.
pub const ATTRIBUTES: [&str; 9] =
    ["wait_time", "weight", "fixed_count", "host", "abstract", "tags", "tasks", "on_start", "on_stop"];

/// What is wrong with a class: where it is defined (`file:line`), and what.
pub(super) struct Wrong {
    pub(super) place: String,
    pub(super) what: String,
}

/// Every class of the scripts, abstract ones and those without tasks left out.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn read(lua: *mut lua_State) -> Result<Vec<Class>, Wrong> {
    // SAFETY: as the caller promised; every helper leaves the stack as it was.
    unsafe {
        let top = ffi::lua_gettop(lua);
        class::push_classes(lua);
        let mut classes = Vec::new();
        for index in 1..=ffi::lua_rawlen(lua, top + 1) {
            ffi::lua_rawgeti(lua, top + 1, index as i64);
            let read = read_class(lua, top + 2);
            ffi::lua_settop(lua, top + 1);
            match read {
                Ok(class) => classes.extend(class),
                Err((place, what)) => {
                    ffi::lua_settop(lua, top);
                    return Err(Wrong { place, what });
                }
            }
        }
        ffi::lua_settop(lua, top);
        Ok(classes)
    }
}

unsafe fn read_class(lua: *mut lua_State, index: c_int) -> Result<Option<Class>, (String, String)> {
    // SAFETY: as `read`; `index` is a class.
    unsafe {
        let name = String::from_utf8_lossy(name_of(lua, index).unwrap_or_default()).into_owned();
        ffi::lua_rawgetp(lua, index, key(&PLACE));
        let place = String::from_utf8_lossy(str_at(lua, -1)).into_owned();
        ffi::lua_pop(lua, 1);
        let wrong = |what: String| (place.clone(), format!("class `{name}`: {what}"));
        check_names(lua, index).map_err(wrong)?;
        if let Some(why) = class::finalizer(lua, index) {
            return Err(wrong(why.to_owned()));
        }
        raw_field(lua, index, "abstract");
        let is_abstract = ffi::lua_toboolean(lua, -1) != 0;
        ffi::lua_pop(lua, 1);
        if is_abstract {
            return Ok(None);
        }
        let tags = tags(lua, index).map_err(wrong)?;
        let mut tasks = push_tasks(lua, index).map_err(wrong)?;
        ffi::lua_pop(lua, 1);
        for task in &mut tasks {
            task.tags.extend(tags.iter().cloned());
        }
        let weight = number(lua, index, "weight", 1.0).map_err(wrong)?;
        let fixed_count = number(lua, index, "fixed_count", 0.0).map_err(wrong)?;
        if fixed_count.fract() != 0.0 || fixed_count > f64::from(u32::MAX) {
            return Err(wrong(format!("`fixed_count` must be a whole number, not {fixed_count}")));
        }
        let host = match push_inherited(lua, index, "host") {
            ffi::LUA_TSTRING => Some(String::from_utf8_lossy(str_at(lua, -1)).into_owned()),
            ffi::LUA_TNIL => None,
            _ => return Err(wrong("`host` must be a string".into())),
        };
        ffi::lua_pop(lua, 1);
        let wait_time = wait_time(lua, index).map_err(wrong)?;
        let mut defined = [false; 2];
        for (slot, function) in defined.iter_mut().zip(["on_start", "on_stop"]) {
            *slot = match push_inherited(lua, index, function) {
                ffi::LUA_TFUNCTION => true,
                ffi::LUA_TNIL => false,
                _ => return Err(wrong(format!("`{function}` must be a function"))),
            };
            ffi::lua_pop(lua, 1);
        }
        push_inherited(lua, index, "client");
        let http = ffi::lua_type(lua, -1) != ffi::LUA_TNIL;
        ffi::lua_pop(lua, 1);
        let [has_on_start, has_on_stop] = defined;
        let class = Class {
            weight,
            fixed_count: fixed_count as u32,
            host,
            wait_time,
            tasks,
            has_on_start,
            has_on_stop,
            http,
            place: place.clone(),
            name: name.clone(),
        };
        Ok(Some(class))
    }
}

/// Refuses names that are all but one of the host's: they are slips of the pen.
unsafe fn check_names(lua: *mut lua_State, index: c_int) -> Result<(), String> {
    // SAFETY: as `read`.
    unsafe {
        let mut slip = None;
        ffi::lua_pushnil(lua);
        while ffi::lua_next(lua, index) != 0 {
            let name = String::from_utf8_lossy(str_at(lua, -2)).into_owned();
            if slip.is_none() && !name.is_empty() && !ATTRIBUTES.contains(&name.as_str()) {
                slip = ATTRIBUTES
                    .iter()
                    .find(|known| is_slip(&name, known))
                    .map(|known| format!("unknown attribute `{name}` (did you mean `{known}`?)"));
            }
            ffi::lua_pop(lua, 1);
        }
        slip.map_or(Ok(()), Err)
    }
}

fn is_slip(name: &str, known: &str) -> bool {
    let distance = strsim::damerau_levenshtein(&name.to_lowercase(), known);
    distance <= if known.len() >= 8 { 2 } else { 1 } && name.len() >= 4
}

unsafe fn number(lua: *mut lua_State, index: c_int, name: &str, default: f64) -> Result<f64, String> {
    // SAFETY: as `read`.
    unsafe {
        let kind = push_inherited(lua, index, name);
        let value = ffi::lua_tonumber(lua, -1);
        ffi::lua_pop(lua, 1);
        match kind {
            ffi::LUA_TNIL => Ok(default),
            ffi::LUA_TNUMBER if value.is_finite() && value >= 0.0 => Ok(value),
            ffi::LUA_TNUMBER => Err(format!("`{name}` must be 0 or more, not {value}")),
            _ => Err(format!("`{name}` must be a number")),
        }
    }
}

/// A tag, or a list of tags, in the field `tags`.
unsafe fn tags(lua: *mut lua_State, index: c_int) -> Result<Vec<String>, String> {
    // SAFETY: as `read`.
    unsafe {
        let kind = push_inherited(lua, index, "tags");
        let mut tags = Vec::new();
        if kind == ffi::LUA_TSTRING {
            tags.push(String::from_utf8_lossy(str_at(lua, -1)).into_owned());
        } else if kind == ffi::LUA_TTABLE {
            for item in 1..=ffi::lua_rawlen(lua, -1) {
                ffi::lua_rawgeti(lua, -1, item as i64);
                let tag = String::from_utf8_lossy(str_at(lua, -1)).into_owned();
                ffi::lua_pop(lua, 1);
                if tag.is_empty() {
                    ffi::lua_pop(lua, 1);
                    return Err("`tags` must be a list of strings".into());
                }
                tags.push(tag);
            }
        } else if kind != ffi::LUA_TNIL {
            ffi::lua_pop(lua, 1);
            return Err("`tags` must be a list of strings".into());
        }
        ffi::lua_pop(lua, 1);
        Ok(tags)
    }
}

unsafe fn wait_time(lua: *mut lua_State, index: c_int) -> Result<WaitTime, String> {
    // SAFETY: as `read`.
    unsafe {
        let kind = push_inherited(lua, index, "wait_time");
        let at = ffi::lua_gettop(lua);
        let wait = match kind {
            ffi::LUA_TNIL => Some(WaitTime::Built(Wait::None)),
            ffi::LUA_TFUNCTION => Some(WaitTime::Function),
            ffi::LUA_TNUMBER => Wait::Constant(ffi::lua_tonumber(lua, at)).check().ok().map(WaitTime::Built),
            ffi::LUA_TTABLE => {
                raw_field(lua, at, "wait");
                let kind = String::from_utf8_lossy(str_at(lua, -1)).into_owned();
                raw_field(lua, at, "a");
                raw_field(lua, at, "b");
                let wait = wait_of(&kind, ffi::lua_tonumber(lua, -2), ffi::lua_tonumber(lua, -1));
                wait.and_then(|wait| wait.check().ok()).map(WaitTime::Built)
            }
            _ => None,
        };
        ffi::lua_settop(lua, at - 1);
        wait.ok_or_else(|| {
            "`wait_time` must be between(a, b), constant(s) or the like, or a function".to_owned()
        })
    }
}

/// Pushes the list of the class's task functions, and returns what is known of each, in that
/// order: parents' first; a task replaces one of the same name.
///
/// # Safety
/// From within a relaxed account; `index` must be a class.
pub(super) unsafe fn push_tasks(lua: *mut lua_State, index: c_int) -> Result<Vec<Task>, String> {
    // SAFETY: as the caller promised.
    unsafe {
        let mut tasks: Vec<Task> = Vec::new();
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
    tasks: &mut Vec<Task>,
) -> Result<(), String> {
    // SAFETY: as `push_tasks`.
    unsafe {
        for item in 1..=ffi::lua_rawlen(lua, list) {
            ffi::lua_rawgeti(lua, list, item as i64);
            let at = ffi::lua_gettop(lua);
            let read = read_task(lua, at, item);
            if let Ok(mut task) = read {
                if task.name.is_empty() {
                    // It replaces none, whatever its number in its list.
                    let free = |name: &String| tasks.iter().all(|known| known.name != *name);
                    let mut names = (tasks.len() + 1..).map(|number| format!("task {number}"));
                    task.name = names.find(free).unwrap_or_default();
                }
                let place = tasks.iter().position(|known| known.name == task.name).unwrap_or(tasks.len());
                // The function is on top.
                ffi::lua_rawseti(lua, functions, place as i64 + 1);
                ffi::lua_settop(lua, at - 1);
                if place == tasks.len() { tasks.push(task) } else { tasks[place] = task }
            } else {
                ffi::lua_settop(lua, at - 1);
                read?;
            }
        }
        Ok(())
    }
}

/// Reads one entry of a list of tasks, and leaves its function on top. Its name is empty where it has none.
unsafe fn read_task(lua: *mut lua_State, at: c_int, item: usize) -> Result<Task, String> {
    // SAFETY: as `push_tasks`.
    unsafe {
        let mut task = Task { name: String::new(), weight: 1, tags: Vec::new() };
        match ffi::lua_type(lua, at) {
            ffi::LUA_TFUNCTION => return Ok(task),
            ffi::LUA_TTABLE => {}
            _ => {
                return Err(format!(
                    "item {item} of `tasks` is neither a function nor {{ target =, weight = }}"
                ));
            }
        }
        check_entry(lua, at, item)?;
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
            let weight = ffi::lua_tonumber(lua, -1);
            if ffi::lua_type(lua, -1) != ffi::LUA_TNUMBER
                || weight.fract() != 0.0
                || !(0.0..=1e6).contains(&weight)
            {
                return Err(format!("the weight of {label} must be a whole number from 0 to 1000000"));
            }
            task.weight = weight as u32;
        }
        task.tags = tags(lua, at)?;
        if raw_field(lua, at, "target") != ffi::LUA_TFUNCTION
            && ffi::lua_rawgeti(lua, at, 1) != ffi::LUA_TFUNCTION
        {
            return Err(format!("{label} has no function as its target"));
        }
        Ok(task)
    }
}

/// Refuses what a task's entry cannot have.
unsafe fn check_entry(lua: *mut lua_State, at: c_int, item: usize) -> Result<(), String> {
    const KEYS: [&str; 4] = ["name", "tags", "target", "weight"];
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

/// Pushes the class called `name`; false (and nothing pushed) where there is none.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn push_class(lua: *mut lua_State, name: &str) -> bool {
    // SAFETY: as the caller promised.
    unsafe {
        class::push_classes(lua);
        let list = ffi::lua_gettop(lua);
        for index in 1..=ffi::lua_rawlen(lua, list) {
            ffi::lua_rawgeti(lua, list, index as i64);
            if name_of(lua, -1) == Some(name.as_bytes()) {
                ffi::lua_rotate(lua, list, 1);
                ffi::lua_settop(lua, list);
                return true;
            }
            ffi::lua_pop(lua, 1);
        }
        ffi::lua_pop(lua, 1);
        false
    }
}
