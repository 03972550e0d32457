//! `string.find`, `match`, `gmatch` and `gsub` over our own matcher, as section
//! 6.4 of the Lua 5.4 manual has them. Bound by `protect`. These functions own
//! nothing: a raise may leave them anywhere.

use std::ffi::c_int;
use std::mem::MaybeUninit;

use mlua_sys as ffi;
use mlua_sys::{lua_State, luaL_Buffer};

use super::pattern::{Capture, Matcher, PatternError};
use super::preempt;
use super::state::push_str;

/// What a `gmatch` iterator remembers.
struct Progress {
    at: usize,
    /// End of the match before, so that an empty match is not found twice; `usize::MAX` at first.
    last: usize,
}

unsafe fn check_str<'a>(lua: *mut lua_State, arg: c_int) -> &'a [u8] {
    // SAFETY: the argument stays on the stack of the C function that reads it.
    unsafe {
        let mut len = 0;
        let text = ffi::luaL_checklstring(lua, arg, &raw mut len);
        std::slice::from_raw_parts(text.cast(), len)
    }
}

/// The 0-based start that an `init` argument means; None when it is past the end.
unsafe fn start(lua: *mut lua_State, arg: c_int, len: usize) -> Option<usize> {
    // SAFETY: raises with nothing alive.
    let init = unsafe { ffi::luaL_optinteger(lua, arg, 1) };
    let at = match init {
        1.. => (init - 1) as u64,
        0 => 0,
        _ => (len as u64).saturating_sub(init.unsigned_abs()),
    };
    (at <= len as u64).then_some(at as usize)
}

unsafe fn raise(lua: *mut lua_State, error: PatternError) -> ! {
    let text = match error {
        PatternError::EndsWithPercent => c"malformed pattern (ends with '%%')",
        PatternError::MissingBracket => c"malformed pattern (missing ']')",
        PatternError::MissingFrontierSet => c"missing '[' after '%%f' in pattern",
        PatternError::MissingBalanceArguments => c"malformed pattern (missing arguments to '%%b')",
        PatternError::InvalidCaptureIndex(_) => c"invalid capture index %%%d",
        PatternError::InvalidCapture => c"invalid pattern capture",
        PatternError::UnfinishedCapture => c"unfinished capture",
        PatternError::TooManyCaptures => c"too many captures",
        PatternError::TooComplex => c"pattern too complex",
        // SAFETY: nothing is alive.
        PatternError::Interrupted => unsafe { preempt::raise_doom(lua) },
    };
    let index = if let PatternError::InvalidCaptureIndex(index) = error { index as c_int } else { 0 };
    // SAFETY: `luaL_error` reads at most the one integer that the format asks for.
    unsafe { ffi::luaL_error(lua, text.as_ptr(), index) };
    unreachable!("luaL_error does not return")
}

/// Pushes capture `index`, or the whole match where the pattern has none.
unsafe fn push_capture(lua: *mut lua_State, m: &Matcher<'_>, index: usize, from: usize, to: usize) {
    // SAFETY: callers made room on the stack.
    unsafe {
        if index >= m.level {
            if index != 0 {
                raise(lua, PatternError::InvalidCaptureIndex(index + 1));
            }
            push_str(lua, &m.subject[from..to]);
            return;
        }
        match m.captures[index] {
            (at, Capture::Position) => ffi::lua_pushinteger(lua, at as i64 + 1),
            (at, Capture::Closed(len)) => push_str(lua, &m.subject[at..at + len]),
            (_, Capture::Open) => raise(lua, PatternError::UnfinishedCapture),
        }
    }
}

/// Pushes all captures; the whole match where there are none, if `whole`.
unsafe fn push_captures(lua: *mut lua_State, m: &Matcher<'_>, from: usize, to: usize, whole: bool) -> c_int {
    let count = if m.level == 0 && whole { 1 } else { m.level };
    // SAFETY: raises with nothing alive.
    unsafe {
        ffi::luaL_checkstack(lua, count as c_int, c"too many captures".as_ptr());
        for index in 0..count {
            push_capture(lua, m, index, from, to);
        }
    }
    count as c_int
}

