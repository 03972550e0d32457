//! TLS: ALPN, verification, client certificates.

use std::io::Write;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

use super::server::{Asked, Server, message, net, run, terms};
use crate::link::{Link, TlsOptions};
use crate::net::{Answer, ChannelTerms, Settings, Status};

/// An authority, a server that it signed and that wants clients of it, and a client's certificate and key in one file.
struct Signed {
    ca: tempfile::NamedTempFile,
    client: tempfile::NamedTempFile,
    server: ServerConfig,
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn signed(alpn: &[u8]) -> Signed {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let ca = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let sign = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let cert = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
        (cert, key)
    };
    let mut roots = RootCertStore::empty();
    roots.add(ca.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let (cert, key) = sign("127.0.0.1");
    let mut server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![cert.der().clone()], key.serialize_der().try_into().unwrap())
        .unwrap();
    server.alpn_protocols = vec![alpn.to_vec()];
    let (cert, key) = sign("someone");
    Signed { ca: file(&ca.pem()), client: file(&(cert.pem() + key.serialize_pem().as_str())), server }
}

async fn called(server: &Server, tls: TlsOptions, verify: Option<bool>) -> Answer {
    let net = net(Settings { link: Arc::new(Link { tls, ..Link::default() }), ..Settings::default() });
    let terms = ChannelTerms { verify, ..terms(&format!("https://{}", server.addr)) };
    let channel = net.channel(terms, false).unwrap();
    channel.call(&Asked::new("Echo").outgoing(), message("safe")).await
}

#[test]
fn both_sides_show_who_they_are() {
    run(async {
        let Signed { ca, client, server: config } = signed(b"h2");
        let server = Server::start(Some(Arc::new(config))).await;
        let own = || TlsOptions {
            ca: Some(ca.path().to_owned()),
            cert: Some(client.path().to_owned()),
            ..TlsOptions::default()
        };
        let answer = called(&server, own(), None).await;
        assert_eq!(
            (answer.status, answer.message.as_deref()),
            (Status::OK, Some(&b"1 safe"[..])),
            "{answer:?}"
        );
        // Without a certificate the server ends it; without its authority this side does.
        let answer = called(&server, TlsOptions { cert: None, ..own() }, None).await;
        assert_eq!(answer.status, Status::UNAVAILABLE, "{answer:?}");
        let answer = called(&server, TlsOptions { ca: None, ..own() }, None).await;
        assert_eq!(answer.fault.unwrap().name(), "tls");
        let answer = called(&server, TlsOptions { ca: None, ..own() }, Some(false)).await;
        assert_eq!(answer.status, Status::OK, "{}", answer.text);
    });
}

#[test]
fn a_server_without_http_2_is_refused() {
    run(async {
        let Signed { ca, client, server: config } = signed(b"http/1.1");
        let server = Server::start(Some(Arc::new(config))).await;
        let tls = TlsOptions {
            ca: Some(ca.path().to_owned()),
            cert: Some(client.path().to_owned()),
            ..TlsOptions::default()
        };
        let answer = called(&server, tls, None).await;
        assert_eq!((answer.status, answer.fault.unwrap().name()), (Status::UNAVAILABLE, "tls"));
    });
}
