//! Compiled scripts: their bytecode (of our own making, from source text only),
//! the sources for error messages, and modules as they are required. One a worker.

use std::cell::RefCell;
use std::ffi::{CString, c_int, c_void};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use mlua_sys as ffi;
use mlua_sys::lua_State;
use rustc_hash::FxHashMap;

use crate::exit::Exit;
use crate::fault::{Fault, closest};
use crate::script::sources::{Naming, read, shown};
use crate::script::{Control, Manifest, Program, Suite, Task, Vm};
use crate::vu::Vu;

use super::control::LuaControl;
use super::trace;
use super::vm::LuaVm;

/// The standard library's script side, embedded.
const STANDARD: [(&str, &str); 1] = [("e2e.retry", include_str!("../../../stdlib/lua/e2e/retry.lua"))];

/// Bytecode and the name that its errors carry.
pub(super) struct Code {
    bytes: Vec<u8>,
    chunk: CString,
}

/// What all VMs of a worker share.
pub(super) struct Library {
    root: PathBuf,
    scripts: Vec<Rc<Code>>,
    /// By chunk name: the text, for error messages.
    sources: RefCell<FxHashMap<String, Rc<str>>>,
    modules: RefCell<FxHashMap<String, Rc<Code>>>,
    memory_limit: usize,
}

impl Library {
    pub(super) fn compile(suite: &Suite) -> Result<Rc<Library>, Vec<Fault>> {
        let mut library = Library {
            root: suite.root.clone(),
            scripts: Vec::new(),
            sources: RefCell::default(),
            modules: RefCell::default(),
            memory_limit: suite.memory_limit,
        };
        let mut faults = Vec::new();
        for path in &suite.scripts {
            let compiled = read(path).and_then(|text| library.compile_text(&shown(path), &text));
            match compiled {
                Ok(code) => library.scripts.push(Rc::new(code)),
                Err(fault) => faults.push(fault),
            }
        }
        if faults.is_empty() { Ok(Rc::new(library)) } else { Err(faults) }
    }

    fn compile_text(&self, name: &str, text: &str) -> Result<Code, Fault> {
        // An editor's byte order mark and a `#!` line are no Lua.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        self.sources.borrow_mut().insert(name.to_owned(), text.into());
        let body = if text.starts_with('#') { text.find('\n').map_or("", |end| &text[end..]) } else { text };
        let chunk = CString::new(format!("@{name}"))
            .map_err(|_| Fault::new(Exit::Script, "a script's path holds a zero byte"))?;
        match compile(body, &chunk) {
            Ok(bytes) => Ok(Code { bytes, chunk }),
            Err(message) => Err(trace::fault(self, &message, Vec::new())),
        }
    }

    /// The module that `require(name)` means.
    pub(super) fn module(&self, name: &str) -> Result<Rc<Code>, Fault> {
        if let Some(code) = self.modules.borrow().get(name) {
            return Ok(code.clone());
        }
        if let Some(fault) = missing_module(&self.root, name) {
            return Err(fault);
        }
        let path = module_path(&self.root, name);
        let code = match STANDARD.iter().find(|(known, _)| *known == name && !path.is_file()) {
            Some((name, text)) => {
                self.compile_text(&format!("stdlib/{}.lua", name.replace('.', "/")), text)?
            }
            None => self.compile_text(&shown(&path), &read(&path)?)?,
        };
        let code = Rc::new(code);
        self.modules.borrow_mut().insert(name.to_owned(), code.clone());
        Ok(code)
    }

    /// A chunk's full name (Lua shortens long ones) and the text of its line.
    pub(super) fn source_line(&self, file: &str, line: usize) -> (String, Option<String>) {
        let sources = self.sources.borrow();
        let tail = file.strip_prefix("...");
        let found = sources.iter().find(|(name, _)| match tail {
            Some(tail) => name.ends_with(tail),
            None => name.as_str() == file,
        });
        match found {
            Some((name, text)) => (name.clone(), text.lines().nth(line.saturating_sub(1)).map(str::to_owned)),
            None => (file.to_owned(), None),
        }
    }

    pub(super) fn scripts(&self) -> &[Rc<Code>] {
        &self.scripts
    }

    pub(super) fn memory_limit(&self) -> usize {
        self.memory_limit
    }
}

fn module_path(root: &Path, name: &str) -> PathBuf {
    root.join(name.replace('.', "/")).with_extension("lua")
}

