//! Content codings, limits, and bodies that are not kept.

use std::sync::Arc;

use super::super::coding::Coding;
use super::super::{ErrorKind, Fate, Receive};
use super::server::{Server, Then, coded, ok, pieces, raw};
use super::*;

fn encode(coding: Coding, bytes: &[u8]) -> Vec<u8> {
    coding.encode(bytes, &mut || Ok::<(), ()>(())).unwrap()
}

#[test]
fn codings_are_taken_off() {
    run(async {
        let server = Server::start(|seen| {
            let path = seen.line().strip_prefix("GET /").unwrap();
            let coding = Coding::ALL.into_iter().find(|coding| coding.name() == path).unwrap();
            coded(&format!("Content-Encoding: {path}\r\n"), &encode(coding, "hello ".repeat(9999).as_bytes()))
        })
        .await;
        let client = client(Settings { accept_encoding: "gzip, br".into(), ..Settings::default() });
        for coding in Coding::ALL {
            let url = format!("{}/{}", server.url(), coding.name());
            let response = client.send(get(&url)).await;
            assert_eq!((response.status, &response.error), (200, &None), "{coding:?}");
            assert!(text(&response) == "hello ".repeat(9999));
            assert_eq!((response.size(), response.fate()), (59994, Fate::Kept));
            assert!(response.received_bytes < 2000);
            assert_eq!(response.headers().get("content-encoding"), Some(coding.name().as_bytes()));
        }
        assert!(server.seen().iter().all(|seen| seen.header("accept-encoding") == Some("gzip, br")));
        assert!(server.seen().iter().all(|seen| seen.connection == 0));
    });
}

#[test]
fn accept_encoding_is_sent_where_asked() {
    run(async {
        let server = Server::start(|_| ok("")).await;
        let url = server.url();
        plain().send(get(&url)).await;
        let asking = client(Settings { accept_encoding: "gzip".into(), ..Settings::default() });
        asking.send(Request { headers: &[("X-A", "b")], ..get(&url) }).await;
        asking.send(Request { headers: &[("accept-encoding", "br")], ..get(&url) }).await;
        let sent: Vec<_> = server.seen().iter().map(|seen| seen.all("accept-encoding").join("|")).collect();
        assert_eq!(sent, ["", "gzip", "br"]);
    });
}

#[test]
fn what_cannot_be_decoded_is_an_error_or_left_alone() {
    run(async {
        let gzip = encode(Coding::Gzip, b"a text that is long enough to be cut in the middle of it");
        let server = Server::start(move |seen| match seen.line() {
            "GET /broken" => coded("content-encoding: gzip\r\n", b"this is no gzip at all"),
            "GET /cut" => coded("content-encoding: gzip\r\n", &gzip[..gzip.len() - 12]),
            "GET /other" => coded("content-encoding: aws-chunked\r\n", b"as it is"),
            "GET /several" => coded("content-encoding: gzip, br\r\n", b"as it is"),
            "GET /identity" => coded("content-encoding: identity\r\n", b"as it is"),
            "GET /empty" => coded("content-encoding: gzip\r\n", b""),
            _ => raw("HTTP/1.1 204 None\r\ncontent-encoding: br\r\n\r\n"),
        })
        .await;
        let client = plain();
        let base = base(&client, &server.url());
        for path in ["/broken", "/cut"] {
            let response = client.send(Request { base: Some(&base), ..get(path) }).await;
            let error = response.error.as_ref().unwrap();
            assert_eq!((error.kind, response.status), (ErrorKind::Body, 200), "{path}");
            assert!(error.text.starts_with("the body cannot be decoded as gzip: "), "{error}");
        }
        for (path, body) in [
            ("/other", "as it is"),
            ("/several", "as it is"),
            ("/identity", "as it is"),
            ("/empty", ""),
            ("/none", ""),
        ] {
            let response = client.send(Request { base: Some(&base), ..get(path) }).await;
            assert_eq!((text(&response), &response.error), (body, &None), "{path}");
        }
    });
}

