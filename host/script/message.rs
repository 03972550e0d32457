//! What a script's error says, whatever its language: `file:line: text`, advice at its end, and
//! what in its line the text is about. Used by the engines.

use crate::fault::Place;

/// The place that `file:line` names.
pub fn place(text: &str) -> Option<Place> {
    let (file, line) = text.rsplit_once(':')?;
    Some(Place { file: file.to_owned(), line: line.parse().ok()?, column: None, source: None })
}

/// Takes `file:line: rest` apart.
pub fn split(message: &str) -> Option<(&str, usize, &str)> {
    let mut from = 0;
    loop {
        let colon = from + message[from..].find(':')?;
        let after = &message[colon + 1..];
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && after[digits..].starts_with(": ") {
            return Some((&message[..colon], after[..digits].parse().ok()?, &after[digits + 2..]));
        }
        from = colon + 1;
    }
}

/// Takes the advice at the end of a message, `... (did you mean ..?)`, off it.
pub fn advice(message: &str) -> (&str, Option<&str>) {
    let parts = [" (did you mean ", " (known: "].iter().find_map(|start| {
        let at = message.rfind(start)?;
        Some((&message[..at], message[at + 2..].strip_suffix(')')?))
    });
    match parts {
        Some((what, help)) => (what, Some(help)),
        None => (message, None),
    }
}

/// Where to put the caret: at the last thing that the message quotes and the line holds, else at
/// the first word. Counts from 1.
pub fn column(source: &str, message: &str) -> usize {
    let indent = || source.chars().take_while(|c| c.is_whitespace()).count() + 1;
    quoted(source, message).unwrap_or_else(indent)
}

/// Where the line holds the last thing that the message quotes and the line holds. Counts from 1.
pub fn quoted(source: &str, message: &str) -> Option<usize> {
    let at = ['`', '\''].iter().find_map(|&quote| {
        // What stands between the first and the second quote, the third and the fourth, ...
        let names: Vec<&str> = message.split(quote).skip(1).step_by(2).collect();
        names.iter().rev().find_map(|name| source.rfind(name).filter(|_| !name.is_empty()))
    })?;
    Some(source[..at].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_messages_apart() {
        assert_eq!(split("a/b.lua:12: oops: 3: x"), Some(("a/b.lua", 12, "oops: 3: x")));
        assert_eq!(split("C:x.lua:1: y"), Some(("C:x.lua", 1, "y")));
        assert_eq!(split("no place"), None);
        assert_eq!(split("a:b"), None);
    }

    #[test]
    fn points_at_what_is_quoted() {
        assert_eq!(column("  local x = = 1", "unexpected symbol near '='"), 13);
        assert_eq!(column("  foo()", "oops"), 3);
        assert_eq!(column("  get(p, { jsn = 1 })", "unknown option `jsn`"), 12);
        assert_eq!(column("User:extend(\"U\", { hots = 1 })", "class `U`: unknown attribute `hots`"), 20);
        assert_eq!(column("User:extend(\"U\", {", "class `U`: unknown attribute `hots`"), 14);
    }
}
