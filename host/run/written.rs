//! Where a threshold stands in the file that it was written in: `options` knows only the line of the call, and an
//! environment file that of the metric. Asked by `thresholds` for faults.

use std::fs;

use crate::fault::{Fault, Place};

/// The fault with the place of `rule`, which comes after `selector`; or of the selector, without a rule. As it was where
/// neither is found as it was written.
pub(super) fn at(mut fault: Fault, selector: &str, rule: Option<&str>) -> Fault {
    let found = fault.at.as_deref().and_then(|place| {
        let text = fs::read_to_string(&place.file).ok()?;
        find(&text, place, selector, rule)
    });
    if let Some(place) = found {
        fault.at = Some(Box::new(place));
    }
    fault
}

fn find(text: &str, from: &Place, selector: &str, rule: Option<&str>) -> Option<Place> {
    let begin: usize = text.split_inclusive('\n').take(from.line.saturating_sub(1)).map(str::len).sum();
    let key = begin + word(text.get(begin..)?, selector)?;
    let at = match rule {
        None => key,
        Some(rule) => {
            let after = key + selector.len();
            after + word(text.get(after..)?, rule)?
        }
    };
    let line = text[..at].matches('\n').count() + 1;
    let begin = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let source = text[begin..].lines().next()?.to_owned();
    let column = Some(text[begin..at].chars().count() + 1);
    Some(Place { file: from.file.clone(), line, column, source: Some(source) })
}

/// Where a text stands that is no part of a longer one.
fn word(text: &str, wanted: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut matches = text.match_indices(wanted).filter(|(at, _)| {
        let (before, after) = (&text[..*at], &text[at + wanted.len()..]);
        !before.ends_with(is_part) && !after.starts_with(is_part) && !wanted.is_empty()
    });
    matches.next().map(|(at, _)| at)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_found_behind_its_metric() {
        let text = "-- http_reqs = 'count<1'\noptions {\n  thresholds = {\n    my_http_reqs = 'avg<1',\n    http_reqs = {\n      'count<1',\n      \"p(95)<5\",\n    },\n  },\n}\n";
        let from = Place { file: "a.lua".into(), line: 2, column: None, source: None };
        let found = |selector: &str, rule: Option<&str>| {
            find(text, &from, selector, rule).map(|place| (place.line, place.column.unwrap()))
        };
        assert_eq!(found("http_reqs", Some("p(95)<5")), Some((7, 8)));
        assert_eq!(found("http_reqs", None), Some((5, 5)));
        assert_eq!(found("http_reqs", Some("avg<1")), None, "put together, perhaps");
        assert_eq!(found("checks", None), None);
    }
}
