//! What an exchange ends with: an answer, or why there is none. Made by `exchange`,
//! read by `client` and `chain`.

use std::time::{Duration, Instant};

use super::error::Error;
use super::head::{Head, Headers};

pub(super) type Outcome = Result<(), Box<Failure>>;

/// When a request chain must be over.
#[derive(Clone, Copy)]
pub(super) struct Deadline {
    pub(super) at: Instant,
    pub(super) limit: Duration,
}

/// An answer's head and as much of its body as arrived.
pub(super) struct Answer {
    pub(super) head: Head,
    /// The head as it came, then the body, without its framing.
    pub(super) raw: Vec<u8>,
    /// Bytes of the body that were not kept.
    pub(super) passed: u64,
    /// Why the body is not complete.
    pub(super) error: Option<Error>,
}

impl Answer {
    pub(super) fn headers(&self) -> Headers<'_> {
        Headers(&self.raw[..self.head.length])
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.raw[self.head.length..]
    }
}

/// No answer.
pub(super) struct Failure {
    pub(super) error: Error,
    /// Nothing of the request was written: the connection had ended before.
    pub(super) is_unsent: bool,
    /// The server says that it did nothing with the request.
    pub(super) is_refused: bool,
    /// Whether any byte of an answer had arrived.
    pub(super) is_answered: bool,
}
