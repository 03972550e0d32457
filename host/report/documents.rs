//! Result files as texts, of a run that has ended or as of a moment: what the page offers to download. Called by `web`.

use super::arrivals;
use super::csv::{self, View};
use super::json;
use super::junit;
use super::summary_export;
use crate::event::{RunInfo, Summary};

/// One of the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    Stats,
    Failures,
    Exceptions,
    Arrivals,
    Json,
    SummaryExport,
    Junit,
}

/// What the files are made of.
#[derive(Clone, Copy)]
pub struct Moment<'a> {
    pub info: &'a RunInfo,
    /// Of a run that goes on: as if it had ended just now.
    pub summary: &'a Summary,
}

impl Document {
    pub const ALL: [Document; 7] = [
        Document::Stats,
        Document::Failures,
        Document::Exceptions,
        Document::Arrivals,
        Document::Json,
        Document::SummaryExport,
        Document::Junit,
    ];

    /// The end of the file's name.
    pub fn name(self) -> &'static str {
        match self {
            Document::Stats => "stats.csv",
            Document::Failures => "failures.csv",
            Document::Exceptions => "exceptions.csv",
            Document::Arrivals => "arrivals.csv",
            Document::Json => "stats.json",
            Document::SummaryExport => "summary.json",
            Document::Junit => "junit.xml",
        }
    }

    /// Its media type.
    pub fn kind(self) -> &'static str {
        match self {
            Document::Json | Document::SummaryExport => "application/json",
            Document::Junit => "application/xml",
            _ => "text/csv; charset=utf-8",
        }
    }

    /// Whether there is anything to put into it.
    pub fn is_there(self, info: &RunInfo) -> bool {
        self != Document::Arrivals || arrivals::has_any(info)
    }

    pub fn render(self, moment: Moment<'_>) -> Vec<u8> {
        let Moment { info, summary } = moment;
        let totals = &*summary.totals;
        let span = summary.span();
        match self {
            Document::Stats => {
                let view = View { totals, span, at: summary.ended_at, users: summary.users.now };
                csv::stats(&view).into_bytes()
            }
            Document::Failures => csv::failures(totals).into_bytes(),
            Document::Exceptions => csv::exceptions(totals).into_bytes(),
            Document::Arrivals => csv::arrivals(info, totals).into_bytes(),
            Document::Json => json::render(summary),
            Document::SummaryExport => summary_export::text(summary, &info.watched),
            Document::Junit => junit::render(summary, Some(info)).into_bytes(),
        }
    }
}
