//! What may have been meant by a method of a class, or a member of `self`, that does not
//! exist: Lua says only that it is nil. Asked by `trace` once an error is to be told.

use crate::script::hint;

/// A hint for `message`, which is about this line of a script.
pub(super) fn member(message: &str, source: &str) -> Option<String> {
    if !message.starts_with("attempt to ") {
        return None;
    }
    let quoted = |before: &str| Some(message.split_once(before)?.1.split_once('\'')?.0);
    let best = match quoted("a nil value (method '") {
        Some(name) => hint::method(name)?,
        None => hint::field(quoted("a nil value (field '")?, source)?,
    };
    Some(format!("did you mean `{best}`?"))
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
