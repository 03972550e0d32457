//! What a call ended with. Made by `call` and `stream`, read by `api::grpc`.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::HeaderMap;

use super::status::Status;
use crate::net::error::{Error, ErrorKind};

/// Servers keep the deadline that they are told by clocks of their own, which may be so much ahead.
const EARLY: Duration = Duration::from_millis(10);

/// Why a call has no good end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server said so.
    Status,
    /// The deadline came first.
    Deadline,
    /// This side gave up.
    Cancelled,
    /// The connection, or what came over it.
    Broken(ErrorKind),
}

impl Fault {
    /// The name in scripts.
    pub fn name(&self) -> &'static str {
        match self {
            Fault::Status => "status",
            Fault::Deadline => "timeout",
            Fault::Cancelled => "cancelled",
            Fault::Broken(kind) => kind.name(),
        }
    }
}

/// The end of a call. A call without an answer has a status as well, as in other clients of gRPC.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: Status,
    /// The server's message, or what happened.
    pub text: String,
    /// None: the server said OK.
    pub fault: Option<Fault>,
    /// The message of a unary call.
    pub message: Option<Bytes>,
    pub headers: HeaderMap,
    pub trailers: HeaderMap,
    pub begun: Instant,
    /// From the call to its end.
    pub elapsed: Duration,
    /// Bytes of messages that came.
    pub received: u64,
}

impl Answer {
    /// Makes it a failure: what the server sent is no message of the method.
    pub fn refuse(&mut self, text: String) {
        let failure = Failure::new(Status::INTERNAL, ErrorKind::Protocol, text);
        (self.status, self.text, self.fault) = (failure.status, failure.text, Some(failure.fault));
        self.message = None;
    }
}

/// A status and why; how calls fail within this folder.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    pub(super) status: Status,
    pub(super) fault: Fault,
    pub(super) text: String,
}

impl Failure {
    pub(super) fn new(status: Status, kind: ErrorKind, text: impl Into<String>) -> Self {
        Failure { status, fault: Fault::Broken(kind), text: text.into() }
    }

    /// `has_begun`: a part of the answer had come.
    pub(super) fn deadline(limit: Duration, has_begun: bool) -> Self {
        let text = Error::timeout(limit, has_begun).text;
        Failure { status: Status::DEADLINE_EXCEEDED, fault: Fault::Deadline, text }
    }

    /// The same, unless it is how the server told that this side's deadline had come: either side may notice first, and
    /// that is no difference. A server that says so long before the deadline speaks of another one.
    pub(super) fn or_deadline(self, limit: Duration, elapsed: Duration, has_begun: bool) -> Self {
        let is_deadline = match (self.status, &self.fault) {
            (Status::DEADLINE_EXCEEDED, Fault::Status) => elapsed + EARLY >= limit,
            // What some servers make of it.
            (Status::CANCELLED, Fault::Status | Fault::Broken(_)) => elapsed >= limit,
            _ => false,
        };
        if is_deadline { Failure::deadline(limit, has_begun) } else { self }
    }

    pub(super) fn cancelled() -> Self {
        Failure { status: Status::CANCELLED, fault: Fault::Cancelled, text: "the call was cancelled".into() }
    }

    /// What the server said, unless that is OK.
    pub(super) fn said(status: Status, text: String) -> Option<Self> {
        (status != Status::OK).then_some(Failure { status, fault: Fault::Status, text })
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        if error.kind == ErrorKind::Timeout {
            let status = Status::DEADLINE_EXCEEDED;
            return Failure { status, fault: Fault::Deadline, text: error.text };
        }
        Failure { status: Status::UNAVAILABLE, fault: Fault::Broken(error.kind), text: error.text }
    }
}

/// h2's errors, as the statuses that gRPC's specification gives them.
impl From<h2::Error> for Failure {
    #[cold]
    fn from(error: h2::Error) -> Self {
        if let Some(io) = error.get_io() {
            return Error::of_io_below(io).into();
        }
        let reason = error.reason();
        let status = match reason {
            Some(h2::Reason::REFUSED_STREAM) => Status::UNAVAILABLE,
            Some(h2::Reason::CANCEL) => Status::CANCELLED,
            Some(h2::Reason::ENHANCE_YOUR_CALM) => Status::RESOURCE_EXHAUSTED,
            Some(h2::Reason::INADEQUATE_SECURITY) => Status::PERMISSION_DENIED,
            _ if error.is_go_away() => Status::UNAVAILABLE,
            Some(_) => Status::INTERNAL,
            None => Status::UNAVAILABLE,
        };
        let named = reason.map_or_else(|| error.to_string(), |reason| format!("{reason:?}"));
        if error.is_go_away() && error.is_remote() {
            return Failure::new(status, ErrorKind::Closed, format!("the server is going away ({named})"));
        }
        if error.is_reset() && error.is_remote() {
            return Failure::new(status, ErrorKind::Closed, format!("the server reset the stream ({named})"));
        }
        let text = format!("what the server sends is no HTTP/2: {error}");
        Failure::new(status, ErrorKind::Protocol, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_is_one_whoever_notices_first() {
        let limit = Duration::from_millis(500);
        let of = |status, fault, elapsed| {
            let said = Failure { status, fault, text: String::new() };
            said.or_deadline(limit, Duration::from_millis(elapsed), false).fault
        };
        let closed = Fault::Broken(ErrorKind::Closed);
        assert_eq!(of(Status::DEADLINE_EXCEEDED, Fault::Status, 495), Fault::Deadline);
        assert_eq!(of(Status::DEADLINE_EXCEEDED, Fault::Status, 900), Fault::Deadline);
        assert_eq!(of(Status::DEADLINE_EXCEEDED, Fault::Status, 400), Fault::Status);
        assert_eq!(of(Status::CANCELLED, closed.clone(), 501), Fault::Deadline);
        assert_eq!(of(Status::CANCELLED, closed.clone(), 495), closed);
        assert_eq!(of(Status::CANCELLED, Fault::Cancelled, 501), Fault::Cancelled);
        assert_eq!(of(Status::UNAVAILABLE, Fault::Status, 501), Fault::Status);
    }
}
