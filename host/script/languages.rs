//! The languages: which one a file is written in, by its ending. The only place that names the
//! engines. Used by `run` and `app`.

use std::path::{Path, PathBuf};

use crate::fault::Fault;
use crate::vu::fiber;

use super::lua::{self, Lua};
use super::mixed::Mixed;
use super::rhai::{self, Rhai};
use super::{Engine, Program, Suite};

/// A language that scripts are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Lua,
    Rhai,
}

impl Language {
    pub const ALL: [Language; 2] = [Language::Lua, Language::Rhai];

    /// Of a file, by its ending; Lua where it has none of these.
    pub fn of(file: &Path) -> Language {
        let is_its = |language: &Language| file.extension().is_some_and(|ending| ending == language.ending());
        Language::ALL.into_iter().find(is_its).unwrap_or(Language::Lua)
    }

    pub fn ending(self) -> &'static str {
        match self {
            Language::Lua => "lua",
            Language::Rhai => "rhai",
        }
    }

    /// How a user class is written, for help.
    pub fn class_form(self) -> &'static str {
        match self {
            Language::Lua => "local MyUser = HttpUser:extend(\"MyUser\", {})",
            Language::Rhai => "let MyUser = HttpUser.extend(\"MyUser\", #{});",
        }
    }

    /// How a task is written, for help.
    pub fn task_form(self) -> &'static str {
        match self {
            Language::Lua => "MyUser:task(\"name\", function(self) ... end)",
            Language::Rhai => "MyUser.task(\"name\", || { ... });",
        }
    }

    fn engine(self) -> &'static dyn Engine {
        match self {
            Language::Lua => &Lua,
            Language::Rhai => &Rhai,
        }
    }

    /// Why a script of this language finds no module called `name` below `root`, where it finds none.
    pub fn missing_module(self, root: &Path, name: &str) -> Option<Fault> {
        match self {
            Language::Lua => lua::missing_module(root, name),
            Language::Rhai => rhai::missing_module(root, name),
        }
    }

    /// The modules that a script imports in statements of the language, each with its line; Lua has none.
    pub fn imports(self, text: &str) -> Vec<(usize, String)> {
        match self {
            Language::Lua => Vec::new(),
            Language::Rhai => rhai::imports(text),
        }
    }

    /// The file of the module that scripts of this language call `name`, below the script root.
    pub fn module_path(self, name: &str) -> PathBuf {
        match self {
            Language::Lua => format!("{}.lua", name.replace('.', "/")).into(),
            Language::Rhai => format!("{name}.rhai").into(),
        }
    }
}

/// Every language, each script by its ending.
pub struct Languages;

impl Engine for Languages {
    fn compile(&self, suite: &Suite) -> Result<Box<dyn Program>, Vec<Fault>> {
        let (mut parts, mut faults) = (Vec::new(), Vec::new());
        for language in Language::ALL {
            let is_its = |script: &&PathBuf| Language::of(script) == language;
            let scripts: Vec<PathBuf> = suite.scripts.iter().filter(is_its).cloned().collect();
            if scripts.is_empty() {
                continue;
            }
            if language == Language::Rhai {
                fiber::want_stack(rhai::STACK);
            }
            match language.engine().compile(&Suite { scripts, ..suite.clone() }) {
                Ok(program) => parts.push((language, program)),
                Err(found) => faults.extend(found),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        match parts.len() {
            1 => Ok(parts.remove(0).1),
            _ => Ok(Box::new(Mixed::new(parts, suite.owners.clone()))),
        }
    }
}
