//! A server of gRPC that does what the method's name says.

use std::cell::Cell;
use std::future::Future;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::{HeaderMap, Request, Response};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::super::framing;
use crate::net::coding::Coding;
use crate::net::{ChannelTerms, Metadata, Net, Outgoing, Settings, Tls};

/// Runs a test as a worker runs its VUs.
pub fn run<T>(test: impl Future<Output = T>) -> T {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build_local(tokio::runtime::LocalOptions::default()).unwrap().block_on(test)
}

pub fn net(settings: Settings) -> Rc<Net> {
    let tls = Tls::new(settings.link.tls.clone());
    Net::new(settings, tls).unwrap()
}

pub fn terms(url: &str) -> ChannelTerms {
    ChannelTerms { url: url.to_owned(), verify: None, cert: None, authority: None, keepalive: None }
}

/// What a call is begun with.
pub struct Asked {
    pub path: http::uri::PathAndQuery,
    pub metadata: Metadata,
    none: Metadata,
}

impl Asked {
    pub fn new(method: &str) -> Asked {
        let path = format!("/t.T/{method}").try_into().unwrap();
        Asked { path, metadata: Metadata::default(), none: Metadata::default() }
    }

    pub fn outgoing(&self) -> Outgoing<'_> {
        Outgoing {
            path: &self.path,
            metadata: [&self.metadata, &self.none],
            timeout: Duration::from_secs(10),
            coding: None,
            max_send: 0,
            max_receive: 1 << 20,
        }
    }
}

pub fn message(text: &str) -> Vec<u8> {
    let mut framed = Outgoing::buffer();
    framed.extend_from_slice(text.as_bytes());
    framed
}

/// What a connection is told by its calls.
enum Order {
    /// GOAWAY; calls under way go on.
    Leave,
    /// It is dropped as it is.
    Drop,
}

pub struct Server {
    pub addr: SocketAddr,
    pub connections: Rc<Cell<u32>>,
    /// Streams that the client has reset.
    pub resets: Rc<Cell<u32>>,
}

impl Server {
    pub async fn start(tls: Option<Arc<rustls::ServerConfig>>) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (connections, resets) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let counts = (connections.clone(), resets.clone());
        tokio::task::spawn_local(async move {
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                counts.0.set(counts.0.get() + 1);
                let (tls, number, resets) = (tls.clone(), counts.0.get(), counts.1.clone());
                tokio::task::spawn_local(async move {
                    match tls {
                        None => serve(tcp, number, resets).await,
                        Some(config) => {
                            let acceptor = tokio_rustls::TlsAcceptor::from(config);
                            if let Ok(stream) = acceptor.accept(tcp).await {
                                serve(stream, number, resets).await;
                            }
                        }
                    }
                });
            }
        });
        Server { addr, connections, resets }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

async fn serve(io: impl AsyncRead + AsyncWrite + Unpin + 'static, number: u32, resets: Rc<Cell<u32>>) {
    let Ok(mut connection) = h2::server::handshake(io).await else { return };
    let (orders, mut told) = mpsc::unbounded_channel();
    loop {
        tokio::select! {
            accepted = connection.accept() => match accepted {
                Some(Ok((request, respond))) => {
                    let call = Call { number, orders: orders.clone(), resets: resets.clone() };
                    tokio::task::spawn_local(call.answer(request, respond));
                }
                _ => return,
            },
            order = told.recv() => match order {
                Some(Order::Leave) => connection.graceful_shutdown(),
                _ => return,
            },
        }
    }
}

struct Call {
    number: u32,
    orders: mpsc::UnboundedSender<Order>,
    resets: Rc<Cell<u32>>,
}

fn head(status: u16, kind: &str) -> http::response::Builder {
    Response::builder().status(status).header("content-type", kind)
}

fn framed(text: &str, coding: Option<Coding>) -> Bytes {
    framing::seal(message(text), coding, 0).unwrap()
}

fn trailers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

const OK: &[(&str, &str)] = &[("grpc-status", "0")];

