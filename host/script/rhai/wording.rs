//! What the host's messages write as Lua does, as this language writes it. Used by `bind`.

/// Forms that messages of the API hold, each with its own of this language.
const FORMS: [(&str, &str); 22] = [
    ("for chunk in response:chunks() do", "for chunk in response.chunks() { .. }"),
    ("for event in source:events() do", "for event in source.events() { .. }"),
    ("for text, kind in socket:messages() do", "for message in socket.messages() { .. }"),
    ("`catch_response = true`", "`catch_response: true`"),
    ("`discard_body = false`", "`discard_body: false`"),
    ("`stream = true`", "`stream: true`"),
    ("`on_end = \"stop\"` or `on_end = \"recycle\"`", "`on_end: \"stop\"` or `on_end: \"recycle\"`"),
    ("{ user, password }", "[user, password]"),
    ("{ bearer = token }", "#{ bearer: token }"),
    ("{ digest = [user, password] }", "#{ digest: [user, password] }"),
    ("{ cert, key }", "[cert, key]"),
    ("{ content = .. } or { path = .. }", "#{ content: .. } or #{ path: .. }"),
    (
        "{ { duration = \"60s\", users = 10, spawn_rate = 2 }, ... }",
        "[#{ duration: \"60s\", users: 10, spawn_rate: 2 }, ...]",
    ),
    ("`client:stream(method)`", "`client.stream(method)`"),
    ("`client:call(method, message)`", "`client.call(method, message)`"),
    ("or nil at its end", "or () at its end"),
    ("{ \"POST\", \"/path\", json = ... }", "#{ method: \"POST\", path: \"/path\", json: ... }"),
    ("a method, a path, and options by name", "a path, or a map of method, path and options"),
    ("the list must be a table", "the list must be an array"),
    ("must be a table", "must be a map"),
    ("not nil", "not ()"),
    ("a nil has no", "() has no"),
];

/// What descriptions of the API write as Lua does, beside those.
const DESCRIBED: [(&str, &str); 15] = [
    ("for message in stream:messages() do", "for message in stream.messages() { .. }"),
    (
        "`#rows` are there, `rows[1]` is the first, `ipairs(rows)` visits all",
        "`rows.len()` are there, `rows[0]` is the first, `for row in rows` visits all",
    ),
    (
        "index, `#`, `ipairs`, `pairs` and `json.encode` work",
        "index, `len()`, `for`, `keys()` and `json.encode` work",
    ),
    ("{ next = { browse = 1, buy = 2 } }", "#{ next: #{ browse: 1, buy: 2 } }"),
    ("function(self) ... end", "|| { ... }"),
    (
        "A table with keys 1..n is a list; an empty one is an object (see `array`).",
        "Maps are objects, arrays are lists.",
    ),
    ("{ digest = { user, password } }", "#{ digest: [user, password] }"),
    ("`stream = true`", "`stream: true`"),
    ("self.", "this."),
    ("a table", "a map"),
    ("A table", "A map"),
    ("the table", "the map"),
    ("Tables", "Maps"),
    (" tables", " maps"),
    ("nil", "()"),
];

/// A description of the API, in the words of this language.
pub(super) fn described(text: &str) -> String {
    let mut text = worded(text.to_owned());
    for (theirs, own) in DESCRIBED {
        let mut from = 0;
        while let Some(at) = text[from..].find(theirs).map(|at| at + from) {
            let is_word = |c: char| c.is_alphanumeric();
            let begins = !theirs.starts_with(is_word) || !text[..at].ends_with(is_word);
            let ends = !theirs.ends_with(is_word) || !text[at + theirs.len()..].starts_with(is_word);
            if begins && ends {
                text.replace_range(at..at + theirs.len(), own);
                from = at + own.len();
            } else {
                from = at + theirs.len();
            }
        }
    }
    with_dots(&text)
}

/// `object:method(` as `object.method(`.
fn with_dots(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(':') {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        let name = after.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(after.len());
        let is_method = before.ends_with(char::is_alphanumeric) && name > 0 && after[name..].starts_with('(');
        out.push_str(before);
        out.push(if is_method { '.' } else { ':' });
        rest = after;
    }
    out + rest
}

/// A message of the host's, in the words of this language.
pub(super) fn worded(text: String) -> String {
    FORMS.iter().fold(text, |text, (theirs, own)| match text.contains(theirs) {
        true => text.replace(theirs, own),
        false => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_within_forms_are_put_first() {
        assert_eq!(
            worded(
                "auth must be { user, password }, { bearer = token } or { digest = { user, password } }"
                    .into()
            ),
            "auth must be [user, password], #{ bearer: token } or #{ digest: [user, password] }"
        );
        assert_eq!(worded("nothing of the kind".into()), "nothing of the kind");
    }

    #[test]
    fn descriptions_are_of_this_language() {
        for (theirs, own) in [
            ("`self.data` of each user; nil without", "`this.data` of each user; () without"),
            ("call `task:stop()`, see https://a.b (c)", "call `task.stop()`, see https://a.b (c)"),
            ("nilpotent tables: stable", "nilpotent maps: stable"),
        ] {
            assert_eq!(described(theirs), own);
        }
    }
}
