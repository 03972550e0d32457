//! What a script sees: the basic library less what could escape, the other
//! libraries and the script API on first use, `require` and `print`. Used by `vm`.

use std::ffi::c_int;

use mlua_sys as ffi;
use mlua_sys::lua_State;

use crate::api;

use super::bind::{self, HostData};
use super::state::{State, context, guarded, push_str, raw_field, set_raw_field, str_at};
use super::{class, protect};

/// Lua's own libraries that scripts get.
const LIBRARIES: [(&str, ffi::lua_CFunction); 5] = [
    ("string", ffi::luaopen_string),
    ("table", ffi::luaopen_table),
    ("math", ffi::luaopen_math),
    ("utf8", ffi::luaopen_utf8),
    ("coroutine", ffi::luaopen_coroutine),
];

/// Registry keys by address: the table of API globals, and loaded modules.
static API: u8 = 0;
static LOADED: u8 = 0;

/// Every global name that a script can use, for suggestions.
pub(super) fn global_names() -> impl Iterator<Item = &'static str> + Clone {
    let basic = [
        "assert",
        "error",
        "getmetatable",
        "ipairs",
        "next",
        "pairs",
        "pcall",
        "print",
        "rawequal",
        "rawget",
        "rawlen",
        "rawset",
        "require",
        "select",
        "setmetatable",
        "tonumber",
        "tostring",
        "type",
        "xpcall",
    ];
    basic
        .into_iter()
        .chain(LIBRARIES.iter().map(|(name, _)| *name))
        .chain(class::BASES)
        .chain(api::MODULES.iter().filter(|module| !module.name.is_empty()).map(|module| module.name))
        .chain(
            api::MODULES
                .iter()
                .filter(|module| module.name.is_empty())
                .flat_map(|module| module.functions.iter().map(|function| function.name)),
        )
}

/// Opens the sandbox in a new state.
pub(super) fn open(state: &State) {
    let lua = state.lua();
    // SAFETY: a new state with its account relaxed by the caller: nothing raises.
    unsafe {
        ffi::lua_pushcfunction(lua, ffi::luaopen_base);
        ffi::lua_callk(lua, 0, 1, 0, None);
        protect::install_base(lua);
        ffi::lua_pushcfunction(lua, print);
        set_raw_field(lua, -2, "print");
        ffi::lua_pushcfunction(lua, require);
        set_raw_field(lua, -2, "require");

        // Globals not found in `_G` are looked for in the API table, which fills on first use.
        ffi::lua_createtable(lua, 0, 2);
        ffi::lua_createtable(lua, 0, 8);
        ffi::lua_pushvalue(lua, -1);
        ffi::lua_rawsetp(lua, ffi::LUA_REGISTRYINDEX, (&raw const API).cast());
        ffi::lua_createtable(lua, 0, 1);
        ffi::lua_pushcfunction(lua, find_global);
        set_raw_field(lua, -2, "__index");
        ffi::lua_setmetatable(lua, -2);
        set_raw_field(lua, -2, "__index");
        ffi::lua_pushcfunction(lua, set_global);
        set_raw_field(lua, -2, "__newindex");
        ffi::lua_pushboolean(lua, 0);
        set_raw_field(lua, -2, "__metatable");
        ffi::lua_setmetatable(lua, -2);
        ffi::lua_pop(lua, 1);

        // `("x"):upper()` and `"1" + 1` open the string library on first use, too.
        push_str(lua, "");
        ffi::lua_createtable(lua, 0, 9);
        ffi::lua_pushcfunction(lua, string_method);
        set_raw_field(lua, -2, "__index");
        let arithmetic: [ffi::lua_CFunction; 8] = [
            string_event::<0>,
            string_event::<1>,
            string_event::<2>,
            string_event::<3>,
            string_event::<4>,
            string_event::<5>,
            string_event::<6>,
            string_event::<7>,
        ];
        for (name, event) in STRING_EVENTS.iter().zip(arithmetic) {
            ffi::lua_pushcfunction(lua, event);
            set_raw_field(lua, -2, name);
        }
        ffi::lua_setmetatable(lua, -2);
        ffi::lua_pop(lua, 1);
    }
}

/// Opens the library at `index` of `LIBRARIES`, makes it a global, and pushes it.
unsafe fn open_library(lua: *mut lua_State, (name, open): (&str, ffi::lua_CFunction)) {
    // SAFETY: from within a relaxed account.
    unsafe {
        ffi::lua_pushcfunction(lua, open);
        ffi::lua_callk(lua, 0, 1, 0, None);
        protect::install_library(lua, name);
        if name == "math" {
            seed(lua);
        }
        ffi::lua_rawgeti(lua, ffi::LUA_REGISTRYINDEX, ffi::LUA_RIDX_GLOBALS);
        ffi::lua_pushvalue(lua, -2);
        set_raw_field(lua, -2, name);
        ffi::lua_pop(lua, 1);
    }
}

