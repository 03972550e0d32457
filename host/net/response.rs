//! What came back, or why nothing did. Made by `client`, read by `api::http`.

use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Method;

use super::download::Download;
use super::error::Error;
use super::head::{self, Headers};
use super::origin::Origin;
use super::peer::Security;
use super::request::Request;
use super::timing::Timings;

/// The outcome of a request. A failed request is one with `error`; what had
/// arrived until then (status, headers, a part of the body) is kept.
pub struct Response {
    /// 0: no answer.
    pub status: u16,
    /// The answer's head as it came, and how long it is; then the body, decoded.
    pub(super) head: usize,
    pub(super) raw: Vec<u8>,
    pub error: Option<Error>,
    pub timings: Timings,
    /// The whole chain from the call to the last byte: look-up, connecting,
    /// redirects and retries included. What Locust counts.
    pub elapsed: Duration,
    /// When the last byte came, or the request failed.
    pub ended: Instant,
    /// The redirects on the way, oldest first.
    pub history: Vec<Hop>,
    /// The TLS of the connection; None for http.
    pub security: Option<Rc<Security>>,
    /// The request as it was sent at last.
    pub request: Sent,
    /// How often it was sent again because no answer came.
    pub retries: u32,
    /// Bytes of the body that are not kept.
    pub(super) passed: u64,
    /// Where the body is to be read by `Client::read`.
    pub(super) download: Option<Box<Download>>,
    pub(super) body: Fate,
    /// Bytes on the wire, TLS included, of the whole chain.
    pub sent_bytes: u64,
    pub received_bytes: u64,
}

/// Whether the body can be read in whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is here.
    Kept,
    /// It was counted only.
    Discarded,
    /// It is, or was, to be read in chunks.
    Streamed,
    /// It was kept, and has made room for others.
    Released,
}

/// A redirect that was followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    pub status: u16,
    /// The URL that answered with the redirect.
    pub url: String,
    /// The `Location` header.
    pub location: String,
}

/// What was sent, kept as cheaply as possible; texts are made on demand.
pub struct Sent {
    pub method: Method,
    /// In bytes; 0 where it was sent in chunks, without a length.
    pub body_length: u64,
    /// Empty where it was sent piece by piece.
    pub body: Bytes,
    pub is_piecewise: bool,
    pub(super) cookie: Option<String>,
    pub(super) auth: Option<Rc<str>>,
    /// Whether it was sent in HTTP/2.
    pub is_http2: bool,
    /// Whether the server's certificate was checked, if it had to show one.
    pub verify: bool,
    pub(super) place: Place,
    /// `name: value` lines beyond the client's own headers.
    pub(super) extra: String,
}

/// A URL that is rendered only when asked for.
pub(super) enum Place {
    At(Rc<Origin>, Box<str>),
    /// It could not be parsed.
    Raw(String),
}

impl Response {
    /// Of a request whose URL leads nowhere.
    pub(super) fn unsent(request: &Request<'_>, error: Error) -> Self {
        Response {
            status: 0,
            head: 0,
            raw: Vec::new(),
            error: Some(error),
            timings: Timings::default(),
            elapsed: Duration::ZERO,
            ended: Instant::now(),
            history: Vec::new(),
            security: None,
            retries: 0,
            passed: 0,
            download: None,
            body: Fate::Kept,
            request: Sent {
                method: request.method.clone(),
                body_length: request.body.len() as u64,
                body: Bytes::new(),
                is_piecewise: false,
                cookie: None,
                auth: None,
                is_http2: false,
                verify: true,
                place: Place::Raw(request.target.to_owned()),
                extra: String::new(),
            },
            sent_bytes: 0,
            received_bytes: 0,
        }
    }

    /// Whether an answer arrived completely and its status is below 400.
    pub fn is_ok(&self) -> bool {
        self.error.is_none() && (1..400).contains(&self.status)
    }

    /// The words beside the status: the server's, else the standard's.
    pub fn reason(&self) -> String {
        let bytes = self.raw[..self.head].trim_ascii_start();
        let line = bytes.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
        let own = line.splitn(3, |byte| *byte == b' ').nth(2).unwrap_or_default().trim_ascii();
        if own.is_empty() {
            return head::words_of(self.status).to_owned();
        }
        String::from_utf8_lossy(own).chars().take(100).collect()
    }

    /// `1.0`, `1.1` or `2`: which HTTP the answer is in. None where no answer came.
    pub fn version(&self) -> Option<&str> {
        let line = self.raw[..self.head].trim_ascii_start().strip_prefix(b"HTTP/")?;
        std::str::from_utf8(line.split(|byte| *byte == b' ').next()?).ok()
    }

    /// None where no answer came.
    pub fn headers(&self) -> Headers<'_> {
        Headers(&self.raw[..self.head])
    }

    /// As much of the body as arrived, without its content coding; empty where `fate` says that it is not here.
    pub fn body(&self) -> &[u8] {
        &self.raw[self.head..]
    }

    /// Whether `body` is all that arrived of it.
    pub fn fate(&self) -> Fate {
        self.body
    }

    /// Bytes of the body, kept or not. Of one that is not kept: as it came, or (streamed) as it was read.
    pub fn size(&self) -> u64 {
        (self.raw.len() - self.head) as u64 + self.passed
    }

    /// Bytes that this response holds on to, roughly.
    pub fn held(&self) -> usize {
        self.raw.capacity() + self.request.body.len()
    }

    /// Lets go of the bodies; head and size stay.
    pub fn release(&mut self) {
        self.passed = self.size();
        self.raw.truncate(self.head);
        self.raw.shrink_to_fit();
        self.request.body = Bytes::new();
        if self.body == Fate::Kept {
            self.body = Fate::Released;
        }
    }

    /// Whether there is a body to be read by `Client::read`.
    pub fn is_streaming(&self) -> bool {
        self.download.is_some()
    }

    /// What is left of a streamed body, to be read; None once it has ended.
    pub fn take_download(&mut self) -> Option<Box<Download>> {
        self.download.take()
    }

    /// Puts it back, after `read` bytes more of it.
    pub fn put_download(&mut self, download: Box<Download>, read: usize) {
        self.passed += read as u64;
        self.download = Some(download);
    }

    /// The URL that answered last, without credentials.
    pub fn url(&self) -> String {
        self.request.url()
    }
}

impl Sent {
    /// The URL, without credentials.
    pub fn url(&self) -> String {
        match &self.place {
            Place::At(origin, target) => format!("{}{target}", origin.text),
            Place::Raw(text) => text.clone(),
        }
    }

    /// Path and query; empty where the URL could not be parsed.
    pub fn path(&self) -> &str {
        match &self.place {
            Place::At(_, target) => target,
            Place::Raw(_) => "",
        }
    }

    /// The headers that say who sends it.
    pub fn credentials(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let auth = self.auth.as_deref().map(|auth| ("Authorization", auth));
        auth.into_iter().chain(self.cookie.as_deref().map(|cookie| ("Cookie", cookie)))
    }

    /// The headers beyond `host`, `user-agent`, `accept` and `content-length`,
    /// which the client sends with every request.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.extra.lines().filter_map(|line| line.split_once(": "))
    }
}
