//! A script's value as a message of protobuf, straight to bytes: nothing is built in between, and nothing changes in
//! silence. Used by `client` and `stream`.

use crate::net::{FieldKind as Kind, FieldShape, Label, MessageShape, Schema, Special};
use crate::vu::fiber;

use super::writing::{nested, scalar, tag, varint};
use super::{maps, special};
use crate::api::frame::{Arg, Frame, HostResult, Raise};

/// How deep messages may nest; other implementations read no deeper.
pub(super) const MAX_DEPTH: usize = 100;

/// So many values take well below a time slice.
const VALUES_PER_TICK: u32 = 2048;

/// Writes messages of one call.
pub(super) struct Encoder<'f> {
    pub(super) frame: &'f dyn Frame,
    pub(super) schema: &'static Schema,
    values: u32,
    /// Where an error is, innermost segment first.
    path: Vec<String>,
}

/// Writes `value` behind `out`.
///
/// # Errors
/// What does not fit the message, and where.
pub(super) fn encode(
    frame: &dyn Frame,
    schema: &'static Schema,
    message: u32,
    value: Arg<'_>,
    out: &mut Vec<u8>,
) -> HostResult {
    let mut encoder = Encoder { frame, schema, values: 0, path: Vec::new() };
    let shape = schema.message(message);
    let value = match value {
        Arg::Nil => return encoder.complete(shape, 0),
        value => value,
    };
    encoder.message(shape, value, out, 0).map_err(|raise| encoder.placed(raise, shape))
}

