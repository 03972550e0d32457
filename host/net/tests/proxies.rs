//! Requests through proxies.

use super::super::ErrorKind;
use super::certificates::Identity;
use super::http2::server::Server2;
use super::proxy::Proxy;
use super::server::{Server, ok, raw};
use super::*;
use crate::link::{self, Exempt, Hosts, Http2, Override, Proxies, Rule};

/// Both schemes through the URL, but for `exempt`.
fn through(url: &str, exempt: &str) -> Link {
    let rule = Rule { proxy: Some(Ok(Arc::new(link::Proxy::parse(url).unwrap()))), is_ambient: false };
    let proxies = Proxies { http: rule.clone(), https: rule, exempt: Exempt::parse(exempt) };
    let tls = TlsOptions { verify: false, ..TlsOptions::default() };
    Link { proxies, tls, ..Link::default() }
}

async fn secure_server() -> Server {
    let own = Identity::new("localhost", |_| {});
    Server::start_with(Some(own.config(&[&rustls::version::TLS13])), |seen| ok(&seen.connection.to_string()))
        .await
}

#[test]
fn plain_requests_name_the_whole_url_to_the_proxy() {
    run(async {
        // It answers itself, as a caching proxy might.
        let proxy = Server::start(|seen| ok(&format!("{} {}", seen.connection, seen.line()))).await;
        let direct = Server::start(|_| ok("direct")).await;
        let url = format!("http://me:p%40ss@127.0.0.1:{}", proxy.port);
        let client = linked(through(&url, &format!("127.0.0.1:{}", direct.port)));
        let response = client.send(get("http://nowhere.invalid:81/a?b=c")).await;
        assert_eq!(text(&response), "0 GET http://nowhere.invalid:81/a?b=c");
        assert_eq!(response.url(), "http://nowhere.invalid:81/a?b=c");
        let seen = &proxy.seen()[0];
        assert_eq!(seen.all("host"), ["nowhere.invalid:81"]);
        // me:p@ss
        assert_eq!(seen.all("proxy-authorization"), ["Basic bWU6cEBzcw=="]);
        // The connection is kept, per host.
        assert_eq!(
            text(&*client.send(get("http://nowhere.invalid:81/x")).await),
            "0 GET http://nowhere.invalid:81/x"
        );
        assert_eq!(
            text(&*client.send(post("http://other.invalid/", "1")).await),
            "1 POST http://other.invalid/"
        );
        // What is exempt goes straight, and tells the server nothing of the proxy.
        assert_eq!(text(&*client.send(get(&direct.url())).await), "direct");
        assert_eq!(direct.seen()[0].line(), "GET /");
        assert_eq!(direct.seen()[0].header("proxy-authorization"), None);
    });
}

#[test]
fn http2_goes_through_a_tunnel() {
    run(async {
        let proxy = Proxy::http(None).await;
        let server = Server2::start(h2::server::Builder::new(), |asked| async move {
            let text = format!("{} {}", asked.connection, asked.request.uri());
            asked.ok(text);
        })
        .await;
        let way = through(&format!("http://127.0.0.1:{}", proxy.port), "");
        let client = linked(Link { http2: Http2::PriorKnowledge, ..way });
        for _ in 0..2 {
            let response = client.send(get(&format!("http://some.invalid:{}/a", server.port))).await;
            let expected = format!("0 http://some.invalid:{}/a", server.port);
            assert_eq!((&response.error, text(&response)), (&None, &*expected));
        }
        assert_eq!(proxy.asked().len(), 1);
        assert!(proxy.asked()[0].starts_with(&format!("CONNECT some.invalid:{} HTTP/1.1", server.port)));
    });
}

#[test]
fn what_a_proxy_answers_to_a_plain_request_is_the_answer() {
    run(async {
        let proxy = Server::start(|_| raw("HTTP/1.1 407 Who are you\r\ncontent-length: 0\r\n\r\n")).await;
        let client = linked(through(&proxy.url(), ""));
        let response = client.send(get("http://nowhere.invalid/")).await;
        assert_eq!((response.status, &response.error), (407, &None));
    });
}

