//! `--out prometheus-rw=URL`: Prometheus' remote write, version 1: protobuf in a block of snappy.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use prost::Message;
use reqwest::Url;

use super::super::series::{Measured, Users};
use super::hdr::millis;
use super::names::named;
use super::post::Post;
use super::{Carrier, News, Trouble};
use crate::config::Outlet;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::metrics::Snapshot;

/// Between two deliveries, as in k6.
const EVERY: Duration = Duration::from_secs(5);

const HEADERS: [(&str, &str); 3] = [
    ("Content-Type", "application/x-protobuf"),
    ("Content-Encoding", "snappy"),
    ("X-Prometheus-Remote-Write-Version", "0.1.0"),
];

pub(super) struct RemoteWrite {
    post: Post,
    due: Option<Instant>,
    users: Users,
    watched: Vec<String>,
}

#[derive(Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    timeseries: Vec<TimeSeries>,
}

#[derive(Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

#[derive(Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

#[derive(Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    /// ms since 1970.
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

impl RemoteWrite {
    pub(super) fn prepare(outlet: &Outlet) -> Result<RemoteWrite, Fault> {
        let url = Url::parse(&outlet.target).map_err(|why| {
            Fault::new(Exit::Config, format!("--out {outlet} is no URL")).why(why.to_string())
        })?;
        let post = Post::new(outlet, url, &[])?;
        Ok(RemoteWrite { post, due: None, users: Users::default(), watched: Vec::new() })
    }

    fn body(&self, totals: &Arc<Snapshot>, at: SystemTime) -> Vec<u8> {
        body(Measured { totals, users: self.users, watched: &self.watched }, at)
    }
}

impl Carrier for RemoteWrite {
    fn carry(&mut self, news: &News) -> Result<(), Trouble> {
        match news {
            News::Started(info) => {
                self.users = Users::planned(info.users);
                self.watched.clone_from(&info.watched);
            }
            News::Samples(_) => {}
            News::Tick(tick) => {
                self.users.see(tick.users);
                let now = Instant::now();
                if self.due.is_none_or(|due| now >= due) {
                    self.due = Some(now + EVERY);
                    return self.post.send(self.body(&tick.totals, tick.at), &HEADERS);
                }
            }
            News::Done(summary, deadline) => {
                self.users = summary.users;
                let body = self.body(&summary.totals, summary.ended_at);
                return self.post.insist(&body, &HEADERS, *deadline);
            }
        }
        Ok(())
    }

    fn wants_newest(&self) -> bool {
        true
    }
}

fn body(measured: Measured<'_>, at: SystemTime) -> Vec<u8> {
    let timestamp = i64::try_from(millis(at)).unwrap_or(i64::MAX);
    let timeseries = named(measured).into_iter().map(|named| {
        // `__name__` sorts before all that begins with a small letter; receivers want them sorted.
        let mut labels = vec![Label { name: "__name__".to_owned(), value: named.name }];
        labels.extend(named.labels.into_iter().map(|(name, value)| Label { name, value }));
        labels.sort_by(|a, b| a.name.cmp(&b.name));
        TimeSeries { labels, samples: vec![Sample { value: named.value, timestamp }] }
    });
    let message = WriteRequest { timeseries: timeseries.collect() }.encode_to_vec();
    snap::raw::Encoder::new().compress_vec(&message).expect("a message is shorter than 4 GiB")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_body_that_is_read_again() {
        let summary = sample::tiny();
        let measured = Measured { totals: &summary.totals, users: Users::default(), watched: &[] };
        let bytes = body(measured, summary.ended_at);
        let plain = snap::raw::Decoder::new().decompress_vec(&bytes).unwrap();
        let request = WriteRequest::decode(&*plain).unwrap();
        let texts: Vec<String> = request
            .timeseries
            .iter()
            .map(|series| {
                let labels: Vec<_> =
                    series.labels.iter().map(|label| format!("{}={}", label.name, label.value)).collect();
                format!("{} {} {}", labels.join(","), series.samples[0].value, series.samples[0].timestamp)
            })
            .collect();
        assert!(
            texts.contains(&"__name__=k6_http_reqs_total,method=GET,name=/a 3 1700000003000".to_owned()),
            "{texts:?}"
        );
        // The wire format by hand: a label is a message (field 1) of two strings.
        let label = [b"\x0a\x08__name__\x12\x0f".as_slice(), b"k6_http_req_dur"].concat();
        assert!(!plain.windows(label.len()).any(|window| window == label), "names are whole");
        let label = [b"\x0a\x16\x0a\x08__name__\x12\x0a".as_slice(), b"k6_vus_max"].concat();
        assert!(plain.windows(label.len()).any(|window| window == label));
    }
}
