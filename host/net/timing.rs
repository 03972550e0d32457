//! Where the time of a request went. Filled by `exchange`, and by `connector` through
//! `Progress`; read by `api::http` for scripts and metrics.

use std::ops::AddAssign;
use std::time::{Duration, Instant};

/// The phases of a request as k6 names them. Over redirects and retries each
/// phase is the sum of its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Before the connection: looking the host name up, or waiting for one that is shared.
    pub blocked: Duration,
    pub connecting: Duration,
    pub tls_handshaking: Duration,
    /// Writing the request.
    pub sending: Duration,
    /// From the request's last byte to the response's first.
    pub waiting: Duration,
    /// From the response's first byte to its last.
    pub receiving: Duration,
}

impl Timings {
    /// k6's `http_req_duration`: sending, waiting and receiving.
    pub fn duration(&self) -> Duration {
        self.sending + self.waiting + self.receiving
    }
}

/// What happens before a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Lookup,
    Connecting,
    /// Asking a proxy for the way; part of connecting.
    Tunnel,
    Handshake,
    /// Until a shared connection is there, or has room.
    Sharing,
    Sending,
}

impl Phase {
    /// As a message about its timeout ends.
    pub(super) fn words(self) -> &'static str {
        match self {
            Phase::Lookup => "while looking the host name up",
            Phase::Connecting => "while connecting",
            Phase::Tunnel => "while the proxy connects",
            Phase::Handshake => "in the TLS handshake",
            Phase::Sharing => "while waiting for a stream of the connection",
            Phase::Sending => "while sending the request",
        }
    }
}

/// The phase that is under way. It is kept apart from what it times, which may be given up at any moment.
pub(super) struct Progress<'t> {
    timings: &'t mut Timings,
    phase: Option<(Phase, Instant)>,
}

impl<'t> Progress<'t> {
    pub(super) fn new(timings: &'t mut Timings) -> Self {
        Progress { timings, phase: None }
    }

    /// One phase ends, the next begins.
    pub(super) fn enter(&mut self, phase: Phase) {
        let now = Instant::now();
        self.end(now);
        self.phase = Some((phase, now));
    }

    /// Ends the phase that is under way, and tells which it was.
    pub(super) fn leave(&mut self) -> Option<Phase> {
        self.end(Instant::now())
    }

    fn end(&mut self, now: Instant) -> Option<Phase> {
        let (phase, begun) = self.phase.take()?;
        *match phase {
            Phase::Lookup | Phase::Sharing => &mut self.timings.blocked,
            Phase::Connecting | Phase::Tunnel => &mut self.timings.connecting,
            Phase::Handshake => &mut self.timings.tls_handshaking,
            Phase::Sending => &mut self.timings.sending,
        } += now - begun;
        Some(phase)
    }
}

impl AddAssign for Timings {
    fn add_assign(&mut self, other: Timings) {
        self.blocked += other.blocked;
        self.connecting += other.connecting;
        self.tls_handshaking += other.tls_handshaking;
        self.sending += other.sending;
        self.waiting += other.waiting;
        self.receiving += other.receiving;
    }
}
