//! `--http-debug`: shows requests and answers in the log, secrets masked. Used by
//! `request`, `websocket` and `sse`; `grpc` shows its calls the same way.

use std::borrow::Cow;
use std::fmt::Write;

use crate::config::{HttpDebug, Level};
use crate::net::Told;
use crate::vu::{Terms, Vu};

/// Of a body so many bytes are shown.
const SHOWN: usize = 4 << 10;

const MASK: &str = "***";

/// Logs one message of a request, which counts under `name`.
pub(super) fn tell(vu: &Vu, debug: HttpDebug, name: &str, told: &Told<'_>) {
    let mut text = format!("vu {}, {name}", vu.id);
    match told {
        Told::Request { head, body } => {
            write_head(&mut text, '>', head);
            if debug == HttpDebug::Full {
                write_body(&mut text, '>', *body, "sent piece by piece");
            }
        }
        Told::Answer { head, body, missing } => {
            write_head(&mut text, '<', head);
            if debug == HttpDebug::Full {
                write_body(&mut text, '<', *body, "not kept");
            }
            if let Some(missing) = missing {
                let _ = write!(text, "\n! {missing}");
            }
        }
        Told::Failure(why) => {
            let _ = write!(text, "\n! {why}");
        }
    }
    vu.log(Level::Info, text);
}

/// Logs a message of a WebSocket, or an event, where bodies are shown: `>` is sent, `<` has come.
pub(super) fn passes(vu: &Vu, terms: &Terms, mark: char, kind: &str, body: &[u8]) {
    if vu.shared.http_debug != Some(HttpDebug::Full) {
        return;
    }
    let mut text =
        format!("vu {}, {}\n{mark} ({kind})", vu.id, vu.shared.recorder.borrow().label(terms.key).name);
    write_body(&mut text, mark, Some(body), "");
    vu.log(Level::Info, text);
}

pub(in crate::api) fn write_head(text: &mut String, mark: char, head: &[u8]) {
    let head = String::from_utf8_lossy(head);
    for line in head.lines().filter(|line| !line.is_empty()) {
        let _ = write!(text, "\n{mark} {}", masked(line));
    }
}

/// A header line without what it must not show.
fn masked(line: &str) -> Cow<'_, str> {
    let Some((name, value)) = line.split_once(':') else { return line.into() };
    let value = value.trim();
    let hidden = match &*name.to_ascii_lowercase() {
        // The scheme tells what is wrong often enough.
        "authorization" | "proxy-authorization" => match value.split_once(' ') {
            Some((scheme, _)) => format!("{scheme} {MASK}"),
            None => MASK.to_owned(),
        },
        "cookie" => value.split(';').map(|pair| valueless(pair.trim())).collect::<Vec<_>>().join("; "),
        "set-cookie" => match value.split_once(';') {
            Some((pair, attributes)) => format!("{};{attributes}", valueless(pair)),
            None => valueless(value),
        },
        _ => return line.into(),
    };
    format!("{name}: {hidden}").into()
}

fn valueless(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, _)) => format!("{name}={MASK}"),
        None => MASK.to_owned(),
    }
}

pub(in crate::api) fn write_body(text: &mut String, mark: char, body: Option<&[u8]>, without: &str) {
    let Some(body) = body else {
        let _ = write!(text, "\n{mark}\n{mark} (body {without})");
        return;
    };
    if body.is_empty() {
        return;
    }
    let mut shown = &body[..body.len().min(SHOWN)];
    // A cut through a character is none of the body's.
    if let Err(error) = std::str::from_utf8(shown)
        && error.error_len().is_none()
    {
        shown = &shown[..error.valid_up_to()];
    }
    let _ = match std::str::from_utf8(shown) {
        Ok(all) if !all.contains('\0') => {
            let lines: Vec<&str> = all.lines().collect();
            let more = body.len() - shown.len();
            let end = if more > 0 { format!("\n{mark} ({more} bytes more)") } else { String::new() };
            write!(text, "\n{mark}\n{mark} {}{end}", lines.join(&format!("\n{mark} ")))
        }
        _ => write!(text, "\n{mark}\n{mark} ({} bytes, no text)", body.len()),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_what_tells_them_apart_is_not() {
        for (line, shown) in [
            ("Authorization: Bearer abc", "Authorization: Bearer ***"),
            ("authorization: abc", "authorization: ***"),
            ("Cookie: a=1; b=2=3", "Cookie: a=***; b=***"),
            ("Set-Cookie: id=abc; Path=/; HttpOnly", "Set-Cookie: id=***; Path=/; HttpOnly"),
            ("X-Other: Bearer abc", "X-Other: Bearer abc"),
            ("GET / HTTP/1.1", "GET / HTTP/1.1"),
        ] {
            assert_eq!(masked(line), shown);
        }
    }

    #[test]
    fn bodies_are_bounded_and_binary_ones_counted() {
        let body = |bytes: &[u8]| {
            let mut text = String::new();
            write_body(&mut text, '<', Some(bytes), "");
            text
        };
        assert_eq!(body(b""), "");
        assert_eq!(body(b"a\nb"), "\n<\n< a\n< b");
        assert_eq!(body(b"\xff\x00"), "\n<\n< (2 bytes, no text)");
        let long = body("é".repeat(3000).as_bytes());
        assert!(long.ends_with("é\n< (1904 bytes more)"), "{}", &long[long.len() - 40..]);
    }
}
