//! WebSockets (RFC 6455): the handshake goes over the client's own connections, so
//! that TLS, cookies and limits hold; the frames are tungstenite's. Each open socket
//! has a small task of its own on its worker, which answers pings and keeps what
//! arrives while its VU does something else. Used by `api::websocket`.

mod breach;
mod handshake;
mod pump;
mod socket;
mod state;

pub use handshake::{Handshake, Offer, socket_url};
pub use socket::{Message, Outcome, Socket};

#[cfg(test)]
mod tests;
