//! Calls against servers that are made here of h2: one that behaves as told, with and without TLS.
#![allow(clippy::unwrap_used)]

mod calls;
mod lives;
mod secure;
mod server;
mod streams;
