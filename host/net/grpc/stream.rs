//! A call with messages of any number, one way or both. It has no task of its own: what nobody reads waits at the
//! server, by the flow control of HTTP/2.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::{Reason, RecvStream, SendStream};
use http::HeaderMap;

use super::answer::{Answer, Failure};
use super::call::{Begun, Outgoing, begin, conclude};
use super::channel::{Channel, End};
use super::framing::{self, Inbox};
use super::status::Status;
use crate::net::error::ErrorKind;

/// More than this is not put into h2's buffers at once.
const PIECE: usize = 64 << 10;

/// What became of waiting for a message.
#[derive(Debug)]
pub enum Received {
    Message(Bytes),
    TimedOut,
    /// No more will come; [`Rpc::answer`] says why.
    Over,
}

/// A call that goes on.
pub struct Rpc {
    pub(super) state: RefCell<State>,
    begun: Instant,
    max_send: usize,
    coding: Option<crate::net::Coding>,
    sent: Cell<u64>,
    received: Cell<u64>,
}

pub(super) struct State {
    outgoing: Option<SendStream<Bytes>>,
    incoming: Incoming,
    pub(super) inbox: Inbox,
    headers: HeaderMap,
    trailers: HeaderMap,
    bytes: u64,
    begun: Instant,
    /// None: no deadline.
    limit: Option<Duration>,
    /// The connection's.
    end: Option<Rc<End>>,
    pub(super) over: Option<Over>,
}

enum Incoming {
    Head(ResponseFuture),
    Messages(RecvStream),
    Trailers(RecvStream),
    Nothing,
}

pub(super) struct Over {
    at: Instant,
    pub(super) failure: Option<Failure>,
}

impl Channel {
    /// Begins a call; `deadline` bounds all of it. Without one, only connecting is bounded, by the timeout of
    /// `outgoing`. What fails is told by the call itself.
    pub async fn open(&self, outgoing: &Outgoing<'_>, has_deadline: bool) -> Rpc {
        let turn = self.take_turn().await;
        let begun = Instant::now();
        let mut state = State {
            outgoing: None,
            incoming: Incoming::Nothing,
            inbox: Inbox::new(outgoing.max_receive),
            headers: HeaderMap::new(),
            trailers: HeaderMap::new(),
            bytes: 0,
            begun,
            limit: has_deadline.then_some(outgoing.timeout),
            end: None,
            over: None,
        };
        let opened = async {
            turn?;
            let (mut sender, end) = self.ready().await?;
            let mut request = outgoing.request(self);
            if !has_deadline {
                request.headers_mut().remove("grpc-timeout");
            }
            match sender.send_request(request, false) {
                Ok(both) => Ok((both, end)),
                Err(error) => {
                    self.forget(&end);
                    Err(end.explain(error.into()))
                }
            }
        };
        let opened = tokio::time::timeout_at((begun + outgoing.timeout).into(), opened).await;
        match opened.unwrap_or_else(|_| Err(Failure::deadline(outgoing.timeout, false))) {
            Ok(((response, stream), end)) => {
                state.outgoing = Some(stream);
                state.incoming = Incoming::Head(response);
                state.end = Some(end);
            }
            Err(failure) => state.finish(Some(failure)),
        }
        Rpc {
            state: RefCell::new(state),
            begun,
            max_send: outgoing.max_send,
            coding: outgoing.coding,
            sent: Cell::new(0),
            received: Cell::new(0),
        }
    }
}

impl Rpc {
    /// A call that was over before it began.
    pub fn over(answer: Answer) -> Rpc {
        let failure = answer.fault.map(|fault| Failure { status: answer.status, fault, text: answer.text });
        let state = State {
            outgoing: None,
            incoming: Incoming::Nothing,
            inbox: Inbox::default(),
            headers: answer.headers,
            trailers: answer.trailers,
            bytes: 0,
            begun: answer.begun,
            limit: None,
            end: None,
            over: Some(Over { at: answer.begun + answer.elapsed, failure }),
        };
        Rpc {
            state: RefCell::new(state),
            begun: answer.begun,
            max_send: 0,
            coding: None,
            sent: Cell::new(0),
            received: Cell::new(0),
        }
    }