/// Why `require(name)` finds nothing below `root`, where it finds nothing.
pub fn missing_module(root: &Path, name: &str) -> Option<Fault> {
    let valid = |part: &str| !part.is_empty() && !part.contains(['/', '\\', '\0']);
    if !name.split('.').all(valid) {
        let fault = Fault::new(Exit::Script, format!("`{name}` is not a module's name"));
        let help = "write folders with dots, as `utils.client`; nothing above the script root is seen";
        return Some(fault.help(help));
    }
    let path = module_path(root, name);
    if path.is_file() || STANDARD.iter().any(|(known, _)| *known == name) {
        return None;
    }
    let mut known: Vec<String> = STANDARD.iter().map(|(name, _)| (*name).to_owned()).collect();
    Naming { ending: "lua", joint: '.' }.list(root, "", 0, &mut known);
    let what = format!("module `{name}` not found: there is no {}", shown(&path));
    let fault = Fault::new(Exit::Script, what);
    Some(match closest(name, known.iter().map(String::as_str)) {
        Some(best) => fault.help(format!("did you mean `{best}`?")),
        None => fault,
    })
}

/// Source text to bytecode, in a state made for it.
fn compile(text: &str, chunk: &CString) -> Result<Vec<u8>, String> {
    // SAFETY: the state lives in this function; compiling is a protected call inside Lua.
    unsafe {
        let lua = ffi::luaL_newstate();
        if lua.is_null() {
            return Err("out of memory".into());
        }
        let status =
            ffi::luaL_loadbufferx(lua, text.as_ptr().cast(), text.len(), chunk.as_ptr(), c"t".as_ptr());
        let result = if status == ffi::LUA_OK {
            let mut bytes: Vec<u8> = Vec::new();
            ffi::lua_dump(lua, write, (&raw mut bytes).cast(), 0);
            Ok(bytes)
        } else {
            Err(String::from_utf8_lossy(super::state::str_at(lua, -1)).into_owned())
        };
        ffi::lua_close(lua);
        result
    }
}

unsafe extern "C-unwind" fn write(
    _: *mut lua_State,
    data: *const c_void,
    size: usize,
    into: *mut c_void,
) -> c_int {
    // SAFETY: `lua_dump` passes what `compile` gave it.
    unsafe { (*into.cast::<Vec<u8>>()).extend_from_slice(std::slice::from_raw_parts(data.cast(), size)) };
    0
}

/// Pushes the function of a chunk.
///
/// # Safety
/// From within a relaxed account.
pub(super) unsafe fn load(lua: *mut lua_State, code: &Code) -> Result<(), String> {
    // SAFETY: the bytecode is what `compile` made; loading is a protected call inside Lua.
    unsafe {
        let (bytes, chunk) = (code.bytes.as_ptr().cast(), code.chunk.as_ptr());
        if ffi::luaL_loadbufferx(lua, bytes, code.bytes.len(), chunk, c"b".as_ptr()) == ffi::LUA_OK {
            return Ok(());
        }
        Err(trace::message(lua))
    }
}

/// The Lua side of [`Program`].
pub(super) struct LuaProgram(pub(super) Rc<Library>);

impl Program for LuaProgram {
    fn declare(&self, vu: Rc<Vu>) -> Result<Manifest, Vec<Fault>> {
        let options = vu.shared.clone();
        let vm = LuaVm::load(vu.clone(), self.0.clone()).map_err(|fault| vec![fault])?;
        let (classes, shapes) = match (vm.classes(), vm.shapes()) {
            (Ok(classes), Ok(shapes)) => (classes, shapes),
            (classes, shapes) => {
                return Err(classes.err().into_iter().flatten().chain(shapes.err()).collect());
            }
        };
        Ok(Manifest {
            classes,
            options: options.options.borrow().clone(),
            shapes,
            functions: vm.functions(),
            hooks: vu.hooks.get(),
            ..Manifest::default()
        })
    }

    fn control(&self, vu: Rc<Vu>, shape: Option<&str>) -> Result<Box<dyn Control>, Fault> {
        let vm = LuaVm::load(vu, self.0.clone())?;
        Ok(Box::new(LuaControl::new(vm, shape)?))
    }

    fn spawn(&self, vu: Rc<Vu>, class: &str, tasks: &[Task]) -> Result<Box<dyn Vm>, Fault> {
        let mut vm = LuaVm::load(vu, self.0.clone())?;
        vm.become_user(class, tasks)?;
        Ok(Box::new(vm))
    }
}
