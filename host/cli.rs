//! The command line: every option, its variable, its check. Wrong usage is clap's error (exit code 2).
//! Called by `app`, which gets a `Command` whose `Given` goes to `config`.

mod definition;
mod elsewhere;
mod negative;
mod several;
mod variables;
mod web;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{CommandFactory, FromArgMatches};

use crate::config::{Given, GivenOutputs, Load, Outlet, Sited};

use definition::{Args, Sub};
pub use definition::{Demo, Report, Stall, Written};
pub use several::Follow;
use variables::Filled;
pub use web::Web;

/// What was asked for.
#[derive(Debug)]
pub enum Command {
    /// Run scripts, or look at them.
    Run(Box<Run>),
    /// The documents service in the foreground.
    Demo(Demo),
    /// Show a run that other processes make.
    Follow(Box<Follow>),
    /// Add up recorded runs.
    Report(Report),
    /// Write a project to a folder.
    Init(PathBuf, Written),
    /// Print a shell's completions.
    Completions(clap_complete::Shell),
}

/// A run, or a look at one.
#[derive(Clone, Debug)]
pub struct Run {
    pub given: Given,
    pub look: Option<Look>,
    /// Run again after each change.
    pub watch: bool,
    /// Started by a watch.
    pub watched: bool,
    /// A page starts the runs.
    pub web: Option<Web>,
}

/// What is shown instead of running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The user classes.
    List,
    TaskRatio,
    Config,
    /// All faults of the scripts.
    Check,
}

/// The first argument of what `--watch` starts, which is told by its standard input to stop.
pub const WATCHED: &str = "--watched";

/// Reads the arguments (the program's name first) and the process's variables. The error prints itself and
/// knows its exit code: 0 for help and version, else 2.
pub fn parse(
    args: impl IntoIterator<Item = OsString>,
    variables: &BTreeMap<String, String>,
) -> Result<Command, clap::Error> {
    let mut command = variables::describe(Args::command());
    let mut args: Vec<OsString> = args.into_iter().collect();
    // Not an option: nobody is to see it in help and completions.
    let watched = args.get(1).is_some_and(|first| first == WATCHED);
    if watched {
        args.remove(1);
    }
    let filled = variables::fill(&mut command, args, variables)
        .map_err(|error| elsewhere::explain(error, &mut command))?;
    let args = Args::from_arg_matches(&filled.matches).map_err(|error| error.format(&mut command))?;
    // Not by clap, which would show what was typed, passwords and all.
    let out = args.out.iter().map(|out| Outlet::parse(out)).collect::<Result<Vec<_>, _>>();
    let out = out.map_err(|why| command.error(ErrorKind::ValueValidation, format!("--out: {why}")))?;
    Ok(match args.sub {
        Some(Sub::Demo(demo)) => Command::Demo(demo),
        Some(Sub::Follow(follow)) => {
            let web = web::read_follow(&follow, variables).map_err(|(kind, why)| command.error(kind, why))?;
            Command::Follow(Box::new(Follow { web, ..*follow }))
        }
        Some(Sub::Report(report)) => Command::Report(report),
        Some(Sub::Init { dir, lang }) => Command::Init(dir, lang),
        Some(Sub::Completions { shell }) => Command::Completions(shell),
        None => {
            let web = web::read(&args, &filled).map_err(|(kind, why)| command.error(kind, why))?;
            Command::Run(Box::new(Run { watched, web, ..run(args, out, &filled) }))
        }
    })
}

/// Writes the completions of `e2e` for a shell.
pub fn write_completions(shell: clap_complete::Shell, out: &mut dyn io::Write) {
    clap_complete::generate(shell, &mut Args::command(), "e2e", out);
}

fn run(args: Args, out: Vec<Outlet>, filled: &Filled) -> Run {
    let origins = Origins(filled);
    let watch = args.watch;
    let look = [
        (args.list, Look::List),
        (args.show_task_ratio, Look::TaskRatio),
        (args.show_config, Look::Config),
        (args.check, Look::Check),
    ];
    let given = Given {
        scripts: origins.list("script", args.script),
        classes: origins.list("classes", args.classes),
        environment: origins.option("env", args.env),
        host: origins.option("host", args.host),
        variables: origins.list("env_var", args.env_var),
        load: Load {
            users: origins.option("users", args.users),
            spawn_rate: origins.option("spawn_rate", args.spawn_rate),
            run_time: origins.option("run_time", args.run_time),
            iterations: origins.option("iterations", args.iterations),
            stop_timeout: origins.option("stop_timeout", args.stop_timeout),
        },
        tags: origins.list("tags", args.tags),
        exclude_tags: origins.list("exclude_tags", args.exclude_tags),
        exit_code_on_error: origins.option("exit_code_on_error", args.exit_code_on_error),
        reset_stats: origins.flag("reset_stats", args.reset_stats),
        no_generator_check: origins.flag("no_generator_check", args.no_generator_check),
        seed: origins.option("seed", args.seed),
        workers: origins.option("workers", args.workers),
        confirm: origins.option("confirm", args.confirm),
        together: args.several.given(&origins),
        outputs: GivenOutputs {
            csv: origins.option("csv", args.csv),
            csv_full_history: origins.flag("csv_full_history", args.csv_full_history),
            json: origins.flag("json", args.json),
            json_file: origins.option("json_file", args.json_file),
            summary_export: origins.option("summary_export", args.summary_export),
            junit: origins.option("junit", args.junit),
            html: origins.option("html", args.html),
            tui: origins.flag("tui", args.tui),
            out: origins.list("out", out),
            baseline: origins.option("baseline", args.baseline),
            only_summary: origins.flag("only_summary", args.only_summary),
            quiet: origins.flag("quiet", args.quiet),
            loglevel: origins.option("loglevel", args.loglevel),
            logfile: origins.option("logfile", args.logfile),
            no_color: origins.flag("no_color", args.no_color),
            http_debug: origins.option("http_debug", args.http_debug),
        },
    };
    let look = look.into_iter().find(|(wanted, _)| *wanted).map(|(_, look)| look);
    Run { given, look, watch, watched: false, web: None }
}

/// Joins each value with where it came from.
struct Origins<'f>(&'f Filled);

impl Origins<'_> {
    fn option<T>(&self, id: &str, value: Option<T>) -> Option<Sited<T>> {
        value.map(|value| Sited::new(value, self.0.origin(id)))
    }

    fn flag(&self, id: &str, set: bool) -> Option<Sited<bool>> {
        self.option(id, set.then_some(true))
    }

    fn list<T>(&self, id: &str, values: Vec<T>) -> Option<Sited<Vec<T>>> {
        self.option(id, (!values.is_empty()).then_some(values))
    }
}

#[cfg(test)]
mod tests;
