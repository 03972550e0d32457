//! Everything that can go wrong ends in a response with a named error.

use std::time::{Duration, Instant};

use http::Method;
use tokio::net::TcpListener;

use super::super::{ErrorKind, Receive};
use super::server::{Server, Then, ok, pieces, raw};
use super::*;

/// The kind and text of a failed request.
async fn fail(client: &Client, request: Request<'_>) -> (ErrorKind, String, u16) {
    let response = client.send(request).await;
    let error = response.error.unwrap();
    (error.kind, error.text, response.status)
}

#[test]
fn urls_that_lead_nowhere() {
    run(async {
        let client = plain();
        for target in ["/relative", "ftp://127.0.0.1/", "http://", "http://127.0.0.1:99999/", "http://a b/"] {
            let (kind, text, status) = fail(&client, get(target)).await;
            assert_eq!((kind, status), (ErrorKind::InvalidUrl, 0), "{target}: {text}");
        }
        let response = client.send(get("/relative")).await;
        assert_eq!(response.url(), "/relative");
    });
}

#[test]
fn hosts_that_are_not_there() {
    run(async {
        let client = plain();
        // Nobody listens, and nobody else gets the port meanwhile.
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let port = socket.local_addr().unwrap().port();
        let failed = fail(&client, get(&format!("http://127.0.0.1:{port}/"))).await;
        assert_eq!(failed, (ErrorKind::Connect, format!("connection refused: 127.0.0.1:{port}"), 0));
        let (kind, text, _) = fail(&client, get("http://no-such-host.invalid/")).await;
        assert_eq!(kind, ErrorKind::Dns);
        assert!(text.starts_with("cannot find the host `no-such-host.invalid`: "), "{text}");
    });
}

#[test]
fn names_are_looked_up() {
    run(async {
        let server = Server::start(|seen| ok(seen.header("host").unwrap())).await;
        let response = plain().send(get(&format!("http://localhost:{}/", server.port))).await;
        assert_eq!(text(&response), format!("localhost:{}", server.port));
    });
}

#[test]
fn headers_that_cannot_be_sent() {
    run(async {
        let client = plain();
        let url = "http://127.0.0.1:1/";
        let cases: [&[(&str, &str)]; 4] = [
            &[("bad name", "x")],
            &[("x", "line\nbreak")],
            &[("content-length", "7")],
            &[("transfer-encoding", "chunked")],
        ];
        for headers in cases {
            let (kind, text, _) = fail(&client, Request { headers, ..get(url) }).await;
            assert_eq!(kind, ErrorKind::InvalidRequest, "{text}");
        }
    });
}

