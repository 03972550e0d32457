//! The documents service: a small, fast, in-memory target for the README, the
//! tests and the benchmarks. Started by `app` (`e2e demo`), by `run`
//! (`target: demo`) and by tests.

mod changes;
mod echo;
mod events;
mod faults;
mod grpc;
mod http;
#[cfg(test)]
mod probe;
mod server;
mod store;
mod transfers;
mod wire;

pub use faults::Faults;
pub use server::{Demo, run_foreground};
