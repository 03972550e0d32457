//! Client certificates: read once a process, named by a number, so that connections of one are never lent to
//! another. Made by `tls`, `worker` and `api::request`; used by `client`.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use super::error::{Error, ErrorKind};

/// A certificate with its chain and private key.
pub struct Identity {
    /// Counts from 1; 0 is what the configuration has, if anything.
    pub(super) number: u32,
    pub(super) key: Arc<CertifiedKey>,
}

/// A client certificate as its files, the second one being its key.
pub(super) type Files = (PathBuf, PathBuf);

/// Each is read once a process.
impl PartialEq for Identity {
    fn eq(&self, other: &Identity) -> bool {
        self.number == other.number
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.number)
    }
}

impl Identity {
    /// Reads PEM files; both may be the same.
    ///
    /// # Errors
    /// `Tls`, naming the file and what is wrong with it.
    pub(super) fn read(number: u32, (cert, key): &Files) -> Result<Identity, Error> {
        let wrong = |text: String| Error::new(ErrorKind::Tls, text);
        let chain = certificates(cert, "client certificate")?;
        let shown = key.display();
        let text = std::fs::read(key)
            .map_err(|error| wrong(format!("cannot read the file of the private key `{shown}`: {error}")))?;
        let private = PrivateKeyDer::from_pem_slice(&text).map_err(|_| {
            let is_encrypted = text.windows(9).any(|part| part == b"ENCRYPTED");
            wrong(match is_encrypted {
                true => format!("the private key in `{shown}` is encrypted: write it without a passphrase"),
                false => format!("the file `{shown}` holds no private key in PEM"),
            })
        })?;
        let key = CertifiedKey::from_der(chain, private, &ring::default_provider()).map_err(|error| {
            let cert = cert.display();
            wrong(match error {
                rustls::Error::InconsistentKeys(_) => {
                    format!("the private key in `{shown}` does not belong to the certificate in `{cert}`")
                }
                error => format!("the client certificate `{cert}` cannot be used: {error}"),
            })
        })?;
        Ok(Identity { number, key: Arc::new(key) })
    }
}

/// The certificates of a PEM file, at least one.
///
/// # Errors
/// `Tls`, naming the file as `what`.
pub(super) fn certificates(path: &Path, what: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let shown = path.display();
    let certificates =
        CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(
            |error| Error::new(ErrorKind::Tls, format!("cannot read the {what} file `{shown}`: {error}")),
        )?;
    if certificates.is_empty() {
        return Err(Error::new(
            ErrorKind::Tls,
            format!("the {what} file `{shown}` holds no PEM certificate"),
        ));
    }
    Ok(certificates)
}
