//! An HTTP/1.1 server that answers everything and counts what it answered: the
//! truth that results are compared with. Blocking threads over std::net, so that
//! it shares no code with what it tests.
//!
//! The path says how: `/fail...` gets a 500, `/slow...` an answer after 50 ms, `/hang...` one
//! after a minute, everything else a 200.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::request::Request;

/// A request that was answered in full.
#[derive(Clone, Debug)]
pub struct Seen {
    pub at: Instant,
    /// Method and target, such as `GET /ready`.
    pub what: String,
}

/// The server, for as long as this value lives.
pub struct Counter {
    pub addr: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    stopped: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
    asked: Mutex<u64>,
    seen: Mutex<Vec<Seen>>,
}

impl Shared {
    fn seen(&self) -> MutexGuard<'_, Vec<Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counter {
    /// Listens on a free port of 127.0.0.1.
    pub fn start() -> Counter {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let shared = Arc::new(Shared::default());
        let inner = Arc::clone(&shared);
        let thread = thread::spawn(move || accept(&listener, &inner));
        Counter { addr, shared, thread: Some(thread) }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// All that was answered, in order.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen().clone()
    }

    /// How many requests were answered, by method and target.
    pub fn answered(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for seen in self.shared.seen().iter() {
            *counts.entry(seen.what.clone()).or_default() += 1;
        }
        counts
    }

    /// How many requests came, answered or not.
    pub fn asked(&self) -> u64 {
        *self.shared.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Counter {
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

fn accept(listener: &TcpListener, shared: &Shared) {
    thread::scope(|scope| {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { continue };
            let Ok(handle) = stream.try_clone() else { continue };
            shared.open.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
            // Asked only after the push, so that stopping misses no connection.
            if shared.stopped.load(Ordering::SeqCst) {
                break;
            }
            // A client may leave whenever it likes.
            scope.spawn(move || drop(serve(&stream, shared)));
        }
    });
}

fn serve(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    let mut stream = stream;
    while let Some(request) = Request::read(&mut reader)? {
        *shared.asked.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        let wait = match &request.target {
            target if target.starts_with("/slow") => 50,
            target if target.starts_with("/hang") => 60_000,
            _ => 0,
        };
        let until = Instant::now() + Duration::from_millis(wait);
        while Instant::now() < until && !shared.stopped.load(Ordering::SeqCst) {
            thread::sleep(Duration::from_millis(10));
        }
        let status = if request.target.starts_with("/fail") { "500 Internal Server Error" } else { "200 OK" };
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 11\r\n\r\n{{\"ok\":true}}");
        // Counted first: once the client has the answer, it must be in here.
        let at = Instant::now();
        shared.seen().push(Seen { at, what: format!("{} {}", request.method, request.target) });
        stream.write_all(answer.as_bytes())?;
    }
    Ok(())
}
