//! Thresholds as scripts and environment files write them, in their three forms: a text, a list, a
//! table with `threshold`, `abort_on_fail` and `delay`. What they say of which metric is judged by
//! `run`, which knows the metrics. Read by `options` and `raw`.

use std::time::Duration;

use serde_json::Value;

use crate::fault::closest;

use super::document::{Entry, Kind, Node};
use super::origin::Sited;
use super::section::Section;
use super::value;

/// What is demanded of a metric, or of those of its samples that have certain tags.
#[derive(Clone, Debug, PartialEq)]
pub struct Criterion {
    /// `metric` or `metric{tag:value,...}`, as written.
    pub selector: String,
    pub rules: Vec<Rule>,
}

/// One threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Such as `p(95)<500`, as written.
    pub expression: String,
    /// It is about the change since the baseline: `p(95)<+10%`.
    pub regression: bool,
    /// The run ends as soon as it is crossed.
    pub abort_on_fail: bool,
    /// But not before so much time has passed.
    pub delay: Duration,
}

/// Why it is no threshold: what, and what to do.
type Wrong = (String, Option<String>);

const KEYS: [&str; 4] = ["threshold", "regression", "abort_on_fail", "delay"];

/// What k6 calls them.
const ELSEWHERE: [(&str, &str); 2] = [("abortOnFail", "abort_on_fail"), ("delayAbortEval", "delay")];

/// The thresholds of a table: each with its metric.
pub(super) fn of_json(value: &Value) -> Result<Vec<Criterion>, Wrong> {
    let criteria = match value {
        Value::Object(criteria) => criteria,
        Value::Array(list) if list.is_empty() => return Ok(Vec::new()),
        other => {
            let what = format!("option `thresholds` must be a table, not {other}");
            return Err((what, Some("write `thresholds = { http_req_failed = \"rate<0.01\" }`".into())));
        }
    };
    criteria
        .iter()
        .map(|(selector, value)| {
            let one = |value: &Value| rule(selector, value);
            let rules = match value {
                Value::Array(list) => list.iter().map(one).collect::<Result<_, _>>()?,
                single => vec![one(single)?],
            };
            Ok(Criterion { selector: selector.clone(), rules })
        })
        .collect()
}

fn rule(selector: &str, value: &Value) -> Result<Rule, Wrong> {
    let wrong = |key: &str, wanted: &str, value: &Value| {
        (format!("`{key}` of `{selector}` must be {wanted}, not {value}"), None)
    };
    let plain = |text: &str| Rule {
        expression: text.to_owned(),
        regression: false,
        abort_on_fail: false,
        delay: Duration::ZERO,
    };
    let fields = match value {
        Value::String(text) => return Ok(plain(text)),
        Value::Object(fields) => fields,
        other => {
            return Err((
                format!("a threshold of `{selector}` must be a text or a table, not {other}"),
                Some("write it as \"p(95)<500\", or as a table with `threshold` or `regression`".into()),
            ));
        }
    };
    if let Some(key) = fields.keys().find(|key| !KEYS.contains(&key.as_str())) {
        let known = ELSEWHERE.iter().find(|(k6, _)| k6 == key).map(|(_, ours)| *ours);
        let help = match known.or_else(|| closest(key, KEYS)) {
            Some(best) => format!("did you mean `{best}`?"),
            None => format!("there are {}", KEYS.join(", ")),
        };
        return Err((format!("a threshold of `{selector}` has no `{key}`"), Some(help)));
    }
    let mut rule = match (fields.get("threshold"), fields.get("regression")) {
        (Some(_), Some(_)) => {
            let what = format!("a threshold of `{selector}` has both `threshold` and `regression`");
            return Err((what, Some("make two of it, in a list".into())));
        }
        (Some(Value::String(text)), None) => plain(text),
        (None, Some(Value::String(text))) => Rule { regression: true, ..plain(text) },
        (Some(other), None) => return Err(wrong("threshold", "a text", other)),
        (None, Some(other)) => return Err(wrong("regression", "a text", other)),
        (None, None) => {
            let what = format!("a threshold of `{selector}` says nothing: `threshold` is missing");
            return Err((what, Some("write `threshold = \"p(95)<500\"`".into())));
        }
    };
    if let Some(flag) = fields.get("abort_on_fail") {
        rule.abort_on_fail = value::flag(flag).map_err(|_| wrong("abort_on_fail", "true or false", flag))?;
    }
    if let Some(delay) = fields.get("delay") {
        rule.delay = value::duration(delay).map_err(|why| {
            let what = format!("`delay` of `{selector}` must be {}, not {delay}", value::A_DURATION);
            (what, why)
        })?;
    }
    Ok(rule)
}

