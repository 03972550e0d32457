//! `--out csv=FILE`: every sample as a row, in the columns of k6.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use super::super::series::Users;
use super::super::target::{Target, reason};
use super::points::{self, Point};
use super::{Carrier, News, Trouble};
use crate::config::Outlet;
use crate::fault::Fault;
use crate::metrics::epoch;

/// Tags with a column of their own, in k6's order; others go to `extra_tags`.
const COLUMNS: [&str; 13] = [
    "check",
    "error",
    "error_code",
    "expected_response",
    "group",
    "method",
    "name",
    "proto",
    "scenario",
    "service",
    "status",
    "subproto",
    "tls_version",
];

pub(super) struct Csv {
    path: PathBuf,
    file: Option<BufWriter<File>>,
    users: Users,
}

impl Csv {
    pub(super) fn prepare(outlet: &Outlet) -> Result<Csv, Fault> {
        let path = PathBuf::from(&outlet.target);
        Target::prepare(&path)?;
        Ok(Csv { path, file: None, users: Users::default() })
    }

    fn write(&mut self, news: &News) -> io::Result<()> {
        if let News::Started(_) = news {
            let mut file = BufWriter::new(File::create(&self.path)?);
            file.write_all(head().as_bytes())?;
            self.file = Some(file);
        }
        let Some(file) = &mut self.file else { return Err(io::Error::other("it was lost before")) };
        let (mut written, mut text) = (Ok(()), String::new());
        let mut put = |point: &Point<'_>| {
            text.clear();
            row(&mut text, point);
            if written.is_ok() {
                written = file.write_all(text.as_bytes());
            }
        };
        match news {
            News::Samples(samples) => {
                samples.iter().for_each(|sample| points::of_sample(sample, &mut put));
                return written;
            }
            News::Tick(tick) => {
                self.users.see(tick.users);
                points::of_tick(tick, self.users, &mut put);
            }
            News::Started(_) | News::Done(..) => {}
        }
        written.and_then(|()| file.flush())
    }
}

impl Carrier for Csv {
    fn carry(&mut self, news: &News) -> Result<(), Trouble> {
        self.write(news).map_err(|error| {
            self.file = None;
            Trouble { why: reason(&error), help: None, lost: 0 }
        })
    }
}

fn head() -> String {
    let before = ["metric_name", "timestamp", "metric_value"];
    let all: Vec<&str> = before.into_iter().chain(COLUMNS).chain(["url", "extra_tags", "metadata"]).collect();
    format!("{}\n", all.join(","))
}

fn row(text: &mut String, point: &Point<'_>) {
    let tag = |name: &str| {
        let at = point.tags.binary_search_by(|(known, _)| (**known).cmp(name)).ok()?;
        Some(&*point.tags[at].1)
    };
    field(text, point.metric);
    text.push_str(&format!(",{},{:.6}", epoch(point.at) as u64, point.value));
    for column in COLUMNS.into_iter().chain(["url"]) {
        text.push(',');
        field(text, tag(column).unwrap_or_default());
    }
    let extra = point.tags.iter().filter(|(name, _)| **name != *"url" && !COLUMNS.contains(&&**name));
    let extra: Vec<String> = extra.map(|(name, value)| format!("{name}={value}")).collect();
    text.push(',');
    field(text, &extra.join("&"));
    text.push_str(",\n");
}

fn field(text: &mut String, value: &str) {
    if value.contains([',', '"', '\r', '\n']) {
        text.push('"');
        text.push_str(&value.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_k6() {
        let mut text = head();
        for sample in points::samples::three() {
            points::of_sample(&sample, &mut |point| row(&mut text, point));
        }
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "metric_name,timestamp,metric_value,check,error,error_code,expected_response,group,method,name,\
             proto,scenario,service,status,subproto,tls_version,url,extra_tags,metadata"
        );
        assert_eq!(
            lines[2],
            "http_req_duration,1700000000,12.000000,,,1503,false,::pay,GET,\"/a, b\",,default,,503,,,\
             http://127.0.0.1/a?x=1,class=Shopper&plan=gold=1,"
        );
        assert_eq!(
            lines[12],
            "checks,1700000000,1.000000,\"is \"\"ok\"\"\",,,,,,,,default,,,,,,class=Shopper,"
        );
        assert_eq!(lines[13], "orders,1700000000,2.500000,,,,,,,,,default,,,,,,class=Shopper,");
    }
}
