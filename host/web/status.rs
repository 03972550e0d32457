//! How things stand, in a few words: what each page shows at its top, and what scripts ask for. Made by `session`.

use std::sync::Arc;

use serde::Serialize;

use crate::fault::Fault;

/// What is told to all who listen.
#[derive(Clone, Debug, Default)]
pub(super) struct Frame {
    pub(super) status: Arc<str>,
    pub(super) beat: Beat,
    /// Nothing more will be told.
    pub(super) is_over: bool,
}

/// The newest figures of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Beat {
    pub(super) run: u64,
    /// They count up from 1: who misses one looks at the whole again.
    pub(super) number: u64,
    /// None where nobody listened.
    pub(super) json: Option<Arc<str>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// There was no run yet.
    #[default]
    Ready,
    /// Scripts are read, `setup` runs.
    Preparing,
    /// Users come, or go.
    Spawning,
    Running,
    Paused,
    Stopping,
    /// The last run has ended.
    Stopped,
}

#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Status {
    pub(super) state: State,
    /// The number of the run that this is about.
    pub(super) run: Option<u64>,
    pub(super) users: u64,
    /// The most there were so far.
    pub(super) most_users: u64,
    /// The users aimed at.
    pub(super) target: Option<u64>,
    pub(super) spawn_rate: Option<f64>,
    /// Seconds since the first users.
    pub(super) elapsed: f64,
    pub(super) scripts: Vec<String>,
    pub(super) environment: Option<String>,
    pub(super) host: Option<String>,
    /// Of scenarios.
    pub(super) scenarios: Vec<String>,
    /// Of the load shape.
    pub(super) shape: Option<String>,
    /// The exit code of a run that has ended.
    pub(super) code: Option<u8>,
    /// Why the last start came to nothing.
    pub(super) faults: Vec<Told>,
    /// Nobody was told of them as the answer to a start: it was `--autostart`, or the run broke down.
    pub(super) are_faults_untold: bool,
    /// The numbers of those that have ended, and are kept.
    pub(super) runs: Vec<u64>,
    /// e2e is about to end.
    pub(super) is_closing: bool,
    /// The name of the run that is looked on at; no other begins here.
    pub(super) follows: Option<String>,
}

impl Status {
    pub(super) fn json(&self) -> String {
        // Texts and numbers are always JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// A fault, for the page and for scripts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Told {
    /// What the command would exit with.
    pub(super) exit: u8,
    pub(super) what: String,
    pub(super) file: Option<String>,
    pub(super) line: Option<usize>,
    pub(super) column: Option<usize>,
    pub(super) why: Option<String>,
    pub(super) help: Option<String>,
    /// The script's own stack, innermost first.
    pub(super) trace: Vec<String>,
    /// All of it as on a terminal, with the source line and a caret.
    pub(super) text: String,
}

impl From<&Fault> for Told {
    fn from(fault: &Fault) -> Told {
        let fault = fault.masked();
        let at = fault.at.as_deref();
        Told {
            exit: fault.exit.code(),
            text: fault.render(false),
            file: at.map(|at| at.file.clone()),
            line: at.map(|at| at.line),
            column: at.and_then(|at| at.column),
            what: fault.what,
            why: fault.why,
            help: fault.help,
            trace: fault.trace,
        }
    }
}
