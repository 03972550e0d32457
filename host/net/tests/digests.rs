//! Authentication and repetition: what is asked for twice, and what is seen of it.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use super::super::{Auth, ErrorKind, Told};
use super::server::{Seen, Server, Then, ok, raw};
use super::*;

const DIGEST: Option<Auth<'_>> = Some(Auth::Digest { user: "Mufasa", password: "Circle of Life" });

fn refusal(nonce: &str, more: &str) -> server::Reply {
    raw(&format!(
        "HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Digest realm=\"r\", qop=\"auth\", algorithm=SHA-256, \
         nonce=\"{nonce}\"{more}\r\ncontent-length: 3\r\n\r\nno!"
    ))
}

fn param<'s>(seen: &'s Seen, name: &str) -> Option<&'s str> {
    let header = seen.header("authorization")?.strip_prefix("Digest ")?;
    header
        .split(", ")
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
        .map(|v| v.trim_matches('"'))
}

#[test]
fn a_challenge_is_answered_once_and_remembered() {
    run(async {
        let server = Server::start(|seen| match param(seen, "nonce") {
            Some("old") if param(seen, "nc") == Some("00000003") => refusal("new", ", stale=true"),
            Some("old" | "new") => ok("in"),
            _ => refusal("old", ""),
        })
        .await;
        let client = plain();
        let url = format!("{}/dir?q=1", server.url());
        for _ in 0..4 {
            let response = client.send(Request { auth: DIGEST, ..get(&url) }).await;
            assert_eq!((response.status, text(&response), response.retries), (200, "in", 0));
        }
        let seen = server.seen();
        let counts: Vec<_> = seen.iter().map(|seen| (param(seen, "nonce"), param(seen, "nc"))).collect();
        let old = |nc| (Some("old"), Some(nc));
        let new = |nc| (Some("new"), Some(nc));
        assert_eq!(
            counts,
            [
                (None, None),
                old("00000001"),
                old("00000002"),
                old("00000003"),
                new("00000001"),
                new("00000002")
            ]
        );
        assert_eq!((param(&seen[1], "uri"), param(&seen[1], "username")), (Some("/dir?q=1"), Some("Mufasa")));
        assert_ne!(param(&seen[1], "cnonce"), param(&seen[2], "cnonce"));
        assert!(seen.iter().all(|seen| seen.connection == 0));
    });
}

#[test]
fn a_wrong_password_ends_in_401() {
    run(async {
        let server = Server::start(|_| refusal("n", "")).await;
        let client = plain();
        let url = server.url();
        let response = client.send(Request { auth: DIGEST, ..get(&url) }).await;
        assert_eq!((response.status, text(&response), &response.error), (401, "no!", &None));
        assert_eq!(server.seen().len(), 2);
        // Without digest nobody asks.
        let response = client.send(get(&url)).await;
        assert_eq!((response.status, server.seen().len()), (401, 3));
    });
}

#[test]
fn a_bearer_token_goes_to_its_origin_only() {
    run(async {
        let other = Server::start(|_| ok("other")).await;
        let target = other.url();
        let server = Server::start(move |_| {
            raw(&format!("HTTP/1.1 302 Go\r\nlocation: {target}/\r\ncontent-length: 0\r\n\r\n"))
        })
        .await;
        let client = plain();
        let url = server.url();
        let response = client.send(Request { auth: Some(Auth::Bearer("abc")), ..get(&url) }).await;
        assert_eq!(text(&response), "other");
        assert_eq!(server.seen()[0].header("authorization"), Some("Bearer abc"));
        assert_eq!(other.seen()[0].header("authorization"), None);
        let response = client.send(Request { auth: Some(Auth::Bearer("a\r\nb")), ..get(&url) }).await;
        assert_eq!(response.error.unwrap().kind, ErrorKind::InvalidRequest);
    });
}

#[test]
fn repetitions_wait_and_are_counted() {
    run(async {
        let server = Server::start(|seen| match seen.connection {
            0..2 => raw("").then(Then::Close),
            _ => ok("third"),
        })
        .await;
        let client = plain();
        let url = server.url();
        let begun = Instant::now();
        let response = client.send(Request { max_retries: Some(5), ..get(&url) }).await;
        assert_eq!((text(&response), response.retries), ("third", 2));
        // Half of 100 and of 200 ms at least.
        assert!(begun.elapsed() >= Duration::from_millis(150), "{:?}", begun.elapsed());
        assert!(response.elapsed >= Duration::from_millis(150));
        assert_eq!(client.send(get(&url)).await.retries, 0);
    });
}

#[test]
fn nobody_waits_beyond_the_timeout() {
    run(async {
        let server = Server::start(|_| raw("").then(Then::Close)).await;
        let client = client(Settings { max_retries: 1000, ..Settings::default() });
        let (url, begun) = (server.url(), Instant::now());
        let response = client.send(Request { timeout: Some(Duration::from_millis(500)), ..get(&url) }).await;
        assert_eq!(response.error.unwrap().kind, ErrorKind::Closed);
        assert!(begun.elapsed() < Duration::from_secs(5));
        assert!((1..5).contains(&server.seen().len()), "{}", server.seen().len());
    });
}

#[test]
fn all_that_goes_over_the_wire_is_told() {
    run(async {
        let server = Server::start(|seen| match (seen.line(), seen.nth) {
            ("POST /a", _) => raw("HTTP/1.1 303 Go\r\nlocation: /b\r\ncontent-length: 3\r\n\r\nbye"),
            ("GET /b", _) => ok("there"),
            _ => raw("").then(Then::Close),
        })
        .await;
        let client = plain();
        let told = RefCell::new(Vec::new());
        let line =
            |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().to_owned();
        let text = |body: Option<&[u8]>| body.map(|body| String::from_utf8_lossy(body).into_owned());
        let trace = |what: Told<'_>| {
            told.borrow_mut().push(match what {
                Told::Request { head, body } => format!("> {} {:?}", line(head), text(body)),
                Told::Answer { head, body, .. } => format!("< {} {:?}", line(head), text(body)),
                Told::Failure(why) => format!("! {why}"),
            });
        };
        let url = format!("{}/a", server.url());
        client.send(Request { trace: Some(&trace), ..post(&url, "data") }).await;
        let url = format!("{}/none", server.url());
        client.send(Request { trace: Some(&trace), ..get(&url) }).await;
        assert_eq!(
            *told.borrow(),
            [
                "> POST /a HTTP/1.1 Some(\"data\")",
                "< HTTP/1.1 303 Go Some(\"bye\")",
                "> GET /b HTTP/1.1 Some(\"\")",
                "< HTTP/1.1 200 OK Some(\"there\")",
                "> GET /none HTTP/1.1 Some(\"\")",
                "! the server closed the connection before it answered",
                // That was the idle connection, whose end is nobody's failure; then a fresh one.
                "> GET /none HTTP/1.1 Some(\"\")",
                "! the server closed the connection before it answered",
            ]
        );
    });
}