#[test]
fn answers_that_are_none() {
    run(async {
        let server = Server::start(|seen| match seen.line() {
            "GET /garbage" => raw("SSH-2.0-OpenSSH_9.6\r\n"),
            "GET /closed" => raw("").then(Then::Close),
            "GET /reset" => raw("").then(Then::Reset),
            "GET /half" => raw("HTTP/1.1 200 OK\r\ncontent-le").then(Then::Close),
            "GET /short" => raw("HTTP/1.1 201 Created\r\ncontent-length: 9\r\n\r\nhalf").then(Then::Close),
            "GET /chunk" => {
                raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab").then(Then::Close)
            }
            "GET /badchunk" => raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nab\r\n"),
            "GET /lengths" => raw("HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"),
            other => raw(other),
        })
        .await;
        let client = plain();
        let base = base(&client, &server.url());
        let cases = [
            ("/garbage", ErrorKind::Protocol, 0),
            ("/closed", ErrorKind::Closed, 0),
            ("/reset", ErrorKind::Closed, 0),
            ("/half", ErrorKind::Closed, 0),
            ("/short", ErrorKind::Body, 201),
            ("/chunk", ErrorKind::Body, 200),
            ("/badchunk", ErrorKind::Body, 200),
            ("/lengths", ErrorKind::Protocol, 0),
        ];
        for (path, expected, expected_status) in cases {
            let (kind, text, status) = fail(&client, Request { base: Some(&base), ..get(path) }).await;
            assert_eq!((kind, status), (expected, expected_status), "{path}: {text}");
        }
        let response = client.send(Request { base: Some(&base), ..get("/short") }).await;
        assert_eq!(text(&response), "half");
        // Each failure closed its connection, and none was sent twice.
        let connections: Vec<_> = server.seen().iter().map(|seen| seen.connection).collect();
        assert_eq!(connections, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    });
}

#[test]
fn answers_that_never_end() {
    run(async {
        let server = Server::start(|seen| match seen.line() {
            "GET /announced" => raw("HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n"),
            "GET /endless" => raw(&format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(100_000))),
            "GET /headers" => raw(&format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(100_000))),
            "GET /many" => raw(&format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(101))),
            _ => raw(&format!("HTTP/1.1 200 OK\r\ncontent-length: 4000\r\n\r\n{}", "x".repeat(4000))),
        })
        .await;
        let client = client(Settings { max_body: 4000, ..Settings::default() });
        let base = base(&client, &server.url());
        for (path, status) in [("/announced", 200), ("/endless", 200), ("/headers", 0), ("/many", 0)] {
            let (kind, text, seen) = fail(&client, Request { base: Some(&base), ..get(path) }).await;
            assert_eq!((kind, seen), (ErrorKind::TooLarge, status), "{path}: {text}");
        }
        let response = client.send(Request { base: Some(&base), ..get("/just") }).await;
        assert_eq!((response.body().len(), response.error), (4000, None));
    });
}

#[test]
fn a_timeout_covers_head_and_body() {
    run(async {
        let server = Server::start(|seen| match seen.line() {
            "GET /silent" => raw("").then(Then::Hang),
            "GET /stuck" => raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").then(Then::Hang),
            "GET /drip" => {
                pieces(&[&["HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n"], &["x"; 90][..]].concat())
            }
            _ => ok("quick"),
        })
        .await;
        let client = plain();
        let base = base(&client, &server.url());
        // An earlier and longer timeout leaves its alarm on the connection.
        assert_eq!(client.send(Request { base: Some(&base), ..get("/") }).await.status, 200);
        let cases = [
            ("/silent", "no answer within 50 ms (timeout)"),
            ("/stuck", "the answer was not complete within 50 ms (timeout)"),
            ("/drip", "the answer was not complete within 50 ms (timeout)"),
        ];
        for (path, expected) in cases {
            let timeout = Some(Duration::from_millis(50));
            let begun = Instant::now();
            let failed = fail(&client, Request { base: Some(&base), timeout, ..get(path) }).await;
            assert_eq!((failed.0, &*failed.1), (ErrorKind::Timeout, expected), "{path}");
            let took = begun.elapsed();
            assert!(
                took >= Duration::from_millis(50) && took < Duration::from_millis(300),
                "{path} {took:?}"
            );
        }
    });
}

/// The worker was busy while the time passed: timer and answer are found at once.
#[test]
fn an_answer_after_the_timeout_is_none() {
    run(async {
        let server = Server::start(|seen| {
            if seen.line() != "GET /quick" {
                std::thread::sleep(Duration::from_millis(60));
            }
            ok("late")
        })
        .await;
        let client = plain();
        let base = base(&client, &server.url());
        for receive in [Receive::Keep, Receive::Discard, Receive::Stream] {
            assert_eq!(client.send(Request { base: Some(&base), ..get("/quick") }).await.error, None);
            let timeout = Some(Duration::from_millis(20));
            let response = client.send(Request { base: Some(&base), timeout, receive, ..get("/") }).await;
            assert!(response.elapsed > Duration::from_millis(20));
            assert_eq!(response.error.as_ref().map(|error| error.kind), Some(ErrorKind::Timeout));
            assert!(!response.is_streaming());
        }
    });
}

