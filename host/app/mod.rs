//! Composition: command line -> plan -> run -> sinks -> exit code. Called by `main`.

mod about;
mod check;
mod eyes;
mod files;
mod init;
mod keys;
mod logfile;
mod look;
mod prepare;
mod ratio;
mod report;
mod required;
mod signals;
mod watch;

/// What the process allocates with.
pub use crate::vu::fiber::Counting as Allocator;

use std::io::{IsTerminal, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::SystemTime;

use keys::Keys;

use crate::cli::{self, Command};
use crate::config::{Level, Plan, Surroundings};
use crate::demo::{self, Demo, Faults};
use crate::event::{Event, RunInfo, Stop};
use crate::exit::{self, Exit};
use crate::fault::Fault;
use crate::mask;
use crate::report::{Options, Outputs, Writers, check_files, withhold};
use crate::run::{Conductor, Setup, conduct};

use prepare::Prepared;

/// Where servers of gRPC usually are.
const GRPC_PORT: u16 = 50051;

/// The whole program.
pub fn main() -> ExitCode {
    quieten_panics();
    files::raise_limit();
    let surroundings = Surroundings::of_process();
    let command = match cli::parse(std::env::args_os(), &surroundings.variables) {
        Ok(command) => command,
        Err(error) => error.exit(),
    };
    let code = match command {
        Command::Run(run) => start(*run, &surroundings),
        Command::Demo(options) => {
            let stall = options.stall.map(|stall| (stall.length, stall.every));
            let faults = Faults { latency: options.latency, error_rate: options.error_rate, stall };
            let grpc_port = options.grpc_port.unwrap_or(if options.port == 0 { 0 } else { GRPC_PORT });
            demo::run_foreground(options.port, grpc_port, faults).map(|()| 0).map_err(|fault| vec![fault])
        }
        Command::Report(asked) => report::report(asked, &surroundings),
        Command::Init(folder, language) => {
            init::init(&folder, language).map_err(|fault| vec![fault]).map(|told| {
                print(told.as_bytes());
                0
            })
        }
        Command::Completions(shell) => {
            let mut text = Vec::new();
            cli::write_completions(shell, &mut text);
            print(&text);
            Ok(0)
        }
    };
    ExitCode::from(code.unwrap_or_else(|faults| {
        faults.iter().for_each(print_fault);
        faults.iter().fold(Exit::Ok, |exit, fault| exit.worst(fault.exit)).code()
    }))
}

/// Panics are defects: one line for the report, not Rust's stack for users.
fn quieten_panics() {
    std::panic::set_hook(Box::new(|info| {
        exit::note_internal_fault();
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let text = mask::hide(info.payload_as_str().unwrap_or("panic"));
        let report = "(a defect of e2e, please report it)";
        let text = format!("error: internal fault at {place}: {text} {report}\n");
        if !withhold(&text) {
            let _ = std::io::stderr().write_all(text.as_bytes());
        }
    }));
}

fn print_fault(fault: &Fault) {
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let _ = write!(std::io::stderr(), "{}", fault.render(color));
}

/// What was asked for, on stdout. Whoever closed it has seen enough.
fn print(text: &[u8]) {
    let text = String::from_utf8_lossy(text);
    let _ = std::io::stdout().lock().write_all(mask::hide(&text).as_bytes());
}

/// A line of e2e's own, on stderr.
fn tell(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn start(run: cli::Run, surroundings: &Surroundings) -> Result<u8, Vec<Fault>> {
    if run.watch {
        return watch::watch(&run, surroundings);
    }
    let signals = signals::Signals::listen(run.watched);
    if run.look == Some(cli::Look::Check) {
        return Ok(check::check(&run, surroundings));
    }
    let prepared = Prepared::new(&run, surroundings)?;
    if let Some(look) = run.look {
        let text = look::look(look, &prepared.plan, prepared.manifest).map_err(|fault| vec![fault])?;
        print(text.as_bytes());
        return Ok(0);
    }
    let Prepared { plan, manifest, config, env, sources, shown, demo } = prepared;
    let mut setup = Setup::new(&plan, manifest, config, env, sources).map_err(|fault| vec![fault])?;
    // Read before anything is written: it may be what `--out hdr` writes.
    let baseline = plan.outputs.baseline.as_deref().map(report::read_baseline).transpose();
    let baseline = baseline.map_err(|fault| vec![fault])?;
    if let Some(baseline) = &baseline {
        setup.thresholds.compare_with(baseline.clone());
    }
    let options = output_options(&plan, surroundings);
    check_terminal(&options).map_err(|fault| vec![fault])?;
    let mut outputs = prepare_outputs(&plan, &options).map_err(|fault| vec![fault])?;
    setup.thresholds.observe(outputs.observed());
    if !setup.parts.is_empty() && !outputs.observed().is_empty() {
        setup.thresholds.observe(&["http_req_duration_intended"]);
    }
    setup.samples = outputs.samples();
    setup.shares = outputs.shares(!setup.parts.is_empty());
    let info = RunInfo { about: Arc::new(about::about(shown, &setup)), ..info(&plan, &setup) };
    let keys = (!run.watched).then(|| Keys::listen(signals.sender())).flatten();
    let signals = signals.hand_over();
    let summary = conduct(Conductor { setup, info, signals }, &mut |event: &Event| outputs.on(event));
    drop((demo, keys));
    let mut exit = summary.exit;
    if let Stop::Fault(fault) = &summary.stop {
        print_fault(fault);
    }
    for fault in outputs.finish() {
        print_fault(&fault);
        exit = exit.worst(fault.exit);
    }
    if let Some(baseline) = &baseline {
        report::print_comparison(baseline, &summary.totals, &options);
    }
    Ok(exit.code_with(plan.exit_code_on_error))
}

fn output_options(plan: &Plan, surroundings: &Surroundings) -> Options {
    let (stdout, stderr) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
    let given = &plan.outputs;
    Options {
        csv: given.csv.as_ref().map(Into::into),
        csv_full_history: given.csv_full_history,
        json: given.json,
        json_file: given.json_file.clone(),
        summary_export: given.summary_export.clone(),
        junit: given.junit.clone(),
        html: given.html.clone(),
        tui: given.tui,
        out: given.out.clone(),
        variables: surroundings.variables.clone(),
        warns: given.loglevel <= Level::Warning,
        only_summary: given.only_summary,
        quiet: given.quiet,
        color: given.color,
        width: terminal_width(),
        tty: stdout,
        stderr_tty: stderr,
    }
}

/// A live view needs a terminal, all of it.
fn check_terminal(options: &Options) -> Result<(), Fault> {
    let refuse = |why: &str, help: &str| Err(Fault::new(Exit::Usage, why).help(help));
    match options {
        Options { tui: false, .. } => Ok(()),
        Options { json: true, .. } => {
            refuse("--tui and --json both need standard output", "--json-file FILE writes the same")
        }
        Options { tty: false, .. } => {
            refuse("--tui needs a terminal, and standard output is none", "leave --tui out")
        }
        _ => Ok(()),
    }
}

fn prepare_outputs(plan: &Plan, options: &Options) -> Result<Outputs, Fault> {
    let logfile = &plan.outputs.logfile;
    check_files(options, logfile.as_deref())?;
    let mut outputs = Outputs::prepare(options, Writers::standard())?;
    if let Some(path) = logfile {
        outputs.add(Box::new(logfile::Logfile::open(path)?));
    }
    Ok(outputs)
}

fn terminal_width() -> usize {
    let (_, columns) = console::Term::stdout().size();
    usize::from(columns).clamp(60, 200)
}

fn info(plan: &Plan, setup: &Setup) -> RunInfo {
    RunInfo {
        environment: plan.environment.clone(),
        host: plan.base_url.clone(),
        scripts: plan.scripts.iter().map(|path| path.display().to_string()).collect(),
        classes: setup.classes.iter().map(|plan| plan.class.name.clone()).collect(),
        users: setup.schedule.most_users().unwrap_or(0),
        spawn_rate: plan.spawn_rate,
        shape: setup.schedule.shape().map(str::to_owned),
        scenarios: setup.parts.iter().map(|part| part.scenario.name.clone()).collect(),
        run_time: setup.ends_after(),
        workers: setup.workers,
        seed: plan.seed,
        watched: setup.thresholds.watched(),
        started_at: SystemTime::now(),
        about: Arc::default(),
    }
}

/// The bundled documents service on free ports of this machine.
fn start_demo() -> Result<Demo, Fault> {
    Demo::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), Faults::default())
}
