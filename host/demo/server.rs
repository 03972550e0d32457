//! Starting and stopping the documents service: the listener, its thread, its
//! connections. Called through `Demo` by `run` and tests, through
//! `run_foreground` by `app`.

use std::convert::Infallible;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::http::Method;
use axum::response::IntoResponse;
use http_body_util::BodyExt;
use hyper::server::conn::{http1, http2};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

use super::faults::{Faults, Injector};
use super::http;
use super::store::Store;
use super::wire::Failure;
use crate::exit::Exit;
use crate::fault::Fault;

/// Connections that may wait to be accepted: thousands of users start at once.
const BACKLOG: u32 = 4096;

/// The service, listening for as long as this value lives.
pub struct Demo {
    addr: SocketAddr,
    grpc_addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Demo {
    /// Runs the service on a thread of its own and returns once it listens, for gRPC at a free port.
    /// Port 0 takes a free one; only loopback addresses are served.
    pub fn start(addr: SocketAddr, faults: Faults) -> Result<Demo, Fault> {
        if !addr.ip().is_loopback() {
            return Err(Fault::new(Exit::Config, format!("the documents service cannot listen on {addr}"))
                .why("it has no protection of any kind and serves this machine only")
                .help("use 127.0.0.1"));
        }
        Demo::start_at(addr, 0, faults)
    }

    /// The same at any address, with the port for gRPC.
    fn start_at(addr: SocketAddr, grpc_port: u16, faults: Faults) -> Result<Demo, Fault> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Fault::new(Exit::Internal, "cannot start a runtime").why(error.to_string()))?;
        let open = |addr: SocketAddr, flag: &str| {
            let _inside = runtime.enter();
            let listener = listen(addr).map_err(|error| cannot_listen(addr, flag, &error))?;
            let addr = listener.local_addr().map_err(|error| cannot_listen(addr, flag, &error))?;
            Ok::<_, Fault>((listener, addr))
        };
        let (listener, addr) = open(addr, "--port")?;
        let (grpc, grpc_addr) = open(SocketAddr::new(addr.ip(), grpc_port), "--grpc-port")?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("demo".into())
            .spawn(move || serve_until(runtime, (listener, grpc), faults, stopped))
            .map_err(|error| Fault::new(Exit::Internal, "cannot start a thread").why(error.to_string()))?;
        Ok(Demo { addr, grpc_addr, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it speaks gRPC.
    pub fn grpc_addr(&self) -> SocketAddr {
        self.grpc_addr
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed already, and must not become a second one here.
            let _ = thread.join();
        }
    }
}

/// `e2e demo`: serves at `addr`, and gRPC on `grpc_port`, until SIGINT or SIGTERM. Any address will do: whoever names
/// one that others reach wants that, as in a cluster.
pub fn run_foreground(addr: SocketAddr, grpc_port: u16, faults: Faults) -> Result<(), Fault> {
    let cannot_wait =
        |error: io::Error| Fault::new(Exit::Internal, "cannot wait for a signal").why(error.to_string());
    let runtime = Builder::new_current_thread().enable_all().build().map_err(cannot_wait)?;
    // Listened for before anyone can know that the service is up, so that no signal ends it uncleanly.
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        let listen = |kind| signal(kind).map_err(cannot_wait);
        (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?)
    };
    let demo = Demo::start_at(addr, grpc_port, faults)?;
    // A closed standard output is no reason not to serve.
    let _ = writeln!(
        io::stdout(),
        "documents service on http://{}\ndocuments service on grpc://{}",
        demo.addr(),
        demo.grpc_addr()
    );
    runtime.block_on(async {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    });
    Ok(())
}

fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A port is free again as soon as its last service ended.
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(BACKLOG)
}

/// `flag` is what chooses another port.
fn cannot_listen(addr: SocketAddr, flag: &str, error: &io::Error) -> Fault {
    let fault = Fault::new(Exit::Config, format!("the documents service cannot listen on {addr}"));
    match error.kind() {
        io::ErrorKind::AddrInUse => fault
            .why(format!("port {} is in use", addr.port()))
            .help(format!("end what listens there, or choose another port with {flag} (0 takes a free one)")),
        io::ErrorKind::PermissionDenied => fault.why(error.to_string()).help("choose a port above 1023"),
        _ => fault.why(error.to_string()),
    }
}

fn serve_until(
    runtime: Runtime,
    (listener, grpc): (TcpListener, TcpListener),
    faults: Faults,
    stopped: oneshot::Receiver<()>,
) {
    runtime.block_on(async {
        let store = Arc::new(Store::default());
        let injector = Injector::new(faults).map(Arc::new);
        tokio::spawn(super::grpc::serve(grpc, store.clone(), injector.clone()));
        tokio::select! {
            _ = serve(listener, store, injector) => {}
            _ = stopped => {}
        }
    });
    // Dropping the runtime drops every connection: nobody waits for a stalled answer.
}

