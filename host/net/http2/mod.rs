//! HTTP/2 (RFC 9113) by the crate h2: a client's requests to an origin are streams of one connection.
//! Used by `client`, by way of `sharing`, and by `download`.

mod course;
mod driver;
mod explain;
mod fields;
mod flow;
mod session;
mod sessions;
mod wire;

pub(super) use course::exchange;
pub(super) use fields::{request, shown};
pub(super) use flow::Flow;
pub(super) use session::{Room, Session};
pub(super) use sessions::{Claim, Opening, Sessions};
