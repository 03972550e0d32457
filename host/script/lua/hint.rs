//! What may have been meant by a method of a class, or a member of `self`, that does not
//! exist: Lua says only that it is nil. Asked by `trace` once an error is to be told.

use std::collections::BTreeSet;

use crate::script::stubs::CLASSES;

/// A hint for `message`, which is about this line of a script.
pub(super) fn member(message: &str, source: &str) -> Option<String> {
    if !message.starts_with("attempt to ") {
        return None;
    }
    let quoted = |before: &str| Some(message.split_once(before)?.1.split_once('\'')?.0);
    let best = match quoted("a nil value (method '") {
        Some(name) => closest(name, methods())?,
        None => {
            let name = quoted("a nil value (field '")?;
            // A table of the script's own may have what fields it likes.
            is_of_class(source, name).then(|| closest(name, methods().chain(fields())))??
        }
    };
    Some(format!("did you mean `{best}`?"))
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
        whole && matches!(&before[start..], "self" | "user" | "parent")
    })
}

/// The one that is a slip of the pen or two away.
fn closest(name: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let known: BTreeSet<&str> = known.collect();
    let slips = if name.len() < 5 { 1 } else { 2 };
    let near = known.into_iter().map(|known| (strsim::osa_distance(name, known), known));
    near.filter(|(distance, _)| (1..=slips).contains(distance)).min().map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_classes_are_suggested() {
        let method = |name: &str| member(&format!("attempt to call a nil value (method '{name}')"), "");
        let is = |name: &str| Some(format!("did you mean `{name}`?"));
        assert_eq!(method("tsk"), is("task"));
        assert_eq!(method("taks"), is("task"));
        assert_eq!(method("extnd"), is("extend"));
        assert_eq!(method("interupt"), is("interrupt"));
        assert_eq!(method("on_strat"), is("on_start"));
        assert_eq!(method("upper"), None);
        assert_eq!(method("add_to_cart"), None);

        let field = |name: &str, source: &str| {
            member(&format!("attempt to index a nil value (field '{name}')"), source)
        };
        assert_eq!(field("clent", "  self.clent:get(\"/\")"), is("client"));
        assert_eq!(field("clinet", "  self.user.clinet:get(\"/\")"), is("client"));
        assert_eq!(field("usr", "self.usr.name = 1"), is("user"));
        // A field of the script's own table; one that is right, and nil; no message of Lua's.
        assert_eq!(field("clent", "  row.clent:get()"), None);
        assert_eq!(field("clent", "  self.clenty = row.clent"), None);
        assert_eq!(field("data", "  self.data.x = 1"), None);
        assert_eq!(member("lost (field 'clent')", "self.clent"), None);
    }
}
