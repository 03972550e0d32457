//! That the server misbehaves as it says.

use super::*;

fn connect(server: &Hostile) -> TcpStream {
    let stream = TcpStream::connect(server.addr).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    stream
}

/// What comes back on a connection of its own until it ends or falls silent.
fn ask(server: &Hostile, path: &str) -> String {
    let mut stream = connect(server);
    write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = stream.take(1 << 20).read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn each_path_misbehaves_as_it_says() {
    let server = Hostile::start();
    assert_eq!(ask(&server, "/close"), "");
    assert_eq!(ask(&server, "/stall"), "");
    assert!(!ask(&server, "/garbage").starts_with("HTTP"));
    assert!(ask(&server, "/truncated").ends_with("content-length: 100\r\n\r\n0123456789"));
    assert!(ask(&server, "/endless").len() > 100_000);
    assert!(ask(&server, "/redirect-loop").contains("location: /redirect-loop\r\n"));
    assert!(ask(&server, "/redirect/2").contains("location: /redirect/1\r\n"));
    assert!(ask(&server, "/redirect/0").starts_with("HTTP/1.1 200"));
    assert!(ask(&server, "/status/503").ends_with(r#"{"status":503}"#));
    assert!(ask(&server, "/status/204").ends_with("No Content\r\n\r\n"));
    assert!(ask(&server, "/cookies/set?a=b").contains("set-cookie: a=b; Path=/\r\n"));
    assert!(ask(&server, "/large-headers").len() > 512 << 10);
    assert!(ask(&server, "/bytes/70000").ends_with(&format!("\r\n\r\n{}", "x".repeat(70000))));
    assert!(ask(&server, "/encoded/gzip").contains("content-encoding: gzip\r\n"));
    assert!(ask(&server, "/drip?n=2").ends_with("\r\n\r\n2\r\n1\n\r\n2\r\n2\n\r\n0\r\n\r\n"));
    assert_eq!(ask(&server, "/flaky?n=1&key=t"), "");
    assert!(ask(&server, "/flaky?n=1&key=t").starts_with("HTTP/1.1 200"));
    assert!(ask(&server, "/digest").contains("www-authenticate: Digest "));
    assert!(ask(&server, "/nowhere").starts_with("HTTP/1.1 404"));
    let asked = Instant::now();
    assert!(ask(&server, "/slow?ms=120").starts_with("HTTP/1.1 200"));
    assert!(asked.elapsed() >= Duration::from_millis(120));
}

#[test]
fn echo_shows_the_request_and_keeps_the_connection() {
    let server = Hostile::start();
    let mut stream = connect(&server);
    let chunked = "POST /echo?q=1 HTTP/1.1\r\nX-A: 1\r\nx-a: 2\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    let sized = "PUT /echo HTTP/1.1\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi";
    stream.write_all(chunked.as_bytes()).unwrap();
    stream.write_all(sized.as_bytes()).unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    let bodies: Vec<serde_json::Value> =
        answers.lines().filter_map(|line| serde_json::from_str(line.split("HTTP/").next()?).ok()).collect();
    assert_eq!(bodies[0]["method"], "POST");
    assert_eq!(bodies[0]["path"], "/echo?q=1");
    assert_eq!(bodies[0]["headers"]["x-a"], "1, 2");
    assert_eq!(bodies[0]["body"], "abc");
    assert_eq!((&bodies[1]["method"], &bodies[1]["body"]), (&json!("PUT"), &json!("hi")));
}

#[test]
fn an_idle_connection_is_closed_without_a_word() {
    let server = Hostile::start();
    let mut stream = connect(&server);
    stream.write_all(b"GET /keepalive-close HTTP/1.1\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && !answer.contains("connection:"));
}

#[test]
fn stopping_ends_every_wait() {
    let server = Hostile::start();
    let mut streams: Vec<TcpStream> = ["/stall", "/endless", "/slow?ms=60000", "/idle"]
        .map(|path| {
            let mut stream = connect(&server);
            write!(stream, "GET {path} HTTP/1.1\r\n\r\n").unwrap();
            stream
        })
        .into();
    streams.push(connect(&server));
    thread::sleep(STEP);
    let asked = Instant::now();
    drop(server);
    assert!(asked.elapsed() < Duration::from_secs(1));
}
