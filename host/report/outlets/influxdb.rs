//! `--out influxdb=URL`: single samples as points in the line protocol, with the names, tags and
//! fields that k6 writes. `http://HOST:8086/DATABASE` is InfluxDB 1, `?org=..&bucket=..` InfluxDB 2.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use reqwest::Url;

use super::super::series::Users;
use super::points::{self, Point};
use super::post::Post;
use super::{Carrier, News, Trouble};
use crate::config::Outlet;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::mask;
use crate::metrics::RawSample;

/// Sends a body.
type Send<'s> = &'s dyn Fn(&Post, Vec<u8>) -> Result<(), Trouble>;

/// Samples that wait for a receiver that is away; older ones make room.
const MOST: usize = 50_000;
/// Bytes of a request, more or less.
const LARGE: usize = 1 << 20;
/// Tags that k6 writes as fields: each value would be a series of its own.
const FIELDS: [&str; 3] = ["iter", "url", "vu"];

pub(super) struct Influxdb {
    post: Post,
    /// Makes the database, as k6 does.
    create: Option<Post>,
    waiting: VecDeque<Arc<[RawSample]>>,
    /// How many samples that is.
    count: usize,
    /// Lines of ticks.
    gauges: String,
    users: Users,
}

impl Influxdb {
    pub(super) fn prepare(outlet: &Outlet, variables: &BTreeMap<String, String>) -> Result<Influxdb, Fault> {
        let refused = |why: &str| {
            Fault::new(Exit::Config, format!("--out {outlet} cannot be used")).why(why.to_owned())
        };
        let mut url = Url::parse(&outlet.target).map_err(|why| refused(&why.to_string()))?;
        let given: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        let token =
            given.get("token").or_else(|| variables.get("INFLUX_TOKEN")).filter(|token| !token.is_empty());
        let mut headers = Vec::new();
        if let Some(token) = token {
            mask::add(token);
            headers.push(("Authorization".to_owned(), format!("Token {token}")));
        }
        let mut create = None;
        let mut query = vec![("precision", "ns".to_owned())];
        if let Some(bucket) = given.get("bucket") {
            query.push(("bucket", bucket.clone()));
            query.extend(given.get("org").map(|org| ("org", org.clone())));
            url.set_path("/api/v2/write");
        } else {
            if url.path().trim_matches('/').contains('/') {
                return Err(refused("its path is the name of the database, or it has ?org=..&bucket=.."));
            }
            let database = match url.path().trim_matches('/') {
                "" => "k6".to_owned(),
                name => name.to_owned(),
            };
            let mut making = url.clone();
            making.set_path("/query");
            let statement = format!("CREATE DATABASE \"{}\"", database.replace('"', ""));
            making.query_pairs_mut().clear().append_pair("q", &statement);
            create = Some(Post::new(outlet, making, &headers)?);
            query.push(("db", database));
            query.extend(given.get("rp").map(|policy| ("rp", policy.clone())));
            url.set_path("/write");
        }
        url.query_pairs_mut().clear().extend_pairs(query);
        let post = Post::new(outlet, url, &headers)?;
        let (waiting, gauges) = (VecDeque::new(), String::new());
        Ok(Influxdb { post, create, waiting, count: 0, gauges, users: Users::default() })
    }

    /// Sends what waits. What is not taken waits on, as far as there is room.
    fn deliver(&mut self, send: Send<'_>) -> Result<(), Trouble> {
        if !self.gauges.is_empty() {
            send(&self.post, self.gauges.clone().into_bytes())?;
            self.gauges.clear();
        }
        while !self.waiting.is_empty() {
            let (mut text, mut batches, mut samples) = (String::new(), 0, 0);
            for batch in &self.waiting {
                if text.len() > LARGE {
                    break;
                }
                for sample in batch.iter() {
                    points::of_sample(sample, &mut |point| line(&mut text, point));
                }
                (batches, samples) = (batches + 1, samples + batch.len());
            }
            send(&self.post, text.into_bytes())?;
            self.waiting.drain(..batches);
            self.count -= samples;
        }
        Ok(())
    }