impl Encoder<'_> {
    fn placed(&self, raise: Raise, shape: &MessageShape) -> Raise {
        let Raise::Error { what, help } = raise else { return raise };
        let mut path: Vec<&str> = self.path.iter().rev().map(String::as_str).collect();
        if path.len() > 16 {
            path.splice(8..path.len() - 8, [".."]);
        }
        let path = path.concat();
        let path = path.trim_start_matches('.');
        let what = match path.is_empty() {
            true => format!("cannot send {}: {what}", shape.name),
            false => match what.strip_prefix("it ") {
                Some(rest) => format!("cannot send {}: `{path}` {rest}", shape.name),
                None => format!("cannot send {}: `{path}`: {what}", shape.name),
            },
        };
        Raise::Error { what, help }
    }

    /// Notes where it failed.
    pub(super) fn below<T>(
        &mut self,
        result: Result<T, Raise>,
        segment: impl FnOnce() -> String,
    ) -> Result<T, Raise> {
        if result.is_err() {
            self.path.push(segment());
        }
        result
    }

    fn tick(&mut self) -> HostResult {
        self.values += 1;
        if self.values.is_multiple_of(VALUES_PER_TICK) {
            fiber::tick()?;
        }
        Ok(())
    }

    pub(super) fn message(
        &mut self,
        shape: &MessageShape,
        value: Arg<'_>,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> HostResult {
        self.tick()?;
        if depth >= MAX_DEPTH {
            return Err(Raise::new("messages nest too deeply (is there a cycle?)"));
        }
        if shape.special != Special::None && special::write(self, shape, value, out, depth)? {
            return Ok(());
        }
        self.fields(shape, value, out, depth, &[])
    }

    /// The fields of a message; `skip`: keys that are none.
    pub(super) fn fields(
        &mut self,
        shape: &MessageShape,
        value: Arg<'_>,
        out: &mut Vec<u8>,
        depth: usize,
        skip: &[&[u8]],
    ) -> HostResult {
        let mut seen = Seen::default();
        let frame = self.frame;
        entries(frame, value, &|| format!("a table of the fields of {}", shape.name), &mut |key, value| {
            let Arg::Str(key) = key else {
                return Err(Raise::new(format!(
                    "it must be a table with the names of fields of {}, not a list",
                    shape.name
                )));
            };
            if skip.contains(&key) {
                return Ok(());
            }
            let name = std::str::from_utf8(key).unwrap_or_default();
            let Some(at) = shape.named(name) else {
                let kind = format!("field of {}:", shape.name);
                return Err(Raise::unknown(&kind, &String::from_utf8_lossy(key), shape.names()));
            };
            let field = &shape.fields[at as usize];
            // As in protobuf's JSON: null is a field that is not there, unless null is a value of it.
            if matches!(value, Arg::Null | Arg::Nil) && !self.takes_null(field) {
                return Ok(());
            }
            seen.note(shape, at)?;
            let written = self.field(field, value, out, depth);
            self.below(written, || format!(".{}", field.name))
        })?;
        self.complete(shape, seen.required)
    }

    fn complete(&self, shape: &MessageShape, required: usize) -> HostResult {
        if required == shape.required {
            return Ok(());
        }
        let names = shape.fields.iter().filter(|field| field.label == Label::Required);
        let names: Vec<&str> = names.map(|field| &*field.name).collect();
        Err(Raise::new(format!("{} requires all of these fields: {}", shape.name, names.join(", "))))
    }

    pub(super) fn takes_null(&self, field: &FieldShape) -> bool {
        match field.kind {
            Kind::Message(at) => {
                self.schema.message(at).special == Special::Value
                    && !matches!(field.label, Label::List { .. } | Label::Map(_))
            }
            Kind::Enum(at) => self.schema.enumeration(at).is_null,
            _ => false,
        }
    }

    fn field(&mut self, field: &FieldShape, value: Arg<'_>, out: &mut Vec<u8>, depth: usize) -> HostResult {
        match field.label {
            Label::Implicit => {
                let start = out.len();
                tag(out, field.number, field.kind.wire());
                // What has its default is not sent.
                if self.one(field.kind, field.number, value, out, depth)? {
                    out.truncate(start);
                }
                Ok(())
            }
            Label::Optional | Label::Required => {
                tag(out, field.number, field.kind.wire());
                self.one(field.kind, field.number, value, out, depth).map(drop)
            }
            Label::List { is_packed } => self.list(field, is_packed, value, out, depth),
            Label::Map(entry) => maps::write(self, (field, entry), value, out, depth),
        }
    }

    /// One value after its tag; whether it is its kind's default.
    pub(super) fn one(
        &mut self,
        kind: Kind,
        number: u32,
        value: Arg<'_>,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Result<bool, Raise> {
        self.tick()?;
        match kind {
            Kind::Message(at) => {
                let shape = self.schema.message(at);
                nested(out, |out| self.message(shape, value, out, depth + 1))?;
                Ok(false)
            }
            Kind::Group(at) => {
                self.message(self.schema.message(at), value, out, depth + 1)?;
                tag(out, number, 4);
                Ok(false)
            }
            kind => scalar(self.schema, kind, value, out),
        }
    }

    fn list(
        &mut self,
        field: &FieldShape,
        is_packed: bool,
        value: Arg<'_>,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> HostResult {
        let frame = self.frame;
        let is_empty = !items(frame, value, &mut |_, _| Ok(()))?;
        if is_empty {
            return Ok(());
        }
        let write = |encoder: &mut Self, out: &mut Vec<u8>| {
            let mut add = |index: usize, item: Arg<'_>| {
                if !is_packed {
                    tag(out, field.number, field.kind.wire());
                }
                let written = encoder.one(field.kind, field.number, item, out, depth).map(drop);
                encoder.below(written, || format!("[{}]", index + frame.first_index()))
            };
            items(frame, value, &mut add).map(drop)
        };
        if !is_packed {
            return write(self, out);
        }
        tag(out, field.number, 2);
        nested(out, |out| write(self, out))
    }
}

/// A key as messages show it.
pub(super) fn shown(key: Arg<'_>) -> String {
    match key {
        Arg::Str(text) => format!("\"{}\"", String::from_utf8_lossy(text).escape_debug()),
        key => key.to_text().map_or_else(|| key.type_name().to_owned(), |text| text.into_owned()),
    }
}

/// The fields that were written of one message.
#[derive(Default)]
struct Seen {
    /// Of the first 128 fields.
    fields: u128,
    /// Oneofs that have a value, and the field that it is in.
    oneofs: Vec<(u16, u16)>,
    required: usize,
}

