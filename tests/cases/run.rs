//! Runs one case through the command. Used by `cases`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use e2e::demo::{Demo, Faults};

use super::outcome::Outcome;
use crate::support::hostile::Hostile;
use crate::support::secure::Secure;

/// No case takes a tenth of it.
const LONGEST: Duration = Duration::from_secs(20);

/// What cases send their requests to; shared by all of them.
pub struct Servers {
    demo: Demo,
    hostile: Hostile,
    secure: Secure,
}

impl Servers {
    pub fn start() -> Servers {
        let demo = Demo::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), Faults::default()).unwrap();
        Servers { demo, hostile: Hostile::start(), secure: Secure::start() }
    }
}

/// The value of a comment at the head of a script.
fn header<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let comments = text.lines().take_while(|line| line.starts_with("--") || line.starts_with("//"));
    comments
        .map(|line| line[2..].trim())
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
        .map(str::trim)
}

/// What became of the case, in the form of `.out` files.
pub fn run(script: &Path, servers: &Servers) -> String {
    // A case may be about a script that is no text.
    let text = String::from_utf8_lossy(&std::fs::read(script).unwrap()).into_owned();
    let files = tempfile::tempdir().unwrap();
    let (demo, hostile) =
        (format!("http://{}", servers.demo.addr()), format!("http://{}", servers.hostile.addr));
    let mut command = Command::new(env!("CARGO_BIN_EXE_e2e"));
    // What the developer has set for runs of their own must not reach the cases.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("E2E_") || name.starts_with("TEST_")) {
            command.env_remove(name);
        }
    }
    command.current_dir(script.parent().unwrap()).arg("--script").arg(script.file_name().unwrap());
    command.args(header(&text, "flags").unwrap_or("-u 1 -r 1000 -i 1").split_whitespace());
    command.args([
        "--workers",
        "1",
        "--seed",
        "1",
        "--no-color",
        "--no-generator-check",
        "-e",
        &format!("DEMO={demo}"),
    ]);
    command.args([
        "-e",
        &format!("HOSTILE={hostile}"),
        "-e",
        &format!("SECURE=https://{}", servers.secure.addr),
    ]);
    command.args(["-e", &format!("GRPC={}", servers.demo.grpc_addr())]);
    // For configurations, not for scripts.
    command.env("GRPC_ADDRESS", servers.demo.grpc_addr().to_string());
    command.env("DEMO_ADDRESS", servers.demo.addr().to_string()).env("SECURE_CA", servers.secure.ca());
    match header(&text, "server").unwrap_or("demo") {
        "demo" => command.args(["-H", &demo]),
        "hostile" => command.args(["-H", &hostile]),
        "none" => &mut command,
        other => panic!("{}: there is no server `{other}`", script.display()),
    };
    command.arg("--logfile").arg(files.path().join("log")).arg("--csv").arg(files.path().join("csv"));
    let out = |name| std::fs::File::create(files.path().join(name)).unwrap();
    let mut child = command.stdin(Stdio::null()).stdout(out("stdout")).stderr(out("stderr")).spawn().unwrap();
    let started = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status.to_string(),
            None if started.elapsed() > LONGEST => {
                child.kill().unwrap();
                child.wait().unwrap();
                break format!("killed: it ran for {LONGEST:?}");
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let outcome = Outcome {
        folder: script.parent().unwrap(),
        script: script.file_name().unwrap().to_str().unwrap(),
        files: files.path(),
        status,
        counts: header(&text, "counts") != Some("no"),
        sorted: header(&text, "log") == Some("sorted"),
        traces: header(&text, "trace") == Some("yes"),
    };
    outcome.show()
}

#[test]
fn headers_are_comments_before_the_first_code() {
    let text = "-- flags: -u 2\n-- What it shows.\nprint() -- server: none\n-- server: demo\n";
    assert_eq!(header(text, "flags"), Some("-u 2"));
    assert_eq!(header(text, "server"), None);
}
