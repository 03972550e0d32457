//! The options as clap knows them. Called by `cli` alone.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{NonEmptyStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Parser, Subcommand, value_parser};

use crate::config::{HttpDebug, Level, is_name};
use crate::units::{UnitError, parse_duration, parse_rate};

use super::several::{Follow, Several};

/// Run user classes written in Lua or Rhai as an end-to-end test and as a load test
#[derive(Debug, Parser)]
#[command(name = "e2e", version, args_conflicts_with_subcommands = true, args_override_self = true)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) sub: Option<Sub>,

    /// User classes to run; all that the scripts define without any
    #[arg(value_name = "CLASS")]
    pub(super) classes: Vec<String>,

    /// Script to run, as given or below scripts/; repeatable. Without: main.lua or main.rhai
    #[arg(short = 'f', long, value_name = "PATH")]
    pub(super) script: Vec<PathBuf>,

    /// Environment: config/NAME.yaml. Without: local
    #[arg(long, value_name = "NAME")]
    pub(super) env: Option<String>,

    /// Send requests here instead of to the environment's base_url
    #[arg(short = 'H', long, value_name = "URL")]
    pub(super) host: Option<String>,

    /// Variable for the script's env and for ${NAME} in the environment file; repeatable
    #[arg(short = 'e', long, value_name = "NAME=VALUE", value_parser = assignment)]
    pub(super) env_var: Vec<(String, String)>,

    /// Run again whenever a script, module, data or configuration file changes
    #[arg(long)]
    pub(super) watch: bool,

    /// The answer to a guarded environment's question
    #[arg(long, value_name = "TEXT")]
    pub(super) confirm: Option<String>,

    /// Users at full load (1)
    #[arg(short, long, value_name = "N", value_parser = value_parser!(u32).range(1..), help_heading = "Load")]
    pub(super) users: Option<u32>,

    /// Users to start per second (1); 30/m is half a user per second
    #[arg(short = 'r', long, value_name = "R", value_parser = parse_rate, help_heading = "Load")]
    pub(super) spawn_rate: Option<f64>,

    /// Stop after this time: 30s, 1h20m; a bare number is seconds. Without: run until stopped
    #[arg(short = 't', long, value_name = "TIME", value_parser = positive_duration, help_heading = "Load")]
    pub(super) run_time: Option<Duration>,

    /// Stop after this many task iterations of all users together
    #[arg(short, long, value_name = "N", value_parser = value_parser!(u64).range(1..), help_heading = "Load")]
    pub(super) iterations: Option<u64>,

    /// How long a running task may finish at the end (10s)
    #[arg(short, long, value_name = "TIME", value_parser = parse_duration, help_heading = "Load")]
    pub(super) stop_timeout: Option<Duration>,

    /// Run only tasks with one of these tags; separated by commas or repeated
    #[arg(short = 'T', long, value_name = "TAG", value_delimiter = ',', help_heading = "Load")]
    pub(super) tags: Vec<String>,

    /// Leave out tasks with one of these tags
    #[arg(short = 'E', long, value_name = "TAG", value_delimiter = ',', help_heading = "Load")]
    pub(super) exclude_tags: Vec<String>,

    /// Repeat the decisions of the run with this seed, at most 9223372036854775807
    #[arg(long, value_name = "N", value_parser = value_parser!(u64).range(..=i64::MAX as u64), help_heading = "Load")]
    pub(super) seed: Option<u64>,

    /// Worker threads; one per core without
    #[arg(long, value_name = "N", value_parser = workers, help_heading = "Load")]
    pub(super) workers: Option<usize>,

    #[command(flatten)]
    pub(super) several: Several,

    /// Count from anew once all users have started
    #[arg(long, help_heading = "Load")]
    pub(super) reset_stats: bool,

    /// Judge the run even where this machine could not keep up: for busy machines, where times do not matter
    #[arg(long, help_heading = "Results")]
    pub(super) no_generator_check: bool,

    /// Exit code when a request failed or a task raised (1)
    #[arg(long, value_name = "N", help_heading = "Results")]
    pub(super) exit_code_on_error: Option<u8>,

    /// Write PREFIX_stats.csv, _stats_history.csv, _failures.csv and _exceptions.csv
    #[arg(long, value_name = "PREFIX", value_parser = NonEmptyStringValueParser::new(), help_heading = "Results")]
    pub(super) csv: Option<String>,

    /// A line per request name in the history, not only the total
    #[arg(long, help_heading = "Results")]
    pub(super) csv_full_history: bool,

    /// Print the statistics as JSON at the end
    #[arg(long, help_heading = "Results")]
    pub(super) json: bool,

    /// Write the statistics as JSON to FILE, which gets the ending .json where it lacks it
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    pub(super) json_file: Option<PathBuf>,

    /// Write the end-of-run summary as JSON in the shape of k6 to FILE
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    pub(super) summary_export: Option<PathBuf>,

    /// Write a JUnit report to FILE, for the test view of a CI server
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    pub(super) junit: Option<PathBuf>,

    /// Write the whole run as one HTML page to FILE: tables, charts, configuration; it needs no network
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    pub(super) html: Option<PathBuf>,

    /// Send results elsewhere while the run goes on; repeatable. KIND: json, csv, hdr (TARGET is a file), influxdb,
    /// prometheus-rw (a URL), prometheus (HOST:PORT to scrape), otlp (a URL, or OTEL_* variables)
    #[arg(long, value_name = "KIND=TARGET", help_heading = "Results")]
    pub(super) out: Vec<String>,

    /// Compare with an earlier run, recorded in FILE by --out hdr=FILE; thresholds may ask for that
    #[arg(long, value_name = "FILE", help_heading = "Results")]
    pub(super) baseline: Option<PathBuf>,

    /// Run without a web interface (the default)
    #[arg(long, overrides_with = "web", help_heading = "Terminal")]
    pub(super) headless: bool,

    /// Show the run in a live view on the whole terminal, with charts and keys
    #[arg(long, help_heading = "Terminal")]
    pub(super) tui: bool,

    /// Print the tables only at the end
    #[arg(long, help_heading = "Terminal")]
    pub(super) only_summary: bool,

    /// Print errors only
    #[arg(long, help_heading = "Terminal")]
    pub(super) quiet: bool,

    /// How much is logged
    #[arg(short = 'L', long, value_name = "LEVEL", ignore_case = true, value_parser = levels(), help_heading = "Terminal")]
    pub(super) loglevel: Option<Level>,

    /// Write the log to a file
    #[arg(long, value_name = "FILE", help_heading = "Terminal")]
    pub(super) logfile: Option<PathBuf>,

    /// Log requests and answers, secrets masked: their heads, or all of them with =full
    #[arg(long, value_name = "HOW", num_args = 0..=1, require_equals = true, default_missing_value = "heads", value_parser = debugs(), help_heading = "Terminal")]
    pub(super) http_debug: Option<HttpDebug>,

    /// No colours; so does the variable NO_COLOR
    #[arg(long, help_heading = "Terminal")]
    pub(super) no_color: bool,

    /// Serve a page that starts runs, shows and steers them
    #[arg(long, overrides_with = "headless", help_heading = "Web interface")]
    pub(super) web: bool,

    /// Where the page is served (127.0.0.1); beyond this machine only with --web-login or --web-token
    #[arg(long, value_name = "ADDRESS", help_heading = "Web interface")]
    pub(super) web_host: Option<String>,

    /// Port of the page (8089); 0 takes a free one
    #[arg(short = 'P', long, value_name = "PORT", help_heading = "Web interface")]
    pub(super) web_port: Option<u16>,

    /// Ask for this name and password. Better in the variable, which other users of the machine do not see
    #[arg(long, value_name = "USER:PASSWORD", help_heading = "Web interface")]
    pub(super) web_login: Option<String>,

    /// Ask for this token, as `Authorization: Bearer TOKEN` or once as `/?token=TOKEN`
    #[arg(long, value_name = "TOKEN", value_parser = NonEmptyStringValueParser::new(), help_heading = "Web interface")]
    pub(super) web_token: Option<String>,

    /// Start a run at once, without waiting for the page
    #[arg(long, help_heading = "Web interface")]
    pub(super) autostart: bool,

    /// End so long after the run that --autostart began
    #[arg(long, value_name = "TIME", value_parser = parse_duration, help_heading = "Web interface")]
    pub(super) autoquit: Option<Duration>,

    /// List the user classes
    #[arg(short, long, group = "look", help_heading = "Look without running")]
    pub(super) list: bool,

    /// Show how often each task would be chosen
    #[arg(long, group = "look", help_heading = "Look without running")]
    pub(super) show_task_ratio: bool,

    /// Show the merged configuration and where each value came from
    #[arg(long, group = "look", help_heading = "Look without running")]
    pub(super) show_config: bool,

    /// Compile every script and report all faults
    #[arg(long, group = "look", help_heading = "Look without running")]
    pub(super) check: bool,
}

