//! An HTTP/1.1 server that misbehaves on request: the path says how. Blocking
//! threads over std::net, so that it shares no code with what it tests. Used by
//! tests of the HTTP client, of the script API and of whole runs.
//!
//! | path | what happens |
//! |---|---|
//! | `/close` | the connection is closed without an answer |
//! | `/stall` | no answer, ever |
//! | `/garbage` | bytes that are not HTTP, then the connection is closed |
//! | `/truncated` | `Content-Length: 100`, 10 bytes of it, then closed |
//! | `/endless` | a chunked body without an end |
//! | `/slow?ms=N` | an answer after N milliseconds |
//! | `/redirect-loop` | a redirect to itself |
//! | `/redirect/N` | N redirects, then an answer |
//! | `/redirect-to?URL` | a redirect to that URL |
//! | `/status/N` | that status (200 to 599) |
//! | `/echo` | the request as JSON: `{method, path, headers, body}`, header names in lower case |
//! | `/cookies/set?name=value` | sets that cookie for `/` |
//! | `/keepalive-close` | answers as if to be kept alive, and closes once idle; a next request on it is lost |
//! | `/large-headers?kb=N` | N KiB of headers, 512 unless told |
//! | `/bytes/N` | N bytes, at most 1 GiB |
//! | `/drip?n=N&ms=N` | N chunks, lines with their numbers, so many milliseconds apart |
//! | `/encoded/NAME` | `Hello, world!` with that content coding |
//! | `/flaky?n=N&key=K` | of each key the first N requests are treated as by `/close` |
//! | `/digest` | 401 with a challenge, unless the request has an answer to it, which is not looked at |

pub mod encoded;

use std::collections::HashMap;
use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::json;

use super::request::Request;

/// Connections at once; any further one is closed on arrival.
const MOST_CONNECTIONS: usize = 512;
/// How long a thread may not notice that the server stops.
const STEP: Duration = Duration::from_millis(20);

/// The server, for as long as this value lives.
pub struct Hostile {
    pub addr: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    stopped: AtomicBool,
    /// Open connections, so that stopping can cut what their threads wait for.
    open: Mutex<HashMap<u64, TcpStream>>,
    /// How often each key of `/flaky` was asked for.
    flaky: Mutex<HashMap<String, u64>>,
}

impl Hostile {
    /// Listens on a free port of 127.0.0.1.
    pub fn start() -> Hostile {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let addr = listener.local_addr().expect("a bound listener has an address");
        let shared = Arc::new(Shared::default());
        let inner = Arc::clone(&shared);
        let thread = thread::spawn(move || accept(&listener, &inner));
        Hostile { addr, shared, thread: Some(thread) }
    }
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        for stream in self.shared.open().values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // The listener only looks up when somebody comes.
        let _ = TcpStream::connect(self.addr);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn open(&self) -> std::sync::MutexGuard<'_, HashMap<u64, TcpStream>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// False where the server stopped meanwhile.
    fn sleep(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        while !self.stopped() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            thread::sleep(left.min(STEP));
        }
        false
    }
}

fn accept(listener: &TcpListener, shared: &Shared) {
    thread::scope(|scope| {
        for (id, stream) in (0..).zip(listener.incoming()) {
            let Ok(stream) = stream else { continue };
            let Ok(handle) = stream.try_clone() else { continue };
            let crowded = {
                let mut open = shared.open();
                open.insert(id, handle);
                open.len() > MOST_CONNECTIONS
            };
            // Asked only after the insertion, so that stopping misses no connection.
            if shared.stopped() {
                break;
            }
            let serve = move || {
                let _ = stream.set_nodelay(true);
                if !crowded {
                    let _ = Connection { reader: BufReader::new(&stream), shared }.serve();
                }
                let _ = stream.shutdown(Shutdown::Both);
                shared.open().remove(&id);
            };
            let _ = thread::Builder::new().stack_size(256 << 10).spawn_scoped(scope, serve);
        }
    });
}

struct Connection<'a> {
    reader: BufReader<&'a TcpStream>,
    shared: &'a Shared,
}

#[derive(PartialEq)]
enum Next {
    KeepAlive,
    Close,
}

