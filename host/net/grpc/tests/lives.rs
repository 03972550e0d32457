//! The life of a connection: shared, refused, left, dead.

use std::rc::Rc;
use std::time::Duration;

use tokio::io::AsyncReadExt;

use super::server::{Asked, Server, message, net, run, terms};
use crate::net::{Channel, ChannelTerms, Outgoing, Received, Settings, Status};

async fn echo(channel: &Channel) -> String {
    let answer = channel.call(&Asked::new("Echo").outgoing(), message("x")).await;
    String::from_utf8(answer.message.unwrap_or_default().to_vec()).unwrap()
}

#[test]
fn a_channel_is_own_or_shared() {
    run(async {
        let server = Server::start(None).await;
        let net = net(Settings::default());
        let channel = |is_shared| net.channel(terms(&server.url()), is_shared).unwrap();
        assert_eq!((echo(&channel(false)).await, echo(&channel(false)).await), ("1 x".into(), "2 x".into()));
        assert!(Rc::ptr_eq(&channel(true), &channel(true)));
        let other = ChannelTerms { authority: Some("other".into()), ..terms(&server.url()) };
        assert!(!Rc::ptr_eq(&channel(true), &net.channel(other, true).unwrap()));
        // Calls at the same time are on one connection, also the one that is just being made.
        let shared = channel(true);
        let both = async { tokio::join!(echo(&shared), echo(&shared), echo(&shared)) };
        assert_eq!(both.await, ("3 x".into(), "3 x".into(), "3 x".into()));
    });
}

#[test]
fn what_the_server_did_not_look_at_is_sent_again() {
    run(async {
        let server = Server::start(None).await;
        let net = net(Settings::default());
        let channel = net.channel(terms(&server.url()), false).unwrap();
        let answer = channel.call(&Asked::new("Refuse").outgoing(), message("")).await;
        // On the first connection it is refused twice, unless that was left before.
        assert!(answer.status == Status::OK || answer.status == Status::UNAVAILABLE, "{answer:?}");
        let again = channel.call(&Asked::new("Refuse").outgoing(), message("")).await;
        assert_eq!((again.status, server.connections.get()), (Status::OK, 2), "{again:?}");
    });
}

#[test]
fn a_broken_connection_is_made_again() {
    run(async {
        let server = Server::start(None).await;
        let net = net(Settings::default());
        let channel = net.channel(terms(&server.url()), false).unwrap();
        assert_eq!(echo(&channel).await, "1 x");
        let answer = channel.call(&Asked::new("Drop").outgoing(), message("")).await;
        assert_eq!((answer.status, answer.fault.unwrap().name()), (Status::UNAVAILABLE, "closed"));
        assert_eq!(echo(&channel).await, "2 x");
        channel.close();
        assert_eq!(echo(&channel).await, "3 x");
    });
}

#[test]
fn a_server_that_goes_away_ends_what_has_begun() {
    run(async {
        let server = Server::start(None).await;
        let net = net(Settings::default());
        let channel = net.channel(terms(&server.url()), false).unwrap();
        let rpc = channel.open(&Asked::new("Leave").outgoing(), false).await;
        let mut texts = Vec::new();
        while let Received::Message(text) = rpc.receive(None).await {
            texts.push(String::from_utf8(text.to_vec()).unwrap());
            if texts.len() == 1 {
                // GOAWAY is on its way, or here: what is begun from then on is on another connection.
                tokio::time::sleep(Duration::from_millis(15)).await;
                assert_eq!(echo(&channel).await, "2 x");
            }
        }
        assert_eq!(
            (texts, rpc.answer().unwrap().status),
            (vec!["before".into(), "after".into()], Status::OK)
        );
    });
}

/// A peer that is gone without a word is found by a ping, where one is asked for.
#[test]
fn a_dead_connection_is_found_by_a_ping() {
    run(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        tokio::task::spawn_local(async move {
            let mut held = Vec::new();
            while let Ok((mut tcp, _)) = listener.accept().await {
                // Reads the preface, and never says anything.
                let mut buffer = [0; 1024];
                let _ = tcp.read(&mut buffer).await;
                held.push(tcp);
            }
        });
        let net = net(Settings::default());
        let keepalive = Some((Duration::from_millis(30), Duration::from_millis(50)));
        let channel =
            net.channel(ChannelTerms { keepalive, ..terms(&format!("http://{addr}")) }, false).unwrap();
        let asked = Asked::new("Echo");
        let outgoing = Outgoing { timeout: Duration::from_secs(30), ..asked.outgoing() };
        let answer = channel.call(&outgoing, message("")).await;
        assert_eq!((answer.status, answer.fault.unwrap().name()), (Status::UNAVAILABLE, "closed"));
        assert!(answer.text.contains("keepalive ping"), "{}", answer.text);
        assert!(answer.elapsed < Duration::from_secs(20));
    });
}

#[test]
fn where_calls_may_not_go_nothing_is_sent() {
    run(async {
        let server = Server::start(None).await;
        let allowed = Some(crate::net::Allowed::new(|host, _| host == "elsewhere"));
        let net = net(Settings { allowed, ..Settings::default() });
        let error = net.channel(terms(&server.url()), false).err().unwrap();
        assert_eq!(error.kind, crate::net::ErrorKind::NotAllowed);
    });
}
