//! One request and its answer over one connection. Used by `client`.
//!
//! hyper's connection future is polled here, in the caller's own poll, so a
//! request costs no task and no wake-up between tasks. Since everything that
//! the answer waits for happens inside that poll, the answer and the body are
//! polled with a waker that does nothing; only the socket and the alarm hold
//! the caller's. The same holds for every drive of the connection that is
//! expected to succeed: its body channel would wake the caller for each frame
//! that the caller itself takes out.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::response::Parts;
use hyper::body::{Body, Incoming};
use hyper::client::conn::TrySendError;
use tokio::time::Sleep;

use super::chain::Chain;
use super::connection::{Connection, Driver};
use super::error::{Error, ErrorKind};
use super::message::Message;
use super::stream::Meter;
use super::worker::Net;

/// So many steps of one answer are taken before others get their turn.
const STEPS: usize = 64;

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
    pub(super) parts: Parts,
    pub(super) body: Bytes,
    /// Why the body is not complete.
    pub(super) error: Option<Error>,
}

/// No answer.
pub(super) struct Failure {
    pub(super) error: Error,
    /// The request, where hyper says that none of it was written.
    pub(super) unsent: Option<Message>,
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
    let meter = connection.meter.clone();
    meter.first.set(None);
    let alarm = &mut connection.alarm;
    let (Some(live), Some(message)) = (connection.state.wake(&net.builder).await, chain.message.take())
    else {
        return Err(Failure::closed(false));
    };
    let head = pin!(live.sender.try_send_request(message));
    let mut course = Course {
        driver: &mut live.driver,
        head,
        meter: &meter,
        alarm,
        deadline: chain.deadline,
        max_body: net.settings.max_body,
        is_begun: false,
        sent: meter.sent.get(),
        sent_at: begun,
        answer: &mut chain.answer,
        incoming: None,
        all: BytesMut::new(),
    };
    // tokio's budget must not turn a poll away with a wake-up that goes nowhere.
    let outcome = tokio::task::coop::unconstrained(std::future::poll_fn(|cx| course.poll(cx))).await;
    let sent_at = course.sent_at;
    if !live.sender.is_ready()
        && let Some(driver) = &mut live.driver
    {
        // The end of the message may still have to be noticed.
        let _ = Pin::new(driver).poll(&mut Context::from_waker(Waker::noop()));
    }
    let ended = Instant::now();
    let first = meter.first.get().unwrap_or(ended);
    let timings = &mut chain.timings;
    timings.sending += sent_at.saturating_duration_since(begun);
    timings.waiting += first.saturating_duration_since(sent_at);
    timings.receiving += ended.saturating_duration_since(first);
    chain.ended = ended;
    outcome
}

impl Failure {
    #[cold]
    fn closed(is_answered: bool) -> Box<Failure> {
        let error = Error::new(ErrorKind::Closed, "the connection was closed");
        Box::new(Failure { error, unsent: None, is_answered })
    }
}

/// The exchange while it runs.
struct Course<'a, F> {
    driver: &'a mut Option<Driver>,
    head: Pin<&'a mut F>,
    meter: &'a Meter,
    alarm: &'a mut Option<Pin<Box<Sleep>>>,
    deadline: Deadline,
    max_body: usize,
    is_begun: bool,
    /// The meter's reading, and when it last moved.
    sent: u64,
    sent_at: Instant,
    /// Its body is the first frame, not copied; a body is seldom more than that.
    answer: &'a mut Option<Answer>,
    incoming: Option<Incoming>,
    /// All frames, once there is a second.
    all: BytesMut,
}

enum Advance {
    Done(Outcome),
    Moved,
    Stuck,
}

