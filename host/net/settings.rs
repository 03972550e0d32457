//! What a run decides once for all its requests. Made by `run` from the plan,
//! held by `Net`.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::turns::Turns;
use crate::link::Link;

/// Limits and defaults of every request that does not say otherwise.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Bound of the whole request: connecting, redirects, retries and body.
    pub timeout: Duration,
    /// How many redirects one request follows before it fails.
    pub max_redirects: u32,
    /// How often an idempotent request that got no answer is sent again on a
    /// fresh connection. A keep-alive connection that the server closed in the
    /// meantime is not counted.
    pub max_retries: u32,
    /// How connections are made.
    pub link: Arc<Link>,
    /// Where relative paths of client certificates start, and what those that scripts name must lie in.
    pub cert_roots: Vec<PathBuf>,
    /// Connections begun at addresses of `link.sources`, over all workers.
    pub turn: Arc<AtomicUsize>,
    /// The largest response body, in bytes.
    pub max_body: usize,
    /// Bytes that the large bodies of one VU may take together: those under way, and again those that are kept.
    pub max_bodies: usize,
    /// The `Accept-Encoding` header; empty: none is sent.
    pub accept_encoding: String,
    /// The largest response head (status line and headers), in bytes.
    pub max_header: usize,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// Where requests may go; None: anywhere.
    pub allowed: Option<Allowed>,
    /// How many requests a second may be sent, redirects and retries included; None: any number.
    pub turns: Option<Turns>,
    /// Whether the run was refused while it ran, after which nothing more is sent; None where it cannot be.
    pub halted: Option<Arc<AtomicBool>>,
}

impl Settings {
    /// Has every further request of all workers fail.
    pub fn halt(&self) {
        if let Some(halted) = &self.halted {
            halted.store(true, Ordering::Relaxed);
        }
    }

    pub(super) fn is_halted(&self) -> bool {
        self.halted.as_ref().is_some_and(|halted| halted.load(Ordering::Relaxed))
    }
}

/// Tells whether a request may go to a host (an IPv6 address without brackets) and a port. No connection is made
/// to any other, whether a script or a redirect leads there.
#[derive(Clone)]
pub struct Allowed(Arc<Judge>);

type Judge = dyn Fn(&str, u16) -> bool + Send + Sync;

impl Allowed {
    pub fn new(allows: impl Fn(&str, u16) -> bool + Send + Sync + 'static) -> Self {
        Allowed(Arc::new(allows))
    }

    pub(super) fn allows(&self, host: &str, port: u16) -> bool {
        (self.0)(host, port)
    }
}

impl fmt::Debug for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Allowed")
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            timeout: Duration::from_secs(30),
            max_redirects: 30,
            max_retries: 0,
            link: Arc::default(),
            cert_roots: Vec::new(),
            turn: Arc::default(),
            max_body: 64 << 20,
            max_bodies: 64 << 20,
            accept_encoding: String::new(),
            max_header: 64 << 10,
            user_agent: "e2e/0.1".to_owned(),
            allowed: None,
            turns: None,
            halted: None,
        }
    }
}
