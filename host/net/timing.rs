//! Where the time of a request went. Filled by `exchange` and `connector`,
//! read by `api::http` for scripts and metrics.

use std::ops::AddAssign;
use std::time::Duration;

/// The phases of a request as k6 names them. Over redirects and retries each
/// phase is the sum of its parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Before the connection: looking the host name up.
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
