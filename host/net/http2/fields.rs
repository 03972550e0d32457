//! Messages of HTTP/2 and of HTTP/1.1, the one made from the other: a request is first written as it is for all,
//! and an answer's head is kept as lines of text, so that nobody above need know the difference. Used by `course`.

use http::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, TE, TRANSFER_ENCODING, UPGRADE};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{Method, Request, StatusCode, Uri, Version};
use memchr::{memchr, memmem};

use crate::net::error::{Error, ErrorKind};
use crate::net::framing::Said;
use crate::net::head::{self, Head, MOST_HEADERS};
use crate::net::message::{Message, Step};

/// The request of a message. What concerns the connection alone is left out: RFC 9113, 8.2.2.
///
/// # Errors
/// `InvalidRequest` where HTTP/2 cannot say it.
pub(in crate::net) fn request(message: &Message, step: &Step) -> Result<Request<()>, Error> {
    let invalid = |what: &str| Error::new(ErrorKind::InvalidRequest, format!("HTTP/2 cannot send {what}"));
    let end = memmem::find(&message.bytes, b"\r\n\r\n").map_or(message.bytes.len(), |at| at + 2);
    let mut rest = &message.bytes[..end];
    let mut headers = HeaderMap::with_capacity(16);
    let mut authority = None;
    // The first line is known.
    let mut lines = std::iter::from_fn(|| {
        let line = memchr(b'\n', rest)?;
        let (own, others) = rest.split_at(line + 1);
        rest = others;
        Some(own.trim_ascii_end())
    })
    .skip(1);
    for line in &mut lines {
        let Some(colon) = memchr(b':', line) else { continue };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        let shown = || String::from_utf8_lossy(&name[..name.len().min(100)]).into_owned();
        let name = HeaderName::from_bytes(name).map_err(|_| invalid(&format!("the header `{}`", shown())))?;
        if name == HOST {
            authority = Some(value);
            continue;
        }
        if is_of_connection(&name) || name == TE && !value.eq_ignore_ascii_case(b"trailers") {
            continue;
        }
        let value =
            HeaderValue::from_bytes(value).map_err(|_| invalid(&format!("the header `{}`", shown())))?;
        headers.try_append(name, value).map_err(|_| invalid("so many headers"))?;
    }
    for named in connection_options(message, end) {
        headers.remove(named);
    }
    let mut parts = http::uri::Parts::default();
    if let Some(text) = authority.filter(|text| !text.is_empty()) {
        let known = Authority::try_from(text).ok();
        parts.authority = Some(known.ok_or_else(|| invalid("such a `host`"))?);
    }
    if step.method != Method::CONNECT {
        parts.scheme = Some(if step.origin.https { Scheme::HTTPS } else { Scheme::HTTP });
        parts.path_and_query =
            Some(PathAndQuery::try_from(&*step.target).map_err(|_| invalid("such a target"))?);
    }
    let uri = Uri::from_parts(parts).map_err(|_| invalid("a request without `host`"))?;
    let mut request = Request::new(());
    *request.method_mut() = step.method.clone();
    *request.uri_mut() = uri;
    *request.version_mut() = Version::HTTP_2;
    *request.headers_mut() = headers;
    Ok(request)
}

fn is_of_connection(name: &HeaderName) -> bool {
    *name == CONNECTION
        || *name == TRANSFER_ENCODING
        || *name == UPGRADE
        || matches!(name.as_str(), "keep-alive" | "proxy-connection" | "http2-settings")
}

/// The headers that a script's own `Connection` names.
fn connection_options(message: &Message, end: usize) -> impl Iterator<Item = &str> {
    let given = head::Headers(&message.bytes[..end]).all("connection");
    given.flat_map(head::tokens).filter_map(|token| std::str::from_utf8(token).ok())
}

/// How `--http-debug` shows a request: lines as HTTP/1.1 has them.
pub(in crate::net) fn shown(request: &Request<()>) -> Vec<u8> {
    let (uri, method) = (request.uri(), request.method());
    let target = uri.path_and_query().map_or("", PathAndQuery::as_str);
    let host = uri.authority().map_or("", Authority::as_str);
    let mut text = format!("{method} {target} HTTP/2\r\nhost: {host}\r\n").into_bytes();
    write(request.headers(), &mut text);
    text
}

fn write(headers: &HeaderMap, out: &mut Vec<u8>) {
    for (name, value) in headers {
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
}

/// An answer's head, as text and as it is understood. `to_head`: it answers a HEAD request. `most`: its largest
/// length in bytes.
///
/// # Errors
/// `TooLarge`; `Protocol` for a length that is none.
pub(super) fn head(
    status: StatusCode,
    headers: &HeaderMap,
    to_head: bool,
    most: usize,
) -> Result<(Head, Vec<u8>), Error> {
    let mut text = Vec::with_capacity(256);
    text.extend_from_slice(b"HTTP/2 ");
    text.extend_from_slice(status.as_str().as_bytes());
    text.extend_from_slice(b"\r\n");
    write(headers, &mut text);
    if text.len() > most || headers.len() > MOST_HEADERS {
        return Err(head::too_large());
    }
    let mut said = Said::default();
    for value in headers.get_all(http::header::CONTENT_LENGTH) {
        said.length(value.as_bytes())
            .map_err(|why| Error::new(ErrorKind::Protocol, format!("the answer is not HTTP/2: {why}")))?;
    }
    let head = Head {
        status: status.as_u16(),
        length: text.len(),
        framing: said.framing(status.as_u16(), to_head),
        keep_alive: true,
        is_crooked: false,
        has_cookies: headers.contains_key(http::header::SET_COOKIE),
        is_coded: headers.contains_key(http::header::CONTENT_ENCODING),
    };
    Ok((head, text))
}
