//! A run: the conductor owns the outside world (signals, time, the sinks' events),
//! each worker owns one thread of VUs. They meet only through channels. Called by
//! `app`.

mod attendant;
mod cast;
mod classes;
mod conductor;
mod control;
mod crew;
mod declare;
mod door;
mod ending;
mod health;
mod judging;
mod linking;
mod members;
mod message;
mod pacer;
mod parts;
mod phases;
mod pressure;
mod pulse;
mod ratio;
mod routes;
mod running;
mod schedule;
mod setup;
mod standing;
mod steering;
mod thresholds;
mod ticks;
mod turns;
mod user;
mod worker;

pub use classes::named_classes;
pub use conductor::{Conductor, conduct};
pub use declare::declare;
pub use ratio::Ratio;
pub use schedule::Schedule;
pub use setup::{ClassPlan, Setup};
