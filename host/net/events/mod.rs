//! Server-sent events: the parser of the HTML standard (9.2.6), without I/O, and the answer that
//! it reads. Used by `api::events`.

mod parser;
mod source;

pub use parser::Event;
#[cfg(any(test, fuzzing))]
pub(super) use parser::Parser;
pub use source::{Listening, Source};

#[cfg(test)]
mod tests;
