//! How a run went, and why. Made by `run` each second and at the end, and by `report` for recorded runs.

use serde::{Deserialize, Serialize};

use super::{Outcome, Stop, Threshold};
use crate::exit::Exit;
use crate::metrics::Snapshot;

/// How a run went.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub judgement: Judgement,
    /// Why it did not pass, one sentence each; empty where it did.
    pub reasons: Vec<String>,
    /// Those of them that the generator gave: why it cannot be relied on.
    pub doubts: Vec<String>,
    /// Those of them that are certain: it failed, whatever else cannot be said.
    #[serde(default)]
    pub failures: Vec<String>,
}

impl Verdict {
    const SIGNAL: &str = "it was stopped by a signal";

    /// What kind of reason it is.
    pub fn kind(&self, reason: &str) -> Kind {
        match reason {
            Verdict::SIGNAL => Kind::Note,
            reason if self.failures.iter().any(|failure| failure == reason) => Kind::Failure,
            _ => Kind::Unknown,
        }
    }

    /// That a threshold about `selector` had nothing to judge.
    pub fn lacking(selector: &str) -> String {
        format!("nothing was measured of `{selector}`, so its threshold says nothing")
    }

    /// How it went, where the process would exit with `exit`. `doubts` are those of the generator, `lacking`
    /// what thresholds had nothing to judge.
    pub fn of(
        (exit, stop): (Exit, Option<&Stop>),
        doubts: Vec<String>,
        (thresholds, lacking): (&[Threshold], Vec<String>),
        totals: &Snapshot,
    ) -> Verdict {
        let judgement = match exit {
            Exit::Ok => return Verdict::default(),
            Exit::Inconclusive | Exit::Signal => Judgement::Inconclusive,
            _ => Judgement::Failed,
        };
        let (mut reasons, mut failures) = (Vec::new(), Vec::new());
        match stop {
            Some(Stop::Signal) => reasons.push(Verdict::SIGNAL.to_owned()),
            Some(Stop::Abort(message)) => failures.push(format!("it was aborted: {message}")),
            Some(Stop::Fault(fault)) => failures.push(fault.what.clone()),
            _ => {}
        }
        reasons.extend(failures.iter().cloned());
        reasons.extend(doubts.iter().cloned());
        reasons.extend(lacking);
        for threshold in thresholds {
            if let Outcome::Uncertain(doubt) = threshold.outcome {
                reasons.push(format!("`{} {}`: {doubt}", threshold.selector, threshold.expression));
            }
        }
        let counted = |count: u64, one: &str, more: &str| match count {
            0 => None,
            1 => Some(one.to_owned()),
            _ => Some(format!("{count} {more}")),
        };
        let crossed = thresholds.iter().filter(|threshold| threshold.outcome == Outcome::Crossed).count();
        let certain = failures.len();
        failures.extend(counted(crossed as u64, "a threshold was crossed", "thresholds were crossed"));
        failures.extend(counted(totals.total.failures, "a request failed", "requests failed"));
        let raised = totals.all_exceptions();
        failures.extend(counted(raised, "a script raised an error", "errors were raised by scripts"));
        reasons.extend(failures[certain..].iter().cloned());
        Verdict { judgement, reasons, doubts, failures }
    }
}

/// What a reason says of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It failed, for certain.
    Failure,
    /// It cannot be judged.
    Unknown,
    /// Somebody ended it.
    Note,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Judgement {
    #[default]
    Passed,
    Failed,
    /// What was measured allows no judgement.
    Inconclusive,
}
