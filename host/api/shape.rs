//! Load shapes: what a stage and what `tick` may say, and the methods of a shape.
//! Called by `script`.

use std::time::Duration;

use crate::units;

use super::frame::{Arg, Frame, Raise, TableRef, wrong};
use super::object::{Field, HostFn, Record};

/// What a load shape asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    pub users: u64,
    /// Users a second.
    pub spawn_rate: f64,
    /// The names of the classes that users may be added to; None: all.
    pub classes: Option<Vec<String>>,
}

/// What [`read_stages`] understands.
pub(super) static STAGE: Record = Record {
    name: "Stage",
    doc: "A part of a run with a load of its own: an item of `stages`.",
    given: true,
    fields: &[
        Field {
            name: "duration",
            sig: "number|string",
            doc: "How long this stage lasts, seconds or `\"1m30s\"`; not the time since the start of the run.",
        },
        Field { name: "users", sig: "number", doc: "How many users there are to be." },
        Field { name: "spawn_rate", sig: "number|string", doc: "How many come or go per second." },
        Field {
            name: "classes",
            sig: "(User|string)[]",
            doc: "The classes to add users of, if not all. Users who run already stay.",
        },
        Field { name: "user_classes", sig: "(User|string)[]", doc: "As `classes`." },
    ],
};

/// The methods of a load shape; they ignore their receiver, for there is one.
pub static SHAPE_METHODS: &[HostFn] = &[
    HostFn {
        name: "run_time",
        sig: "(): number",
        doc: "Seconds since the first users, or since `reset_time`.",
        run: |frame| {
            frame.give(Arg::Num(frame.vu().shared.briefing.run_time().as_secs_f64()));
            Ok(())
        },
    },
    HostFn {
        name: "current_users",
        sig: "(): integer",
        doc: "How many users live.",
        run: |frame| {
            frame.give(Arg::Int(frame.vu().shared.briefing.users.get() as i64));
            Ok(())
        },
    },
    HostFn {
        name: "reset_time",
        sig: "()",
        doc: "Lets `run_time` begin at 0 again.",
        run: |frame| {
            frame.vu().shared.briefing.reset_time();
            Ok(())
        },
    },
];

/// A shape's `stages`: each with how long it lasts, and what it asks for.
///
/// # Errors
/// No stage, a key that does not exist, a value of the wrong kind.
pub fn read_stages(frame: &dyn Frame, stages: Arg<'_>) -> Result<Vec<(Duration, Wanted)>, Raise> {
    let Arg::Table(list) = stages else { return Err(wrong("`stages`", "a list of stages", stages)) };
    let mut all = Vec::new();
    frame.items(list, &mut |index, stage| {
        let place = format!("stage {}", index + 1);
        let Arg::Table(table) = stage else { return Err(wrong(&place, "a table", stage)) };
        all.push(read_stage(frame, &place, table)?);
        Ok(())
    })?;
    if all.is_empty() {
        let help = "write them as { { duration = \"60s\", users = 10, spawn_rate = 2 }, ... }";
        return Err(Raise::new("`stages` has no stage").help(help));
    }
    Ok(all)
}

fn read_stage(frame: &dyn Frame, place: &str, table: TableRef) -> Result<(Duration, Wanted), Raise> {
    let (mut duration, mut users, mut spawn_rate, mut classes) = (None, None, None, None);
    frame.each(table, &mut |key, value| {
        let name = key.to_text().unwrap_or_default();
        match &*name {
            "duration" => duration = Some(duration_of(value).map_err(|why| at(place, why))?),
            "users" => users = Some(users_of(value).map_err(|why| at(place, why))?),
            "spawn_rate" => spawn_rate = Some(rate_of(value).map_err(|why| at(place, why))?),
            "classes" | "user_classes" => {
                classes = Some(classes_of(frame, value).map_err(|why| at(place, why))?);
            }
            name => {
                let known = STAGE.fields.iter().map(|field| field.name);
                return Err(Raise::unknown(&format!("key of {place}"), name, known));
            }
        }
        Ok(())
    })?;
    let missing = |what: &str| Raise::new(format!("{place}: `{what}` is missing"));
    let users = users.ok_or_else(|| missing("users"))?;
    let wanted = Wanted {
        users,
        spawn_rate: spawn_rate.ok_or_else(|| missing("spawn_rate"))?,
        classes: classes.unwrap_or_default(),
    };
    Ok((duration.ok_or_else(|| missing("duration"))?, wanted))
}

