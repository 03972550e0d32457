//! Through a proxy to an origin: HTTP CONNECT (RFC 9110, 9.3.6) and SOCKS5 (RFC 1928, 1929). Used by `connector`.

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// More than this is no head of an answer to CONNECT.
const MOST_HEAD: usize = 16 << 10;

/// What the proxy is asked for.
pub(super) enum To<'a> {
    Name(&'a str, u16),
    Address(SocketAddr),
}

impl To<'_> {
    fn text(&self) -> String {
        match self {
            To::Name(host, port) => format!("{host}:{port}"),
            To::Address(address) => address.to_string(),
        }
    }
}

/// Why there is no tunnel.
pub(super) enum Refusal {
    /// The proxy's answer, for people.
    Answer(String),
    Io(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Refusal::Io(error)
    }
}

/// Asks an HTTP proxy for a tunnel; `headers` are lines with their ends.
pub(super) async fn connect(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    to: &To<'_>,
    headers: &str,
) -> Result<(), Refusal> {
    let to = to.text();
    stream.write_all(format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{headers}\r\n").as_bytes()).await?;
    stream.flush().await?;
    let mut head = Vec::with_capacity(512);
    let end = loop {
        if let Some(at) = head.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if head.len() > MOST_HEAD {
            return Err(Refusal::Answer("its answer is too long".into()));
        }
        if stream.read_buf(&mut head).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
    };
    let line = String::from_utf8_lossy(&head[..end]);
    let line = line.lines().next().unwrap_or_default();
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..));
    match status.and_then(|status| status.get(..3)?.parse::<u16>().ok()) {
        None => Err(Refusal::Answer("its answer is not HTTP/1.1".into())),
        // Whoever speaks first in a tunnel that leads to TLS is not the server.
        Some(200..300) if head.len() > end => Err(Refusal::Answer("it sent more than its answer".into())),
        Some(200..300) => Ok(()),
        Some(_) => Err(Refusal::Answer(status.unwrap_or_default().trim().to_owned())),
    }
}

/// Asks a SOCKS5 proxy for a connection.
pub(super) async fn socks5(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    to: &To<'_>,
    credentials: Option<&(String, String)>,
) -> Result<(), Refusal> {
    let answer = |text: &str| Refusal::Answer(text.to_owned());
    // Version, and the ways of authentication on offer: none, or user and password.
    let hello: &[u8] = if credentials.is_some() { &[5, 2, 0, 2] } else { &[5, 1, 0] };
    stream.write_all(hello).await?;
    stream.flush().await?;
    let mut chosen = [0; 2];
    stream.read_exact(&mut chosen).await?;
    match (chosen, credentials) {
        ([5, 0], _) => {}
        ([5, 2], Some((user, password))) => authenticate(stream, user, password).await?,
        ([5, 0xff], Some(_)) => return Err(answer("it takes no user and password")),
        ([5, _], _) => return Err(answer("it wants a user and a password")),
        _ => return Err(answer("its answer is not SOCKS5")),
    }
    let mut request = vec![5, 1, 0];
    let port = match to {
        To::Name(host, port) => {
            let length =
                u8::try_from(host.len()).map_err(|_| answer("the host's name is too long for SOCKS"))?;
            request.extend([3, length]);
            request.extend(host.as_bytes());
            *port
        }
        To::Address(address) => {
            match address.ip() {
                IpAddr::V4(four) => {
                    request.push(1);
                    request.extend(four.octets());
                }
                IpAddr::V6(six) => {
                    request.push(4);
                    request.extend(six.octets());
                }
            }
            address.port()
        }
    };
    request.extend(port.to_be_bytes());
    stream.write_all(&request).await?;
    stream.flush().await?;
    let mut reply = [0; 4];
    stream.read_exact(&mut reply).await?;
    if reply[0] != 5 {
        return Err(answer("its answer is not SOCKS5"));
    }
    if reply[1] != 0 {
        return Err(Refusal::Answer(reason(reply[1])));
    }
    // Where the proxy's own end of the connection is: of no use.
    let length = match reply[3] {
        1 => 4,
        4 => 16,
        3 => usize::from(stream.read_u8().await?),
        _ => return Err(answer("its answer is not SOCKS5")),
    };
    let mut rest = [0; 255 + 2];
    stream.read_exact(&mut rest[..length + 2]).await?;
    Ok(())
}

/// RFC 1929. `Proxy::parse` has seen to the lengths.
async fn authenticate(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    user: &str,
    password: &str,
) -> Result<(), Refusal> {
    let mut request = vec![1];
    for text in [user, password] {
        let bytes = &text.as_bytes()[..text.len().min(255)];
        request.push(bytes.len() as u8);
        request.extend(bytes);
    }
    stream.write_all(&request).await?;
    stream.flush().await?;
    let mut reply = [0; 2];
    stream.read_exact(&mut reply).await?;
    if reply[1] == 0 { Ok(()) } else { Err(Refusal::Answer("user or password are wrong".into())) }
}

/// RFC 1928, 6.
fn reason(code: u8) -> String {
    match code {
        1 => "it failed".into(),
        2 => "its rules do not allow it".into(),
        3 => "the network is unreachable".into(),
        4 => "the host is unreachable".into(),
        5 => "connection refused".into(),
        6 => "the time to live expired".into(),
        7 => "it does not know the command".into(),
        8 => "it does not know this kind of address".into(),
        code => format!("reply {code}"),
    }
}
