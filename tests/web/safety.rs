//! Attempts to use the page from where it must not be used, and to get through it at what it must not show.

use std::io::Write;

use serde_json::json;

use super::ASKING;
use crate::support::counter::Counter;
use crate::support::project::Project;
use crate::support::site::{Answer, Site};

fn project() -> Project {
    Project::new(&[("scripts/main.lua", ASKING), ("secret.lua", "print('outside')"), ("secret.txt", "hush")])
}

#[test]
fn beyond_this_machine_it_wants_a_login_or_a_token() {
    let project = project();
    for host in ["0.0.0.0", "*", "::"] {
        let ended = project.run(&format!("--web --web-port 0 --web-host {host}"));
        ended.refused(2, &["without a login or a token", "--web-login USER:PASSWORD or --web-token TOKEN"]);
    }
    project.run("--web --web-host 203.0.113.7 --web-token t").refused(104, &["no address of this machine"]);
    project
        .run("--web --web-host no.such.host.invalid")
        .refused(104, &["`no.such.host.invalid`", "such as 127.0.0.1"]);
    let site = Site::start(&project, "--web-host 0.0.0.0 --web-token sesame-street");
    let port = site.addr.rsplit(':').next().unwrap();
    let ended = project.run(&format!("--web --web-port {port}"));
    ended.refused(104, &[&format!("port {port} is in use"), "--web-port"]);
    site.get("/").status(401);
    site.end().code(0);
}

#[test]
fn a_token_opens_the_page_and_nothing_else_does() {
    let project = project();
    let site = Site::start(&project, "--web-token sesame-street");
    let with = |headers: &[(&str, &str)]| site.send("GET", "/api/v1/status", headers, "");
    for route in
        ["/", "/assets/desk.js", "/api/v1/status", "/api/v1/events", "/stats/requests", "/stop", "/nothing"]
    {
        let refused = site.get(route).status(401);
        assert!(!refused.body.contains("sesame"), "{refused:?}");
    }
    site.post("/api/v1/runs", &json!({})).status(401);
    site.form("/swarm", "user_count=1").status(401);
    for value in [
        "Bearer sesame",
        "Bearer sesame-street2",
        "Bearer",
        "Basic c2VzYW1lLXN0cmVldA==",
        "sesame-street",
        "Bearer sesame-streeT",
    ] {
        with(&[("Authorization", value)]).status(401);
    }
    for cookie in ["e2e=1", "sesame-street", "e2e-1=; e2e-2=x"] {
        with(&[("Cookie", cookie)]).status(401);
    }
    with(&[("Authorization", "Bearer sesame-street")]).status(200);
    site.get("/?token=wrong").status(401);
    site.get("/api/v1/status?token=sesame-street").status(401);
    let welcome = site.get("/?token=sesame-street").status(303);
    assert_eq!(welcome.header("location"), Some("/"));
    let cookie = welcome.header("set-cookie").unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict") && !cookie.contains("sesame"),
        "{cookie}"
    );
    let cookie = cookie.split(';').next().unwrap();
    with(&[("Cookie", &format!("a=b; {cookie}"))]).status(200);
    with(&[("Cookie", &format!("{cookie}0"))]).status(401);
    site.end().code(0);
}

#[test]
fn a_login_opens_the_page_and_scripts_do_not_see_it() {
    let script = "local U = User:extend('U')\nU:task('t', function() print('env ' .. tostring(env.E2E_WEB_LOGIN) .. tostring(env.E2E_WEB_TOKEN)) end)";
    let project = Project::new(&[("s.lua", script)]);
    let mut command = crate::support::project::command(&project.path(""));
    command.env("E2E_WEB_LOGIN", "me:pass:word").env("E2E_WEB_TOKEN", "sesame");
    command.args("--web --web-port 0 --autostart --autoquit 0 -f s.lua -i 1".split(' '));
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("env nilnil") && !text.contains("pass:word"), "{text}");
    let site = Site::start(&project, "-f s.lua --web-login me:pass:word");
    let refused = site.get("/").status(401);
    assert!(refused.header("www-authenticate").unwrap().starts_with("Basic realm="));
    let with = |value: &str| site.send("GET", "/", &[("Authorization", value)], "");
    with("Basic bWU6cGFzczp3b3Jk").status(200);
    for value in
        ["Basic bWU6cGFzcw==", "Basic !!!", "Basic", "Bearer me:pass:word", "Basic bWU6cGFzczp3b3Jk bWU6"]
    {
        with(value).status(401);
    }
    site.end().code(0);
}

