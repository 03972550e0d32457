//! The methods of classes: `extend`, `task`, `stop` of users, `interrupt` of task
//! sets. They note what the script says; `manifest` reads it. Bound by `class`.

use std::ffi::c_int;

use mlua_sys as ffi;
use mlua_sys::lua_State;

use crate::api::Raise;
use crate::script::SetKind;
use crate::vu::Left;

use super::bind;
use super::class::{
    self, BASES, Base, PLACE, TASKS, base_of, finalizer, finish_base, key, name_of, push_classes,
};
use super::protect;
use super::shape::push_shape;
use super::state::{context, guarded, push_str, set_raw_field, str_at};
use super::trace;

/// Of every user class.
pub(super) const USER: [(&str, ffi::lua_CFunction); 4] =
    [("extend", extend), ("task", task), ("stop", stop), ("interrupt", interrupt_user)];

/// Of every task set.
pub(super) const TASK_SET: [(&str, ffi::lua_CFunction); 3] =
    [("extend", extend), ("task", task), ("interrupt", interrupt)];

const NO_WEIGHT: &str = "in a MarkovTaskSet the weights stand in `next`";
const NO_NEXT: &str = "`next` is for the tasks of a MarkovTaskSet";

/// `Class:extend(name, attributes)`.
unsafe extern "C-unwind" fn extend(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua.
    unsafe {
        guarded(lua, |lua| {
            let base = base_of(lua, 1);
            let (what, example) = match base {
                Some(Base::Set(_)) => ("task set", "TaskSet:extend(\"Name\", { ... })"),
                _ => ("class", "HttpUser:extend(\"Name\", { ... })"),
            };
            if name_of(lua, 1).is_none() {
                return bind::refuse(lua, format!("call `extend` with a colon: `{example}`"));
            }
            if ffi::lua_type(lua, 2) != ffi::LUA_TSTRING || str_at(lua, 2).is_empty() {
                return bind::refuse(lua, format!("a {what} needs a name: `{example}`"));
            }
            if !matches!(ffi::lua_type(lua, 3), ffi::LUA_TTABLE | ffi::LUA_TNIL | ffi::LUA_TNONE) {
                return bind::refuse(lua, format!("the attributes of a {what} must be a table"));
            }
            if !context(lua).loading.get() {
                return bind::refuse(
                    lua,
                    "classes are defined at the top level of a script, not while it runs",
                );
            }
            let name = String::from_utf8_lossy(str_at(lua, 2)).into_owned();
            // Sets are known by where they are used, so that their names need not differ.
            let taken = (base == Some(Base::User) && class::push_class(lua, &name)) || push_shape(lua, &name);
            if taken || BASES.contains(&name.as_str()) {
                return bind::refuse(lua, format!("the class `{name}` is defined already"));
            }
            if let Some(why) = finalizer(lua, 1) {
                return bind::refuse(lua, why);
            }
            ffi::lua_settop(lua, 3);
            ffi::lua_createtable(lua, 0, 8);
            if ffi::lua_type(lua, 3) == ffi::LUA_TTABLE {
                ffi::lua_pushnil(lua);
                while ffi::lua_next(lua, 3) != 0 {
                    ffi::lua_pushvalue(lua, -2);
                    ffi::lua_rotate(lua, -2, 1);
                    ffi::lua_rawset(lua, 4);
                }
            }
            finish_base(lua, &name);
            push_str(lua, trace::position(lua, 1));
            ffi::lua_rawsetp(lua, 4, key(&PLACE));
            ffi::lua_pushvalue(lua, 1);
            ffi::lua_setmetatable(lua, 4);
            push_classes(lua);
            ffi::lua_pushvalue(lua, 4);
            ffi::lua_rawseti(lua, -2, ffi::lua_rawlen(lua, -2) as i64 + 1);
            ffi::lua_settop(lua, 4);
            Ok(1)
        })
    }
}

