//! A connection's stream as h2 wants it, and what went over it. Used by `session`.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::net::stream::Stream;

/// What is known of a connection beside its streams.
#[derive(Default)]
pub(super) struct Counts {
    /// Bytes on the wire so far, TLS included.
    pub(super) sent: Cell<u64>,
    pub(super) received: Cell<u64>,
    /// The server's first bytes were those of HTTP/1.
    pub(super) is_http1: Cell<bool>,
}

pub(super) struct Wire {
    stream: Stream,
    counts: Rc<Counts>,
    is_begun: bool,
}

impl Wire {
    pub(super) fn new(stream: Stream) -> (Wire, Rc<Counts>) {
        let counts = Rc::new(Counts::default());
        counts.sent.set(stream.sent());
        counts.received.set(stream.received());
        (Wire { stream, counts: counts.clone(), is_begun: false }, counts)
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = self.stream.poll_fill(cx, buf);
        let read = &buf.filled()[before..];
        if !self.is_begun && !read.is_empty() {
            self.is_begun = true;
            self.counts.is_http1.set(read.starts_with(b"HTTP/1"));
        }
        self.counts.received.set(self.stream.received());
        polled
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = self.stream.poll_write(cx, bytes);
        self.counts.sent.set(self.stream.sent());
        polled
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = self.stream.poll_flush(cx);
        self.counts.sent.set(self.stream.sent());
        polled
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_shutdown(cx)
    }
}
