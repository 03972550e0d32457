//! HTTPS with certificates of our own.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;

use super::super::ErrorKind;
use super::server::{Server, Then, ok};
use super::*;

/// A server's configuration and its certificate as PEM.
pub(super) fn identity(name: &str) -> (Arc<ServerConfig>, String) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    (Arc::new(config), cert.pem())
}

pub(super) fn with_ca(path: &Path) -> TlsOptions {
    TlsOptions { ca: Some(path.to_owned()), ..TlsOptions::default() }
}

fn trusting(pem: &str) -> (Client, tempfile::NamedTempFile) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(pem.as_bytes()).unwrap();
    (linked(Link { tls: with_ca(file.path()), ..Link::default() }), file)
}

#[test]
fn a_trusted_certificate_is_spoken_to() {
    run(async {
        let (config, pem) = identity("127.0.0.1");
        let server =
            Server::start_with(Some(config), |seen| ok(&format!("{} {}", seen.connection, seen.body))).await;
        let (client, _file) = trusting(&pem);
        let url = format!("https://127.0.0.1:{}/", server.port);
        let response = client.send(post(&url, "data")).await;
        assert_eq!((&response.error, text(&response)), (&None, "0 data"));
        assert!(response.timings.tls_handshaking > Duration::ZERO);
        // The handshake's bytes are on the wire too.
        assert!(response.received_bytes > 400);
        let again = client.send(post(&url, "more")).await;
        assert_eq!(text(&again), "0 more");
        assert_eq!(again.timings.tls_handshaking, Duration::ZERO);
        assert!(again.received_bytes < 200);
        assert_eq!(text(&*client.send(get(&url)).await), "0 ");
    });
}

#[test]
fn a_stranger_is_refused_unless_told_otherwise() {
    run(async {
        let (config, _) = identity("127.0.0.1");
        let server = Server::start_with(Some(config), |_| ok("hello")).await;
        let (_, other) = identity("127.0.0.1");
        let (client, _file) = trusting(&other);
        let url = format!("https://127.0.0.1:{}/", server.port);
        let error = client.send(get(&url)).await.error.unwrap();
        assert_eq!(error.kind, ErrorKind::Tls);
        assert!(error.text.starts_with("TLS handshake with 127.0.0.1:"), "{}", error.text);
        let response = client.send(Request { verify: Some(false), ..get(&url) }).await;
        assert_eq!(text(&response), "hello");
        // The unchecked connection is not lent to a request that wants a check.
        assert_eq!(client.send(get(&url)).await.error.unwrap().kind, ErrorKind::Tls);
    });
}

#[test]
fn a_certificate_of_another_name_is_refused() {
    run(async {
        let (config, pem) = identity("example.com");
        let server = Server::start_with(Some(config), |_| ok("hello")).await;
        let (client, _file) = trusting(&pem);
        let error = client.send(get(&format!("https://127.0.0.1:{}/", server.port))).await.error.unwrap();
        assert_eq!(error.kind, ErrorKind::Tls);
    });
}

#[test]
fn a_closed_tls_connection_is_replaced() {
    run(async {
        let (config, pem) = identity("127.0.0.1");
        let server = Server::start_with(Some(config), |_| ok("hello").then(Then::Close)).await;
        let (client, _file) = trusting(&pem);
        let url = format!("https://127.0.0.1:{}/", server.port);
        for connection in 0..5 {
            let response = client.send(get(&url)).await;
            assert_eq!((response.status, response.error), (200, None));
            assert_eq!(server.seen().last().unwrap().connection, connection);
        }
    });
}

#[test]
fn plain_http_where_tls_is_expected_fails_by_name() {
    run(async {
        let server = Server::start(|_| ok("hello")).await;
        let url = format!("https://127.0.0.1:{}/", server.port);
        // The server reads until it has a head and never answers a handshake.
        let request = Request { verify: Some(false), timeout: Some(Duration::from_millis(60)), ..get(&url) };
        let response = plain().send(request).await;
        assert!(response.timings.tls_handshaking >= Duration::from_millis(50), "{:?}", response.timings);
        let error = response.error.unwrap();
        assert_eq!(error.kind, ErrorKind::Timeout);
        assert_eq!(error.text, "no answer within 60 ms (timeout in the TLS handshake)");
    });
}

#[test]
fn a_ca_file_that_cannot_be_read_is_named() {
    run(async {
        let client = linked(Link { tls: with_ca(Path::new("/nonexistent/ca.pem")), ..Link::default() });
        let server = Server::start(|_| ok("hello")).await;
        let error = client.send(get(&format!("https://127.0.0.1:{}/", server.port))).await.error.unwrap();
        assert_eq!(error.kind, ErrorKind::Tls);
        assert!(error.text.starts_with("cannot read the CA file `/nonexistent/ca.pem`: "), "{}", error.text);
    });
}