#[test]
fn a_bomb_stops_at_the_limit() {
    run(async {
        let bomb = Arc::new(Coding::ALL.map(|coding| encode(coding, &vec![0; 20 << 20])));
        let server = Server::start(move |seen| {
            let path = seen.line().strip_prefix("GET /").unwrap();
            let index = Coding::ALL.iter().position(|coding| coding.name() == path).unwrap();
            coded(&format!("content-encoding: {path}\r\n"), &bomb[index])
        })
        .await;
        let small = client(Settings { max_body: 1 << 20, ..Settings::default() });
        for coding in Coding::ALL {
            let url = format!("{}/{}", server.url(), coding.name());
            let response = small.send(get(&url)).await;
            let error = response.error.as_ref().unwrap();
            assert_eq!(error.kind, ErrorKind::TooLarge, "{coding:?}: {error}");
            assert_eq!(response.size(), 1 << 20);
            assert!(response.held() < 4 << 20, "{}", response.held());
            let response = small.send(Request { max_body: Some(20 << 20), ..get(&url) }).await;
            assert_eq!((&response.error, response.size()), (&None, 20 << 20));
        }
    });
}

#[test]
fn bodies_are_bounded_by_the_request_too() {
    run(async {
        let server = Server::start(|_| ok("0123456789")).await;
        let client = plain();
        let url = server.url();
        let response = client.send(Request { max_body: Some(9), ..get(&url) }).await;
        assert_eq!(response.error.unwrap().kind, ErrorKind::TooLarge);
        let response = client.send(Request { max_body: Some(10), ..get(&url) }).await;
        assert_eq!((text(&response), &response.error), ("0123456789", &None));
    });
}

#[test]
fn bodies_under_way_are_bounded_together() {
    run(async {
        let server = Server::start(|_| ok(&"x".repeat(6 << 20))).await;
        let client = client(Settings { max_bodies: 16 << 20, ..Settings::default() });
        let url = server.url();
        let one = || client.send(get(&url));
        let all = tokio::join!(one(), one(), one(), one());
        let kinds = [&all.0, &all.1, &all.2, &all.3].map(|r| r.error.as_ref().map(|error| error.kind));
        assert!(kinds.iter().all(|kind| kind.is_none_or(|kind| kind == ErrorKind::TooLarge)), "{kinds:?}");
        assert!(kinds.contains(&Some(ErrorKind::TooLarge)), "{kinds:?}");
        // What has ended does not count.
        for _ in 0..4 {
            assert_eq!(one().await.error, None);
        }
    });
}

#[test]
fn a_discarded_body_is_counted_and_the_connection_kept() {
    run(async {
        let server = Server::start(|seen| match seen.line() {
            "GET /chunked" => pieces(&[
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nWiki\r\n",
                "5\r\npedia\r\n0\r\n\r\n",
            ]),
            "GET /coded" => coded("content-encoding: gzip\r\n", b"not looked at"),
            "GET /cut" => raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").then(Then::Close),
            _ => ok(&"x".repeat(3_000_000)),
        })
        .await;
        // Not kept: no limit.
        let client = client(Settings { max_body: 5, ..Settings::default() });
        let base = base(&client, &server.url());
        for (path, size) in [("/large", 3_000_000), ("/chunked", 9), ("/coded", 13), ("/cut", 4)] {
            let request = Request { base: Some(&base), receive: Receive::Discard, ..get(path) };
            let response = client.send(request).await;
            assert_eq!(
                (response.status, response.size(), response.fate()),
                (200, size, Fate::Discarded),
                "{path}"
            );
            assert_eq!(response.error.as_ref().map(|e| e.kind), (path == "/cut").then_some(ErrorKind::Body));
            assert!(response.held() < 1000);
        }
        assert!(server.seen().iter().all(|seen| seen.connection == 0));
    });
}
