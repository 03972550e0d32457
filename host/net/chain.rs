//! The state of one request over its redirects and retries. It is filled in
//! place from the first byte on: moving it from call to call would cost more
//! than filling it. Used by `client`.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::answer::{Answer, Deadline};
use super::connector::Guise;
use super::download::{Download, Opened};
use super::error::Error;
use super::message::{Message, Step};
use super::peer::Security;
use super::request::{Auth, Receive, Request};
use super::response::{Fate, Hop, Response, Sent};
use super::timing::Timings;
use super::worker::Net;

/// A timeout beyond this is none.
const FOREVER: Duration = Duration::from_secs(86_400 * 365);

/// When an exchange began, had sent the request, had the first byte of the answer, and ended.
pub(super) struct Marks {
    pub(super) begun: Instant,
    pub(super) sent: Option<Instant>,
    pub(super) first: Option<Instant>,
    pub(super) ended: Instant,
}

/// A request on its way.
pub(super) struct Chain<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) deadline: Deadline,
    pub(super) step: Step,
    /// The step's message until it was answered.
    pub(super) message: Option<Message>,
    /// The last step's answer.
    pub(super) answer: Option<Answer>,
    started: Instant,
    /// When the last exchange ended.
    pub(super) ended: Instant,
    pub(super) timings: Timings,
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) history: Vec<Hop>,
    /// Of the connection that was used last.
    pub(super) security: Option<Rc<Security>>,
    pub(super) retries: u32,
    /// The last exchange was one of HTTP/2.
    pub(super) is_http2: bool,
    /// How often a server's wish for authentication was followed.
    pub(super) answered_challenges: u8,
    /// The body that an exchange left to be read, and then with all that reading it takes.
    pub(super) opened: Option<Opened>,
    pub(super) download: Option<Box<Download>>,
}

impl<'a> Chain<'a> {
    /// # Errors
    /// `InvalidUrl`.
    pub(super) fn new(net: &Net, request: &'a Request<'a>) -> Result<Self, Error> {
        let started = Instant::now();
        let limit = request.timeout.unwrap_or(net.settings.timeout).min(FOREVER);
        Ok(Chain {
            request,
            deadline: Deadline { at: started + limit, limit },
            step: Step::new(net, request)?,
            message: None,
            answer: None,
            started,
            ended: started,
            timings: Timings::default(),
            sent: 0,
            received: 0,
            history: Vec::new(),
            security: None,
            retries: 0,
            is_http2: false,
            answered_challenges: 0,
            opened: None,
            download: None,
        })
    }

    /// How a connection for the current step is secured; the same for all of http.
    pub(super) fn guise(&self, net: &Net) -> Guise<'a> {
        if !self.step.origin.https {
            return Guise { verify: false, identity: None, speaks: None };
        }
        Guise {
            verify: self.request.verify.unwrap_or(net.settings.link.tls.verify),
            // A certificate is shown to the origin that the script named, not to where a redirect leads.
            identity: self.request.cert.filter(|_| self.step.has_secrets),
            speaks: None,
        }
    }

    /// Whether an answer with this status leads elsewhere, if it says where.
    pub(super) fn is_redirect(&self, status: u16) -> bool {
        self.request.follow_redirects && (300..400).contains(&status)
    }

    /// Whether an answer with this status may ask for what the request can give.
    pub(super) fn is_challenge(&self, status: u16) -> bool {
        status == 401 && self.step.has_secrets && matches!(self.request.auth, Some(Auth::Digest { .. }))
    }

    /// Whether the script gets the answer with this status, rather than the next one.
    pub(super) fn is_last(&self, status: u16) -> bool {
        !(self.is_redirect(status) || self.is_challenge(status))
    }

    /// Adds an exchange's phases; gives the message's buffer back.
    pub(super) fn count(&mut self, net: &Net, marks: Marks) {
        let Marks { begun, sent, first, ended } = marks;
        let first = first.unwrap_or(ended);
        // An answer that comes before the request is out ends the sending.
        let sent = sent.unwrap_or(first);
        self.timings.sending += sent.saturating_duration_since(begun);
        self.timings.waiting += first.saturating_duration_since(sent);
        self.timings.receiving += ended.saturating_duration_since(first);
        self.ended = ended;
        if ended > self.deadline.at {
            self.be_late();
        }
        if let Some(message) = self.message.take() {
            net.give_back(message.bytes);
        }
    }

    /// The answer came when nobody waited for it any more: the timer was as late.
    #[cold]
    fn be_late(&mut self) {
        if let Some(answer) = &mut self.answer {
            answer.error.get_or_insert_with(|| Error::timeout(self.deadline.limit, true));
        }
    }

    /// As if everything so far had happened later.
    pub(super) fn pause(&mut self, time: Duration) {
        self.started += time;
        self.ended += time;
        self.deadline.at += time;
    }

    /// The end of the chain: its last answer, `failure`, or both. Boxed: it is handed on through many calls.
    pub(super) fn respond(self, net: &Net, failure: Option<Error>) -> Box<Response> {
        let ended = if failure.is_some() { Instant::now() } else { self.ended };
        let verify = !self.step.origin.https || self.guise(net).verify;
        let (status, head, raw, passed, error) = match self.answer {
            Some(Answer { head, raw, passed, error }) => (head.status, head.length, raw, passed, error),
            None => (0, 0, Vec::new(), 0, None),
        };
        let mut raw = raw;
        let error = failure.or(error);
        if self.request.receive == Receive::Discard {
            raw.shrink_to_fit();
        }
        let body = match self.request.receive {
            Receive::Keep => Fate::Kept,
            Receive::Discard => Fate::Discarded,
            Receive::Stream => Fate::Streamed,
        };
        Box::new(Response {
            status,
            head,
            raw,
            // One that is late is not read.
            download: self.download.filter(|_| error.is_none()),
            error,
            timings: self.timings,
            elapsed: ended - self.started,
            ended,
            history: self.history,
            security: self.security,
            retries: self.retries,
            passed,
            body,
            request: Sent { is_http2: self.is_http2, ..self.step.into_sent(self.request, verify) },
            sent_bytes: self.sent,
            received_bytes: self.received,
        })
    }
}