#[test]
fn a_short_timeout_does_not_shorten_the_next_request() {
    run(async {
        let late = pieces(&["", "", "", "", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"]);
        let server = Server::start(move |seen| if seen.nth == 0 { ok("quick") } else { late.clone() }).await;
        let client = plain();
        let base = base(&client, &server.url());
        let timeout = Some(Duration::from_millis(20));
        // The answer takes a turn, so that the alarm is set.
        assert_eq!(client.send(Request { base: Some(&base), timeout, ..get("/") }).await.status, 200);
        let response = client.send(Request { base: Some(&base), ..get("/") }).await;
        assert_eq!((response.status, response.error), (200, None));
        assert!(response.elapsed >= Duration::from_millis(40));
        assert_eq!(server.seen()[1].connection, 0);
    });
}

#[test]
fn a_dropped_request_closes_its_connection() {
    run(async {
        let server =
            Server::start(|seen| if seen.connection == 0 { raw("").then(Then::Hang) } else { ok("second") })
                .await;
        let client = plain();
        let url = server.url();
        let dropped = tokio::time::timeout(Duration::from_millis(30), client.send(get(&url))).await;
        assert!(dropped.is_err());
        let response = client.send(get(&url)).await;
        assert_eq!(text(&response), "second");
        assert_eq!(server.seen().len(), 2);
    });
}

#[test]
fn an_idle_connection_that_the_server_closed_is_replaced() {
    run(async {
        // The close is announced to nobody: it races with the next request.
        let server = Server::start(|_| ok("hello").then(Then::Close)).await;
        let client = plain();
        let base = base(&client, &server.url());
        for nth in 0..20 {
            let method = if nth % 2 == 0 { Method::GET } else { Method::DELETE };
            let response = client.send(Request { base: Some(&base), ..Request::new(method, "/") }).await;
            assert_eq!((response.status, response.error), (200, None));
        }
        // With the close known before, even a POST is safe, as nothing of it was sent.
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let response = client.send(Request { base: Some(&base), ..post("/", "once") }).await;
            assert_eq!((response.status, response.error), (200, None));
        }
        let posts = server.seen().iter().filter(|seen| seen.body == "once").count();
        assert_eq!(posts, 3);
    });
}

#[test]
fn a_reused_connection_that_ends_without_an_answer_is_replaced_once() {
    run(async {
        // The second request of every connection is read and not answered.
        let server = Server::start(|seen| {
            if seen.nth == 0 && !seen.line().ends_with("/never") {
                ok("hello")
            } else {
                raw("").then(Then::Close)
            }
        })
        .await;
        let client = plain();
        let base = base(&client, &server.url());
        for connection in 0..3 {
            let response = client.send(Request { base: Some(&base), ..get("/") }).await;
            assert_eq!((response.status, response.error), (200, None));
            assert_eq!(server.seen().last().unwrap().connection, connection);
        }
        // A POST was read by the server: sending it again could do it twice.
        let (kind, ..) = fail(&client, Request { base: Some(&base), ..post("/", "once") }).await;
        assert_eq!(kind, ErrorKind::Closed);
        assert_eq!(server.seen().iter().filter(|seen| seen.body == "once").count(), 1);
        // The fresh connection's failure counts.
        assert_eq!(client.send(Request { base: Some(&base), ..get("/") }).await.status, 200);
        let before = server.seen().len();
        assert_eq!(fail(&client, Request { base: Some(&base), ..get("/never") }).await.0, ErrorKind::Closed);
        assert_eq!(server.seen().len(), before + 2);
    });
}

#[test]
fn retries_are_for_idempotent_requests_without_an_answer() {
    run(async {
        let server = Server::start(|seen| match seen.connection {
            0..2 => raw("").then(Then::Close),
            _ => ok("third"),
        })
        .await;
        let client = client(Settings { max_retries: 2, ..Settings::default() });
        let url = server.url();
        assert_eq!(fail(&client, post(&url, "once")).await.0, ErrorKind::Closed);
        assert_eq!(server.seen().len(), 1);
        let response = client.send(get(&url)).await;
        assert_eq!((text(&response), server.seen().len()), ("third", 3));
    });
}

/// More requests in one task than tokio lets a task do at a time: each keeps its timeout.
#[test]
fn many_requests_at_once_keep_their_timeouts() {
    run(async {
        let server = Server::start(|_| raw("").then(Then::Hang)).await;
        let client = plain();
        let url = server.url();
        let timeout = Some(Duration::from_millis(300));
        let request = || Box::pin(client.send(Request { timeout, ..get(&url) }));
        let mut sends: Vec<_> = (0..300).map(|_| (request(), None)).collect();
        let begun = Instant::now();
        let all = std::future::poll_fn(|cx| {
            for (send, answer) in sends.iter_mut().filter(|(_, answer)| answer.is_none()) {
                if let std::task::Poll::Ready(response) = send.as_mut().poll(cx) {
                    *answer = Some(response);
                }
            }
            match sends.iter().all(|(_, answer)| answer.is_some()) {
                true => std::task::Poll::Ready(()),
                false => std::task::Poll::Pending,
            }
        });
        tokio::time::timeout(Duration::from_secs(20), all).await.unwrap();
        let kinds = sends.iter().map(|(_, answer)| answer.as_ref().unwrap().error.as_ref().unwrap().kind);
        assert_eq!(kinds.filter(|kind| *kind == ErrorKind::Timeout).count(), 300);
        assert!(begun.elapsed() < Duration::from_secs(10));
    });
}

/// Not every server waits to be asked; what it says is then no HTTP, whenever it arrives.
#[test]
fn a_server_that_speaks_first_speaks_no_http() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let mut open = Vec::new();
            while let Ok((mut tcp, _)) = listener.accept().await {
                tokio::io::AsyncWriteExt::write_all(&mut tcp, b"220 mail ESMTP\r\n").await.unwrap();
                open.push(tcp);
            }
        });
        let client = plain();
        for _ in 0..40 {
            assert_eq!(fail(&client, get(&url)).await.0, ErrorKind::Protocol);
        }
    });
}

