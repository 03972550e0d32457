//! Scenarios as scripts and environment files write them: k6's six executors, with its fields in
//! snake case. Each comes to a pace and an end (`load::Pacing`). Read by `options` and `raw`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::fault::closest;
use crate::load::{Curve, Iterations, Pacing};

use super::value::{self, A_DURATION, Reading};

/// A part of the load with a pace, and an end, of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    pub name: String,
    /// The user class, or the function; None: the one that there is.
    pub exec: Option<String>,
    pub pacing: Pacing,
    pub iterations: Iterations,
    /// Since the first users.
    pub start_time: Duration,
    /// How long what runs may take to finish at its end.
    pub graceful_stop: Duration,
    /// The same for users that are taken off before.
    pub graceful_ramp_down: Duration,
    /// Added to the script's `env`.
    pub env: BTreeMap<String, String>,
    /// Of all its samples.
    pub tags: BTreeMap<String, String>,
}

impl Scenario {
    /// When no further iteration begins, since the first users, at the latest.
    pub fn ends(&self) -> Duration {
        self.start_time.saturating_add(self.pacing.lasts())
    }
}

/// What is wrong, and what to do.
pub(super) type Wrong = (String, Option<String>);

const COMMON: [&str; 6] = ["executor", "exec", "start_time", "graceful_stop", "env", "tags"];

/// Each executor and its own fields.
const EXECUTORS: [(&str, &[&str]); 6] = [
    ("constant_vus", &["vus", "duration"]),
    ("ramping_vus", &["start_vus", "stages", "graceful_ramp_down"]),
    ("per_vu_iterations", &["vus", "iterations", "max_duration"]),
    ("shared_iterations", &["vus", "iterations", "max_duration"]),
    ("constant_arrival_rate", &["rate", "time_unit", "duration", "pre_allocated_vus", "max_vus"]),
    ("ramping_arrival_rate", &["start_rate", "time_unit", "stages", "pre_allocated_vus", "max_vus"]),
];

const GRACE: Duration = Duration::from_secs(30);
const MAX_DURATION: Duration = Duration::from_secs(600);

/// All scenarios of a table, by name.
pub(super) fn of_json(value: &Value) -> Result<Vec<Scenario>, Wrong> {
    match value {
        Value::Object(all) => all.iter().map(|(name, value)| of_one(name, value)).collect(),
        other => Err((format!("option `scenarios` must be a table, not {other}"), None)),
    }
}

/// One scenario.
pub(super) fn of_one(name: &str, value: &Value) -> Result<Scenario, Wrong> {
    let Value::Object(fields) = value else {
        return Err((format!("scenario `{name}` must be a table, not {value}"), None));
    };
    let read = Fields { name, fields };
    let (executor, own) = read.executor()?;
    read.check_names(own)?;
    let vus = || read.whole("vus", 1)?.map_or(Ok::<_, Wrong>(1), Ok);
    let users = |most: Duration| Ok::<_, Wrong>(Pacing::Users(Curve::steady(vus()? as f64, most)));
    let most = || Ok::<_, Wrong>(read.positive("max_duration")?.unwrap_or(MAX_DURATION));
    let iterations = || Ok::<_, Wrong>(read.whole("iterations", 1)?.unwrap_or(1));
    let (pacing, iterations) = match executor {
        "constant_vus" => (users(read.needed("duration", read.positive("duration")?)?)?, Iterations::Any),
        "ramping_vus" => {
            let start = read.whole("start_vus", 0)?.unwrap_or(1);
            (Pacing::Users(read.stages(start as f64, 1.0)?), Iterations::Any)
        }
        "per_vu_iterations" => (users(most()?)?, Iterations::Each(iterations()?)),
        "shared_iterations" => (users(most()?)?, Iterations::Shared(iterations()?)),
        "constant_arrival_rate" => {
            let unit = read.unit()?;
            let rate = read.needed("rate", read.number("rate")?)? / unit;
            let lasts = read.needed("duration", read.positive("duration")?)?;
            (read.arrivals(Curve::steady(rate, lasts))?, Iterations::Any)
        }
        _ => {
            let unit = read.unit()?;
            let start = read.number("start_rate")?.unwrap_or(0.0) / unit;
            (read.arrivals(read.stages(start, unit)?)?, Iterations::Any)
        }
    };
    if pacing.most_users() == 0 {
        return Err((format!("scenario `{name}` has no users at any time"), None));
    }
    Ok(Scenario {
        name: name.to_owned(),
        exec: read.text("exec")?,
        pacing,
        iterations,
        start_time: read.duration("start_time")?.unwrap_or_default(),
        graceful_stop: read.duration("graceful_stop")?.unwrap_or(GRACE),
        graceful_ramp_down: read.duration("graceful_ramp_down")?.unwrap_or(GRACE),
        env: read.texts("env")?,
        tags: read.texts("tags")?,
    })
}

struct Fields<'f> {
    name: &'f str,
    fields: &'f Map<String, Value>,
}

