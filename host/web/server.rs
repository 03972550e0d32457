//! The server: listener, thread, connections. Started by `app`.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;

use crate::exit::Exit;
use crate::fault::Fault;

use super::gate::Gate;
use super::routes::{Web, router};
use super::session::Session;
use super::sketch::Backdrop;

/// Connections at a time; further ones wait.
const MOST_CONNECTIONS: usize = 256;
/// How long a request's head may take, and a connection be idle.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// How long answers under way may take at the end.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Where the page is served, and to whom.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// An address or a name; empty or `*`: every address of this machine.
    pub host: String,
    /// 0: a free one.
    pub port: u16,
    /// Name and password.
    pub login: Option<(String, String)>,
    pub token: Option<String>,
}

/// Serves for as long as it lives.
pub struct Server {
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Returns once it listens.
    ///
    /// # Errors
    /// [`Exit::Usage`] for an address that others can reach without login or token; [`Exit::Config`] for one that
    /// cannot be listened on.
    pub fn start(
        options: &Options,
        session: Arc<Session>,
        backdrop: Arc<dyn Backdrop>,
    ) -> Result<Server, Fault> {
        let addrs = resolve(options)?;
        let is_local = addrs.iter().all(|addr| addr.ip().is_loopback());
        if !is_local && options.login.is_none() && options.token.is_none() {
            let what = format!("the page cannot be served on {} without a login or a token", addrs[0]);
            return Err(Fault::new(Exit::Usage, what)
                .why("whoever reaches it could start load from this machine")
                .help("add --web-login USER:PASSWORD or --web-token TOKEN, or serve it on 127.0.0.1"));
        }
        let listener = TcpListener::bind(&addrs[..]).map_err(|error| cannot_listen(addrs[0], &error))?;
        let internal =
            |error: io::Error| Fault::new(Exit::Internal, "cannot start the page").why(error.to_string());
        let addr = listener.local_addr().map_err(internal)?;
        listener.set_nonblocking(true).map_err(internal)?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(internal)?;
        let router = router(Web::new(session, backdrop), Arc::new(Gate::new(options, addr)));
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("web".into())
            .spawn(move || serve_until(runtime, listener, router, stopped))
            .map_err(internal)?;
        Ok(Server { addr, stop: Some(stop), thread: Some(thread) })
    }

    /// Where a browser on this machine finds it.
    pub fn url(&self) -> String {
        let ip = match self.addr.ip() {
            ip if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            ip => ip,
        };
        format!("http://{}/", SocketAddr::new(ip, self.addr.port()))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed already.
            let _ = thread.join();
        }
    }
}

/// Never empty.
fn resolve(options: &Options) -> Result<Vec<SocketAddr>, Fault> {
    let host = options.host.trim().trim_start_matches('[').trim_end_matches(']');
    if matches!(host, "" | "*") {
        return Ok(vec![SocketAddr::from((Ipv4Addr::UNSPECIFIED, options.port))]);
    }
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, options.port)]);
    }
    let why = match (host, options.port).to_socket_addrs() {
        Ok(addrs) => match addrs.collect::<Vec<_>>() {
            addrs if addrs.is_empty() => "it has no address".to_owned(),
            addrs => return Ok(addrs),
        },
        Err(error) => error.to_string(),
    };
    let what = format!("the page cannot be served on `{host}`");
    Err(Fault::new(Exit::Config, what).why(why).help("give --web-host an address, such as 127.0.0.1"))
}

fn cannot_listen(addr: SocketAddr, error: &io::Error) -> Fault {
    let fault = Fault::new(Exit::Config, format!("the page cannot be served on {addr}"));
    match error.kind() {
        io::ErrorKind::AddrInUse => fault
            .why(format!("port {} is in use", addr.port()))
            .help("end what listens there, or choose another port with --web-port (0 takes a free one)"),
        io::ErrorKind::PermissionDenied => {
            fault.why(error.to_string()).help("choose a port above 1023 with --web-port")
        }
        io::ErrorKind::AddrNotAvailable => fault
            .why("it is no address of this machine")
            .help("give --web-host an address of it, such as 127.0.0.1"),
        _ => fault.why(error.to_string()),
    }
}

fn serve_until(runtime: Runtime, listener: TcpListener, router: Router, stopped: oneshot::Receiver<()>) {
    runtime.block_on(async {
        let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
        let mut connections = JoinSet::new();
        tokio::select! {
            () = accept(&listener, &router, &mut connections) => {}
            _ = stopped => {}
        }
        // The last status says that it is over; streams end then by themselves.
        let _ =
            tokio::time::timeout(LAST_WAIT, async { while connections.join_next().await.is_some() {} }).await;
    });
    // A script that is just compiled for the form is not waited for.
    runtime.shutdown_background();
}

async fn accept(listener: &tokio::net::TcpListener, router: &Router, connections: &mut JoinSet<()>) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(place) = places.clone().acquire_owned().await else { return };
        while connections.try_join_next().is_some() {}
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(_) => {
                // Out of files, perhaps: the run comes first.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let service = TowerToHyperService::new(router.clone());
        connections.spawn(async move {
            let _ = stream.set_nodelay(true);
            let mut server = http1::Builder::new();
            server.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(64 << 10);
            // Whoever is gone is gone.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
            drop(place);
        });
    }
}
