//! A row of the statistics: everything that Locust's table and its percentiles tell of a name and method.
//! Used by `gather`.

use std::borrow::Borrow;
use std::cmp::{Ordering, Reverse};

use serde::Serialize;

use crate::metrics::{Entry, Label, PERCENTILES, Snapshot, Span};

/// Rows that are shown: those with the most requests.
pub(super) const MOST_ROWS: usize = 1000;

/// Times in ms, sizes in bytes, rates each second.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Row {
    pub method: String,
    pub name: String,
    pub requests: u64,
    pub failures: u64,
    pub average: f64,
    pub min: f64,
    pub median: f64,
    pub max: f64,
    pub average_bytes: f64,
    /// In the last 10 s while the run goes on, over all of it at the end.
    pub rps: f64,
    pub fps: f64,
    /// Over all of it so far.
    pub total_rps: f64,
    pub total_fps: f64,
    /// Those of [`PERCENTILES`], in their order; empty without requests.
    pub percentiles: Vec<f64>,
}

impl Row {
    pub(super) fn of(label: &Label, entry: &Entry, span: &Span, is_over: bool) -> Row {
        let whole = (span.rate(entry.requests), span.rate(entry.failures));
        let lately = match is_over {
            true => whole,
            false => (
                span.lately(&entry.requests_at, entry.requests),
                span.lately(&entry.failures_at, entry.failures),
            ),
        };
        let percentiles = entry.percentiles(&PERCENTILES.map(|(q, _)| q));
        Row {
            method: label.method.clone(),
            name: label.name.clone(),
            requests: entry.requests,
            failures: entry.failures,
            average: millis(entry.average()),
            min: millis(entry.min.unwrap_or(0) as f64),
            median: percentiles.first().map_or(0.0, |us| millis(*us as f64)),
            max: millis(entry.max as f64),
            average_bytes: entry.average_bytes(),
            rps: lately.0,
            fps: lately.1,
            total_rps: whole.0,
            total_fps: whole.1,
            percentiles: percentiles.into_iter().map(|us| millis(us as f64)).collect(),
        }
    }
}

/// All rows in the order of the result files, the sum of all, and how many were left out.
pub(super) fn rows(totals: &Snapshot, span: &Span, is_over: bool) -> (Vec<Row>, Row, usize) {
    let mut entries: Vec<_> = totals.entries.iter().collect();
    let left_out = keep_busiest(&mut entries, MOST_ROWS, |(_, entry)| entry.requests, |a, b| a.0.cmp(b.0));
    let rows = entries.into_iter().map(|(label, entry)| Row::of(label, entry, span, is_over)).collect();
    let aggregated = Label { name: "Aggregated".to_owned(), method: String::new() };
    (rows, Row::of(&aggregated, &totals.total, span, is_over), left_out)
}

/// Keeps the `most` with the most requests, in `order`; how many are left out.
fn keep_busiest<T>(
    all: &mut Vec<T>,
    most: usize,
    requests: impl Fn(&T) -> u64,
    order: impl Fn(&T, &T) -> Ordering,
) -> usize {
    let left_out = all.len().saturating_sub(most);
    if left_out > 0 {
        all.sort_by_key(|one| Reverse(requests(one)));
        all.truncate(most);
        all.sort_by(order);
    }
    left_out
}

/// The same of rows that are made.
pub(super) fn keep_busiest_rows<R: Borrow<Row>>(rows: &mut Vec<R>, most: usize) -> usize {
    let place = |row: &R, other: &R| {
        let (row, other) = (row.borrow(), other.borrow());
        (&row.name, &row.method).cmp(&(&other.name, &other.method))
    };
    keep_busiest(rows, most, |row| row.borrow().requests, place)
}

/// A latency in us as ms; whoever shows it rounds it, once.
pub(super) fn millis(us: f64) -> f64 {
    us / 1000.0
}

/// To three decimals: more would only make the page larger. For what charts alone show.
pub(super) fn short(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
