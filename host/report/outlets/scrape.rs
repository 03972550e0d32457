//! `--out prometheus=HOST:PORT`: a page to scrape, in the text format of Prometheus.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::super::series::{Measured, Users};
use super::super::target::reason;
use super::names::named;
use super::{Carrier, News, Trouble};
use crate::config::Outlet;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::metrics::Snapshot;

/// How long a scraper may take to ask and to read.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Default)]
struct Latest {
    totals: Arc<Snapshot>,
    users: Users,
    watched: Arc<[String]>,
}

pub(super) struct Scrape(Arc<Mutex<Latest>>);

impl Scrape {
    /// # Errors
    /// The address cannot be listened at.
    pub(super) fn prepare(outlet: &Outlet) -> Result<Scrape, Fault> {
        let address = match outlet.target.strip_prefix(':') {
            Some(port) => format!("0.0.0.0:{port}"),
            None => outlet.target.clone(),
        };
        let listener = TcpListener::bind(&address).map_err(|error| {
            Fault::new(Exit::Config, format!("cannot listen at {address} for --out {outlet}"))
                .why(reason(&error))
                .help("choose another port, or end what uses this one")
        })?;
        let latest = Arc::new(Mutex::new(Latest::default()));
        let shown = latest.clone();
        let serve = move || {
            for stream in listener.incoming().flatten() {
                // A scraper that goes away is its own loss.
                let _ = answer(&stream, &shown);
            }
        };
        std::thread::Builder::new().name("out-scraped".to_owned()).spawn(serve).map_err(|why| {
            Fault::new(Exit::Internal, format!("cannot start a thread for --out {outlet}"))
                .why(why.to_string())
        })?;
        Ok(Scrape(latest))
    }
}

impl Carrier for Scrape {
    fn carry(&mut self, news: &News) -> Result<(), Trouble> {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match news {
            News::Started(info) => {
                latest.users = Users::planned(info.users);
                latest.watched = info.watched.clone().into();
            }
            News::Samples(_) => {}
            News::Tick(tick) => {
                latest.users.see(tick.users);
                latest.totals = tick.totals.clone();
            }
            News::Done(summary, _) => {
                (latest.users, latest.totals) = (summary.users, summary.totals.clone());
            }
        }
        Ok(())
    }

    fn wants_newest(&self) -> bool {
        true
    }
}

fn answer(stream: &TcpStream, latest: &Mutex<Latest>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // No head of a scraper is longer.
    let mut reader = BufReader::new(stream.take(16 << 10));
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 2 {
        line.clear();
    }
    let mut words = first.split_whitespace();
    let (status, body) = match (words.next(), words.next()) {
        (Some("GET"), Some("/metrics" | "/")) => {
            let (totals, users, watched) = {
                let latest = latest.lock().unwrap_or_else(PoisonError::into_inner);
                (latest.totals.clone(), latest.users, latest.watched.clone())
            };
            ("200 OK", page(Measured { totals: &totals, users, watched: &watched }))
        }
        _ => ("404 Not Found", "metrics are at /metrics\n".to_owned()),
    };
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    let mut stream = stream;
    stream.write_all(head.as_bytes())?;
    stream.write_all(body.as_bytes())
}

fn page(measured: Measured<'_>) -> String {
    let (mut text, mut last) = (String::new(), String::new());
    for named in named(measured) {
        if named.name != last {
            let kind = if named.is_counter { "counter" } else { "gauge" };
            text.push_str(&format!("# TYPE {} {kind}\n", named.name));
            last.clone_from(&named.name);
        }
        text.push_str(&named.name);
        let labels: Vec<String> =
            named.labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escape(value))).collect();
        if !labels.is_empty() {
            text.push_str(&format!("{{{}}}", labels.join(",")));
        }
        text.push_str(&format!(" {}\n", named.value));
    }
    text
}

fn escape(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::metrics::{Group, Recorder};

    #[test]
    fn the_text_format() {
        let mut recorder = Recorder::new();
        recorder.check(Group::NONE, "a \"b\" \\ c\nd", true);
        recorder.check(Group::NONE, "a", false);
        let totals = recorder.take();
        let users = Users { now: 2, least: 1, most: 3, max: 3 };
        assert_eq!(
            page(Measured { totals: &totals, users, watched: &[] }),
            "# TYPE k6_checks_rate gauge\n\
             k6_checks_rate{check=\"a\",group=\"\"} 0\n\
             k6_checks_rate{check=\"a \\\"b\\\" \\\\ c\\nd\",group=\"\"} 1\n\
             # TYPE k6_iterations_total counter\n\
             k6_iterations_total{scenario=\"default\"} 0\n\
             # TYPE k6_vus gauge\n\
             k6_vus 2\n\
             # TYPE k6_vus_max gauge\n\
             k6_vus_max 3\n"
        );
    }

    #[test]
    fn an_address_in_use_is_refused() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let outlet = Outlet::parse(&format!("prometheus={}", taken.local_addr().unwrap())).unwrap();
        let fault = Scrape::prepare(&outlet).err().unwrap();
        assert_eq!((fault.exit, fault.why.as_deref()), (Exit::Config, Some("address already in use")));
    }
}
