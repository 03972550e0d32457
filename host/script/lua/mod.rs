//! Lua 5.4 on its own C API. Why not a wrapper above it: host functions as light
//! closures, memory accounts, JSON without a tree, one stack for fibers (see
//! ARCHITECTURE.md for the figures). Every `unsafe` of the adapter is in here.

mod attributes;
mod bind;
mod builder;
mod class;
mod control;
mod frame;
mod functions;
mod hint;
mod json;
mod json_decode;
mod listeners;
mod manifest;
mod metamethods;
mod methods;
mod nest;
mod pattern;
mod preempt;
mod program;
mod protect;
mod sandbox;
mod shape;
mod state;
mod strings;
mod stubs;
mod tasks;
mod trace;
mod vm;
mod walk;

use crate::fault::Fault;

use super::{Engine, Program, Suite};

pub use program::missing_module;
pub use stubs::{LANGUAGE, stubs};

/// The Lua engine.
pub struct Lua;

impl Engine for Lua {
    fn compile(&self, suite: &Suite) -> Result<Box<dyn Program>, Vec<Fault>> {
        let library = program::Library::compile(suite)?;
        Ok(Box::new(program::LuaProgram(library)))
    }
}
