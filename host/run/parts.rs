//! The scenarios of a run, each with the class that it runs. Made by `setup`, played by `cast`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::config::{Plan, Scenario, Sited};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::load::{Iterations, Pacing, Segment};

use super::setup::ClassPlan;

/// A scenario as it is run.
pub struct Part {
    pub scenario: Scenario,
    /// Which class.
    pub class: usize,
    /// Users of the scenarios before it: its own are numbered from there.
    pub(super) before: u64,
    /// The script's `env` in it.
    pub(super) env: &'static Value,
    /// Iterations that have begun, where they are shared, and how many may in this process.
    begun: AtomicU64,
    quota: u64,
}

impl Part {
    /// Iterations that have begun, where they are shared.
    pub(super) fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Goes on from there.
    pub(super) fn go_on_from(&self, begun: u64) {
        self.begun.store(begun, Ordering::Relaxed);
    }

    /// Whether one more iteration may begin, for a user that has begun so many.
    pub(super) fn claim(&self, of_user: u64) -> bool {
        match self.scenario.iterations {
            Iterations::Any => true,
            Iterations::Each(most) => of_user < most,
            Iterations::Shared(_) => self.begun.fetch_add(1, Ordering::Relaxed) < self.quota,
        }
    }

    /// False where it makes no sense to wait for a further one.
    pub(super) fn has_iterations(&self, of_user: u64) -> bool {
        match self.scenario.iterations {
            Iterations::Any => true,
            Iterations::Each(most) => of_user < most,
            Iterations::Shared(_) => self.begun.load(Ordering::Relaxed) < self.quota,
        }
    }
}

/// # Errors
/// A scenario of no class that runs; more users, or at a higher rate, than the environment allows.
pub(super) fn parts(
    plan: &Plan,
    (classes, functions): (&[ClassPlan], &[String]),
    env: &'static Value,
) -> Result<Vec<Part>, Fault> {
    let mut parts: Vec<Part> = Vec::new();
    let (mut before, mut started, mut arrivals) = (0, 0.0, 0.0);
    for Sited { value: scenario, origin } in &plan.scenarios {
        let names: Vec<&str> = classes.iter().map(|plan| plan.class.name.as_str()).collect();
        let refuse =
            |what: String| origin.fault(Exit::Config, format!("scenario `{}`: {what}", scenario.name));
        let class = match &scenario.exec {
            Some(exec) => names.iter().position(|name| name == exec).ok_or_else(|| {
                let all: Vec<&str> =
                    names.iter().copied().chain(functions.iter().map(String::as_str)).collect();
                refuse(format!("there is no user class and no function `{exec}` that it could run"))
                    .help(format!("there are {} (functions must be global)", all.join(", ")))
                    .suggest(exec, all.iter().copied())
            })?,
            None if names.len() == 1 => 0,
            None => {
                let fault = refuse(format!("`exec` is missing, and there are {}", names.join(", ")));
                return Err(fault.help("say which class it runs: `exec = \"NAME\"`"));
            }
        };
        let users = scenario.pacing.most_users();
        parts.push(Part {
            class,
            before,
            env: with(env, scenario),
            begun: AtomicU64::new(0),
            quota: match scenario.iterations {
                Iterations::Shared(most) => plan.together.segment.quota(most, users),
                _ => 0,
            },
            scenario: scenario.clone(),
        });
        before += users;
        started += scenario.pacing.most_started();
        arrivals += scenario.pacing.most_arrivals();
        plan.safety.check_target(before, started)?;
        // An iteration that sends nothing is not what a limit of requests is for.
        plan.safety.check_rps(arrivals)?;
    }
    Ok(parts)
}

/// `env` with the variables of the scenario; read by VMs until the process ends.
fn with(env: &'static Value, scenario: &Scenario) -> &'static Value {
    if scenario.env.is_empty() {
        return env;
    }
    let mut all = env.as_object().cloned().unwrap_or_default();
    all.extend(scenario.env.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))));
    Box::leak(Box::new(Value::Object(all)))
}

/// The most users that all of them can have together.
pub(super) fn most_users(parts: &[Part]) -> u64 {
    parts.iter().map(|part| part.scenario.pacing.most_users()).sum()
}

/// Workers of a segment beyond this would have no user of some scenario, whose arrivals all workers share.
pub(super) fn most_workers(parts: &[Part], segment: Segment) -> u64 {
    let arrivals = parts.iter().filter(|part| matches!(part.scenario.pacing, Pacing::Arrivals { .. }));
    let shares = arrivals.map(|part| segment.share(part.scenario.pacing.most_users()));
    shares.filter(|share| *share > 0).min().unwrap_or_else(|| segment.share(most_users(parts))).max(1)
}

/// When the last of them ends, but for what it may take to finish; None where iterations decide.
pub(super) fn ends(parts: &[Part]) -> Option<Duration> {
    let is_known = parts.iter().all(|part| part.scenario.iterations == Iterations::Any);
    parts.iter().map(|part| part.scenario.ends()).max().filter(|_| is_known)
}

/// When each has the users that it begins with, or has reached the most; and how many there are to be then.
pub(super) fn spawned(parts: &[Part]) -> (Duration, u64) {
    let of = |part: &Part| part.scenario.start_time + part.scenario.pacing.spawned();
    let at = parts.iter().map(of).max().unwrap_or_default();
    let users = |part: &Part| match at >= part.scenario.ends() {
        true => 0,
        false => part.scenario.pacing.users(at.saturating_sub(part.scenario.start_time)),
    };
    (at, parts.iter().map(users).sum())
}
