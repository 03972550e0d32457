//! What the clients of one worker thread share without a lock: settings, known
//! origins, looked-up names, buffers. Made by `run`, one a worker.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use rustls::ClientConfig;

use super::connector::Guise;
use super::digest;
use super::dns::Dns;
use super::error::{Error, ErrorKind};
use super::grpc::{Channel, Terms};
use super::identity::Identity;
use super::origin::{self, Base, Origin};
use super::response::Response;
use super::settings::Settings;
use super::tls::Tls;
use super::turns::Unused;
use super::way::Way;
use crate::link::Http2;

/// A script that makes up host names must not fill the memory.
const MOST_BASES: usize = 1024;

/// Of servers, remembered so that connections share them.
const MOST_CERTIFICATES: usize = 32;

/// So many bytes are read at once.
const READ: usize = 64 << 10;

/// So many buffers are kept for further messages, each of at most so many bytes.
const SPARE: (usize, usize) = (64, 32 << 10);

/// A client certificate as a script names it: its file and that of its key.
type Names = (Box<str>, Box<str>);

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
    /// TLS, by the number of the guise, and whether HTTP/1.1 is all that is offered.
    configs: RefCell<FxHashMap<(u32, Http2), Arc<ClientConfig>>>,
    /// Client certificates, as scripts name them.
    identities: RefCell<FxHashMap<Names, Arc<Identity>>>,
    /// Those that servers showed last, each once.
    certificates: RefCell<Vec<Rc<[u8]>>>,
    /// By the text before the path, as scripts write it.
    bases: RefCell<FxHashMap<Box<str>, Rc<Base>>>,
    /// By canonical text.
    origins: RefCell<FxHashMap<Box<str>, Rc<Origin>>>,
    /// Those of gRPC that VUs share.
    channels: RefCell<Vec<Rc<Channel>>>,
    pub(super) unused_turns: Unused,
    /// Origins whose authentication nobody here can answer, each told once.
    unanswered: RefCell<FxHashSet<Rc<str>>>,
    /// See [`Net::take_exhausted`].
    pub(super) exhausted: Cell<u64>,
}