/// Seeds `math.random` from the run's seed and the VU's number; the library is on top.
unsafe fn seed(lua: *mut lua_State) {
    // SAFETY: as `open_library`.
    unsafe {
        let (high, low) = context(lua).vu.script_seed();
        raw_field(lua, -1, "randomseed");
        ffi::lua_pushinteger(lua, high);
        ffi::lua_pushinteger(lua, low);
        ffi::lua_callk(lua, 2, 0, 0, None);
    }
}

unsafe extern "C-unwind" fn find_global(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua with the API table and a key.
    unsafe {
        guarded(lua, |lua| {
            let name = str_at(lua, 2);
            if let Some(library) = LIBRARIES.iter().find(|(library, _)| library.as_bytes() == name) {
                open_library(lua, *library);
                return Ok(1);
            }
            if !push_api(lua, name) {
                return Ok(0);
            }
            ffi::lua_pushvalue(lua, 2);
            ffi::lua_pushvalue(lua, -2);
            ffi::lua_rawset(lua, 1);
            Ok(1)
        })
    }
}

/// Pushes the API global called `name`, if there is one.
unsafe fn push_api(lua: *mut lua_State, name: &[u8]) -> bool {
    // SAFETY: as `open_library`.
    unsafe {
        if class::push_base(lua, name) {
            return true;
        }
        for module in api::MODULES {
            if module.name.is_empty() {
                if let Some(function) =
                    module.functions.iter().find(|function| function.name.as_bytes() == name)
                {
                    bind::push_function(lua, function);
                    return true;
                }
            } else if module.name.as_bytes() == name {
                match module.value {
                    Some(value) => bind::push_made(lua, value),
                    None => bind::push_data(lua, HostData::Module(module)),
                }
                if module.name == "http" {
                    context(lua).http.set(ffi::lua_topointer(lua, -1));
                }
                return true;
            }
        }
        false
    }
}

/// Pushes an API global, from the cache if it was used before.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn push_api_cached(lua: *mut lua_State, name: &str) {
    // SAFETY: as the caller promised.
    unsafe {
        ffi::lua_rawgetp(lua, ffi::LUA_REGISTRYINDEX, (&raw const API).cast());
        if raw_field(lua, -1, name) == ffi::LUA_TNIL {
            ffi::lua_pop(lua, 1);
            if push_api(lua, name.as_bytes()) {
                ffi::lua_pushvalue(lua, -1);
                set_raw_field(lua, -3, name);
            } else {
                ffi::lua_pushnil(lua);
            }
        }
        ffi::lua_rotate(lua, -2, 1);
        ffi::lua_pop(lua, 1);
    }
}

/// Globals of the script's own are welcome; those of the API are read-only.
unsafe extern "C-unwind" fn set_global(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua with `_G`, a key and a value.
    unsafe {
        guarded(lua, |lua| {
            let name = str_at(lua, 2);
            let known = api::MODULES.iter().any(|module| {
                (!module.name.is_empty() && module.name.as_bytes() == name)
                    || (module.name.is_empty() && module.functions.iter().any(|f| f.name.as_bytes() == name))
            });
            if known || class::BASES.iter().any(|base| base.as_bytes() == name) {
                return bind::refuse(
                    lua,
                    format!("cannot set `{}`: it is read-only", String::from_utf8_lossy(name)),
                );
            }
            ffi::lua_rawset(lua, 1);
            Ok(0)
        })
    }
}

unsafe extern "C-unwind" fn string_method(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua with a string and a key. Opening the library gives strings their
    // final metatable.
    unsafe {
        guarded(lua, |lua| {
            open_library(lua, LIBRARIES[0]);
            ffi::lua_pushvalue(lua, 2);
            ffi::lua_rawget(lua, -2);
            Ok(1)
        })
    }
}

/// What the string library defines for strings that are numbers.
const STRING_EVENTS: [&str; 8] = ["__add", "__sub", "__mul", "__div", "__mod", "__pow", "__unm", "__idiv"];

