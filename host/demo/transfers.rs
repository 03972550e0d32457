//! Bodies of any size: uploads that are counted, exports that are made line by line. Routed by `http`.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, Response, StatusCode, header};
use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::Frame;
use serde_json::json;

use super::wire::{Failure, respond};

/// Most lines of an export.
const MOST_LINES: u64 = 1_000_000;

/// `{ upload: { size, content_type } }` of whatever was sent.
pub(super) async fn upload(headers: HeaderMap, mut body: Body) -> Result<Response<Body>, Failure> {
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failure::invalid(error.to_string()))?;
        size += frame.data_ref().map_or(0, Bytes::len);
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let answer = json!({ "upload": { "size": size, "content_type": kind } });
    Ok(respond(StatusCode::OK, answer.to_string()))
}

/// So many lines of JSON, each with its number.
pub(super) async fn export(Path(lines): Path<u64>) -> Response<Body> {
    let body = Body::new(Lines { next: 1, last: lines.min(MOST_LINES) });
    let mut response = Response::new(body);
    let kind = header::HeaderValue::from_static("application/x-ndjson");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// A body that is made as it is sent.
struct Lines {
    next: u64,
    last: u64,
}

impl hyper::body::Body for Lines {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.next > self.last {
            return Poll::Ready(None);
        }
        let line = format!("{{\"line\":{}}}\n", self.next);
        self.next += 1;
        Poll::Ready(Some(Ok(Frame::data(line.into()))))
    }
}
