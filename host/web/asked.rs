//! What a run is to be, as somebody asks for it: the fields of the form, of the API, of Locust's `/swarm`. What is left
//! out is as it was when e2e was started. Made here, carried out by `app`.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::config::is_name;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::units::{check_rate, duration_of_seconds, parse_duration, parse_rate};

/// A field of a form.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Field<T> {
    /// As it was given when e2e was started.
    #[default]
    AsStarted,
    /// Not given, whatever was then: environment, script or default decide.
    Cleared,
    To(T),
}

impl<T> Field<T> {
    /// What counts, where `started` did before.
    pub fn over<S>(self, started: Option<S>, made: impl FnOnce(T) -> S) -> Option<S> {
        match self {
            Field::AsStarted => started,
            Field::Cleared => None,
            Field::To(value) => Some(made(value)),
        }
    }
}

/// A run to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// Paths below the script root.
    pub scripts: Field<Vec<String>>,
    pub environment: Field<String>,
    pub classes: Field<Vec<String>>,
    pub users: Field<u32>,
    /// Users per second.
    pub spawn_rate: Field<f64>,
    pub run_time: Field<Duration>,
    pub iterations: Field<u64>,
    pub stop_timeout: Field<Duration>,
    pub host: Field<String>,
    pub tags: Field<Vec<String>>,
    pub exclude_tags: Field<Vec<String>>,
    pub seed: Field<u64>,
    /// Besides those that were given when e2e was started.
    pub variables: Vec<(String, String)>,
    /// The answer to a guarded environment.
    pub confirm: Option<String>,
    /// Nobody asked: `--autostart` did, and what the command line confirmed counts.
    pub is_automatic: bool,
}

/// The names of the fields.
pub(super) const FIELDS: &[&str] = &[
    "scripts",
    "environment",
    "classes",
    "users",
    "spawn_rate",
    "run_time",
    "iterations",
    "stop_timeout",
    "host",
    "tags",
    "exclude_tags",
    "seed",
    "variables",
    "confirm",
];

/// How times are written.
pub(super) const TIMES: &str = "such as 90s, 5m, 1h20m; a number alone is seconds";

type Read<T> = Result<T, String>;

impl Asked {
    /// # Errors
    /// A field that does not exist, or whose value is none of its kind.
    pub fn of_json(value: &Value) -> Result<Asked, Fault> {
        let Value::Object(fields) = value else {
            return Err(Fault::new(Exit::Usage, "a run is described by a JSON object"));
        };
        let mut asked = Asked::default();
        for (name, value) in fields {
            asked.set(name, value)?;
        }
        Ok(asked)
    }

    /// The fields of a form, as Locust names them or as we do; others are variables for the script.
    ///
    /// # Errors
    /// As [`Asked::of_json`].
    pub fn of_form(pairs: &[(String, String)]) -> Result<Asked, Fault> {
        let mut fields = Map::new();
        let mut asked = Asked::default();
        for (name, value) in pairs {
            let name = match name.as_str() {
                "user_count" => "users",
                "user_classes" => "classes",
                // A run has the shape that its script defines.
                "shape_class" | "profile" => continue,
                name => name,
            };
            let is_list = matches!(name, "classes" | "scripts" | "tags" | "exclude_tags");
            match value.as_str() {
                "" => {}
                value if is_list => {
                    let list = fields.entry(name).or_insert_with(|| Value::Array(Vec::new()));
                    list.as_array_mut().into_iter().for_each(|list| list.push(value.into()));
                }
                value if FIELDS.contains(&name) && name != "variables" => {
                    fields.insert(name.to_owned(), value.into());
                }
                value if is_name(name) => asked.variables.push((name.to_owned(), value.to_owned())),
                _ => return Err(unknown(name)),
            }
        }
        for (name, value) in &fields {
            asked.set(name, value)?;
        }
        Ok(asked)
    }

