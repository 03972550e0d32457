//! What host functions return, and values of the host as those of the script. Used by `frame`.

use rhai::{Array, Dynamic};

use crate::api::Arg;

use super::value::HostValue;
use super::{bind, view};

/// What a host function returned so far.
#[derive(Default)]
pub(super) enum Given {
    #[default]
    Nothing,
    One(Dynamic),
    Many(Vec<Dynamic>),
}

impl Given {
    pub(super) fn add(&mut self, value: Dynamic) {
        *self = match std::mem::take(self) {
            Given::Nothing => Given::One(value),
            Given::One(first) => Given::Many(vec![first, value]),
            Given::Many(mut values) => {
                values.push(value);
                Given::Many(values)
            }
        };
    }

    /// Several values as an array, or as what a loop goes over.
    pub(super) fn into_value(self) -> Dynamic {
        match self {
            Given::Nothing => Dynamic::UNIT,
            Given::One(value) => value,
            Given::Many(values) => bind::several(values),
        }
    }

    pub(super) fn into_list(self) -> Array {
        match self {
            Given::Nothing => Array::new(),
            Given::One(value) => vec![value],
            Given::Many(values) => values,
        }
    }
}

/// An argument that refers to nothing of the script as a value.
pub(super) fn dynamic(arg: Arg<'_>) -> Dynamic {
    match arg {
        Arg::Bool(value) => value.into(),
        Arg::Int(value) => value.into(),
        Arg::Num(value) => value.into(),
        Arg::Str(bytes) => text(bytes),
        Arg::Object(kind, number) => Dynamic::from(HostValue::Object(kind, number)),
        Arg::View(value) => view::dynamic(value),
        Arg::Host(function) => bind::function(function),
        Arg::Nil | Arg::Null | Arg::Other(_) | Arg::Table(_) | Arg::Function(_) => Dynamic::UNIT,
    }
}

/// Bytes as a string, or a blob where they are none.
pub(super) fn text(bytes: &[u8]) -> Dynamic {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => Dynamic::from_blob(bytes.to_vec()),
    }
}

/// As Lua has it: all but false and nothing is true.
pub(super) fn is_true(value: &Dynamic) -> bool {
    !value.is_unit() && value.as_bool() != Ok(false)
}
