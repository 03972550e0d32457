//! One request and its answer over one connection, in the HTTP/1.1 of RFC 9112.
//! Used by `client`.
//!
//! This is ours, and not hyper's, because of what it costs: the request is
//! written in one piece from a buffer of the worker, the answer is read into
//! another, and only what the script may ask for (head and body, in one
//! allocation) is kept. A connection holds no buffers and no state machine.

use std::io;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::chain::Chain;
use super::connection::Connection;
use super::error::{Error, ErrorKind};
use super::framing::{Decoder, Framing, Step};
use super::head::{self, Head, Headers};
use super::worker::Net;

/// So many reads of one answer are taken before others get their turn.
const READS: usize = 16;

/// More than this is not reserved on a server's word.
const MOST_RESERVED: u64 = 1 << 20;

type Outcome = Result<(), Box<Failure>>;

/// When a request chain must be over.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    pub(super) limit: Duration,
}

/// An answer's head and as much of its body as arrived.
pub(super) struct Answer {
    pub(super) head: Head,
    /// The head as it came, then the body as decoded.
    pub(super) raw: Vec<u8>,
    /// Why the body is not complete.
    pub(super) error: Option<Error>,
}

impl Answer {
    pub(super) fn headers(&self) -> Headers<'_> {
        Headers(&self.raw[..self.head.length])
    }
}

/// No answer.
pub(super) struct Failure {
    pub(super) error: Error,
    /// Nothing of the request was written: the connection had ended before.
    pub(super) is_unsent: bool,
    /// Whether any byte of an answer had arrived.
    pub(super) is_answered: bool,
}

/// Sends the chain's message and reads the answer into the chain. `begun` is
/// when the request began to be written.
pub(super) async fn exchange(
    net: &Net,
    connection: &mut Connection,
    chain: &mut Chain<'_>,
    begun: Instant,
) -> Outcome {
    // Until the answer is complete, and the request too.
    connection.is_reusable = false;
    let mut course = Course {
        net,
        connection,
        chain,
        begun,
        sent_at: None,
        first: None,
        ended: None,
        written: 0,
        state: State::Fresh,
        broken: None,
        raw: Vec::new(),
        decoder: Decoder::Close,
    };
    std::future::poll_fn(|cx| course.poll(cx)).await
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Nothing was done yet.
    Fresh,
    Writing,
    /// The request is written, or cannot be written any further.
    Written,
}

/// The exchange while it runs.
struct Course<'a, 'c> {
    net: &'a Net,
    connection: &'a mut Connection,
    chain: &'a mut Chain<'c>,
    begun: Instant,
    sent_at: Option<Instant>,
    /// When the first byte and the last one of the answer were read.
    first: Option<Instant>,
    ended: Option<Instant>,
    /// Bytes of the message, and of the body that is not part of it.
    written: usize,
    state: State,
    /// Why the request could not be written whole; the answer may tell more.
    broken: Option<io::Error>,
    /// An incomplete head, then (in the chain's answer) head and body.
    raw: Vec<u8>,
    decoder: Decoder,
}