async fn serve(listener: TcpListener, store: Arc<Store>, injector: Option<Arc<Injector>>) -> Infallible {
    let router = TowerToHyperService::new(http::routes(store));
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(_) => {
                // Out of descriptors, most likely: waiting connections stay in the backlog.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        // Without it answers would wait for acknowledgements; the service works all the same.
        let _ = stream.set_nodelay(true);
        let (router, injector) = (router.clone(), injector.clone());
        let service = service_fn(move |mut request: hyper::Request<hyper::body::Incoming>| {
            let (router, injector) = (router.clone(), injector.clone());
            async move {
                if let Some(injector) = injector {
                    if injector.strike().await {
                        // Read to its end, or the connection would have to close under the client's feet.
                        let _ = request.into_body().collect().await;
                        return Ok(
                            Failure::unavailable("refused by the service's error rate").into_response()
                        );
                    }
                    // What goes on after its first answer is struck by the faults as well.
                    request.extensions_mut().insert(injector);
                }
                // What benchmarks ask for most does not pay for the router.
                if request.method() == Method::GET && request.uri().path() == http::READY {
                    return Ok(http::ready());
                }
                router.call(request).await
            }
        });
        tokio::spawn(async move {
            // Once a connection; each request of HTTP/1.1 goes as if there were nothing else.
            if speaks_http2(&stream).await {
                let http2 = http2::Builder::new(TokioExecutor::new());
                let _ = http2.serve_connection(TokioIo::new(stream), service).await;
            } else {
                let http1 = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                let _ = http1.with_upgrades().await;
            }
        });
    }
}

/// Whether a client speaks HTTP/2 without asking: RFC 9113, 3.4. No method begins as its preface does.
async fn speaks_http2(stream: &TcpStream) -> bool {
    const PREFACE: &[u8] = b"PRI";
    let mut start = [0; PREFACE.len()];
    matches!(stream.peek(&mut start).await, Ok(read) if start[..read] == *PREFACE)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Read;
    use std::net::TcpStream;
    use std::time::Instant;

    use serde_json::json;

    use super::*;
    use crate::demo::probe::{Probe, free_port, start, start_with};

    #[test]
    fn a_port_in_use_is_named() {
        let demo = start();
        let fault = Demo::start(demo.addr(), Faults::default()).err().unwrap();
        assert_eq!(fault.exit, Exit::Config);
        assert!(fault.why.unwrap().contains(&demo.addr().port().to_string()));
        assert!(fault.help.unwrap().contains("--port"));
    }

    #[test]
    fn only_this_machine_is_served() {
        let everyone = SocketAddr::from(([0, 0, 0, 0], 0));
        assert_eq!(Demo::start(everyone, Faults::default()).err().unwrap().exit, Exit::Config);
    }

    #[test]
    fn dropping_it_closes_connections_and_frees_the_port() {
        let demo = start();
        let mut probe = Probe::new(&demo);
        probe.send("GET", "/ready", None);
        let mut idle = TcpStream::connect(demo.addr()).unwrap();
        let addr = demo.addr();
        drop(demo);
        assert!(matches!(idle.read(&mut [0]), Ok(0) | Err(_)));
        assert!(TcpStream::connect(addr).is_err());
        Demo::start(addr, Faults::default()).unwrap();
    }

    #[test]
    fn latency_is_added_to_every_answer() {
        let demo = start_with(Faults { latency: Duration::from_millis(60), ..Faults::default() });
        let mut probe = Probe::new(&demo);
        for path in ["/ready", "/nowhere"] {
            let asked = Instant::now();
            probe.send("GET", path, None);
            assert!(asked.elapsed() >= Duration::from_millis(60), "{path}");
        }
    }

    #[test]
    fn an_error_rate_fails_that_fraction_of_answers() {
        let demo = start_with(Faults { error_rate: 0.5, ..Faults::default() });
        let mut probe = Probe::new(&demo);
        let mut failed = 0;
        for _ in 0..400 {
            let (status, body) = probe.send("GET", "/ready", Some(json!({"read": "to the end"})));
            if status == 503 {
                assert_eq!(body["error"]["status"], "UNAVAILABLE");
                assert_eq!(body["error"]["code"], 503);
                failed += 1;
            } else {
                assert_eq!((status, body), (200, json!({"status": "ready"})));
            }
        }
        // Ten standard deviations off would be 100.
        assert!((100..=300).contains(&failed), "{failed}");
    }

    #[test]
    fn nothing_is_answered_during_a_stall() {
        let period = Duration::from_millis(400);
        let length = Duration::from_millis(200);
        let before = Instant::now();
        let demo = start_with(Faults { stall: Some((length, period)), ..Faults::default() });
        let mut probe = Probe::new(&demo);
        let mut waited = Duration::ZERO;
        while before.elapsed() < period * 2 {
            let asked = Instant::now();
            probe.send("GET", "/ready", None);
            waited = waited.max(asked.elapsed());
        }
        assert!(waited >= length * 8 / 10, "{waited:?}");
        assert!(waited < period, "{waited:?}");
        drop(probe);
    }

    #[test]
    fn many_connections_at_once_are_accepted() {
        let demo = Demo::start(free_port(), Faults::default()).unwrap();
        let mut probes: Vec<Probe> = (0..500).map(|_| Probe::new(&demo)).collect();
        for probe in &mut probes {
            assert_eq!(probe.send("GET", "/ready", None).0, 200);
        }
    }
}
