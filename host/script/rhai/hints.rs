//! What an error of the engine's is in words: functions and properties that are not there, and what may have been meant.
//! Used by `trace`.

use rhai::{EvalAltResult, ImmutableString};

use crate::fault::closest;
use crate::script::hint;

use super::bind::{MAX_ARGS, modules};
use super::kinds::plain;
use super::library::Library;
use super::{globals, view};

/// Functions and methods of the engine's own library.
const OWN: &[&str] = &[
    "abs",
    "acos",
    "acosh",
    "all",
    "append",
    "as_string",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "bits",
    "blob",
    "bytes",
    "ceiling",
    "chars",
    "chop",
    "clear",
    "contains",
    "cos",
    "cosh",
    "crop",
    "debug",
    "dedup",
    "drain",
    "elapsed",
    "end",
    "ends_with",
    "exp",
    "extract",
    "fill_with",
    "filter",
    "find",
    "find_map",
    "floor",
    "for_each",
    "fraction",
    "get",
    "get_bit",
    "get_bits",
    "hypot",
    "index_of",
    "insert",
    "int",
    "is_anonymous",
    "is_empty",
    "is_even",
    "is_exclusive",
    "is_finite",
    "is_inclusive",
    "is_infinite",
    "is_nan",
    "is_odd",
    "is_zero",
    "keys",
    "len",
    "ln",
    "log",
    "make_lower",
    "make_upper",
    "map",
    "max",
    "min",
    "mixin",
    "name",
    "order",
    "order_by",
    "order_desc",
    "pad",
    "parse_float",
    "parse_int",
    "parse_json",
    "pop",
    "print",
    "push",
    "range",
    "reduce",
    "reduce_rev",
    "remove",
    "replace",
    "retain",
    "reverse",
    "round",
    "set",
    "shift",
    "sign",
    "sin",
    "sinh",
    "sleep",
    "some",
    "sort",
    "sort_by",
    "sort_desc",
    "splice",
    "split",
    "split_rev",
    "sqrt",
    "start",
    "starts_with",
    "sub_string",
    "tag",
    "take",
    "tan",
    "tanh",
    "timestamp",
    "to_array",
    "to_binary",
    "to_blob",
    "to_chars",
    "to_debug",
    "to_degrees",
    "to_float",
    "to_hex",
    "to_int",
    "to_json",
    "to_lower",
    "to_octal",
    "to_radians",
    "to_string",
    "to_upper",
    "trim",
    "truncate",
    "values",
    "zip",
    "call",
    "curry",
    "type_of",
    "is_shared",
];

/// `get ((), &str | ImmutableString | String)` in words; `source` is the line.
pub(super) fn unknown_function(library: &Library, signature: &str, source: Option<&str>) -> String {
    let (name, types) = taken(signature);
    if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        return format!("no operator `{name}` takes ({})", plain(types));
    }
    if !is_known(library, name) {
        let first = types.split(", ").next().unwrap_or_default();
        // The one thing that it was asked of is known, where that is nothing: a field that is not there.
        return match source.filter(|_| first == "()").and_then(|source| owner(source, name)) {
            Some(owner) => format!("`{owner}` is (), which has no method `{name}`"),
            None => format!("unknown function `{name}`"),
        };
    }
    if types.starts_with("()")
        && let Some(owner) = source.and_then(|source| owner(source, name))
    {
        return format!("`{owner}` is (), which has no method `{name}`");
    }
    let types = plain(types);
    if types.is_empty() {
        return format!("`{name}` takes arguments: none is given");
    }
    if types.matches(", ").count() >= MAX_ARGS && is_of_api(name) {
        return format!(
            "`{name}` takes up to {MAX_ARGS} arguments: join texts before, as in `${{a}} ${{b}}`"
        );
    }
    format!("no function `{name}` takes ({types})")
}

fn taken(signature: &str) -> (&str, &str) {
    let (name, types) = signature.split_once(" (").unwrap_or((signature, ")"));
    (name, types.strip_suffix(')').unwrap_or(types))
}

fn is_of_api(name: &str) -> bool {
    let name = name.rsplit("::").next().unwrap_or(name);
    globals::names().any(|known| known == name)
        || modules().flat_map(|module| module.functions).any(|function| function.name == name)
}

