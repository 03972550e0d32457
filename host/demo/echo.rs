//! `/ws/echo`: a WebSocket that sends back what it gets. Part of `http`'s routes.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::faults::Injector;
use super::wire::Failure;

/// The one that it speaks, if it is asked to.
const SUBPROTOCOL: &str = "echo";
/// Larger messages end the socket.
const MOST: usize = 64 << 20;
/// What an idle socket holds for reading.
const BUFFER: usize = 4 << 10;

/// Answers the handshake of RFC 6455; what follows has a task of its own.
pub(super) async fn echo(request: Request) -> Result<Response<Body>, Failure> {
    let headers = request.headers();
    let is_upgrade = has_token(headers, header::UPGRADE, "websocket")
        && has_token(headers, header::CONNECTION, "upgrade")
        && has_token(headers, header::SEC_WEBSOCKET_VERSION, "13");
    let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| is_upgrade) else {
        return Err(Failure::invalid("this is a WebSocket (version 13): ask for it with an upgrade"));
    };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let answer = response.headers_mut();
    answer.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    answer.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    let accept = HeaderValue::try_from(accept(key.as_bytes())).expect("base64 is header text");
    answer.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    if has_token(headers, header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL) {
        answer.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    }
    let injector = request.extensions().get::<Arc<Injector>>().cloned();
    tokio::spawn(async move {
        if let Ok(upgraded) = hyper::upgrade::on(request).await {
            repeat(upgraded, injector).await;
        }
    });
    Ok(response)
}

async fn repeat(upgraded: Upgraded, injector: Option<Arc<Injector>>) {
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(MOST))
        .max_frame_size(Some(MOST));
    let mut frames =
        WebSocketStream::from_raw_socket(TokioIo::new(upgraded), Role::Server, Some(config)).await;
    // Pings and close frames are answered by the reading.
    while let Some(Ok(message)) = frames.next().await {
        if !message.is_text() && !message.is_binary() {
            continue;
        }
        if let Some(injector) = &injector {
            injector.pause().await;
        }
        if frames.send(message).await.is_err() {
            return;
        }
    }
}

fn has_token(headers: &HeaderMap, name: HeaderName, token: &str) -> bool {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|found| found.trim().eq_ignore_ascii_case(token))
}

/// RFC 6455, 4.2.2.
fn accept(key: &[u8]) -> String {
    let text = [key, b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"].concat();
    STANDARD.encode(ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, &text))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::time::{Duration, Instant};

    use crate::demo::probe::{Probe, start, start_with};
    use crate::demo::{Demo, Faults};

    /// A connection on which the handshake of the RFC's example is done, and its answer.
    fn shake(demo: &Demo, more: &str) -> (TcpStream, String) {
        let mut tcp = TcpStream::connect(demo.addr()).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let request = format!(
            "GET /ws/echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
        );
        tcp.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            tcp.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        (tcp, String::from_utf8(head).unwrap().to_ascii_lowercase())
    }

    fn swap(tcp: &mut TcpStream, sent: &[u8], expected: &[u8]) {
        tcp.write_all(sent).unwrap();
        let mut got = vec![0; expected.len()];
        tcp.read_exact(&mut got).unwrap();
        assert_eq!(got, expected);
    }

    #[test]
    fn frames_of_the_rfc_come_back() {
        let demo = start();
        let (mut tcp, head) = shake(&demo, "");
        assert!(head.starts_with("http/1.1 101 "), "{head}");
        assert!(head.contains("\r\nsec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n"), "{head}");
        assert!(!head.contains("protocol:"), "{head}");
        // RFC 6455, 5.7: a masked "Hello" as text, as ping, and (here) as binary.
        let masked = b"\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
        swap(&mut tcp, &[b"\x81", &masked[..]].concat(), b"\x81\x05Hello");
        swap(&mut tcp, &[b"\x89", &masked[..]].concat(), b"\x8a\x05Hello");
        swap(&mut tcp, &[b"\x82", &masked[..]].concat(), b"\x82\x05Hello");
        swap(&mut tcp, b"\x88\x82\0\0\0\0\x03\xe8", b"\x88\x02\x03\xe8");
        assert_eq!(tcp.read(&mut [0]).unwrap(), 0);
    }

    #[test]
    fn it_speaks_one_subprotocol() {
        let demo = start();
        let (_, head) = shake(&demo, "Sec-WebSocket-Protocol: chat, echo\r\n");
        assert!(head.contains("\r\nsec-websocket-protocol: echo\r\n"), "{head}");
        let (_, head) = shake(&demo, "Sec-WebSocket-Protocol: chat\r\n");
        assert!(!head.contains("protocol:"), "{head}");
    }

    #[test]
    fn anything_else_is_refused() {
        let demo = start();
        let mut probe = Probe::new(&demo);
        assert_eq!(probe.send("GET", "/ws/echo", None).0, 400);
        assert_eq!(probe.send("POST", "/ws/echo", None).0, 405);
    }

    #[test]
    fn faults_hold_for_messages() {
        let demo = start_with(Faults { latency: Duration::from_millis(60), ..Faults::default() });
        let (mut tcp, _) = shake(&demo, "");
        let sent = Instant::now();
        swap(&mut tcp, b"\x81\x81\0\0\0\0x", b"\x81\x01x");
        assert!(sent.elapsed() >= Duration::from_millis(60));
    }
}
