//! TLS as the configuration wants it. What is read from files is shared by all workers of a process; each worker
//! has client configurations of its own, and so the sessions that its connections may resume. Used by `connector`
//! through `worker`.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use rustls::client::Resumption;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;
use rustls::pki_types::ServerName;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use super::error::{Error, ErrorKind};
use super::identity::{Files, Identity, certificates};
use super::nameless::Nameless;
use super::verifier::{TrustAll, Trusting};
use crate::link::{Http2, TlsOptions, TlsVersion};

/// HTTP/1.1 and HTTP/2 in ALPN.
const HTTP1: &[u8] = b"http/1.1";
pub(super) const HTTP2: &[u8] = b"h2";

/// Servers whose sessions a worker remembers.
const SESSIONS: usize = 256;

/// What one process needs for TLS.
pub struct Tls {
    options: TlsOptions,
    verifier: OnceLock<Result<Arc<dyn ServerCertVerifier>, Error>>,
    /// The client certificate of the configuration.
    own: OnceLock<Result<Option<Arc<Identity>>, Error>>,
    /// Those that scripts name.
    others: Mutex<HashMap<Files, Arc<Identity>>>,
}

impl Tls {
    /// Reads nothing before the first https request.
    pub fn new(options: TlsOptions) -> Arc<Tls> {
        let (verifier, own) = (OnceLock::new(), OnceLock::new());
        Arc::new(Tls { options, verifier, own, others: Mutex::default() })
    }

    /// Reads the files that the configuration names.
    ///
    /// # Errors
    /// `Tls`, naming the file.
    pub fn check(&self) -> Result<(), Error> {
        if let Some(ca) = &self.options.ca {
            certificates(ca, "CA")?;
        }
        self.own().map(drop)
    }

    /// The files of the configuration's own client certificate.
    pub(super) fn files(&self) -> Option<Files> {
        let cert = self.options.cert.clone()?;
        let key = self.options.key.clone().unwrap_or_else(|| cert.clone());
        Some((cert, key))
    }

    fn own(&self) -> Result<Option<Arc<Identity>>, Error> {
        let read = || self.files().map(|files| Identity::read(0, &files).map(Arc::new)).transpose();
        self.own.get_or_init(read).clone()
    }

    /// A client certificate that is not the configuration's, read once a process.
    ///
    /// # Errors
    /// `Tls`, naming the file.
    pub(super) fn identity(&self, files: Files) -> Result<Arc<Identity>, Error> {
        let mut others = self.others.lock();
        if let Some(known) = others.get(&files) {
            return Ok(known.clone());
        }
        let number = u32::try_from(others.len() + 1).unwrap_or(u32::MAX);
        let identity = Arc::new(Identity::read(number, &files)?);
        others.insert(files, identity.clone());
        Ok(identity)
    }

    /// A client configuration with sessions of its own; the guise's identity goes before the configuration's.
    ///
    /// # Errors
    /// `Tls` where a file cannot be read, or nothing at all is trusted.
    pub(super) fn config(&self, verify: bool, identity: Option<&Identity>) -> Result<ClientConfig, Error> {
        let wrong = |error: rustls::Error| Error::new(ErrorKind::Tls, format!("TLS: {error}"));
        let own = match identity {
            Some(_) => None,
            None => self.own()?,
        };
        let verifier = match verify {
            true => self.verifier.get_or_init(|| self.make_verifier()).clone()?,
            false => Arc::new(TrustAll(ring::default_provider())),
        };
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&self.versions())
            .map_err(wrong)?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match identity.or(own.as_deref()) {
            Some(identity) => {
                let key = SingleCertAndKey::from(identity.key.clone());
                builder.with_client_cert_resolver(Arc::new(key))
            }
            None => builder.with_client_cert_resolver(Arc::new(Nameless)),
        };
        config.resumption = match self.options.resumption {
            true => Resumption::in_memory_sessions(SESSIONS),
            false => Resumption::disabled(),
        };
        Ok(config)
    }

    /// The same, offering what `mode` says by ALPN. The sessions are the same ones.
    pub(super) fn offering(config: &ClientConfig, mode: Http2) -> Arc<ClientConfig> {
        let offered: &[&[u8]] = match mode {
            Http2::Never => &[HTTP1],
            Http2::Auto => &[HTTP2, HTTP1],
            Http2::PriorKnowledge => &[HTTP2],
        };
        let mut config = config.clone();
        config.alpn_protocols = offered.iter().map(|name| name.to_vec()).collect();
        Arc::new(config)
    }

    fn versions(&self) -> Vec<&'static SupportedProtocolVersion> {
        let range = self.options.min_version..=self.options.max_version;
        let all = [(TlsVersion::V13, &rustls::version::TLS13), (TlsVersion::V12, &rustls::version::TLS12)];
        all.into_iter().filter(|(version, _)| range.contains(version)).map(|(_, version)| version).collect()
    }

    fn make_verifier(&self) -> Result<Arc<dyn ServerCertVerifier>, Error> {
        let wrong = |text: String| Error::new(ErrorKind::Tls, text);
        let mut roots = RootCertStore::empty();
        let native = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(native.certs);
        let mut own = Vec::new();
        if let Some(path) = &self.options.ca {
            own = certificates(path, "CA")?;
            for certificate in &own {
                roots
                    .add(certificate.clone())
                    .map_err(|error| wrong(format!("the CA file `{}`: {error}", path.display())))?;
            }
        }
        if roots.is_empty() {
            let why = native.errors.first().map_or_else(String::new, |error| format!(": {error}"));
            return Err(wrong(format!("the system has no trusted certificates{why}")));
        }
        Ok(Arc::new(Trusting::new(roots, own).map_err(wrong)?))
    }

    /// What servers are asked for by SNI, and what their certificates must name.
    ///
    /// # Errors
    /// `Tls` where no certificate can hold that name.
    pub(super) fn server_name(&self, host: &str) -> Result<ServerName<'static>, Error> {
        let name = self.options.server_name.as_deref().unwrap_or(host);
        ServerName::try_from(name.to_owned()).map_err(|_| {
            let text = format!("TLS: `{name}` is no host name that a certificate can hold");
            Error::new(ErrorKind::Tls, text)
        })
    }
}
