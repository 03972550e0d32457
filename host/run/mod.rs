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
mod head;
mod health;
mod helm;
mod judging;
mod ledger;
mod linking;
mod members;
mod message;
mod pacer;
mod parcel;
mod parts;
mod phases;
mod pressure;
mod pulse;
mod ratio;
mod roll;
mod routes;
mod running;
mod schedule;
mod setup;
mod standing;
mod steering;
mod thresholds;
mod ticks;
mod together;
mod turns;
mod user;
mod worker;
mod written;

pub use classes::named_classes;
pub use conductor::{Conductor, conduct};
pub use declare::declare;
pub use head::{Head, Merged, News, merge};
pub use parcel::{Begun, End, Felt, Mouth, Outgoing, Parcel, Voice};
pub use ratio::Ratio;
pub use schedule::Schedule;
pub use setup::{ClassPlan, Setup};
pub use together::{Begin, Closing, Opening, Peers};
