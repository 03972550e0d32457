//! `${NAME}` and `${NAME:-default}` in a text. Called by `yaml` for each scalar value, after the structure is
//! known: what a variable holds can never change it, and is not expanded again.

/// Why a text does not expand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ExpandError {
    #[error("variable `{0}` is not set")]
    Undefined(String),
    #[error("`${{` without a closing `}}`")]
    Unclosed,
    #[error("`${{{0}}}` does not hold a variable's name")]
    NotAName(String),
    #[error("`${{NAME:-default}}` is nested more than {DEEPEST} deep")]
    TooDeep,
}

const DEEPEST: usize = 16;

/// Expands `text`. A default applies where the variable is unset or empty, and may itself hold variables.
/// `$${` stands for `${`; any other `$` for itself.
pub(super) fn expand(text: &str, lookup: &dyn Fn(&str) -> Option<String>) -> Result<String, ExpandError> {
    let (value, rest) = part(text, lookup, Depth { level: 0, wanted: true })?;
    debug_assert!(rest.is_empty());
    Ok(value)
}

/// Whether a text is a variable's name: letters, digits and `_`, no digit first.
pub fn is_name(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && text.bytes().next().is_some_and(|b| !b.is_ascii_digit())
}

#[derive(Clone, Copy)]
struct Depth {
    /// 0 at the top, where a `}` is text.
    level: usize,
    /// False in a default that is not used: there an unset variable is no error.
    wanted: bool,
}

/// Expands up to the end, or inside a default up to its `}`; returns what is left behind that.
fn part<'t>(
    mut text: &'t str,
    lookup: &dyn Fn(&str) -> Option<String>,
    depth: Depth,
) -> Result<(String, &'t str), ExpandError> {
    if depth.level > DEEPEST {
        return Err(ExpandError::TooDeep);
    }
    let mut value = String::new();
    loop {
        let Some(next) = text.find(['$', '}']) else {
            value.push_str(text);
            return if depth.level == 0 { Ok((value, "")) } else { Err(ExpandError::Unclosed) };
        };
        value.push_str(&text[..next]);
        text = &text[next..];
        if let Some(rest) = text.strip_prefix("$${") {
            value.push_str("${");
            text = rest;
        } else if let Some(rest) = text.strip_prefix("${") {
            let (expanded, rest) = variable(rest, lookup, depth)?;
            value.push_str(&expanded);
            text = rest;
        } else if let (Some(rest), true) = (text.strip_prefix('}'), depth.level > 0) {
            return Ok((value, rest));
        } else {
            value.push_str(&text[..1]);
            text = &text[1..];
        }
    }
}

/// Expands what follows a `${`.
fn variable<'t>(
    text: &'t str,
    lookup: &dyn Fn(&str) -> Option<String>,
    depth: Depth,
) -> Result<(String, &'t str), ExpandError> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').ok_or(ExpandError::Unclosed)?;
    let (name, rest) = text.split_at(end);
    let found = if is_name(name) { lookup(name) } else { None };
    if let (true, Some(rest)) = (is_name(name), rest.strip_prefix('}')) {
        return match found {
            Some(value) => Ok((value, rest)),
            None if !depth.wanted => Ok((String::new(), rest)),
            None => Err(ExpandError::Undefined(name.to_string())),
        };
    }
    if let (true, Some(rest)) = (is_name(name), rest.strip_prefix(":-")) {
        let found = found.filter(|value| !value.is_empty());
        let inner = Depth { level: depth.level + 1, wanted: depth.wanted && found.is_none() };
        let (default, rest) = part(rest, lookup, inner)?;
        return Ok((found.unwrap_or(default), rest));
    }
    match text.find('}') {
        Some(close) => Err(ExpandError::NotAName(text[..close].to_string())),
        None => Err(ExpandError::Unclosed),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lookup(name: &str) -> Option<String> {
        match name {
            "A" => Some("alpha".into()),
            "EMPTY" => Some(String::new()),
            "TRICK" => Some("${A}".into()),
            _ => None,
        }
    }

    #[test]
    fn variables_and_defaults() {
        for (text, value) in [
            ("plain", "plain"),
            ("${A}", "alpha"),
            ("x-${A}-${A}", "x-alpha-alpha"),
            ("${NONE:-10}", "10"),
            ("${A:-10}", "alpha"),
            ("${EMPTY:-10}", "10"),
            ("${EMPTY}", ""),
            ("${NONE:-}", ""),
            ("${NONE:-https://a.b/c?d={e}", "https://a.b/c?d={e"),
            ("${NONE:-${A}!}", "alpha!"),
            ("${NONE:-${NO:-deep}}", "deep"),
            ("${A:-${NONE}}", "alpha"),
            ("$${A}", "${A}"),
            ("$A $ 5$ }", "$A $ 5$ }"),
            ("$$", "$$"),
            ("${TRICK}", "${A}"),
            ("값 ${A} 끝", "값 alpha 끝"),
        ] {
            assert_eq!(expand(text, &lookup).as_deref(), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_does_not_expand() {
        for (text, message) in [
            ("${NONE}", "variable `NONE` is not set"),
            ("${NONE:-${NO}}", "variable `NO` is not set"),
            ("${A", "`${` without a closing `}`"),
            ("${NONE:-x", "`${` without a closing `}`"),
            ("${}", "`${}` does not hold a variable's name"),
            ("${1A}", "`${1A}` does not hold a variable's name"),
            ("${A-b}", "`${A-b}` does not hold a variable's name"),
        ] {
            assert_eq!(expand(text, &lookup).unwrap_err().to_string(), message, "{text}");
        }
        assert_eq!(expand(&"${X:-".repeat(1000), &lookup), Err(ExpandError::TooDeep));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*", near in "[$${}:A_1 -]{0,40}") {
            let _ = (expand(&text, &lookup), expand(&near, &lookup));
        }

        #[test]
        fn text_without_variables_stays(text in "[^$]*") {
            prop_assert_eq!(expand(&text, &lookup), Ok(text));
        }

        #[test]
        fn a_value_is_never_read_again(value in "\\PC*", around in "[a-z}]{0,5}") {
            let set = |name: &str| (name == "V").then(|| value.clone());
            let text = format!("{around}${{V}}{around}");
            prop_assert_eq!(expand(&text, &set), Ok(format!("{around}{value}{around}")));
        }
    }
}
