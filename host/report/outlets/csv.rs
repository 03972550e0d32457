//! `--out csv=FILE`: every sample as a row, in the columns of k6.

use std::io::{self, Write};

use super::point_file::Form;
use super::points::Point;
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

#[derive(Default)]
pub(super) struct Csv {
    text: String,
}

impl Form for Csv {
    fn head() -> String {
        head()
    }

    fn put(&mut self, file: &mut impl Write, point: &Point<'_>) -> io::Result<()> {
        self.text.clear();
        row(&mut self.text, point);
        file.write_all(self.text.as_bytes())
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
    use super::super::points;
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
