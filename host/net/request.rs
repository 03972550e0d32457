//! A request as a caller wants it, all borrowed. Made by `api::http`.

use std::time::Duration;

use bytes::Bytes;
use http::Method;

use super::identity::Identity;
use super::origin::Base;
use super::upload::Upload;

/// One request. `Request::new` has the defaults; set what differs.
#[derive(Clone)]
pub struct Request<'a> {
    pub method: Method,
    /// An absolute http(s) URL, or what follows the base.
    pub target: &'a str,
    pub base: Option<&'a Base>,
    /// Appended to the query, percent-encoded as a form is.
    pub params: &'a [(&'a str, &'a str)],
    /// They replace the client's own (`host`, `user-agent`, `accept`, `cookie`);
    /// a name that occurs twice is sent twice.
    pub headers: &'a [(&'a str, &'a str)],
    /// Sent to the first origin beside the jar's; one of the same name goes in its place. They
    /// are not kept.
    pub cookies: &'a [(&'a str, &'a str)],
    pub body: Bytes,
    /// The `Content-Type` that belongs to the body, where no header says other.
    pub content_type: Option<&'a str>,
    /// In place of `body`.
    pub upload: Option<&'a Upload>,
    pub auth: Option<Auth<'a>>,
    /// Of the whole chain; None: the settings'.
    pub timeout: Option<Duration>,
    pub follow_redirects: bool,
    /// None: the settings'.
    pub max_redirects: Option<u32>,
    pub max_retries: Option<u32>,
    /// Of an answer that is kept, in bytes; None: the settings'.
    pub max_body: Option<usize>,
    pub receive: Receive,
    /// Whether certificates are checked; None: the settings'.
    pub verify: Option<bool>,
    /// The client certificate, from `Net::identity`; None: the settings'.
    pub cert: Option<&'a Identity>,
    /// Is told what goes over the wire.
    pub trace: Option<&'a Trace<'a>>,
}

/// What becomes of an answer's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Receive {
    #[default]
    Keep,
    /// It is counted as it comes.
    Discard,
    /// The response is there with its head: `Client::read` reads the body.
    Stream,
}

/// How a request says who sends it. Only the origin that it is made to is told.
#[derive(Clone, Copy)]
pub enum Auth<'a> {
    Basic {
        user: &'a str,
        password: &'a str,
    },
    Bearer(&'a str),
    /// RFC 7616; the first request is refused, and sent again with the answer to what the server asks then.
    Digest {
        user: &'a str,
        password: &'a str,
    },
}

/// Hears of each message of a chain, redirects and retries included.
pub type Trace<'a> = dyn Fn(Told<'_>) + 'a;

/// What goes over the wire.
pub enum Told<'a> {
    /// Head and body of a request; None: the body is sent piece by piece.
    Request { head: &'a [u8], body: Option<&'a [u8]> },
    /// Head and body of an answer (the last one's without its content coding); None: the body is not kept. `missing`:
    /// why not all of it is there.
    Answer { head: &'a [u8], body: Option<&'a [u8]>, missing: Option<&'a str> },
    /// No answer.
    Failure(&'a str),
}

impl<'a> Request<'a> {
    pub fn new(method: Method, target: &'a str) -> Self {
        Request {
            method,
            target,
            base: None,
            params: &[],
            headers: &[],
            cookies: &[],
            body: Bytes::new(),
            content_type: None,
            upload: None,
            auth: None,
            timeout: None,
            follow_redirects: true,
            max_redirects: None,
            max_retries: None,
            max_body: None,
            receive: Receive::Keep,
            verify: None,
            cert: None,
            trace: None,
        }
    }
}