    fn set(&mut self, name: &str, value: &Value) -> Result<(), Fault> {
        let done: Read<()> = match name {
            "scripts" => field(&mut self.scripts, value, texts),
            "environment" => field(&mut self.environment, value, text),
            "classes" => field(&mut self.classes, value, texts),
            "users" => field(&mut self.users, value, |value| whole(value, 1, u64::from(u32::MAX))),
            "spawn_rate" => field(&mut self.spawn_rate, value, rate),
            "run_time" => field(&mut self.run_time, value, |value| match duration(value)? {
                Duration::ZERO => Err("must be longer than 0".to_owned()),
                time => Ok(time),
            }),
            "iterations" => field(&mut self.iterations, value, |value| whole(value, 1, u64::MAX)),
            "stop_timeout" => field(&mut self.stop_timeout, value, duration),
            "host" => field(&mut self.host, value, text),
            "tags" => field(&mut self.tags, value, texts),
            "exclude_tags" => field(&mut self.exclude_tags, value, texts),
            "seed" => field(&mut self.seed, value, |value| whole(value, 0, i64::MAX as u64)),
            "variables" => variables(value).map(|variables| self.variables = variables),
            "confirm" => match value {
                Value::Null => Ok(()),
                value => text(value).map(|text| self.confirm = Some(text)),
            },
            _ => return Err(unknown(name)),
        };
        done.map_err(|why| {
            let fault = Fault::new(Exit::Usage, format!("field `{name}` {why}"));
            match name {
                "run_time" | "stop_timeout" => fault.help(format!("{TIMES}; empty: nothing is given")),
                "spawn_rate" => fault.help("users each second, such as 10 or 0.5, or 30/m"),
                _ => fault,
            }
        })
    }
}

fn unknown(name: &str) -> Fault {
    let fault = Fault::new(Exit::Usage, format!("there is no field `{name}`"));
    fault.help(format!("there are {}", FIELDS.join(", "))).suggest(name, FIELDS.iter().copied())
}

/// Null and the empty text clear a field.
fn field<T>(field: &mut Field<T>, value: &Value, read: impl Fn(&Value) -> Read<T>) -> Read<()> {
    *field = match value {
        Value::Null => Field::Cleared,
        Value::String(text) if text.trim().is_empty() => Field::Cleared,
        Value::Array(list) if list.is_empty() => Field::Cleared,
        value => Field::To(read(value)?),
    };
    Ok(())
}

fn text(value: &Value) -> Read<String> {
    match value {
        Value::String(text) if text.contains(['\0', '\n', '\r']) => {
            Err("must be one line of text".to_owned())
        }
        Value::String(text) => Ok(text.trim().to_owned()),
        _ => Err("must be a text".to_owned()),
    }
}

/// A list, or one text with commas.
fn texts(value: &Value) -> Read<Vec<String>> {
    match value {
        Value::Array(list) => list.iter().map(text).collect(),
        value => {
            Ok(text(value)?.split(',').map(|part| part.trim().to_owned()).filter(|p| !p.is_empty()).collect())
        }
    }
}

fn whole<T: TryFrom<u64>>(value: &Value, least: u64, most: u64) -> Read<T> {
    let wrong = || format!("must be a whole number from {least} to {most}");
    let number = match value {
        Value::String(text) => text.trim().parse().ok(),
        // A number of a form may be written as 10.0.
        value => value.as_u64().or_else(|| {
            let number = value.as_f64()?;
            (number.fract() == 0.0 && (0.0..9e15).contains(&number)).then_some(number as u64)
        }),
    };
    let number = number.filter(|number| (least..=most).contains(number)).ok_or_else(wrong)?;
    T::try_from(number).map_err(|_| wrong())
}

pub(super) fn rate(value: &Value) -> Read<f64> {
    let read = match value {
        Value::String(text) => parse_rate(text.trim()),
        value => check_rate(value.as_f64().ok_or("must be a number, or a text such as 30/m")?),
    };
    read.map_err(|error| format!("is wrong: {error}"))
}

fn duration(value: &Value) -> Read<Duration> {
    let read = match value {
        Value::String(text) => parse_duration(text.trim()),
        value => duration_of_seconds(value.as_f64().ok_or("must be seconds, or a text such as 1h20m")?),
    };
    read.map_err(|error| format!("is wrong: {error}"))
}

