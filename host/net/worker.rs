//! What the clients of one worker thread share without a lock: settings, known
//! origins, looked-up names, buffers. Made by `run`, one a worker.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::dns::Dns;
use super::error::{Error, ErrorKind};
use super::origin::{self, Base, Origin};
use super::settings::Settings;
use super::tls::Tls;
use super::turns::Unused;

/// A script that makes up host names must not fill the memory.
const MOST_BASES: usize = 1024;

/// So many bytes are read at once.
const READ: usize = 64 << 10;

/// So many buffers are kept for further messages, each of at most so many bytes.
const SPARE: (usize, usize) = (64, 32 << 10);

/// The network side of a worker.
pub struct Net {
    pub(super) settings: Settings,
    pub(super) tls: Arc<Tls>,
    pub(super) dns: Dns,
    /// The end of the `Host` line and the headers that follow it in every request.
    pub(super) common: String,
    /// Lent to whoever reads, within one poll.
    pub(super) incoming: RefCell<Box<[u8]>>,
    spare: RefCell<Vec<Vec<u8>>>,
    /// By the text before the path, as scripts write it.
    bases: RefCell<FxHashMap<Box<str>, Rc<Base>>>,
    /// By canonical text.
    origins: RefCell<FxHashMap<Box<str>, Rc<Origin>>>,
    pub(super) unused_turns: Unused,
}

impl Net {
    /// `tls` is shared by the workers, so that certificates are loaded once.
    ///
    /// # Errors
    /// `InvalidRequest` where the user agent is no header value.
    pub fn new(settings: Settings, tls: Arc<Tls>) -> Result<Rc<Net>, Error> {
        let agent = &settings.user_agent;
        if !agent.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            let text = format!("the user agent `{agent}` is no header value");
            return Err(Error::new(ErrorKind::InvalidRequest, text));
        }
        let common = format!("\r\nUser-Agent: {agent}\r\nAccept: */*\r\n");
        Ok(Rc::new(Net {
            settings,
            tls,
            dns: Dns::default(),
            common,
            incoming: RefCell::new(vec![0; READ].into()),
            spare: RefCell::default(),
            bases: RefCell::default(),
            origins: RefCell::default(),
            unused_turns: Unused::default(),
        }))
    }

    /// The settings that this worker's clients follow.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// An empty buffer for a message.
    pub(super) fn buffer(&self) -> Vec<u8> {
        self.spare.borrow_mut().pop().unwrap_or_else(|| Vec::with_capacity(512))
    }

    /// Takes a buffer back that nobody needs any more.
    pub(super) fn give_back(&self, mut buffer: Vec<u8>) {
        let mut spare = self.spare.borrow_mut();
        if spare.len() < SPARE.0 && buffer.capacity() <= SPARE.1 {
            buffer.clear();
            spare.push(buffer);
        }
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
