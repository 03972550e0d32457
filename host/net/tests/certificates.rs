//! Which servers are believed, what the handshake agrees on, and what is told of it.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, SupportedProtocolVersion};

use super::super::{ErrorKind, Peer};
use super::server::{Server, Then, ok};
use super::*;
use crate::link::{Hosts, Override, TlsVersion};

/// A self-signed certificate that is marked as an authority's, as `openssl req -x509` makes it.
pub(super) struct Identity {
    pub(super) pem: String,
    pub(super) key_pem: String,
    der: Vec<u8>,
}

impl Identity {
    pub(super) fn new(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "the server");
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let cert = params.self_signed(&key).unwrap();
        Identity { pem: cert.pem(), key_pem: key.serialize_pem(), der: cert.der().to_vec() }
    }

    pub(super) fn config(&self, versions: &[&'static SupportedProtocolVersion]) -> Arc<ServerConfig> {
        use rustls::pki_types::pem::PemObject;
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.der.clone().into()], key)
            .unwrap();
        Arc::new(config)
    }
}

pub(super) fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// A client that trusts the certificate.
fn trusting(folder: &Path, pem: &str, change: impl FnOnce(&mut Link)) -> Client {
    let ca = Some(write(folder, "ca.pem", pem));
    let mut link = Link { tls: TlsOptions { ca, ..TlsOptions::default() }, ..Link::default() };
    change(&mut link);
    linked(link)
}

const BOTH: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12, &rustls::version::TLS13];

async fn kind(client: &Client, url: &str) -> Option<(ErrorKind, String)> {
    client.send(get(url)).await.error.map(|error| (error.kind, error.text))
}

#[test]
fn a_servers_own_certificate_is_trusted_for_that_server_alone() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let own = Identity::new("127.0.0.1", |_| {});
        let server = Server::start_with(Some(own.config(BOTH)), |_| ok("hello")).await;
        let url = format!("https://127.0.0.1:{}/", server.port);
        let client = trusting(folder.path(), &own.pem, |_| {});
        assert_eq!(kind(&client, &url).await, None);

        // Another certificate of the same names is not the one that was given.
        let other = Identity::new("127.0.0.1", |_| {});
        let client = trusting(folder.path(), &other.pem, |_| {});
        assert_eq!(kind(&client, &url).await.unwrap().0, ErrorKind::Tls);

        // Its own name and time must fit still.
        let named = Identity::new("example.com", |_| {});
        let server = Server::start_with(Some(named.config(BOTH)), |_| ok("hello")).await;
        let client = trusting(folder.path(), &named.pem, |_| {});
        let (_, text) = kind(&client, &format!("https://127.0.0.1:{}/", server.port)).await.unwrap();
        assert!(text.contains("certificate not valid for name"), "{text}");

        let past = Identity::new("127.0.0.1", |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
        let server = Server::start_with(Some(past.config(BOTH)), |_| ok("hello")).await;
        let client = trusting(folder.path(), &past.pem, |_| {});
        let (_, text) = kind(&client, &format!("https://127.0.0.1:{}/", server.port)).await.unwrap();
        assert!(text.contains("Expired"), "{text}");
    });
}

#[test]
fn the_handshake_is_told_of() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let own = Identity::new("127.0.0.1", |params| {
            params.not_after = rcgen::date_time_ymd(2040, 2, 3);
            params.distinguished_name.push(DnType::OrganizationName, "Test, Inc");
        });
        for (version, shown, cipher) in
            [(&rustls::version::TLS12, "1.2", "TLS_ECDHE_ECDSA_"), (&rustls::version::TLS13, "1.3", "TLS_A")]
        {
            let server = Server::start_with(Some(own.config(&[version])), |_| ok("hello")).await;
            let client = trusting(folder.path(), &own.pem, |_| {});
            let response = client.send(get(&format!("https://127.0.0.1:{}/", server.port))).await;
            let security = response.security.clone().unwrap();
            assert_eq!(security.version, shown);
            assert!(security.cipher.starts_with(cipher), "{}", security.cipher);
            let Peer { subject, issuer, expiry } = security.peer().unwrap();
            assert_eq!(subject, issuer);
            // RFC 4514: the last part first, the comma escaped.
            assert_eq!(subject, "O=Test\\, Inc,CN=the server");
            // 2040-02-03T00:00:00Z.
            assert_eq!(expiry, 2_211_840_000);
            assert!(expiry as u64 > SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs());
        }
        let server = Server::start(|_| ok("hello")).await;
        assert!(plain().send(get(&server.url())).await.security.is_none());
    });
}

