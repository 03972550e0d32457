//! Reads an environment file's YAML into a tree: structure first, then `${NAME}` in the values, then types.
//! Called by `raw`. It builds on the parser's events, because only they tell plain scalars from quoted ones.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};
use serde_json::Value;

use crate::exit::Exit;
use crate::fault::{Fault, closest};

use super::document::{Entry, Kind, Node, Source, Spot};
use super::expand::{ExpandError, expand};
use super::scalar::type_scalar;

/// Deeper nesting is refused: what walks the tree is recursive.
const DEEPEST: usize = 64;
/// How many values aliases may copy, so that a few lines cannot fill the memory.
const ALIAS_BUDGET: usize = 10_000;

/// The variables that values may name.
pub(super) trait Lookup {
    fn get(&self, name: &str) -> Option<String>;
    fn names(&self) -> Vec<&str>;
}

/// The one document of a file; nothing for an empty one.
pub(super) fn parse(source: &Source, variables: &dyn Lookup) -> Result<Option<Node>, Fault> {
    let mut builder = Builder {
        source,
        variables,
        stack: Vec::new(),
        anchors: HashMap::new(),
        budget: ALIAS_BUDGET,
        root: None,
    };
    for event in Parser::new_from_str(&source.text) {
        match event {
            Ok((event, span)) => builder.accept(event, spot(span.start))?,
            Err(error) => {
                let at = source.place(spot(*error.marker()));
                let what = format!("{} is not valid YAML", source.name);
                return Err(Fault::new(Exit::Config, what).at(at).why(error.info()));
            }
        }
    }
    Ok(builder.root)
}

fn spot(mark: Marker) -> Spot {
    Spot { line: mark.line(), column: mark.col() + 1 }
}

/// A collection that is still open.
struct Open {
    node: Node,
    anchor: usize,
    /// In a map: the key that waits for its value.
    key: Option<(String, Spot)>,
}

struct Builder<'s> {
    source: &'s Source,
    variables: &'s dyn Lookup,
    stack: Vec<Open>,
    anchors: HashMap<usize, Node>,
    budget: usize,
    root: Option<Node>,
}

