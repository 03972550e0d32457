//! The metrics that e2e measures itself, by the names that k6 gives them, and the tags of their
//! samples. Asked by thresholds, by `watched`, and by `api`, where scripts may not take the names.

use super::measure::Kind;

/// What a request adds to a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// One.
    Count,
    /// Whether it failed.
    Failed,
    Duration,
    /// Since it was intended to begin.
    Intended,
    Blocked,
    Connecting,
    TlsHandshaking,
    Sending,
    Waiting,
    Receiving,
    SentBytes,
    ReceivedBytes,
}

/// What a metric's samples come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    Requests(Part),
    Checks,
    Iterations,
    IterationDurations,
    Groups,
    /// What is added by name, as scripts add to metrics of their own.
    Named,
    /// Iterations that no user was free for.
    Dropped,
    /// How late those began that came at an arrival rate.
    Arrivals,
    /// The run as a whole: how many users there are.
    Run,
}

/// A metric of e2e's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuiltIn {
    pub name: &'static str,
    pub kind: Kind,
    /// `ms`, `B`, or nothing.
    pub unit: &'static str,
    pub source: Source,
}

const fn of(name: &'static str, kind: Kind, unit: &'static str, source: Source) -> BuiltIn {
    BuiltIn { name, kind, unit, source }
}

const fn phase(name: &'static str, part: Part) -> BuiltIn {
    of(name, Kind::Trend, "ms", Source::Requests(part))
}

const fn bytes(name: &'static str, part: Part) -> BuiltIn {
    of(name, Kind::Counter, "B", Source::Requests(part))
}

const fn named(name: &'static str, kind: Kind) -> BuiltIn {
    of(name, kind, if matches!(kind, Kind::Trend) { "ms" } else { "" }, Source::Named)
}

/// All of them.
pub const BUILT_IN: &[BuiltIn] = &[
    of("vus", Kind::Gauge, "", Source::Run),
    of("vus_max", Kind::Gauge, "", Source::Run),
    of("iterations", Kind::Counter, "", Source::Iterations),
    of("iteration_duration", Kind::Trend, "ms", Source::IterationDurations),
    of("dropped_iterations", Kind::Counter, "", Source::Dropped),
    of("arrival_lateness", Kind::Trend, "ms", Source::Arrivals),
    bytes("data_sent", Part::SentBytes),
    bytes("data_received", Part::ReceivedBytes),
    of("checks", Kind::Rate, "", Source::Checks),
    of("group_duration", Kind::Trend, "ms", Source::Groups),
    of("http_reqs", Kind::Counter, "", Source::Requests(Part::Count)),
    of("http_req_failed", Kind::Rate, "", Source::Requests(Part::Failed)),
    phase("http_req_duration", Part::Duration),
    phase("http_req_duration_intended", Part::Intended),
    phase("http_req_blocked", Part::Blocked),
    phase("http_req_connecting", Part::Connecting),
    phase("http_req_tls_handshaking", Part::TlsHandshaking),
    phase("http_req_sending", Part::Sending),
    phase("http_req_waiting", Part::Waiting),
    phase("http_req_receiving", Part::Receiving),
    named("grpc_req_duration", Kind::Trend),
    named("grpc_req_failed", Kind::Rate),
    named("grpc_streams", Kind::Counter),
    named("grpc_streams_msgs_sent", Kind::Counter),
    named("grpc_streams_msgs_received", Kind::Counter),
    named("ws_connecting", Kind::Trend),
    named("ws_session_duration", Kind::Trend),
    named("ws_sessions", Kind::Counter),
    named("ws_msgs_sent", Kind::Counter),
    named("ws_msgs_received", Kind::Counter),
    named("ws_ping", Kind::Trend),
    named("sse_event", Kind::Counter),
];

/// What is measured of each scenario at an arrival rate, whoever asks: all trends.
pub const ARRIVALS: [&str; 3] = ["arrival_lateness", "http_req_duration", "http_req_duration_intended"];

/// The one of that name.
pub fn built_in(name: &str) -> Option<&'static BuiltIn> {
    BUILT_IN.iter().find(|metric| metric.name == name)
}

/// Whose sample it is: every sample but those of the run has these tags.
pub(super) const SCENE: [&str; 3] = ["class", "scenario", "group"];

impl Source {
    /// The tags that its samples have by themselves.
    pub fn tags(self) -> &'static [&'static str] {
        match self {
            Source::Requests(_) => &[
                "name",
                "method",
                "status",
                "url",
                "error_code",
                "expected_response",
                "class",
                "scenario",
                "group",
            ],
            Source::Checks => &["check", "class", "scenario", "group"],
            Source::Iterations | Source::IterationDurations => &["class", "scenario"],
            Source::Groups | Source::Named => &SCENE,
            Source::Dropped | Source::Arrivals => &["scenario"],
            Source::Run => &[],
        }
    }

    /// Whether scripts may give its samples tags of their own.
    pub fn takes_tags(self) -> bool {
        matches!(self, Source::Requests(_) | Source::Named)
    }
}
