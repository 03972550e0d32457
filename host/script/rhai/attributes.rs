//! Reads the attributes of a class: names, numbers, tags, the wait. Used by `manifest` and `tasks`;
//! nothing here runs script code.

use rhai::{Array, Dynamic, Map};

use crate::api::wait_of;
use crate::load::Wait;
use crate::script::{WaitTime, attributes};

use super::class::ClassRef;

/// Refuses names that are all but one of the host's: they are slips of the pen.
pub(super) fn check_names(class: &ClassRef, known: &[&str]) -> Result<(), String> {
    let members = class.members.borrow();
    members.keys().find_map(|name| attributes::slip(name, known)).map_or(Ok(()), Err)
}

pub(super) fn is_abstract(class: &ClassRef) -> bool {
    let members = class.members.borrow();
    members.get("abstract").is_some_and(super::given::is_true)
}

/// A number, whole or not.
pub(super) fn float(value: &Dynamic) -> Option<f64> {
    value.as_float().ok().or_else(|| value.as_int().ok().map(|value| value as f64))
}

/// A number of 0 or more.
pub(super) fn number(class: &ClassRef, name: &str, default: f64) -> Result<f64, String> {
    let Some(value) = class.get(name) else { return Ok(default) };
    match float(&value) {
        Some(value) if value.is_finite() && value >= 0.0 => Ok(value),
        Some(value) => Err(format!("`{name}` must be 0 or more, not {value}")),
        None => Err(format!("`{name}` must be a number")),
    }
}

/// A tag, or a list of tags.
pub(super) fn tags(value: Option<&Dynamic>) -> Result<Vec<String>, String> {
    let wrong = || "`tags` must be a list of strings".to_owned();
    let one = |tag: &Dynamic| {
        let tag = tag.as_immutable_string_ref().map(|tag| tag.to_string());
        tag.ok().filter(|tag| !tag.is_empty()).ok_or_else(wrong)
    };
    match value {
        None => Ok(Vec::new()),
        Some(value) if value.is_unit() => Ok(Vec::new()),
        Some(value) => match value.read_lock::<Array>() {
            Some(list) => list.iter().map(one).collect(),
            None => Ok(vec![one(value)?]),
        },
    }
}

/// None where it has none.
pub(super) fn wait_time(class: &ClassRef) -> Result<Option<WaitTime>, String> {
    let Some(value) = class.get("wait_time") else { return Ok(None) };
    let wait = if value.is_fnptr() {
        Some(WaitTime::Function)
    } else if let Some(seconds) = float(&value) {
        Wait::Constant(seconds).check().ok().map(WaitTime::Built)
    } else if let Some(map) = value.read_lock::<Map>() {
        let number = |name: &str| map.get(name).and_then(float).unwrap_or(0.0);
        let kind =
            map.get("wait").and_then(|kind| kind.as_immutable_string_ref().ok().map(|it| it.to_string()));
        let wait = wait_of(&kind.unwrap_or_default(), number("a"), number("b"));
        wait.and_then(|wait| wait.check().ok()).map(WaitTime::Built)
    } else {
        None
    };
    wait.map(Some)
        .ok_or_else(|| "`wait_time` must be between(a, b), constant(s) or the like, or a function".to_owned())
}

/// Whether it has an `on_start`, and an `on_stop`.
pub(super) fn hooks(class: &ClassRef) -> Result<[bool; 2], String> {
    let mut defined = [false; 2];
    for (slot, function) in defined.iter_mut().zip(["on_start", "on_stop"]) {
        *slot = match class.get(function) {
            None => false,
            Some(value) if value.is_fnptr() => true,
            Some(_) => return Err(format!("`{function}` must be a function")),
        };
    }
    Ok(defined)
}
