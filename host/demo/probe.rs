//! A client of a few lines for this module's tests: one keep-alive connection,
//! one request at a time.

#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::{Demo, Faults};

pub(super) struct Probe(BufReader<TcpStream>);

/// A service on a free port, without faults.
pub(super) fn start() -> Demo {
    start_with(Faults::default())
}

pub(super) fn start_with(faults: Faults) -> Demo {
    Demo::start(free_port(), faults).unwrap()
}

pub(super) fn free_port() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

impl Probe {
    pub(super) fn new(demo: &Demo) -> Self {
        let stream = TcpStream::connect(demo.addr()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.set_nodelay(true).unwrap();
        Probe(BufReader::new(stream))
    }

    pub(super) fn send(&mut self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.send_raw(method, path, &body.map(|body| body.to_string()).unwrap_or_default())
    }

    pub(super) fn send_raw(&mut self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let length = body.len();
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n{body}");
        self.0.get_mut().write_all(request.as_bytes()).unwrap();
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap().parse().unwrap();
        let mut length = 0;
        let mut json = false;
        loop {
            line.clear();
            self.0.read_line(&mut line).unwrap();
            let header = line.trim_end().to_ascii_lowercase();
            match header.split_once(": ") {
                Some(("content-length", value)) => length = value.parse().unwrap(),
                Some(("content-type", value)) => json = value == "application/json",
                Some(_) => {}
                None => break,
            }
        }
        assert!(json, "every answer is JSON");
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }
}
