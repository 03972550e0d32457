//! One mapping of an environment file, read key by key: unknown keys and wrong types are faults with a place, and
//! are collected, so that all are told at once. Called by `raw`.

use std::cell::RefCell;
use std::time::Duration;

use serde_json::Value;

use crate::exit::Exit;
use crate::fault::Fault;

use super::document::{Entry, Kind, Node, Source};
use super::origin::{Origin, Sited};
use super::scalar::type_scalar;
use super::value;

/// A file that is being read, and what has been found wrong with it.
pub(super) struct Reader<'s> {
    source: &'s Source,
    faults: RefCell<Vec<Fault>>,
}

impl<'s> Reader<'s> {
    pub(super) fn new(source: &'s Source) -> Self {
        Reader { source, faults: RefCell::default() }
    }

    /// All faults, in the order of the file.
    pub(super) fn faults(self) -> Vec<Fault> {
        let mut faults = self.faults.into_inner();
        faults.sort_by_key(|fault| fault.at.as_ref().map(|at| (at.line, at.column)));
        faults
    }
}

/// A mapping, its dotted path for messages, and the file it stands in.
pub(super) struct Section<'s> {
    reader: &'s Reader<'s>,
    path: String,
    entries: &'s [Entry],
}

/// What is absent, or wrong (which is collected then), is nothing.
type Read<T> = Option<Sited<T>>;

impl<'s> Section<'s> {
    /// The section of `node`, whose keys must all be `known`; without `known` any key is allowed.
    pub(super) fn new(
        reader: &'s Reader<'s>,
        path: &str,
        node: &'s Node,
        known: Option<&[&str]>,
    ) -> Option<Self> {
        let entries: &[Entry] = match &node.kind {
            Kind::Map(entries) => entries,
            _ if node.is_null() => &[],
            _ => {
                let name = if path.is_empty() { "an environment file".into() } else { format!("`{path}`") };
                let what = format!("{name} must be a mapping of keys to values, not {}", node.describe());
                let fault = Fault::new(Exit::Config, what).at(reader.source.place(node.spot));
                reader.faults.borrow_mut().push(fault);
                return None;
            }
        };
        let section = Section { reader, path: path.to_string(), entries };
        if let Some(known) = known {
            section.check_keys(known);
        }
        Some(section)
    }

    /// Adds to what is wrong with the file.
    pub(super) fn note(&self, fault: Fault) {
        self.reader.faults.borrow_mut().push(fault);
    }

    fn check_keys(&self, known: &[&str]) {
        let here =
            if self.path.is_empty() { "at the top level".into() } else { format!("in `{}`", self.path) };
        for entry in self.entries.iter().filter(|entry| !known.contains(&entry.key.as_str())) {
            let fault = Fault::new(Exit::Config, format!("unknown key `{}` {here}", entry.key))
                .at(self.reader.source.place(entry.spot))
                .help(format!("known keys are {}", known.join(", ")));
            self.note(fault.suggest(&entry.key, known.iter().copied()));
        }
    }

