//! The arithmetic of load: who is spawned when, who waits how long, what runs
//! next, when it is over. Pure: no clock, no I/O, no thread. Called by `run`
//! and by the workers' VUs.

mod choice;
mod dispatch;
mod order;
mod pace;
mod spawn;
mod split;
mod stop;
mod walk;

pub use choice::Weighted;
pub use dispatch::{ClassSpec, Dispatcher};
pub use order::Order;
pub use pace::{Pace, Wait};
pub use spawn::Ramp;
pub use split::Split;
pub use stop::{Ended, Stop};
pub use walk::{Node, Nodes, Step, Walk};