/// What `tick` returned: users, spawn rate and classes; None when the run is to end.
///
/// # Errors
/// Anything else.
pub fn read_wanted(frame: &dyn Frame) -> Result<Option<Wanted>, Raise> {
    let help = "return users and spawn_rate, such as 10 and 2; nothing ends the run";
    match frame.arg(0) {
        Arg::Nil | Arg::Null => return Ok(None),
        Arg::Table(_) => return Err(Raise::new("tick returned a table, not two values").help(help)),
        _ => {}
    }
    let users = users_of(frame.arg(0)).map_err(|why| at("tick", why).help(help))?;
    let spawn_rate = rate_of(frame.arg(1)).map_err(|why| at("tick", why).help(help))?;
    let classes = classes_of(frame, frame.arg(2)).map_err(|why| at("tick", why))?;
    Ok(Some(Wanted { users, spawn_rate, classes }))
}

fn at(place: &str, why: Raise) -> Raise {
    match why {
        Raise::Error { what, help } => Raise::Error { what: format!("{place}: {what}"), help },
        other => other,
    }
}

/// A count; computed ones are rounded to the nearest.
fn users_of(value: Arg<'_>) -> Result<u64, Raise> {
    let number = value.number().ok_or_else(|| wrong("users", "a number", value))?;
    if !number.is_finite() || number < 0.0 {
        return Err(Raise::new(format!("users must be a number from 0 up, not {number}")));
    }
    Ok(number.round() as u64)
}

fn rate_of(value: Arg<'_>) -> Result<f64, Raise> {
    let invalid = |shown: String, why: String| Raise::new(format!("invalid spawn_rate {shown}: {why}"));
    match value {
        Arg::Str(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            units::parse_rate(&text).map_err(|why| invalid(format!("{text:?}"), why.to_string()))
        }
        value => {
            let rate =
                value.number().ok_or_else(|| wrong("spawn_rate", "a number of users a second", value))?;
            units::check_rate(rate).map_err(|why| invalid(rate.to_string(), why.to_string()))
        }
    }
}

fn duration_of(value: Arg<'_>) -> Result<Duration, Raise> {
    let duration = match value {
        Arg::Str(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            units::parse_duration(&text)
                .map_err(|why| Raise::new(format!("invalid duration {text:?}: {why}")))?
        }
        value => {
            let seconds = value
                .number()
                .ok_or_else(|| wrong("duration", "seconds, or a text such as \"60s\"", value))?;
            units::duration_of_seconds(seconds).map_err(|why| {
                Raise::new(format!("invalid duration {}: {why}", super::request::shown(seconds)))
            })?
        }
    };
    if duration.is_zero() {
        return Err(Raise::new("a stage must last longer than 0 s"));
    }
    Ok(duration)
}

/// Classes, or their names, as a list or one alone.
fn classes_of(frame: &dyn Frame, value: Arg<'_>) -> Result<Option<Vec<String>>, Raise> {
    let one = |value: Arg<'_>| match value {
        Arg::Str(name) => Ok(String::from_utf8_lossy(name).into_owned()),
        Arg::Table(table) => frame
            .class_name(table)
            .ok_or_else(|| wrong("each of `classes`", "a user class or its name", value)),
        other => Err(wrong("each of `classes`", "a user class or its name", other)),
    };
    let list = match value {
        Arg::Nil | Arg::Null => return Ok(None),
        Arg::Table(table) if frame.class_name(table).is_none() => table,
        value => return Ok(Some(vec![one(value)?])),
    };
    let mut names = Vec::new();
    frame.items(list, &mut |_, item| {
        names.push(one(item)?);
        Ok(())
    })?;
    if names.is_empty() {
        return Err(Raise::new("`classes` is empty: leave it out for all"));
    }
    Ok(Some(names))
}
