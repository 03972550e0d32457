//! Which servers are believed: those of the trusted authorities and of the configuration's own certificates, or all.
//! Used by `tls`.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme};

use super::peer;

/// Checks certificates against authorities, and takes a server's own one where the configuration names just that.
#[derive(Debug)]
pub(super) struct Trusting {
    authorities: Arc<WebPkiServerVerifier>,
    /// The certificates of `settings.tls.ca`.
    own: Vec<CertificateDer<'static>>,
}

impl Trusting {
    /// # Errors
    /// There is no authority at all.
    pub(super) fn new(roots: RootCertStore, own: Vec<CertificateDer<'static>>) -> Result<Self, String> {
        let provider = Arc::new(ring::default_provider());
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider);
        let authorities = builder.build().map_err(|error| error.to_string())?;
        Ok(Trusting { authorities, own })
    }

    /// Whether it is one of the configuration's own, for this server and at this time. Such a certificate is often
    /// marked as an authority's, which the check of a chain refuses of a server (`CaUsedAsEndEntity`).
    fn check_own(&self, cert: &CertificateDer<'_>, name: &ServerName<'_>, now: UnixTime) -> Option<Error> {
        if let Err(error) =
            ParsedCertificate::try_from(cert).and_then(|parsed| verify_server_name(&parsed, name))
        {
            return Some(error);
        }
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        match peer::validity(cert) {
            None => Some(CertificateError::BadEncoding.into()),
            Some((start, _)) if now < start => Some(CertificateError::NotValidYet.into()),
            Some((_, end)) if now > end => Some(CertificateError::Expired.into()),
            Some(_) => None,
        }
    }
}

impl ServerCertVerifier for Trusting {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let checked =
            self.authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match checked {
            Err(_) if self.own.iter().any(|own| own.as_ref() == end_entity.as_ref()) => {
                match self.check_own(end_entity, server_name, now) {
                    Some(error) => Err(error),
                    None => Ok(ServerCertVerified::assertion()),
                }
            }
            // Such a certificate speaks for itself, and nobody was told to believe it.
            Err(Error::InvalidCertificate(CertificateError::Other(OtherError(why))))
                if why.to_string() == "CaUsedAsEndEntity" =>
            {
                Err(CertificateError::UnknownIssuer.into())
            }
            checked => checked,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}

/// `verify = false`.
#[derive(Debug)]
pub(super) struct TrustAll(pub(super) CryptoProvider);

impl ServerCertVerifier for TrustAll {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
