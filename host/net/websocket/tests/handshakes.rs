//! What becomes of handshakes, with answers that a test says.

use std::sync::Arc;

use http::Method;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::PrivateKeyDer;

use super::super::handshake::accept;
use super::super::{Message, Offer, Outcome, socket_url};
use super::{LONG, dial, run, text};
use crate::link::{self, Exempt, Link, Proxies, Rule, TlsOptions};
use crate::net::tests::proxy::Proxy;
use crate::net::tests::server::{Reply, Server, Then, raw};
use crate::net::{Allowed, Client, ErrorKind, Net, Request, Settings, Tls};

#[test]
fn what_is_no_websocket() {
    run(async {
        let server = Server::start(|seen| match seen.line() {
            "GET /403" => raw("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n"),
            _ => raw("HTTP/1.1 101 X\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n"),
        })
        .await;
        let of = async |target: String| {
            let response = dial(&target, 10).await.response;
            (response.status, response.error.as_ref().unwrap().kind, response.url())
        };
        let url = format!("ws://127.0.0.1:{}", server.port);
        let http = format!("http://127.0.0.1:{}", server.port);
        assert_eq!(of(format!("{url}/403")).await, (403, ErrorKind::Handshake, format!("{http}/403")));
        assert_eq!(of(format!("{url}/101")).await, (101, ErrorKind::Handshake, format!("{http}/101")));
        assert_eq!(of("ftp://h/".into()).await.1, ErrorKind::InvalidUrl);
        assert_eq!(of("/relative".into()).await.1, ErrorKind::InvalidUrl);
        assert_eq!(of("ws://127.0.0.1:1/".into()).await.1, ErrorKind::Connect);
        let settings = Settings { allowed: Some(Allowed::new(|_, _| false)), ..Settings::default() };
        let client = Client::new(Net::new(settings, Tls::new(TlsOptions::default())).unwrap());
        let refused =
            client.websocket(Request::new(Method::GET, &url), Offer { protocols: &[], max_message: 10 });
        assert_eq!(refused.await.response.error.as_ref().unwrap().kind, ErrorKind::NotAllowed);
        let seen = &server.seen()[0];
        assert_eq!(seen.all("upgrade"), ["websocket"]);
        assert_eq!(seen.all("sec-websocket-version"), ["13"]);
    });
}

#[test]
fn over_tls() {
    run(async {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let server = Server::start_with(Some(Arc::new(config)), |seen| {
            let accept = accept(seen.header("sec-websocket-key").unwrap());
            let answer = format!(
                "HTTP/1.1 101 X\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: {accept}\r\n\r\n"
            );
            Reply { pieces: vec![answer.into_bytes(), b"\x81\x05Hello".to_vec()], then: Then::Keep }
        })
        .await;
        let url = format!("wss://127.0.0.1:{}/", server.port);
        assert_eq!(dial(&url, 10).await.response.error.unwrap().kind, ErrorKind::Tls);
        let client = Client::new(Net::new(Settings::default(), Tls::new(TlsOptions::default())).unwrap());
        let request = Request { verify: Some(false), ..Request::new(Method::GET, &url) };
        let handshake = client.websocket(request, Offer { protocols: &[], max_message: 10 }).await;
        assert_eq!(handshake.response.error, None);
        assert_eq!(socket_url(&handshake.response), url);
        let socket = handshake.socket.unwrap();
        assert_eq!(text(&socket).await, "Hello");
        assert_eq!(socket.send(Message::text("x"), LONG).await, Outcome::Done(()));
        socket.leave();
        socket.over().await;
    });
}

#[test]
fn through_proxies_it_goes_in_a_tunnel() {
    run(async {
        let server = Server::start(|seen| {
            let accept = accept(seen.header("sec-websocket-key").unwrap());
            raw(&format!(
                "HTTP/1.1 101 X\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: {accept}\r\n\r\n"
            ))
        })
        .await;
        let proxy = Proxy::http(None).await;
        let url = format!("http://me:pass@127.0.0.1:{}", proxy.port);
        let rule = Rule { proxy: Some(Ok(Arc::new(link::Proxy::parse(&url).unwrap()))), is_ambient: false };
        let proxies = Proxies { http: rule.clone(), https: rule, exempt: Exempt::parse("") };
        let settings =
            Settings { link: Arc::new(Link { proxies, ..Link::default() }), ..Settings::default() };
        let client = Client::new(Net::new(settings, Tls::new(TlsOptions::default())).unwrap());
        let url = format!("ws://somewhere.invalid:{}/a", server.port);
        let request = Request::new(Method::GET, &url);
        let handshake = client.websocket(request, Offer { protocols: &[], max_message: 10 }).await;
        assert_eq!(handshake.response.error, None);
        assert!(handshake.socket.is_some());
        let asked = &proxy.asked()[0];
        assert!(
            asked.starts_with(&format!("CONNECT somewhere.invalid:{} HTTP/1.1\r\n", server.port)),
            "{asked}"
        );
        assert!(asked.contains("\r\nProxy-Authorization: Basic bWU6cGFzcw==\r\n"), "{asked}");
        // Behind the tunnel it is a request like any other.
        assert_eq!(server.seen()[0].line(), "GET /a");
        assert_eq!(server.seen()[0].header("proxy-authorization"), None);
    });
}
