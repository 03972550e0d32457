//! What may have been meant by a method of a class, or a member of an instance, that does not
//! exist. Asked by the engines once an error is to be told.

use std::collections::BTreeSet;

use super::stubs::CLASSES;

/// A method that may have been meant by `name`.
pub fn method(name: &str) -> Option<&'static str> {
    closest(name, methods())
}

/// A method or field that may have been meant by `name`, if this line reads it of an instance: a table
/// of the script's own may have what fields it likes.
pub fn field(name: &str, source: &str) -> Option<&'static str> {
    is_of_class(source, name).then(|| closest(name, methods().chain(fields())))?
}

fn methods() -> impl Iterator<Item = &'static str> {
    CLASSES.iter().flat_map(|class| {
        let hooks = class.hooks.iter().map(|hook| hook.name);
        class.methods.iter().map(|method| method.name).chain(hooks)
    })
}

fn fields() -> impl Iterator<Item = &'static str> {
    CLASSES.iter().flat_map(|class| {
        let attributes = class.attributes.iter().flat_map(|record| record.fields);
        class.fields.iter().chain(attributes).map(|field| field.name)
    })
}

/// Whether the line reads `name` of an instance: `self.name`, `self.user.name`.
fn is_of_class(source: &str, name: &str) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    source.match_indices(name).any(|(at, _)| {
        let Some(before) = source[..at].strip_suffix('.') else { return false };
        let start = before.rfind(|c| !word(c)).map_or(0, |at| at + 1);
        let whole = !source[at + name.len()..].starts_with(word);
        whole && matches!(&before[start..], "self" | "this" | "user" | "parent")
    })
}

/// The one that is a slip of the pen or two away.
fn closest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let known: BTreeSet<&str> = known.collect();
    let slips = if name.len() < 5 { 1 } else { 2 };
    let near = known.into_iter().map(|known| (strsim::osa_distance(name, known), known));
    near.filter(|(distance, _)| (1..=slips).contains(distance)).min().map(|(_, known)| known)
}
