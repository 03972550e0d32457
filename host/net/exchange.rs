//! One request and its answer over one connection, in the HTTP/1.1 of RFC 9112.
//! Used by `client`.
//!
//! This is ours, and not hyper's, because of what it costs: the request is
//! written in one piece from a buffer of the worker, the answer is read into
//! another, and only what the script may ask for (head and body, in one
//! allocation) is kept. A connection holds no buffers and no state machine.

use std::io;
use std::task::{Context, Poll};
use std::time::Instant;

use super::account::Charge;
use super::answer::{Failure, Outcome};
use super::chain::Chain;
use super::connection::Connection;
use super::download::Opened;
use super::ending;
use super::error::{Error, ErrorKind};
use super::framing::{Decoder, Step};
use super::head;
use super::intake::Intake;
use super::request::Receive;
use super::timing::Phase;
use super::worker::Net;

/// So many reads of one answer are taken before others get their turn.
const READS: usize = 16;

/// Sends the chain's message and reads the answer into the chain. `begun` is
/// when the request began to be written. What a large body takes is charged to `charge`.
pub(super) async fn exchange(
    net: &Net,
    connection: &mut Connection,
    chain: &mut Chain<'_>,
    begun: Instant,
    charge: Charge<'_>,
) -> Outcome {
    let mut course = Course::new(net, connection, chain, begun, charge);
    std::future::poll_fn(|cx| course.poll(cx)).await
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum State {
    /// Nothing was done yet, on a connection that was used before.
    Fresh,
    Writing,
    /// The request is written, or cannot be written any further.
    Written,
}

/// The exchange while it runs.
pub(super) struct Course<'a, 'c> {
    pub(super) net: &'a Net,
    pub(super) connection: &'a mut Connection,
    pub(super) chain: &'a mut Chain<'c>,
    pub(super) begun: Instant,
    pub(super) sent_at: Option<Instant>,
    /// When the first byte and the last one of the answer were read.
    pub(super) first: Option<Instant>,
    pub(super) ended: Option<Instant>,
    /// Bytes of the message, and of the body that is not part of it.
    pub(super) written: usize,
    pub(super) state: State,
    /// Why the request could not be written whole; the answer may tell more.
    pub(super) broken: Option<io::Error>,
    /// Why the request must not be written any further.
    pub(super) refused: Option<Error>,
    /// An incomplete head, then (in the chain's answer) head and body.
    raw: Vec<u8>,
    decoder: Decoder,
    intake: Intake<'a>,
}

impl<'a, 'c> Course<'a, 'c> {
    pub(super) fn new(
        net: &'a Net,
        connection: &'a mut Connection,
        chain: &'a mut Chain<'c>,
        begun: Instant,
        charge: Charge<'a>,
    ) -> Self {
        // Until the answer is complete, and the request too.
        connection.is_reusable = false;
        // On a new connection nothing can have ended, and what a server says first is its answer.
        let was_used = std::mem::replace(&mut connection.is_used, true);
        let intake = Intake::new(net, chain, charge);
        Course {
            net,
            connection,
            begun,
            sent_at: None,
            first: None,
            ended: None,
            written: 0,
            state: if was_used { State::Fresh } else { State::Writing },
            broken: None,
            refused: None,
            raw: Vec::new(),
            decoder: Decoder::Close,
            intake,
            chain,
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        if self.state == State::Fresh {
            // Also leaves the waker, so that there is nothing to read once the request is out.
            if self.has_ended(cx) {
                return Poll::Ready(Err(Box::new(Failure {
                    error: ending::closed(),
                    is_unsent: true,
                    is_refused: false,
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

    fn read(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        if let Some(error) = self.refused.take() {
            return Poll::Ready(Err(self.fail(error)));
        }
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

    /// Takes bytes of the answer; true once it is complete, or as much of it as is wanted here.
    pub(super) fn take(&mut self, mut bytes: &[u8]) -> Result<bool, Error> {
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
                self.decoder = Decoder::new(head.framing);
                self.intake.begin(self.chain, head, own)?;
                if self.chain.request.receive == Receive::Stream && self.chain.is_last(head.status) {
                    self.open(rest);
                    return Ok(true);
                }
            }
        }
        let Some(answer) = &mut self.chain.answer else { return Ok(false) };
        let step = self.decoder.take(bytes, &mut answer.raw);
        if self.intake.is_watched(answer) {
            self.intake.look(self.chain)?;
        }
        match step {
            Ok(Step::More) => Ok(false),
            Ok(Step::Done(used)) => {
                // Bytes that nobody asked for: such a server is not trusted further.
                self.connection.is_reusable = used == bytes.len() && self.may_go_on();
                Ok(true)
            }
            Err(why) => Err(Error::new(ErrorKind::Body, format!("the body ended early: {why}"))),
        }
    }

    /// Whether another request may follow this one, as far as is known from the head.
    fn may_go_on(&self) -> bool {
        let is_clean = self.state == State::Written && self.broken.is_none();
        let close = self.chain.message.as_ref().is_none_or(|message| message.close);
        let head = self.chain.answer.as_ref().map(|answer| answer.head);
        is_clean && !close && head.is_some_and(|head| head.keep_alive && head.status != 101)
    }

    /// Leaves the body, of which `rest` came with the head, to whoever asks for it.
    #[cold]
    fn open(&mut self, rest: &[u8]) {
        let decoder = std::mem::replace(&mut self.decoder, Decoder::Close);
        self.chain.opened = Some(Opened { decoder, rest: rest.to_vec(), may_go_on: self.may_go_on() });
    }

    /// Nothing to do before the socket or the clock calls.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        let deadline = self.chain.deadline;
        if !self.connection.alarm.is_over(deadline.at, cx) {
            return Poll::Pending;
        }
        self.ended = Some(Instant::now());
        let is_answered = self.chain.answer.is_some();
        if is_answered {
            return Poll::Ready(self.end(Some(Error::timeout(deadline.limit, true))));
        }
        let phase = (self.state != State::Written).then_some(Phase::Sending);
        Poll::Ready(Err(self.fail(Error::timeout_in(deadline.limit, phase))))
    }
}