impl<F> Course<'_, F>
where
    F: Future<Output = Result<http::Response<Incoming>, TrySendError<Message>>>,
{
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        // The first drive writes the request, and then there is waiting to do.
        let mut is_armed = !std::mem::replace(&mut self.is_begun, true);
        for _ in 0..STEPS {
            if is_armed {
                self.drive(cx);
            } else {
                self.drive(&mut Context::from_waker(Waker::noop()));
            }
            match self.advance() {
                Advance::Done(outcome) => return Poll::Ready(outcome),
                Advance::Moved => is_armed = false,
                Advance::Stuck if is_armed => return self.wait(cx),
                Advance::Stuck => is_armed = true,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Reads and writes what can be read and written now.
    fn drive(&mut self, cx: &mut Context<'_>) {
        let Some(driver) = self.driver else { return };
        if Pin::new(driver).poll(cx).is_ready() {
            *self.driver = None;
        }
        let sent = self.meter.sent.get();
        if sent != self.sent {
            self.sent = sent;
            self.sent_at = Instant::now();
        }
    }

    /// Takes what the last drive brought.
    fn advance(&mut self) -> Advance {
        let cx = &mut Context::from_waker(Waker::noop());
        let mut moved = false;
        if self.incoming.is_none() {
            match self.head.as_mut().poll(cx) {
                Poll::Ready(Ok(response)) => {
                    moved = true;
                    let (parts, incoming) = response.into_parts();
                    let announced = incoming.size_hint().lower();
                    *self.answer = Some(Answer { parts, body: Bytes::new(), error: None });
                    self.incoming = Some(incoming);
                    if announced > self.max_body as u64 {
                        return self.finish(Some(self.too_large()));
                    }
                }
                Poll::Ready(Err(mut error)) => {
                    let unsent = error.take_message();
                    let error = Error::of_head(&error.into_error());
                    return Advance::Done(Err(self.fail(error, unsent)));
                }
                Poll::Pending if self.driver.is_some() => return Advance::Stuck,
                Poll::Pending => return Advance::Done(Err(Failure::closed(true))),
            }
        }
        while let Some(incoming) = &mut self.incoming
            && !incoming.is_end_stream()
        {
            match Pin::new(incoming).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    moved = true;
                    let Ok(data) = frame.into_data() else { continue };
                    if self.push(data) > self.max_body {
                        return self.finish(Some(self.too_large()));
                    }
                }
                Poll::Ready(Some(Err(error))) => return self.finish(Some(Error::of_body(&error))),
                Poll::Ready(None) => break,
                Poll::Pending if moved => return Advance::Moved,
                Poll::Pending if self.driver.is_some() => return Advance::Stuck,
                Poll::Pending => {
                    let text = "the server closed the connection in the middle of the body";
                    return self.finish(Some(Error::new(ErrorKind::Body, text)));
                }
            }
        }
        self.finish(None)
    }

    /// Adds a frame; returns the body's length so far.
    fn push(&mut self, data: Bytes) -> usize {
        let Some(answer) = self.answer else { return 0 };
        if answer.body.is_empty() && self.all.is_empty() {
            answer.body = data;
            return answer.body.len();
        }
        if self.all.is_empty() {
            let expected = self.incoming.as_ref().map_or(0, |incoming| incoming.size_hint().lower());
            self.all.reserve(answer.body.len() + data.len() + expected.min(MOST_RESERVED) as usize);
            self.all.extend_from_slice(&std::mem::take(&mut answer.body));
        }
        self.all.extend_from_slice(&data);
        self.all.len()
    }

    /// Nothing to do before the socket or the clock calls.
    fn wait(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        let at = self.deadline.at.into();
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
        // An alarm that an earlier request has set may ring too early, which
        // costs a look at the clock, but never too late.
        if alarm.deadline() > at {
            alarm.as_mut().reset(at);
        }
        while alarm.as_mut().poll(cx).is_ready() {
            if Instant::now() >= self.deadline.at {
                let error = Error::timeout(self.deadline.limit, self.incoming.is_some());
                let outcome =
                    if self.incoming.is_some() { self.end(Some(error)) } else { Err(self.fail(error, None)) };
                return Poll::Ready(outcome);
            }
            alarm.as_mut().reset(at);
        }
        Poll::Pending
    }

    fn finish(&mut self, error: Option<Error>) -> Advance {
        Advance::Done(self.end(error))
    }

    /// The answer is as complete as it gets.
    fn end(&mut self, error: Option<Error>) -> Outcome {
        if let Some(answer) = self.answer {
            if !self.all.is_empty() {
                answer.body = std::mem::take(&mut self.all).freeze();
            }
            answer.error = error;
        }
        Ok(())
    }

    #[cold]
    fn too_large(&self) -> Error {
        Error::new(ErrorKind::TooLarge, format!("the body is larger than {} bytes", self.max_body))
    }

    #[cold]
    fn fail(&self, error: Error, unsent: Option<Message>) -> Box<Failure> {
        Box::new(Failure { error, unsent, is_answered: self.meter.first.get().is_some() })
    }
}
