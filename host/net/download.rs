//! An answer's body that the script reads by itself, chunk by chunk: it is never in memory as a
//! whole, and what is read no faster than it is asked for holds the server back. Made by `client`, held by
//! `Response`.

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use super::chain::Chain;
use super::coding;
use super::connection::Connection;
use super::error::{Error, ErrorKind};
use super::framing::{Decoder, Step};
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

/// A body that is being read. Dropping it closes its connection.
pub struct Download {
    pub(super) connection: Connection,
    pub(super) opened: Opened,
    pub(super) coding: Option<(coding::Coding, coding::Decoder)>,
    /// How long the server may take for the next bytes.
    pub(super) patience: Duration,
    /// Bytes that are to be decoded.
    pub(super) coded: Vec<u8>,
    /// Some of it was to be decoded.
    pub(super) is_begun: bool,
    /// All of the body has arrived.
    pub(super) is_over: bool,
}

impl Download {
    /// What an answer of the chain left to be read.
    pub(super) fn new(mut connection: Connection, opened: Opened, chain: &Chain<'_>) -> Box<Self> {
        let coding = chain.answer.as_ref().and_then(|answer| answer.headers().get("content-encoding"));
        let coding = coding.and_then(coding::Coding::of).map(|coding| (coding, coding::Decoder::new(coding)));
        let patience = chain.deadline.limit;
        let is_over = matches!(opened.decoder, Decoder::Length(0));
        connection.is_reusable = is_over && opened.may_go_on && opened.rest.is_empty();
        Box::new(Download {
            connection,
            opened,
            coding,
            patience,
            coded: Vec::new(),
            is_begun: false,
            is_over,
        })
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
            let rest = std::mem::take(&mut self.opened.rest);
            if !rest.is_empty() {
                self.take(&rest, out)?;
                continue;
            }
            let deadline = Instant::now() + self.patience;
            poll_fn(|cx| {
                let mut buffer = net.incoming.borrow_mut();
                match self.connection.stream.poll_read(cx, &mut buffer) {
                    Poll::Pending if self.connection.alarm.is_over(deadline, cx) => {
                        Poll::Ready(Err(Error::timeout(self.patience, true)))
                    }
                    Poll::Pending => Poll::Pending,
                    Poll::Ready(Ok(0)) => Poll::Ready(self.closed()),
                    Poll::Ready(Ok(read)) => Poll::Ready(self.take(&buffer[..read], out)),
                    Poll::Ready(Err(error)) => Poll::Ready(Err(early(&Error::of_io(&error).text))),
                }
            })
            .await?;
        }
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

    pub(super) fn take(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        let into = if self.coding.is_some() { &mut self.coded } else { out };
        let held = into.len();
        let step = self.opened.decoder.take(bytes, into);
        self.is_begun |= into.len() > held;
        match step {
            Ok(Step::More) => Ok(()),
            Ok(Step::Done(used)) => {
                self.is_over = true;
                self.connection.is_reusable = self.opened.may_go_on && used == bytes.len();
                Ok(())
            }
            Err(why) => Err(early(why)),
        }
    }

    #[cold]
    pub(super) fn closed(&mut self) -> Result<(), Error> {
        match self.opened.decoder {
            Decoder::Close => {
                self.is_over = true;
                Ok(())
            }
            _ => Err(early("the server closed the connection")),
        }
    }
}

fn early(why: &str) -> Error {
    Error::new(ErrorKind::Body, format!("the body ended early: {why}"))
}
