//! Locust's JSON array: one object per name and method, without the
//! aggregate. Written at the end, to stdout or into a file.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};

use super::sink::Sink;
use super::target::{Target, reason};
use crate::event::{Event, Summary};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::metrics::{Entry, Label, Span};

pub(super) struct Json(To);

enum To {
    File(Target),
    Stdout(Box<dyn Write + Send>),
}

/// One object of the array; times in ms, instants in seconds of the epoch.
#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    method: &'a str,
    last_request_timestamp: Option<f64>,
    start_time: f64,
    num_requests: u64,
    /// Requests without a response time; here each has one.
    num_none_requests: u64,
    num_failures: u64,
    total_response_time: f64,
    max_response_time: f64,
    min_response_time: Option<f64>,
    total_content_length: u64,
    response_times: BTreeMap<u64, u64>,
    num_reqs_per_sec: BTreeMap<u32, u64>,
    num_fail_per_sec: BTreeMap<u32, u64>,
}

impl Json {
    pub(super) fn file(target: Target) -> Self {
        Json(To::File(target))
    }

    pub(super) fn stdout(out: Box<dyn Write + Send>) -> Self {
        Json(To::Stdout(out))
    }

    /// The file that `--json-file` means: as Locust does, but `.json` is not doubled.
    pub(super) fn named(path: &Path) -> PathBuf {
        // A folder is none; its refusal is the target's.
        let folder = path.as_os_str().as_encoded_bytes().ends_with(b"/");
        if folder || path.extension().is_some_and(|extension| extension == "json") {
            return path.to_owned();
        }
        let mut name = path.as_os_str().to_owned();
        name.push(".json");
        PathBuf::from(name)
    }
}

impl Sink for Json {
    fn on(&mut self, event: &Event) -> Result<(), Fault> {
        let Event::Done(summary) = event else { return Ok(()) };
        let text = render(summary);
        match &mut self.0 {
            To::File(target) => target.replace(&text),
            To::Stdout(out) => match out.write_all(&text).and_then(|()| out.flush()) {
                // Whoever read it has seen enough.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                written => written.map_err(|error| {
                    Fault::new(Exit::Config, "cannot write the results to stdout").why(reason(&error))
                }),
            },
        }
    }
}

pub(super) fn render(summary: &Summary) -> Vec<u8> {
    let span = summary.span();
    let rows: Vec<_> = summary.totals.entries.iter().map(|(label, entry)| row(label, entry, &span)).collect();
    let mut text = Vec::new();
    let mut serializer = Serializer::with_formatter(&mut text, PrettyFormatter::with_indent(b"    "));
    rows.serialize(&mut serializer).expect("numbers and strings go into memory");
    text.push(b'\n');
    text
}

fn row<'a>(label: &'a Label, entry: &Entry, span: &Span) -> Row<'a> {
    let ms = |us: u64| us as f64 / 1000.0;
    let mut response_times = BTreeMap::new();
    for (highest, count) in entry.buckets.iter() {
        // Whole ms begun, as in the CSV: a percentile made of them is never above the maximum.
        *response_times.entry(u64::from(highest).min(entry.max) / 1000).or_default() += count;
    }
    Row {
        name: &label.name,
        method: &label.method,
        last_request_timestamp: span.last_of(entry),
        start_time: span.start(),
        num_requests: entry.requests,
        num_none_requests: 0,
        num_failures: entry.failures,
        total_response_time: ms(entry.sum),
        max_response_time: ms(entry.max),
        min_response_time: entry.min.map(ms),
        total_content_length: entry.bytes,
        response_times,
        num_reqs_per_sec: entry.requests_at.iter().collect(),
        num_fail_per_sec: entry.failures_at.iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn the_array_of_locust() {
        let text = String::from_utf8(render(&sample::tiny())).expect("JSON is UTF-8");
        assert_eq!(
            text,
            r#"[
    {
        "name": "/a",
        "method": "GET",
        "last_request_timestamp": 1700000002.0,
        "start_time": 1700000000.5,
        "num_requests": 3,
        "num_none_requests": 0,
        "num_failures": 1,
        "total_response_time": 15.75,
        "max_response_time": 12.5,
        "min_response_time": 0.75,
        "total_content_length": 33,
        "response_times": {
            "0": 1,
            "2": 1,
            "12": 1
        },
        "num_reqs_per_sec": {
            "1700000000": 1,
            "1700000001": 2
        },
        "num_fail_per_sec": {
            "1700000001": 1
        }
    }
]
"#
        );
    }

    #[test]
    fn the_suffix_is_not_doubled() {
        assert_eq!(Json::named(Path::new("a/run")), Path::new("a/run.json"));
        assert_eq!(Json::named(Path::new("run.json")), Path::new("run.json"));
        assert_eq!(Json::named(Path::new("run.v1")), Path::new("run.v1.json"));
    }
}
