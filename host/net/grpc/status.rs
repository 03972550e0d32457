//! Status codes of gRPC, and what else is read as one.

use std::borrow::Cow;

use http::HeaderMap;

/// How a call ended: a code of gRPC, or another number that a server made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Status(pub i32);

/// By number.
const NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

impl Status {
    pub const OK: Status = Status(0);
    pub const CANCELLED: Status = Status(1);
    pub const UNKNOWN: Status = Status(2);
    pub const DEADLINE_EXCEEDED: Status = Status(4);
    pub const PERMISSION_DENIED: Status = Status(7);
    pub const RESOURCE_EXHAUSTED: Status = Status(8);
    pub const UNIMPLEMENTED: Status = Status(12);
    pub const INTERNAL: Status = Status(13);
    pub const UNAVAILABLE: Status = Status(14);
    pub const UNAUTHENTICATED: Status = Status(16);

    /// The name of the specification; that of a number without one is `CODE_` and the number.
    pub fn name(self) -> Cow<'static, str> {
        match usize::try_from(self.0).ok().and_then(|number| NAMES.get(number)) {
            Some(name) => (*name).into(),
            None => format!("CODE_{}", self.0).into(),
        }
    }

    /// What an HTTP status means where no gRPC status came (gRPC, doc/http-grpc-status-mapping).
    pub(super) fn of_http(status: u16) -> Status {
        match status {
            400 => Status::INTERNAL,
            401 => Status::UNAUTHENTICATED,
            403 => Status::PERMISSION_DENIED,
            404 => Status::UNIMPLEMENTED,
            429 | 502..=504 => Status::UNAVAILABLE,
            _ => Status::UNKNOWN,
        }
    }

    /// From headers or trailers; None where they hold none.
    pub(super) fn read(headers: &HeaderMap) -> Option<(Status, String)> {
        let code = headers.get("grpc-status")?;
        let code = code.to_str().ok().and_then(|text| text.parse().ok()).map_or(Status::UNKNOWN, Status);
        let message = headers
            .get("grpc-message")
            .map(|text| percent_encoding::percent_decode(text.as_bytes()).decode_utf8_lossy().into_owned());
        Some((code, message.unwrap_or_default()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_specification() {
        assert_eq!(Status(0).name(), "OK");
        assert_eq!(Status(5).name(), "NOT_FOUND");
        assert_eq!(Status(16).name(), "UNAUTHENTICATED");
        assert_eq!(Status(17).name(), "CODE_17");
        assert_eq!(Status(-1).name(), "CODE_-1");
    }

    #[test]
    fn a_status_is_read_from_trailers() {
        let mut trailers = HeaderMap::new();
        assert_eq!(Status::read(&trailers), None);
        trailers.insert("grpc-status", "5".parse().unwrap());
        assert_eq!(Status::read(&trailers), Some((Status(5), String::new())));
        // The specification's Percent-Encoded.
        trailers.insert("grpc-message", "no%20%C3%BC%".parse().unwrap());
        assert_eq!(Status::read(&trailers), Some((Status(5), "no ü%".into())));
        trailers.insert("grpc-status", "five".parse().unwrap());
        assert_eq!(Status::read(&trailers).unwrap().0, Status::UNKNOWN);
    }
}
