//! Streams: both directions, their end from either side, their deadline.

use std::time::Duration;

use super::server::{Asked, Server, message, net, run, terms};
use crate::net::{Channel, Outgoing, Received, Rpc, Settings, Status};
use std::rc::Rc;

async fn channel(server: &Server) -> Rc<Channel> {
    net(Settings::default()).channel(terms(&server.url()), false).unwrap()
}

async fn next(rpc: &Rpc) -> Option<String> {
    match rpc.receive(Some(Duration::from_secs(10))).await {
        Received::Message(message) => Some(String::from_utf8(message.to_vec()).unwrap()),
        Received::Over => None,
        Received::TimedOut => panic!("nothing came"),
    }
}

#[test]
fn messages_go_both_ways_in_any_order() {
    run(async {
        let server = Server::start(None).await;
        let channel = channel(&server).await;
        let rpc = channel.open(&Asked::new("Chat").outgoing(), false).await;
        for text in ["a", "b"] {
            assert!(rpc.send(message(text)).await);
            assert_eq!(next(&rpc).await, Some(format!("{text}!")));
        }
        assert!(matches!(rpc.receive(Some(Duration::from_millis(5))).await, Received::TimedOut));
        for _ in 0..3 {
            assert!(rpc.send(message(&"y".repeat(200_000))).await);
        }
        rpc.close_send();
        assert!(!rpc.is_open() && !rpc.is_over() && !rpc.send(message("late")).await);
        for _ in 0..3 {
            assert_eq!(next(&rpc).await.unwrap().len(), 200_001);
        }
        assert_eq!(next(&rpc).await, None);
        let answer = rpc.answer().unwrap();
        assert_eq!((answer.status, answer.fault, rpc.counts()), (Status::OK, None, (5, 5)));
    });
}

#[test]
fn a_server_may_end_it() {
    run(async {
        let server = Server::start(None).await;
        let channel = channel(&server).await;
        let rpc = channel.open(&Asked::new("Chat").outgoing(), false).await;
        assert!(rpc.send(message("stop")).await);
        assert_eq!(next(&rpc).await, None);
        let answer = rpc.answer().unwrap();
        assert_eq!((answer.status.0, &*answer.text), (9, "enough"));
        assert!(!rpc.send(message("more")).await);
    });
}

#[test]
fn this_side_may_end_it() {
    run(async {
        let server = Server::start(None).await;
        let channel = channel(&server).await;
        let rpc = channel.open(&Asked::new("Endless").outgoing(), false).await;
        assert_eq!(next(&rpc).await, Some("0".into()));
        rpc.cancel();
        assert_eq!(next(&rpc).await, None);
        let answer = rpc.answer().unwrap();
        assert_eq!((answer.status, answer.fault.unwrap().name()), (Status::CANCELLED, "cancelled"));
        for _ in 0..200 {
            if server.resets.get() == 1 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the server never heard of it");
    });
}

#[test]
fn the_deadline_bounds_all_of_it() {
    run(async {
        let server = Server::start(None).await;
        let channel = channel(&server).await;
        let asked = Asked::new("Endless");
        let outgoing = Outgoing { timeout: Duration::from_millis(80), ..asked.outgoing() };
        let rpc = channel.open(&outgoing, true).await;
        let mut count = 0;
        while next(&rpc).await.is_some() {
            count += 1;
        }
        let answer = rpc.answer().unwrap();
        assert!(count > 0 && answer.elapsed >= Duration::from_millis(80), "{count} {answer:?}");
        assert_eq!((answer.status, answer.fault.unwrap().name()), (Status::DEADLINE_EXCEEDED, "timeout"));
    });
}

/// What nobody reads waits at the server: it is not gathered here.
#[test]
fn messages_over_the_limit_end_it() {
    run(async {
        let server = Server::start(None).await;
        let channel = channel(&server).await;
        let rpc = channel.open(&Asked::new("Large").outgoing(), false).await;
        assert_eq!(next(&rpc).await, None);
        assert_eq!(rpc.answer().unwrap().status, Status::RESOURCE_EXHAUSTED);
        let asked = Asked::new("Chat");
        let rpc = channel.open(&Outgoing { max_send: 2, ..asked.outgoing() }, false).await;
        assert!(!rpc.send(message("abc")).await);
        assert_eq!(rpc.answer().unwrap().status, Status::RESOURCE_EXHAUSTED);
    });
}

#[test]
fn a_stream_that_cannot_begin_is_over() {
    run(async {
        let net = net(Settings::default());
        let channel = net.channel(terms("http://127.0.0.1:1"), false).unwrap();
        let rpc = channel.open(&Asked::new("Chat").outgoing(), false).await;
        assert!(rpc.is_over() && !rpc.send(message("x")).await);
        assert_eq!(rpc.answer().unwrap().fault.unwrap().name(), "connect");
    });
}
