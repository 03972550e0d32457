//! What the person who starts a run gave: flags, variables, the folder. Filled by `cli`, read by `layers`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::origin::Sited;
use super::outlet::Outlet;
use super::together::GivenTogether;

/// The load as one layer gives it. Every field is open until a layer sets it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Load {
    pub users: Option<Sited<u32>>,
    /// Users per second.
    pub spawn_rate: Option<Sited<f64>>,
    pub run_time: Option<Sited<Duration>>,
    pub iterations: Option<Sited<u64>>,
    pub stop_timeout: Option<Sited<Duration>>,
}

impl Load {
    /// This layer above `lower`: what this one leaves open comes from there.
    pub fn over(self, lower: Load) -> Load {
        Load {
            users: self.users.or(lower.users),
            spawn_rate: self.spawn_rate.or(lower.spawn_rate),
            run_time: self.run_time.or(lower.run_time),
            iterations: self.iterations.or(lower.iterations),
            stop_timeout: self.stop_timeout.or(lower.stop_timeout),
        }
    }
}

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Debug,
    #[default]
    Info,
    Warning,
    Error,
}

impl Level {
    pub fn name(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
        }
    }
}

/// How much of requests and answers is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpDebug {
    Heads,
    /// Bodies as well.
    Full,
}

impl HttpDebug {
    pub fn name(self) -> &'static str {
        match self {
            HttpDebug::Heads => "heads",
            HttpDebug::Full => "full",
        }
    }
}

/// Where results and messages go, as given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GivenOutputs {
    pub csv: Option<Sited<String>>,
    pub csv_full_history: Option<Sited<bool>>,
    pub json: Option<Sited<bool>>,
    pub json_file: Option<Sited<PathBuf>>,
    pub summary_export: Option<Sited<PathBuf>>,
    pub junit: Option<Sited<PathBuf>>,
    pub html: Option<Sited<PathBuf>>,
    pub tui: Option<Sited<bool>>,
    pub out: Option<Sited<Vec<Outlet>>>,
    pub baseline: Option<Sited<PathBuf>>,
    pub only_summary: Option<Sited<bool>>,
    pub quiet: Option<Sited<bool>>,
    pub loglevel: Option<Sited<Level>>,
    pub logfile: Option<Sited<PathBuf>>,
    pub no_color: Option<Sited<bool>>,
    pub http_debug: Option<Sited<HttpDebug>>,
}

/// Everything given by flags and variables; a flag has already won over its variable.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given {
    pub scripts: Option<Sited<Vec<PathBuf>>>,
    pub classes: Option<Sited<Vec<String>>>,
    pub environment: Option<Sited<String>>,
    pub host: Option<Sited<String>>,
    /// `-e NAME=VALUE`, in the order given.
    pub variables: Option<Sited<Vec<(String, String)>>>,
    pub load: Load,
    pub tags: Option<Sited<Vec<String>>>,
    pub exclude_tags: Option<Sited<Vec<String>>>,
    pub exit_code_on_error: Option<Sited<u8>>,
    pub reset_stats: Option<Sited<bool>>,
    pub no_generator_check: Option<Sited<bool>>,
    pub seed: Option<Sited<u64>>,
    pub workers: Option<Sited<usize>>,
    pub confirm: Option<Sited<String>>,
    pub together: GivenTogether,
    pub outputs: GivenOutputs,
}

/// The process around the run: a value, so that tests need neither a real environment nor a working folder.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Relative paths start here; empty is the working folder, and keeps paths as they were typed.
    pub folder: PathBuf,
    pub variables: BTreeMap<String, String>,
    /// How many cores there are.
    pub cores: usize,
}

impl Surroundings {
    /// Those of this process. Variables that are not UTF-8 are left out.
    pub fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
        Surroundings { folder: PathBuf::new(), variables, cores }
    }
}