/// `Class:task(name, [weight | { weight =, tags =, next = }], function | TaskSet)`.
unsafe extern "C-unwind" fn task(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua.
    unsafe {
        guarded(lua, |lua| {
            let name = name_of(lua, 1);
            if name.is_none() || BASES.iter().any(|base| name == Some(base.as_bytes())) {
                return bind::refuse(
                    lua,
                    "call `task` on a class of your own: `MyUser:task(\"name\", function(self) ... end)`",
                );
            }
            if ffi::lua_type(lua, 2) != ffi::LUA_TSTRING {
                return bind::refuse(
                    lua,
                    "a task needs a name: `MyUser:task(\"name\", function(self) ... end)`",
                );
            }
            let options = ffi::lua_type(lua, 3);
            let is_target = options == ffi::LUA_TFUNCTION || name_of(lua, 3).is_some();
            let target = if is_target { 3 } else { 4 };
            if is_target && ffi::lua_type(lua, 4) > ffi::LUA_TNIL {
                return bind::refuse(lua, "the weight or the options of a task come before its function");
            }
            if let Err(why) = check_target(lua, target) {
                let why = why.unwrap_or("the last argument of `task` must be a function or a task set");
                return bind::refuse(lua, why);
            }
            ffi::lua_settop(lua, target);
            ffi::lua_createtable(lua, 0, 4);
            let entry = target + 1;
            ffi::lua_pushvalue(lua, 2);
            set_raw_field(lua, entry, "name");
            ffi::lua_pushvalue(lua, target);
            set_raw_field(lua, entry, "target");
            let markov = base_of(lua, 1) == Some(Base::Set(SetKind::Markov));
            match options {
                _ if target == 3 => {}
                ffi::LUA_TNUMBER if markov => return bind::refuse(lua, NO_WEIGHT),
                ffi::LUA_TNUMBER => {
                    ffi::lua_pushvalue(lua, 3);
                    set_raw_field(lua, entry, "weight");
                }
                ffi::LUA_TTABLE => {
                    ffi::lua_pushnil(lua);
                    while ffi::lua_next(lua, 3) != 0 {
                        let name = String::from_utf8_lossy(str_at(lua, -2)).into_owned();
                        match (name.as_str(), markov) {
                            ("weight", true) => return bind::refuse(lua, NO_WEIGHT),
                            ("next", false) => return bind::refuse(lua, NO_NEXT),
                            ("weight" | "tags" | "next", _) => {}
                            _ => {
                                let known = [if markov { "next" } else { "weight" }, "tags"];
                                let raise = Raise::unknown("option of a task", &name, known);
                                return bind::fail(lua, raise);
                            }
                        }
                        set_raw_field(lua, entry, &name);
                    }
                }
                _ => return bind::refuse(lua, "a task's weight must be a number, or a table of options"),
            }
            if ffi::lua_rawgetp(lua, 1, key(&TASKS)) == ffi::LUA_TNIL {
                ffi::lua_pop(lua, 1);
                ffi::lua_createtable(lua, 2, 0);
                ffi::lua_pushvalue(lua, -1);
                ffi::lua_rawsetp(lua, 1, key(&TASKS));
            }
            ffi::lua_pushvalue(lua, entry);
            ffi::lua_rawseti(lua, -2, ffi::lua_rawlen(lua, -2) as i64 + 1);
            Ok(0)
        })
    }
}

/// Whether the value at `index` can be a task: a function, or a task set of the script's own.
/// `Err` says why not; `Err(None)` where it is neither class nor function.
///
/// # Safety
/// From within a relaxed account, with `index` acceptable.
pub(super) unsafe fn check_target(lua: *mut lua_State, index: c_int) -> Result<(), Option<&'static str>> {
    // SAFETY: as the caller promised.
    unsafe {
        if ffi::lua_type(lua, index) == ffi::LUA_TFUNCTION {
            return Ok(());
        }
        let name = name_of(lua, index).ok_or(None)?;
        match base_of(lua, index) {
            Some(Base::User) => Err(Some("a user class cannot be a task: extend `TaskSet` instead")),
            _ if BASES.iter().any(|base| name == base.as_bytes()) => {
                Err(Some("a task set of your own is wanted: `TaskSet:extend(\"Name\", { ... })`"))
            }
            _ => Ok(()),
        }
    }
}

/// `self:stop()`: the VU ends after this task.
unsafe extern "C-unwind" fn stop(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua.
    unsafe { context(lua).vu.leaving.set(true) };
    0
}

/// `self:interrupt([reschedule = true])`: leaves the innermost set, at this point.
unsafe extern "C-unwind" fn interrupt(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua.
    unsafe {
        guarded(lua, |lua| {
            if !matches!(base_of(lua, 1), Some(Base::Set(_))) || name_of(lua, 1).is_some() {
                return bind::refuse(
                    lua,
                    "call `interrupt` with a colon, on the task set that runs: `self:interrupt()`",
                );
            }
            let vu = &context(lua).vu;
            if !vu.in_set.get() {
                return bind::refuse(lua, "no task set runs that `interrupt` could leave");
            }
            let at_once = match ffi::lua_type(lua, 2) {
                ffi::LUA_TNIL | ffi::LUA_TNONE => true,
                ffi::LUA_TBOOLEAN => ffi::lua_toboolean(lua, 2) != 0,
                _ => {
                    return bind::refuse(lua, "`interrupt` takes true (go on at once) or false (wait first)");
                }
            };
            vu.left.set(Some(if at_once { Left::AtOnce } else { Left::AfterWait }));
            protect::push_left(lua);
            Err(())
        })
    }
}

/// A user cannot be left, only ended.
unsafe extern "C-unwind" fn interrupt_user(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua.
    unsafe {
        guarded(lua, |lua| {
            bind::refuse(
                lua,
                "`interrupt` leaves a task set, and this is a user (`self:stop()` ends a user, `return` a task)",
            )
        })
    }
}
