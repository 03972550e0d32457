//! An environment file as a tree in which every value knows its place. Built by `yaml`, read by `section`
//! and `show`, handed to scripts as JSON by `raw`.

use serde_json::{Map, Value};

use crate::fault::Place;

/// The text of a file and the name people know it by.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) text: String,
}

impl Source {
    /// The place of `spot`, with its source line.
    pub(super) fn place(&self, spot: Spot) -> Place {
        let source = self.text.lines().nth(spot.line.saturating_sub(1)).map(str::to_string);
        Place { file: self.name.clone(), line: spot.line, column: Some(spot.column), source }
    }
}

/// Line and column in characters, both from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) line: usize,
    pub(super) column: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) spot: Spot,
    pub(super) kind: Kind,
    /// A variable has a say in it.
    pub(super) varies: bool,
    /// A text because it was written in quotes or as a block.
    pub(super) quoted: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Expanded and typed; never an array or an object.
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) spot: Spot,
    pub(super) node: Node,
}

impl Node {
    pub(super) fn is_null(&self) -> bool {
        matches!(self.kind, Kind::Scalar(Value::Null))
    }

    /// The value as scripts get it.
    pub(super) fn json(&self) -> Value {
        match &self.kind {
            Kind::Scalar(value) => value.clone(),
            Kind::List(nodes) => Value::Array(nodes.iter().map(Node::json).collect()),
            Kind::Map(entries) => Value::Object(
                entries.iter().map(|entry| (entry.key.clone(), entry.node.json())).collect::<Map<_, _>>(),
            ),
        }
    }

    /// How messages call the value: `the text "10"`, `a list`.
    pub(super) fn describe(&self) -> String {
        match &self.kind {
            Kind::Scalar(Value::Null) => "nothing".to_string(),
            Kind::Scalar(Value::String(text)) => format!("the text {}", Value::from(text.as_str())),
            Kind::Scalar(value) => format!("`{value}`"),
            Kind::List(_) => "a list".to_string(),
            Kind::Map(_) => "a mapping".to_string(),
        }
    }

    /// The first value in the tree that a variable has a say in.
    pub(super) fn varying(&self) -> Option<Spot> {
        match &self.kind {
            Kind::Scalar(_) => self.varies.then_some(self.spot),
            Kind::List(nodes) => nodes.iter().find_map(Node::varying),
            Kind::Map(entries) => entries.iter().find_map(|entry| entry.node.varying()),
        }
    }

    /// How many values the tree holds.
    pub(super) fn size(&self) -> usize {
        1 + match &self.kind {
            Kind::Scalar(_) => 0,
            Kind::List(nodes) => nodes.iter().map(Node::size).sum(),
            Kind::Map(entries) => entries.iter().map(|entry| entry.node.size()).sum(),
        }
    }
}
