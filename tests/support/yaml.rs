//! YAML as JSON values, over the parser that reads environment files. Used by the tests of manifests and recipes.

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// A list or mapping that is still open; a mapping's key waits for its value.
enum Open {
    List(Vec<Value>),
    Map(Map<String, Value>, Option<String>),
}

/// Every document of `text`; a key that stands twice in a mapping, an alias and a tag are refused.
pub fn documents(name: &str, text: &str) -> Vec<Value> {
    let mut stack: Vec<Open> = Vec::new();
    let mut done = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.unwrap_or_else(|why| panic!("{name}: {why}"));
        let line = span.start.line();
        let value = match event {
            Event::SequenceStart(_, None) => {
                stack.push(Open::List(Vec::new()));
                continue;
            }
            Event::MappingStart(_, None) => {
                stack.push(Open::Map(Map::new(), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match stack.pop().unwrap() {
                Open::List(values) => Value::Array(values),
                Open::Map(map, _) => Value::Object(map),
            },
            Event::Scalar(text, style, _, None) => {
                if let Some(Open::Map(map, key @ None)) = stack.last_mut() {
                    assert!(!map.contains_key(&*text), "{name}:{line}: a second `{text}`");
                    *key = Some(text.into_owned());
                    continue;
                }
                if style == ScalarStyle::Plain { plain(&text) } else { Value::String(text.into_owned()) }
            }
            Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) | Event::Alias(_) => {
                panic!("{name}:{line}: tags and aliases have no place here")
            }
            _ => continue,
        };
        match stack.last_mut() {
            None => done.push(value),
            Some(Open::List(values)) => values.push(value),
            Some(Open::Map(map, key)) => {
                map.insert(key.take().unwrap(), value);
            }
        }
    }
    done
}

/// The types of Kubernetes' own reader (YAML 1.1, as sigs.k8s.io/yaml has it): what a person might take for a text there
/// must be quoted.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        "y" | "Y" | "yes" | "Yes" | "YES" | "n" | "N" | "no" | "No" | "NO" | "on" | "On" | "ON" | "off"
        | "Off" | "OFF" => panic!("`{text}` is a truth to some readers: quote it"),
        _ => {}
    }
    let octal =
        text.strip_prefix('0').filter(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()));
    if let Some(octal) = octal {
        return i64::from_str_radix(octal, 8).map(Value::from).unwrap();
    }
    let number = text.parse::<i64>().map(Value::from).ok();
    number
        .or_else(|| text.parse::<f64>().ok().filter(|n| n.is_finite()).map(Value::from))
        .unwrap_or(Value::from(text))
}

#[test]
fn types_are_those_of_kubernetes() {
    let text = "a: [1, '1', 0440, -2.5, true, ~, v1]\nb:\n  - |\n    x: y\n---\nc: {}\n";
    let expected = serde_json::json!([
        {"a": [1, "1", 288, -2.5, true, null, "v1"], "b": ["x: y\n"]},
        {"c": {}}
    ]);
    assert_eq!(Value::from(documents("text", text)), expected);
}
