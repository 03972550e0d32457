//! Plain requests: what goes out, what comes back, and keeping connections.

use std::time::Duration;

use http::Method;

use super::super::ErrorKind;
use super::server::{Server, ok, pieces, raw};
use super::*;

#[test]
fn a_get_is_what_a_server_expects() {
    run(async {
        let server = Server::start(|_| ok("hello")).await;
        let client = plain();
        let response = client.send(get(&format!("{}/a?b=c", server.url()))).await;
        assert_eq!((response.status, text(&response)), (200, "hello"));
        assert_eq!(response.error, None);
        assert_eq!(response.url(), format!("{}/a?b=c", server.url()));
        let seen = &server.seen()[0];
        assert_eq!(seen.line(), "GET /a?b=c");
        assert_eq!(seen.header("host"), Some(&*format!("127.0.0.1:{}", server.port)));
        assert_eq!(seen.header("user-agent"), Some("e2e/0.1"));
        assert_eq!(seen.header("accept"), Some("*/*"));
        assert_eq!(seen.header("content-length"), None);
        assert_eq!(response.sent_bytes, seen.head.len() as u64);
        assert_eq!(response.received_bytes, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello".len() as u64);
    });
}

#[test]
fn a_post_sends_its_body_and_a_base_keeps_the_connection() {
    run(async {
        let server = Server::start(|seen| ok(&format!("{}:{}", seen.connection, seen.body))).await;
        let client = plain();
        let base = base(&client, &format!("{}/api/", server.url()));
        for nth in 0..3 {
            let request = Request {
                base: Some(&base),
                params: &[("page", "1 2")],
                content_type: Some("application/json"),
                ..post("/documents", "{\"a\":1}")
            };
            let response = client.send(request).await;
            assert_eq!(text(&response), "0:{\"a\":1}");
            let seen = &server.seen()[nth];
            assert_eq!((seen.connection, seen.nth), (0, nth));
            assert_eq!(seen.line(), "POST /api/documents?page=1+2");
            assert_eq!(seen.header("content-length"), Some("7"));
            assert_eq!(seen.header("content-type"), Some("application/json"));
            let connected = response.timings.connecting > Duration::ZERO;
            assert_eq!(connected, nth == 0);
        }
    });
}

#[test]
fn a_client_keeps_its_connection_until_it_is_closed() {
    run(async {
        let server = Server::start(|_| ok("hello")).await;
        let client = plain();
        let url = server.url();
        for nth in 0..3 {
            assert_eq!(client.send(get(&url)).await.status, 200);
            assert_eq!((server.seen()[nth].connection, server.seen()[nth].nth), (0, nth));
        }
        client.close();
        assert_eq!(client.send(get(&url)).await.status, 200);
        assert_eq!(server.seen()[3].connection, 1);
    });
}

#[test]
fn bodies_come_in_every_framing() {
    run(async {
        let server = Server::start(|seen| match seen.line() {
            "GET /chunked" => pieces(&[
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nWiki\r\n",
                "5\r\npedia\r\n0\r\n\r\n",
            ]),
            "GET /pieces" => pieces(&["HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n", "ab", "cd", "ef"]),
            "GET /close" => raw("HTTP/1.1 200 OK\r\n\r\nto the end").then(super::server::Then::Close),
            "GET /none" => raw("HTTP/1.1 204 No Content\r\n\r\n"),
            "GET /same" => raw("HTTP/1.1 304 Not Modified\r\ncontent-length: 99\r\n\r\n"),
            "HEAD /" => raw("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n"),
            "GET /early" => raw("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n!"),
            other => raw(&format!("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nx: {other}\r\n\r\n")),
        })
        .await;
        let client = plain();
        let base = base(&client, &server.url());
        let cases = [
            ("/chunked", 200, "Wikipedia"),
            ("/pieces", 200, "abcdef"),
            ("/none", 204, ""),
            ("/same", 304, ""),
            ("/early", 200, "!"),
            ("/", 404, ""),
            ("/close", 200, "to the end"),
            ("/none", 204, ""),
        ];
        for (path, status, body) in cases {
            let response = client.send(Request { base: Some(&base), ..get(path) }).await;
            assert_eq!((response.status, text(&response), &response.error), (status, body, &None), "{path}");
        }
        let head = Request { base: Some(&base), ..Request::new(Method::HEAD, "/") };
        let response = client.send(head).await;
        assert_eq!((response.status, text(&response), &response.error), (200, "", &None));
        let connections: Vec<_> = server.seen().iter().map(|seen| seen.connection).collect();
        assert_eq!(connections, [0, 0, 0, 0, 0, 0, 0, 1, 1]);
    });
}

#[test]
fn a_large_body_arrives_whole() {
    run(async {
        let body: String = (0..400_000).map(|n| char::from(b'a' + (n % 26) as u8)).collect();
        let expected = body.clone();
        let server = Server::start(move |seen| ok(&format!("{}{}", body, seen.body.len()))).await;
        let upload = "x".repeat(3_000_000);
        let request = Request { body: upload.into(), ..Request::new(Method::PUT, "") };
        let client = plain();
        let base = base(&client, &server.url());
        let response = client.send(Request { base: Some(&base), ..request }).await;
        assert_eq!(response.error, None);
        assert!(text(&response) == format!("{expected}3000000"));
        assert!(response.sent_bytes > 3_000_000 && response.received_bytes > 400_000);
        let timings = response.timings;
        assert!(timings.duration() + timings.connecting <= response.elapsed);
    });
}

#[test]
fn a_request_in_flight_is_small() {
    // It lives on a parked fiber's stack, of which a page or two are touched.
    let client = plain();
    let future = client.send(get("/"));
    let size = std::mem::size_of_val(&future);
    assert!(size <= 2560, "{size} bytes");
}

#[test]
fn a_timeout_names_the_phase_and_its_time() {
    run(async {
        // Nobody accepts; once the queue is full, the system answers no more.
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut queue = Vec::new();
        while let Ok(Ok(tcp)) =
            tokio::time::timeout(Duration::from_millis(100), tokio::net::TcpStream::connect(address)).await
        {
            queue.push(tcp);
        }
        let url = format!("http://{address}/");
        let request = Request { timeout: Some(Duration::from_millis(150)), ..get(&url) };
        let response = plain().send(request).await;
        let error = response.error.unwrap();
        assert_eq!(error.kind, ErrorKind::Timeout);
        assert_eq!(error.text, "no answer within 150 ms (timeout while connecting)");
        assert!(response.timings.connecting >= Duration::from_millis(140), "{:?}", response.timings);
        assert!(response.timings.connecting <= response.elapsed);
    });
}
