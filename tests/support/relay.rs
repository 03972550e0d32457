//! A relay in front of the documents service: it knows which collections were
//! used, and answers wrongly on request. Used by tests of the suites.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use e2e::demo::{Demo, Faults};
use serde_json::{Value, json};

use super::request::Request;

/// What is wrong: answers of `operation` have `value` at `pointer` (as in RFC 6901), or as their
/// status where the pointer is empty.
#[derive(Clone)]
pub struct Lie {
    pub operation: &'static str,
    pub pointer: &'static str,
    pub value: Value,
}

/// The relay and the service behind it, for as long as this value lives.
pub struct Relay {
    pub addr: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    _demo: Demo,
}

struct Shared {
    service: SocketAddr,
    lie: Option<Lie>,
    stopped: AtomicBool,
    /// Open connections, so that stopping can cut what their threads wait for.
    open: Mutex<Vec<TcpStream>>,
    collections: Mutex<BTreeSet<String>>,
}

impl Relay {
    pub fn start(faults: Faults, lie: Option<Lie>) -> Relay {
        let free = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let demo = Demo::start(free, faults).unwrap();
        let listener = TcpListener::bind(free).unwrap();
        let addr = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            service: demo.addr(),
            lie,
            stopped: AtomicBool::new(false),
            open: Mutex::default(),
            collections: Mutex::default(),
        });
        let inner = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { continue };
                inner.open.lock().unwrap_or_else(PoisonError::into_inner).extend(stream.try_clone());
                // Asked only after that, so that stopping misses no connection.
                if inner.stopped.load(Ordering::SeqCst) {
                    break;
                }
                let inner = Arc::clone(&inner);
                thread::spawn(move || serve(&stream, &inner));
            }
        });
        Relay { addr, shared, thread: Some(thread), _demo: demo }
    }

    /// The collections that documents were sent to, and how many documents each still holds.
    pub fn left(&self) -> Vec<(String, u64)> {
        let service = TcpStream::connect(self.shared.service).unwrap();
        let mut reader = BufReader::new(&service);
        let collections = self.shared.collections.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut count = |name: String| {
            let target = format!("/v1beta/collections/{name}/documents:query");
            // The service may fail now and then, as it was told to: it is asked until it answers.
            let mut answers = (0..200).map(|_| ask(&service, &mut reader, "POST", &target, b"{}").unwrap());
            let (_, answer) = answers.find(|(status, _)| *status == 200).unwrap();
            (name, answer["total_size"].as_u64().unwrap())
        };
        collections.into_iter().map(&mut count).collect()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        for stream in self.shared.open.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        // The listener only looks up when somebody comes.
        let _ = TcpStream::connect(self.addr);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What is asked of the service, and of which collection.
fn operation<'a>(method: &str, target: &'a str) -> (&'static str, Option<&'a str>) {
    let Some((collection, rest)) =
        target.strip_prefix("/v1beta/collections/").and_then(|rest| rest.split_once("/documents"))
    else {
        return ("ready", None);
    };
    let name = match (method, rest) {
        ("POST", "") => "create",
        (_, ":batchCreate") => "batch",
        (_, ":query") => "query",
        (_, path) if path.ends_with("/history") => "history",
        ("GET", _) => "get",
        ("PATCH", _) => "update",
        _ => "delete",
    };
    (name, Some(collection))
}

/// Until the client leaves or the relay stops.
fn serve(client: &TcpStream, shared: &Shared) -> io::Result<()> {
    let service = TcpStream::connect(shared.service)?;
    let (mut requests, mut answers) = (BufReader::new(client), BufReader::new(&service));
    for stream in [client, &service] {
        stream.set_nodelay(true)?;
    }
    while let Some(request) = Request::read(&mut requests)? {
        let (operation, collection) = operation(&request.method, &request.target);
        let mut collections = shared.collections.lock().unwrap_or_else(PoisonError::into_inner);
        collections.extend(collection.map(str::to_owned));
        drop(collections);
        let (mut status, mut answer) =
            ask(&service, &mut answers, &request.method, &request.target, &request.body)?;
        if let Some(lie) = shared.lie.as_ref().filter(|lie| lie.operation == operation) {
            if lie.pointer.is_empty() {
                status = lie.value.as_u64().unwrap();
            } else if let Some(place) = answer.pointer_mut(lie.pointer) {
                *place = lie.value.clone();
            }
        }
        let body = answer.to_string();
        let head = format!("HTTP/1.1 {status} Status\r\ncontent-length: {}\r\n\r\n", body.len());
        let mut client = client;
        client.write_all((head + body.as_str()).as_bytes())?;
    }
    Ok(())
}

fn ask(
    mut service: &TcpStream,
    reader: &mut BufReader<&TcpStream>,
    method: &str,
    target: &str,
    body: &[u8],
) -> io::Result<(u64, Value)> {
    let head = format!("{method} {target} HTTP/1.1\r\nhost: demo\r\ncontent-length: {}\r\n\r\n", body.len());
    service.write_all(&[head.as_bytes(), body].concat())?;
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status =
        line.split(' ').nth(1).and_then(|word| word.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok((status, serde_json::from_slice(&body).unwrap_or(json!(null))))
}
