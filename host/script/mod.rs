//! Scripts: what an engine must do, what a script declares, and the adapters.
//! The engines are named in `languages` alone. Used by `run` and `app`.

pub mod attributes;
mod chain;
mod engine;
mod hint;
mod languages;
pub mod lua;
mod manifest;
mod message;
mod mixed;
pub mod rhai;
mod sources;
pub mod stubs;

pub use engine::{Control, Engine, Entry, Outcome, Program, Suite, Vm};
pub use languages::{Language, Languages};
pub use manifest::{Class, Function, Manifest, Set, SetKind, Shape, ShapeForm, Target, Task, WaitTime};
