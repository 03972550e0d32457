//! Redirects and cookies: what a browser would send at each step.

use std::sync::atomic::{AtomicUsize, Ordering};

use http::Method;

use super::super::{Auth, ErrorKind, Hop, NewCookie};
use super::server::{Seen, Server, ok, raw};
use super::*;

fn go(status: u16, location: &str) -> server::Reply {
    raw(&format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 3\r\n\r\nbye"))
}

fn cookie(name: &str) -> NewCookie<'_> {
    NewCookie { name, value: "e", domain: None, path: "/", max_age: None, secure: false, http_only: false }
}

/// `/STATUS` redirects to `/end` with that status.
fn by_status(seen: &Seen) -> server::Reply {
    match seen.line().rsplit('/').next().and_then(|part| part.parse().ok()) {
        Some(status) => go(status, "/end?x=1#top"),
        None => ok(&format!("{}|{}", seen.line(), seen.body)),
    }
}

#[test]
fn methods_and_bodies_change_as_in_a_browser() {
    run(async {
        let server = Server::start(by_status).await;
        let client = plain();
        let base = base(&client, &server.url());
        let cases = [
            (Method::GET, "/301", "GET /end?x=1|"),
            (Method::POST, "/301", "GET /end?x=1|"),
            (Method::POST, "/302", "GET /end?x=1|"),
            (Method::POST, "/303", "GET /end?x=1|"),
            (Method::POST, "/307", "POST /end?x=1|data"),
            (Method::POST, "/308", "POST /end?x=1|data"),
            (Method::PUT, "/302", "PUT /end?x=1|data"),
            (Method::PUT, "/303", "GET /end?x=1|"),
            (Method::DELETE, "/301", "DELETE /end?x=1|data"),
        ];
        for (method, path, expected) in cases {
            let is_get = method == Method::GET;
            let request = Request {
                base: Some(&base),
                body: if is_get { "".into() } else { "data".into() },
                content_type: (!is_get).then_some("text/plain"),
                ..Request::new(method, path)
            };
            let response = client.send(request).await;
            assert_eq!(text(&response), expected, "{path}");
            let status = path[1..].parse().unwrap();
            let (url, location) = (format!("{}{path}", server.url()), "/end?x=1#top".to_owned());
            assert_eq!(response.history, [Hop { status, url, location }]);
            assert_eq!(response.url(), format!("{}/end?x=1", server.url()));
            let last = server.seen().pop().unwrap();
            assert_eq!(last.header("content-type").is_some(), expected.ends_with("data"));
            assert_eq!(last.connection, 0);
        }
    });
}

#[test]
fn redirects_can_be_left_alone_and_are_bounded() {
    run(async {
        let server = Server::start(|_| go(302, "/again")).await;
        let client = client(Settings { max_redirects: 3, ..Settings::default() });
        let url = server.url();
        let response = client.send(Request { follow_redirects: false, ..get(&url) }).await;
        assert_eq!((response.status, text(&response), response.history.len()), (302, "bye", 0));
        let response = client.send(get(&url)).await;
        assert_eq!(response.error.as_ref().unwrap().kind, ErrorKind::TooManyRedirects);
        assert_eq!((response.status, response.history.len(), server.seen().len()), (302, 3, 5));
    });
}

#[test]
fn a_redirect_to_nowhere_is_an_error() {
    run(async {
        let server = Server::start(|seen| match seen.line() {
            "GET /mail" => go(302, "mailto:a@b"),
            "GET /bad" => go(302, "http://"),
            "GET /dead" => go(302, "http://127.0.0.1:1/"),
            // Not a redirect without a place to go.
            _ => raw("HTTP/1.1 302 Found\r\ncontent-length: 0\r\n\r\n"),
        })
        .await;
        let client = plain();
        let base = base(&client, &server.url());
        for path in ["/mail", "/bad"] {
            let response = client.send(Request { base: Some(&base), ..get(path) }).await;
            assert_eq!((response.error.unwrap().kind, response.status), (ErrorKind::InvalidUrl, 302));
        }
        let response = client.send(Request { base: Some(&base), ..get("/dead") }).await;
        assert_eq!((response.url(), response.history.len()), ("http://127.0.0.1:1/".to_owned(), 1));
        assert_eq!((response.error.unwrap().kind, response.status), (ErrorKind::Connect, 0));
        let response = client.send(Request { base: Some(&base), ..get("/") }).await;
        assert_eq!((response.status, response.error), (302, None));
    });
}

#[test]
fn secrets_stay_with_their_origin() {
    run(async {
        let other = Server::start(|_| ok("other")).await;
        let target = format!("{}/there", other.url());
        let server = Server::start(move |seen| match seen.line() {
            "GET /same" => go(302, "/end"),
            "GET /away" => go(302, &target),
            _ => ok("end"),
        })
        .await;
        let client = plain();
        let base = base(&client, &server.url());
        let headers = [("cookie", "a=b"), ("x-other", "kept")];
        let request = |path| Request {
            base: Some(&base),
            headers: &headers,
            auth: Some(Auth::Basic { user: "u", password: "p" }),
            ..get(path)
        };
        client.send(request("/same")).await;
        let end = server.seen().pop().unwrap();
        assert_eq!((end.header("authorization"), end.header("cookie")), (Some("Basic dTpw"), Some("a=b")));
        let response = client.send(request("/away")).await;
        assert_eq!(text(&response), "other");
        let there = other.seen().pop().unwrap();
        assert_eq!((there.header("authorization"), there.header("cookie")), (None, None));
        assert_eq!(there.header("x-other"), Some("kept"));
        assert_eq!(there.header("host"), Some(&*format!("127.0.0.1:{}", other.port)));
    });
}