impl Connection<'_> {
    fn serve(&mut self) -> io::Result<()> {
        while let Some(request) = Request::read(&mut self.reader)? {
            let asked_to_close = request.headers.get("connection").is_some_and(|value| value == "close");
            if self.answer(&request)? == Next::Close || asked_to_close {
                break;
            }
        }
        Ok(())
    }

    fn answer(&mut self, request: &Request) -> io::Result<Next> {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let number = |name: &str, default: u64| {
            let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.find(|(key, _)| *key == name).and_then(|(_, value)| value.parse().ok()).unwrap_or(default)
        };
        let tail = |prefix: &str| path.strip_prefix(prefix).and_then(|tail| tail.parse::<u64>().ok());
        let ok = br#"{"ok":true}"#;
        match path {
            "/close" => return Ok(Next::Close),
            "/stall" => return self.stall(),
            "/garbage" => {
                self.write(b"\x16\x03\x01 this is not the protocol you are looking for\r\n\r\n\0\xff")?;
                return Ok(Next::Close);
            }
            "/truncated" => {
                self.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n0123456789")?;
                return Ok(Next::Close);
            }
            "/endless" => return self.write_endless(),
            "/slow" => {
                if !self.shared.sleep(Duration::from_millis(number("ms", 100))) {
                    return Ok(Next::Close);
                }
                self.respond(request, 200, &[], ok)?;
            }
            "/redirect-loop" => self.respond(request, 302, &[("location", "/redirect-loop")], b"")?,
            "/redirect-to" => self.respond(request, 302, &[("location", query)], b"")?,
            "/echo" => {
                let body = json!({
                    "method": request.method,
                    "path": request.target,
                    "headers": request.headers,
                    "body": String::from_utf8_lossy(&request.body),
                });
                self.respond(request, 200, &[], body.to_string().as_bytes())?;
            }
            "/cookies/set" => {
                self.respond(request, 200, &[("set-cookie", &format!("{query}; Path=/"))], ok)?;
            }
            "/keepalive-close" => {
                self.respond(request, 200, &[], ok)?;
                self.shared.sleep(STEP);
                return Ok(Next::Close);
            }
            "/drip" => self.drip(number("n", 3), number("ms", 0))?,
            "/flaky" => {
                let mut flaky = self.shared.flaky.lock().unwrap_or_else(PoisonError::into_inner);
                let times = flaky.entry(query.to_owned()).or_default();
                *times += 1;
                if *times <= number("n", 1) {
                    return Ok(Next::Close);
                }
                drop(flaky);
                self.respond(request, 200, &[], ok)?;
            }
            "/digest" => {
                let given =
                    request.headers.get("authorization").is_some_and(|value| value.starts_with("Digest "));
                let challenge =
                    ("www-authenticate", "Digest realm=\"r\", nonce=\"n\", qop=\"auth\", algorithm=MD5");
                match given {
                    true => self.respond(request, 200, &[], ok)?,
                    false => self.respond(request, 401, &[challenge], b"{}")?,
                }
            }
            "/large-headers" => {
                let filler = "x".repeat(1024);
                let names: Vec<String> = (0..number("kb", 512).min(4096)).map(|n| format!("x-{n}")).collect();
                let headers: Vec<(&str, &str)> =
                    names.iter().map(|name| (name.as_str(), filler.as_str())).collect();
                self.respond(request, 200, &headers, ok)?;
            }
            path if path.starts_with("/encoded/") => {
                let name = &path["/encoded/".len()..];
                match encoded::encoded(name) {
                    Some(body) => self.respond(request, 200, &[("content-encoding", name)], body)?,
                    None => self.respond(request, 404, &[], b"{}")?,
                }
            }
            _ => match (tail("/redirect/"), tail("/status/"), tail("/bytes/")) {
                (Some(0), ..) => self.respond(request, 200, &[], ok)?,
                (Some(left), ..) => {
                    self.respond(request, 302, &[("location", &format!("/redirect/{}", left - 1))], b"")?;
                }
                (_, Some(status @ 200..=599), _) => {
                    let body = json!({ "status": status }).to_string();
                    self.respond(request, status, &[], body.as_bytes())?;
                }
                (.., Some(count @ 0..=0x4000_0000)) => self.write_bytes(request, count)?,
                _ => self.respond(request, 404, &[], br#"{"error":"no such misbehaviour"}"#)?,
            },
        }
        Ok(Next::KeepAlive)
    }

    /// Until the client leaves or the server stops.
    fn stall(&mut self) -> io::Result<Next> {
        self.reader.get_ref().set_read_timeout(Some(STEP))?;
        while !self.shared.stopped() {
            match self.reader.read(&mut [0; 1024]) {
                Ok(0) => break,
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
        Ok(Next::Close)
    }

    /// Slow enough that a client without a limit does not exhaust the machine at once.
    fn write_endless(&mut self) -> io::Result<Next> {
        self.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n")?;
        let chunk = [b"4000\r\n".as_slice(), &[b'x'; 0x4000], b"\r\n"].concat();
        while self.shared.sleep(Duration::from_millis(1)) {
            self.write(&chunk)?;
        }
        Ok(Next::Close)
    }

    fn drip(&mut self, count: u64, pause: u64) -> io::Result<()> {
        self.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n")?;
        for line in 1..=count {
            let line = format!("{line}\n");
            self.write(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes())?;
            self.shared.sleep(Duration::from_millis(pause));
        }
        self.write(b"0\r\n\r\n")
    }

    fn write_bytes(&mut self, request: &Request, count: u64) -> io::Result<()> {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\n";
        self.write(format!("{head}content-length: {count}\r\n\r\n").as_bytes())?;
        let mut left = if request.method == "HEAD" { 0 } else { count };
        let block = [b'x'; 0x4000];
        while left > 0 {
            let now = left.min(block.len() as u64);
            self.write(&block[..now as usize])?;
            left -= now;
        }
        Ok(())
    }

    fn respond(
        &mut self,
        request: &Request,
        status: u64,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<()> {
        let words = u16::try_from(status)
            .ok()
            .and_then(|status| http::StatusCode::from_u16(status).ok())
            .and_then(|status| status.canonical_reason());
        let mut answer = format!("HTTP/1.1 {status} {}\r\n", words.unwrap_or("Status")).into_bytes();
        for (name, value) in headers {
            answer.extend(format!("{name}: {value}\r\n").bytes());
        }
        let bodiless = matches!(status, 204 | 304);
        if !bodiless {
            let length = body.len();
            answer.extend(format!("content-type: application/json\r\ncontent-length: {length}\r\n").bytes());
        }
        answer.extend(b"\r\n");
        if !bodiless && request.method != "HEAD" {
            answer.extend(body);
        }
        self.write(&answer)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut stream: &TcpStream = self.reader.get_ref();
        stream.write_all(bytes)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;
