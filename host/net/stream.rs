//! The byte stream below a connection: TCP or TLS over TCP, with a meter that
//! hyper, which owns the stream, cannot show us. Used by `connector` and
//! `connection`.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// What went over the wire of one connection, seen from outside of hyper.
#[derive(Default)]
pub(super) struct Meter {
    /// Bytes on the wire since the connection was made, TLS included.
    pub(super) sent: Cell<u64>,
    pub(super) received: Cell<u64>,
    /// When the first byte of the current answer was read; None: not yet.
    pub(super) first: Cell<Option<Instant>>,
}

/// A TCP socket that counts.
pub(super) struct Socket {
    tcp: TcpStream,
    meter: Rc<Meter>,
}

/// What hyper reads from and writes to.
pub(super) enum Stream {
    Plain(Socket),
    Tls { tls: Box<TlsStream<Socket>>, meter: Rc<Meter> },
}

impl Socket {
    pub(super) fn new(tcp: TcpStream, meter: Rc<Meter>) -> Self {
        Socket { tcp, meter }
    }

    pub(super) fn meter(&self) -> Rc<Meter> {
        self.meter.clone()
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.tcp).poll_read(cx, buf);
        let read = (buf.filled().len() - before) as u64;
        self.meter.received.set(self.meter.received.get() + read);
        polled
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.tcp).poll_write(cx, buf);
        if let Poll::Ready(Ok(written)) = polled {
            self.meter.sent.set(self.meter.sent.get() + written as u64);
        }
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        // A request without a body is one slice, and write is cheaper than writev.
        if let [one] = bufs {
            return self.poll_write(cx, one);
        }
        let polled = Pin::new(&mut self.tcp).poll_write_vectored(cx, bufs);
        if let Poll::Ready(Ok(written)) = polled {
            self.meter.sent.set(self.meter.sent.get() + written as u64);
        }
        polled
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

impl Stream {
    fn meter(&self) -> &Meter {
        match self {
            Stream::Plain(socket) => &socket.meter,
            Stream::Tls { meter, .. } => meter,
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = match &mut *self {
            Stream::Plain(socket) => Pin::new(socket).poll_read(cx, buf),
            Stream::Tls { tls, .. } => Pin::new(tls).poll_read(cx, buf),
        };
        // Here and not below TLS, where tickets and alerts arrive too.
        if buf.filled().len() > before {
            let first = &self.meter().first;
            if first.get().is_none() {
                first.set(Some(Instant::now()));
            }
        }
        polled
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        match &mut *self {
            Stream::Plain(socket) => Pin::new(socket).poll_write(cx, buf),
            Stream::Tls { tls, .. } => Pin::new(tls).poll_write(cx, buf),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Stream::Plain(socket) => Pin::new(socket).poll_write_vectored(cx, bufs),
            Stream::Tls { tls, .. } => Pin::new(tls).poll_write_vectored(cx, bufs),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Stream::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Stream::Tls { tls, .. } => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Stream::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Stream::Tls { tls, .. } => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
