//! Reads what the scripts declared from their class tables. Called by `program`
//! after the top level has run; nothing here runs script code.

use std::ffi::{c_int, c_void};

use mlua_sys as ffi;
use mlua_sys::lua_State;
use rustc_hash::FxHashMap;

use crate::load::Wait;
use crate::script::attributes::{ATTRIBUTES, SET_ATTRIBUTES};
use crate::script::chain::{self, plain_tasks};
use crate::script::{Class, Set, SetKind, Target, Task, WaitTime};

use super::attributes::{check_names, hooks, number, tags, wait_time};
use super::class::{self, Base, PLACE, base_of, key, name_of, push_inherited};
use super::state::{raw_field, str_at};
use super::tasks::push_tasks;

/// What is wrong with a class: where it is defined (`file:line`), and what.
#[derive(PartialEq)]
pub(super) struct Wrong {
    pub(super) place: String,
    pub(super) what: String,
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
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn read(lua: *mut lua_State) -> Result<Read, Vec<Wrong>> {
    // SAFETY: as the caller promised.
    unsafe {
        let top = ffi::lua_gettop(lua);
        class::push_classes(lua);
        let mut read = Read::default();
        let mut wrong = Vec::new();
        for index in 1..=ffi::lua_rawlen(lua, top + 1) {
            ffi::lua_rawgeti(lua, top + 1, index as i64);
            let result = match base_of(lua, top + 2) {
                Some(Base::Set(kind)) => check_set(lua, top + 2, kind, &mut read.warnings),
                _ => read_class(lua, top + 2).map(|class| read.classes.extend(class)),
            };
            ffi::lua_settop(lua, top + 1);
            // A set is looked at by itself, and below each class that leads to it.
            wrong.extend(result.err().filter(|found| !wrong.contains(found)));
        }
        ffi::lua_settop(lua, top);
        if wrong.is_empty() { Ok(read) } else { Err(wrong) }
    }
}

/// The name of a class and the place of its definition, which what is wrong with it begins with.
struct Label {
    kind: &'static str,
    name: String,
    place: String,
}

impl Label {
    unsafe fn new(lua: *mut lua_State, index: c_int, kind: &'static str) -> Label {
        // SAFETY: as `read`; `index` is a class.
        unsafe {
            let name = String::from_utf8_lossy(name_of(lua, index).unwrap_or_default()).into_owned();
            ffi::lua_rawgetp(lua, index, key(&PLACE));
            let place = String::from_utf8_lossy(str_at(lua, -1)).into_owned();
            ffi::lua_pop(lua, 1);
            Label { kind, name, place }
        }
    }

