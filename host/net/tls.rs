//! TLS client configurations, made at the first https request. Shared by all
//! workers of a process; used by `connector`.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use super::error::{Error, ErrorKind};

/// The certificates that a run trusts.
pub struct Tls {
    ca: Option<PathBuf>,
    checked: OnceLock<Result<Arc<ClientConfig>, String>>,
    unchecked: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    /// Trusts the system's roots and the PEM certificates in `ca`. Reads
    /// nothing before the first https request.
    pub fn new(ca: Option<PathBuf>) -> Arc<Tls> {
        Arc::new(Tls { ca, checked: OnceLock::new(), unchecked: OnceLock::new() })
    }

    /// # Errors
    /// `Tls` where `ca` cannot be read, or nothing at all is trusted.
    pub(super) fn config(&self, verify: bool) -> Result<Arc<ClientConfig>, Error> {
        if !verify {
            return Ok(self.unchecked.get_or_init(make_unchecked).clone());
        }
        let made = self.checked.get_or_init(|| self.make_checked());
        made.clone().map_err(|text| Error::new(ErrorKind::Tls, text))
    }

    fn make_checked(&self) -> Result<Arc<ClientConfig>, String> {
        let mut roots = RootCertStore::empty();
        let native = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(native.certs);
        if let Some(path) = &self.ca {
            let shown = path.display();
            let certificates = CertificateDer::pem_file_iter(path)
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .map_err(|error| format!("cannot read the CA file `{shown}`: {error}"))?;
            if certificates.is_empty() {
                return Err(format!("the CA file `{shown}` holds no PEM certificate"));
            }
            for certificate in certificates {
                roots.add(certificate).map_err(|error| format!("the CA file `{shown}`: {error}"))?;
            }
        }
        if roots.is_empty() {
            let why = native.errors.first().map_or_else(String::new, |error| format!(": {error}"));
            return Err(format!("the system has no trusted certificates{why}"));
        }
        let config = builder().with_root_certificates(roots).with_no_client_auth();
        Ok(finish(config))
    }
}

fn builder() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has suites for TLS 1.2 and 1.3")
}

fn make_unchecked() -> Arc<ClientConfig> {
    let provider = ring::default_provider();
    let config = builder()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(TrustAll(provider)))
        .with_no_client_auth();
    finish(config)
}

fn finish(mut config: ClientConfig) -> Arc<ClientConfig> {
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Each VU is a visitor of its own and pays the whole handshake; a shared
    // ticket store would also be a lock between workers.
    config.resumption = Resumption::disabled();
    Arc::new(config)
}

/// `verify = false`.
#[derive(Debug)]
struct TrustAll(CryptoProvider);

impl ServerCertVerifier for TrustAll {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
