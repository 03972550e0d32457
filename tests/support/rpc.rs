//! Servers of gRPC that leave, fall silent, or ask who is there; built on h2 alone, so that they can misbehave. Their one
//! message is `M { string text = 1; }`. Used by `lives` and `replies`.

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use h2::RecvStream;
use h2::server::SendResponse;
use http::{HeaderMap, Request, Response};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::{LocalSet, spawn_local};

/// Its methods, for scripts.
pub const PROTO: &str = "syntax = \"proto3\";
package t;
message M { string text = 1; }
service T {
  rpc Echo(M) returns (M);
  rpc Leave(M) returns (stream M);
  rpc Cut(M) returns (stream M);
  rpc Freeze(M) returns (stream M);
  rpc Garbage(M) returns (M);
  rpc Text(M) returns (M);
  rpc Spoil(M) returns (stream M);
  rpc Abort(stream M) returns (M);
  rpc Once(stream M) returns (M);
  rpc Twice(stream M) returns (M);
  rpc Mirror(M) returns (M);
}
";

pub struct Servers {
    /// Does what the method's name says.
    pub plain: SocketAddr,
    /// The same over TLS, for clients that it knows alone.
    pub mutual: SocketAddr,
    /// Takes connections, and says nothing.
    pub mute: SocketAddr,
    /// The authority of `mutual`, and of its clients.
    pub ca: String,
    /// A client's certificate and key.
    pub client: String,
}

impl Servers {
    /// They listen until the process ends.
    pub fn start() -> Servers {
        let (ca, client, config) = certify();
        let (sender, receiver) = std::sync::mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            LocalSet::new().block_on(&runtime, async move {
                let plain = listen(None).await;
                let mutual = listen(Some(config)).await;
                let mute = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                sender.send((plain, mutual, mute.local_addr().unwrap())).unwrap();
                let mut held = Vec::new();
                loop {
                    held.push(mute.accept().await);
                }
            })
        });
        let (plain, mutual, mute) = receiver.recv().unwrap();
        Servers { plain, mutual, mute, ca, client }
    }
}

/// An authority, a client that it has signed, and the server's configuration.
fn certify() -> (String, String, Arc<rustls::ServerConfig>) {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let ca = params.self_signed(&key).unwrap();
    let issuer = Issuer::new(params, key);
    let sign = |name: &str| {
        let key = KeyPair::generate().unwrap();
        (CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &issuer).unwrap(), key)
    };
    let mut roots = RootCertStore::empty();
    roots.add(ca.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let (cert, key) = sign("127.0.0.1");
    let mut config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![cert.der().clone()], key.serialize_der().try_into().unwrap())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let (cert, key) = sign("someone");
    (ca.pem(), cert.pem() + key.serialize_pem().as_str(), Arc::new(config))
}

async fn listen(tls: Option<Arc<rustls::ServerConfig>>) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let connections = Rc::new(Cell::new(0));
    spawn_local(async move {
        loop {
            let (tcp, _) = listener.accept().await.unwrap();
            let (tls, connections) = (tls.clone(), connections.clone());
            spawn_local(async move {
                match tls {
                    None => serve(tcp, &connections).await,
                    Some(config) => {
                        if let Ok(stream) = tokio_rustls::TlsAcceptor::from(config).accept(tcp).await {
                            serve(stream, &connections).await;
                        }
                    }
                }
            });
        }
    });
    addr
}

/// What a connection is told by its calls.
enum Order {
    /// GOAWAY; calls under way go on.
    Leave,
    /// It is closed as it is.
    Cut,
    /// It stays, and nobody looks at it any more.
    Freeze,
}

async fn serve(io: impl AsyncRead + AsyncWrite + Unpin + 'static, connections: &Cell<u32>) {
    let Ok(mut connection) = h2::server::handshake(io).await else { return };
    connections.set(connections.get() + 1);
    let number = connections.get();
    let (orders, mut told) = mpsc::unbounded_channel();
    loop {
        tokio::select! {
            accepted = connection.accept() => match accepted {
                Some(Ok((request, respond))) => drop(spawn_local(answer(number, orders.clone(), request, respond))),
                _ => return,
            },
            order = told.recv() => match order {
                Some(Order::Leave) => connection.graceful_shutdown(),
                Some(Order::Freeze) => std::future::pending().await,
                Some(Order::Cut) | None => return,
            },
        }
    }
}

fn framed(text: &str) -> Bytes {
    let length = u8::try_from(text.len()).unwrap();
    let mut bytes = vec![0, 0, 0, 0, length + 2, 0x0a, length];
    bytes.extend_from_slice(text.as_bytes());
    bytes.into()
}

async fn answer(
    number: u32,
    orders: mpsc::UnboundedSender<Order>,
    request: Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
) {
    let method = request.uri().path().rsplit('/').next().unwrap().to_owned();
    let mut body = request.into_body();
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", "0".parse().unwrap());
    if method == "Abort" {
        trailers.insert("grpc-status", "10".parse().unwrap());
        trailers.insert("content-type", "application/grpc".parse().unwrap());
        let (mut head, ()) = Response::new(()).into_parts();
        head.headers = trailers;
        let _ = respond.send_response(Response::from_parts(head, ()), true);
        return;
    }
    let mut came = Vec::new();
    while let Some(Ok(data)) = body.data().await {
        came.extend_from_slice(&data);
        let _ = body.flow_control().release_capacity(data.len());
    }
    let head = Response::builder().header("content-type", "application/grpc").body(()).unwrap();
    let Ok(mut stream) = respond.send_response(head, false) else { return };
    // `ff ff ff` is a number that does not end; `ff` is no UTF-8.
    let spoilt = Bytes::from_static(b"\0\0\0\0\x03\xff\xff\xff");
    let first = match method.as_str() {
        "Mirror" => {
            // RFC 4648: 00 ff, 2c (a comma), 01.
            for (name, value) in
                [("a", "1"), ("a", "2"), ("b-bin", "AP8"), ("b-bin", "LA,AQ"), ("c-bin", "AQ")]
            {
                trailers.append(name, value.parse().unwrap());
            }
            came.into()
        }
        "Garbage" => spoilt.clone(),
        "Text" => Bytes::from_static(b"\0\0\0\0\x03\x0a\x01\xff"),
        _ => framed(&format!("connection {number}")),
    };
    let _ = stream.send_data(first, false);
    match method.as_str() {
        "Spoil" => drop(stream.send_data(spoilt, false)),
        "Twice" => drop(stream.send_data(framed("again"), false)),
        _ => {}
    }
    let order = match method.as_str() {
        "Leave" => Some(Order::Leave),
        "Cut" => Some(Order::Cut),
        "Freeze" => Some(Order::Freeze),
        _ => None,
    };
    if let Some(order) = order {
        // What was sent reaches the client first.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let _ = orders.send(order);
        tokio::time::sleep(Duration::from_millis(1200)).await;
        let _ = stream.send_data(framed("after all"), false);
    }
    let _ = stream.send_trailers(trailers);
}