/// The `thresholds` of an environment file; what is wrong with them is noted there.
pub(super) fn of_file(section: &Section<'_>) -> Vec<Sited<Criterion>> {
    let mut found = Vec::new();
    for Entry { key, node, .. } in section.entries() {
        let nodes: Vec<&Node> = match &node.kind {
            Kind::List(nodes) => nodes.iter().collect(),
            _ => vec![node],
        };
        let mut rules = Vec::new();
        for node in nodes {
            match rule(key, &node.json()) {
                Ok(rule) => rules.push(rule),
                Err((what, help)) => {
                    let fault = section.origin(node).fault(crate::exit::Exit::Config, what);
                    section.note(help.into_iter().fold(fault, crate::fault::Fault::help));
                }
            }
        }
        found.push(Sited::new(Criterion { selector: key.clone(), rules }, section.origin(node)));
    }
    found
}

/// Those of `upper`, and what `lower` says of other metrics.
pub(super) fn over(upper: &[Sited<Criterion>], lower: &[Sited<Criterion>]) -> Vec<Sited<Criterion>> {
    let is_new = |criterion: &&Sited<Criterion>| {
        !upper.iter().any(|known| known.value.selector == criterion.value.selector)
    };
    let mut all: Vec<_> = lower.iter().filter(is_new).chain(upper).cloned().collect();
    all.sort_by(|a, b| a.value.selector.cmp(&b.value.selector));
    all
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::origin::Origin;

    fn rules(value: Value) -> Vec<(String, bool, u64)> {
        let criteria = of_json(&json!({ "m": value })).unwrap();
        let flat = |rule: &Rule| (rule.expression.clone(), rule.abort_on_fail, rule.delay.as_secs());
        criteria[0].rules.iter().map(flat).collect()
    }

    #[test]
    fn three_forms() {
        assert_eq!(rules(json!("avg<1")), [("avg<1".to_owned(), false, 0)]);
        assert_eq!(
            rules(json!(["avg<1", { "threshold": "p(99)<800", "abort_on_fail": true, "delay": "10s" }])),
            [("avg<1".to_owned(), false, 0), ("p(99)<800".to_owned(), true, 10)]
        );
        assert_eq!(rules(json!({ "threshold": "max<2", "delay": 3 })), [("max<2".to_owned(), false, 3)]);
        assert_eq!(of_json(&json!([])), Ok(vec![]));
    }

    #[test]
    fn what_is_none_says_why() {
        let wrong = |value: Value| of_json(&json!({ "m": value })).unwrap_err();
        let of = |what: &str, help: &str| (what.to_owned(), Some(help.to_owned()));
        assert_eq!(
            wrong(json!({ "threshold": "avg<1", "abortOnFail": true })),
            of("a threshold of `m` has no `abortOnFail`", "did you mean `abort_on_fail`?")
        );
        assert_eq!(wrong(json!({ "delayAbortEval": 1 })).1.unwrap(), "did you mean `delay`?");
        assert_eq!(wrong(json!(5)).0, "a threshold of `m` must be a text or a table, not 5");
        assert_eq!(wrong(json!({ "delay": 5 })).0, "a threshold of `m` says nothing: `threshold` is missing");
        assert_eq!(
            wrong(json!({ "threshold": "avg<1", "abort_on_fail": 1 })).0,
            "`abort_on_fail` of `m` must be true or false, not 1"
        );
        assert_eq!(
            wrong(json!({ "threshold": "avg<1", "delay": "soon" })).0,
            "`delay` of `m` must be a duration such as 30s or 1h20m, not \"soon\""
        );
        assert_eq!(
            of_json(&json!("avg<1")).unwrap_err().0,
            "option `thresholds` must be a table, not \"avg<1\""
        );
    }

    #[test]
    fn a_layer_replaces_what_another_says_of_the_same_metric() {
        let layer = |pairs: &[(&str, &str)]| {
            let json = Value::Object(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).into())).collect());
            let sited = |criterion| Sited::new(criterion, Origin::Default);
            of_json(&json).unwrap().into_iter().map(sited).collect::<Vec<_>>()
        };
        let merged =
            over(&layer(&[("a", "avg<1"), ("c", "avg<2")]), &layer(&[("a", "avg<9"), ("b", "max<3")]));
        assert_eq!(merged, layer(&[("a", "avg<1"), ("b", "max<3"), ("c", "avg<2")]));
    }
}
