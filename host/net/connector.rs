//! From an origin to an open connection: look-up, TCP, TLS. Used by `client`.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Instant;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::connection::Connection;
use super::error::{Error, ErrorKind};
use super::origin::Origin;
use super::stream::{Socket, Stream};
use super::timing::Timings;
use super::worker::Net;

/// Opens a connection; the phases are added to `timings`, also of a failure.
///
/// # Errors
/// `Dns`, `Connect`, `Tls`.
pub(super) async fn connect(
    net: &Net,
    origin: &Rc<Origin>,
    verify: bool,
    timings: &mut Timings,
) -> Result<Connection, Error> {
    let tcp = reach(net, origin, timings).await?;
    // Small requests must not wait for the acknowledgement of earlier ones.
    let _ = tcp.set_nodelay(true);
    let socket = Socket::new(tcp);
    let stream = if origin.https {
        secure(net, origin, verify, socket, timings).await?
    } else {
        Stream::Plain(socket)
    };
    Ok(Connection::new(origin.clone(), verify, stream))
}

async fn reach(net: &Net, origin: &Origin, timings: &mut Timings) -> Result<TcpStream, Error> {
    if let Some(address) = origin.address {
        let begun = Instant::now();
        let reached = open(address, origin.port).await;
        timings.connecting += begun.elapsed();
        return reached.map_err(|error| refuse(origin, &error));
    }
    let begun = Instant::now();
    let name = net.dns.resolve(&origin.host).await;
    let found = Instant::now();
    timings.blocked += found - begun;
    let name = name?;
    let addresses = name.addresses();
    let best = name.best.get();
    let mut failure = None;
    for turn in 0..addresses.len() {
        let index = (best + turn) % addresses.len();
        match open(addresses[index], origin.port).await {
            Ok(tcp) => {
                timings.connecting += found.elapsed();
                name.best.set(index);
                return Ok(tcp);
            }
            Err(error) => failure = Some(error),
        }
    }
    timings.connecting += found.elapsed();
    let error = failure.unwrap_or_else(|| io::Error::other("it has no address"));
    Err(refuse(origin, &error))
}

async fn open(address: IpAddr, port: u16) -> io::Result<TcpStream> {
    TcpStream::connect(SocketAddr::new(address, port)).await
}

fn refuse(origin: &Origin, error: &io::Error) -> Error {
    let place = if origin.text.ends_with(&format!(":{}", origin.port)) {
        origin.authority.to_string()
    } else {
        format!("{}:{}", origin.authority, origin.port)
    };
    let text = match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("connection refused: {place}"),
        io::ErrorKind::AddrNotAvailable => {
            format!(
                "no free local port left for a connection to {place}: too many connections in a short time"
            )
        }
        _ if error.raw_os_error() == Some(libc::EMFILE) => {
            format!("too many open files for a connection to {place}: raise the limit with `ulimit -n`")
        }
        _ => format!("cannot connect to {place}: {error}"),
    };
    Error::new(ErrorKind::Connect, text)
}

async fn secure(
    net: &Net,
    origin: &Origin,
    verify: bool,
    socket: Socket,
    timings: &mut Timings,
) -> Result<Stream, Error> {
    let config = net.tls.config(verify)?;
    let name = match origin.address {
        Some(address) => ServerName::from(address),
        None => ServerName::try_from(String::from(&*origin.host)).map_err(|_| {
            let text = format!("TLS: `{}` is no host name that a certificate can hold", origin.host);
            Error::new(ErrorKind::Tls, text)
        })?,
    };
    let begun = Instant::now();
    let shaken = TlsConnector::from(config).connect(name, socket).await;
    timings.tls_handshaking += begun.elapsed();
    let tls = shaken.map_err(|error| {
        Error::new(ErrorKind::Tls, format!("TLS handshake with {} failed: {error}", origin.authority))
    })?;
    Ok(Stream::Tls(Box::new(tls)))
}
