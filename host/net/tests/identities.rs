//! Client certificates: which one a server sees, and that no connection is lent to a request with another.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::super::ErrorKind;
use super::certificates::write;
use super::*;

/// An authority and those whom it signed.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    cert: rcgen::Certificate,
}

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "the authority");
        let key = KeyPair::generate().unwrap();
        let cert = params.self_signed(&key).unwrap();
        Authority { issuer: Issuer::new(params, key), cert }
    }

    /// Certificate and key in PEM.
    fn sign(&self, name: &str) -> (rcgen::Certificate, KeyPair) {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }

    /// A server on 127.0.0.1 that answers with the name in the client's certificate, or `nobody`, and the number of
    /// the connection.
    async fn serve(&self, is_required: bool) -> u16 {
        let mut roots = RootCertStore::empty();
        roots.add(self.cert.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
        let verifier = if is_required { verifier } else { verifier.allow_unauthenticated() };
        let (cert, key) = self.sign("127.0.0.1");
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(vec![cert.der().clone()], key.serialize_der().try_into().unwrap())
            .unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            for number in 0.. {
                let (tcp, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(tcp).await else { return };
                    let certs = stream.get_ref().1.peer_certificates().map(<[_]>::to_vec);
                    let name = certs.map_or("nobody".to_owned(), |certs| name(&certs[0]));
                    let text = format!("{name} {number}");
                    let mut buffer = [0; 4096];
                    while let Ok(1..) = stream.read(&mut buffer).await {
                        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{text}", text.len());
                        stream.write_all(head.as_bytes()).await.unwrap();
                    }
                });
            }
        });
        port
    }
}

fn name(der: &[u8]) -> String {
    use x509_cert::der::Decode;
    let certificate = x509_cert::Certificate::from_der(der).unwrap();
    certificate.tbs_certificate().subject().to_string().trim_start_matches("CN=").to_owned()
}

/// A client of this configuration that trusts the authority; scripts' certificates lie in `folder`.
fn client_in(folder: &std::path::Path, authority: &Authority, own: Option<&str>) -> Client {
    let ca = Some(write(folder, "ca.pem", &authority.cert.pem()));
    let cert = own.map(|name| folder.join(name));
    let link = Link { tls: TlsOptions { ca, cert, ..TlsOptions::default() }, ..Link::default() };
    let settings =
        Settings { link: Arc::new(link), cert_roots: vec![folder.join("scripts")], ..Settings::default() };
    client(settings)
}

/// Files: `own.pem` beside `scripts`, and in it `anna.pem` with its key, `berta.pem` and `berta.key`.
fn folder(authority: &Authority) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("scripts")).unwrap();
    for (name, path) in [("own", "own.pem"), ("anna", "scripts/anna.pem"), ("outside", "outside.pem")] {
        let (cert, key) = authority.sign(name);
        write(folder.path(), path, &format!("{}{}", cert.pem(), key.serialize_pem()));
    }
    let (cert, key) = authority.sign("berta");
    write(folder.path(), "scripts/berta.pem", &cert.pem());
    write(folder.path(), "scripts/berta.key", &key.serialize_pem());
    folder
}

#[test]
fn a_server_sees_whom_it_asks_for() {
    run(async {
        let authority = Authority::new();
        let folder = folder(&authority);
        let port = authority.serve(true).await;
        let url = format!("https://127.0.0.1:{port}/");
        let client = client_in(folder.path(), &authority, Some("own.pem"));
        client.net().tls.check().unwrap();
        assert_eq!(text(&*client.send(get(&url)).await), "own 0");
        let anna = client.net().identity("anna.pem", None).unwrap();
        let berta = client.net().identity("berta.pem", Some("berta.key")).unwrap();
        let ask = async |cert, verify| {
            let response = client.send(Request { cert, verify, ..get(&url) }).await;
            assert_eq!(response.error, None);
            text(&response).to_owned()
        };
        // Each certificate has a connection of its own, and finds it again.
        assert_eq!(ask(Some(&*anna), None).await, "anna 1");
        assert_eq!(ask(Some(&*berta), None).await, "berta 2");
        assert_eq!(ask(Some(&*anna), Some(false)).await, "anna 3");
        assert_eq!(ask(None, None).await, "own 0");
        assert_eq!(ask(Some(&*anna), None).await, "anna 1");
        assert_eq!(ask(Some(&*anna), Some(false)).await, "anna 3");
        // The same file is the same certificate.
        let again = client.net().identity("../scripts/anna.pem", None).unwrap();
        assert_eq!(ask(Some(&*again), Some(true)).await, "anna 1");
    });
}

#[test]
fn without_a_certificate_it_is_the_servers_decision() {
    run(async {
        let authority = Authority::new();
        let folder = folder(&authority);
        let client = client_in(folder.path(), &authority, None);
        let (strict, kind) = (authority.serve(true).await, authority.serve(false).await);
        let error = client.send(get(&format!("https://127.0.0.1:{strict}/"))).await.error.unwrap();
        assert_eq!(error.kind, ErrorKind::Tls);
        assert!(error.text.contains("CertificateRequired"), "{}", error.text);
        let response = client.send(get(&format!("https://127.0.0.1:{kind}/"))).await;
        assert_eq!(text(&response), "nobody 0");
    });
}

#[test]
fn files_that_cannot_be_used_are_told_of() {
    let authority = Authority::new();
    let folder = folder(&authority);
    let client = client_in(folder.path(), &authority, Some("own.pem"));
    let net = client.net();
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    write(folder.path(), "scripts/secret.key", encrypted);
    write(folder.path(), "scripts/empty.pem", "");
    for (cert, key, why) in [
        ("nowhere.pem", None, "there is no file `nowhere.pem`"),
        ("../outside.pem", None, "`../outside.pem` is outside of the project"),
        ("berta.pem", None, "berta.pem` holds no private key in PEM"),
        ("berta.pem", Some("anna.pem"), "does not belong to the certificate in"),
        ("berta.pem", Some("secret.key"), "is encrypted"),
        ("empty.pem", None, "holds no PEM certificate"),
    ] {
        let told = net.identity(cert, key).unwrap_err().text;
        assert!(told.contains(why), "{cert} {key:?}: {told}");
    }
    // What the configuration names may be named by scripts too.
    assert!(net.identity("../own.pem", None).is_ok());
    let broken = client_in(folder.path(), &authority, Some("scripts/berta.pem"));
    assert!(broken.net().tls.check().unwrap_err().text.contains("holds no private key"));
}
