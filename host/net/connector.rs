//! From an origin to an open connection: TCP, the proxy's tunnel, TLS. Used by `client`.

use std::rc::Rc;

use rustls::InvalidMessage;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::connection::Connection;
use super::dial::{Target, dial, locate};
use super::error::{Error, ErrorKind};
use super::identity::Identity;
use super::nameless;
use super::origin::Origin;
use super::peer::Security;
use super::stream::{Socket, Stream};
use super::timing::{Phase, Progress};
use super::tls::HTTP2;
use super::tunnel::{self, Refusal, To};
use super::way::Via;
use super::worker::Net;
use crate::link::{Http2, Link, Proxy, ProxyKind};

/// How a connection is made secure, as far as requests may differ in it. Connections of different ones are never
/// lent to each other.
#[derive(Clone, Copy)]
pub(super) struct Guise<'a> {
    pub(super) verify: bool,
    /// None: the configuration's, if it has one.
    pub(super) identity: Option<&'a Identity>,
    /// None: as the configuration says. Nobody else is lent a connection that speaks otherwise.
    pub(super) speaks: Option<Http2>,
}

impl Guise<'_> {
    /// Equal numbers are equal guises.
    pub(super) fn number(&self) -> u32 {
        self.identity.map_or(0, |identity| identity.number) << 1 | u32::from(self.verify)
    }

    /// What is offered to the server.
    pub(super) fn mode(&self, link: &Link) -> Http2 {
        self.speaks.unwrap_or(link.http2)
    }
}

/// Opens a connection; its phases are told to `progress`. What it speaks stands in it.
///
/// # Errors
/// `Dns`, `Connect`, `Proxy`, `Tls`.
pub(super) async fn connect(
    net: &Net,
    origin: &Rc<Origin>,
    guise: Guise<'_>,
    progress: &mut Progress<'_>,
) -> Result<Connection, Error> {
    let socket = match &origin.way.proxy {
        None => {
            let target = Target { host: &origin.host, port: origin.port, at: origin.way.at };
            open(net, &target, progress).await?
        }
        Some(via) => through(net, origin, via, progress).await?,
    };
    let mode = guise.mode(&net.settings.link);
    if !origin.https {
        let mut connection = Connection::new(origin.clone(), guise.number(), Stream::Plain(socket), None);
        connection.is_http2 = mode == Http2::PriorKnowledge;
        return Ok(connection);
    }
    progress.enter(Phase::Handshake);
    let secured = secure(net, origin, guise, socket).await;
    progress.leave();
    let (tls, security) = secured?;
    let is_http2 = tls.get_ref().1.alpn_protocol() == Some(HTTP2);
    if mode == Http2::PriorKnowledge && !is_http2 {
        let why = if guise.speaks.is_none() { ", and `settings.http2` is prior_knowledge" } else { "" };
        let text = format!("{} does not agree to HTTP/2 by ALPN{why}", origin.authority);
        return Err(Error::new(ErrorKind::Tls, text));
    }
    let stream = Stream::Tls(Box::new(tls));
    let mut connection = Connection::new(origin.clone(), guise.number(), stream, Some(security));
    connection.is_http2 = is_http2;
    Ok(connection)
}

async fn open(net: &Net, target: &Target<'_>, progress: &mut Progress<'_>) -> Result<Socket, Error> {
    let tcp = dial(net, target, progress).await?;
    // Small requests must not wait for the acknowledgement of earlier ones.
    let _ = tcp.set_nodelay(true);
    Ok(Socket::new(tcp))
}

async fn through(
    net: &Net,
    origin: &Origin,
    via: &Via,
    progress: &mut Progress<'_>,
) -> Result<Socket, Error> {
    let failed = |text: String| Error::new(ErrorKind::Proxy, text);
    let proxy: &Proxy = via.proxy.as_ref().map_err(|why| failed(why.clone()))?;
    let target = Target { host: &proxy.host, port: proxy.port, at: via.at };
    let mut socket = open(net, &target, progress)
        .await
        .map_err(|error| failed(format!("cannot reach the proxy {proxy}: {}", error.text)))?;
    if origin.way.forward.is_some() {
        return Ok(socket);
    }
    let end = Target { host: &origin.host, port: origin.port, at: origin.way.at };
    let to = match (proxy.kind, end.at) {
        (_, Some(address)) => To::Address(address),
        (ProxyKind::Socks5, None) => To::Address(locate(net, &end, progress).await?),
        (_, None) => To::Name(&origin.host, origin.port),
    };
    progress.enter(Phase::Tunnel);
    let asked = match proxy.kind {
        ProxyKind::Http => {
            let authorization = via.authorization.as_deref().unwrap_or_default();
            let headers = format!("User-Agent: {}\r\n{authorization}", net.settings.user_agent);
            tunnel::connect(&mut socket, &to, &headers).await
        }
        ProxyKind::Socks5 | ProxyKind::Socks5h => {
            tunnel::socks5(&mut socket, &to, proxy.credentials.as_ref()).await
        }
    };
    progress.leave();
    asked.map_err(|refusal| {
        let place =
            format!("{}:{}", origin.authority.trim_end_matches(&format!(":{}", origin.port)), origin.port);
        failed(match refusal {
            Refusal::Answer(why) => format!("the proxy {proxy} does not connect to {place}: {why}"),
            Refusal::Io(error) => {
                format!("the proxy {proxy} closed the connection before it reached {place}: {error}")
            }
        })
    })?;
    Ok(socket)
}

async fn secure(
    net: &Net,
    origin: &Origin,
    guise: Guise<'_>,
    socket: Socket,
) -> Result<(TlsStream<Socket>, Rc<Security>), Error> {
    let config = net.tls_config(guise)?;
    let name = net.tls.server_name(&origin.host)?;
    let handshake = TlsConnector::from(config).connect(name, socket);
    let (shaken, is_nameless) = nameless::watch(handshake).await;
    let tls = shaken.map_err(|error| {
        // What is no TLS at all: mostly a port of plain HTTP.
        let is_plain =
            error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some_and(|error| {
                matches!(error, rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType))
            });
        let hint =
            if is_plain { " (the server does not speak TLS there: is it an http:// URL?)" } else { "" };
        Error::new(ErrorKind::Tls, format!("TLS handshake with {} failed: {error}{hint}", origin.authority))
    })?;
    let shaken = tls.get_ref().1;
    let certificate = shaken.peer_certificates().and_then(<[_]>::first).map(|der| net.certificate(der));
    let security = Rc::new(Security { is_nameless, ..Security::of(shaken, certificate) });
    Ok((tls, security))
}
