//! What a value must look like to be a duration, a rate, a whole number. Called by `section` for files and by
//! `options` for scripts, so that both accept the same spellings.

use std::time::Duration;

use serde_json::Value;

use crate::units::{UnitError, check_rate, duration_of_seconds, parse_duration, parse_rate, parse_size};

/// A read value, or why it is none; without a reason where it is of another type altogether.
pub(super) type Reading<T> = Result<T, Option<String>>;

pub(super) const A_RATE: &str = "a rate per second";
pub(super) const A_DURATION: &str = "a duration such as 30s or 1h20m";

pub(super) fn text(value: &Value) -> Reading<String> {
    value.as_str().map(str::to_string).ok_or(None)
}

pub(super) fn flag(value: &Value) -> Reading<bool> {
    value.as_bool().ok_or(None)
}

/// A whole number of at least `least`. A float without a fraction counts: `20 / 2` is one in Lua.
pub(super) fn whole<T: TryFrom<u64>>(value: &Value, least: u64) -> Reading<T> {
    let float = || value.as_f64().filter(|f| f.fract() == 0.0 && (0.0..9e15).contains(f)).map(|f| f as u64);
    let number = value.as_u64().or_else(float).filter(|number| *number >= least).ok_or(None)?;
    T::try_from(number).map_err(|_| Some("it is too large".to_string()))
}

pub(super) fn rate(value: &Value) -> Reading<f64> {
    match value {
        Value::Number(number) => check_rate(number.as_f64().ok_or(None)?).map_err(reason),
        Value::String(text) => parse_rate(text).map_err(reason),
        _ => Err(None),
    }
}

pub(super) fn duration(value: &Value) -> Reading<Duration> {
    match value {
        Value::Number(number) => duration_of_seconds(number.as_f64().ok_or(None)?).map_err(reason),
        Value::String(text) => parse_duration(text).map_err(reason),
        _ => Err(None),
    }
}

pub(super) fn positive_duration(value: &Value) -> Reading<Duration> {
    match duration(value)? {
        Duration::ZERO => Err(Some("it must be longer than 0".to_string())),
        duration => Ok(duration),
    }
}

pub(super) fn size(value: &Value) -> Reading<u64> {
    match value {
        Value::Number(number) => number.as_u64().ok_or(None),
        Value::String(text) => parse_size(text).map_err(reason),
        _ => Err(None),
    }
}

fn reason(error: UnitError) -> Option<String> {
    Some(error.to_string())
}