#[test]
fn another_name_for_this_machine_does_not_open_the_page() {
    let project = project();
    let site = Site::start(&project, "");
    let port = site.addr.rsplit(':').next().unwrap().to_owned();
    let with = |host: &str| site.send("GET", "/api/v1/status", &[("Host", host)], "").status;
    for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "[::1]"] {
        assert_eq!(with(&format!("{host}:{port}")), 200, "{host}");
        assert_eq!(with(host), 200, "{host}");
    }
    for host in [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil.example:80",
        "10.0.0.1",
        "",
        "[::1",
        "localhost:x",
        "a b",
    ] {
        assert!(matches!(with(host), 421 | 400), "{host}");
    }
    let twice = [("Host", "localhost"), ("Host", "evil.example")];
    assert_eq!(site.send("GET", "/", &twice, "").status, 400);
    site.end().code(0);
}

#[test]
fn another_sites_page_changes_nothing() {
    let server = Counter::start();
    let project = project();
    let site = Site::start(&project, &format!("-H {}", server.url()));
    let addr = site.addr.clone();
    let own = format!("http://{addr}");
    let browser = ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)");
    let referer = format!("{own}/");
    let json = ("Content-Type", "application/json");
    let strange: Vec<Vec<(&str, &str)>> = vec![
        vec![("Origin", "http://evil.example")],
        vec![("Origin", "null")],
        vec![("Origin", "http://127.0.0.1:1")],
        vec![("Origin", "http://127.0.0.1")],
        vec![("Origin", "file://")],
        vec![("Origin", "http://127.0.0.1.evil.example")],
        vec![("Origin", &own), ("Sec-Fetch-Site", "cross-site")],
        vec![("Sec-Fetch-Site", "cross-site")],
        vec![("Sec-Fetch-Site", "same-site"), browser],
        vec![("Referer", "http://evil.example/127.0.0.1"), browser],
        vec![browser],
    ];
    for headers in &strange {
        let all: Vec<(&str, &str)> = headers.iter().copied().chain([json]).collect();
        let asked = [
            ("POST", "/api/v1/runs", "{}"),
            ("POST", "/api/v1/plan", "{}"),
            ("PATCH", "/api/v1/runs/current", "{\"users\":2}"),
            ("POST", "/api/v1/runs/current/stop", "{}"),
            ("POST", "/api/v1/runs/current/reset", "{}"),
            ("POST", "/swarm", "user_count=1"),
            ("GET", "/stop", ""),
            ("GET", "/stop/", ""),
            ("HEAD", "/stop", ""),
            ("GET", "/stats/reset", ""),
        ];
        for (method, target, body) in asked {
            let answer = site.send(method, target, &all, body);
            assert_eq!(answer.status, 403, "{method} {target} {headers:?}");
        }
    }
    assert_eq!(site.get("/api/v1/status").json()["state"], "ready");
    assert_eq!(server.asked(), 0);
    // Nor does it look, but for the page itself.
    for target in ["/api/v1/status", "/api/v1/events", "/stats/requests", "/assets/desk.js"] {
        assert_eq!(
            site.send("GET", target, &[("Sec-Fetch-Site", "cross-site"), browser], "").status,
            403,
            "{target}"
        );
    }
    site.send("GET", "/", &[("Sec-Fetch-Site", "cross-site"), browser], "").status(200);
    let answer = site.send("OPTIONS", "/api/v1/runs", &[("Origin", "http://evil.example")], "");
    assert!(answer.header("access-control-allow-origin").is_none() && answer.status == 403, "{answer:?}");
    // The page itself may, and so may a program.
    for headers in [
        vec![("Origin", &*own), ("Sec-Fetch-Site", "same-origin"), browser],
        vec![("Referer", &*referer), browser],
        vec![("User-Agent", "python-requests/2.32")],
    ] {
        let all: Vec<(&str, &str)> = headers.iter().copied().chain([json]).collect();
        site.send("POST", "/api/v1/plan", &all, "{}").status(200);
    }
    let typed = [("Sec-Fetch-Site", "none"), browser];
    assert_eq!(site.send("GET", "/stop", &typed, "").status(200).json()["success"], true);
    site.end().code(0);
}