    /// Messages sent and received.
    pub fn counts(&self) -> (u64, u64) {
        (self.sent.get(), self.received.get())
    }

    pub fn is_over(&self) -> bool {
        self.state.borrow().over.is_some()
    }

    /// Whether messages can be sent.
    pub fn is_open(&self) -> bool {
        let state = self.state.borrow();
        state.over.is_none() && state.outgoing.is_some()
    }

    /// The metadata that the server began with, once it is there.
    pub fn headers(&self) -> HeaderMap {
        self.state.borrow().headers.clone()
    }

    /// How the call ended; None while it goes on.
    pub fn answer(&self) -> Option<Answer> {
        let state = self.state.borrow();
        let over = state.over.as_ref()?;
        let (status, text, fault) = match &over.failure {
            None => (Status::OK, String::new(), None),
            Some(failure) => (failure.status, failure.text.clone(), Some(failure.fault.clone())),
        };
        Some(Answer {
            status,
            text,
            fault,
            message: None,
            headers: state.headers.clone(),
            trailers: state.trailers.clone(),
            begun: self.begun,
            elapsed: over.at.saturating_duration_since(self.begun),
            received: state.bytes,
        })
    }

    /// Sends a message that was written into an [`Outgoing::buffer`], once there is room for it. False: the call is
    /// over, or this side of it was closed.
    pub async fn send(&self, framed: Vec<u8>) -> bool {
        let message = match framing::seal(framed, self.coding, self.max_send) {
            Ok(message) => message,
            Err(failure) => {
                self.give_up(failure);
                return false;
            }
        };
        let mut message = Some(message);
        let sending = poll_fn(|cx| self.state.borrow_mut().poll_send(cx, &mut message));
        let sent = self.within(None, sending).await.unwrap_or(false);
        self.sent.set(self.sent.get() + u64::from(sent));
        sent
    }

    /// No more messages from this side.
    pub fn close_send(&self) {
        let mut state = self.state.borrow_mut();
        if let Some(mut stream) = state.outgoing.take() {
            // Fails where the server has ended the call, which reading tells.
            let _ = stream.send_data(Bytes::new(), true);
        }
    }

    /// The next message; `patience` None: as long as it takes, or the deadline allows.
    pub async fn receive(&self, patience: Option<Duration>) -> Received {
        let receiving = poll_fn(|cx| self.state.borrow_mut().poll_receive(cx));
        match self.within(patience, receiving).await {
            Some(Some(message)) => {
                self.received.set(self.received.get() + 1);
                Received::Message(message)
            }
            Some(None) => Received::Over,
            None if self.is_over() => Received::Over,
            None => Received::TimedOut,
        }
    }

    /// None: the time was over. Where it was the deadline's, so is the call.
    async fn within<T>(&self, patience: Option<Duration>, work: impl Future<Output = T>) -> Option<T> {
        let limit = self.state.borrow().limit;
        let deadline = limit.map(|limit| self.begun + limit);
        let patience = patience.map(|patience| Instant::now() + patience);
        let Some(until) = deadline.into_iter().chain(patience).min() else { return Some(work.await) };
        if let Ok(done) = tokio::time::timeout_at(until.into(), work).await {
            return Some(done);
        }
        if let (Some(deadline), Some(limit)) = (deadline, limit)
            && deadline <= Instant::now()
        {
            let has_begun = self.received.get() > 0;
            self.give_up(Failure::deadline(limit, has_begun));
        }
        None
    }

    fn give_up(&self, failure: Failure) {
        self.state.borrow_mut().give_up(failure);
    }
}

impl State {
    pub(super) fn give_up(&mut self, failure: Failure) {
        if let Some(stream) = &mut self.outgoing {
            stream.send_reset(Reason::CANCEL);
        }
        // Where this side was closed, dropping what is read resets the stream.
        self.finish(Some(failure));
    }

