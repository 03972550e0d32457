//! One run over many processes, through NATS: who takes part, when it starts, what all carry out, what each has
//! measured, and who merges it. `run` says and hears these things through channels; here they are carried. A stream of
//! JetStream keeps everything that was said, so that whoever takes over hears it from the beginning, and a bucket of
//! keys holds what is agreed once: members, lease, start, verdict. Called by `app`.

mod clock;
mod fault;
mod feed;
mod follow;
mod helm;
mod join;
mod link;
mod post;
mod records;
mod session;
mod tend;
mod view;
mod wire;

pub use follow::{Follower, Following, follow};
pub use records::{Identity, Ruling};
pub use session::{Call, Session, StartRecord};
pub use wire::{pack, unpack};