fn is_known(library: &Library, name: &str) -> bool {
    let of_module = |(module, name): (&str, &str)| {
        modules()
            .filter(|known| known.name == module)
            .flat_map(|known| known.functions)
            .any(|it| it.name == name)
    };
    name.split_once("::").is_some_and(of_module)
        || OWN.contains(&name)
        || globals::names().any(|known| known == name)
        || library.function_names().iter().any(|known| known == name)
}

/// What `.name` on the line is asked of, where it is a variable or a chain of properties.
fn owner<'s>(source: &'s str, name: &str) -> Option<&'s str> {
    let at = source
        .match_indices(&format!(".{name}"))
        .map(|(at, _)| at)
        .find(|at| !source[at + 1 + name.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_'))?;
    let before = &source[..at];
    let start =
        before.rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.'))).map_or(0, |at| at + 1);
    let owner = before[start..].trim_matches('.');
    owner.starts_with(|c: char| c.is_alphabetic() || c == '_').then_some(owner)
}

/// The function that may have been meant by `name`.
fn meant(library: &Library, name: &str) -> Option<String> {
    if is_known(library, name) {
        return None;
    }
    if let Some((prefix, name)) = name.split_once("::") {
        let module = modules().find(|module| module.name == prefix)?;
        let best = closest(name, module.functions.iter().map(|function| function.name))?;
        return Some(format!("{prefix}::{best}"));
    }
    let own = library.function_names();
    let mut known: Vec<&str> = globals::names().collect();
    known.extend(own.iter().map(ImmutableString::as_str));
    let slips = if name.len() < 5 { 1 } else { 2 };
    let near = OWN.iter().chain(&view::METHODS).map(|known| (strsim::osa_distance(name, known), *known));
    let near = near.filter(|(distance, _)| *distance <= slips).min().map(|(_, known)| known);
    near.or_else(|| closest(name, known)).map(str::to_owned)
}

/// A property that a value of that kind has not.
pub(super) fn unknown_property(what: &str, source: Option<&str>) -> String {
    let quoted: Vec<&str> = what.split('\'').skip(1).step_by(2).collect();
    match quoted[..] {
        [name, "()"] if source.is_some_and(|source| owner(source, name).is_some()) => {
            let owner = source.and_then(|source| owner(source, name)).unwrap_or_default();
            format!("`{owner}` is (), which has no property `{name}`")
        }
        [name, kind] => format!("a value of type {} has no property `{name}`", plain(kind)),
        [name, kind, _] => {
            format!("a value of type {} has no property `{name}` that could be set", plain(kind))
        }
        _ => super::trace::lowered(what),
    }
}

/// What may have been meant.
pub(super) fn suggestion(library: &Library, error: &EvalAltResult, source: Option<&str>) -> Option<String> {
    let did_you_mean = |best: &str| format!("did you mean `{best}`?");
    match error {
        EvalAltResult::ErrorVariableNotFound(name, _) => {
            closest(name, globals::names()).filter(|best| *best != name).map(did_you_mean)
        }
        EvalAltResult::ErrorFunctionNotFound(signature, _) => {
            let (name, types) = taken(signature);
            // Something that is nothing was asked for a method: what came before may be misspelt.
            if types.starts_with("()")
                && let Some(best) = source.and_then(|source| misspelt(source, name))
            {
                return Some(did_you_mean(best));
            }
            meant(library, name).as_deref().map(did_you_mean)
        }
        EvalAltResult::ErrorDotExpr(what, _) => {
            let name = what.split('\'').nth(1)?;
            misspelt(source?, name).map(did_you_mean)
        }
        _ => None,
    }
}

/// The name before `.name` on the line, if it is a slip of the pen.
fn misspelt(source: &str, name: &str) -> Option<&'static str> {
    let at = source.find(&format!(".{name}"))?;
    let before = &source[..at];
    let start = before.rfind(|c: char| !(c.is_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
    hint::field(&before[start..], source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_method_is_named() {
        assert_eq!(owner("  let x = this.lst.shift();", "shift"), Some("this.lst"));
        assert_eq!(owner("f(a).shift()", "shift"), None);
        assert_eq!(owner("a.shifted(b.shift())", "shift"), Some("b"));
        assert_eq!(owner("shift()", "shift"), None);
    }
}