/// A language that a new project's scripts are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Written {
    Lua,
    Rhai,
}

#[derive(Debug, Subcommand)]
pub(super) enum Sub {
    /// Write a project whose first run passes
    Init {
        /// Folder to write to; made where there is none
        #[arg(value_name = "DIR", default_value = ".")]
        dir: PathBuf,

        /// The language of its scripts
        #[arg(long, value_name = "LANGUAGE", value_enum, default_value = "lua")]
        lang: Written,
    },
    /// Run the bundled documents service in the foreground
    Demo(Demo),
    /// Show a run that other processes make, from anywhere; ends with its exit code
    Follow(Box<Follow>),
    /// Add up runs recorded with --out hdr=FILE, print the tables and write every report
    Report(Report),
    /// Print completions for a shell
    Completions {
        #[arg(value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
}

/// What is made of the recordings of runs.
#[derive(Clone, Debug, PartialEq, clap::Args)]
pub struct Report {
    /// Logs of runs, or of machines that made one run together
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Compare with an earlier run, recorded in FILE, and state how certain the differences are
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// Write PREFIX_stats.csv, _stats_history.csv, _failures.csv and _exceptions.csv
    #[arg(long, value_name = "PREFIX", value_parser = NonEmptyStringValueParser::new())]
    pub csv: Option<String>,