impl Builder<'_> {
    fn fault(&self, spot: Spot, what: impl Into<String>) -> Fault {
        Fault::new(Exit::Config, what).at(self.source.place(spot))
    }

    fn accept(&mut self, event: Event<'_>, at: Spot) -> Result<(), Fault> {
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(self.fault(at, "an environment file holds one document"))
            }
            Event::SequenceStart(anchor, tag) => self.open(Kind::List(Vec::new()), anchor, tag, at),
            Event::MappingStart(anchor, tag) => self.open(Kind::Map(Vec::new()), anchor, tag, at),
            Event::SequenceEnd | Event::MappingEnd => match self.stack.pop() {
                Some(open) => self.place(open.node, open.anchor),
                None => Ok(()),
            },
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && !self.check_tag(tag, at)?;
                if self.wants_key() {
                    return self.key(&text, at);
                }
                let (value, varies) = self.value(text, plain, at)?;
                self.place(Node { spot: at, kind: Kind::Scalar(value), varies, quoted: !plain }, anchor)
            }
            Event::Alias(anchor) => {
                let node = self
                    .anchors
                    .get(&anchor)
                    .cloned()
                    .ok_or_else(|| self.fault(at, "an alias cannot stand inside the value it names"))?;
                self.budget = self.budget.checked_sub(node.size()).ok_or_else(|| {
                    self.fault(at, format!("aliases stand for more than {ALIAS_BUDGET} values"))
                })?;
                if self.wants_key() {
                    return Err(self.fault(at, "an alias cannot be a key"));
                }
                self.place(node, 0)
            }
            _ => Ok(()),
        }
    }

    /// Whether a tag makes a plain scalar text. Other tags would silently mean nothing.
    fn check_tag(&self, tag: Option<Cow<'_, Tag>>, at: Spot) -> Result<bool, Fault> {
        match tag {
            None => Ok(false),
            Some(tag) if tag.is_yaml_core_schema() && tag.suffix == "str" => Ok(true),
            Some(tag) => Err(self
                .fault(at, format!("tag `{}{}` is not supported", tag.handle, tag.suffix))
                .help("remove the tag; `!!str` or quotes make a text")),
        }
    }

    fn open(&mut self, kind: Kind, anchor: usize, tag: Option<Cow<'_, Tag>>, at: Spot) -> Result<(), Fault> {
        self.check_tag(tag, at)?;
        if self.wants_key() {
            return Err(self.fault(at, "a key must be a text, not a list or a mapping"));
        }
        if self.stack.len() >= DEEPEST {
            return Err(self.fault(at, format!("values are nested more than {DEEPEST} deep")));
        }
        self.stack.push(Open {
            node: Node { spot: at, kind, varies: false, quoted: false },
            anchor,
            key: None,
        });
        Ok(())
    }

    fn wants_key(&self) -> bool {
        self.stack.last().is_some_and(|open| matches!(open.node.kind, Kind::Map(_)) && open.key.is_none())
    }

    fn key(&mut self, text: &str, at: Spot) -> Result<(), Fault> {
        if let Some(Open { node: Node { kind: Kind::Map(entries), .. }, key, .. }) = self.stack.last_mut() {
            match entries.iter().find(|entry| entry.key == text) {
                None => *key = Some((text.to_string(), at)),
                Some(first) => {
                    let first = first.spot.line;
                    return Err(self
                        .fault(at, format!("key `{text}` stands here for the second time"))
                        .why(format!("line {first} has it already"))
                        .help("keep one of the two"));
                }
            }
        }
        Ok(())
    }

    fn place(&mut self, node: Node, anchor: usize) -> Result<(), Fault> {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Open { node: Node { kind: Kind::List(nodes), .. }, .. }) => nodes.push(node),
            Some(Open { node: Node { kind: Kind::Map(entries), .. }, key, .. }) => {
                if let Some((key, spot)) = key.take() {
                    entries.push(Entry { key, spot, node });
                }
            }
            Some(_) => {}
        }
        Ok(())
    }

    /// The value, and whether a variable has a say in it.
    fn value(&self, text: Cow<'_, str>, plain: bool, at: Spot) -> Result<(Value, bool), Fault> {
        let asked = Cell::new(false);
        let lookup = |name: &str| {
            asked.set(true);
            self.variables.get(name)
        };
        let text = expand(&text, &lookup).map_err(|error| self.unexpanded(error, at))?;
        let value = match plain {
            true => type_scalar(&text).map_err(|what| self.fault(at, what))?,
            false => Value::String(text),
        };
        Ok((value, asked.get()))
    }

    fn unexpanded(&self, error: ExpandError, at: Spot) -> Fault {
        let needle = match &error {
            ExpandError::Undefined(name) | ExpandError::NotAName(name) => format!("${{{name}"),
            ExpandError::Unclosed | ExpandError::TooDeep => "${".to_string(),
        };
        let fault = self.fault(self.find(&needle, at), error.to_string());
        match error {
            ExpandError::Undefined(name) => fault.help(match closest(&name, self.variables.names()) {
                Some(near) => format!("did you mean `{near}`? a default is written `${{{name}:-value}}`"),
                None => format!("set the variable, or write a default: `${{{name}:-value}}`"),
            }),
            _ => fault.help("`${NAME}` and `${NAME:-default}` expand; write `$${` for a literal `${`"),
        }
    }

    /// Where `needle` stands in the value that begins at `at`, or else that beginning.
    fn find(&self, needle: &str, at: Spot) -> Spot {
        for (index, line) in self.source.text.lines().enumerate().skip(at.line.saturating_sub(1)) {
            let skipped = if index + 1 == at.line { at.column - 1 } else { 0 };
            let start = line.char_indices().nth(skipped).map_or(line.len(), |(start, _)| start);
            if let Some(offset) = line[start..].find(needle) {
                return Spot { line: index + 1, column: line[..start + offset].chars().count() + 1 };
            }
        }
        at
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    struct Fixed;

    impl Lookup for Fixed {
        fn get(&self, name: &str) -> Option<String> {
            match name {
                "USERS" => Some("12".into()),
                "EVIL" => Some("x\nsafety: {}".into()),
                "BLANK" => Some(String::new()),
                _ => None,
            }
        }

        fn names(&self) -> Vec<&str> {
            vec!["USERS", "EVIL"]
        }
    }

    fn read(text: &str) -> Result<Option<Node>, Fault> {
        parse(&Source { name: "config/x.yaml".into(), text: text.into() }, &Fixed)
    }

    fn json_of(text: &str) -> Value {
        read(text).unwrap().unwrap().json()
    }

    fn fault_of(text: &str) -> (String, usize, usize) {
        let fault = read(text).unwrap_err();
        assert_eq!(fault.exit, Exit::Config);
        let at = fault.at.unwrap();
        (fault.what, at.line, at.column.unwrap())
    }

    #[test]
    fn values_are_typed_after_they_expand() {
        let text = "a: ${USERS}\nb: \"${USERS}\"\nc: ${NO:-true}\nd: v${USERS}\ne: ${BLANK}\nf: !!str 5\ng: 'x'\nh:\n- 1.5\n- ~\n";
        let expected = json!({
            "a": 12, "b": "12", "c": true, "d": "v12", "e": null, "f": "5", "g": "x", "h": [1.5, null]
        });
        assert_eq!(json_of(text), expected);
    }

    #[test]
    fn a_value_cannot_change_the_structure() {
        assert_eq!(json_of("a: ${EVIL}"), json!({ "a": "x\nsafety: {}" }));
    }

    #[test]
    fn an_empty_file_is_nothing() {
        assert!(read("").unwrap().is_none());
        assert!(read("# only a comment\n").unwrap().is_none());
        assert!(read("---\n").unwrap().is_none_or(|node| node.is_null()));
    }

    #[test]
    fn faults_know_line_and_column() {
        for (text, what, line, column) in [
            ("a: 1\nb:\n  c: x-${NOPE}\n", "variable `NOPE` is not set", 3, 8),
            ("a: 1\na: 2\n", "key `a` stands here for the second time", 2, 1),
            ("x: {a: 1, 'a': 2}", "key `a` stands here for the second time", 1, 11),
            ("가: ${1}", "`${1}` does not hold a variable's name", 1, 4),
            ("a: !int 5", "tag `!int` is not supported", 1, 4),
            ("a: 1\n---\nb: 2\n", "an environment file holds one document", 2, 1),
            ("? [a]\n: 1\n", "a key must be a text, not a list or a mapping", 1, 3),
            (
                "n: 9223372036854775808",
                "`9223372036854775808` does not fit 64 bits; put it in quotes if it is text",
                1,
                4,
            ),
            ("a: |\n  one\n  two ${NOPE}\n", "variable `NOPE` is not set", 3, 7),
        ] {
            assert_eq!(fault_of(text), (what.to_string(), line, column), "{text}");
        }
        assert_eq!(fault_of("a: [1\nb: 2").0, "config/x.yaml is not valid YAML");
    }

    #[test]
    fn a_near_name_is_suggested() {
        let help = read("a: ${USER}").unwrap_err().help.unwrap();
        assert!(help.starts_with("did you mean `USERS`?"), "{help}");
    }

    #[test]
    fn anchors_copy_but_cannot_explode() {
        assert_eq!(json_of("a: &x {k: 1}\nb: *x\n"), json!({ "a": { "k": 1 }, "b": { "k": 1 } }));
        let mut bomb = String::from("a0: &a0 [1,1,1,1,1,1,1,1,1]\n");
        for level in 1..9 {
            let copies = format!("*a{},", level - 1).repeat(9);
            bomb.push_str(&format!("a{level}: &a{level} [{copies}]\n"));
        }
        assert_eq!(fault_of(&bomb).0, "aliases stand for more than 10000 values");
    }

    #[test]
    fn depth_is_bounded() {
        assert!(fault_of(&"[".repeat(100)).0.contains("nested more than 64 deep"));
        assert!(fault_of(&"- ".repeat(5_000)).0.contains("nested more than 64 deep"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC*", near in "([ab]: |- |\\$\\{A\\}|[\\[\\]{},:\"'|>&*!#%]|\n| |x){0,40}") {
            let _ = (read(&text), read(&near));
        }
    }
}