impl Course<'_, '_> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        if self.state == State::Fresh {
            // Also leaves the waker, so that there is nothing to read once the request is out.
            if self.has_ended(cx) {
                return Poll::Ready(Err(Box::new(Failure {
                    error: closed(),
                    is_unsent: true,
                    is_answered: false,
                })));
            }
            self.state = State::Writing;
            self.write(cx);
            return match self.state {
                State::Written if self.broken.is_none() => self.wait(cx),
                _ => self.read(cx),
            };
        }
        if self.state == State::Writing {
            self.write(cx);
        }
        self.read(cx)
    }

    /// Whether the connection has ended, or holds bytes that nobody asked for. That is known
    /// without asking the system, as long as nothing happened to the socket.
    fn has_ended(&mut self, cx: &mut Context<'_>) -> bool {
        let mut buffer = self.net.incoming.borrow_mut();
        self.connection.stream.poll_read(cx, &mut buffer).is_ready()
    }

    /// Writes as much of the request as the socket takes.
    fn write(&mut self, cx: &mut Context<'_>) {
        let stream = &mut self.connection.stream;
        let Some(message) = &self.chain.message else { return };
        let (head, body) =
            (&message.bytes[..], if message.has_body { &[][..] } else { &self.chain.step.body[..] });
        let polled = loop {
            let rest = match self.written.checked_sub(head.len()) {
                None => &head[self.written..],
                Some(written) if written < body.len() => &body[written..],
                Some(_) => break stream.poll_flush(cx),
            };
            match stream.poll_write(cx, rest) {
                Poll::Ready(Ok(0)) => break Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => self.written += written,
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Pending => return,
            }
        };
        match polled {
            Poll::Pending => return,
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => self.broken = Some(error),
        }
        self.state = State::Written;
        self.sent_at = Some(Instant::now());
    }

    fn read(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        let net = self.net;
        for _ in 0..READS {
            let mut buffer = net.incoming.borrow_mut();
            let read = match self.connection.stream.poll_read(cx, &mut buffer) {
                Poll::Pending => return self.wait(cx),
                Poll::Ready(Err(error)) => return Poll::Ready(self.broke(&error)),
                Poll::Ready(Ok(0)) => return Poll::Ready(self.closed()),
                Poll::Ready(Ok(read)) => read,
            };
            let now = Instant::now();
            self.first.get_or_insert(now);
            self.ended = Some(now);
            match self.take(&buffer[..read]) {
                Ok(true) => return Poll::Ready(self.end(None)),
                Ok(false) => {}
                Err(error) if self.chain.answer.is_some() => return Poll::Ready(self.end(Some(error))),
                Err(error) => return Poll::Ready(Err(self.fail(error))),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Takes bytes of the answer; true once it is complete.
    fn take(&mut self, mut bytes: &[u8]) -> Result<bool, Error> {
        let most = self.net.settings.max_header;
        let joined;
        while self.chain.answer.is_none() {
            if !self.raw.is_empty() {
                self.raw.extend_from_slice(bytes);
                joined = std::mem::take(&mut self.raw);
                return self.take(&joined);
            }
            let Some(head) = head::parse(bytes, self.chain.step.method == http::Method::HEAD, most)? else {
                self.raw.extend_from_slice(bytes);
                return Ok(false);
            };
            let (own, rest) = bytes.split_at(head.length);
            bytes = rest;
            // 1xx announce the answer; after 101 there is none to come.
            if !(100..200).contains(&head.status) || head.status == 101 {
                self.begin(head, own)?;
            }
        }
        let Some(answer) = &mut self.chain.answer else { return Ok(false) };
        let step = self.decoder.take(bytes, &mut answer.raw);
        if answer.raw.len() - answer.head.length > self.net.settings.max_body {
            return Err(self.too_large());
        }
        match step {
            Ok(Step::More) => Ok(false),
            Ok(Step::Done(used)) => {
                // Bytes that nobody asked for: such a server is not trusted further.
                let is_clean = used == bytes.len() && self.state == State::Written && self.broken.is_none();
                let close = self.chain.message.as_ref().is_none_or(|message| message.close);
                self.connection.is_reusable =
                    is_clean && answer.head.keep_alive && !close && answer.head.status != 101;
                Ok(true)
            }
            Err(why) => Err(Error::new(ErrorKind::Body, format!("the body ended early: {why}"))),
        }
    }

    /// The head is there.
    fn begin(&mut self, head: Head, bytes: &[u8]) -> Result<(), Error> {
        let expected = match head.framing {
            Framing::Length(length) => length.min(MOST_RESERVED) as usize,
            Framing::Chunked | Framing::Close => 0,
        };
        let mut raw = Vec::with_capacity(bytes.len() + expected);
        raw.extend_from_slice(bytes);
        self.decoder = Decoder::new(head.framing);
        self.chain.answer = Some(Answer { head, raw, error: None });
        match head.framing {
            Framing::Length(length) if length > self.net.settings.max_body as u64 => Err(self.too_large()),
            _ => Ok(()),
        }
    }

    /// Nothing to do before the socket or the clock calls.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        let deadline = self.chain.deadline;
        if !self.connection.alarm.is_over(deadline.at, cx) {
            return Poll::Pending;
        }
        self.ended = Some(Instant::now());
        let is_answered = self.chain.answer.is_some();
        let error = Error::timeout(deadline.limit, is_answered);
        Poll::Ready(if is_answered { self.end(Some(error)) } else { Err(self.fail(error)) })
    }

    #[cold]
    fn closed(&mut self) -> Outcome {
        match (&self.chain.answer, self.broken.take()) {
            (Some(answer), _) if answer.head.framing == Framing::Close => self.end(None),
            (Some(_), _) => self.cut(),
            (None, Some(error)) => Err(self.fail(Error::of_io(&error))),
            (None, None) => Err(self.fail(closed())),
        }
    }

    #[cold]
    fn cut(&mut self) -> Outcome {
        let text = "the server closed the connection in the middle of the body";
        self.end(Some(Error::new(ErrorKind::Body, text)))
    }

    #[cold]
    fn broke(&mut self, error: &io::Error) -> Outcome {
        match &self.chain.answer {
            // TLS without its own farewell: even of a body that ends by closing, some may be missing.
            Some(_) if error.kind() == io::ErrorKind::UnexpectedEof => self.cut(),
            Some(_) => {
                let text = format!("the body ended early: {}", Error::of_io(error).text);
                self.end(Some(Error::new(ErrorKind::Body, text)))
            }
            None => Err(self.fail(Error::of_io(error))),
        }
    }

    /// The answer is as complete as it gets.
    fn end(&mut self, error: Option<Error>) -> Outcome {
        self.count();
        if let Some(answer) = &mut self.chain.answer {
            answer.error = error;
        }
        Ok(())
    }

    #[cold]
    fn fail(&mut self, error: Error) -> Box<Failure> {
        self.count();
        Box::new(Failure { error, is_unsent: false, is_answered: self.first.is_some() })
    }

    /// Adds the phases to the chain's; gives the message's buffer back.
    fn count(&mut self) {
        let ended = self.ended.unwrap_or_else(Instant::now);
        let sent_at = self.sent_at.unwrap_or(ended);
        let first = self.first.unwrap_or(ended);
        let timings = &mut self.chain.timings;
        timings.sending += sent_at.saturating_duration_since(self.begun);
        timings.waiting += first.saturating_duration_since(sent_at);
        timings.receiving += ended.saturating_duration_since(first);
        self.chain.ended = ended;
        if let Some(message) = self.chain.message.take() {
            self.net.give_back(message.bytes);
        }
    }

    #[cold]
    fn too_large(&self) -> Error {
        let most = self.net.settings.max_body;
        Error::new(ErrorKind::TooLarge, format!("the body is larger than {most} bytes"))
    }
}

#[cold]
fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the server closed the connection before it answered")
}
