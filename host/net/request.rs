//! A request as a caller wants it, all borrowed. Made by `api::http`.

use std::time::Duration;

use bytes::Bytes;
use http::Method;

use super::identity::Identity;
use super::origin::Base;

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
    /// User and password, sent as `Authorization: Basic`.
    pub basic_auth: Option<(&'a str, &'a str)>,
    /// Of the whole chain; None: the settings'.
    pub timeout: Option<Duration>,
    pub follow_redirects: bool,
    /// Whether certificates are checked; None: the settings'.
    pub verify: Option<bool>,
    /// The client certificate, from `Net::identity`; None: the settings'.
    pub cert: Option<&'a Identity>,
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
            basic_auth: None,
            timeout: None,
            follow_redirects: true,
            verify: None,
            cert: None,
        }
    }
}
