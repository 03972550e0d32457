//! One request and its answer as a stream of a shared connection. Used by `sharing`.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::{RecvStream, SendStream};
use http::Method;

use super::explain::{Explained, cut, explain, is_calm};
use super::fields;
use super::flow::Flow;
use super::session::Lease;
use crate::net::account::Charge;
use crate::net::answer::{Failure, Outcome};
use crate::net::chain::{Chain, Marks};
use crate::net::connection::Alarm;
use crate::net::download::Download;
use crate::net::error::Error;
use crate::net::framing::Framing;
use crate::net::head;
use crate::net::intake::Intake;
use crate::net::request::Receive;
use crate::net::timing::Phase;
use crate::net::upload::Pull;
use crate::net::worker::Net;

/// So many pieces of one answer are taken before others get their turn.
const READS: usize = 16;

/// A body up to this size is handed over at once; of others and of what a script gives so much at a time.
const PIECE: usize = 16 << 10;

/// Sends `request`, which is the chain's message, and reads the answer into the chain. What a large body takes is
/// charged to `charge`.
pub(in crate::net) async fn exchange(
    net: &Net,
    lease: Lease,
    (chain, request): (&mut Chain<'_>, http::Request<()>),
    charge: Charge<'_>,
) -> Outcome {
    let upload = chain.step.upload(chain.request);
    let is_whole = chain.step.body.is_empty() && upload.is_none();
    if let Some(upload) = upload {
        upload.send_bare();
    }
    let session = lease.0.clone();
    let before = (session.counts.sent.get(), session.counts.received.get());
    let begun = Instant::now();
    let (answer, sending) = match session.send(request, is_whole) {
        Ok(opened) => opened,
        Err(error) => {
            session.retire();
            let Explained { error, .. } = explain(&error, &session.counts);
            return Err(Box::new(Failure { error, is_unsent: true, is_refused: true, is_answered: false }));
        }
    };
    let mut course = Course {
        intake: Intake::new(net, chain, charge),
        body: chain.step.body.clone(),
        sending: (!is_whole).then_some(sending),
        sent_at: is_whole.then_some(begun),
        net,
        chain,
        stage: Stage::Asking(answer),
        lease,
        is_left: false,
        alarm: session.alarm.take().unwrap_or_default(),
        begun,
        first: None,
        ended: None,
        before,
        refused: None,
    };
    let outcome = std::future::poll_fn(|cx| course.poll(cx)).await;
    let Course { stage, lease, alarm, sending, chain, is_left, .. } = course;
    if let (true, Stage::Reading(body)) = (is_left, stage) {
        chain.download = Some(Download::shared(Flow::new(body, announced(chain), lease), chain));
    }
    // Only now the stream ends, where it has not by itself.
    drop(sending);
    session.alarm.set(Some(alarm));
    let (sent, received) = session.charge();
    chain.sent += sent;
    chain.received += received;
    outcome
}

enum Stage {
    Asking(ResponseFuture),
    Reading(RecvStream),
}

struct Course<'a, 'c> {
    net: &'a Net,
    chain: &'a mut Chain<'c>,
    stage: Stage,
    lease: Lease,
    /// The body is left to whoever asks for it.
    is_left: bool,
    intake: Intake<'a>,
    alarm: Alarm,
    /// What of the body in memory is not handed over yet.
    body: Bytes,
    /// None once the request is sent.
    sending: Option<SendStream<Bytes>>,
    begun: Instant,
    sent_at: Option<Instant>,
    first: Option<Instant>,
    ended: Option<Instant>,
    /// Bytes that the connection had sent and received before.
    before: (u64, u64),
    /// Why the request cannot be sent any further.
    refused: Option<Error>,
}

impl Course<'_, '_> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        if self.sending.is_some() {
            self.send(cx);
        }
        if let Some(error) = self.refused.take() {
            return Poll::Ready(Err(self.fail(error, false)));
        }
        for _ in 0..READS {
            match &mut self.stage {
                Stage::Asking(answer) => match Pin::new(answer).poll(cx) {
                    Poll::Pending => return self.wait(cx),
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(self.broke(&error))),
                    Poll::Ready(Ok(answer)) => {
                        let begun = self.begin(answer);
                        match (begun, &self.chain.answer) {
                            (Ok(false), _) => {}
                            (Ok(true), _) => return Poll::Ready(self.end(None)),
                            (Err(error), Some(_)) => return Poll::Ready(self.end(Some(error))),
                            (Err(error), None) => return Poll::Ready(Err(self.fail(error, false))),
                        }
                    }
                },
                Stage::Reading(body) => match body.poll_data(cx) {
                    Poll::Pending => return self.wait(cx),
                    Poll::Ready(None) => {
                        self.ended = Some(Instant::now());
                        return Poll::Ready(self.end(None));
                    }
                    Poll::Ready(Some(Ok(bytes))) => {
                        // It fails where the stream has ended, and nobody waits for the capacity.
                        let _ = body.flow_control().release_capacity(bytes.len());
                        let is_last = body.is_end_stream();
                        self.ended = Some(Instant::now());
                        match self.take(&bytes) {
                            Ok(()) if is_last => return Poll::Ready(self.end(None)),
                            Ok(()) => {}
                            Err(error) => return Poll::Ready(self.end(Some(error))),
                        }
                    }
                    Poll::Ready(Some(Err(error))) => {
                        self.ended = Some(Instant::now());
                        let is_whole = is_calm(&error) && self.is_as_announced();
                        let error =
                            (!is_whole).then(|| cut(&error, &self.lease.0.counts, announced(self.chain)));
                        return Poll::Ready(self.end(error));
                    }
                },
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// The head is there; true: so is all of the body that is wanted here.
    fn begin(&mut self, answer: http::Response<RecvStream>) -> Result<bool, Error> {
        let now = Instant::now();
        (self.first, self.ended) = (Some(now), Some(now));
        let (parts, body) = answer.into_parts();
        let is_over = body.is_end_stream();
        self.stage = Stage::Reading(body);
        let to_head = self.chain.step.method == Method::HEAD;
        let most = self.net.settings.max_header;
        let (head, text) = fields::head(parts.status, &parts.headers, to_head, most)?;
        self.intake.begin(self.chain, head, &text)?;
        if self.chain.request.receive == Receive::Stream && self.chain.is_last(head.status) {
            self.is_left = true;
            return Ok(true);
        }
        Ok(is_over)
    }

    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Some(answer) = &mut self.chain.answer else { return Ok(()) };
        answer.raw.extend_from_slice(bytes);
        if self.intake.is_watched(answer) {
            self.intake.look(self.chain)?;
        }
        Ok(())
    }

    /// Whether as much of the body has come as the head said, if it did.
    #[cold]
    fn is_as_announced(&self) -> bool {
        let Some(answer) = &self.chain.answer else { return false };
        let come = answer.passed + (answer.raw.len() - answer.head.length) as u64;
        announced(self.chain).is_none_or(|length| length == come)
    }

    /// Hands over as much of the body as the server takes.
    fn send(&mut self, cx: &mut Context<'_>) {
        let Some(stream) = &mut self.sending else { return };
        let upload = self.chain.step.upload(self.chain.request);
        let sent = loop {
            let ready = match (self.body.len(), upload) {
                (0, None) => break Ok(()),
                (1..=PIECE, None) => Poll::Ready(Some(self.body.len())),
                (1.., None) => capacity(stream, cx, self.body.len()),
                (_, Some(upload)) => match upload.pull() {
                    Pull::Piece => capacity(stream, cx, PIECE),
                    // Whoever polls sees that it is hungry, and polls again when it was fed.
                    Pull::Hungry => {
                        upload.hunger(self.chain.deadline.at);
                        return;
                    }
                    Pull::End => break stream.send_data(Bytes::new(), true),
                    Pull::Broken(error) => {
                        self.refused = Some(error);
                        return;
                    }
                },
            };
            let room = match ready {
                Poll::Pending => return,
                // The server wants no more of it; the answer tells why.
                Poll::Ready(None) => break Ok(()),
                Poll::Ready(Some(room)) => room,
            };
            let handed = match upload {
                None => {
                    let piece = self.body.split_to(room.min(self.body.len()));
                    stream.send_data(piece, self.body.is_empty())
                }
                Some(upload) => {
                    let mut handed = Ok(());
                    let _ = upload.write(|piece| {
                        let part = &piece[..room.min(piece.len())];
                        handed = stream.send_data(Bytes::copy_from_slice(part), false);
                        Poll::Ready(Ok(part.len()))
                    });
                    handed
                }
            };
            if handed.is_err() {
                break handed;
            }
        };
        // What went wrong is told by the answer as well.
        let _ = sent;
        self.sending = None;
        self.sent_at = Some(Instant::now());
    }

    /// Nothing to do before the connection or the clock calls.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        let deadline = self.chain.deadline;
        if !self.alarm.is_over(deadline.at, cx) {
            return Poll::Pending;
        }
        self.ended = Some(Instant::now());
        self.lease.0.doubt(self.begun, self.before.1);
        if self.chain.answer.is_some() {
            return Poll::Ready(self.end(Some(Error::timeout(deadline.limit, true))));
        }
        let phase = self.sending.is_some().then_some(Phase::Sending);
        Poll::Ready(Err(self.fail(Error::timeout_in(deadline.limit, phase), false)))
    }

    fn explain(&self, error: &h2::Error) -> Explained {
        let counts = &self.lease.0.counts;
        let mut explained = explain(error, counts);
        // h2 breaks off what is larger by far in the same way as what it cannot read.
        let is_large = counts.received.get() - self.before.1 > self.net.settings.max_header as u64;
        if error.is_library() && self.first.is_none() && is_large && !counts.is_http1.get() {
            explained.error = head::too_large();
        }
        explained
    }

    #[cold]
    fn broke(&mut self, error: &h2::Error) -> Box<Failure> {
        let Explained { error, is_refused } = self.explain(error);
        self.fail(error, is_refused)
    }

    fn end(&mut self, error: Option<Error>) -> Outcome {
        if let Some(answer) = &mut self.chain.answer {
            answer.error = error;
        }
        self.count();
        Ok(())
    }

    #[cold]
    fn fail(&mut self, error: Error, is_refused: bool) -> Box<Failure> {
        self.count();
        let is_unsent = self.lease.0.counts.sent.get() == self.before.0;
        Box::new(Failure { error, is_unsent, is_refused, is_answered: self.first.is_some() })
    }

    /// Adds the phases to the chain's; gives the message's buffer back.
    fn count(&mut self) {
        let ended = self.ended.unwrap_or_else(Instant::now);
        self.chain.count(self.net, Marks { begun: self.begun, sent: self.sent_at, first: self.first, ended });
    }
}

/// The length that the answer's head tells, in bytes.
fn announced(chain: &Chain<'_>) -> Option<u64> {
    match chain.answer.as_ref()?.head.framing {
        Framing::Length(length) => Some(length),
        Framing::Chunked | Framing::Close => None,
    }
}

/// How much the server takes of `wanted` bytes; None: nothing more.
fn capacity(stream: &mut SendStream<Bytes>, cx: &mut Context<'_>, wanted: usize) -> Poll<Option<usize>> {
    stream.reserve_capacity(wanted);
    loop {
        match stream.capacity() {
            0 => {}
            room => return Poll::Ready(Some(room)),
        }
        match stream.poll_capacity(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Some(Ok(_))) => {}
            Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(None),
        }
    }
}
