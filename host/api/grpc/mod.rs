//! `grpc`: calls of gRPC without generated code. Messages are tables, which `encode` and `decode` turn into bytes and
//! back by the server's descriptors.

mod call;
mod call_options;
mod checking;
mod client;
mod decode;
mod encode;
mod maps;
mod module;
mod options;
mod plain;
mod reading;
mod reply;
mod special;
mod stream;
mod stream_object;
#[cfg(test)]
mod tests;
mod times;
mod tracing;
mod writing;

pub(super) use call_options::{CALL_OPTIONS, STREAM_OPTIONS};
pub use client::{CLIENT, check_options};
pub(super) use module::MODULE;
pub(super) use options::{CLIENT_OPTIONS, TLS_OPTIONS};
pub(super) use reply::{REPLY, RPC_ERROR};
pub(super) use stream_object::STREAM;
