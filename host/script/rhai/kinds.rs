//! What messages call the kinds of values: words, where the engine has the names of Rust's types. Used by `trace` and
//! `json`.

use std::ops::{Range, RangeInclusive};

use rhai::{Dynamic, Engine};

use super::class::ClassRef;
use super::instance::Instance;
use super::value::HostValue;
use super::walk::{HostFunction, HostLoop};

/// Types of the engine and of ours, as `type_of` and the engine's messages call them.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<HostValue>("object");
    engine.register_type_with_name::<HostLoop>("loop");
    engine.register_type_with_name::<HostFunction>("function");
    engine.register_type_with_name::<ClassRef>("class");
    engine.register_type_with_name::<Instance>("instance");
    engine.register_type_with_name::<Range<i64>>("range");
    engine.register_type_with_name::<RangeInclusive<i64>>("range");
}

/// `Response`, `integer`, `function`.
pub(super) fn kind(value: &Dynamic) -> String {
    if let Some(value) = value.read_lock::<HostValue>() {
        return value.name().to_owned();
    }
    let name = value.type_name();
    if value.is::<Instance>() {
        "instance".to_owned()
    } else if value.is::<ClassRef>() {
        "class".to_owned()
    } else if value.is::<HostFunction>() {
        "function".to_owned()
    } else if value.is::<HostLoop>() {
        "loop".to_owned()
    } else {
        plain(name)
    }
}

/// Types within a message of the engine's, in words.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let text = text.replace("&str | ImmutableString | String", "string").replace("&mut ", "");
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':');
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let start = rest.find(is_part).unwrap_or(rest.len());
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        out.push_str(match word {
            "i64" => "integer",
            "f64" => "float",
            "Fn" | "FnPtr" => "function",
            "bool" => "boolean",
            "char" => "character",
            "ImmutableString" => "string",
            "Dynamic" => "any",
            "core::ops::range::Range" | "core::ops::range::RangeInclusive" => {
                rest = rest.strip_prefix("<integer>").or(rest.strip_prefix("<i64>")).unwrap_or(rest);
                "range"
            }
            word if word.matches("::").count() > 1 => word.rsplit("::").next().unwrap_or(word),
            word => word,
        });
    }
    out
}

/// `an instance`, `a class`.
pub(super) fn with_article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I', 'O']) { "an" } else { "a" };
    format!("{article} {kind}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_type_of_rust_is_left() {
        for (said, written) in [
            (
                "data type incorrect: core::ops::range::Range<i64> (expecting i64)",
                "data type incorrect: range (expecting integer)",
            ),
            ("f (i64, &str | ImmutableString | String)", "f (integer, string)"),
            (
                "data type incorrect: string (expecting Fn)",
                "data type incorrect: string (expecting function)",
            ),
            ("e2e::script::rhai::instance::Instance", "Instance"),
            ("ends in i64", "ends in integer"),
            ("a::b of words_i64", "a::b of words_i64"),
        ] {
            assert_eq!(plain(said), written);
        }
        assert_eq!(kind(&1.into()), "integer");
        assert_eq!(kind(&Dynamic::from(0..3i64)), "range");
        assert_eq!(with_article("instance"), "an instance");
    }
}
