//! An answer's body that the script reads by itself, chunk by chunk: it is never in memory as a
//! whole, and what is read no faster than it is asked for holds the server back. Made by `client`, held by
//! `Response`.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::chain::Chain;
use super::coding;
use super::connection::Connection;
use super::error::{Error, ErrorKind};
use super::framing::{Decoder, Step};
use super::http2::Flow;
use super::worker::Net;

/// So many bytes of a coded body are decoded at once.
const CODED: usize = 64 << 10;

/// What an exchange leaves to be read.
pub(super) struct Opened {
    pub(super) decoder: Decoder,
    /// What came along with the head.
    pub(super) rest: Vec<u8>,
    /// Whether another request may follow once all is read.
    pub(super) may_go_on: bool,
}

/// What carries a body: a connection of its own, or a stream.
enum Carrier {
    Own(Own),
    Shared(Flow),
}

struct Own {
    connection: Connection,
    opened: Opened,
}

/// A body that is being read. Dropping it closes its connection, or its stream.
pub struct Download {
    carrier: Carrier,
    coding: Option<(coding::Coding, coding::Decoder)>,
    /// How long the server may take for the next bytes.
    patience: Duration,
    /// Bytes that are to be decoded.
    coded: Vec<u8>,
    /// Some of it was to be decoded.
    is_begun: bool,
    /// All of the body has arrived.
    is_over: bool,
}

impl Download {
    /// What an answer of the chain left to be read.
    pub(super) fn new(mut connection: Connection, opened: Opened, chain: &Chain<'_>) -> Box<Self> {
        let is_over = matches!(opened.decoder, Decoder::Length(0));
        connection.is_reusable = is_over && opened.may_go_on && opened.rest.is_empty();
        Download::of(Carrier::Own(Own { connection, opened }), is_over, chain)
    }

    /// The same of a stream.
    pub(super) fn shared(flow: Flow, chain: &Chain<'_>) -> Box<Self> {
        let is_over = flow.is_over();
        Download::of(Carrier::Shared(flow), is_over, chain)
    }

    fn of(carrier: Carrier, is_over: bool, chain: &Chain<'_>) -> Box<Self> {
        let coding = chain.answer.as_ref().and_then(|answer| answer.headers().get("content-encoding"));
        let coding = coding.and_then(coding::Coding::of).map(|coding| (coding, coding::Decoder::new(coding)));
        let patience = chain.deadline.limit;
        Box::new(Download { carrier, coding, patience, coded: Vec::new(), is_begun: false, is_over })
    }

    /// Reads more of the body to the end of `out`, as much as there is (at most some 64 KiB); false at its end.
    ///
    /// # Errors
    /// `Body`, `Timeout`: all that will come has come.
    pub(super) async fn read(&mut self, net: &Net, out: &mut Vec<u8>) -> Result<bool, Error> {
        let held = out.len();
        loop {
            if self.decode(out)? || out.len() > held {
                return Ok(true);
            }
            if self.is_over {
                return Ok(false);
            }
            let wait = (self.patience, Instant::now() + self.patience);
            let into = if self.coding.is_some() { &mut self.coded } else { &mut *out };
            let before = into.len();
            self.is_over = poll_fn(|cx| match &mut self.carrier {
                Carrier::Own(own) => own.poll(cx, net, wait, into),
                Carrier::Shared(flow) => flow.poll(cx, wait, into),
            })
            .await?;
            self.is_begun |= into.len() > before;
        }
    }

    /// The connection that it had for its own.
    pub(super) fn into_connection(self) -> Option<Connection> {
        match self.carrier {
            Carrier::Own(own) => Some(own.connection),
            Carrier::Shared(_) => None,
        }
    }

    /// What `read` does with bytes that come; None: the connection has ended. False: all of the body was there.
    #[cfg(any(test, fuzzing))]
    pub(super) fn feed<'p>(
        &mut self,
        next: impl FnOnce() -> Option<&'p [u8]>,
        out: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        let Carrier::Own(own) = &mut self.carrier else { return Ok(false) };
        if self.is_over {
            return Ok(false);
        }
        let into = if self.coding.is_some() { &mut self.coded } else { out };
        let before = into.len();
        let rest = std::mem::take(&mut own.opened.rest);
        let bytes = if rest.is_empty() { next() } else { Some(&rest[..]) };
        let taken = match bytes {
            Some(bytes) => own.take(bytes, into),
            None => own.closed(),
        };
        self.is_begun |= into.len() > before;
        self.is_over = taken?;
        Ok(true)
    }

    /// Decodes what there is; whether that made something.
    pub(super) fn decode(&mut self, out: &mut Vec<u8>) -> Result<bool, Error> {
        let Some((coding, decoder)) = &mut self.coding else { return Ok(false) };
        let broken = |why: String| {
            Error::new(ErrorKind::Body, format!("the body cannot be decoded as {}: {why}", coding.name()))
        };
        let held = out.len();
        let mut used = 0;
        loop {
            let stepped = decoder.step(&self.coded[used..], out).map_err(broken)?;
            used += stepped.used;
            if out.len() - held >= CODED || used == self.coded.len() && !stepped.is_full {
                break;
            }
        }
        self.coded.drain(..used);
        // A body that is empty has no coding, whatever its head says.
        if out.len() == held && self.is_over && self.is_begun {
            decoder.end(out).map_err(broken)?;
            self.coding = None;
        }
        Ok(out.len() > held)
    }
}

impl Own {
    /// Reads more of the body to the end of `into`; true at its end.
    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        net: &Net,
        (patience, deadline): (Duration, Instant),
        into: &mut Vec<u8>,
    ) -> Poll<Result<bool, Error>> {
        let rest = std::mem::take(&mut self.opened.rest);
        if !rest.is_empty() {
            return Poll::Ready(self.take(&rest, into));
        }
        let mut buffer = net.incoming.borrow_mut();
        match self.connection.stream.poll_read(cx, &mut buffer) {
            Poll::Pending if self.connection.alarm.is_over(deadline, cx) => {
                Poll::Ready(Err(Error::timeout(patience, true)))
            }
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(0)) => Poll::Ready(self.closed()),
            Poll::Ready(Ok(read)) => Poll::Ready(self.take(&buffer[..read], into)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(early(&Error::of_io(&error).text))),
        }
    }

    #[cold]
    fn closed(&self) -> Result<bool, Error> {
        match self.opened.decoder {
            Decoder::Close => Ok(true),
            _ => Err(early("the server closed the connection")),
        }
    }

    fn take(&mut self, bytes: &[u8], into: &mut Vec<u8>) -> Result<bool, Error> {
        match self.opened.decoder.take(bytes, into) {
            Ok(Step::More) => Ok(false),
            Ok(Step::Done(used)) => {
                self.connection.is_reusable = self.opened.may_go_on && used == bytes.len();
                Ok(true)
            }
            Err(why) => Err(early(why)),
        }
    }
}

pub(super) fn early(why: &str) -> Error {
    Error::new(ErrorKind::Body, format!("the body ended early: {why}"))
}
