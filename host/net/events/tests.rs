//! Event streams against servers that send exactly the bytes that a test says.
#![allow(clippy::unwrap_used)]

use std::future::Future;
use std::time::Duration;

use http::Method;

use super::{Listening, Source};
use crate::link::TlsOptions;
use crate::net::tests::server::{Server, Then, ok, pieces, raw};
use crate::net::{Client, ErrorKind, Net, Request, Settings, Tls};

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";

fn run<T>(test: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

async fn listen(url: &str, last_id: &str) -> Listening {
    let client = Client::new(Net::new(Settings::default(), Tls::new(TlsOptions::default())).unwrap());
    let timeout = Some(Duration::from_secs(20));
    client.listen(Request { timeout, ..Request::new(Method::GET, url) }, last_id, 100).await
}

/// The data of all events, and how the stream ended.
async fn read(source: &Source) -> (Vec<String>, Option<(ErrorKind, String)>) {
    let mut all = Vec::new();
    while let Some(event) = source.next().await {
        all.push(event.data);
    }
    assert!(!source.is_open());
    (all, source.error().map(|error| (error.kind, error.text)))
}

#[test]
fn a_stream_in_every_framing() {
    run(async {
        let server = Server::start(|seen| match seen.line() {
            "GET /chunked" => pieces(&[
                &format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n8\r\ndata: a\n\r\n"),
                "7\r\n\ndata: ",
                "\r\n3\r\nb\n\n\r\n0\r\n\r\n",
            ]),
            "GET /length" => raw(&format!("{HEAD}Content-Length: 18\r\n\r\ndata: a\n\ndata: b\n\n")),
            "GET /close" => raw(&format!("{HEAD}\r\ndata: a\n\ndata: b\n\ndata: c")).then(Then::Close),
            "GET /moved" => raw("HTTP/1.1 302 X\r\nLocation: /length\r\nContent-Length: 0\r\n\r\n"),
            _ => raw(&format!("HTTP/1.1 103 Early\r\n\r\n{HEAD}Content-Length: 0\r\n\r\n")),
        })
        .await;
        for path in ["chunked", "length", "close", "moved"] {
            let source = listen(&format!("{}/{path}", server.url()), "").await.source.unwrap();
            assert_eq!(read(&source).await, (vec!["a".to_owned(), "b".to_owned()], None), "{path}");
        }
        let source = listen(&format!("{}/empty", server.url()), "41").await.source.unwrap();
        assert_eq!((read(&source).await, source.last_id()), ((vec![], None), "41".to_owned()));
        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.header("accept"), Some("text/event-stream"));
        assert_eq!(seen.header("cache-control"), Some("no-store"));
        assert_eq!(seen.header("last-event-id"), Some("41"));
        assert_eq!(server.seen()[0].header("last-event-id"), None);
    });
}

#[test]
fn a_stream_that_breaks() {
    run(async {
        let server = Server::start(|seen| match seen.line() {
            "GET /cut" => {
                raw(&format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n9\r\nda"))
                    .then(Then::Close)
            }
            "GET /chunk" => {
                raw(&format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\nx\r\n"))
            }
            "GET /reset" => raw(&format!("{HEAD}\r\ndata: a\n\n")).then(Then::Reset),
            _ => raw(&format!("{HEAD}\r\ndata: a\n\n: {}", "x".repeat(101))),
        })
        .await;
        for (path, kind, word) in [
            ("cut", ErrorKind::Body, "in the middle"),
            ("chunk", ErrorKind::Body, "no size"),
            ("large", ErrorKind::TooLarge, "100 bytes (max_event)"),
        ] {
            let source = listen(&format!("{}/{path}", server.url()), "").await.source.unwrap();
            let (data, error) = read(&source).await;
            let (found, text) = error.unwrap();
            assert_eq!((data, found), (vec!["a".to_owned()], kind), "{path}: {text}");
            assert!(text.contains(word), "{text}");
        }
        // A reset may overtake what was sent before it.
        if let Some(source) = listen(&format!("{}/reset", server.url()), "").await.source {
            assert_eq!(read(&source).await.1.unwrap().0, ErrorKind::Body);
        }
    });
}

#[test]
fn what_is_no_stream() {
    run(async {
        let server = Server::start(|seen| match seen.line() {
            "GET /204" => raw("HTTP/1.1 204 No Content\r\n\r\n"),
            "GET /500" => {
                raw("HTTP/1.1 500 X\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\n\r\n")
            }
            "GET /gzip" => raw(&format!("{HEAD}Content-Encoding: gzip\r\n\r\n")),
            "GET /typed" => raw("HTTP/1.1 200 X\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\n\r\n"),
            _ => ok("plain"),
        })
        .await;
        let of = async |path: &str| {
            let Listening { response, source } = listen(&format!("{}/{path}", server.url()), "").await;
            let error = response.error.as_ref();
            (response.status, source.is_some(), error.map(|error| (error.kind, error.text.clone())))
        };
        let handshake = |text: &str| Some((ErrorKind::Handshake, text.to_owned()));
        assert_eq!(of("204").await, (204, false, None));
        assert_eq!(of("typed").await, (200, true, None));
        let text = "the server answered 500 Internal Server Error instead of an event stream";
        assert_eq!(of("500").await, (500, false, handshake(text)));
        let text = "the server answered with the content type ``, not text/event-stream";
        assert_eq!(of("plain").await, (200, false, handshake(text)));
        assert!(of("gzip").await.2.unwrap().1.contains("`gzip`"));
        assert_eq!(listen("http://127.0.0.1:1/", "").await.response.error.unwrap().kind, ErrorKind::Connect);
        assert_eq!(listen("/x", "").await.response.error.unwrap().kind, ErrorKind::InvalidUrl);
    });
}