unsafe fn search(lua: *mut lua_State, find: bool) -> c_int {
    // SAFETY: a C function that owns nothing.
    unsafe {
        let subject = check_str(lua, 1);
        let pattern = check_str(lua, 2);
        let Some(init) = start(lua, 3, subject.len()) else {
            ffi::lua_pushnil(lua);
            return 1;
        };
        let plain = !pattern.iter().any(|byte| b"^$*+?.([%-".contains(byte));
        if find && (plain || ffi::lua_toboolean(lua, 4) != 0) {
            return match memchr::memmem::find(&subject[init..], pattern) {
                Some(at) => {
                    ffi::lua_pushinteger(lua, (init + at) as i64 + 1);
                    ffi::lua_pushinteger(lua, (init + at + pattern.len()) as i64);
                    2
                }
                None => {
                    ffi::lua_pushnil(lua);
                    1
                }
            };
        }
        let anchored = pattern.first() == Some(&b'^');
        let mut m = Matcher::new(subject, &pattern[usize::from(anchored)..]);
        let last = if anchored { init } else { subject.len() };
        for at in init..=last {
            match m.match_at(at) {
                Err(error) => raise(lua, error),
                Ok(None) => {}
                Ok(Some(end)) if find => {
                    ffi::lua_pushinteger(lua, at as i64 + 1);
                    ffi::lua_pushinteger(lua, end as i64);
                    return push_captures(lua, &m, at, end, false) + 2;
                }
                Ok(Some(end)) => return push_captures(lua, &m, at, end, true),
            }
        }
        ffi::lua_pushnil(lua);
        1
    }
}

pub(super) unsafe extern "C-unwind" fn find(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua.
    unsafe { search(lua, true) }
}

pub(super) unsafe extern "C-unwind" fn match_(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua.
    unsafe { search(lua, false) }
}

pub(super) unsafe extern "C-unwind" fn gmatch(lua: *mut lua_State) -> c_int {
    // SAFETY: a C function that owns nothing.
    unsafe {
        let len = check_str(lua, 1).len();
        check_str(lua, 2);
        let at = start(lua, 3, len).unwrap_or(len + 1);
        ffi::lua_settop(lua, 2);
        let progress = ffi::lua_newuserdatauv(lua, size_of::<Progress>(), 0).cast::<Progress>();
        progress.write(Progress { at, last: usize::MAX });
        ffi::lua_pushcclosure(lua, next_match, 3);
        1
    }
}

unsafe extern "C-unwind" fn next_match(lua: *mut lua_State) -> c_int {
    // SAFETY: the upvalues are those of `gmatch`; they keep subject and pattern alive.
    unsafe {
        let subject = check_str(lua, ffi::lua_upvalueindex(1));
        let pattern = check_str(lua, ffi::lua_upvalueindex(2));
        let progress = &mut *ffi::lua_touserdata(lua, ffi::lua_upvalueindex(3)).cast::<Progress>();
        let mut m = Matcher::new(subject, pattern);
        while progress.at <= subject.len() {
            let at = progress.at;
            match m.match_at(at) {
                Err(error) => raise(lua, error),
                Ok(Some(end)) if end != progress.last => {
                    (progress.at, progress.last) = (end, end);
                    return push_captures(lua, &m, at, end, true);
                }
                Ok(_) => progress.at += 1,
            }
        }
        0
    }
}

