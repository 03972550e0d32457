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
}
