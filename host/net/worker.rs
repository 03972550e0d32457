//! What the clients of one worker thread share without a lock: settings, known
//! origins, looked-up names, hyper's builder. Made by `run`, one a worker.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use http::HeaderValue;
use hyper::client::conn::http1;
use rustc_hash::FxHashMap;

use super::dns::Dns;
use super::error::{Error, ErrorKind};
use super::origin::{self, Base, Origin};
use super::settings::Settings;
use super::tls::Tls;

/// A script that makes up host names must not fill the memory.
const MOST_BASES: usize = 1024;

/// hyper's read and write buffers stop growing here; a head must fit in.
const LEAST_BUFFER: usize = 8 << 10;

/// The network side of a worker.
pub struct Net {
    pub(super) settings: Settings,
    pub(super) tls: Arc<Tls>,
    pub(super) dns: Dns,
    pub(super) builder: http1::Builder,
    pub(super) user_agent: HeaderValue,
    /// By the text before the path, as scripts write it.
    bases: RefCell<FxHashMap<Box<str>, Rc<Base>>>,
    /// By canonical text.
    origins: RefCell<FxHashMap<Box<str>, Rc<Origin>>>,
}

impl Net {
    /// `tls` is shared by the workers, so that certificates are loaded once.
    ///
    /// # Errors
    /// `InvalidRequest` where the user agent is no header value.
    pub fn new(settings: Settings, tls: Arc<Tls>) -> Result<Rc<Net>, Error> {
        let user_agent = origin::value(settings.user_agent.clone()).map_err(|_| {
            let text = format!("the user agent `{}` is no header value", settings.user_agent);
            Error::new(ErrorKind::InvalidRequest, text)
        })?;
        let mut builder = http1::Builder::new();
        builder.max_buf_size(settings.max_header.max(LEAST_BUFFER));
        builder.max_header_size(settings.max_header);
        Ok(Rc::new(Net {
            settings,
            tls,
            dns: Dns::default(),
            builder,
            user_agent,
            bases: RefCell::default(),
            origins: RefCell::default(),
        }))
    }

    /// The settings that this worker's clients follow.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Parses a base URL, once for all VUs that use it. Every origin that is asked passes here.
    ///
    /// # Errors
    /// `InvalidUrl`, `NotAllowed`.
    pub fn base(&self, text: &str) -> Result<Rc<Base>, Error> {
        if let Some(base) = self.bases.borrow().get(text) {
            return Ok(base.clone());
        }
        let parsed = origin::parse(text)?;
        let place = &parsed.origin;
        if self.settings.allowed.as_ref().is_some_and(|allowed| !allowed.allows(&place.host, place.port)) {
            let text =
                format!("requests to {}:{} are not allowed in this environment", place.host, place.port);
            return Err(Error::new(ErrorKind::NotAllowed, text));
        }
        let mut origins = self.origins.borrow_mut();
        let mut bases = self.bases.borrow_mut();
        if bases.len() >= MOST_BASES {
            bases.clear();
            // Live connections keep theirs; a later twin only costs a connection.
            origins.clear();
        }
        let origin = match origins.get(&parsed.origin.text) {
            Some(known) => known.clone(),
            None => {
                let text = parsed.origin.text.clone();
                origins.entry(text).or_insert(Rc::new(parsed.origin)).clone()
            }
        };
        let base = Rc::new(Base { origin, prefix: parsed.prefix, auth: parsed.auth });
        bases.insert(text.into(), base.clone());
        Ok(base)
    }
}