#[test]
fn versions_have_bounds() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let own = Identity::new("127.0.0.1", |_| {});
        let server = Server::start_with(Some(own.config(BOTH)), |_| ok("hello")).await;
        let old = Server::start_with(Some(own.config(&[&rustls::version::TLS12])), |_| ok("hello")).await;
        let bounds = |min, max| {
            trusting(folder.path(), &own.pem, |link| {
                (link.tls.min_version, link.tls.max_version) = (min, max);
            })
        };
        let client = bounds(TlsVersion::V12, TlsVersion::V12);
        let response = client.send(get(&format!("https://127.0.0.1:{}/", server.port))).await;
        assert_eq!(response.security.as_ref().unwrap().version, "1.2");
        let client = bounds(TlsVersion::V13, TlsVersion::V13);
        let response = client.send(get(&format!("https://127.0.0.1:{}/", server.port))).await;
        assert_eq!(response.security.as_ref().unwrap().version, "1.3");
        let url = format!("https://127.0.0.1:{}/", old.port);
        assert_eq!(kind(&client, &url).await.unwrap().0, ErrorKind::Tls);
    });
}

#[test]
fn a_second_connection_resumes_unless_told_not_to() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let own = Identity::new("127.0.0.1", |_| {});
        for version in BOTH {
            let server =
                Server::start_with(Some(own.config(&[version])), |_| ok("hello").then(Then::Close)).await;
            let url = format!("https://127.0.0.1:{}/", server.port);
            for resumption in [true, false] {
                let client = trusting(folder.path(), &own.pem, |link| link.tls.resumption = resumption);
                // Another VU of the same worker shares the sessions.
                let second = Client::new(client.net().clone());
                let mut resumed = Vec::new();
                for client in [&client, &second] {
                    let response = client.send(get(&url)).await;
                    assert_eq!((response.status, &response.error), (200, &None));
                    let security = response.security.as_ref().unwrap();
                    resumed.push(security.resumed);
                    assert_eq!(security.peer().unwrap().subject, "CN=the server");
                }
                assert_eq!(resumed, [false, resumption]);
                // A session that was checked is none for a request without a check, and back.
                let unchecked = client.send(Request { verify: Some(false), ..get(&url) }).await;
                assert!(!unchecked.security.as_ref().unwrap().resumed);
            }
        }
    });
}

#[test]
fn another_name_can_be_asked_for() {
    run(async {
        let folder = tempfile::tempdir().unwrap();
        let own = Identity::new("api.example.com", |_| {});
        let server = Server::start_with(Some(own.config(BOTH)), |_| ok("hello")).await;
        let url = format!("https://127.0.0.1:{}/", server.port);
        let client = trusting(folder.path(), &own.pem, |_| {});
        assert_eq!(kind(&client, &url).await.unwrap().0, ErrorKind::Tls);
        let client = trusting(folder.path(), &own.pem, |link| {
            link.tls.server_name = Some("api.example.com".into());
        });
        assert_eq!(kind(&client, &url).await, None);
        // So can another address, for the name that is asked for.
        let client = trusting(folder.path(), &own.pem, |link| {
            let at = format!("127.0.0.1:{}", server.port);
            link.hosts = Hosts::new(vec![Override::parse("api.example.com", &at).unwrap()]);
        });
        assert_eq!(kind(&client, "https://api.example.com/").await, None);
        assert_eq!(server.seen().last().unwrap().header("host"), Some("api.example.com"));
    });
}