impl Call {
    async fn answer(self, request: Request<RecvStream>, mut respond: SendResponse<Bytes>) {
        let method = request.uri().path().rsplit('/').next().unwrap().to_owned();
        let given = request.headers().clone();
        let mut body = request.into_body();
        let plain = || head(200, "application/grpc").body(()).unwrap();
        match method.as_str() {
            "Echo" => {
                let text = read(&mut body).await;
                let mut head = head(200, "application/grpc");
                for (name, value) in given.iter().filter(|(name, _)| name.as_str().starts_with("echo-")) {
                    head = head.header(name, value);
                }
                let mut stream = respond.send_response(head.body(()).unwrap(), false).unwrap();
                stream.send_data(framed(&format!("{} {text}", self.number), None), false).unwrap();
                stream.send_trailers(trailers(&[("grpc-status", "0"), ("x-late", "yes")])).unwrap();
            }
            "Headers" => {
                let names = ["grpc-timeout", "grpc-encoding", "user-agent", "te", "content-type"];
                let shown = names.map(|name| given.get(name).map_or("-", |value| value.to_str().unwrap()));
                let mut stream = respond.send_response(plain(), false).unwrap();
                stream.send_data(framed(&shown.join(" "), None), false).unwrap();
                stream.send_trailers(trailers(OK)).unwrap();
            }
            "Fail" => {
                let head = head(200, "application/grpc").header("grpc-status", "5");
                respond
                    .send_response(head.header("grpc-message", "no%20way").body(()).unwrap(), true)
                    .unwrap();
            }
            // Keeps a deadline by its own clock: about that of the call, or one long before it.
            "Late" | "Hasty" => {
                let told = given["grpc-timeout"].to_str().unwrap().trim_end_matches('u').parse().unwrap();
                let told = Duration::from_micros(told);
                std::thread::sleep(if method == "Late" { told - told / 20 } else { told / 20 });
                let head = head(200, "application/grpc").header("grpc-status", "4");
                respond.send_response(head.body(()).unwrap(), true).unwrap();
            }
            "Gzip" => {
                let head = head(200, "application/grpc").header("grpc-encoding", "gzip").body(()).unwrap();
                let mut stream = respond.send_response(head, false).unwrap();
                let text = read(&mut body).await;
                stream.send_data(framed(&text, Some(Coding::Gzip)), false).unwrap();
                stream.send_trailers(trailers(OK)).unwrap();
            }
            "Html" => drop(respond.send_response(head(200, "text/html").body(()).unwrap(), true)),
            "Busy" => drop(respond.send_response(head(503, "text/plain").body(()).unwrap(), true)),
            "NoStatus" => {
                let mut stream = respond.send_response(plain(), false).unwrap();
                stream.send_data(framed("x", None), true).unwrap();
            }
            "Empty" => {
                let mut stream = respond.send_response(plain(), false).unwrap();
                stream.send_trailers(trailers(OK)).unwrap();
            }
            "Two" => {
                let mut stream = respond.send_response(plain(), false).unwrap();
                stream.send_data(framed("1", None), false).unwrap();
                stream.send_data(framed("2", None), false).unwrap();
                stream.send_trailers(trailers(OK)).unwrap();
            }
            "Cut" => {
                let mut stream = respond.send_response(plain(), false).unwrap();
                stream.send_data(framed("long", None).slice(..7), false).unwrap();
                stream.send_trailers(trailers(OK)).unwrap();
            }
            "Large" => {
                let mut stream = respond.send_response(plain(), false).unwrap();
                stream.send_data(framed(&"x".repeat(2 << 20), None), false).unwrap();
                stream.send_trailers(trailers(OK)).unwrap();
            }
            // The first connection refuses, the others do not.
            "Refuse" if self.number == 1 && given.get("x-second").is_none() => {
                respond.send_reset(Reason::REFUSED_STREAM);
                let _ = self.orders.send(Order::Leave);
            }
            "Refuse" => {
                let mut stream = respond.send_response(plain(), false).unwrap();
                stream.send_data(framed("taken", None), false).unwrap();
                stream.send_trailers(trailers(OK)).unwrap();
            }
            "Drop" => {
                let _ = self.orders.send(Order::Drop);
                std::future::pending::<()>().await;
            }
            "Leave" => {
                let mut stream = respond.send_response(plain(), false).unwrap();
                stream.send_data(framed("before", None), false).unwrap();
                let _ = self.orders.send(Order::Leave);
                tokio::time::sleep(Duration::from_millis(30)).await;
                stream.send_data(framed("after", None), false).unwrap();
                stream.send_trailers(trailers(OK)).unwrap();
            }
            "Chat" => self.chat(body, respond.send_response(plain(), false).unwrap()).await,
            "Endless" => {
                let mut stream = respond.send_response(plain(), false).unwrap();
                let mut number = 0;
                while stream.send_data(framed(&number.to_string(), None), false).is_ok() {
                    number += 1;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                self.resets.set(self.resets.get() + 1);
            }
            // "Silent": says nothing, until the client has had enough.
            _ => {
                let _ = std::future::poll_fn(|cx| respond.poll_reset(cx)).await;
                self.resets.set(self.resets.get() + 1);
            }
        }
    }

    /// Answers each message; `stop` ends with a failure.
    async fn chat(self, mut body: RecvStream, mut stream: SendStream<Bytes>) {
        let mut inbox = framing::Inbox::new(0);
        while let Some(Ok(data)) = body.data().await {
            let _ = body.flow_control().release_capacity(data.len());
            inbox.push(data);
            while let Some(message) = inbox.next().unwrap() {
                let text = String::from_utf8(message.to_vec()).unwrap();
                if text == "stop" {
                    let said = trailers(&[("grpc-status", "9"), ("grpc-message", "enough")]);
                    let _ = stream.send_trailers(said);
                    return;
                }
                let _ = stream.send_data(framed(&format!("{text}!"), None), false);
            }
        }
        let _ = stream.send_trailers(trailers(OK));
    }
}

/// The one message of a call.
async fn read(body: &mut RecvStream) -> String {
    let mut inbox = framing::Inbox::new(0);
    while let Some(data) = body.data().await {
        let data = data.unwrap();
        let _ = body.flow_control().release_capacity(data.len());
        inbox.push(data);
    }
    inbox.coding = Some(Coding::Zstd);
    String::from_utf8(inbox.next().unwrap().unwrap().to_vec()).unwrap()
}
