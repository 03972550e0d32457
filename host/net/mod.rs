//! The HTTP client of virtual users: one connection set, one cookie jar and no
//! lock per VU, HTTP/1.1 of our own below, or HTTP/2. It returns timings and knows
//! nothing of metrics. Called by `api::http`; `run` makes one `Net` a worker.

mod account;
mod answer;
mod authorizing;
mod backoff;
mod chain;
mod chunked;
mod client;
mod coding;
mod connection;
mod connector;
mod cookies;
mod crooked;
mod decoding;
mod dial;
mod digest;
mod dns;
mod download;
mod ending;
mod error;
mod events;
mod exchange;
mod framing;
mod grpc;
mod head;
mod http2;
mod identity;
mod intake;
mod message;
mod nameless;
mod open;
mod origin;
mod peer;
mod redirect;
mod request;
mod response;
mod sending;
mod settings;
mod sharing;
mod stream;
mod telling;
mod timing;
mod tls;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod trial;
mod tunnel;
mod turns;
mod upload;
mod verifier;
mod way;
mod websocket;
mod wire;
mod worker;

pub use client::Client;
pub use coding::Coding;
pub use cookies::NewCookie;
pub use download::Download;
pub use error::{Error, ErrorKind};
pub use events::{Event, Listening, Source};
pub use grpc::{
    Answer, Channel, EnumShape, Fault as GrpcFault, FieldShape, Kind as FieldKind, Label, MessageShape,
    Metadata, MetadataError, Method as GrpcMethod, Outgoing, Received, Rpc, Schema, Source as SchemaSource,
    Special, Status, Terms as ChannelTerms, Unread, detail_bytes, listed_metadata,
};
pub use head::Headers;
pub use identity::Identity;
pub use origin::{Base, place};
pub use peer::{Peer, Security};
pub use request::{Auth, Receive, Request, Told, Trace};
pub use response::{Fate, Hop, Response, Sent};
pub use settings::{Allowed, Settings};
pub use timing::Timings;
pub use tls::Tls;
pub use turns::Turns;
pub use upload::{Part, Upload};
pub use websocket::{Handshake, Message, Offer, Outcome, Socket, socket_url};
pub use worker::Net;

#[cfg(test)]
mod tests;
