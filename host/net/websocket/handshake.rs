//! From a request to an open socket: RFC 6455, section 4.

use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest;

use super::pump;
use super::socket::Socket;
use crate::net::client::Client;
use crate::net::error::{Error, ErrorKind};
use crate::net::head::{self, Headers};
use crate::net::request::{Request, Told};
use crate::net::response::Response;

/// What every server appends to the key that it is given.
const SUFFIX: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// What a WebSocket is asked for with, besides the request.
pub struct Offer<'a> {
    /// Subprotocols, the best first.
    pub protocols: &'a [String],
    /// A longer message of the server ends the socket; in bytes.
    pub max_message: usize,
}

/// What became of it. Without a socket it failed, and `response.error` says why.
pub struct Handshake {
    /// Without a body.
    pub response: Box<Response>,
    pub socket: Option<Rc<Socket>>,
    /// Which subprotocol the server chose.
    pub protocol: Option<String>,
}

impl Client {
    /// Opens a WebSocket. The request is a GET to a `ws`, `wss`, `http` or `https` URL, or to a
    /// place below its base; no redirect is followed, as in browsers.
    pub async fn websocket(&self, request: Request<'_>, offer: Offer<'_>) -> Handshake {
        let failed = |response| Handshake { response, socket: None, protocol: None };
        let target = match target(request.target) {
            Ok(target) => target,
            Err(error) => return failed(Box::new(Response::unsent(&request, error))),
        };
        let key = STANDARD.encode(rand::random::<[u8; 16]>());
        let protocols = offer.protocols.join(", ");
        let mut headers = vec![
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", &key),
        ];
        if !protocols.is_empty() {
            headers.push(("Sec-WebSocket-Protocol", &protocols));
        }
        headers.extend_from_slice(request.headers);
        let request = Request { target: &target, headers: &headers, follow_redirects: false, ..request };
        let (mut response, opened) = self.open(&request, true).await;
        let Some(opened) = opened else { return failed(response) };
        match agree(response.status, response.headers(), &key, offer.protocols) {
            Ok(protocol) => {
                let socket = pump::start(opened, offer.max_message).await;
                Handshake { response, socket: Some(socket), protocol }
            }
            Err(text) => {
                if let Some(trace) = request.trace {
                    trace(Told::Failure(&text));
                }
                response.error = Some(Error::new(ErrorKind::Handshake, text));
                failed(response)
            }
        }
    }
}

/// The URL of a socket, without credentials.
pub fn socket_url(response: &Response) -> String {
    let url = response.url();
    match url.strip_prefix("http") {
        Some(rest) => format!("ws{rest}"),
        None => url,
    }
}

/// The URL of the request that asks for a WebSocket.
fn target(url: &str) -> Result<String, Error> {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    let is_scheme = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    let http = match scheme.to_ascii_lowercase().as_str() {
        "" | "http" | "https" => return Ok(url.to_owned()),
        _ if !is_scheme => return Ok(url.to_owned()),
        "ws" => "http",
        "wss" => "https",
        _ => {
            let text = format!("invalid URL `{url}`: the scheme is `{scheme}`, not ws or wss");
            return Err(Error::new(ErrorKind::InvalidUrl, text));
        }
    };
    Ok(format!("{http}{}", &url[scheme.len()..]))
}

/// The subprotocol, if one was chosen.
///
/// # Errors
/// Why the answer opens no WebSocket.
fn agree(
    status: u16,
    headers: Headers<'_>,
    key: &str,
    protocols: &[String],
) -> Result<Option<String>, String> {
    if status != 101 {
        let status = head::named(status);
        return Err(format!("the server answered {status} instead of opening a WebSocket"));
    }
    let names = |header: &str, token: &[u8]| {
        headers.all(header).flat_map(head::tokens).any(|found| found.eq_ignore_ascii_case(token))
    };
    if !names("upgrade", b"websocket") || !names("connection", b"upgrade") {
        return Err("the server answered 101, but switched to another protocol than WebSocket".into());
    }
    if headers.get("sec-websocket-accept") != Some(accept(key).as_bytes()) {
        return Err("the server's answer belongs to another request: wrong sec-websocket-accept".into());
    }
    if let Some(extensions) = headers.get("sec-websocket-extensions").filter(|text| !text.is_empty()) {
        let shown = String::from_utf8_lossy(extensions);
        return Err(format!("the server uses `{shown}`, an extension that nobody asked for"));
    }
    let Some(protocol) = headers.get("sec-websocket-protocol") else { return Ok(None) };
    match protocols.iter().find(|known| known.as_bytes() == protocol) {
        Some(known) => Ok(Some(known.clone())),
        None => {
            let shown = String::from_utf8_lossy(protocol);
            Err(format!("the server chose `{shown}`, a subprotocol that nobody asked for"))
        }
    }
}

/// The value of `Sec-WebSocket-Accept` that belongs to a key.
pub(super) fn accept(key: &str) -> String {
    let text = format!("{key}{SUFFIX}");
    STANDARD.encode(digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6455, 1.3.
    const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    fn judge(status: u16, lines: &str) -> Result<Option<String>, String> {
        let head = format!("HTTP/1.1 {status} X\r\n{lines}\r\n\r\n");
        agree(status, Headers(head.as_bytes()), KEY, &["chat".to_owned(), "superchat".to_owned()])
    }

    #[test]
    fn the_answer_of_the_rfc() {
        assert_eq!(accept(KEY), ACCEPT);
        let lines = format!("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {ACCEPT}");
        assert_eq!(judge(101, &lines), Ok(None));
        assert_eq!(judge(101, &format!("{lines}\r\nSec-WebSocket-Protocol: chat")), Ok(Some("chat".into())));
        let loose = format!(
            "upgrade: WebSocket\r\nconnection: keep-alive, UPGRADE\r\nsec-websocket-accept: {ACCEPT}"
        );
        assert_eq!(judge(101, &loose), Ok(None));
        for (more, word) in [
            ("Sec-WebSocket-Protocol: other", "`other`"),
            ("Sec-WebSocket-Protocol: chat, superchat", "`chat, superchat`"),
            ("Sec-WebSocket-Extensions: permessage-deflate", "permessage-deflate"),
        ] {
            assert!(
                judge(101, &format!("{lines}\r\n{more}")).is_err_and(|text| text.contains(word)),
                "{more}"
            );
        }
        assert!(judge(200, &lines).is_err_and(|text| text.contains("200 OK")));
        assert!(judge(101, "Upgrade: websocket\r\nConnection: Upgrade").is_err());
        assert!(judge(101, &lines.replace("websocket\r", "h2c\r")).is_err());
        assert!(judge(101, &lines.replace(": Upgrade", ": close")).is_err());
        assert!(judge(101, &lines.replace("s3p", "S3p")).is_err());
    }

    #[test]
    fn schemes() {
        let of = |url: &str| target(url).map_err(|error| error.text);
        assert_eq!(of("ws://h:1/a?b=ws://c"), Ok("http://h:1/a?b=ws://c".into()));
        assert_eq!(of("WSS://h"), Ok("https://h".into()));
        assert_eq!(of("https://h"), Ok("https://h".into()));
        assert_eq!(of("/a?to=ws://h"), Ok("/a?to=ws://h".into()));
        assert_eq!(of("ftp://h"), Err("invalid URL `ftp://h`: the scheme is `ftp`, not ws or wss".into()));
    }
}
