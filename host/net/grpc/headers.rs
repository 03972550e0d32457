//! Metadata: what scripts give, and the headers that a call is begun with.

use std::time::Duration;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD_NO_PAD};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::net::coding::Coding;

/// What the messages of an answer may be compressed with.
const ACCEPTED: HeaderValue = HeaderValue::from_static("identity,gzip,deflate,zstd");

/// Metadata of a call, in the order of its names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata(pub(super) Vec<(HeaderName, HeaderValue)>);

/// Why something cannot be metadata.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    #[error("`{0}` is no name of metadata: letters, digits, `-`, `_` and `.` are")]
    Name(String),
    #[error("`{0}` is not the script's to set")]
    Reserved(String),
    #[error("the value of `{0}` is not printable ASCII; bytes need a name that ends in `-bin`")]
    Value(String),
}

impl Metadata {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a value; that of a name that ends in `-bin` is any bytes.
    ///
    /// # Errors
    /// A name or a value that cannot be sent.
    pub fn add(&mut self, name: &str, value: &[u8]) -> Result<(), MetadataError> {
        let lower = name.to_ascii_lowercase();
        let is_char = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if lower.is_empty() || !lower.bytes().all(is_char) {
            return Err(MetadataError::Name(name.escape_debug().to_string()));
        }
        let made =
            ["te", "content-type", "content-length", "user-agent", "connection", "host", "transfer-encoding"];
        if lower.starts_with("grpc-") || made.contains(&lower.as_str()) {
            return Err(MetadataError::Reserved(lower));
        }
        let key = HeaderName::from_bytes(lower.as_bytes())
            .map_err(|_| MetadataError::Name(name.escape_debug().to_string()))?;
        let value = match lower.ends_with("-bin") {
            true => HeaderValue::from_str(&STANDARD_NO_PAD.encode(value)).ok(),
            false => HeaderValue::from_bytes(value)
                .ok()
                .filter(|value| value.as_bytes().iter().all(|byte| matches!(byte, b' '..=b'~'))),
        };
        self.0.push((key, value.ok_or(MetadataError::Value(lower))?));
        Ok(())
    }
}

/// The headers of a call.
pub(super) fn of_call(
    agent: &HeaderValue,
    metadata: [&Metadata; 2],
    timeout: Duration,
    coding: Option<Coding>,
) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8 + metadata[0].0.len() + metadata[1].0.len());
    headers.insert(http::header::TE, HeaderValue::from_static("trailers"));
    headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(http::header::USER_AGENT, agent.clone());
    headers.insert(HeaderName::from_static("grpc-accept-encoding"), ACCEPTED);
    headers.insert(HeaderName::from_static("grpc-timeout"), timeout_value(timeout));
    if let Some(coding) = coding {
        headers.insert(HeaderName::from_static("grpc-encoding"), HeaderValue::from_static(coding.name()));
    }
    for (name, value) in metadata.into_iter().flat_map(|metadata| &metadata.0) {
        headers.append(name.clone(), value.clone());
    }
    headers
}

/// At most eight digits and a unit.
fn timeout_value(timeout: Duration) -> HeaderValue {
    const MOST: u128 = 99_999_999;
    let units =
        [("u", timeout.as_micros()), ("m", timeout.as_millis()), ("S", u128::from(timeout.as_secs()))];
    let (unit, count) = units.into_iter().find(|(_, count)| *count <= MOST).unwrap_or(("S", MOST));
    // What is left of the time must not be none.
    HeaderValue::from_str(&format!("{}{unit}", count.max(1))).expect("digits and a letter are a header value")
}

/// What is the status, not metadata beside it.
const OF_STATUS: [&str; 3] = ["grpc-status", "grpc-message", "grpc-status-details-bin"];

/// The bytes that a value of `-bin` stands for; a sender may leave the padding out.
pub(super) fn decoded(value: &[u8]) -> Vec<u8> {
    let loose = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let loose = GeneralPurpose::new(&STANDARD, loose);
    loose.decode(value.trim_ascii()).unwrap_or_else(|_| value.to_vec())
}

/// Names and values for people and scripts: several texts of one name are one, joined by commas; those of `-bin` are the
/// bytes that they stand for, one by one.
pub fn listed(headers: &HeaderMap) -> Vec<(String, Vec<Vec<u8>>)> {
    let mut found = Vec::with_capacity(headers.keys_len());
    for name in headers.keys().filter(|name| !OF_STATUS.contains(&name.as_str())) {
        let sent = headers.get_all(name).iter().map(HeaderValue::as_bytes);
        let values = match name.as_str().ends_with("-bin") {
            // Base64 has no comma: one stands between two values that were sent as one.
            true => sent.flat_map(|value| value.split(|byte| *byte == b',')).map(decoded).collect(),
            false => vec![sent.collect::<Vec<_>>().join(&b","[..])],
        };
        found.push((name.as_str().to_owned(), values));
    }
    found.sort();
    found
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_have_at_most_eight_digits() {
        let of = |timeout| timeout_value(timeout).to_str().unwrap().to_owned();
        assert_eq!(of(Duration::from_millis(1500)), "1500000u");
        assert_eq!(of(Duration::from_secs(100)), "100000m");
        assert_eq!(of(Duration::from_secs(100_000)), "100000S");
        assert_eq!(of(Duration::from_nanos(1)), "1u");
        assert_eq!(of(Duration::MAX), "99999999S");
    }

    #[test]
    fn metadata_is_ascii_or_binary() {
        let mut metadata = Metadata::default();
        metadata.add("X-Trace", b"a b").unwrap();
        metadata.add("blob-bin", b"\0\xff\x01").unwrap();
        let headers = of_call(
            &HeaderValue::from_static("x"),
            [&metadata, &Metadata::default()],
            Duration::from_secs(1),
            Some(Coding::Gzip),
        );
        assert_eq!(headers["x-trace"], "a b");
        // RFC 4648: 00 ff 01.
        assert_eq!(headers["blob-bin"], "AP8B");
        assert_eq!(headers["grpc-encoding"], "gzip");
        let listed = listed(&headers);
        assert!(listed.contains(&("blob-bin".to_owned(), vec![b"\0\xff\x01".to_vec()])));
        for (name, value) in
            [("", "x"), ("a b", "x"), ("grpc-status", "0"), ("te", "x"), ("a", "\n"), ("a", "ü")]
        {
            assert!(metadata.add(name, value.as_bytes()).is_err(), "{name}");
        }
    }

    #[test]
    fn several_values_of_a_name_are_told_apart_where_they_are_bytes() {
        let mut headers = HeaderMap::new();
        // RFC 4648: 00 ff, 2c (a comma), 01; padded or not.
        for (name, value) in
            [("a", "1"), ("a", "2"), ("b-bin", "AP8,LA=="), ("b-bin", "AQ"), ("grpc-status", "0")]
        {
            headers.append(name, HeaderValue::from_static(value));
        }
        let bytes = [&b"\x00\xff"[..], b",", b"\x01"].map(<[u8]>::to_vec).to_vec();
        let wanted = vec![("a".to_owned(), vec![b"1,2".to_vec()]), ("b-bin".to_owned(), bytes)];
        assert_eq!(listed(&headers), wanted);
    }
}
