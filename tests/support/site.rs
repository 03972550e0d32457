//! `e2e --web` in a project, and requests to it byte by byte: no client that would put right what a test gets wrong.
//! Used by the tests of the web interface.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::project::{Ended, Project, Running};

pub struct Site {
    pub running: Running,
    /// `127.0.0.1:PORT`.
    pub addr: String,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|why| panic!("{why}: {self:?}"))
    }

    #[track_caller]
    pub fn status(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{self:?}");
        self
    }
}

impl Site {
    /// Until it listens; `line` is split at spaces.
    pub fn start(project: &Project, line: &str) -> Site {
        Site::start_with(project, line, &[])
    }

    /// The page of a command of its own.
    pub fn start_after(project: &Project, command: &str, line: &str) -> Site {
        Site::of(project.start(&format!("{command} --web --web-port 0 {line}"), &[]))
    }

    /// The same with arguments that hold spaces.
    pub fn start_with(project: &Project, line: &str, more: &[&str]) -> Site {
        Site::of(project.start(&format!("--web --web-port 0 {line}"), more))
    }

    fn of(mut running: Running) -> Site {
        running.until_told(" (Ctrl-C ends)");
        let told = running.told();
        let url = told.split("web interface: http://").nth(1).unwrap();
        let addr = url.split('/').next().unwrap().to_owned();
        Site { running, addr }
    }

    pub fn get(&self, target: &str) -> Answer {
        self.send("GET", target, &[], "")
    }

    pub fn post(&self, target: &str, body: &Value) -> Answer {
        self.send("POST", target, &[("Content-Type", "application/json")], &body.to_string())
    }

    pub fn patch(&self, target: &str, body: &Value) -> Answer {
        self.send("PATCH", target, &[("Content-Type", "application/json")], &body.to_string())
    }

    pub fn form(&self, target: &str, body: &str) -> Answer {
        self.send("POST", target, &[("Content-Type", "application/x-www-form-urlencoded")], body)
    }

    /// With a `Host` header unless one is given.
    pub fn send(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut head = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            head += &format!("Host: {}\r\n", self.addr);
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        let mut stream = self.connect();
        // Whoever refuses what is too long may close before all of it was read.
        let _ = stream.write_all(format!("{head}\r\n{body}").as_bytes());
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|word| word.parse().ok());
        let header = |line: &str| {
            let (name, value) = line.split_once(':').unwrap();
            (name.to_ascii_lowercase(), value.trim().to_owned())
        };
        Answer {
            status: status.unwrap_or_else(|| panic!("no answer to {method} {target}: {text}")),
            headers: lines.map(header).collect(),
            body: body.to_owned(),
        }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.addr).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    /// What happens, event by event.
    pub fn listen(&self) -> Events {
        let mut stream = self.connect();
        let head = format!("GET /api/v1/events HTTP/1.1\r\nHost: {}\r\n\r\n", self.addr);
        stream.write_all(head.as_bytes()).unwrap();
        Events { lines: BufReader::new(stream) }
    }

    /// The status once it is so.
    #[track_caller]
    pub fn until(&mut self, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        let mut status = Value::Null;
        let begun = std::time::Instant::now();
        while !is_so(&status) {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "never {what}: {status}\n{}",
                self.running.told()
            );
            std::thread::sleep(Duration::from_millis(20));
            status = self.get("/api/v1/status").status(200).json();
        }
        status
    }

    #[track_caller]
    pub fn until_state(&mut self, state: &str) -> Value {
        self.until(state, |status| status["state"] == state)
    }

    /// Until it ends by itself.
    pub fn wait(self) -> Ended {
        self.running.end()
    }

    /// Ctrl-C.
    pub fn end(self) -> Ended {
        self.running.signal("INT");
        self.running.end()
    }
}

pub struct Events {
    lines: BufReader<TcpStream>,
}

impl Events {
    /// The name of the next event and what it tells.
    pub fn next(&mut self) -> (String, Value) {
        let mut name = String::new();
        loop {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).unwrap() > 0, "the stream has ended");
            if let Some(told) = line.strip_prefix("event: ") {
                name = told.trim().to_owned();
            }
            if let Some(data) = line.strip_prefix("data: ") {
                return (name, serde_json::from_str(data.trim()).unwrap());
            }
        }
    }

    /// Until the server ends it.
    pub fn rest(mut self) -> String {
        let mut rest = String::new();
        let _ = self.lines.read_to_string(&mut rest);
        rest
    }
}
