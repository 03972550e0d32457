//! From a host and a port to an open TCP connection: look-up, the order of addresses, the local address. Used by
//! `connector`, for origins and for proxies.

use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit};
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::IpBindAddressNoPort;
use tokio::net::{TcpSocket, TcpStream};

use super::error::{Error, ErrorKind};
use super::timing::{Phase, Progress};
use super::worker::Net;

/// RFC 8305, 8: so long an address has before the next one is tried beside it.
const STAGGER: Duration = Duration::from_millis(250);

/// Where to connect to.
pub(super) struct Target<'a> {
    /// An IPv6 address without brackets.
    pub(super) host: &'a str,
    pub(super) port: u16,
    /// Where it is, if that needs no look-up.
    pub(super) at: Option<SocketAddr>,
}

impl Target<'_> {
    /// Host and port as messages show them.
    fn text(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

/// Opens a connection; its phases are told to `progress`.
///
/// # Errors
/// `Dns`, `Connect`.
pub(super) async fn dial(
    net: &Net,
    target: &Target<'_>,
    progress: &mut Progress<'_>,
) -> Result<TcpStream, Error> {
    if let Some(address) = target.at {
        progress.enter(Phase::Connecting);
        let opened = open(net, address).await;
        progress.leave();
        return opened.map_err(|error| refuse(net, target, &error));
    }
    progress.enter(Phase::Lookup);
    let name = net.dns.resolve(target.host).await;
    progress.leave();
    let name = name?;
    progress.enter(Phase::Connecting);
    let addresses = name.addresses();
    let start = net.dns.start(&name);
    let reached = match addresses {
        [only] => open(net, SocketAddr::new(*only, target.port)).await.map(|tcp| (0, tcp)),
        _ => race(addresses.len(), start, |at| open(net, SocketAddr::new(addresses[at], target.port))).await,
    };
    progress.leave();
    let (at, tcp) = reached.map_err(|error| refuse(net, target, &error))?;
    name.best.set(at);
    Ok(tcp)
}

/// The addresses of a target, the first to be tried first.
///
/// # Errors
/// `Dns`.
pub(super) async fn locate(
    net: &Net,
    target: &Target<'_>,
    progress: &mut Progress<'_>,
) -> Result<SocketAddr, Error> {
    if let Some(address) = target.at {
        return Ok(address);
    }
    progress.enter(Phase::Lookup);
    let name = net.dns.resolve(target.host).await;
    progress.leave();
    let name = name?;
    Ok(SocketAddr::new(name.addresses()[net.dns.start(&name)], target.port))
}

/// Tries all from `start` on, each some time after the one before it or when those before have failed. The first
/// that succeeds counts.
async fn race<T, F: Future<Output = io::Result<T>>>(
    count: usize,
    start: usize,
    open: impl Fn(usize) -> F,
) -> io::Result<(usize, T)> {
    let mut running: Vec<(usize, Pin<Box<F>>)> = Vec::new();
    let mut begun = 0;
    let mut failure = None;
    let mut pause = pin!(tokio::time::sleep(STAGGER));
    poll_fn(|cx| {
        loop {
            let mut index = 0;
            while index < running.len() {
                let (at, opening) = &mut running[index];
                match opening.as_mut().poll(cx) {
                    Poll::Ready(Ok(opened)) => return Poll::Ready(Ok((*at, opened))),
                    Poll::Ready(Err(error)) => {
                        failure = Some(error);
                        drop(running.remove(index));
                    }
                    Poll::Pending => index += 1,
                }
            }
            if begun < count && (running.is_empty() || pause.as_mut().poll(cx).is_ready()) {
                let at = (start + begun) % count;
                running.push((at, Box::pin(open(at))));
                begun += 1;
                pause.as_mut().reset(tokio::time::Instant::now() + STAGGER);
            } else if running.is_empty() {
                return Poll::Ready(Err(failure
                    .take()
                    .unwrap_or_else(|| io::Error::other("it has no address"))));
            } else {
                return Poll::Pending;
            }
        }
    })
    .await
}

async fn open(net: &Net, address: SocketAddr) -> io::Result<TcpStream> {
    match &net.settings.link.sources {
        None => TcpStream::connect(address).await,
        Some(sources) => {
            let turn = net.settings.turn.fetch_add(1, Ordering::Relaxed);
            let source = sources.pick(turn, address.is_ipv6()).ok_or_else(|| {
                let kind = if address.is_ipv6() { "IPv6" } else { "IPv4" };
                io::Error::other(format!("`settings.local_addresses` has no {kind} address"))
            })?;
            let socket = start_at(source).map_err(|error| {
                io::Error::other(format!("cannot start at {source} of `settings.local_addresses`: {error}"))
            })?;
            socket.connect(address).await
        }
    }
}

fn start_at(source: IpAddr) -> io::Result<TcpSocket> {
    let socket = if source.is_ipv6() { TcpSocket::new_v6() } else { TcpSocket::new_v4() }?;
    // Or the port would be taken for all targets at once. Where the system cannot, it is.
    let _ = setsockopt(&socket, IpBindAddressNoPort, &true);
    socket.bind(SocketAddr::new(source, 0))?;
    Ok(socket)
}

/// Whether it failed for want of room on this machine, whatever the server would have said.
fn is_exhausted(error: &io::Error) -> bool {
    let no_room = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM, libc::EADDRNOTAVAIL];
    error.raw_os_error().is_some_and(|code| no_room.contains(&code))
}