#[test]
fn secure_requests_go_through_a_tunnel() {
    run(async {
        let server = secure_server().await;
        let proxy = Proxy::http(None).await;
        let client = linked(through(&format!("http://me:pass@127.0.0.1:{}", proxy.port), ""));
        let url = format!("https://name.invalid:{}/", server.port);
        let response = client.send(get(&url)).await;
        assert_eq!((text(&response), &response.error), ("0", &None));
        assert_eq!(text(&*client.send(get(&url)).await), "0");
        let asked = proxy.asked();
        assert_eq!(asked.len(), 1);
        let to = format!("name.invalid:{}", server.port);
        assert!(
            asked[0].starts_with(&format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\nUser-Agent: e2e/0.1\r\n"))
        );
        assert!(asked[0].contains("\r\nProxy-Authorization: Basic bWU6cGFzcw==\r\n"), "{}", asked[0]);
        // Within the tunnel it is a request as any other.
        let seen = &server.seen()[0];
        assert_eq!((seen.line(), seen.header("host")), ("GET /", Some(&*to)));
        assert_eq!(seen.header("proxy-authorization"), None);
    });
}

#[test]
fn socks_names_what_it_should() {
    run(async {
        let (plain, secure) = (Server::start(|_| ok("hello")).await, secure_server().await);
        let proxy = Proxy::socks5(Some("me:p:ss"), 0).await;
        for (scheme, host, asked) in [
            ("socks5h", "name.invalid", "name.invalid"),
            ("socks5", "localhost", "127.0.0.1"),
            ("socks5h", "127.0.0.1", "127.0.0.1"),
        ] {
            let mut link = through(&format!("{scheme}://me:p%3Ass@127.0.0.1:{}", proxy.port), "");
            link.lookup.policy = link::Policy::OnlyV4;
            let client = linked(link);
            let response = client.send(get(&format!("http://{host}:{}/a", plain.port))).await;
            assert_eq!((text(&response), &response.error), ("hello", &None));
            assert_eq!(plain.seen().last().unwrap().line(), "GET /a");
            assert_eq!(client.send(get(&format!("https://{host}:{}/", secure.port))).await.error, None);
            let seen = proxy.asked();
            let expected = [plain.port, secure.port].map(|port| format!("{asked}:{port}"));
            assert_eq!(seen[seen.len() - 2..], expected, "{scheme}");
        }
        // An IPv6 address goes as such.
        let client = linked(through(&format!("socks5://me:p%3Ass@127.0.0.1:{}", proxy.port), ""));
        assert_eq!(text(&*client.send(get(&format!("http://[::9]:{}/", plain.port))).await), "hello");
        assert_eq!(proxy.asked().last().unwrap(), &format!("::9:{}", plain.port));
    });
}

#[test]
fn an_override_holds_through_a_tunnel() {
    run(async {
        let server = secure_server().await;
        let (http, socks) = (Proxy::http(None).await, Proxy::socks5(None, 0).await);
        for (url, proxy) in [("http", &http), ("socks5h", &socks)] {
            let mut link = through(&format!("{url}://127.0.0.1:{}", proxy.port), "");
            let at = format!("127.0.0.7:{}", server.port);
            link.hosts = Hosts::new(vec![Override::parse("name.invalid", &at).unwrap()]);
            assert_eq!(linked(link).send(get("https://name.invalid/")).await.error, None);
            let asked = proxy.asked();
            assert!(asked[0].contains(&at), "{asked:?}");
        }
    });
}

#[test]
fn a_proxy_that_fails_is_told_of_without_its_password() {
    run(async {
        // Nobody listens, and nobody else gets the port meanwhile.
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let dead = socket.local_addr().unwrap().port();
        let refusing =
            Proxy::http(Some("HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n"))
                .await;
        let (garbage, silent) = (Proxy::http(Some("what?\r\n\r\n")).await, Proxy::http(Some("")).await);
        let (known, down) =
            (Proxy::socks5(Some("me:other"), 0).await, Proxy::socks5(Some("me:geheim"), 5).await);
        let open = Proxy::socks5(Some("a:b"), 0).await;
        for (proxy, why) in [
            (format!("http://me:geheim@127.0.0.1:{dead}"), "cannot reach the proxy http://me:***@127.0.0.1:"),
            (
                format!("http://me:geheim@127.0.0.1:{}", refusing.port),
                "does not connect to h.invalid:443: 407 Proxy Authentication Required",
            ),
            (format!("http://127.0.0.1:{}", garbage.port), "its answer is not HTTP/1.1"),
            (
                format!("http://127.0.0.1:{}", silent.port),
                "closed the connection before it reached h.invalid:443",
            ),
            (format!("socks5h://me:geheim@127.0.0.1:{}", known.port), "user or password are wrong"),
            (format!("socks5h://127.0.0.1:{}", open.port), "it wants a user and a password"),
            (
                format!("socks5h://me:geheim@127.0.0.1:{}", down.port),
                "does not connect to h.invalid:443: connection refused",
            ),
            (
                "http://proxy.invalid:1".into(),
                "cannot reach the proxy http://proxy.invalid:1: cannot find the host",
            ),
        ] {
            let request =
                Request { timeout: Some(std::time::Duration::from_secs(10)), ..get("https://h.invalid/") };
            let error = linked(through(&proxy, "")).send(request).await.error.unwrap();
            assert_eq!(error.kind, ErrorKind::Proxy, "{}", error.text);
            assert!(error.text.contains(why), "{}", error.text);
            assert!(!error.text.contains("geheim"), "{}", error.text);
        }
        let broken = Rule { proxy: Some(Err("variable HTTP_PROXY cannot be used".into())), is_ambient: true };
        let client =
            linked(Link { proxies: Proxies { http: broken, ..Proxies::default() }, ..Link::default() });
        let error = client.send(get("http://h.invalid/")).await.error.unwrap();
        assert_eq!((error.kind, &*error.text), (ErrorKind::Proxy, "variable HTTP_PROXY cannot be used"));
    });
}

#[test]
fn a_silent_proxy_costs_no_more_than_the_timeout() {
    run(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = linked(through(&format!("socks5h://{}", listener.local_addr().unwrap()), ""));
        let request =
            Request { timeout: Some(std::time::Duration::from_millis(60)), ..get("http://h.invalid/") };
        assert_eq!(client.send(request).await.error.unwrap().kind, ErrorKind::Timeout);
    });
}