/// `STRING_EVENTS[EVENT]` until the library is open; it goes on as the library's own.
unsafe extern "C-unwind" fn string_event<const EVENT: usize>(lua: *mut lua_State) -> c_int {
    // SAFETY: called by Lua with both operands; owns nothing where the library may raise.
    unsafe {
        guarded(lua, |lua| {
            open_library(lua, LIBRARIES[0]);
            push_str(lua, "");
            ffi::lua_getmetatable(lua, -1);
            raw_field(lua, -1, STRING_EVENTS[EVENT]);
            Ok(1)
        });
        let event = ffi::lua_tocfunction(lua, -1);
        ffi::lua_settop(lua, 2);
        match event {
            Some(event) => event(lua),
            None => 0,
        }
    }
}

unsafe extern "C-unwind" fn print(lua: *mut lua_State) -> c_int {
    // SAFETY: a C function that owns nothing where `luaL_tolstring` may raise.
    unsafe {
        let count = ffi::lua_gettop(lua);
        ffi::luaL_checkstack(lua, 2 * count + 2, std::ptr::null());
        ffi::lua_pushstring(lua, c"".as_ptr());
        for index in 1..=count {
            if index > 1 {
                ffi::lua_pushstring(lua, c"\t".as_ptr());
            }
            ffi::luaL_tolstring(lua, index, std::ptr::null_mut());
        }
        ffi::lua_concat(lua, ffi::lua_gettop(lua) - count);
        guarded(lua, |lua| {
            let text = String::from_utf8_lossy(str_at(lua, -1)).into_owned();
            context(lua).vu.print(text);
            Ok(0)
        })
    }
}

/// `require("utils.client")`: below the script root, then the standard library; run once a VM.
unsafe extern "C-unwind" fn require(lua: *mut lua_State) -> c_int {
    // SAFETY: a C function that owns nothing while the module runs.
    unsafe {
        ffi::luaL_checktype(lua, 1, ffi::LUA_TSTRING);
        ffi::lua_settop(lua, 1);
        let found = guarded(lua, |lua| {
            if ffi::lua_rawgetp(lua, ffi::LUA_REGISTRYINDEX, (&raw const LOADED).cast()) == ffi::LUA_TNIL {
                ffi::lua_pop(lua, 1);
                ffi::lua_createtable(lua, 0, 1);
                ffi::lua_pushvalue(lua, -1);
                ffi::lua_rawsetp(lua, ffi::LUA_REGISTRYINDEX, (&raw const LOADED).cast());
            }
            ffi::lua_pushvalue(lua, 1);
            match ffi::lua_rawget(lua, 2) {
                ffi::LUA_TNIL => {}
                // Marked with a light pointer while it is being loaded.
                ffi::LUA_TLIGHTUSERDATA => {
                    let name = String::from_utf8_lossy(str_at(lua, 1)).into_owned();
                    return bind::refuse(lua, format!("module `{name}` requires itself"));
                }
                _ => return Ok(1),
            }
            ffi::lua_settop(lua, 2);
            let name = String::from_utf8_lossy(str_at(lua, 1)).into_owned();
            let library = context(lua).library.clone();
            match library.module(&name) {
                Ok(code) => {
                    if let Err(why) = super::program::load(lua, &code) {
                        return bind::refuse(lua, why);
                    }
                    ffi::lua_pushvalue(lua, 1);
                    ffi::lua_pushlightuserdata(lua, (&raw const LOADED).cast_mut().cast());
                    ffi::lua_rawset(lua, 2);
                    Ok(0)
                }
                Err(fault) => {
                    let place = fault.at.as_ref().map(|at| format!("{}:{}: ", at.file, at.line));
                    let help = fault.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
                    push_str(
                        lua,
                        format!(
                            "{}{}{help}",
                            place.unwrap_or_else(|| super::trace::position(lua, 1) + ": "),
                            fault.what
                        ),
                    );
                    Err(())
                }
            }
        });
        if found == 1 {
            return 1;
        }
        // Stack: name, loaded, message handler, function, name.
        ffi::lua_pushcfunction(lua, super::trace::on_error);
        ffi::lua_rotate(lua, 3, 1);
        ffi::lua_pushvalue(lua, 1);
        let status = ffi::lua_pcallk(lua, 1, 1, 3, 0, None);
        if status != ffi::LUA_OK {
            ffi::lua_pushvalue(lua, 1);
            ffi::lua_pushnil(lua);
            ffi::lua_rawset(lua, 2);
            ffi::lua_error(lua);
        }
        if ffi::lua_type(lua, -1) == ffi::LUA_TNIL {
            ffi::lua_pop(lua, 1);
            ffi::lua_pushboolean(lua, 1);
        }
        ffi::lua_pushvalue(lua, 1);
        ffi::lua_pushvalue(lua, -2);
        ffi::lua_rawset(lua, 2);
        1
    }
}