    /// A section below this one; nothing if it is not there.
    pub(super) fn section(&self, key: &str, known: Option<&[&str]>) -> Option<Section<'s>> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Section::new(self.reader, &self.name(key), &entry.node, known)
    }

    /// Refuses values that a variable has a say in: whoever starts the run sets variables.
    pub(super) fn refuse_variables(&self) {
        for entry in self.entries {
            let Some(spot) = entry.node.varying() else { continue };
            let what = format!("`{}` cannot depend on a variable", self.name(&entry.key));
            let fault = Fault::new(Exit::Config, what)
                .at(self.reader.source.place(spot))
                .why("whoever starts the run could lift the limit by setting it");
            self.note(fault.help("write the value out"));
        }
    }

    pub(super) fn text(&self, key: &str) -> Read<String> {
        self.read(key, "a text", &|node| value::text(scalar(node)?))
    }

    pub(super) fn flag(&self, key: &str) -> Read<bool> {
        self.read(key, "true or false", &|node| value::flag(scalar(node)?))
    }

    /// A whole number of at least `least`.
    pub(super) fn whole<T: TryFrom<u64>>(&self, key: &str, least: u64) -> Read<T> {
        self.read(key, &format!("a whole number of at least {least}"), &|node| {
            value::whole(scalar(node)?, least)
        })
    }

    /// A rate per second: a number or a text such as "600/m".
    pub(super) fn rate(&self, key: &str) -> Read<f64> {
        self.read(key, value::A_RATE, &|node| value::rate(scalar(node)?))
    }

    /// A number of seconds or a text such as "1h20m".
    pub(super) fn duration(&self, key: &str) -> Read<Duration> {
        self.read(key, value::A_DURATION, &|node| value::duration(scalar(node)?))
    }

    /// A duration that is not 0.
    pub(super) fn positive_duration(&self, key: &str) -> Read<Duration> {
        self.read(key, value::A_DURATION, &|node| value::positive_duration(scalar(node)?))
    }

    /// A number of bytes or a text such as "64MiB".
    pub(super) fn size(&self, key: &str) -> Read<u64> {
        self.read(key, "a size such as 64MiB", &|node| value::size(scalar(node)?))
    }

    /// A list of texts.
    pub(super) fn texts(&self, key: &str) -> Read<Vec<String>> {
        self.read(key, "a list of texts", &|node| match &node.kind {
            Kind::List(nodes) => nodes
                .iter()
                .map(|node| {
                    let text = scalar(node).and_then(value::text);
                    text.map_err(|_| Some(format!("it holds {}", node.describe())))
                })
                .collect(),
            _ => Err(None),
        })
    }

    pub(super) fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_string() } else { format!("{}.{key}", self.path) }
    }

    /// All keys, where any is allowed.
    pub(super) fn entries(&self) -> &'s [Entry] {
        self.entries
    }

    /// The value of `key`; nothing if it is absent or empty.
    pub(super) fn node(&self, key: &str) -> Option<&'s Node> {
        self.entries.iter().find(|entry| entry.key == key && !entry.node.is_null()).map(|entry| &entry.node)
    }

    /// Where the value stands.
    pub(super) fn origin(&self, node: &Node) -> Origin {
        Origin::File(self.reader.source.place(node.spot))
    }

    /// Reads `key`; an absent or empty value is nothing.
    pub(super) fn read<T>(
        &self,
        key: &str,
        wanted: &str,
        read: &dyn Fn(&Node) -> value::Reading<T>,
    ) -> Read<T> {
        let node = self.node(key)?;
        let place = self.reader.source.place(node.spot);
        match read(node) {
            Ok(value) => Some(Sited::new(value, Origin::File(place))),
            Err(why) => {
                let what = format!("`{}` must be {wanted}, not {}", self.name(key), node.describe());
                let fault = Fault::new(Exit::Config, what).at(place);
                self.note(match why {
                    Some(why) => fault.why(why),
                    None => match advice(node, wanted) {
                        Some(help) => fault.help(help),
                        None => fault,
                    },
                });
                None
            }
        }
    }
}

/// What to do about a value of another type than the one that is wanted.
fn advice(node: &Node, wanted: &str) -> Option<String> {
    let Kind::Scalar(value) = &node.kind else { return None };
    match value {
        Value::String(text) if wanted.starts_with("a list") => Some(format!("write a list: [{text}]")),
        // Without them it is a number or true.
        Value::String(text) if node.quoted && type_scalar(text).is_ok_and(|value| !value.is_string()) => {
            Some("quotes make a text: remove them".into())
        }
        Value::Number(_) | Value::Bool(_) if wanted == "a text" => Some("put the value in quotes".into()),
        _ => None,
    }
}

pub(super) fn scalar(node: &Node) -> value::Reading<&Value> {
    match &node.kind {
        Kind::Scalar(value) => Ok(value),
        _ => Err(None),
    }
}
