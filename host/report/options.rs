//! What the sinks are asked for, and where they write. Filled in by `app`.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use indicatif::ProgressDrawTarget;

use crate::config::Outlet;

/// Which results, and how the terminal is to look.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The prefix of the four CSV files.
    pub csv: Option<PathBuf>,
    /// The history file gets a row for each name too, not only the aggregate.
    pub csv_full_history: bool,
    /// The JSON array goes to stdout, and everything else to stderr.
    pub json: bool,
    /// The same array into a file; `.json` is added where it is missing.
    pub json_file: Option<PathBuf>,
    /// k6's summary.
    pub summary_export: Option<PathBuf>,
    pub junit: Option<PathBuf>,
    /// One page with everything.
    pub html: Option<PathBuf>,
    /// Where results go while the run goes on.
    pub out: Vec<Outlet>,
    /// The process's variables, for outlets that are set up by some.
    pub variables: BTreeMap<String, String>,
    /// Warnings are to be logged.
    pub warns: bool,
    /// The run is shown on the whole terminal.
    pub tui: bool,
    /// No tables before the end.
    pub only_summary: bool,
    /// No progress, logs or tables at all.
    pub quiet: bool,
    /// Colours are welcome (neither `--no-color` nor `NO_COLOR`); used on terminals only.
    pub color: bool,
    /// Columns of the terminal.
    pub width: usize,
    /// Stdout is a terminal.
    pub tty: bool,
    /// Stderr is a terminal.
    pub stderr_tty: bool,
}

/// Where the terminal's part goes; a test puts buffers here.
pub struct Writers {
    pub out: Box<dyn Write + Send>,
    pub err: Box<dyn Write + Send>,
    /// What the progress bar is drawn on.
    pub bar: ProgressDrawTarget,
}

impl Writers {
    /// The process's own.
    pub fn standard() -> Self {
        Writers {
            out: Box::new(io::stdout()),
            err: Box::new(io::stderr()),
            bar: ProgressDrawTarget::stderr(),
        }
    }
}
