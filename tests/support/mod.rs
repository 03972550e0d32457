//! What the tests lean on. Used by the modules of tests/main.rs.

pub mod browser;
pub mod cluster;
pub mod counter;
pub mod hostile;
pub mod lab;
pub mod page;
pub mod project;
pub mod relay;
mod request;
pub mod results;
pub mod rpc;
pub mod secure;
pub mod site;
pub mod yaml;