impl Seen {
    fn note(&mut self, shape: &MessageShape, at: u16) -> HostResult {
        let field = &shape.fields[at as usize];
        if at < 128 {
            let bit = 1 << at;
            if self.fields & bit != 0 {
                return Err(Raise::new(format!("the field `{}` is given by both of its names", field.name)));
            }
            self.fields |= bit;
        }
        self.required += usize::from(field.label == Label::Required);
        let Some(oneof) = field.oneof else { return Ok(()) };
        if let Some((_, other)) = self.oneofs.iter().find(|(known, _)| *known == oneof) {
            // In the order of the file: that of a table is none.
            let (first, second) = (at.min(*other), at.max(*other));
            let name = |at: u16| &shape.fields[at as usize].name;
            return Err(Raise::new(format!(
                "`{}` and `{}` are both given, but `{}` holds only one of its fields",
                name(first),
                name(second),
                shape.oneofs[oneof as usize],
            )));
        }
        self.oneofs.push((oneof, at));
        Ok(())
    }
}

/// Visits the keys of a table, or of read-only data, that have a value.
///
/// # Errors
/// Anything else, saying what is `expected`.
pub(super) fn each(
    frame: &dyn Frame,
    value: Arg<'_>,
    expected: &dyn Fn() -> String,
    visit: &mut dyn for<'a> FnMut(Arg<'a>, Arg<'a>) -> HostResult,
) -> HostResult {
    entries(frame, value, expected, &mut |key, value| match value {
        Arg::Nil => Ok(()),
        value => visit(key, value),
    })
}

/// Visits the keys of a table, or of read-only data; one without a value may be a null.
///
/// # Errors
/// Anything else, saying what is `expected`.
pub(super) fn entries(
    frame: &dyn Frame,
    value: Arg<'_>,
    expected: &dyn Fn() -> String,
    visit: &mut dyn for<'a> FnMut(Arg<'a>, Arg<'a>) -> HostResult,
) -> HostResult {
    match value {
        Arg::Table(table) => frame.entries(table, visit),
        Arg::View(serde_json::Value::Object(fields)) => {
            for (name, value) in fields {
                viewed(value, &mut |value| visit(Arg::Str(name.as_bytes()), value))?;
            }
            Ok(())
        }
        other => Err(must(&expected(), other)),
    }
}

/// Visits the items of a list, counted from 0; whether there is any.
///
/// # Errors
/// Anything else.
pub(super) fn items(
    frame: &dyn Frame,
    value: Arg<'_>,
    visit: &mut dyn for<'a> FnMut(usize, Arg<'a>) -> HostResult,
) -> Result<bool, Raise> {
    match value {
        Arg::Table(table) => {
            let count = frame.length(table);
            // Names beside the items would be lost without a word.
            frame.each(table, &mut |key, _| match key {
                Arg::Int(index) if index >= 1 && index as usize <= count => Ok(()),
                Arg::Int(index) => {
                    Err(Raise::new(format!("it must be a list, but item {index} has no neighbour")))
                }
                key => Err(Raise::new(format!("it must be a list, not a table with the key {}", shown(key)))),
            })?;
            frame.items(table, visit)?;
            Ok(count > 0)
        }
        Arg::View(serde_json::Value::Array(values)) => {
            for (index, value) in values.iter().enumerate() {
                viewed(value, &mut |value| visit(index, value))?;
            }
            Ok(!values.is_empty())
        }
        other => Err(must("a list", other)),
    }
}

/// A value of read-only data, as a script would see it.
fn viewed(
    value: &'static serde_json::Value,
    visit: &mut dyn for<'a> FnMut(Arg<'a>) -> HostResult,
) -> HostResult {
    use serde_json::Value;
    match value {
        Value::Null => visit(Arg::Null),
        Value::Bool(value) => visit(Arg::Bool(*value)),
        Value::String(text) => visit(Arg::Str(text.as_bytes())),
        Value::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(number), ..) => visit(Arg::Int(number)),
            (None, Some(number), _) => visit(Arg::Str(number.to_string().as_bytes())),
            (None, None, number) => visit(Arg::Num(number.unwrap_or(f64::NAN))),
        },
        Value::Array(_) | Value::Object(_) => visit(Arg::View(value)),
    }
}

/// "it must be `expected`, not ..."
pub(super) fn must(expected: &str, got: Arg<'_>) -> Raise {
    Raise::new(match got {
        Arg::Nil | Arg::Null => format!("it must be {expected}, not {}", got.type_name()),
        got => format!("it must be {expected}, not a {}", got.type_name()),
    })
}

/// A number's varint, for those who count fields themselves.
pub(super) fn put_varint(out: &mut Vec<u8>, number: u32, value: u64) {
    tag(out, number, 0);
    varint(out, value);
}