impl Fields<'_> {
    /// Its name and its own fields; k6 writes it with hyphens.
    fn executor(&self) -> Result<(&'static str, &'static [&'static str]), Wrong> {
        let known = EXECUTORS.map(|(known, _)| known);
        let Some(written) = self.text("executor")? else {
            let what = format!("scenario `{}` has no `executor`", self.name);
            return Err((what, Some(format!("there are {}", known.join(", ")))));
        };
        let wanted = written.replace('-', "_");
        EXECUTORS.into_iter().find(|(known, _)| *known == wanted).ok_or_else(|| {
            let help = match closest(&wanted, known) {
                Some(best) => format!("did you mean `{best}`?"),
                None => format!("there are {}", known.join(", ")),
            };
            (format!("scenario `{}`: there is no executor `{written}`", self.name), Some(help))
        })
    }

    fn check_names(&self, own: &[&str]) -> Result<(), Wrong> {
        let known = || COMMON.iter().chain(own).copied();
        let Some(key) = self.fields.keys().find(|key| !known().any(|known| known == key.as_str())) else {
            return Ok(());
        };
        let help = match closest(key, known()) {
            Some(best) => format!("did you mean `{best}`?"),
            None => format!("it has {}", known().collect::<Vec<_>>().join(", ")),
        };
        Err((format!("scenario `{}` has no `{key}`", self.name), Some(help)))
    }

    fn read<T>(
        &self,
        key: &str,
        wanted: &str,
        read: impl Fn(&Value) -> Reading<T>,
    ) -> Result<Option<T>, Wrong> {
        let Some(value) = self.fields.get(key).filter(|value| !value.is_null()) else { return Ok(None) };
        read(value)
            .map(Some)
            .map_err(|why| (format!("scenario `{}`: `{key}` must be {wanted}, not {value}", self.name), why))
    }

    fn needed<T>(&self, key: &str, value: Option<T>) -> Result<T, Wrong> {
        value.ok_or_else(|| (format!("scenario `{}` has no `{key}`", self.name), None))
    }

    fn whole(&self, key: &str, least: u64) -> Result<Option<u64>, Wrong> {
        let wanted = format!("a whole number of at least {least}");
        // As many users as a command line can ask for.
        Ok(self.read(key, &wanted, |v| value::whole::<u32>(v, least))?.map(u64::from))
    }

    fn number(&self, key: &str) -> Result<Option<f64>, Wrong> {
        self.read(key, "a number of at least 0", |value| {
            value.as_f64().filter(|number| (0.0..=1e9).contains(number)).ok_or(None)
        })
    }

    fn duration(&self, key: &str) -> Result<Option<Duration>, Wrong> {
        self.read(key, A_DURATION, value::duration)
    }

    fn positive(&self, key: &str) -> Result<Option<Duration>, Wrong> {
        self.read(key, A_DURATION, value::positive_duration)
    }

    fn text(&self, key: &str) -> Result<Option<String>, Wrong> {
        self.read(key, "a text", value::text)
    }

    /// Names with plain values.
    fn texts(&self, key: &str) -> Result<BTreeMap<String, String>, Wrong> {
        let plain = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
            _ => None,
        };
        let read = |value: &Value| match value {
            Value::Object(pairs) => {
                let pairs = pairs.iter().map(|(name, value)| Some((name.clone(), plain(value)?)));
                pairs.collect::<Option<BTreeMap<_, _>>>().ok_or(None)
            }
            Value::Array(list) if list.is_empty() => Ok(BTreeMap::new()),
            _ => Err(None),
        };
        Ok(self.read(key, "a table of names and texts", read)?.unwrap_or_default())
    }

    /// Seconds that a rate refers to.
    fn unit(&self) -> Result<f64, Wrong> {
        Ok(self.positive("time_unit")?.map_or(1.0, |unit| unit.as_secs_f64()))
    }

    /// `{ { duration = , target = }, ... }`; targets are divided by `unit`.
    fn stages(&self, start: f64, unit: f64) -> Result<Curve, Wrong> {
        let stages = self.needed("stages", self.fields.get("stages"))?;
        let wrong = |what: String| (format!("scenario `{}`: {what}", self.name), None);
        let list = stages.as_array().filter(|list| !list.is_empty());
        let list = list.ok_or_else(|| wrong("`stages` must be a list of stages".into()))?;
        let mut read = Vec::with_capacity(list.len());
        for (number, stage) in (1..).zip(list) {
            let Value::Object(fields) = stage else {
                return Err(wrong(format!("stage {number} must be a table, not {stage}")));
            };
            let name = format!("{}`, stage `{number}", self.name);
            let stage = Fields { name: &name, fields };
            if let Some(key) = fields.keys().find(|key| !matches!(key.as_str(), "duration" | "target")) {
                let what = wrong(format!("stage {number} has no `{key}`")).0;
                return Err((what, Some("it has duration, target".into())));
            }
            let lasts = stage.needed("duration", stage.duration("duration")?)?;
            read.push((lasts, stage.needed("target", stage.number("target")?)? / unit));
        }
        Ok(Curve::stages(start, read))
    }

    fn arrivals(&self, rate: Curve) -> Result<Pacing, Wrong> {
        if rate.most() <= 0.0 {
            let what = format!("scenario `{}` has no iterations at any time: its rate is 0", self.name);
            return Err((what, None));
        }
        let ready = self.needed("pre_allocated_vus", self.whole("pre_allocated_vus", 0)?)?;
        let most = self.whole("max_vus", 1)?.unwrap_or(ready);
        if most < ready {
            let what = format!("scenario `{}`: `max_vus` is less than `pre_allocated_vus`", self.name);
            return Err((what, None));
        }
        Ok(Pacing::Arrivals { rate, ready, most })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
#[path = "scenario_tests.rs"]
mod tests;
