//! What the tests lean on. Used by the modules of tests/main.rs.

pub mod hostile;
pub mod lab;
mod request;
pub mod secure;