impl Net {
    /// `tls` is shared by the workers, so that certificates are loaded once.
    ///
    /// # Errors
    /// `InvalidRequest` where the user agent is no header value.
    pub fn new(settings: Settings, tls: Arc<Tls>) -> Result<Rc<Net>, Error> {
        let agent = &settings.user_agent;
        for text in [agent, &settings.accept_encoding] {
            if !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
                let text = format!("`{text}` is no header value");
                return Err(Error::new(ErrorKind::InvalidRequest, text));
            }
        }
        let mut common = format!("\r\nUser-Agent: {agent}\r\nAccept: */*\r\n");
        if !settings.accept_encoding.is_empty() {
            common.push_str(&format!("Accept-Encoding: {}\r\n", settings.accept_encoding));
        }
        Ok(Rc::new(Net {
            tls,
            dns: Dns::new(settings.link.lookup),
            configs: RefCell::default(),
            identities: RefCell::default(),
            certificates: RefCell::default(),
            settings,
            common,
            incoming: RefCell::new(vec![0; READ].into()),
            spare: RefCell::default(),
            bases: RefCell::default(),
            origins: RefCell::default(),
            channels: RefCell::default(),
            unused_turns: Unused::default(),
            unanswered: RefCell::default(),
            exhausted: Cell::new(0),
        }))
    }

    /// What the server of an answer to a request with digest authentication offers in place of what this client can
    /// give; told once an origin.
    #[cold]
    pub fn unanswerable(&self, response: &Response) -> Option<String> {
        let offers = digest::unanswerable(response.headers())?;
        let url = response.url();
        let origin = &url[..url.match_indices('/').nth(2).map_or(url.len(), |(at, _)| at)];
        let is_new = self.unanswered.borrow_mut().insert(origin.into());
        is_new.then(|| {
            format!(
                "{origin} asks for authentication that e2e cannot give: it offers {offers}; digest is answered with \
                 MD5, SHA-256 or SHA-512-256 and qop=auth"
            )
        })
    }

    /// The settings that this worker's clients follow.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// How many connections failed since the last time because this machine had no room for them: no
    /// file, no port, no memory.
    pub fn take_exhausted(&self) -> u64 {
        self.exhausted.take()
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
        let mut parsed = origin::parse(text)?;
        parsed.origin.way = Way::find(&self.settings.link, &parsed.origin);
        self.check(&parsed.origin)?;
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

    /// A way to a server of gRPC: a new one, or the one that this worker has for equal terms.
    ///
    /// # Errors
    /// `InvalidUrl`, `NotAllowed`, `InvalidRequest`.
    pub fn channel(self: &Rc<Net>, terms: Terms, is_shared: bool) -> Result<Rc<Channel>, Error> {
        let known = self.channels.borrow().iter().find(|known| is_shared && *known.terms() == terms).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let base = self.base(&terms.url)?;
        let channel = Channel::new(self, &base, terms)?;
        if is_shared {
            self.channels.borrow_mut().push(channel.clone());
        }
        Ok(channel)
    }

    /// Both the host that a URL names and the address that an override puts in its place must be allowed.
    fn check(&self, place: &Origin) -> Result<(), Error> {
        let Some(allowed) = &self.settings.allowed else { return Ok(()) };
        let refuse = |host: &str, port: u16| {
            let text = format!("requests to {host}:{port} are not allowed in this environment");
            Err(Error::new(ErrorKind::NotAllowed, text))
        };
        if !allowed.allows(&place.host, place.port) {
            return refuse(&place.host, place.port);
        }
        match self.settings.link.hosts.find(&place.host, place.port) {
            Some(at) if !allowed.allows(&at.ip().to_string(), at.port()) => {
                refuse(&at.ip().to_string(), at.port())
            }
            _ => Ok(()),
        }
    }

    /// The TLS of a guise, made once.
    ///
    /// # Errors
    /// `Tls`.
    pub(super) fn tls_config(&self, guise: Guise<'_>) -> Result<Arc<ClientConfig>, Error> {
        let mut configs = self.configs.borrow_mut();
        let mode = guise.mode(&self.settings.link);
        let key = (guise.number(), mode);
        if let Some(config) = configs.get(&key) {
            return Ok(config.clone());
        }
        // What differs only in what it speaks has the same sessions.
        let other =
            configs.iter().find(|((number, _), _)| *number == key.0).map(|(_, config)| config.clone());
        let config = match other {
            Some(other) => Tls::offering(&other, mode),
            None => Tls::offering(&self.tls.config(guise.verify, guise.identity)?, mode),
        };
        configs.insert(key, config.clone());
        Ok(config)
    }

    /// The client certificate in PEM files that a script names; without `key`, its key is in the same file.
    ///
    /// # Errors
    /// `InvalidRequest` where a file is not below the settings' folders; `Tls` where it holds no certificate or key.
    pub fn identity(&self, cert: &str, key: Option<&str>) -> Result<Arc<Identity>, Error> {
        let name: Names = (cert.into(), key.unwrap_or(cert).into());
        if let Some(known) = self.identities.borrow().get(&name) {
            return Ok(known.clone());
        }
        let files = (self.cert_file(&name.0)?, self.cert_file(&name.1)?);
        let identity = self.tls.identity(files)?;
        self.identities.borrow_mut().insert(name, identity.clone());
        Ok(identity)
    }

    fn cert_file(&self, name: &str) -> Result<PathBuf, Error> {
        let wrong = |text: String| Err(Error::new(ErrorKind::InvalidRequest, text));
        let roots = || self.settings.cert_roots.iter().filter_map(|root| root.canonicalize().ok());
        let Some(path) = roots().find_map(|root| root.join(name).canonicalize().ok()) else {
            return wrong(format!("there is no file `{name}`"));
        };
        let own = self.tls.files().map(|(cert, key)| [cert.canonicalize().ok(), key.canonicalize().ok()]);
        let is_own = own.is_some_and(|own| own.iter().flatten().any(|own| *own == path));
        if is_own || roots().any(|root| path.starts_with(root)) {
            return Ok(path);
        }
        wrong(format!("`{name}` is outside of the project"))
    }

    /// A server's certificate, held once for all connections that it was shown on.
    pub(super) fn certificate(&self, der: &[u8]) -> Rc<[u8]> {
        let mut known = self.certificates.borrow_mut();
        if let Some(same) = known.iter().find(|known| ***known == *der) {
            return same.clone();
        }
        if known.len() >= MOST_CERTIFICATES {
            known.remove(0);
        }
        let new: Rc<[u8]> = der.into();
        known.push(new.clone());
        new
    }
}
