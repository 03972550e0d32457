//! What a run would be, for a form that is to show it: each value and where it came from, what the environment asks
//! for and what it limits. Asked by `app`.

use std::time::Duration;

use crate::units::format_duration;

use super::layers::{Layers, Merged};
use super::options::ScriptOptions;
use super::origin::Sited;
use super::thresholds::Criterion;

/// The values that count, as far as nobody gives others.
#[derive(Clone, Debug)]
pub struct Effective {
    pub environment: String,
    /// None: only the scripts name hosts, or the bundled service is the target.
    pub host: Option<Sited<String>>,
    pub users: Sited<u32>,
    /// Users per second.
    pub spawn_rate: Sited<f64>,
    pub run_time: Option<Sited<Duration>>,
    pub iterations: Option<Sited<u64>>,
    pub stop_timeout: Sited<Duration>,
    pub seed: Option<Sited<u64>>,
    /// The text that a person must type.
    pub question: Option<String>,
    /// What may not be exceeded, by its name in `safety`.
    pub limits: Vec<(&'static str, String)>,
    /// The names of the variables that scripts see.
    pub variables: Vec<String>,
    /// The names of the scenarios that the load is made of.
    pub scenarios: Vec<String>,
    /// The thresholds, as they are written: `http_req_duration: p(95)<500`.
    pub thresholds: Vec<String>,
}

impl Layers {
    /// With what the scripts declare.
    pub fn effective(&self, options: &ScriptOptions) -> Effective {
        let Merged { users, spawn_rate, run_time, iterations, stop_timeout, seed } = self.merged(options);
        let safety = self.written().map(|raw| raw.safety.clone()).unwrap_or_default();
        let time = |time: Sited<Duration>| format_duration(time.value);
        let list = |list: Sited<Vec<String>>| list.value.join(", ");
        let limits = [
            ("max_users", safety.max_users.map(|most| most.value.to_string())),
            ("max_spawn_rate", safety.max_spawn_rate.map(|most| most.value.to_string())),
            ("max_run_time", safety.max_run_time.map(time)),
            ("max_rps", safety.max_rps.map(|most| most.value.to_string())),
            ("allowed_scripts", safety.allowed_scripts.map(list)),
            ("allowed_hosts", safety.allowed_hosts.map(list)),
        ];
        Effective {
            environment: self.environment.value.clone(),
            host: self.base_url.clone(),
            users,
            spawn_rate,
            run_time,
            iterations,
            stop_timeout,
            seed,
            question: safety.confirm.map(|confirm| confirm.value),
            limits: limits.into_iter().filter_map(|(name, limit)| Some((name, limit?))).collect(),
            variables: self.env_vars.keys().cloned().collect(),
            scenarios: self.scenarios(options).into_iter().map(|scenario| scenario.value.name).collect(),
            thresholds: self.thresholds(options).iter().flat_map(|one| written(&one.value)).collect(),
        }
    }
}

fn written(criterion: &Criterion) -> impl Iterator<Item = String> {
    criterion.rules.iter().map(|rule| format!("{}: {}", criterion.selector, rule.expression))
}