#[test]
fn nothing_outside_of_the_script_root_is_run_or_shown() {
    let project = project();
    let outside = project.path("secret.lua").display().to_string();
    std::os::unix::fs::symlink(project.path("secret.lua"), project.path("scripts/link.lua")).unwrap();
    std::os::unix::fs::symlink(project.path(""), project.path("scripts/up")).unwrap();
    let site = Site::start(&project, "");
    assert_eq!(site.get("/api/v1/scripts").json()["scripts"], json!(["main.lua"]));
    let names = [
        "../secret.lua",
        "..\\secret.lua",
        "%2e%2e/secret.lua",
        "..%2fsecret.lua",
        "..%252fsecret.lua",
        "./main.lua",
        "/main.lua",
        "main.lua/",
        "main.lua/../../secret.lua",
        "link.lua",
        "up/secret.lua",
        "scripts/main.lua",
        "main.lua\u{0}.lua",
        "secret.txt",
        "/etc/passwd",
        "file:///etc/passwd",
        &outside,
    ];
    for name in names {
        for target in ["/api/v1/plan", "/api/v1/runs"] {
            let answer = site.post(target, &json!({ "scripts": ["main.lua", name] })).status(422);
            assert!(!answer.body.contains("hush") && !answer.body.contains("root:"), "{answer:?}");
        }
        let form = format!("user_count=1&scripts={}", name.replace('%', "%25").replace('\0', "%00"));
        assert_eq!(site.form("/swarm", &form).status(200).json()["success"], false, "{name}");
    }
    for name in ["../config/x", "/etc/passwd", "..", ".", "a/b", "a\\b"] {
        site.post("/api/v1/runs", &json!({ "environment": name })).status(422);
    }
    for target in [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/assets/%2e%2e/secret.txt",
        "/assets/..%2f..%2fsecret.txt",
        "//etc/passwd",
        "/assets//etc/passwd",
        "/scripts/main.lua",
        "/%00",
        "/api/v1/runs/..%2f..%2f/files/stats.csv",
    ] {
        let answer = site.get(target).status(404);
        assert!(!answer.body.contains("hush"), "{answer:?}");
    }
    let ended = site.end().code(0);
    assert!(!ended.err.contains("outside"), "{}", ended.err);
}

fn is_guarded(answer: &Answer) {
    let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("{answer:?}"));
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    assert!(
        !policy.contains("script-src 'self' 'unsafe")
            && !policy.contains("unsafe-eval")
            && !policy.contains('*')
    );
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("cross-origin-resource-policy", "same-origin"),
        ("referrer-policy", "same-origin"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name} of {answer:?}");
    }
    assert!(answer.header("access-control-allow-origin").is_none());
    assert!(answer.header("cache-control").is_some());
}

#[test]
fn every_answer_tells_browsers_what_it_is_not_for() {
    let server = Counter::start();
    let project = project();
    let mut site = Site::start(&project, "");
    site.post("/api/v1/runs", &json!({ "iterations": 2, "host": server.url() })).status(201);
    site.until_state("stopped");
    for target in [
        "/",
        "/assets/plotly.js",
        "/assets/view.js",
        "/assets/desk.css",
        "/api/v1/status",
        "/nothing",
        "/stats/requests",
        "/stats/requests/csv",
    ] {
        is_guarded(&site.get(target));
    }
    is_guarded(&site.send("GET", "/", &[("Host", "evil.example")], ""));
    is_guarded(&site.send("POST", "/swarm", &[("Origin", "http://evil.example")], ""));
    let page = site.get("/").status(200);
    assert!(
        !page.body.contains("<script>") && !page.body.contains(" style=") && !page.body.contains("http://"),
        "{page:?}"
    );
    // The report holds its own script, and an origin of its own, from where it reaches nothing.
    let report = site.get("/stats/report").status(200);
    let policy = report.header("content-security-policy").unwrap();
    assert!(policy.starts_with("sandbox ") && !policy.contains("allow-same-origin"), "{policy}");
    site.end().code(0);
}

#[test]
fn what_is_too_much_is_refused() {
    let project = project();
    let mut site = Site::start(&project, "");
    let large = format!("{{\"host\":\"{}\"}}", "x".repeat(70 << 10));
    site.send("POST", "/api/v1/runs", &[("Content-Type", "application/json")], &large).status(413);
    site.form("/swarm", &"a=b&".repeat(20_000)).status(413);
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    site.send("POST", "/api/v1/runs", &[("Content-Type", "application/json")], &deep).status(400);
    let header = "x".repeat(1 << 20);
    let status = site.send("GET", "/", &[("X", &header)], "").status;
    assert!(matches!(status, 431 | 400), "{status}");
    // Whoever says nothing, or half of it, holds nothing up.
    let mut silent = Vec::new();
    for number in 0..40 {
        let mut stream = site.connect();
        if number % 2 == 0 {
            stream
                .write_all(b"POST /api/v1/runs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10\r\n\r\n{")
                .unwrap();
        }
        silent.push(stream);
    }
    site.until_state("ready");
    drop(silent);
    site.end().code(0);
}
