//! The options of a run that several processes make. Part of `definition`.

use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::value_parser;

use crate::config::{GivenTogether, OnLoss};
use crate::load::Segment;

use super::Origins;
use super::definition::positive_duration;

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
