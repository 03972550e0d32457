//! The state of one request over its redirects and retries. It is filled in
//! place from the first byte on: moving it from call to call would cost more
//! than filling it. Used by `client`.

use std::rc::Rc;
use std::time::{Duration, Instant};

use super::connector::Guise;
use super::error::Error;
use super::exchange::Answer;
use super::exchange::Deadline;
use super::message::{Message, Step};
use super::peer::Security;
use super::request::Request;
use super::response::{Hop, Response};
use super::timing::Timings;
use super::worker::Net;

/// A timeout beyond this is none.
const FOREVER: Duration = Duration::from_secs(86_400 * 365);

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
        })
    }

    /// How a connection for the current step is secured; the same for all of http.
    pub(super) fn guise(&self, net: &Net) -> Guise<'a> {
        if !self.step.origin.https {
            return Guise { verify: false, identity: None };
        }
        Guise {
            verify: self.request.verify.unwrap_or(net.settings.link.tls.verify),
            // A certificate is shown to the origin that the script named, not to where a redirect leads.
            identity: self.request.cert.filter(|_| self.step.has_secrets),
        }
    }

    /// As if everything so far had happened later.
    pub(super) fn pause(&mut self, time: Duration) {
        self.started += time;
        self.ended += time;
        self.deadline.at += time;
    }

    /// The end of the chain: its last answer, `failure`, or both. Boxed: it is handed on through many calls.
    pub(super) fn respond(self, failure: Option<Error>) -> Box<Response> {
        let ended = if failure.is_some() { Instant::now() } else { self.ended };
        let (status, head, raw, error) = match self.answer {
            Some(Answer { head, raw, error }) => (head.status, head.length, raw, error),
            None => (0, 0, Vec::new(), None),
        };
        Box::new(Response {
            status,
            head,
            raw,
            error: failure.or(error),
            timings: self.timings,
            elapsed: ended - self.started,
            ended,
            history: self.history,
            security: self.security,
            request: self.step.into_sent(self.request),
            sent_bytes: self.sent,
            received_bytes: self.received,
        })
    }
}
