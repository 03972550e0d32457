//! Requests as streams of one connection, with servers that keep to RFC 9113.

use std::cell::RefCell;
use std::time::Duration;

use h2::server::Builder;
use http::Response as Answer;

use super::super::secure::{identity, with_ca};
use super::super::server::{Server, ok};
use super::server::{Asked, Server2};
use super::*;
use crate::net::{ErrorKind, Told};

#[test]
fn prior_knowledge_speaks_it_at_once_over_one_connection() {
    run(async {
        let server = Server2::start(Builder::new(), echo).await;
        let client = knowing();
        let url = format!("{}/a?b=c", server.url());
        let response = client.send(post(&url, "data")).await;
        let expected = format!("0 {}/a?b=c data", server.url());
        assert_eq!((&response.error, text(&response)), (&None, &*expected));
        assert_eq!((response.status, response.version()), (200, Some("2")));
        assert_eq!(response.reason(), "OK");
        assert!(response.timings.connecting > Duration::ZERO);
        assert!(response.sent_bytes > 50 && response.received_bytes > 30);
        for _ in 0..3 {
            let again = client.send(get(&url)).await;
            assert_eq!((again.status, again.timings.connecting), (200, Duration::ZERO));
            assert!(again.timings.waiting > Duration::ZERO);
            assert!((10..200).contains(&again.sent_bytes), "{}", again.sent_bytes);
        }
        assert_eq!(server.log.connections.get(), 1);
    });
}

#[test]
fn a_server_of_http_1_1_alone_is_named() {
    run(async {
        let server = Server::start(|_| ok("hello")).await;
        let error = knowing().send(get(&server.url())).await.error.unwrap();
        assert_eq!(error.kind, ErrorKind::Protocol);
        assert!(error.text.starts_with("the server answers in HTTP/1.1"), "{}", error.text);
    });
}

#[test]
fn alpn_decides_over_https() {
    run(async {
        let (config, pem) = identity("127.0.0.1");
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), pem).unwrap();
        let client = |http2| linked(Link { tls: with_ca(file.path()), http2, ..Link::default() });
        let two =
            Server2::start_with(Some(alpn(config.clone(), &["h2", "http/1.1"])), Builder::new(), echo).await;
        let one = Server::start_with(Some(alpn(config.clone(), &["http/1.1"])), |_| ok("one")).await;
        let none = Server::start_with(Some(config), |_| ok("none")).await;
        let [two, one, none] =
            [two.port, one.port, none.port].map(|port| format!("https://127.0.0.1:{port}/"));
        let auto = client(Http2::Auto);
        for (url, version) in [(&two, "2"), (&one, "1.1"), (&none, "1.1"), (&two, "2")] {
            let response = auto.send(get(url)).await;
            assert_eq!((&response.error, response.version()), (&None, Some(version)), "{url}");
            assert_eq!(response.security.as_ref().unwrap().version, "1.3");
        }
        let again = auto.send(get(&two)).await;
        assert_eq!(again.timings.tls_handshaking, Duration::ZERO);
        assert!(again.security.is_some());
        let never = client(Http2::Never).send(get(&one)).await;
        assert_eq!(never.version(), Some("1.1"));
        let knowing = client(Http2::PriorKnowledge);
        assert_eq!(knowing.send(get(&two)).await.version(), Some("2"));
        for url in [&one, &none] {
            assert_eq!(knowing.send(get(url)).await.error.unwrap().kind, ErrorKind::Tls);
        }
    });
}

#[test]
fn requests_at_the_same_time_share_a_connection() {
    run(async {
        let server = Server2::start(Builder::new(), |asked| async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            echo(asked).await;
        })
        .await;
        let client = knowing();
        let urls: Vec<String> = (0..20).map(|index| format!("{}/{index}", server.url())).collect();
        let responses = together(&client, urls.iter().map(|url| get(url)).collect()).await;
        for (response, url) in responses.iter().zip(&urls) {
            assert_eq!(text(response), format!("0 {url} "));
        }
        assert_eq!(server.log.connections.get(), 1);
        assert!(server.log.most.get() > 10, "{}", server.log.most.get());
        let connected = responses.iter().filter(|response| response.timings.connecting > Duration::ZERO);
        assert_eq!(connected.count(), 1);
    });
}

#[test]
fn a_server_s_limit_of_streams_is_kept() {
    run(async {
        let mut builder = Builder::new();
        builder.max_concurrent_streams(3);
        let server = Server2::start(builder, |asked| async {
            tokio::time::sleep(Duration::from_millis(15)).await;
            echo(asked).await;
        })
        .await;
        let client = knowing();
        let url = server.url();
        let responses = together(&client, (0..12).map(|_| get(&url)).collect()).await;
        assert!(responses.iter().all(|response| response.status == 200 && response.retries == 0));
        assert_eq!((server.log.connections.get(), server.log.most.get()), (1, 3));
        // The others waited for their turn.
        let longest = responses.iter().map(|response| response.timings.blocked).max().unwrap();
        assert!(longest >= Duration::from_millis(30), "{longest:?}");
    });
}

