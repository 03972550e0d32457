//! A run: the conductor owns the outside world (signals, time, the sinks' events),
//! each worker owns one thread of VUs. They meet only through channels. Called by
//! `app`.

mod conductor;
mod declare;
mod members;
mod message;
mod ratio;
mod routes;
mod setup;
mod ticks;
mod turns;
mod user;
mod worker;

pub use conductor::{Conductor, conduct};
pub use declare::declare;
pub use ratio::Ratio;
pub use setup::{ClassPlan, Setup};
