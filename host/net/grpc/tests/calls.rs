//! Unary calls, and what servers answer instead.

use std::time::{Duration, Instant};

use super::server::{Asked, Server, message, net, run, terms};
use crate::net::coding::Coding;
use crate::net::{Answer, Outgoing, Received, Settings, Status};

async fn called(server: &Server, method: &str) -> Answer {
    let net = net(Settings::default());
    let channel = net.channel(terms(&server.url()), false).unwrap();
    channel.call(&Asked::new(method).outgoing(), message("hello")).await
}

fn text(answer: &Answer) -> String {
    assert_eq!((answer.status, &*answer.text), (Status::OK, ""), "{answer:?}");
    String::from_utf8(answer.message.clone().unwrap().to_vec()).unwrap()
}

#[test]
fn a_message_goes_each_way_over_one_connection() {
    run(async {
        let server = Server::start(None).await;
        let net = net(Settings::default());
        let channel = net.channel(terms(&server.url()), false).unwrap();
        let mut asked = Asked::new("Echo");
        asked.metadata.add("echo-text", b"a b").unwrap();
        asked.metadata.add("echo-bin", b"\0\xff").unwrap();
        for _ in 0..3 {
            let answer = channel.call(&asked.outgoing(), message("hello")).await;
            assert_eq!(text(&answer), "1 hello");
            assert_eq!(answer.headers["echo-text"], "a b");
            assert_eq!(answer.headers["echo-bin"], "AP8");
            assert_eq!(answer.trailers["x-late"], "yes");
            assert_eq!(answer.received, 7);
        }
        let large = "x".repeat(3 << 20);
        let outgoing = Outgoing { max_receive: 4 << 20, coding: Some(Coding::Zstd), ..asked.outgoing() };
        assert_eq!(text(&channel.call(&outgoing, message(&large)).await), format!("1 {large}"));
        assert_eq!(server.connections.get(), 1);
    });
}

#[test]
fn what_the_specification_wants_is_sent() {
    run(async {
        let server = Server::start(None).await;
        let answer = called(&server, "Headers").await;
        assert_eq!(text(&answer), "10000000u - e2e/0.1 trailers application/grpc");
    });
}

#[test]
fn compressed_answers_are_read() {
    run(async {
        let server = Server::start(None).await;
        assert_eq!(text(&called(&server, "Gzip").await), "hello");
    });
}

#[test]
fn what_is_no_good_answer_is_a_status() {
    run(async {
        let server = Server::start(None).await;
        for (method, status, kind, said) in [
            ("Fail", 5, "status", "no way"),
            ("Html", 2, "protocol", "HTTP 200 OK (text/html) instead of gRPC"),
            ("Busy", 14, "protocol", "HTTP 503 Service Unavailable (text/plain)"),
            ("NoStatus", 2, "protocol", "without a status"),
            ("Empty", 13, "protocol", "sent no message"),
            ("Two", 13, "protocol", "second message"),
            ("Cut", 13, "protocol", "within a message"),
            ("Large", 8, "too_large", "larger than 1048576 bytes"),
        ] {
            let answer = called(&server, method).await;
            let fault = answer.fault.as_ref().map(|fault| fault.name());
            assert_eq!((answer.status.0, fault), (status, Some(kind)), "{method}: {}", answer.text);
            assert!(answer.text.contains(said) && answer.message.is_none(), "{method}: {}", answer.text);
        }
    });
}

#[test]
fn a_message_that_is_too_large_is_not_sent() {
    run(async {
        let server = Server::start(None).await;
        let net = net(Settings::default());
        let channel = net.channel(terms(&server.url()), false).unwrap();
        let asked = Asked::new("Echo");
        let outgoing = Outgoing { max_send: 4, ..asked.outgoing() };
        let answer = channel.call(&outgoing, message("hello")).await;
        assert_eq!((answer.status, answer.fault.unwrap().name()), (Status::RESOURCE_EXHAUSTED, "too_large"));
        assert_eq!(server.connections.get(), 0);
    });
}

#[test]
fn the_deadline_holds_here_too_and_resets_the_stream() {
    run(async {
        let server = Server::start(None).await;
        let net = net(Settings::default());
        let channel = net.channel(terms(&server.url()), false).unwrap();
        let asked = Asked::new("Silent");
        let begun = Instant::now();
        let outgoing = Outgoing { timeout: Duration::from_millis(60), ..asked.outgoing() };
        let answer = channel.call(&outgoing, message("")).await;
        assert_eq!((answer.status, answer.fault.unwrap().name()), (Status::DEADLINE_EXCEEDED, "timeout"));
        assert!(begun.elapsed() >= Duration::from_millis(60));
        // The server hears of it, and the connection serves on.
        assert_eq!(text(&channel.call(&Asked::new("Echo").outgoing(), message("on")).await), "1 on");
        for _ in 0..200 {
            if server.resets.get() == 1 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the server never heard of it");
    });
}

/// The server blocks the one thread, so that its word is there first.
#[test]
fn the_deadline_is_one_whoever_notices_first() {
    run(async {
        let server = Server::start(None).await;
        let net = net(Settings::default());
        let channel = net.channel(terms(&server.url()), false).unwrap();
        for (method, millis, kind) in [("Late", 80, "timeout"), ("Hasty", 4000, "status")] {
            let asked = Asked::new(method);
            let outgoing = Outgoing { timeout: Duration::from_millis(millis), ..asked.outgoing() };
            let unary = channel.call(&outgoing, message("")).await;
            let rpc = channel.open(&outgoing, true).await;
            assert!(matches!(rpc.receive(None).await, Received::Over));
            for answer in [unary, rpc.answer().unwrap()] {
                let said = (answer.status, answer.fault.unwrap().name());
                assert_eq!(said, (Status::DEADLINE_EXCEEDED, kind), "{method}");
            }
        }
    });
}

#[test]
fn nobody_there() {
    run(async {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let net = net(Settings::default());
        let channel = net.channel(terms(&format!("http://127.0.0.1:{port}")), false).unwrap();
        let answer = channel.call(&Asked::new("Echo").outgoing(), message("")).await;
        assert_eq!((answer.status, answer.fault.unwrap().name()), (Status::UNAVAILABLE, "connect"));
        assert!(answer.text.starts_with("connection refused: 127.0.0.1:"), "{}", answer.text);
    });
}

#[test]
fn a_server_of_http_1_is_told_apart() {
    use crate::net::tests::server::{Server as Plain, ok};
    run(async {
        let plain = Plain::start(|_| ok("hello")).await;
        let net = net(Settings::default());
        let channel = net.channel(terms(&format!("http://127.0.0.1:{}", plain.port)), false).unwrap();
        let outgoing = Asked::new("Echo");
        let outgoing = Outgoing { timeout: Duration::from_secs(5), ..outgoing.outgoing() };
        let answer = channel.call(&outgoing, message("")).await;
        assert!(answer.fault.is_some() && answer.status != Status::OK, "{answer:?}");
    });
}
