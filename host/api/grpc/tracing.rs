//! `--http-debug`: shows calls and streams in the log as HTTP is shown, messages as JSON. Used by `call` and `stream`.

use std::borrow::Cow;
use std::fmt::Write;

use http::HeaderMap;

use crate::api::tracing::{write_body, write_head};
use crate::config::{HttpDebug, Level};
use crate::net::{Answer, Channel, Outgoing, Schema};
use crate::vu::Vu;

/// A message: its type, and its bytes.
pub(super) type Sent<'a> = (&'a Schema, u32, &'a [u8]);

/// Shows one call, which counts under `name`.
pub(super) struct Teller<'a> {
    vu: &'a Vu,
    debug: HttpDebug,
    name: Cow<'a, str>,
}

/// None where nobody wants to see calls.
pub(super) fn teller<'a>(vu: &'a Vu, name: impl FnOnce() -> Cow<'a, str>) -> Option<Teller<'a>> {
    let debug = vu.shared.http_debug?;
    Some(Teller { vu, debug, name: name() })
}

impl Teller<'_> {
    fn text(&self) -> String {
        format!("vu {}, {}", self.vu.id, self.name)
    }

    fn log(&self, text: String) {
        self.vu.log(Level::Info, text);
    }

    /// The beginning of a call, with its message where it has but one.
    pub(super) fn begins(&self, channel: &Channel, outgoing: &Outgoing<'_>, message: Option<Sent<'_>>) {
        let mut text = self.text();
        write_head(&mut text, '>', outgoing.head(channel).as_bytes());
        self.write_message(&mut text, '>', message);
        self.log(text);
    }

    /// A message of a stream: `>` is sent, `<` has come.
    pub(super) fn passes(&self, mark: char, message: Sent<'_>) {
        if self.debug == HttpDebug::Full {
            let mut text = self.text();
            self.write_message(&mut text, mark, Some(message));
            self.log(text);
        }
    }

    /// The end of a call, with its message where it has but one.
    pub(super) fn ends(&self, answer: &Answer, message: Option<Sent<'_>>) {
        let mut text = self.text();
        write_head(&mut text, '<', lines(&answer.headers).as_bytes());
        self.write_message(&mut text, '<', message);
        if !answer.headers.is_empty() && !answer.trailers.is_empty() {
            text.push_str("\n<");
        }
        write_head(&mut text, '<', lines(&answer.trailers).as_bytes());
        if answer.fault.is_some() {
            let _ = write!(text, "\n! {}: {}", answer.status.name(), answer.text);
        }
        self.log(text);
    }

    fn write_message(&self, text: &mut String, mark: char, message: Option<Sent<'_>>) {
        if self.debug != HttpDebug::Full {
            return;
        }
        if let Some((schema, of, bytes)) = message {
            let json = schema.as_json(of, bytes);
            write_body(text, mark, Some(json.as_deref().map_or(bytes, str::as_bytes)), "");
        }
    }
}

/// A line each, sorted by name.
fn lines(headers: &HeaderMap) -> String {
    let mut lines: Vec<String> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value.as_bytes())))
        .collect();
    lines.sort();
    lines.join("\n")
}
