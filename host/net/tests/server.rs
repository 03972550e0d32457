//! A server that sends exactly the bytes a test says, over TCP or TLS.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;

use super::super::chunked::Chunks;
use super::super::framing::Step;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Which connection, from 0.
    pub connection: usize,
    /// Which request of that connection, from 0.
    pub nth: usize,
    pub head: String,
    pub body: String,
    /// The same as it came, without chunks.
    pub bytes: Vec<u8>,
}

impl Seen {
    /// `GET /path`.
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default().trim_end_matches(" HTTP/1.1")
    }

    /// All values of a header, in order.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let fields = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        fields.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.all(name).first().copied()
    }
}

/// What happens after a request.
#[derive(Clone)]
pub struct Reply {
    /// Pieces, sent one after the other with a short pause between.
    pub pieces: Vec<Vec<u8>>,
    pub then: Then,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Then {
    Keep,
    Close,
    /// Close with unread bytes or linger zero, so that the peer sees a reset.
    Reset,
    Hang,
}

/// A 200 with a body.
pub fn ok(body: &str) -> Reply {
    raw(&format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()))
}

pub fn raw(text: &str) -> Reply {
    Reply { pieces: vec![text.as_bytes().to_vec()], then: Then::Keep }
}

/// A 200 with these headers and this body.
pub fn coded(headers: &str, body: &[u8]) -> Reply {
    let head = format!("HTTP/1.1 200 OK\r\n{headers}content-length: {}\r\n\r\n", body.len());
    Reply { pieces: vec![[head.as_bytes(), body].concat()], then: Then::Keep }
}

pub fn pieces(texts: &[&str]) -> Reply {
    Reply { pieces: texts.iter().map(|text| text.as_bytes().to_vec()).collect(), then: Then::Keep }
}

impl Reply {
    pub fn then(mut self, then: Then) -> Self {
        self.then = then;
        self
    }
}

pub struct Server {
    pub port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    pub async fn start(handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Server {
        Server::start_with(None, handler).await
    }

    pub async fn start_with(
        tls: Option<Arc<rustls::ServerConfig>>,
        handler: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (log, handler) = (seen.clone(), Arc::new(handler));
        tokio::spawn(async move {
            for connection in 0.. {
                let Ok((tcp, _)) = listener.accept().await else { return };
                tcp.set_nodelay(true).unwrap();
                let (log, handler, tls) = (log.clone(), handler.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        None => {
                            let mut tcp = tcp;
                            if serve(connection, &mut tcp, &log, &*handler).await == Then::Reset {
                                tcp.set_zero_linger().unwrap();
                            }
                        }
                        Some(config) => {
                            let acceptor = tokio_rustls::TlsAcceptor::from(config);
                            let Ok(mut stream) = acceptor.accept(tcp).await else { return };
                            serve(connection, &mut stream, &log, &*handler).await;
                            let _ = stream.shutdown().await;
                        }
                    }
                });
            }
        });
        Server { port, seen }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(
    connection: usize,
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    log: &Mutex<Vec<Seen>>,
    handler: &(dyn Fn(&Seen) -> Reply + Send + Sync),
) -> Then {
    for nth in 0.. {
        let Some((head, bytes)) = read(stream).await else { return Then::Close };
        let body = String::from_utf8_lossy(&bytes).into_owned();
        let seen = Seen { connection, nth, head, body, bytes };
        log.lock().unwrap().push(seen.clone());
        let reply = handler(&seen);
        for (index, piece) in reply.pieces.iter().enumerate() {
            if index > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            if stream.write_all(piece).await.is_err() {
                return Then::Close;
            }
        }
        let _ = stream.flush().await;
        match reply.then {
            Then::Keep => {}
            Then::Close | Then::Reset => return reply.then,
            Then::Hang => std::future::pending().await,
        }
    }
    Then::Close
}

async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let length = head
        .lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .map_or(0, |(_, value)| value.parse().unwrap());
    if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
        let (mut chunks, mut body) = (Chunks::default(), Vec::new());
        let mut rest = bytes.split_off(end);
        while let Step::More = chunks.take(&rest, &mut body).ok()? {
            rest.clear();
            if stream.read_buf(&mut rest).await.ok()? == 0 {
                return None;
            }
        }
        return Some((head, body));
    }
    while bytes.len() < end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some((head, bytes[end..end + length].to_vec()))
}
