//! Composition: command line -> plan -> run -> sinks -> exit code. Called by `main`.

mod about;
mod check;
mod execution;
mod eyes;
mod files;
mod fingerprint;
mod follow;
mod gathering;
mod init;
mod keys;
mod logfile;
mod look;
mod prepare;
mod ratio;
mod replacement;
mod report;
mod required;
mod session;
mod signals;
mod stage;
mod together;
mod watch;

/// What the process allocates with.
pub use crate::vu::fiber::Counting as Allocator;

use std::io::{IsTerminal, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;

use execution::Execution;
use keys::Keys;

use crate::cli::{self, Command};
use crate::config::Surroundings;
use crate::demo::{self, Demo, Faults};
use crate::exit::{self, Exit};
use crate::fault::Fault;
use crate::mask;
use crate::report::withhold;

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
            let addr = SocketAddr::from((options.listen, options.port));
            demo::run_foreground(addr, grpc_port, faults).map(|()| 0).map_err(|fault| vec![fault])
        }
        Command::Follow(asked) => follow::follow(*asked, &surroundings),
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

/// What processes that make a run together cannot do yet, or ever.
fn refuse_alone(run: &cli::Run) -> Result<(), Fault> {
    let Some(nats) = run.given.together.nats.as_ref().filter(|_| run.look.is_none()) else { return Ok(()) };
    let (option, help) = match (run.watch, run.web.is_some()) {
        (true, _) => ("--watch", "each run of several processes has a name of its own: start it by hand"),
        (false, true) => {
            ("--web", "`e2e follow --nats URL --run ID --web` serves a page that shows and steers the run")
        }
        _ => return Ok(()),
    };
    Err(nats.origin.fault(Exit::Usage, format!("--nats cannot be used with {option}")).help(help))
}

fn start(run: cli::Run, surroundings: &Surroundings) -> Result<u8, Vec<Fault>> {
    refuse_alone(&run).map_err(|fault| vec![fault])?;
    if run.watch {
        return watch::watch(&run, surroundings);
    }
    if let (Some(web), None) = (run.web.clone(), run.look) {
        return session::serve(run, web, surroundings);
    }
    let signals = signals::Signals::listen(run.watched);
    if run.look == Some(cli::Look::Check) {
        return Ok(check::check(&run, surroundings));
    }
    let prepared = Prepared::new(&run, surroundings)?;
    if let Some(look) = run.look {
        let text = look::look(look, &prepared.plan, prepared.manifest)?;
        print(text.as_bytes());
        return Ok(0);
    }
    if let Some(meeting) = prepared.plan.together.meeting.clone() {
        return together::start(prepared, meeting, surroundings, signals);
    }
    let execution = Execution::of(prepared, surroundings)?;
    let keys = (!run.watched).then(|| Keys::listen(signals.sender())).flatten();
    let code = execution.conduct(signals.hand_over());
    drop(keys);
    Ok(code)
}

fn terminal_width() -> usize {
    let (_, columns) = console::Term::stdout().size();
    usize::from(columns).clamp(60, 200)
}

/// The bundled documents service on free ports of this machine.
fn start_demo() -> Result<Demo, Fault> {
    Demo::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), Faults::default())
}
