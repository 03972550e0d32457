//! Servers of HTTP/2: one of h2's own that answers in order, and one that sends the frames a test says.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use h2::server::{Builder, SendResponse};
use h2::{RecvStream, SendStream};
use http::{Request, Response};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A request, with its body.
pub struct Asked {
    pub connection: usize,
    pub request: Request<()>,
    pub body: Vec<u8>,
    pub answer: SendResponse<Bytes>,
}

impl Asked {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.request.headers().get(name).map(|value| value.to_str().unwrap())
    }

    /// A 200.
    pub fn ok(self, body: impl Into<Bytes>) {
        self.with(Response::new(()), body);
    }

    pub fn with(mut self, response: Response<()>, body: impl Into<Bytes>) {
        let body = body.into();
        // A client that left is its own affair.
        if let Ok(mut stream) = self.answer.send_response(response, body.is_empty())
            && !body.is_empty()
        {
            let _ = stream.send_data(body, true);
        }
    }

    /// The head of an answer, whose body is sent later.
    pub fn open(&mut self, response: Response<()>) -> SendStream<Bytes> {
        self.answer.send_response(response, false).unwrap()
    }
}

/// What came to a server.
#[derive(Default)]
pub struct Log {
    pub connections: Cell<usize>,
    /// Streams at work now, and most of them at once.
    pub open: Cell<usize>,
    pub most: Cell<usize>,
}

pub struct Server2 {
    pub port: u16,
    pub log: Rc<Log>,
}

impl Server2 {
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub async fn start<F>(builder: Builder, handle: impl Fn(Asked) -> F + 'static) -> Server2
    where
        F: Future<Output = ()> + 'static,
    {
        Server2::start_with(None, builder, handle).await
    }

    pub async fn start_with<F>(
        tls: Option<Arc<rustls::ServerConfig>>,
        builder: Builder,
        handle: impl Fn(Asked) -> F + 'static,
    ) -> Server2
    where
        F: Future<Output = ()> + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let log = Rc::new(Log::default());
        let (seen, handle) = (log.clone(), Rc::new(handle));
        tokio::task::spawn_local(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                tcp.set_nodelay(true).unwrap();
                let (tls, builder, log, handle) =
                    (tls.clone(), builder.clone(), seen.clone(), handle.clone());
                tokio::task::spawn_local(async move {
                    match tls {
                        None => serve(tcp, builder, log, handle).await,
                        Some(config) => {
                            if let Ok(stream) = TlsAcceptor::from(config).accept(tcp).await {
                                serve(stream, builder, log, handle).await;
                            }
                        }
                    }
                });
            }
        });
        Server2 { port, log }
    }
}

async fn serve<F>(
    io: impl AsyncRead + AsyncWrite + Unpin,
    builder: Builder,
    log: Rc<Log>,
    handle: Rc<impl Fn(Asked) -> F + 'static>,
) where
    F: Future<Output = ()> + 'static,
{
    let connection = log.connections.get();
    log.connections.set(connection + 1);
    let Ok(mut streams) = builder.handshake(io).await else { return };
    while let Some(Ok((request, answer))) = streams.accept().await {
        let (log, handle) = (log.clone(), handle.clone());
        let (parts, body) = request.into_parts();
        log.open.set(log.open.get() + 1);
        log.most.set(log.most.get().max(log.open.get()));
        tokio::task::spawn_local(async move {
            let request = Request::from_parts(parts, ());
            let body = read(body).await;
            handle(Asked { connection, request, body, answer }).await;
            log.open.set(log.open.get() - 1);
        });
    }
}

async fn read(mut body: RecvStream) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(Ok(bytes)) = body.data().await {
        all.extend_from_slice(&bytes);
        let _ = body.flow_control().release_capacity(bytes.len());
    }
    all
}

/// A frame: RFC 9113, 4.1.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const CONTINUATION: u8 = 9;
pub const END_STREAM: u8 = 1;
pub const ACK: u8 = 1;
pub const END_HEADERS: u8 = 4;

/// `:status: 200`, indexed: RFC 7541, appendix A.
pub const OK: &[u8] = &[0x88];

/// The connection of a server that sends what a test says.
pub struct Raw {
    pub tcp: TcpStream,
    buffer: Vec<u8>,
}

impl Raw {
    pub async fn send(&mut self, bytes: &[u8]) {
        let _ = self.tcp.write_all(bytes).await;
    }

    /// The next frame: its kind, flags, stream and payload; None at the end.
    pub async fn frame(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        loop {
            if let Some(head) = self.buffer.get(..9) {
                let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
                if self.buffer.len() >= 9 + length {
                    let rest = self.buffer.split_off(9 + length);
                    let whole = std::mem::replace(&mut self.buffer, rest);
                    let stream = u32::from_be_bytes([whole[5], whole[6], whole[7], whole[8]]);
                    return Some((whole[3], whole[4], stream, whole[9..].to_vec()));
                }
            }
            if self.tcp.read_buf(&mut self.buffer).await.ok()? == 0 {
                return None;
            }
        }
    }

    /// Reads on to the next request: its stream.
    pub async fn request(&mut self) -> u32 {
        loop {
            let (kind, _, stream, _) = self.frame().await.unwrap();
            if kind == HEADERS {
                return stream;
            }
        }
    }

    /// Reads all that comes, until the client leaves.
    pub async fn rest(&mut self) -> Vec<(u8, u8, u32, Vec<u8>)> {
        let mut all = Vec::new();
        while let Some(frame) = self.frame().await {
            all.push(frame);
        }
        all
    }

    pub async fn answer(&mut self, stream: u32, body: &[u8]) {
        self.send(&frame(HEADERS, END_HEADERS, stream, OK)).await;
        self.send(&frame(DATA, END_STREAM, stream, body)).await;
    }
}

/// Serves each connection as `then` says, after both prefaces; with its number. The URL.
pub async fn raw<F>(then: impl Fn(usize, Raw) -> F + 'static) -> String
where
    F: Future<Output = ()> + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::task::spawn_local(async move {
        for number in 0.. {
            let (mut tcp, _) = listener.accept().await.unwrap();
            tcp.set_nodelay(true).unwrap();
            let mut preface = [0; 24];
            tcp.read_exact(&mut preface).await.unwrap();
            assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
            let mut raw = Raw { tcp, buffer: Vec::new() };
            raw.send(&frame(SETTINGS, 0, 0, &[])).await;
            tokio::task::spawn_local(then(number, raw));
        }
    });
    url
}
