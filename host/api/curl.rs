//! `response:as_curl()`: the request as a command for a POSIX shell. It is meant to work, so
//! nothing in it is masked; what a script prints of it passes the mask of secrets as all else does. Used by
//! `response`.

use crate::net::Sent;

/// The request as it was sent last, as a command of curl. A body that was sent piece by piece is read from standard
/// input.
pub(super) fn command(sent: &Sent) -> String {
    let mut words = vec!["curl".to_owned()];
    let url = sent.url();
    let has_body = sent.body_length > 0 || sent.is_piecewise;
    match sent.method.as_str() {
        "GET" if !has_body => {}
        "HEAD" => words.push("--head".to_owned()),
        method => words.push(format!("-X {}", quote(method))),
    }
    if sent.is_http2 {
        words.push(if url.starts_with("https:") { "--http2" } else { "--http2-prior-knowledge" }.to_owned());
    }
    if !sent.verify {
        words.push("--insecure".to_owned());
    }
    if url.contains(['[', ']', '{', '}']) {
        words.push("--globoff".to_owned());
    }
    let mut has_kind = false;
    for (name, value) in sent.headers() {
        has_kind |= name.eq_ignore_ascii_case("content-type");
        // curl takes `name:` for a header that is not to be sent.
        let text = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        words.push(format!("-H {}", quote(&text)));
    }
    for (name, value) in sent.credentials() {
        words.push(format!("-H {}", quote(&format!("{name}: {value}"))));
    }
    // curl announces an empty body only where it is given one.
    if !has_body && matches!(sent.method.as_str(), "POST" | "PUT" | "PATCH") {
        words.push("-H 'Content-Length: 0'".to_owned());
    }
    if has_body && !has_kind {
        words.push("-H 'Content-Type:'".to_owned());
    }
    let mut source = String::new();
    match std::str::from_utf8(&sent.body) {
        _ if !has_body => {}
        _ if sent.is_piecewise => words.push("--data-binary @-".to_owned()),
        Ok(text) if !text.contains(is_unseen) => words.push(format!("--data-raw {}", quote(text))),
        _ => {
            source = format!("printf '{}' | ", octal(&sent.body));
            words.push("--data-binary @-".to_owned());
        }
    }
    words.push(quote(&url));
    source + words.join(" ").as_str()
}

/// What `print` shows in another form than it has.
fn is_unseen(c: char) -> bool {
    c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The text as one word.
fn quote(text: &str) -> String {
    if text.contains(is_unseen) {
        // The shell takes line feeds off the end of what a command says.
        let inner = text.trim_end_matches('\n');
        let ends = &text[inner.len()..];
        let ends = if ends.is_empty() { String::new() } else { format!("'{ends}'") };
        return format!("\"$(printf '{}')\"{ends}", octal(inner.as_bytes()));
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// For `printf`: what it takes as it is, and the rest in digits.
fn octal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        match matches!(byte, b' '..=b'~') && !b"\\%'".contains(byte) {
            true => text.push(char::from(*byte)),
            false => text.push_str(&format!("\\{byte:03o}")),
        }
        text
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::process::Command;

    use proptest::prelude::*;

    use super::*;

    /// What a shell makes of `printf '%s' WORD`.
    fn shell(command: &str) -> Vec<u8> {
        Command::new("sh").args(["-c", command]).output().unwrap().stdout
    }

    #[test]
    fn words_are_quoted_where_they_must_be() {
        assert_eq!(quote("http://h/a?b"), "'http://h/a?b'");
        assert_eq!(quote("http://h/a"), "http://h/a");
        assert_eq!(quote("it's"), "'it'\\''s'");
        assert_eq!(quote(""), "''");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn a_shell_reads_what_was_meant(
            text in "[ -~é\n\t\u{1}\u{1b}]{0,30}", bytes in prop::collection::vec(any::<u8>(), 0..40),
        ) {
            prop_assert_eq!(shell(&format!("printf '%s' {}", quote(&text))), text.as_bytes());
            prop_assert_eq!(shell(&format!("printf '{}'", octal(&bytes))), bytes);
        }
    }
}
