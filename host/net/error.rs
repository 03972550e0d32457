//! Why a request failed, as a stable name for programs and a text for people.
//! Made by every file here, read through `Response::error`.

use std::fmt;
use std::io;
use std::time::Duration;

use super::timing::Phase;

/// The stable name of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The script gave a header, a credential or a body that cannot be sent.
    InvalidRequest,
    /// The URL, or a redirect's, cannot be parsed or is not http(s).
    InvalidUrl,
    /// The settings do not allow requests to the host.
    NotAllowed,
    /// The host name has no address.
    Dns,
    /// No connection to any address of the host.
    Connect,
    /// The proxy cannot be reached, or does not connect to the host.
    Proxy,
    /// The TLS handshake failed, or TLS broke later.
    Tls,
    /// The request's time was over.
    Timeout,
    /// The server closed or reset the connection before it answered.
    Closed,
    /// What came back is not HTTP.
    Protocol,
    /// The body ended early, or its content coding is broken.
    Body,
    /// The response's head or body is larger than the settings allow.
    TooLarge,
    /// More redirects than the settings allow.
    TooManyRedirects,
    /// The server answered, but not with what was asked for: no WebSocket, no event stream.
    Handshake,
}

impl ErrorKind {
    /// The name in results and scripts.
    pub fn name(self) -> &'static str {
        match self {
            ErrorKind::InvalidRequest => "invalid_request",
            ErrorKind::InvalidUrl => "invalid_url",
            ErrorKind::NotAllowed => "not_allowed",
            ErrorKind::Dns => "dns",
            ErrorKind::Connect => "connect",
            ErrorKind::Proxy => "proxy",
            ErrorKind::Tls => "tls",
            ErrorKind::Timeout => "timeout",
            ErrorKind::Closed => "closed",
            ErrorKind::Protocol => "protocol",
            ErrorKind::Body => "body",
            ErrorKind::TooLarge => "too_large",
            ErrorKind::TooManyRedirects => "too_many_redirects",
            ErrorKind::Handshake => "handshake",
        }
    }

    /// Whether the same request may fare better on another connection.
    pub(super) fn is_transient(self) -> bool {
        use ErrorKind::{Closed, Connect, Dns, Proxy, Tls};
        matches!(self, Dns | Connect | Proxy | Tls | Closed)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A failed request: lowercase text without a full stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Error {
    pub kind: ErrorKind,
    pub text: String,
}

impl Error {
    pub(super) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Error { kind, text: text.into() }
    }

    /// Before the request was sent, in this phase; None: after it.
    #[cold]
    pub(super) fn timeout_in(limit: Duration, phase: Option<Phase>) -> Self {
        match phase {
            Some(phase) => {
                let text = format!("no answer within {} (timeout {})", Span(limit), phase.words());
                Error::new(ErrorKind::Timeout, text)
            }
            None => Error::timeout(limit, false),
        }
    }

    #[cold]
    pub(super) fn timeout(limit: Duration, head: bool) -> Self {
        let what = if head { "the answer was not complete" } else { "no answer" };
        Error::new(ErrorKind::Timeout, format!("{what} within {} (timeout)", Span(limit)))
    }

    /// From the socket of a connection that stood.
    #[cold]
    pub(super) fn of_io(error: &io::Error) -> Self {
        if error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) {
            return Error::new(ErrorKind::Tls, format!("TLS: {error}"));
        }
        let text = match error.kind() {
            io::ErrorKind::ConnectionReset => "the server reset the connection",
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted | io::ErrorKind::UnexpectedEof => {
                "the server closed the connection before it answered"
            }
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                return Error::new(ErrorKind::Protocol, format!("the answer is not HTTP/1.1: {error}"));
            }
            _ => return Error::new(ErrorKind::Closed, format!("the connection broke: {error}")),
        };
        Error::new(ErrorKind::Closed, text)
    }
}

/// A time limit as people write it: `2 s`, `1.5 s`, `250 ms`.
struct Span(Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < Duration::from_secs(1) {
            write!(f, "{} ms", self.0.as_secs_f64() * 1e3)
        } else {
            write!(f, "{} s", self.0.as_secs_f64())
        }
    }
}
