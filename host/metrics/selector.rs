//! Which samples a threshold is about: `metric`, or `metric{tag:value,...}` for those that have
//! all of these tags. Read from what people write, in k6's syntax; matched by `watched`.

use std::fmt;

/// A metric, and the tags that its samples must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    pub metric: String,
    /// Names and values, as written; no name twice.
    pub tags: Vec<(String, String)>,
}

/// Why a text is no selector, for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unselective {
    #[error("it names no metric")]
    NoMetric,
    #[error("the `{{` is not closed: write metric{{tag:value}}")]
    Unclosed,
    #[error("`{0}` comes after the tags")]
    Rest(String),
    #[error("there are no tags between the braces")]
    NoTags,
    #[error("`{0}` is not a tag: write tag:value")]
    NoTag(String),
    #[error("the quote before `{0}` is not closed")]
    Quote(String),
    #[error("the tag `{0}` comes twice")]
    Twice(String),
}

impl Selector {
    /// Reads `metric` or `metric{tag:value,...}`. Spaces around the parts do not count; a value with
    /// a comma or a brace stands in quotes.
    ///
    /// # Errors
    /// A text of another form.
    pub fn parse(text: &str) -> Result<Selector, Unselective> {
        let (metric, rest) = match text.split_once('{') {
            Some((metric, rest)) => (metric.trim(), Some(rest)),
            None => (text.trim(), None),
        };
        if metric.is_empty() {
            return Err(Unselective::NoMetric);
        }
        let tags = rest.map_or(Ok(Vec::new()), read_tags)?;
        Ok(Selector { metric: metric.to_owned(), tags })
    }

    /// The samples of a metric that are of that scenario.
    pub fn of_scenario(metric: &str, scenario: &str) -> Selector {
        Selector { metric: metric.to_owned(), tags: vec![("scenario".to_owned(), scenario.to_owned())] }
    }
}

/// What stands behind the opening brace.
fn read_tags(mut rest: &str) -> Result<Vec<(String, String)>, Unselective> {
    let mut tags: Vec<(String, String)> = Vec::new();
    loop {
        let (name, after) = read_name(rest)?;
        let (value, after) = read_value(after)?;
        if value.is_empty() {
            return Err(Unselective::NoTag(format!("{name}:")));
        }
        if tags.iter().any(|(known, _)| *known == name) {
            return Err(Unselective::Twice(name));
        }
        tags.push((name, value));
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => {
                let end = after.strip_prefix('}').ok_or(Unselective::Unclosed)?.trim();
                return if end.is_empty() { Ok(tags) } else { Err(Unselective::Rest(end.to_owned())) };
            }
        }
    }
}

/// The name of a tag, and what comes after its colon.
fn read_name(text: &str) -> Result<(String, &str), Unselective> {
    let end = text.find([':', ',', '}']).ok_or(Unselective::Unclosed)?;
    let name = text[..end].trim().trim_matches(['"', '\'']).trim();
    match text[end..].strip_prefix(':') {
        Some(rest) if !name.is_empty() => Ok((name.to_owned(), rest)),
        Some(rest) => Err(Unselective::NoTag(format!(":{}", rest.trim_end_matches('}').trim()))),
        None if name.is_empty() => Err(Unselective::NoTags),
        None => Err(Unselective::NoTag(name.to_owned())),
    }
}

/// A value, and what comes after it: a comma or the closing brace, if all is well.
fn read_value(text: &str) -> Result<(String, &str), Unselective> {
    let text = text.trim_start();
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            let (value, rest) =
                quoted.split_once(quote).ok_or_else(|| Unselective::Quote(quoted.to_owned()))?;
            return Ok((value.to_owned(), rest.trim_start()));
        }
    }
    // A value may hold braces of its own, as `/documents/{uri}` does.
    let mut depth = 0usize;
    let end = text.find(|c| match c {
        ',' => depth == 0,
        '{' => {
            depth += 1;
            false
        }
        '}' if depth > 0 => {
            depth -= 1;
            false
        }
        '}' => true,
        _ => false,
    });
    let end = end.ok_or(Unselective::Unclosed)?;
    Ok((text[..end].trim_end().to_owned(), &text[end..]))
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.metric)?;
        for (index, (name, value)) in self.tags.iter().enumerate() {
            let lead = if index == 0 { '{' } else { ',' };
            write!(f, "{lead}{name}:")?;
            let plain = value.trim() == value && !value.contains([',', '"', '\'']) && is_balanced(value);
            match (plain, value.contains('"')) {
                (true, _) => f.write_str(value)?,
                (false, false) => write!(f, "\"{value}\"")?,
                (false, true) => write!(f, "'{value}'")?,
            }
        }
        if self.tags.is_empty() { Ok(()) } else { f.write_str("}") }
    }
}

/// Whether each brace closes one that is open, and all are closed.
fn is_balanced(text: &str) -> bool {
    let depth = text.chars().try_fold(0usize, |depth, c| match c {
        '{' => Some(depth + 1),
        '}' => depth.checked_sub(1),
        _ => Some(depth),
    });
    depth == Some(0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tags(text: &str) -> Vec<(String, String)> {
        Selector::parse(text).unwrap().tags
    }

    fn of(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// Forms of k6's documentation.
    #[test]
    fn known_forms() {
        assert_eq!(Selector::parse("http_reqs").unwrap().metric, "http_reqs");
        assert_eq!(tags("http_req_duration{type:API}"), of(&[("type", "API")]));
        assert_eq!(
            tags("http_req_duration{status:200, method:GET}"),
            of(&[("status", "200"), ("method", "GET")])
        );
        assert_eq!(
            tags("group_duration{group:::individualRequests}"),
            of(&[("group", "::individualRequests")])
        );
        assert_eq!(tags("http_req_duration{name:http://a.test:80/x}"), of(&[("name", "http://a.test:80/x")]));
        assert_eq!(
            tags("d{name:GET /documents/{uri},a:b}"),
            of(&[("name", "GET /documents/{uri}"), ("a", "b")])
        );
        assert_eq!(tags("d{ 'name' : \"a, {b\" , b : 'c' }"), of(&[("name", "a, {b"), ("b", "c")]));
    }

    #[test]
    fn what_is_no_selector_says_why() {
        for (text, why) in [
            ("", "it names no metric"),
            ("{a:b}", "it names no metric"),
            ("d{", "the `{` is not closed: write metric{tag:value}"),
            ("d{a:b", "the `{` is not closed: write metric{tag:value}"),
            ("d{}", "there are no tags between the braces"),
            ("d{a}", "`a` is not a tag: write tag:value"),
            ("d{a:}", "`a:` is not a tag: write tag:value"),
            ("d{:b}", "`:b` is not a tag: write tag:value"),
            ("d{a:b}c", "`c` comes after the tags"),
            ("d{a:'b}", "the quote before `b}` is not closed"),
            ("d{a:b,a:c}", "the tag `a` comes twice"),
        ] {
            assert_eq!(Selector::parse(text).unwrap_err().to_string(), why, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back(
            metric in "[a-z_]{1,9}",
            pairs in prop::collection::btree_map("[a-z_]{1,5}", "[ -&(-~]{1,9}", 0..4),
        ) {
            let pairs = pairs.into_iter().filter(|(_, value)| !value.contains('"') || !value.contains('\''));
            let selector = Selector { metric, tags: pairs.collect() };
            prop_assert_eq!(Selector::parse(&selector.to_string()), Ok(selector));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,20}", inner in "[a:,{}'\" ]{0,12}") {
            let _ = Selector::parse(&text);
            let _ = Selector::parse(&format!("d{{{inner}"));
        }
    }
}
