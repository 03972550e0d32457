//! Describes the script API for people and editors, from the tables that engines
//! bind from: signatures taken apart, the user classes, the reference page. Each
//! engine writes its own editor stubs (`lua::stubs`). Called by the tests below,
//! which keep the committed files equal to the code (`make stubs` writes them).

mod classes;
mod reference;
mod signature;

pub use classes::{ATTRIBUTES, CLASSES, ClassType, Method, SET_ATTRIBUTES, SHAPE_ATTRIBUTES, TASK_OPTIONS};
pub use reference::reference;
pub use signature::{Param, Signature};

#[cfg(test)]
mod tests;
