//! `--watch`: runs again after each change. Each run is a process of its own, so that nothing of one is left in the
//! next, whatever ended it; a byte on its standard input asks it to stop, as a signal would. Called by `app`.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, ExitStatus, Stdio};

use crossbeam_channel::{Receiver, bounded};

use crate::cli::{Run, WATCHED};
use crate::config::{self, Surroundings};
use crate::event::Wish;
use crate::exit::Exit;
use crate::fault::Fault;

use super::eyes::Eyes;
use super::signals::{CHANGED, Signals, WANTED};

/// Watches until a signal comes; the exit code of the last run.
pub(super) fn watch(run: &Run, surroundings: &Surroundings) -> Result<u8, Vec<Fault>> {
    let one = |fault: Fault| vec![fault];
    let mut eyes = Eyes::new(config::watched(&run.given, surroundings).map_err(one)?);
    let signals = Signals::listen(false).hand_over();
    loop {
        // Before anything is read: what changes from here on is for the next run.
        eyes.remember();
        refuse_guarded(run, surroundings).map_err(one)?;
        let mut child = Child::start().map_err(one)?;
        let (code, changed) = match child.follow(&signals, &mut eyes) {
            Ended::Wanted(code) => return Ok(code),
            Ended::Alone(code) => {
                let files = eyes.count();
                super::tell(&format!(
                    "watch: exit code {code}; waiting for a change of {files} files (Ctrl-C ends)"
                ));
                (code, None)
            }
            Ended::Changed(code, changed) => (code, Some(changed)),
        };
        let changed = match changed {
            Some(changed) => changed,
            None => match wait(&signals, &mut eyes) {
                Some(changed) => changed,
                None => return Ok(code),
            },
        };
        super::tell(&format!("watch: {} changed: running again", list(&changed)));
    }
}

/// Nobody is asked before a run that a change starts.
fn refuse_guarded(run: &Run, surroundings: &Surroundings) -> Result<(), Fault> {
    // A look does no harm; and what is wrong with the configuration is the run's to tell.
    let (None, Ok(layers)) = (run.look, config::load(&run.given, surroundings)) else { return Ok(()) };
    layers.refuse_unasked()
}

/// Until files change; None when a signal comes first.
fn wait(signals: &Receiver<Wish>, eyes: &mut Eyes) -> Option<Vec<PathBuf>> {
    loop {
        // First a look: something may have changed while the run ended.
        let changed = eyes.changes();
        if !changed.is_empty() {
            return Some(changed);
        }
        crossbeam_channel::select! {
            recv(signals) -> _ => return None,
            recv(eyes.notices) -> _ => {}
        }
    }
}

/// Paths as people know them; many are counted.
fn list(paths: &[PathBuf]) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let shown = |path: &Path| path.strip_prefix(&here).unwrap_or(path).display().to_string();
    match paths {
        [one] => shown(one),
        [first, rest @ ..] => format!("{} and {} more", shown(first), rest.len()),
        [] => String::new(),
    }
}

/// How a run came to its end.
enum Ended {
    /// By itself.
    Alone(u8),
    /// A signal came.
    Wanted(u8),
    /// These files changed.
    Changed(u8, Vec<PathBuf>),
}

struct Child {
    /// Closed, it asks the run to stop, too: if this process is no more, so the run ends.
    stdin: ChildStdin,
    status: Receiver<std::io::Result<ExitStatus>>,
}

impl Child {
    fn start() -> Result<Child, Fault> {
        let fault =
            |why: std::io::Error| Fault::new(Exit::Internal, "cannot start the run").why(why.to_string());
        let mut command = Command::new(std::env::current_exe().map_err(fault)?);
        command.args(arguments(std::env::args_os().skip(1))).env_remove("E2E_WATCH").stdin(Stdio::piped());
        // Ctrl-C reaches this process alone, which knows what is meant by it.
        let mut child = command.process_group(0).spawn().map_err(fault)?;
        let stdin = child.stdin.take().ok_or_else(|| fault(std::io::ErrorKind::BrokenPipe.into()))?;
        let (sender, status) = bounded(1);
        std::thread::spawn(move || sender.send(child.wait()));
        Ok(Child { stdin, status })
    }

    /// Hands signals on, and ends the run when files change.
    fn follow(&mut self, signals: &Receiver<Wish>, eyes: &mut Eyes) -> Ended {
        let (mut wanted, mut asked) = (0, 0);
        let mut changed = Vec::new();
        loop {
            let notices = if changed.is_empty() { eyes.notices.clone() } else { crossbeam_channel::never() };
            crossbeam_channel::select! {
                recv(self.status) -> status => {
                    let code = status.ok().and_then(Result::ok).map_or(Exit::Internal.code(), code);
                    return match (wanted, changed.is_empty()) {
                        // It knows of the change alone.
                        (1.., false) if code == 0 => Ended::Wanted(Exit::Signal.code()),
                        (1.., _) => Ended::Wanted(code),
                        (_, false) => Ended::Changed(code, changed),
                        (_, true) => Ended::Alone(code),
                    };
                }
                recv(signals) -> _ => {
                    wanted += 1;
                    // A run that ends already because of a change ends gracefully with the first signal, too.
                    if wanted > asked {
                        asked = self.ask(WANTED, asked);
                    }
                }
                recv(notices) -> _ => {
                    changed = eyes.changes();
                    if !changed.is_empty() && asked == 0 {
                        super::tell(&format!("watch: {} changed: ending this run", list(&changed)));
                        asked = self.ask(CHANGED, asked);
                    }
                }
            }
        }
    }

    fn ask(&mut self, how: u8, asked: u32) -> u32 {
        // One that has ended meanwhile needs no asking.
        let _ = self.stdin.write_all(&[how]).and_then(|()| self.stdin.flush());
        asked + 1
    }
}

fn code(status: ExitStatus) -> u8 {
    if let Some(signal) = status.signal() {
        super::tell(&format!("watch: the run was killed by signal {signal}"));
    }
    status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(Exit::Internal.code())
}

/// Those of this process, for one run.
fn arguments(given: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut is_option = true;
    let runs = given.filter(|argument| {
        is_option &= argument != "--";
        !(is_option && argument == "--watch")
    });
    std::iter::once(WATCHED.into()).chain(runs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_started_without_the_option() {
        let given = ["-f", "a.lua", "--watch", "-u", "3", "--", "--watch"].map(OsString::from);
        let expected = ["--watched", "-f", "a.lua", "-u", "3", "--", "--watch"].map(OsString::from);
        assert_eq!(arguments(given.into_iter()), expected);
    }
}