    pub(super) fn finish(&mut self, failure: Option<Failure>) {
        if self.over.is_none() {
            let mut failure = match (failure, &self.end) {
                (Some(failure), Some(end)) => Some(end.explain(failure)),
                (failure, _) => failure,
            };
            if let Some(failure) = failure.as_mut().filter(|_| !self.headers.is_empty()) {
                failure.text = failure.text.replace(" before it answered", " before the call was over");
            }
            if let Some(limit) = self.limit {
                let (elapsed, has_begun) = (self.begun.elapsed(), self.bytes > 0);
                failure = failure.map(|failure| failure.or_deadline(limit, elapsed, has_begun));
            }
            self.over = Some(Over { at: Instant::now(), failure });
        }
        self.outgoing = None;
        self.incoming = Incoming::Nothing;
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, message: &mut Option<Bytes>) -> Poll<bool> {
        let Some(stream) = &mut self.outgoing else { return Poll::Ready(false) };
        let Some(held) = message.as_ref() else { return Poll::Ready(true) };
        stream.reserve_capacity(held.len().min(PIECE));
        while stream.capacity() == 0 {
            match ready!(stream.poll_capacity(cx)) {
                Some(Ok(_)) => {}
                // The server has ended the call: reading tells how.
                Some(Err(_)) | None => {
                    self.outgoing = None;
                    return Poll::Ready(false);
                }
            }
        }
        let sent = message.take().is_none_or(|message| stream.send_data(message, false).is_ok());
        Poll::Ready(sent)
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        loop {
            match self.inbox.next() {
                Ok(Some(message)) => {
                    self.bytes += message.len() as u64;
                    return Poll::Ready(Some(message));
                }
                Ok(None) => {}
                Err(failure) => self.give_up(failure),
            }
            if self.over.is_some() {
                return Poll::Ready(None);
            }
            if let Err(failure) = ready!(self.poll_more(cx)) {
                self.finish(Some(failure));
            }
        }
    }

    /// Reads one more thing of the answer.
    pub(super) fn poll_more(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        match std::mem::replace(&mut self.incoming, Incoming::Nothing) {
            Incoming::Head(mut response) => match Pin::new(&mut response).poll(cx) {
                Poll::Pending => {
                    self.incoming = Incoming::Head(response);
                    return Poll::Pending;
                }
                Poll::Ready(response) => {
                    let (parts, body) = response?.into_parts();
                    if let Some(end) = &self.end {
                        end.is_answered();
                    }
                    match begin(parts, &mut self.inbox, &mut self.headers)? {
                        Begun::Messages => self.incoming = Incoming::Messages(body),
                        Begun::Over(trailers) => self.conclude(trailers)?,
                    }
                }
            },
            Incoming::Messages(mut body) => match body.poll_data(cx) {
                Poll::Pending => {
                    self.incoming = Incoming::Messages(body);
                    return Poll::Pending;
                }
                Poll::Ready(Some(data)) => {
                    let data = data?;
                    let _ = body.flow_control().release_capacity(data.len());
                    self.inbox.push(data);
                    self.incoming = Incoming::Messages(body);
                }
                Poll::Ready(None) => self.incoming = Incoming::Trailers(body),
            },
            Incoming::Trailers(mut body) => match body.poll_trailers(cx) {
                Poll::Pending => {
                    self.incoming = Incoming::Trailers(body);
                    return Poll::Pending;
                }
                Poll::Ready(trailers) => self.conclude(trailers?.unwrap_or_default())?,
            },
            Incoming::Nothing => self.finish(None),
        }
        Poll::Ready(Ok(()))
    }

    fn conclude(&mut self, trailers: HeaderMap) -> Result<(), Failure> {
        let said = conclude(&trailers);
        self.trailers = trailers;
        said?;
        if !self.inbox.is_whole() {
            let text = "the server ended the call within a message";
            return Err(Failure::new(Status::INTERNAL, ErrorKind::Protocol, text));
        }
        self.finish(None);
        Ok(())
    }
}
