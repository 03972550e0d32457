//! A virtual user as the host keeps it: identity, randomness, connections, the
//! responses of its running task; and the fibers that its script runs on. Used by
//! `api` (host functions), `script` (engines) and `run` (which drives it).

mod briefing;
pub mod fiber;
mod hooks;
mod lines;
mod response;
mod rpc;
mod samples;
mod shared;
mod user;

pub use briefing::Briefing;
pub use hooks::{Happened, Hook, Hooks, RequestDone};
pub use lines::{HeldSocket, HeldSource, Line, Lines, MOST_OPEN, Opening, Terms};
pub use response::{Kept, Responses, Verdict};
pub use rpc::{HeldRpc, OwnClient, Reply, RpcClient, RpcTerms, Rpcs, default_failure};
pub use samples::{Role, SCENARIO};
pub use shared::{LogSink, Shared};
pub use user::{Left, Vu};
