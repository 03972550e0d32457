//! A body that a script reads by itself, of a stream: the server sends on as it is read. Used by `download`.

use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use h2::RecvStream;

use super::explain::{cut, is_calm};
use super::session::Lease;
use crate::net::connection::Alarm;
use crate::net::error::Error;

/// The stream. Dropping it ends it.
pub(in crate::net) struct Flow {
    body: RecvStream,
    /// What is still to come of the length that the head told, in bytes.
    missing: Option<u64>,
    announced: Option<u64>,
    alarm: Alarm,
    /// Last, so that the stream has ended when it is given back.
    lease: Lease,
}

impl Flow {
    pub(super) fn new(body: RecvStream, missing: Option<u64>, lease: Lease) -> Self {
        Flow { body, missing, announced: missing, alarm: Alarm::default(), lease }
    }

    pub(in crate::net) fn is_over(&self) -> bool {
        self.body.is_end_stream()
    }

    /// Reads more of the body to the end of `into`; true at its end. `patience` is how long the server may take,
    /// until `deadline`.
    ///
    /// # Errors
    /// `Timeout`; `Body`: why the stream ended.
    pub(in crate::net) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        (patience, deadline): (Duration, Instant),
        into: &mut Vec<u8>,
    ) -> Poll<Result<bool, Error>> {
        let polled = match self.body.poll_data(cx) {
            Poll::Pending if self.alarm.is_over(deadline, cx) => Err(Error::timeout(patience, true)),
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Some(Ok(bytes))) => {
                into.extend_from_slice(&bytes);
                self.missing = self.missing.map(|missing| missing.saturating_sub(bytes.len() as u64));
                // It fails where the stream has ended, and nobody waits for the capacity.
                let _ = self.body.flow_control().release_capacity(bytes.len());
                Ok(self.body.is_end_stream())
            }
            Poll::Ready(None) => Ok(true),
            Poll::Ready(Some(Err(error))) if is_calm(&error) && self.missing.unwrap_or(0) == 0 => Ok(true),
            Poll::Ready(Some(Err(error))) => Err(cut(&error, &self.lease.0.counts, self.announced)),
        };
        // These bytes count as little as those of a streamed body of HTTP/1.1.
        self.lease.0.charge();
        Poll::Ready(polled)
    }
}