    /// Drops the oldest of too many; how many.
    fn make_room(&mut self) -> u64 {
        let before = self.count;
        while self.count > MOST
            && let Some(oldest) = self.waiting.pop_front()
        {
            self.count -= oldest.len();
        }
        (before - self.count) as u64
    }
}

impl Carrier for Influxdb {
    fn carry(&mut self, news: &News) -> Result<(), Trouble> {
        match news {
            News::Started(info) => {
                self.users = Users::planned(info.users);
                // Who may not make databases may write to one that is there.
                self.create.take().map_or(Ok(()), |create| create.send(Vec::new(), &[]).or(Ok(())))
            }
            News::Samples(samples) => {
                self.count += samples.len();
                self.waiting.push_back(samples.clone());
                match self.make_room() {
                    0 => Ok(()),
                    lost => Err(Trouble { why: "it takes samples too slowly".into(), help: None, lost }),
                }
            }
            News::Tick(tick) => {
                self.users.see(tick.users);
                // Of an hour at most.
                if self.gauges.len() < 1 << 18 {
                    let gauges = &mut self.gauges;
                    points::of_tick(tick, self.users, &mut |point| line(gauges, point));
                }
                self.deliver(&|post, body| post.send(body, &[]))
            }
            News::Done(_, deadline) => self
                .deliver(&|post, body| post.insist(&body, &[], *deadline))
                .map_err(|trouble| Trouble { lost: self.count as u64, ..trouble }),
        }
    }
}

/// A point in the line protocol.
fn line(text: &mut String, point: &Point<'_>) {
    escape(text, point.metric, &[',', ' ']);
    for (name, value) in point.tags {
        // Empty ones are not allowed.
        if !FIELDS.contains(&&**name) && !value.is_empty() {
            text.push(',');
            escape(text, name, &[',', '=', ' ']);
            text.push('=');
            escape(text, value, &[',', '=', ' ']);
        }
    }
    let _ = write!(text, " value={}", point.value);
    for (name, value) in point.tags {
        if FIELDS.contains(&&**name) {
            text.push(',');
            escape(text, name, &[',', '=', ' ']);
            text.push_str("=\"");
            escape(text, value, &['"', '\\']);
            text.push('"');
        }
    }
    let at = point.at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let _ = writeln!(text, " {}", at.as_nanos());
}

/// With a backslash before each of these. A line break would end the point, and a backslash at the
/// end of a value would take what follows into it.
fn escape(text: &mut String, value: &str, special: &[char]) {
    let value = match special.contains(&'\\') {
        true => value,
        false => value.trim_end_matches('\\'),
    };
    for character in value.chars() {
        match character {
            '\n' | '\r' => text.push(' '),
            character => {
                if special.contains(&character) {
                    text.push('\\');
                }
                text.push(character);
            }
        }
    }
    // A tag that was nothing but backslashes.
    if value.is_empty() && !special.contains(&'\\') {
        text.push('_');
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::metrics::Kind;

    fn of(tags: &[(&'static str, &'static str)], value: f64) -> String {
        let mut text = String::new();
        let tags: Vec<_> = tags.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let at = UNIX_EPOCH + Duration::from_nanos(1_700_000_000_000_000_001);
        let (metric, kind, contains) = ("my metric,x", Kind::Trend, "time");
        line(&mut text, &Point { metric, kind, contains, at, value, tags: &tags });
        text
    }

    /// The rules of InfluxData's reference of the line protocol.
    #[test]
    fn the_line_protocol() {
        assert_eq!(of(&[], 2.5), "my\\ metric\\,x value=2.5 1700000000000000001\n");
        assert_eq!(
            of(&[("a", "x y,z=1"), ("empty", ""), ("k=,", "back\\"), ("n", "two\nlines")], 1.0),
            "my\\ metric\\,x,a=x\\ y\\,z\\=1,k\\=\\,=back,n=two\\ lines value=1 1700000000000000001\n"
                .replace("two\\ lines", "two lines")
        );
        assert_eq!(
            of(&[("name", "n"), ("url", "http://h/?q=\"a\\b\"")], 1.0),
            "my\\ metric\\,x,name=n value=1,url=\"http://h/?q=\\\"a\\\\b\\\"\" 1700000000000000001\n"
        );
    }
}