    fn wrong(&self, what: String) -> Wrong {
        Wrong { place: self.place.clone(), what: format!("{} `{}`: {what}", self.kind, self.name) }
    }
}

unsafe fn is_abstract(lua: *mut lua_State, index: c_int) -> bool {
    // SAFETY: as `read`; `index` is a class.
    unsafe {
        raw_field(lua, index, "abstract");
        let is_abstract = ffi::lua_toboolean(lua, -1) != 0;
        ffi::lua_pop(lua, 1);
        is_abstract
    }
}

unsafe fn read_class(lua: *mut lua_State, index: c_int) -> Result<Option<Class>, Wrong> {
    // SAFETY: as `read`; `index` is a class.
    unsafe {
        let label = Label::new(lua, index, "class");
        let wrong = |what: String| label.wrong(what);
        check_names(lua, index, &ATTRIBUTES).map_err(wrong)?;
        if let Some(why) = class::finalizer(lua, index) {
            return Err(wrong(why.to_owned()));
        }
        if is_abstract(lua, index) {
            return Ok(None);
        }
        let tags = tags(lua, index).map_err(wrong)?;
        let declared = push_tasks(lua, index).map_err(wrong)?;
        let mut tasks = plain_tasks(declared).map_err(wrong)?;
        let sets = read_sets(lua, ffi::lua_gettop(lua), &mut tasks)?;
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
        let wait_time = wait_time(lua, index).map_err(wrong)?.unwrap_or(WaitTime::Built(Wait::None));
        let [has_on_start, has_on_stop] = hooks(lua, index).map_err(wrong)?;
        push_inherited(lua, index, "client");
        let http = ffi::lua_type(lua, -1) != ffi::LUA_TNIL;
        ffi::lua_pop(lua, 1);
        let grpc = grpc_options(lua, index).map_err(wrong)?;
        let Label { name, place, .. } = label;
        Ok(Some(Class {
            name,
            weight,
            fixed_count: fixed_count as u32,
            host,
            wait_time,
            tasks,
            sets,
            has_on_start,
            has_on_stop,
            http,
            grpc,
            place,
        }))
    }
}

/// Of a class that has `self.grpc`: the options of its client.
unsafe fn grpc_options(lua: *mut lua_State, index: c_int) -> Result<Option<serde_json::Value>, String> {
    // SAFETY: as `read`; `index` is a class.
    unsafe {
        let has_client = push_inherited(lua, index, "grpc") != ffi::LUA_TNIL;
        ffi::lua_pop(lua, 1);
        if !has_client {
            return Ok(None);
        }
        let kind = push_inherited(lua, index, "grpc_options");
        let mut json = Vec::new();
        let read = match kind {
            ffi::LUA_TNIL => Ok(serde_json::Value::Null),
            ffi::LUA_TTABLE => super::json::encode(lua, -1, &mut json)
                .map_err(|refusal| format!("`grpc_options`: {refusal}"))
                .and_then(|()| serde_json::from_slice(&json).map_err(|error| error.to_string())),
            _ => Err("`grpc_options` must be a table".to_owned()),
        };
        ffi::lua_pop(lua, 1);
        read.map(Some)
    }
}

/// The sets that `tasks` lead to, and all below them, each once: a table is one set wherever it is
/// nested. The tasks' targets are on the list at `list`.
unsafe fn read_sets(lua: *mut lua_State, list: c_int, tasks: &mut [Task]) -> Result<Vec<Set>, Wrong> {
    // SAFETY: as `read`; a loop, not a recursion, however deep sets are nested.
    unsafe {
        ffi::lua_checkstack(lua, 16);
        ffi::lua_createtable(lua, 0, 0);
        let pending = ffi::lua_gettop(lua);
        let mut known = FxHashMap::default();
        let mut sets: Vec<Set> = Vec::new();
        link(lua, list, pending, (tasks, &mut known));
        while sets.len() < known.len() {
            ffi::lua_rawgeti(lua, pending, sets.len() as i64 + 1);
            let at = ffi::lua_gettop(lua);
            let kind = match base_of(lua, at) {
                Some(Base::Set(kind)) => kind,
                _ => SetKind::Random,
            };
            let mut set = read_set(lua, at, kind)?;
            let label = Label::new(lua, at, "task set");
            if is_abstract(lua, at) {
                return Err(label.wrong("it is abstract, and so cannot be a task itself".into()));
            }
            if set.tasks.is_empty() {
                return Err(label.wrong("it has no task".into()));
            }
            link(lua, at + 1, pending, (&mut set.tasks, &mut known));
            sets.push(set);
            ffi::lua_settop(lua, pending);
        }
        ffi::lua_settop(lua, pending - 1);
        Ok(sets)
    }
}

/// Numbers the sets on the list of targets, and puts those that are new on `pending`.
unsafe fn link(
    lua: *mut lua_State,
    list: c_int,
    pending: c_int,
    (tasks, known): (&mut [Task], &mut FxHashMap<*const c_void, usize>),
) {
    // SAFETY: as `read_sets`.
    unsafe {
        for (index, task) in tasks.iter_mut().enumerate() {
            if ffi::lua_rawgeti(lua, list, index as i64 + 1) == ffi::LUA_TTABLE {
                let number = known.len();
                let number = *known.entry(ffi::lua_topointer(lua, -1)).or_insert(number);
                task.target = Target::Set(number);
                ffi::lua_rawseti(lua, pending, number as i64 + 1);
            } else {
                ffi::lua_pop(lua, 1);
            }
        }
    }
}

/// Reads a task set and leaves the list of its tasks' targets on top.
unsafe fn read_set(lua: *mut lua_State, index: c_int, kind: SetKind) -> Result<Set, Wrong> {
    // SAFETY: as `read`; `index` is a task set.
    unsafe {
        let label = Label::new(lua, index, "task set");
        let wrong = |what: String| label.wrong(what);
        check_names(lua, index, &SET_ATTRIBUTES).map_err(wrong)?;
        for name in ["weight", "fixed_count"] {
            let kind = raw_field(lua, index, name);
            ffi::lua_pop(lua, 1);
            if kind != ffi::LUA_TNIL {
                let what =
                    format!("`{name}` is for user classes (a set's weight stands where it becomes a task)");
                return Err(wrong(what));
            }
        }
        if let Some(why) = class::finalizer(lua, index) {
            return Err(wrong(why.to_owned()));
        }
        let tags = tags(lua, index).map_err(wrong)?;
        let wait_time = wait_time(lua, index).map_err(wrong)?;
        let [has_on_start, has_on_stop] = hooks(lua, index).map_err(wrong)?;
        let declared = push_tasks(lua, index).map_err(wrong)?;
        let tasks = match kind {
            SetKind::Markov => chain::chained_tasks(declared),
            _ => plain_tasks(declared),
        };
        let tasks = tasks.map_err(wrong)?;
        let Label { name, place, .. } = label;
        Ok(Set { name, kind, wait_time, tasks, tags, has_on_start, has_on_stop, place })
    }
}

/// Looks at a set on its own, wherever it is nested. One to be extended need not be complete.
unsafe fn check_set(
    lua: *mut lua_State,
    index: c_int,
    kind: SetKind,
    warnings: &mut Vec<String>,
) -> Result<(), Wrong> {
    // SAFETY: as `read`; `index` is a task set.
    unsafe {
        if is_abstract(lua, index) {
            let label = Label::new(lua, index, "task set");
            return check_names(lua, index, &SET_ATTRIBUTES).map_err(|what| label.wrong(what));
        }
        let set = read_set(lua, index, kind)?;
        let lost = chain::unreachable(&set);
        if !lost.is_empty() {
            let label = Label { kind: "task set", name: set.name, place: set.place };
            let wrong = label.wrong(format!("nothing leads to {}", lost.join(", ")));
            warnings.push(format!("{}: {}", wrong.place, wrong.what));
        }
        Ok(())
    }
}