fn refuse(net: &Net, target: &Target<'_>, error: &io::Error) -> Error {
    if is_exhausted(error) {
        net.exhausted.set(net.exhausted.get() + 1);
    }
    let mut place = target.text();
    if let Some(at) = target.at.filter(|at| !(at.port() == target.port && at.ip().to_string() == target.host))
    {
        place = format!("{place} at {at}");
    }
    let text = match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("connection refused: {place}"),
        io::ErrorKind::AddrNotAvailable => {
            format!(
                "no free local port left for a connection to {place}: too many connections in a short time (see \
                 `settings.local_addresses`)"
            )
        }
        _ if error.raw_os_error() == Some(libc::EMFILE) => too_many_files(&place),
        _ if error.raw_os_error() == Some(libc::ENFILE) => {
            format!("no open file is left on this machine for a connection to {place} (`sysctl fs.file-max`)")
        }
        _ => format!("cannot connect to {place}: {error}"),
    };
    Error::new(ErrorKind::Connect, text)
}

/// The limit was raised as far as it goes when the process started.
fn too_many_files(place: &str) -> String {
    let limit = getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(soft, _)| soft);
    format!(
        "too many open files for a connection to {place}: raise `ulimit -n` above {limit}, or use several processes"
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::time::Instant;

    use super::*;

    /// The address that won, where each answers after so many milliseconds or fails; and how long it took.
    fn race_of(plan: &'static [(u64, bool)], start: usize) -> (io::Result<usize>, u128) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.unwrap().block_on(async {
            let begun = Instant::now();
            let raced = race(plan.len(), start, |at| async move {
                let (wait, answers) = plan[at];
                tokio::time::sleep(Duration::from_millis(wait)).await;
                if answers { Ok(at) } else { Err(io::Error::other(format!("{at} fails"))) }
            });
            (
                raced.await.map(|(at, told)| if at == told { at } else { usize::MAX }),
                begun.elapsed().as_millis(),
            )
        })
    }

    /// ip(7), IP_BIND_ADDRESS_NO_PORT: the port is chosen when the target is known, so that the ports of an
    /// address are those of each target.
    #[test]
    fn an_address_is_taken_without_a_port() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let socket = start_at("127.0.0.5".parse().unwrap()).unwrap();
            assert_eq!(socket.local_addr().unwrap(), "127.0.0.5:0".parse().unwrap());
            let tcp = socket.connect(listener.local_addr().unwrap()).await.unwrap();
            let local = tcp.local_addr().unwrap();
            assert!(local.port() != 0 && local.ip().to_string() == "127.0.0.5", "{local}");
        });
    }

    #[test]
    fn addresses_are_tried_one_after_the_other() {
        // The first answers.
        assert_eq!(race_of(&[(1, true), (0, true)], 0).0.unwrap(), 0);
        // The first fails: the second is tried at once, from any start on.
        assert_eq!(race_of(&[(1, false), (1, true)], 0).0.unwrap(), 1);
        assert_eq!(race_of(&[(1, true), (1, false), (1, false)], 1).0.unwrap(), 0);
        assert_eq!(race_of(&[(1, false), (1, false)], 1).0.unwrap_err().to_string(), "0 fails");
        // The first is silent: the second is tried beside it, after a while.
        let (won, took) = race_of(&[(60_000, true), (1, true)], 0);
        assert!(won.unwrap() == 1 && (250..30_000).contains(&took), "{took} ms");
        // The first was only slow, and is not given up.
        let (won, took) = race_of(&[(300, true), (60_000, true)], 0);
        assert!(won.unwrap() == 0 && (300..30_000).contains(&took), "{took} ms");
    }
}