#[test]
fn answers_at_the_edge_of_the_standard() {
    run(async {
        let server = Server::start(|seen| match seen.line() {
            "GET /nowhere" => raw("HTTP/1.1 302 Found\r\nlocation: \r\ncontent-length: 0\r\n\r\n"),
            "GET /words" => raw("HTTP/1.1 413 Too  Large \r\ncontent-length: 0\r\n\r\n"),
            "GET /silent" => raw("HTTP/1.1 404\r\ncontent-length: 0\r\n\r\n"),
            other => raw(&format!("HTTP/1.1 000 {other}\r\ncontent-length: 0\r\n\r\n")),
        })
        .await;
        let client = plain();
        let base = base(&client, &server.url());
        for (path, status, reason) in
            [("/nowhere", 302, "Found"), ("/words", 413, "Too  Large"), ("/silent", 404, "Not Found")]
        {
            let response = client.send(Request { base: Some(&base), ..get(path) }).await;
            assert_eq!((response.status, &response.error, &*response.reason()), (status, &None, reason));
        }
        assert_eq!(fail(&client, Request { base: Some(&base), ..get("/zero") }).await.0, ErrorKind::Protocol);
    });
}

/// An answer that comes before the upload is out ends the sending: no moment counts twice.
#[test]
fn an_early_answer_counts_no_moment_twice() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let head = b"HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\n";
            for piece in [&head[..], b"a", b"b", b"c"] {
                tokio::io::AsyncWriteExt::write_all(&mut tcp, piece).await.unwrap();
                tokio::time::sleep(Duration::from_millis(30)).await;
            }
        });
        let body = "x".repeat(30_000_000).into();
        let response = plain().send(Request { body, ..Request::new(Method::POST, &url) }).await;
        assert_eq!((response.status, &response.error), (413, &None));
        let timings = response.timings;
        assert!(
            timings.duration() + timings.connecting <= response.elapsed,
            "{timings:?} {:?}",
            response.elapsed
        );
        assert!(timings.receiving >= Duration::from_millis(50), "{timings:?}");
    });
}
