//! A server that plays the conversation of one row, byte by byte, and notes where it went otherwise. Used by `run`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use nix::sys::socket::{setsockopt, sockopt};

use super::row::{Exchange, Step};

/// A client that says nothing for so long has left the test hanging.
const IDLE: Duration = Duration::from_secs(30);

/// The server, for as long as this value lives.
pub struct Player {
    pub addr: SocketAddr,
    stage: Arc<Stage>,
}

struct Stage {
    exchanges: Vec<Exchange>,
    is_over: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How many requests and connections there were.
    requests: usize,
    connections: usize,
    wrong: Vec<String>,
    open: Vec<TcpStream>,
}

/// A place for a server.
pub struct Reserved {
    pub addr: SocketAddr,
    listener: TcpListener,
}

impl Reserved {
    /// Listens.
    pub fn start(self, exchanges: Vec<Exchange>) -> Player {
        let Reserved { addr, listener } = self;
        let stage = Arc::new(Stage { exchanges, is_over: AtomicBool::new(false), state: Mutex::default() });
        let inner = stage.clone();
        let accept = move || {
            for stream in listener.incoming().flatten() {
                if inner.is_over.load(Ordering::SeqCst) {
                    return;
                }
                let stage = inner.clone();
                thread::Builder::new().stack_size(128 << 10).spawn(move || stage.serve(stream)).unwrap();
            }
        };
        thread::Builder::new().stack_size(128 << 10).spawn(accept).unwrap();
        Player { addr, stage }
    }
}

impl Player {
    /// A free port of 127.0.0.1.
    pub fn reserve() -> Reserved {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        Reserved { addr: listener.local_addr().unwrap(), listener }
    }

    /// What was not as the row says.
    pub fn wrong(&self) -> Vec<String> {
        let state = self.stage.state.lock().unwrap();
        let never = self.stage.exchanges.iter().skip(state.requests);
        state
            .wrong
            .iter()
            .cloned()
            .chain(never.map(|exchange| format!("never sent: {}", exchange.line)))
            .collect()
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.stage.is_over.store(true, Ordering::SeqCst);
        for stream in &self.stage.state.lock().unwrap().open {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // The listener only looks up when somebody comes.
        let _ = TcpStream::connect(self.addr);
    }
}

impl Stage {
    fn serve(&self, mut stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let _ = stream.set_read_timeout(Some(IDLE));
        let number = {
            let mut state = self.state.lock().unwrap();
            state.open.push(stream.try_clone().unwrap());
            state.connections += 1;
            state.connections - 1
        };
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut is_reset = false;
        while let Some(head) = read_head(&mut reader) {
            let nth = {
                let mut state = self.state.lock().unwrap();
                state.requests += 1;
                state.requests - 1
            };
            let Some(exchange) = self.exchanges.get(nth) else {
                self.state.lock().unwrap().wrong.push(format!("sent, but not expected: {}", head[0]));
                break;
            };
            let body = if exchange.is_early { Vec::new() } else { read_body(&mut reader, &head) };
            let wrong = compare(exchange, number, &head, &body);
            self.state.lock().unwrap().wrong.extend(wrong);
            if play(&exchange.steps, &mut stream).is_none() {
                is_reset = exchange.steps.contains(&Step::Reset);
                break;
            }
        }
        let place = stream.peer_addr().ok();
        self.state.lock().unwrap().open.retain(|open| open.peer_addr().ok() != place);
        // A reset is what closing the last handle makes.
        if !is_reset {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// The lines of a head; None once the client has left.
fn read_head(reader: &mut impl BufRead) -> Option<Vec<String>> {
    let mut head = Vec::new();
    loop {
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line).ok().filter(|read| *read > 0)?;
        let line = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
        if line.is_empty() {
            return Some(head);
        }
        head.push(line);
    }
}

fn value<'h>(head: &'h [String], name: &str) -> Option<&'h str> {
    let mut fields = head.iter().skip(1).filter_map(|line| line.split_once(": "));
    fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn read_body(reader: &mut impl BufRead, head: &[String]) -> Vec<u8> {
    let mut body = Vec::new();
    if value(head, "transfer-encoding").is_some() {
        let mut line = String::new();
        while reader.read_line(&mut line).is_ok_and(|read| read > 0) {
            let size = u64::from_str_radix(line.trim(), 16).unwrap_or(0);
            let _ = reader.take(size).read_to_end(&mut body);
            line.clear();
            let _ = reader.read_line(&mut line);
            line.clear();
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = value(head, "content-length").and_then(|length| length.parse().ok()) {
        let _ = reader.take(length).read_to_end(&mut body);
    }
    body
}

/// Where a request differs from what the row says.
fn compare(exchange: &Exchange, connection: usize, head: &[String], body: &[u8]) -> Vec<String> {
    let head: Vec<String> = head.iter().map(|line| without_boundary(line)).collect();
    let mut wrong = Vec::new();
    if head[0] != exchange.line {
        wrong.push(format!("sent {}, not {}", head[0], exchange.line));
    }
    for line in &exchange.wanted {
        let holds = match (line.strip_prefix('!'), line.strip_prefix('@'), line.strip_suffix('*')) {
            (Some(name), ..) => value(&head, name).is_none(),
            (_, Some(number), _) => number.parse() == Ok(connection),
            (.., Some(start)) => head.iter().any(|sent| sent.starts_with(start)),
            _ => head.contains(line),
        };
        if !holds {
            wrong.push(format!("`> {line}` does not hold of connection {connection}: {head:?}"));
        }
    }
    if let Some(wanted) = &exchange.body {
        let (sent, wanted) =
            (without_boundary(&String::from_utf8_lossy(body)), String::from_utf8_lossy(wanted));
        if sent != *wanted {
            wrong.push(format!("the body sent is {sent:?}, not {wanted:?}"));
        }
    }
    wrong
}

/// The boundary of a multipart body is another one each time.
fn without_boundary(text: &str) -> String {
    let mut parts = text.split("e2e-");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_hexdigit).count();
        out.push_str(if digits == 32 { "BOUNDARY" } else { "e2e-" });
        out.push_str(&part[if digits == 32 { 32 } else { 0 }..]);
    }
    out
}

/// None where the connection is over.
fn play(steps: &[Step], stream: &mut TcpStream) -> Option<()> {
    let mut is_slow = false;
    for step in steps {
        match step {
            Step::Bytes(bytes) if is_slow => {
                for byte in bytes {
                    stream.write_all(&[*byte]).ok()?;
                    thread::sleep(Duration::from_micros(300));
                }
            }
            Step::Bytes(bytes) => stream.write_all(bytes).ok()?,
            Step::Wait(time) => thread::sleep(Duration::from_millis(*time)),
            Step::Slowly => is_slow = true,
            Step::Close => return None,
            Step::Reset => {
                let linger = libc::linger { l_onoff: 1, l_linger: 0 };
                setsockopt(stream, sockopt::Linger, &linger).unwrap();
                return None;
            }
            Step::Hang => {
                let _ = std::io::copy(stream, &mut std::io::sink());
                return None;
            }
        }
    }
    Some(())
}
