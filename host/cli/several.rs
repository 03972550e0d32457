//! The options of a run that several processes make. Part of `definition`.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use clap::value_parser;

use crate::config::{GivenTogether, OnLoss};
use crate::load::Segment;
use crate::units::parse_duration;

use super::Origins;
use super::definition::positive_duration;
use super::web::Web;

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Several machines")]
pub(super) struct Several {
    /// Play part I of N of the run, counted from 0: N processes make the run that one would
    #[arg(long, value_name = "I/N", value_parser = Segment::parse)]
    pub(super) segment: Option<Segment>,

    /// How many processes make the run: each takes the part that JOB_COMPLETION_INDEX says, else the first that is free
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(1..=Segment::MOST))]
    pub(super) segments: Option<u64>,

    /// Meet the other processes through NATS (several servers with commas): one start, one setup, one result
    #[arg(long, value_name = "URL")]
    pub(super) nats: Option<String>,

    /// The name of the run, the same in all its processes
    #[arg(long, value_name = "ID")]
    pub(super) run: Option<String>,

    /// What becomes of the run when a process is lost (inconclusive)
    #[arg(long, value_name = "WHAT", value_parser = losses())]
    pub(super) on_loss: Option<OnLoss>,

    /// How long to wait for the other processes before the run (5m)
    #[arg(long, value_name = "TIME", value_parser = positive_duration)]
    pub(super) wait: Option<Duration>,
}

/// Which run is shown.
#[derive(Clone, Debug, PartialEq, clap::Args)]
pub struct Follow {
    /// The NATS server where its processes meet
    #[arg(long, value_name = "URL")]
    pub nats: String,

    /// The name of the run
    #[arg(long, value_name = "ID")]
    pub run: String,

    /// Print the statistics as JSON at the end
    #[arg(long)]
    pub json: bool,

    /// Print the tables only at the end
    #[arg(long)]
    pub only_summary: bool,

    /// Print errors only
    #[arg(long)]
    pub quiet: bool,

    /// No colours; so does the variable NO_COLOR
    #[arg(long)]
    pub no_color: bool,

    /// The answer to a guarded environment's question: without it the run can be stopped from here, and nothing else
    #[arg(long, value_name = "TEXT")]
    pub confirm: Option<String>,

    /// Write PREFIX_stats.csv, _stats_history.csv, _failures.csv and _exceptions.csv
    #[arg(long, value_name = "PREFIX", value_parser = NonEmptyStringValueParser::new(), help_heading = "Results")]
    pub csv: Option<String>,

    /// A line per request name in the history, not only the total
    #[arg(long, help_heading = "Results")]
    pub csv_full_history: bool,

    /// Write the statistics as JSON to FILE, which gets the ending .json where it lacks it
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    pub json_file: Option<PathBuf>,

    /// Write the summary as JSON in the shape of k6 to FILE
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    pub summary_export: Option<PathBuf>,

    /// Write a JUnit report to FILE
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    pub junit: Option<PathBuf>,

    /// Write the whole run as one HTML page to FILE
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    pub html: Option<PathBuf>,

    #[command(flatten)]
    pub(super) page: Page,

    /// The page as it is to be served.
    #[arg(skip)]
    pub web: Option<Web>,
}

/// A page that shows the run and steers it.
#[derive(Clone, Debug, PartialEq, clap::Args)]
#[command(next_help_heading = "Web interface")]
pub(super) struct Page {
    /// Serve a page that shows and steers the run
    #[arg(long)]
    pub(super) web: bool,

    /// Where the page is served (127.0.0.1); beyond this machine only with --web-login or --web-token
    #[arg(long, value_name = "ADDRESS")]
    pub(super) web_host: Option<String>,

    /// Port of the page (8089); 0 takes a free one
    #[arg(short = 'P', long, value_name = "PORT")]
    pub(super) web_port: Option<u16>,

    /// Ask for this name and password. Better in the variable E2E_WEB_LOGIN, which other users do not see
    #[arg(long, value_name = "USER:PASSWORD")]
    pub(super) web_login: Option<String>,

    /// Ask for this token, as `Authorization: Bearer TOKEN` or once as `/?token=TOKEN`; or in E2E_WEB_TOKEN
    #[arg(long, value_name = "TOKEN", value_parser = NonEmptyStringValueParser::new())]
    pub(super) web_token: Option<String>,

    /// End so long after the run
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub(super) autoquit: Option<Duration>,
}

impl Several {
    /// The options with where each came from.
    pub(super) fn given(self, origins: &Origins) -> GivenTogether {
        GivenTogether {
            segment: origins.option("segment", self.segment),
            segments: origins.option("segments", self.segments),
            nats: origins.option("nats", self.nats),
            run: origins.option("run", self.run),
            on_loss: origins.option("on_loss", self.on_loss),
            wait: origins.option("wait", self.wait),
        }
    }
}

fn losses() -> impl TypedValueParser<Value = OnLoss> {
    PossibleValuesParser::new(OnLoss::ALL.map(OnLoss::name))
        .map(|text| OnLoss::ALL.into_iter().find(|on_loss| on_loss.name() == text).unwrap_or_default())
}
