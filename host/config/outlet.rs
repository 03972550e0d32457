//! Where results go while a run goes on (`--out KIND=TARGET`): what is written and what it
//! means. Read by `cli`, carried in the plan to `report`.

use std::fmt::{self, Display};
use std::path::Path;

use crate::fault::closest;
use crate::mask;

/// A kind of receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutletKind {
    /// Each sample as a line of JSON, as k6 writes them.
    Json,
    /// Each sample as a row, in k6's columns.
    Csv,
    /// An HDR interval log.
    Hdr,
    Influxdb,
    /// Remote write.
    PrometheusRw,
    /// A page to scrape.
    Prometheus,
    Otlp,
}

/// One `--out`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlet {
    pub kind: OutletKind,
    /// A file, a URL or an address; empty where variables say it.
    pub target: String,
}

/// Names, the first of which is shown; k6's own names mean the same.
const KINDS: [(OutletKind, &[&str]); 7] = [
    (OutletKind::Json, &["json"]),
    (OutletKind::Csv, &["csv"]),
    (OutletKind::Hdr, &["hdr"]),
    (OutletKind::Influxdb, &["influxdb", "xk6-influxdb"]),
    (OutletKind::PrometheusRw, &["prometheus-rw", "experimental-prometheus-rw"]),
    (OutletKind::Prometheus, &["prometheus"]),
    (OutletKind::Otlp, &["otlp", "opentelemetry", "experimental-opentelemetry"]),
];

impl OutletKind {
    pub fn name(self) -> &'static str {
        KINDS.iter().find(|(kind, _)| *kind == self).map_or("", |(_, names)| names[0])
    }

    fn is_file(self) -> bool {
        matches!(self, OutletKind::Json | OutletKind::Csv | OutletKind::Hdr)
    }
}

impl Outlet {
    /// Reads `KIND=TARGET`. The error is a text for people, without passwords.
    pub fn parse(text: &str) -> Result<Outlet, String> {
        let (name, target) = text.split_once('=').unwrap_or((text, ""));
        let Some((kind, _)) = KINDS.iter().find(|(_, names)| names.contains(&name)) else {
            let known = KINDS.iter().flat_map(|(_, names)| *names).copied();
            let shown = mask::hide_password(name);
            return Err(match closest(name, known) {
                Some(best) => format!("there is no output `{shown}`; did you mean `{best}`?"),
                None => {
                    let all: Vec<_> = KINDS.iter().map(|(_, names)| names[0]).collect();
                    format!("there is no output `{shown}`; there are {}", all.join(", "))
                }
            });
        };
        let outlet = Outlet { kind: *kind, target: target.to_owned() };
        if let Some(token) = outlet.token() {
            mask::add(token);
        }
        let example = match kind {
            OutletKind::Json => "json=samples.json",
            OutletKind::Csv => "csv=samples.csv",
            OutletKind::Hdr => "hdr=run.hlog",
            OutletKind::Influxdb => "influxdb=http://127.0.0.1:8086/k6",
            OutletKind::PrometheusRw => "prometheus-rw=http://127.0.0.1:9090/api/v1/write",
            OutletKind::Prometheus => "prometheus=127.0.0.1:5656",
            OutletKind::Otlp => "otlp=http://127.0.0.1:4318",
        };
        let fits = match kind {
            // A URL is none: it would be a file in a folder of that name.
            kind if kind.is_file() => !target.is_empty() && !target.ends_with('/') && !target.contains("://"),
            // The variables of OpenTelemetry say the rest.
            OutletKind::Otlp => target.is_empty() || is_url(target),
            OutletKind::Prometheus => is_address(target),
            _ => is_url(target),
        };
        match fits {
            true => Ok(outlet),
            false => {
                let what = match kind {
                    kind if kind.is_file() => "a file",
                    OutletKind::Prometheus => "HOST:PORT",
                    _ => "a URL that begins with http:// or https://",
                };
                Err(format!("`{outlet}` does not name {what}: write it like {example}"))
            }
        }
    }

    /// The file that it writes, if it writes one.
    pub fn file(&self) -> Option<&Path> {
        self.kind.is_file().then(|| Path::new(&self.target))
    }

    /// A token in the URL.
    fn token(&self) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').find_map(|pair| pair.strip_prefix("token=")).filter(|token| !token.is_empty())
    }
}

impl Display for Outlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let target = mask::hide_password(&self.target).into_owned();
        let target = match self.token() {
            Some(token) => target.replace(token, mask::MASK),
            None => target,
        };
        match target.is_empty() {
            true => f.write_str(self.kind.name()),
            false => write!(f, "{}={target}", self.kind.name()),
        }
    }
}

fn is_url(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
}

fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_is_meant_and_what_is_refused() {
        let read = |text: &str| Outlet::parse(text).map(|outlet| (outlet.kind, outlet.target));
        assert_eq!(read("json=a=b.json"), Ok((OutletKind::Json, "a=b.json".to_owned())));
        assert_eq!(read("otlp"), Ok((OutletKind::Otlp, String::new())));
        assert_eq!(read("experimental-prometheus-rw=http://h/w").unwrap().0, OutletKind::PrometheusRw);
        assert_eq!(read("prometheus=:5656").unwrap().1, ":5656");
        for (text, part) in [
            ("jsn=x", "did you mean `json`?"),
            ("influx=http://h", "did you mean `influxdb`?"),
            ("datadog", "there are json, csv, hdr, influxdb, prometheus-rw, prometheus, otlp"),
            ("json", "does not name a file: write it like json=samples.json"),
            ("json=http://127.0.0.1:1/x", "`json=http://127.0.0.1:1/x` does not name a file"),
            ("influxdb=localhost:8086", "does not name a URL"),
            ("prometheus=5656", "does not name HOST:PORT"),
            ("otlp=ftp://h", "does not name a URL"),
        ] {
            let why = Outlet::parse(text).unwrap_err();
            assert!(why.contains(part), "{why}");
        }
    }

    #[test]
    fn passwords_and_tokens_are_not_shown() {
        let outlet =
            Outlet::parse("influxdb=http://me:geheim1@h:8086/?org=o&bucket=b&token=tokentoken").unwrap();
        assert_eq!(outlet.to_string(), "influxdb=http://me:***@h:8086/?org=o&bucket=b&token=***");
        let why = Outlet::parse("influx=http://me:geheim2@h").unwrap_err();
        assert!(!why.contains("geheim2"));
    }
}
