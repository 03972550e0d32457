//! Views of data that the host holds once for all VUs: read lazily, never copied. Used by `bind`.

use rhai::{Array, Dynamic};
use serde_json::Value;

use super::value::HostValue;

/// A value of a view; lists and objects as views again.
pub(super) fn dynamic(value: &'static Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(value) => (*value).into(),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => integer.into(),
            (None, float) => float.unwrap_or(f64::NAN).into(),
        },
        Value::String(text) => text.into(),
        value => Dynamic::from(HostValue::View(value)),
    }
}

/// What a name selects; `()` where there is none.
pub(super) fn field(value: &'static Value, name: &str) -> Dynamic {
    value.as_object().and_then(|fields| fields.get(name)).map_or(Dynamic::UNIT, dynamic)
}

/// An item of a list, counted from 0, or back from the end by a negative number; `()` where there is none.
pub(super) fn item(value: &'static Value, index: i64) -> Dynamic {
    let find = |items: &'static Vec<Value>| items.get(place(index, items.len())?);
    value.as_array().and_then(find).map_or(Dynamic::UNIT, dynamic)
}

/// Where `index` leads in a list of that length.
pub(super) fn place(index: i64, length: usize) -> Option<usize> {
    let length = i64::try_from(length).ok()?;
    usize::try_from(if index < 0 { index + length } else { index }).ok()
}

/// A method of a view; None where there is none of that name.
pub(super) fn method(value: &'static Value, name: &str, args: &[&mut Dynamic]) -> Option<Dynamic> {
    let length = match value {
        Value::Array(items) => items.len(),
        Value::Object(fields) => fields.len(),
        _ => 0,
    };
    Some(match (name, args) {
        ("len", []) => (length as i64).into(),
        ("is_empty", []) => (length == 0).into(),
        ("keys", []) => {
            let fields = value.as_object();
            fields
                .map_or_else(Array::new, |fields| fields.keys().map(|name| name.as_str().into()).collect())
                .into()
        }
        ("values", []) => values(value).collect::<Array>().into(),
        ("contains", [wanted]) => contains(value, wanted).into(),
        ("to_string" | "to_debug" | "print" | "debug", []) => value.to_string().into(),
        // A copy that the script may change.
        ("to_array", []) => values(value).map(copied).collect::<Array>().into(),
        ("to_map", []) => copied(Dynamic::from(HostValue::View(value))),
        _ => return None,
    })
}

pub(super) const METHODS: [&str; 8] =
    ["len", "is_empty", "keys", "values", "contains", "to_array", "to_map", "to_string"];

/// The items of a list, or the values of an object.
pub(super) fn values(value: &'static Value) -> Box<dyn Iterator<Item = Dynamic>> {
    match value {
        Value::Array(items) => Box::new(items.iter().map(dynamic)),
        Value::Object(fields) => Box::new(fields.values().map(dynamic)),
        _ => Box::new(std::iter::empty()),
    }
}

fn contains(value: &'static Value, wanted: &Dynamic) -> bool {
    match (value, wanted.as_immutable_string_ref()) {
        (Value::Object(fields), Ok(name)) => fields.contains_key(name.as_str()),
        (Value::Array(items), Ok(text)) => items.iter().any(|item| item.as_str() == Some(text.as_str())),
        (Value::Array(items), Err(_)) => items.iter().any(|item| {
            (wanted.as_int().is_ok() && item.as_i64() == wanted.as_int().ok())
                || (wanted.as_bool().is_ok() && item.as_bool() == wanted.as_bool().ok())
                || (wanted.as_float().is_ok() && item.as_f64() == wanted.as_float().ok())
        }),
        _ => false,
    }
}

fn copied(value: Dynamic) -> Dynamic {
    let view = value.read_lock::<HostValue>().map(|value| *value);
    match view {
        Some(HostValue::View(Value::Array(items))) => {
            items.iter().map(|item| copied(dynamic(item))).collect::<Array>().into()
        }
        Some(HostValue::View(Value::Object(fields))) => {
            let fields = fields.iter().map(|(name, value)| (name.as_str().into(), copied(dynamic(value))));
            Dynamic::from_map(fields.collect())
        }
        _ => value,
    }
}
