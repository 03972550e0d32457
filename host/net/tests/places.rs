//! Where connections lead and where they start: overrides, look-ups, local addresses.

use std::collections::BTreeMap;
use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::super::{Allowed, ErrorKind};
use super::server::{Server, ok};
use super::*;
use crate::link::{Hosts, Lookup, Override, Policy, Select, Sources};

fn overrides(pairs: &[(&str, String)]) -> Link {
    let all = pairs.iter().map(|(host, to)| Override::parse(host, to).unwrap()).collect();
    Link { hosts: Hosts::new(all), ..Link::default() }
}

/// A server that closes each connection after its answer, which is the client's address.
async fn mirror(address: &str) -> (u16, Arc<Mutex<BTreeMap<String, u32>>>) {
    let listener = TcpListener::bind((address, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(Mutex::new(BTreeMap::new()));
    let log = seen.clone();
    tokio::spawn(async move {
        while let Ok((mut tcp, from)) = listener.accept().await {
            *log.lock().unwrap().entry(from.ip().to_string()).or_default() += 1;
            let mut buffer = [0; 1024];
            let _ = tcp.read(&mut buffer).await;
            let _ = tcp.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n").await;
        }
    });
    (port, seen)
}

#[test]
fn an_override_leads_to_its_address() {
    run(async {
        let server = Server::start(|_| ok("hello")).await;
        let client = linked(overrides(&[
            ("api.invalid", format!("127.0.0.1:{}", server.port)),
            ("*.wild.invalid", "127.0.0.1".into()),
            ("gone.invalid", "127.0.0.1:1".into()),
        ]));
        let response = client.send(get("http://api.invalid/a")).await;
        assert_eq!((text(&response), response.url().as_str()), ("hello", "http://api.invalid/a"));
        assert_eq!(server.seen()[0].header("host"), Some("api.invalid"));
        let response = client.send(get(&format!("http://x.wild.invalid:{}/", server.port))).await;
        assert_eq!(text(&response), "hello");
        let error = client.send(get("http://gone.invalid/")).await.error.unwrap();
        assert_eq!(
            (error.kind, &*error.text),
            (ErrorKind::Connect, "connection refused: gone.invalid:80 at 127.0.0.1:1")
        );
        assert_eq!(client.send(get("http://other.invalid/")).await.error.unwrap().kind, ErrorKind::Dns);
    });
}

#[test]
fn an_override_is_no_way_around_what_is_allowed() {
    run(async {
        let server = Server::start(|_| ok("hello")).await;
        let port = server.port;
        let send = async |allowed: &'static [&'static str]| {
            let link = overrides(&[("api.invalid", format!("127.0.0.1:{port}"))]);
            let allowed = Some(Allowed::new(move |host, _| allowed.contains(&host)));
            let client = client(Settings { link: Arc::new(link), allowed, ..Settings::default() });
            client.send(get("http://api.invalid/")).await.error.map(|error| (error.kind, error.text))
        };
        assert_eq!(send(&["api.invalid", "127.0.0.1"]).await, None);
        // Neither a name whose address is allowed, nor an address under an allowed name.
        let refused = |place: &str| {
            Some((ErrorKind::NotAllowed, format!("requests to {place} are not allowed in this environment")))
        };
        assert_eq!(send(&["127.0.0.1"]).await, refused("api.invalid:80"));
        assert_eq!(send(&["api.invalid"]).await, refused(&format!("127.0.0.1:{port}")));
        assert_eq!(server.seen().len(), 1);
    });
}

#[test]
fn a_policy_drops_addresses() {
    run(async {
        let server = Server::start(|_| ok("hello")).await;
        let url = format!("http://localhost:{}/", server.port);
        let with =
            |policy| linked(Link { lookup: Lookup { policy, ..Lookup::default() }, ..Link::default() });
        for policy in [Policy::Any, Policy::PreferV4, Policy::PreferV6, Policy::OnlyV4] {
            assert_eq!(text(&*with(policy).send(get(&url)).await), "hello", "{policy:?}");
        }
        // The server listens on IPv4 alone; some machines have no IPv6 at all.
        let error = with(Policy::OnlyV6).send(get(&url)).await.error.unwrap();
        assert!(matches!(error.kind, ErrorKind::Dns | ErrorKind::Connect), "{}", error.text);
        let error = with(Policy::OnlyV6).send(get("http://nowhere.invalid/")).await.error.unwrap();
        assert_eq!(error.kind, ErrorKind::Dns);
        // What is an address is not looked up.
        let url = format!("http://127.0.0.1:{}/", server.port);
        assert_eq!(text(&*with(Policy::OnlyV6).send(get(&url)).await), "hello");
    });
}

#[test]
fn ipv6_addresses_are_spoken_to() {
    run(async {
        if std::net::TcpListener::bind("[::1]:0").is_err() {
            return;
        }
        let (port, seen) = mirror("::1").await;
        let response = plain().send(get(&format!("http://[::1]:{port}/"))).await;
        assert_eq!((response.status, &response.error), (200, &None));
        assert_eq!(seen.lock().unwrap().get("::1"), Some(&1));
    });
}

#[test]
fn answers_are_kept_as_long_as_told() {
    run(async {
        let server = Server::start(|_| ok("hello").then(super::server::Then::Close)).await;
        let url = format!("http://localhost:{}/", server.port);
        for (ttl, is_kept) in [(std::time::Duration::ZERO, false), (std::time::Duration::MAX, true)] {
            for select in [Select::First, Select::RoundRobin, Select::Random] {
                let client =
                    linked(Link { lookup: Lookup { ttl, select, ..Lookup::default() }, ..Link::default() });
                let first = client.net().dns.resolve("localhost").await.unwrap();
                let second = client.net().dns.resolve("localhost").await.unwrap();
                assert_eq!(Rc::ptr_eq(&first, &second), is_kept);
                assert_eq!(client.send(get(&url)).await.error, None);
            }
        }
    });
}

#[test]
fn connections_start_at_each_local_address_in_turn() {
    run(async {
        let (port, seen) = mirror("127.0.0.1").await;
        let mut sources = Sources::default();
        sources.add("127.0.0.2-127.0.0.4, 127.0.0.9").unwrap();
        let link = Link { sources: Some(sources), ..Link::default() };
        let settings = Settings { link: Arc::new(link), ..Settings::default() };
        // Workers share the turn.
        let clients = [client(settings.clone()), client(settings)];
        for turn in 0..12 {
            let response = clients[turn % 2].send(get(&format!("http://127.0.0.1:{port}/"))).await;
            assert_eq!((response.status, &response.error), (200, &None));
        }
        let expected = ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.9"].map(|from| (from.to_owned(), 3));
        assert_eq!(*seen.lock().unwrap(), BTreeMap::from(expected));
    });
}

#[test]
fn a_local_address_that_is_not_here_is_told_of() {
    run(async {
        let (port, _) = mirror("127.0.0.1").await;
        for (source, why) in [
            // RFC 5737: nobody's.
            ("192.0.2.1", "cannot start at 192.0.2.1 of `settings.local_addresses`"),
            ("::1", "`settings.local_addresses` has no IPv4 address"),
        ] {
            let mut sources = Sources::default();
            sources.add(source).unwrap();
            let client = linked(Link { sources: Some(sources), ..Link::default() });
            let error = client.send(get(&format!("http://127.0.0.1:{port}/"))).await.error.unwrap();
            assert_eq!(error.kind, ErrorKind::Connect);
            assert!(error.text.contains(why), "{}", error.text);
        }
    });
}
