//! What the script's `options { ... }` sets. Filled by `script` while the script's top level runs, merged by
//! `layers` below flags, variables and the environment file.

use std::time::Duration;

use serde_json::Value;

use crate::exit::Exit;
use crate::fault::{Fault, Place};

use super::given::Load;
use super::origin::{Origin, Sited};
use super::scenarios::{self, Scenario};
use super::thresholds::{self, Criterion};
use super::value::{self, Reading};

/// The options of all scripts of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ScriptOptions {
    pub load: Load,
    pub seed: Option<Sited<u64>>,
    pub thresholds: Vec<Sited<Criterion>>,
    pub scenarios: Vec<Sited<Scenario>>,
    /// When the stages of the only load shape are over; what scripts declare beside the options.
    pub shape_ends: Option<Duration>,
}

/// The keys of `options`.
const KEYS: &[&str] =
    &["users", "spawn_rate", "run_time", "iterations", "stop_timeout", "seed", "scenarios", "thresholds"];

impl ScriptOptions {
    /// Sets one key as the script wrote it; a later value replaces an earlier one. Durations are seconds or
    /// texts, rates numbers or texts. Fails on an unknown key or a wrong value.
    pub fn set(&mut self, key: &str, value: &Value, at: Place) -> Result<(), Fault> {
        fn sited<T>(
            (key, value, at): (&str, &Value, Place),
            wanted: &str,
            read: impl Fn(&Value) -> Reading<T>,
        ) -> Result<Option<Sited<T>>, Fault> {
            match read(value) {
                Ok(value) => Ok(Some(Sited::new(value, Origin::Script(at)))),
                Err(why) => {
                    let what = format!("option `{key}` must be {wanted}, not {value}");
                    let fault = Fault::new(Exit::Script, what).at(at);
                    Err(why.into_iter().fold(fault, Fault::why))
                }
            }
        }
        let written = (key, value, at);
        match key {
            "users" => {
                self.load.users = sited(written, "a whole number of at least 1", |v| value::whole(v, 1))?
            }
            "spawn_rate" => self.load.spawn_rate = sited(written, value::A_RATE, value::rate)?,
            "run_time" => self.load.run_time = sited(written, value::A_DURATION, value::positive_duration)?,
            "iterations" => {
                self.load.iterations =
                    sited(written, "a whole number of at least 1", |v| value::whole(v, 1))?;
            }
            "stop_timeout" => self.load.stop_timeout = sited(written, value::A_DURATION, value::duration)?,
            "seed" => {
                self.seed = sited(written, "a whole number", |v| value::whole(v, 0).map(i64::cast_unsigned))?
            }
            "scenarios" => {
                let (_, value, at) = written;
                let scenarios = scenarios::of_json(value).map_err(|(what, help)| {
                    help.into_iter().fold(Fault::new(Exit::Script, what).at(at.clone()), Fault::help)
                })?;
                // Those of several scripts add up; every VM says the same once more.
                let here = Origin::Script(at.clone());
                self.scenarios.retain(|known| known.origin != here);
                for scenario in scenarios {
                    if self.scenarios.iter().any(|known| known.value.name == scenario.name) {
                        let what = format!("scenario `{}` is given already", scenario.name);
                        return Err(Fault::new(Exit::Script, what).at(at).help("give it another name"));
                    }
                    self.scenarios.push(Sited::new(scenario, here.clone()));
                }
            }
            "thresholds" => {
                let (_, value, at) = written;
                let criteria = thresholds::of_json(value).map_err(|(what, help)| {
                    help.into_iter().fold(Fault::new(Exit::Script, what).at(at.clone()), Fault::help)
                })?;
                let sited = |criterion| Sited::new(criterion, Origin::Script(at.clone()));
                let criteria: Vec<_> = criteria.into_iter().map(sited).collect();
                self.thresholds = thresholds::over(&criteria, &self.thresholds);
            }
            _ => {
                return Err(Fault::new(Exit::Script, format!("unknown option `{key}`"))
                    .at(written.2)
                    .help(format!("known options are {}", KEYS.join(", ")))
                    .suggest(key, KEYS.iter().copied()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;

    fn at() -> Place {
        Place { file: "scripts/a.lua".into(), line: 2, column: None, source: None }
    }

    #[test]
    fn options_read_what_scripts_write() {
        let mut options = ScriptOptions::default();
        for (key, value) in [
            ("users", json!(10.0)),
            ("spawn_rate", json!("30/m")),
            ("run_time", json!("30s")),
            ("iterations", json!(5)),
            ("stop_timeout", json!(0.5)),
            ("seed", json!(7)),
        ] {
            options.set(key, &value, at()).unwrap();
        }
        assert_eq!(options.load.users, Some(Sited::new(10, Origin::Script(at()))));
        assert_eq!(options.load.spawn_rate.unwrap().value, 0.5);
        assert_eq!(options.load.run_time.unwrap().value, Duration::from_secs(30));
        assert_eq!(options.load.iterations.unwrap().value, 5);
        assert_eq!(options.load.stop_timeout.unwrap().value, Duration::from_millis(500));
        assert_eq!(options.seed.unwrap().value, 7);
    }

    #[test]
    fn wrong_options_say_what_is_wrong() {
        for (key, value, what) in [
            ("usres", json!(1), "unknown option `usres`"),
            ("thresholds", json!(5), "option `thresholds` must be a table, not 5"),
            ("users", json!(0), "option `users` must be a whole number of at least 1, not 0"),
            ("users", json!(-1), "option `users` must be a whole number of at least 1, not -1"),
            ("users", json!(1.5), "option `users` must be a whole number of at least 1, not 1.5"),
            (
                "users",
                json!(4294967296u64),
                "option `users` must be a whole number of at least 1, not 4294967296",
            ),
            (
                "run_time",
                json!("soon"),
                "option `run_time` must be a duration such as 30s or 1h20m, not \"soon\"",
            ),
            ("run_time", json!(0), "option `run_time` must be a duration such as 30s or 1h20m, not 0"),
            ("spawn_rate", json!(0), "option `spawn_rate` must be a rate per second, not 0"),
        ] {
            let fault = ScriptOptions::default().set(key, &value, at()).unwrap_err();
            assert_eq!((fault.what.as_str(), fault.exit), (what, Exit::Script));
            assert_eq!(*fault.at.unwrap(), at());
        }
        let fault = ScriptOptions::default().set("usres", &json!(1), at()).unwrap_err();
        assert_eq!(fault.help.as_deref(), Some("did you mean `users`?"));
    }
}
