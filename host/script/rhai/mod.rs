//! Rhai, the second language: one engine and one syntax tree a worker, a scope and an
//! [`state::State`] of its own for each VU. No `unsafe` in here: where a callback has no context,
//! it finds its VM by what its fiber keeps (see ARCHITECTURE.md).

mod account;
mod amended;
mod attributes;
mod basics;
mod bind;
mod builder;
mod call;
mod caught;
mod class;
mod control;
mod depth;
mod frame;
mod functions;
mod given;
mod globals;
mod guards;
mod hints;
mod import;
mod instance;
mod json;
mod json_decode;
mod kinds;
mod library;
mod limits;
mod listeners;
mod manifest;
mod members;
mod methods;
mod names;
mod nest;
mod pieces;
mod pointers;
mod program;
mod random;
mod shape;
mod sort;
mod state;
mod stubs;
mod tasks;
mod texts;
mod tops;
mod trace;
mod types;
mod value;
mod view;
mod vm;
mod walk;
mod wording;
mod written;

use crate::fault::Fault;

use super::{Engine, Program, Suite};

pub use library::missing_module;
pub use limits::STACK;
pub use names::imports;
pub use stubs::{definitions, language};

/// The Rhai engine.
pub struct Rhai;

impl Engine for Rhai {
    fn compile(&self, suite: &Suite) -> Result<Box<dyn Program>, Vec<Fault>> {
        let library = library::Library::compile(suite)?;
        Ok(Box::new(program::RhaiProgram(library)))
    }
}
