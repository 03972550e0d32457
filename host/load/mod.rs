//! The arithmetic of load: who is spawned when, who waits how long, what runs
//! next, when it is over. Pure: no clock, no I/O, no thread. Called by `run`
//! and by the workers' VUs.

mod choice;
mod curve;
mod dispatch;
mod mix;
mod order;
mod pace;
mod roster;
mod scenario;
mod segment;
mod spawn;
mod split;
mod stages;
mod stop;
mod target;
mod walk;

pub use choice::Weighted;
pub use curve::Curve;
pub use dispatch::{ClassSpec, Dispatcher, Slot};
pub use order::Order;
pub use pace::{Pace, Wait};
pub use roster::{Change, Roster};
pub use scenario::{Iterations, Pacing};
pub use segment::Segment;
pub use spawn::Ramp;
pub use split::Split;
pub use stages::{Stage, Stages};
pub use stop::{Ended, Stop};
pub use target::{Aim, Target};
pub use walk::{Node, Nodes, Step, Walk};
