//! `e2e follow`: a run that other processes make, as whoever merges it tells it. Called by `app`.

use std::io::IsTerminal;
use std::time::Duration;

use crate::cli::Follow;
use crate::cluster::{Follower, follow as look_on};
use crate::config::Surroundings;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::report::{Options, Outputs, Writers};

use super::tell;

/// Between two looks at what has been said.
const LOOK: Duration = Duration::from_millis(500);

/// Shows the run to its end; the exit code is that of the run.
pub(super) fn follow(asked: Follow, surroundings: &Surroundings) -> Result<u8, Vec<Fault>> {
    let one = |fault: Fault| vec![fault];
    let (tty, stderr_tty) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
    let no_color = surroundings.variables.get("NO_COLOR").is_some_and(|value| !value.is_empty());
    let options = Options {
        json: asked.json,
        only_summary: asked.only_summary,
        quiet: asked.quiet,
        color: !(asked.no_color || no_color),
        width: super::terminal_width(),
        tty,
        stderr_tty,
        warns: true,
        ..Options::default()
    };
    let mut outputs = Outputs::prepare(&options, Writers::standard()).map_err(one)?;
    let news = look_on(&asked.nats, &asked.run).map_err(one)?;
    let mut is_begun = false;
    loop {
        match news.recv_timeout(LOOK) {
            Ok(Follower::Waiting { segments }) => {
                tell(&format!("run {}: waiting for {segments} processes", asked.run));
            }
            Ok(Follower::Event(event)) => {
                is_begun = true;
                outputs.on(&event);
            }
            Ok(Follower::Over(ruling)) => {
                if !is_begun {
                    ruling
                        .verdict
                        .reasons
                        .iter()
                        .for_each(|reason| tell(&format!("run {}: {reason}", asked.run)));
                }
                let faults = outputs.finish();
                faults.iter().for_each(super::print_fault);
                return Ok(faults
                    .iter()
                    .fold(ruling.exit, |exit, fault| exit.worst(fault.exit))
                    .code_with(ruling.failures_code));
            }
            Err(crossbeam_channel::RecvTimeoutError::Timeout) => {}
            Err(crossbeam_channel::RecvTimeoutError::Disconnected) => return Ok(Exit::Internal.code()),
        }
    }
}
