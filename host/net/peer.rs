//! What a TLS handshake agreed on, and who the server is. Kept by `connection`, handed on with each response, read
//! by `api::security`; the certificate is parsed only there.

use std::rc::Rc;

use rustls::{HandshakeKind, ProtocolVersion};
use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::Decode;

/// One handshake's result.
pub struct Security {
    /// `1.2` or `1.3`.
    pub version: &'static str,
    /// The cipher suite by its IANA name.
    pub cipher: String,
    /// Whether an earlier session was resumed instead of a whole handshake.
    pub resumed: bool,
    /// Whether the server asked for a certificate, and there was none for it.
    pub(super) is_nameless: bool,
    /// The server's own certificate, in DER.
    pub(super) certificate: Option<Rc<[u8]>>,
}

/// The server's certificate.
#[derive(Debug, PartialEq, Eq)]
pub struct Peer {
    /// As RFC 4514 writes names: `CN=api.example.com,O=Example`.
    pub subject: String,
    pub issuer: String,
    /// When it expires, in seconds since the epoch.
    pub expiry: i64,
}

impl Security {
    /// Of a connection whose handshake is over; `certificate` is that of its peer.
    pub(super) fn of(connection: &rustls::ClientConnection, certificate: Option<Rc<[u8]>>) -> Security {
        let version = match connection.protocol_version() {
            Some(ProtocolVersion::TLSv1_3) => "1.3",
            _ => "1.2",
        };
        let suite = connection.negotiated_cipher_suite();
        let cipher = suite.and_then(|suite| suite.suite().as_str()).unwrap_or("unknown");
        Security {
            version,
            // rustls tells the versions apart in the name, where IANA does not.
            cipher: cipher.replacen("TLS13_", "TLS_", 1),
            resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
            is_nameless: false,
            certificate,
        }
    }

    /// None where the server showed no certificate that can be parsed.
    pub fn peer(&self) -> Option<Peer> {
        let certificate = parse(self.certificate.as_deref()?)?;
        let certificate = certificate.tbs_certificate();
        Some(Peer {
            subject: certificate.subject().to_string(),
            issuer: certificate.issuer().to_string(),
            expiry: seconds(&certificate.validity().not_after),
        })
    }
}

fn parse(der: &[u8]) -> Option<CertificateInner<Raw>> {
    CertificateInner::<Raw>::from_der(der).ok()
}

fn seconds(time: &x509_cert::time::Time) -> i64 {
    i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
}

/// From when and until when a certificate is valid, in seconds since the epoch.
pub(super) fn validity(der: &[u8]) -> Option<(i64, i64)> {
    let certificate = parse(der)?;
    let validity = certificate.tbs_certificate().validity();
    Some((seconds(&validity.not_before), seconds(&validity.not_after)))
}