pub(super) unsafe extern "C-unwind" fn gsub(lua: *mut lua_State) -> c_int {
    // SAFETY: a C function that owns nothing but a buffer of Lua's, which Lua frees.
    unsafe {
        let subject = check_str(lua, 1);
        let pattern = check_str(lua, 2);
        let kind = ffi::lua_type(lua, 3);
        let usable = [ffi::LUA_TNUMBER, ffi::LUA_TSTRING, ffi::LUA_TTABLE, ffi::LUA_TFUNCTION];
        if !usable.contains(&kind) {
            return ffi::luaL_argerror(lua, 3, c"string/function/table expected".as_ptr());
        }
        let most = ffi::luaL_optinteger(lua, 4, subject.len() as i64 + 1);
        let anchored = pattern.first() == Some(&b'^');
        let mut m = Matcher::new(subject, &pattern[usize::from(anchored)..]);
        let mut buffer = MaybeUninit::<luaL_Buffer>::uninit();
        let buffer = buffer.as_mut_ptr();
        ffi::luaL_buffinit(lua, buffer);
        let (mut at, mut last, mut count, mut changed) = (0, usize::MAX, 0, false);
        while count < most {
            match m.match_at(at) {
                Err(error) => raise(lua, error),
                Ok(Some(end)) if end != last => {
                    count += 1;
                    changed |= add_replacement(lua, buffer, &m, at, end);
                    (at, last) = (end, end);
                }
                Ok(_) if at < subject.len() => {
                    ffi::luaL_addlstring(buffer, subject[at..].as_ptr().cast(), 1);
                    at += 1;
                }
                Ok(_) => break,
            }
            if anchored {
                break;
            }
        }
        if changed {
            ffi::luaL_addlstring(buffer, subject[at..].as_ptr().cast(), subject.len() - at);
            ffi::luaL_pushresult(buffer);
        } else {
            ffi::lua_pushvalue(lua, 1);
        }
        ffi::lua_pushinteger(lua, count);
        2
    }
}

/// Adds what replaces the match; false if the original stays.
unsafe fn add_replacement(
    lua: *mut lua_State,
    buffer: *mut luaL_Buffer,
    m: &Matcher<'_>,
    from: usize,
    to: usize,
) -> bool {
    // SAFETY: as `gsub`.
    unsafe {
        match ffi::lua_type(lua, 3) {
            ffi::LUA_TFUNCTION => {
                ffi::lua_pushvalue(lua, 3);
                let args = push_captures(lua, m, from, to, true);
                ffi::lua_callk(lua, args, 1, 0, None);
            }
            ffi::LUA_TTABLE => {
                push_capture(lua, m, 0, from, to);
                ffi::lua_gettable(lua, 3);
            }
            _ => {
                add_template(lua, buffer, m, from, to);
                return true;
            }
        }
        if ffi::lua_toboolean(lua, -1) == 0 {
            ffi::lua_pop(lua, 1);
            ffi::luaL_addlstring(buffer, m.subject[from..].as_ptr().cast(), to - from);
            return false;
        }
        if ffi::lua_isstring(lua, -1) == 0 {
            let name = ffi::luaL_typename(lua, -1);
            ffi::luaL_error(lua, c"invalid replacement value (a %s)".as_ptr(), name);
        }
        ffi::luaL_addvalue(buffer);
        true
    }
}

/// Adds the replacement string with `%0` to `%9` filled in.
unsafe fn add_template(
    lua: *mut lua_State,
    buffer: *mut luaL_Buffer,
    m: &Matcher<'_>,
    from: usize,
    to: usize,
) {
    // SAFETY: as `gsub`.
    unsafe {
        let template = check_str(lua, 3);
        let mut at = 0;
        while at < template.len() {
            let until = memchr::memchr(b'%', &template[at..]).map_or(template.len(), |n| at + n);
            ffi::luaL_addlstring(buffer, template[at..].as_ptr().cast(), until - at);
            if until == template.len() {
                return;
            }
            match template.get(until + 1) {
                Some(b'%') => ffi::luaL_addlstring(buffer, c"%".as_ptr(), 1),
                Some(b'0') => ffi::luaL_addlstring(buffer, m.subject[from..].as_ptr().cast(), to - from),
                Some(digit @ b'1'..=b'9') => {
                    push_capture(lua, m, usize::from(digit - b'1'), from, to);
                    ffi::luaL_tolstring(lua, -1, std::ptr::null_mut());
                    ffi::lua_rotate(lua, -2, 1);
                    ffi::lua_pop(lua, 1);
                    ffi::luaL_addvalue(buffer);
                }
                _ => {
                    ffi::luaL_error(lua, c"invalid use of '%%' in replacement string".as_ptr());
                }
            }
            at = until + 2;
        }
    }
}
