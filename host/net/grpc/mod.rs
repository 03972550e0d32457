//! gRPC over the project's own connections: HTTP/2 by h2, messages as bytes, what they mean by the
//! descriptors of a [`Schema`]. Knows nothing of scripts or metrics. Called by `api::grpc`.

mod answer;
mod call;
mod channel;
mod details;
mod editions;
mod framing;
mod headers;
mod notice;
mod proto_files;
mod reflection;
mod reflection_wire;
mod schema;
mod shapes;
mod source;
mod status;
mod stream;
mod unseen;

pub use answer::{Answer, Fault};
pub use call::Outgoing;
pub use channel::{Channel, Terms};
pub use details::detail_bytes;
pub use headers::{Metadata, MetadataError, listed as listed_metadata};
pub use schema::{Method, Schema};
pub use shapes::{EnumShape, FieldShape, Kind, Label, MessageShape, Special};
pub use source::{Source, Unread};
pub use status::Status;
pub use stream::{Received, Rpc};

#[cfg(test)]
mod tests;
