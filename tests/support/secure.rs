//! An HTTPS server with a certificate of its own, which asks for a client's. Used by `cases` and `connections`.

use std::io::{BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, ServerConnection, StreamOwned};
use tempfile::TempDir;

use super::request::Request;

/// How long a connection may idle.
const IDLE: Duration = Duration::from_secs(30);

/// The server, and certificates in files; it listens until the process ends.
pub struct Secure {
    pub addr: SocketAddr,
    /// A client's certificate, with its key, that the server knows.
    pub client: String,
    folder: TempDir,
}

impl Secure {
    /// Listens on a free port of 127.0.0.1; answers whatever is asked with 200, `{"secure":true}`, and `x-client`:
    /// `known` or `none`.
    pub fn start() -> Secure {
        // As `openssl req -x509` makes it: signed by itself, and marked as an authority's.
        Secure::serving(|cert, _| cert.clone())
    }

    /// The same with a certificate that the authority in [`Secure::ca`] has signed.
    pub fn start_signed() -> Secure {
        Secure::serving(|_, issuer| {
            let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
            params.distinguished_name.push(DnType::CommonName, "a server below it");
            params.signed_by(issuer.key(), issuer).unwrap()
        })
    }

    /// `own` makes the server's certificate of the authority's.
    fn serving(own: impl FnOnce(&Certificate, &Issuer<'_, KeyPair>) -> Certificate) -> Secure {
        let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "the server");
        params.not_after = rcgen::date_time_ymd(2040, 2, 3);
        let key = KeyPair::generate().unwrap();
        let ca = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        let cert = own(&ca, &issuer);
        let client_key = KeyPair::generate().unwrap();
        let client = CertificateParams::new([]).unwrap().self_signed(&client_key).unwrap();
        let mut known = RootCertStore::empty();
        known.add(client.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(known), provider.clone());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.allow_unauthenticated().build().unwrap())
            .with_single_cert(
                vec![cert.der().clone()],
                PrivateKeyDer::try_from(issuer.key().serialize_der()).unwrap(),
            )
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let config = config.clone();
                thread::spawn(move || serve(stream, config));
            }
        });
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), ca.pem()).unwrap();
        Secure { addr, client: client.pem() + client_key.serialize_pem().as_str(), folder }
    }

    /// The authority's certificate, which is the server's own where it signed itself.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }
}

/// Requests of one connection, until the client leaves or will not shake hands.
fn serve(stream: TcpStream, config: Arc<ServerConfig>) {
    let _ = stream.set_read_timeout(Some(IDLE));
    let Ok(connection) = ServerConnection::new(config) else { return };
    let mut reader = BufReader::new(StreamOwned::new(connection, stream));
    while let Ok(Some(_)) = Request::read(&mut reader) {
        let stream = reader.get_mut();
        let client = if stream.conn.peer_certificates().is_some() { "known" } else { "none" };
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-client: {client}\r\ncontent-length: 15\r\n\r\n\
             {{\"secure\":true}}"
        );
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