/// An object, or lines of `NAME=VALUE`.
fn variables(value: &Value) -> Read<Vec<(String, String)>> {
    let pairs: Vec<(String, String)> = match value {
        Value::Null => Vec::new(),
        Value::Object(fields) => {
            let pair = |(name, value): (&String, &Value)| match value {
                Value::String(text) => Ok((name.clone(), text.clone())),
                Value::Number(number) => Ok((name.clone(), number.to_string())),
                Value::Bool(value) => Ok((name.clone(), value.to_string())),
                _ => Err(format!("must give `{name}` a text")),
            };
            fields.iter().map(pair).collect::<Read<_>>()?
        }
        Value::String(text) => {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            let pair = |line: &str| {
                let (name, value) = line.split_once('=').ok_or("must be lines of NAME=VALUE")?;
                Ok((name.trim().to_owned(), value.trim().to_owned()))
            };
            lines.map(pair).collect::<Read<_>>()?
        }
        _ => return Err("must be an object, or lines of NAME=VALUE".to_owned()),
    };
    match pairs.iter().find(|(name, _)| !is_name(name)) {
        Some((name, _)) => Err(format!("has `{name}`, which is no variable's name: letters, digits and _")),
        None => Ok(pairs),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_are_kept_cleared_or_set() {
        let asked = Asked::of_json(&json!({
            "scripts": ["suites/smoke.lua"], "users": 10, "spawn_rate": "30/m", "run_time": "1m30s", "iterations": null,
            "stop_timeout": 2.5, "host": "", "tags": "a, b", "seed": "7", "variables": "A=1\n\nB = x=y\n",
            "confirm": "I understand", "classes": [],
        }))
        .unwrap();
        let expected = Asked {
            scripts: Field::To(vec!["suites/smoke.lua".into()]),
            classes: Field::Cleared,
            users: Field::To(10),
            spawn_rate: Field::To(0.5),
            run_time: Field::To(Duration::from_secs(90)),
            iterations: Field::Cleared,
            stop_timeout: Field::To(Duration::from_millis(2500)),
            host: Field::Cleared,
            tags: Field::To(vec!["a".into(), "b".into()]),
            seed: Field::To(7),
            variables: vec![("A".into(), "1".into()), ("B".into(), "x=y".into())],
            confirm: Some("I understand".into()),
            ..Asked::default()
        };
        assert_eq!(asked, expected);
        assert_eq!(Field::<u8>::AsStarted.over(Some(1), |v| v), Some(1));
        assert_eq!(Field::<u8>::Cleared.over(Some(1), |v| v), None);
        assert_eq!(Field::To(2).over(Some(1), |v| v), Some(2));
    }

    #[test]
    fn the_form_of_locust_is_understood() {
        let pairs = [
            ("user_count", "10"),
            ("spawn_rate", "2"),
            ("host", "http://x"),
            ("run_time", "1h20m"),
            ("user_classes", "A"),
            ("user_classes", "B"),
            ("shape_class", "Default"),
            ("my_argument", "5"),
        ];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let asked = Asked::of_form(&pairs).unwrap();
        assert_eq!(asked.users, Field::To(10));
        assert_eq!(asked.classes, Field::To(vec!["A".into(), "B".into()]));
        assert_eq!(asked.run_time, Field::To(Duration::from_secs(4800)));
        assert_eq!(asked.variables, [("my_argument".to_owned(), "5".to_owned())]);
        assert_eq!(Asked::of_form(&[("user_count".into(), String::new())]).unwrap(), Asked::default());
        assert!(Asked::of_form(&[("a-b".into(), "1".into())]).unwrap_err().what.contains("`a-b`"));
    }

    #[test]
    fn what_is_no_value_of_a_field_is_said() {
        for (name, value, what) in [
            ("users", json!(0), "field `users` must be a whole number from 1 to 4294967295"),
            ("users", json!(-1), "field `users` must be"),
            ("users", json!(1.5), "field `users` must be"),
            ("users", json!(4294967296u64), "field `users` must be"),
            ("users", json!([1]), "field `users` must be"),
            ("spawn_rate", json!(0), "field `spawn_rate` is wrong"),
            ("spawn_rate", json!("nan"), "field `spawn_rate` is wrong"),
            ("run_time", json!("soon"), "field `run_time` is wrong"),
            ("run_time", json!(0), "field `run_time` must be longer than 0"),
            ("run_time", json!(1e300), "field `run_time` is wrong"),
            ("seed", json!(u64::MAX), "field `seed` must be a whole number from 0 to 9223372036854775807"),
            ("host", json!("a\nb"), "field `host` must be one line"),
            ("variables", json!({ "1A": "x" }), "field `variables` has `1A`"),
            ("variables", json!("A"), "field `variables` must be lines of NAME=VALUE"),
            ("usres", json!(1), "there is no field `usres`"),
        ] {
            let fault = Asked::of_json(&json!({ name: value })).unwrap_err();
            assert!(fault.what.starts_with(what), "{}", fault.what);
            assert_eq!(fault.exit, Exit::Usage);
            assert_eq!(fault.help.is_some_and(|help| help.contains("1h20m")), name == "run_time", "{name}");
        }
        assert!(Asked::of_json(&json!([])).is_err());
    }

    proptest! {
        #[test]
        fn no_form_panics(pairs in prop::collection::vec(("[a-z_]{0,12}|users|run_time|seed", "\\PC{0,12}|[0-9.eE+-]{0,9}"), 0..6)) {
            let _ = Asked::of_form(&pairs);
        }
    }
}
