//! Where a script is, and what its errors look like to people: the script's own
//! stack, and the `file:line:` that Lua puts before a message taken apart again.
//! Used by `frame`, `program` and `vm`.

use std::ffi::{CStr, c_char, c_int};

use mlua_sys as ffi;
use mlua_sys::{lua_Debug, lua_State};

use crate::exit::Exit;
use crate::fault::{Fault, Place};
use crate::script::message;
pub(super) use crate::script::message::place;

use super::program::Library;
use super::state::{context, guarded, str_at};
use super::{hint, json};

/// Frames that a traceback shows at most.
const MAX_FRAMES: usize = 30;

/// `file:line` of the Lua code `level` calls up; empty where that is no Lua code.
///
/// # Safety
/// From a C function of `lua`.
pub(super) unsafe fn position(lua: *mut lua_State, level: c_int) -> String {
    // SAFETY: the strings of a `lua_Debug` live as long as the function that it tells of.
    unsafe {
        let mut info: lua_Debug = std::mem::zeroed();
        if ffi::lua_getstack(lua, level, &raw mut info) == 0 {
            return String::new();
        }
        ffi::lua_getinfo(lua, c"Sl".as_ptr(), &raw mut info);
        if info.currentline < 0 {
            return String::new();
        }
        format!("{}:{}", text(info.short_src.as_ptr()), info.currentline)
    }
}

/// `file:line` of the innermost Lua code of this thread; empty where none runs.
///
/// # Safety
/// From a C function, hook or allocation of `lua`.
pub(super) unsafe fn nearest_position(lua: *mut lua_State) -> String {
    // Deeper than any nest of C functions without Lua code between them.
    (0..32)
        // SAFETY: as the caller promised.
        .map(|level| unsafe { position(lua, level) })
        .find(|place| !place.is_empty())
        .unwrap_or_default()
}

/// `file:line` where the function on top is defined; pops it.
///
/// # Safety
/// A function must be on top.
pub(super) unsafe fn place_of_function(lua: *mut lua_State) -> String {
    // SAFETY: `>` takes the function off the stack; the strings of its source live on.
    unsafe {
        let mut info: lua_Debug = std::mem::zeroed();
        ffi::lua_getinfo(lua, c">S".as_ptr(), &raw mut info);
        format!("{}:{}", text(info.short_src.as_ptr()), info.linedefined)
    }
}

/// A value for a message: a number, a text or a boolean as it is, else what kind it is.
///
/// # Safety
/// From within a relaxed account, with `index` valid.
pub(super) unsafe fn shown(lua: *mut lua_State, index: c_int) -> String {
    // SAFETY: as the caller promised; a number is not converted in place.
    unsafe {
        match ffi::lua_type(lua, index) {
            ffi::LUA_TNIL => "nil".to_owned(),
            ffi::LUA_TBOOLEAN => (ffi::lua_toboolean(lua, index) != 0).to_string(),
            ffi::LUA_TNUMBER if ffi::lua_isinteger(lua, index) != 0 => {
                ffi::lua_tointeger(lua, index).to_string()
            }
            ffi::LUA_TNUMBER => ffi::lua_tonumber(lua, index).to_string(),
            ffi::LUA_TSTRING => format!("\"{}\"", String::from_utf8_lossy(str_at(lua, index))),
            kind => format!("a {}", text(ffi::lua_typename(lua, kind))),
        }
    }
}

unsafe fn text(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: Lua's strings end with a zero.
    unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
}

/// The message handler of every protected call of the host: keeps the traceback, unless one is
/// kept already (of the error further in that became this one).
pub(super) unsafe extern "C-unwind" fn on_error(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua with the error value.
    unsafe {
        guarded(lua, |lua| {
            let mut trace = context(lua).trace.borrow_mut();
            if trace.is_empty() && !super::protect::is_left(lua, 1) {
                collect(lua, &mut trace);
            }
            Ok(1)
        })
    }
}

/// The traceback of an error that ended the coroutine `co`, and of `lua`, which ran it.
///
/// # Safety
/// From a C function of `lua`; `co` must not have been closed yet.
pub(super) unsafe fn keep_coroutine(lua: *mut lua_State, co: *mut lua_State) {
    // SAFETY: as the caller promised; the account is relaxed, so that nothing raises.
    unsafe {
        let relaxed = context(lua).memory.relax(true);
        let mut trace = context(lua).trace.borrow_mut();
        if trace.is_empty() {
            collect(co, &mut trace);
            collect(lua, &mut trace);
        }
        drop(trace);
        context(lua).memory.relax(relaxed);
    }
}