    /// A line per request name in the history, not only the total
    #[arg(long)]
    pub csv_full_history: bool,

    /// Print the statistics as JSON
    #[arg(long)]
    pub json: bool,

    /// Write the statistics as JSON to FILE, which gets the ending .json where it lacks it
    #[arg(long, value_name = "FILE")]
    pub json_file: Option<PathBuf>,

    /// Write the summary as JSON in the shape of k6 to FILE
    #[arg(long, value_name = "FILE")]
    pub summary_export: Option<PathBuf>,

    /// Write a JUnit report to FILE
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// Write the whole run as one HTML page to FILE
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Print nothing but errors
    #[arg(long)]
    pub quiet: bool,

    /// No colours; so does the variable NO_COLOR
    #[arg(long)]
    pub no_color: bool,
}

/// How the documents service runs.
#[derive(Clone, Debug, PartialEq, clap::Args)]
pub struct Demo {
    /// Address to listen at; any but this machine's own is open to whoever reaches it
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    pub listen: IpAddr,

    /// Port; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub port: u16,
    /// Port for gRPC [default: 50051, or a free one with --port 0]; 0 takes a free one
    #[arg(long, value_name = "PORT")]
    pub grpc_port: Option<u16>,

    /// Wait this long before each answer
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = parse_duration)]
    pub latency: Duration,

    /// Share of requests that fail, 0 to 1
    #[arg(long, value_name = "SHARE", default_value_t = 0.0, value_parser = share)]
    pub error_rate: f64,

    /// Answer nothing for LENGTH once EVERY so often, as in 1s/10s
    #[arg(long, value_name = "LENGTH/EVERY", value_parser = stall)]
    pub stall: Option<Stall>,
}

/// A service that answers nothing for `length` once in `every`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stall {
    pub length: Duration,
    pub every: Duration,
}

pub(super) fn positive_duration(text: &str) -> Result<Duration, String> {
    match parse_duration(text) {
        Ok(Duration::ZERO) => Err("it must be longer than 0".to_string()),
        Ok(duration) => Ok(duration),
        Err(error) => Err(error.to_string()),
    }
}

fn assignment(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    if !is_name(name) {
        return Err(format!("`{name}` is not a variable's name: letters, digits and _, no digit first"));
    }
    Ok((name.to_string(), value.to_string()))
}

fn workers(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(workers @ 1..=1024) => Ok(workers),
        _ => Err("it must be a whole number from 1 to 1024".to_string()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("it must be a number between 0 and 1".to_string()),
    }
}

fn stall(text: &str) -> Result<Stall, String> {
    let (length, every) = text.split_once('/').ok_or("write it as LENGTH/EVERY, for example 1s/10s")?;
    let read = |text: &str| parse_duration(text).map_err(|error: UnitError| error.to_string());
    let stall = Stall { length: read(length)?, every: read(every)? };
    if stall.every.is_zero() || stall.length > stall.every {
        return Err("EVERY must be longer than LENGTH, and than 0".to_string());
    }
    Ok(stall)
}

fn debugs() -> impl TypedValueParser<Value = HttpDebug> {
    const ALL: [HttpDebug; 2] = [HttpDebug::Heads, HttpDebug::Full];
    PossibleValuesParser::new(ALL.map(HttpDebug::name)).map(|text| match text.as_str() {
        "full" => HttpDebug::Full,
        _ => HttpDebug::Heads,
    })
}

fn levels() -> impl TypedValueParser<Value = Level> {
    const LEVELS: [Level; 4] = [Level::Debug, Level::Info, Level::Warning, Level::Error];
    let values = LEVELS.map(|level| {
        let value = PossibleValue::new(level.name());
        if level == Level::Warning { value.alias("warn") } else { value }
    });
    PossibleValuesParser::new(values).map(|text| {
        let text = text.to_ascii_lowercase();
        LEVELS.into_iter().find(|level| level.name().starts_with(&text)).unwrap_or_default()
    })
}
