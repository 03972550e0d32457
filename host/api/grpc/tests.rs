//! Messages both ways: between values of a script and bytes, compared with protobuf's own JSON mapping as
//! prost-reflect has it.
#![allow(clippy::unwrap_used)]

mod made_up;
mod mapping;
mod refusals;
mod stage;
