//! What went wrong with a stream, as people are told. Used by `course` and `flow`.

use std::io;

use h2::Reason;

use super::wire::Counts;
use crate::net::download::early;
use crate::net::ending;
use crate::net::error::{Error, ErrorKind};

/// Why a stream ended.
pub(super) struct Explained {
    pub(super) error: Error,
    /// The server says that it did nothing with the request.
    pub(super) is_refused: bool,
}

pub(super) fn explain(error: &h2::Error, counts: &Counts) -> Explained {
    let told = |kind, text: String, is_refused| Explained { error: Error::new(kind, text), is_refused };
    if counts.is_http1.get() {
        let text = "the server answers in HTTP/1.1, not in HTTP/2 (see `settings.http2`)";
        return told(ErrorKind::Protocol, text.to_owned(), false);
    }
    if let Some(error) = error.get_io() {
        let error = if is_end(error) { ending::closed() } else { Error::of_io_below(error) };
        return Explained { error, is_refused: false };
    }
    let reason = error.reason().unwrap_or(Reason::INTERNAL_ERROR);
    let name = name(reason);
    if !error.is_remote() {
        return told(ErrorKind::Protocol, format!("the server broke HTTP/2: {error}"), false);
    }
    if error.is_go_away() {
        // h2 tells so only the streams that come after the last one that the server took.
        let text = format!("the server closed the connection before it took the request (GOAWAY {name})");
        return told(ErrorKind::Closed, text, true);
    }
    match reason {
        Reason::REFUSED_STREAM => {
            told(ErrorKind::Closed, format!("the server refused the request ({name})"), true)
        }
        Reason::HTTP_1_1_REQUIRED => {
            let text = format!("the server wants HTTP/1.1 for this ({name}): set `settings.http2` to false");
            told(ErrorKind::Protocol, text, false)
        }
        _ => told(ErrorKind::Closed, format!("the server reset the stream ({name})"), false),
    }
}

/// Whether the server only says that it is done with the stream. What came of the body is then all of it, unless
/// another length was announced: some servers say so in place of an end, and browsers take it for one.
pub(super) fn is_calm(error: &h2::Error) -> bool {
    error.is_remote() && error.is_reset() && error.reason() == Some(Reason::NO_ERROR)
}

/// Why a body is not whole.
pub(super) fn cut(error: &h2::Error, counts: &Counts, announced: Option<u64>) -> Error {
    match error.get_io() {
        Some(error) if is_end(error) => early("the server closed the connection"),
        _ if error.is_library() => breach(error, announced),
        _ => early(&explain(error, counts).error.text),
    }
}

/// h2 drops a body whose length is not the one of its head, without a word which of both it is.
fn breach(error: &h2::Error, announced: Option<u64>) -> Error {
    let why = match announced {
        Some(length) if error.reason() == Some(Reason::PROTOCOL_ERROR) => format!(
            "it is longer or shorter than the {length} bytes of its content-length, or a frame came out of place"
        ),
        _ => error.to_string(),
    };
    Error::new(ErrorKind::Body, format!("the server broke HTTP/2 in the body: {why}"))
}

/// h2 says so of a connection that ended in the middle of a stream.
fn is_end(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof)
}

/// As RFC 9113, 7 has it.
fn name(reason: Reason) -> String {
    format!("{reason:?}")
}