#[test]
fn waiting_for_a_stream_ends_with_the_request_s_time() {
    run(async {
        let mut builder = Builder::new();
        builder.max_concurrent_streams(1);
        let server = Server2::start(builder, |asked: Asked| async {
            if asked.request.uri().path() == "/slow" {
                tokio::time::sleep(Duration::from_secs(20)).await;
            }
            echo(asked).await;
        })
        .await;
        let client = knowing();
        let (slow, fast) = (format!("{}/slow", server.url()), format!("{}/fast", server.url()));
        assert_eq!(client.send(get(&fast)).await.status, 200);
        let short = |url, millis| Request { timeout: Some(Duration::from_millis(millis)), ..get(url) };
        let responses = together(&client, vec![short(&slow, 300), short(&fast, 100)]).await;
        let error = responses[1].error.as_ref().unwrap();
        assert_eq!(error.kind, ErrorKind::Timeout);
        assert!(error.text.ends_with("(timeout while waiting for a stream of the connection)"), "{error}");
        assert!(responses[1].timings.blocked >= Duration::from_millis(90));
        // The time of the one that was under way gave its stream back.
        assert_eq!(responses[0].error.as_ref().unwrap().text, "no answer within 300 ms (timeout)");
        assert_eq!(client.send(get(&fast)).await.status, 200);
    });
}

#[test]
fn headers_of_the_connection_are_left_out() {
    run(async {
        let server = Server2::start(Builder::new(), |asked: Asked| async move {
            let mut names: Vec<&str> = asked.request.headers().keys().map(|name| name.as_str()).collect();
            names.sort_unstable();
            let text = format!("{} {}", asked.request.uri().authority().unwrap(), names.join(" "));
            asked.ok(text);
        })
        .await;
        let client = knowing();
        let headers = [
            ("Host", "other.example:81"),
            ("Connection", "keep-alive, X-Hop"),
            ("Keep-Alive", "timeout=5"),
            ("Upgrade", "h2c"),
            ("X-Hop", "1"),
            ("X-Kept", "1"),
            ("TE", "gzip"),
        ];
        let response = client.send(Request { headers: &headers, ..get(&server.url()) }).await;
        assert_eq!(text(&response), "other.example:81 accept user-agent x-kept");
        // What asks for an end gets it after the answer.
        let headers = [("Connection", "close")];
        assert_eq!(client.send(Request { headers: &headers, ..get(&server.url()) }).await.status, 200);
        assert_eq!(client.send(get(&server.url())).await.status, 200);
        assert_eq!(server.log.connections.get(), 2);
    });
}

#[test]
fn answers_look_as_those_of_http_1_1_do() {
    run(async {
        let server = Server2::start(Builder::new(), |asked: Asked| async move {
            let path = asked.request.uri().path().to_owned();
            let answer = Answer::builder()
                .header("X-One", "1")
                .header("Set-Cookie", "a=b")
                .header("set-cookie", "c=d");
            match &*path {
                "/empty" => asked.with(answer.status(204).body(()).unwrap(), ""),
                "/head" => asked.with(answer.header("content-length", "5").body(()).unwrap(), ""),
                "/moved" => {
                    asked.with(answer.status(302).header("location", "/cookies").body(()).unwrap(), "gone")
                }
                "/cookies" => {
                    let cookies = asked.header("cookie").unwrap_or_default().to_owned();
                    asked.ok(cookies);
                }
                _ => {
                    let mut asked = asked;
                    let mut stream = asked.open(answer.body(()).unwrap());
                    stream.send_data("body".into(), false).unwrap();
                    let mut trailers = http::HeaderMap::new();
                    trailers.insert("x-trailer", "1".parse().unwrap());
                    stream.send_trailers(trailers).unwrap();
                }
            }
        })
        .await;
        let client = knowing();
        let url = |path: &str| format!("{}{path}", server.url());
        let response = client.send(get(&url("/"))).await;
        assert_eq!((text(&response), &response.error), ("body", &None));
        assert_eq!(response.headers().get("X-ONE"), Some(&b"1"[..]));
        assert_eq!(response.headers().all("set-cookie").count(), 2);
        assert!(response.headers().get("x-trailer").is_none());
        let empty = client.send(get(&url("/empty"))).await;
        assert_eq!((empty.status, empty.body(), &empty.error), (204, &b""[..], &None));
        let head = client.send(Request::new(Method::HEAD, &url("/head"))).await;
        assert_eq!((head.status, head.body(), &head.error), (200, &b""[..], &None));
        assert_eq!(head.headers().get("content-length"), Some(&b"5"[..]));
        let moved = client.send(get(&url("/moved"))).await;
        assert_eq!((text(&moved), moved.history.len()), ("a=b; c=d", 1));
        assert_eq!(server.log.connections.get(), 1);
    });
}

#[test]
fn what_is_told_is_what_is_sent() {
    run(async {
        let server = Server2::start(Builder::new(), |asked: Asked| async move {
            asked.with(Answer::builder().status(201).header("X-Set", "1").body(()).unwrap(), "made");
        })
        .await;
        let told = RefCell::new(String::new());
        let trace = |message: Told<'_>| {
            let (mark, head, body) = match message {
                Told::Request { head, body } => ('>', head, body),
                Told::Answer { head, body, .. } => ('<', head, body),
                Told::Failure(why) => ('!', why.as_bytes(), None),
            };
            for part in [head, body.unwrap_or_default()] {
                let lines = String::from_utf8_lossy(part).replace("\r\n", "|");
                told.borrow_mut().push_str(&format!("{mark}{lines}\n"));
            }
        };
        let headers = [("Connection", "keep-alive"), ("X-Own", "1")];
        let url = format!("{}/a?b=c", server.url());
        let request = Request { headers: &headers, trace: Some(&trace), ..post(&url, "data") };
        knowing().send(request).await;
        let host = server.url().replace("http://", "");
        let expected = format!(
            ">POST /a?b=c HTTP/2|host: {host}|user-agent: e2e/0.1|accept: */*|content-length: 4|x-own: 1||\n\
             >data\n<HTTP/2 201|x-set: 1||\n<made\n"
        );
        assert_eq!(*told.borrow(), expected);
    });
}