unsafe fn collect(lua: *mut lua_State, trace: &mut Vec<String>) {
    // SAFETY: as `position`.
    unsafe {
        let mut info: lua_Debug = std::mem::zeroed();
        let mut level = 0;
        while trace.len() < MAX_FRAMES && ffi::lua_getstack(lua, level, &raw mut info) != 0 {
            level += 1;
            ffi::lua_getinfo(lua, c"Sln".as_ptr(), &raw mut info);
            if info.currentline < 0 {
                continue;
            }
            let place = format!("{}:{}", text(info.short_src.as_ptr()), info.currentline);
            let what = text(info.what);
            let name = text(info.name);
            trace.push(match (what.as_str(), name.is_empty()) {
                ("main", _) => format!("{place}: in the main chunk"),
                (_, false) => format!("{place}: in {} '{name}'", text(info.namewhat)),
                _ => format!("{place}: in the function at line {}", info.linedefined),
            });
        }
        if trace.is_empty() {
            trace.push("(no script code was running)".to_owned());
        }
    }
}

/// The error value on top of the stack as people read it; popped.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn message(lua: *mut lua_State) -> String {
    // SAFETY: as the caller promised; `luaL_tolstring` is not used since it may run script code.
    unsafe {
        let kind = ffi::lua_type(lua, -1);
        let message = match kind {
            ffi::LUA_TSTRING => String::from_utf8_lossy(str_at(lua, -1)).into_owned(),
            ffi::LUA_TNIL => "nil".to_owned(),
            _ => {
                let mut out = Vec::new();
                match json::encode(lua, -1, &mut out) {
                    Ok(()) => String::from_utf8_lossy(&out).into_owned(),
                    Err(_) => format!("(error object is a {} value)", text(ffi::lua_typename(lua, kind))),
                }
            }
        };
        ffi::lua_pop(lua, 1);
        message
    }
}

/// A fault from what Lua says: `file:line: text`, with the traceback that was kept.
pub(super) fn fault(library: &Library, message: &str, trace: Vec<String>) -> Fault {
    let Some((file, line, rest)) = message::split(message) else {
        let mut fault = Fault::new(Exit::Script, message);
        fault.trace = trace;
        return fault;
    };
    let (file, source) = library.source_line(file, line);
    let (what, help) = advice(rest);
    let help = help.or_else(|| hint::member(rest, source.as_deref()?));
    let column = source.as_deref().map(|source| message::column(source, rest));
    let mut fault = Fault::new(Exit::Script, what).at(Place { file, line, column, source });
    fault.help = help;
    fault.trace = trace;
    fault
}

/// Takes the advice at the end of a message off it; or finds some.
fn advice(message: &str) -> (&str, Option<String>) {
    match message::advice(message) {
        (what, Some(help)) => (what, Some(help.to_owned())),
        (what, None) => (what, suggest(what)),
    }
}

/// What may have been meant by a global that does not exist.
fn suggest(message: &str) -> Option<String> {
    if message.contains("attempt to yield across a C-call boundary") {
        let help = "a function that the host calls (by `group`, `check`, `setup` or the like) cannot yield to a \
                    coroutine around that call: make and resume the coroutine within the function";
        return Some(help.to_owned());
    }
    let quoted = |before: &str| Some(message.split_once(before)?.1.split_once('\'')?.0);
    let name = quoted("(global '")?;
    let best = crate::fault::closest(name, super::sandbox::global_names())?;
    (best != name).then(|| format!("did you mean `{best}`?"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn takes_advice_off_messages() {
        let advice_of = |message| advice(message).1;
        assert_eq!(
            advice("unknown x `y` (did you mean `z`?)"),
            ("unknown x `y`", Some("did you mean `z`?".into()))
        );
        assert_eq!(advice("unknown x `y` (known: a, b)"), ("unknown x `y`", Some("known: a, b".into())));
        assert_eq!(
            advice_of("attempt to call a nil value (global 'chekc')"),
            Some("did you mean `check`?".into())
        );
        assert_eq!(advice_of("oops (twice)"), None);
    }
}
