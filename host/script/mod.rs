//! Scripts: what an engine must do, what a script declares, and the adapters.
//! Lua is named only below `lua`. Used by `run` and `app`.

mod engine;
pub mod lua;
mod manifest;
pub mod stubs;

pub use engine::{Control, Engine, Entry, Outcome, Program, Suite, Vm};
pub use manifest::{Class, Manifest, Set, SetKind, Shape, ShapeForm, Target, Task, WaitTime};