#[test]
fn cookies_are_kept_sent_and_forgotten() {
    run(async {
        let server = Server::start(|seen| match seen.line() {
            "GET /login" => raw(concat!(
                "HTTP/1.1 302 Found\r\nlocation: /home\r\ncontent-length: 0\r\n",
                "set-cookie: session=s1; Path=/; HttpOnly\r\nset-cookie: deep=d; Path=/home/deep\r\n",
                "set-cookie: not a cookie at all\r\n",
                "set-cookie: far=y; Domain=example.com\r\n\r\n"
            )),
            "GET /logout" => {
                raw("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nset-cookie: session=; Path=/; Max-Age=0\r\n\r\n")
            }
            _ => ok(seen.header("cookie").unwrap_or("-")),
        })
        .await;
        let (client, stranger) = (plain(), plain());
        let base = base(&client, &server.url());
        let request = |path| Request { base: Some(&base), ..get(path) };
        assert_eq!(text(&*client.send(request("/home")).await), "-");
        assert_eq!(text(&*client.send(request("/login")).await), "session=s1");
        assert_eq!(text(&*client.send(request("/home/deep/er")).await), "deep=d; session=s1");
        let url = format!("{}/home", server.url());
        assert_eq!(client.cookies(&url).unwrap(), [("session".to_owned(), "s1".to_owned())]);
        // A header of the script's own is the whole truth.
        let explicit = Request { headers: &[("Cookie", "mine=1")], ..request("/home") };
        assert_eq!(text(&*client.send(explicit).await), "mine=1");
        client.set_cookie(&url, &cookie("extra")).unwrap();
        assert!(client.set_cookie(&url, &cookie("ex;tra")).is_err());
        client.send(request("/logout")).await;
        assert_eq!(text(&*client.send(request("/home")).await), "extra=e");
        client.clear_cookies();
        assert_eq!(text(&*client.send(request("/home")).await), "-");
        assert_eq!(text(&*stranger.send(get(&url)).await), "-");
    });
}

#[test]
fn script_headers_replace_the_defaults_and_may_repeat() {
    run(async {
        let server = Server::start(|_| ok("")).await;
        let client = plain();
        let url = server.url();
        let headers = [("User-Agent", "mine"), ("Host", "example.com"), ("X-A", "1"), ("x-a", "2")];
        let request = Request { headers: &headers, content_type: Some("text/plain"), ..post(&url, "x") };
        let response = client.send(request).await;
        let seen = server.seen().pop().unwrap();
        assert_eq!(seen.all("user-agent"), ["mine"]);
        assert_eq!(seen.all("host"), ["example.com"]);
        assert_eq!(seen.all("x-a"), ["1", "2"]);
        assert_eq!(seen.all("content-type"), ["text/plain"]);
        let told: Vec<_> = response.request.headers().collect();
        assert_eq!(told[0], ("content-type", "text/plain"));
        assert_eq!(&told[1..], headers);
        let headers = [("Content-Type", "application/json"), ("Content-Length", "1")];
        client.send(Request { headers: &headers, content_type: Some("text/plain"), ..post(&url, "x") }).await;
        let seen = server.seen().pop().unwrap();
        assert_eq!(
            (seen.all("content-type"), seen.all("content-length")),
            (vec!["application/json"], vec!["1"])
        );
        client.send(post(&url, "")).await;
        assert_eq!(server.seen().pop().unwrap().header("content-length"), Some("0"));
    });
}

#[test]
fn requests_of_one_client_run_at_the_same_time() {
    run(async {
        static RUNNING: AtomicUsize = AtomicUsize::new(0);
        let server = Server::start(|_| {
            RUNNING.fetch_add(1, Ordering::Relaxed);
            server::pieces(&["", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"])
        })
        .await;
        let client = plain();
        let url = server.url();
        let both = tokio::join!(client.send(get(&url)), client.send(get(&url)));
        assert_eq!((both.0.status, both.1.status), (200, 200));
        let connections: Vec<_> = server.seen().iter().map(|seen| seen.connection).collect();
        assert_eq!(connections, [0, 1]);
        assert_eq!(RUNNING.load(Ordering::Relaxed), 2);
    });
}

/// A worker forgets origins when a script has made up too many: they are the same all the same.
#[test]
fn an_origin_stays_itself_after_a_thousand_others() {
    run(async {
        let server = Server::start(by_status).await;
        let client = plain();
        let base = base(&client, &server.url());
        for user in 0..1100 {
            let _ = client.net().base(&format!("http://user{user}:p@127.0.0.1:1"));
        }
        let headers = [("Authorization", "Bearer x")];
        let request = Request { base: Some(&base), headers: &headers, ..get("/302") };
        assert_eq!(client.send(request).await.status, 200);
        let seen = server.seen();
        assert_eq!(
            seen.iter().map(|seen| seen.header("authorization")).collect::<Vec<_>>(),
            [Some("Bearer x"); 2]
        );
        assert_eq!(seen[1].connection, 0);
    });
}
