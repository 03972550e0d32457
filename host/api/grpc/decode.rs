//! The bytes of a message as a script's value, straight from one to the other. What is not there has its default where
//! the .proto file does not tell the two apart; otherwise it is nil. Used by `reply` and `stream_object`.

use crate::net::{FieldKind as Kind, FieldShape, Label, MessageShape, Schema, Special};
use crate::vu::fiber;

use super::encode::MAX_DEPTH;
use super::plain;
use super::reading::{Broken, Found, Reader, Wire, scan};
use crate::api::frame::{Arg, Builder, Frame, HostResult, Raise};

const VALUES_PER_TICK: u32 = 2048;

/// Returns the message to the script.
///
/// # Errors
/// Bytes that are no such message.
pub(super) fn give(frame: &dyn Frame, schema: &'static Schema, message: u32, bytes: &[u8]) -> HostResult {
    frame.give_built(&mut |to| Decoder::new(schema).message(schema.message(message), bytes, to, 0))
}

/// Reads messages of one value.
pub(super) struct Decoder {
    pub(super) schema: &'static Schema,
    /// The fields of the messages that are being read, one within the other.
    found: Vec<Found>,
    values: u32,
}

impl Decoder {
    pub(super) fn new(schema: &'static Schema) -> Self {
        Decoder { schema, found: Vec::new(), values: 0 }
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
        bytes: &[u8],
        to: &mut dyn Builder,
        depth: usize,
    ) -> HostResult {
        self.tick()?;
        if depth >= MAX_DEPTH {
            return Err(Raise::new("the message nests too deeply"));
        }
        if shape.special != Special::None && plain::give(self, shape, bytes, to, depth)? {
            return Ok(());
        }
        to.open_map(shape.fields.len())?;
        self.fields(shape, bytes, to, depth)?;
        to.close();
        Ok(())
    }

    /// The fields into a map that is open.
    pub(super) fn fields(
        &mut self,
        shape: &MessageShape,
        bytes: &[u8],
        to: &mut dyn Builder,
        depth: usize,
    ) -> HostResult {
        let base = self.found.len();
        scan(shape, bytes, &mut self.found).map_err(|why| broken(shape, why))?;
        let mut at = base;
        for (index, field) in shape.fields.iter().enumerate() {
            let from = at;
            while self.found.get(at).is_some_and(|found| found.field as usize == index) {
                at += 1;
            }
            if from == at && matches!(field.label, Label::Optional | Label::Required) {
                continue;
            }
            to.key(Arg::Str(field.name.as_bytes()));
            match field.label {
                Label::Implicit | Label::Optional | Label::Required => {
                    self.single(field, bytes, from..at, to, depth)?;
                }
                Label::List { .. } => {
                    to.open_list(at - from)?;
                    for place in from..at {
                        self.item(shape, field, bytes, place, to, depth)?;
                    }
                    to.close();
                }
                Label::Map(entry) => {
                    to.open_keyed(at - from)?;
                    for place in from..at {
                        let Wire::Bytes { start, end } = self.found[place].wire else { continue };
                        self.entry(entry, &bytes[start as usize..end as usize], to, depth)?;
                    }
                    to.close();
                }
            }
        }
        self.found.truncate(base);
        Ok(())
    }

    fn single(
        &mut self,
        field: &FieldShape,
        bytes: &[u8],
        places: std::ops::Range<usize>,
        to: &mut dyn Builder,
        depth: usize,
    ) -> HostResult {
        let Some(last) = places.clone().last() else {
            return self.default(field.kind, to, depth);
        };
        let (Kind::Message(at) | Kind::Group(at)) = field.kind else {
            return self.value(field.kind, self.found[last].wire, bytes, to, depth);
        };
        if places.len() == 1 {
            return self.value(field.kind, self.found[last].wire, bytes, to, depth);
        }
        // One message in several pieces is that of all of them, one behind the other.
        let mut merged = Vec::new();
        for place in places {
            if let Wire::Bytes { start, end } | Wire::Group { start, end } = self.found[place].wire {
                merged.extend_from_slice(&bytes[start as usize..end as usize]);
            }
        }
        self.message(self.schema.message(at), &merged, to, depth + 1)
    }

    /// The one field of a message, instead of a map of it.
    pub(super) fn only(
        &mut self,
        shape: &MessageShape,
        field: &FieldShape,
        bytes: &[u8],
        to: &mut dyn Builder,
        depth: usize,
    ) -> HostResult {
        let base = self.found.len();
        scan(shape, bytes, &mut self.found).map_err(|why| broken(shape, why))?;
        self.single(field, bytes, base..self.found.len(), to, depth)?;
        self.found.truncate(base);
        Ok(())
    }

    /// One item of a list, or many that were packed.
    fn item(
        &mut self,
        shape: &MessageShape,
        field: &FieldShape,
        bytes: &[u8],
        place: usize,
        to: &mut dyn Builder,
        depth: usize,
    ) -> HostResult {
        let wire = self.found[place].wire;
        let Wire::Bytes { start, end } = wire else {
            return self.value(field.kind, wire, bytes, to, depth);
        };
        if !field.kind.can_pack() {
            return self.value(field.kind, wire, bytes, to, depth);
        }
        let mut packed = Reader::new(&bytes[start as usize..end as usize]);
        while !packed.is_over() {
            let wire = match field.kind.wire() {
                0 => packed.varint().map(Wire::Varint),
                1 => packed.eight().map(Wire::Eight),
                _ => packed.four().map(Wire::Four),
            };
            self.value(field.kind, wire.map_err(|why| broken(shape, why))?, bytes, to, depth)?;
        }
        Ok(())
    }

    fn entry(&mut self, entry: u32, bytes: &[u8], to: &mut dyn Builder, depth: usize) -> HostResult {
        let shape = self.schema.message(entry);
        let base = self.found.len();
        scan(shape, bytes, &mut self.found).map_err(|why| broken(shape, why))?;
        let last = |found: &[Found], number: u32| {
            let at = shape.numbered(number)?;
            let places = found.iter().enumerate().skip(base);
            places.rev().find(|(_, found)| found.field == at).map(|(place, _)| place)
        };
        let (key, value) = (last(&self.found, 1), last(&self.found, 2));
        let kinds = [1, 2].map(|number| shape.numbered(number).map(|at| shape.fields[at as usize].kind));
        let [Some(key_kind), Some(value_kind)] = kinds else {
            return Err(broken(shape, "its map has no key"));
        };
        match key {
            Some(place) => {
                with_plain(self.schema, key_kind, self.found[place].wire, bytes, &mut |key| to.key(key))
            }
            None => with_plain(self.schema, key_kind, zero(key_kind), b"", &mut |key| to.key(key)),
        }
        match value {
            Some(place) => self.value(value_kind, self.found[place].wire, bytes, to, depth)?,
            None => self.default(value_kind, to, depth)?,
        }
        self.found.truncate(base);
        Ok(())
    }

    fn default(&mut self, kind: Kind, to: &mut dyn Builder, depth: usize) -> HostResult {
        match kind {
            Kind::Message(at) | Kind::Group(at) => self.message(self.schema.message(at), b"", to, depth + 1),
            Kind::Bytes => {
                to.bytes(b"");
                Ok(())
            }
            Kind::Enum(at) => {
                let number = self.schema.enumeration(at).default;
                with_plain(self.schema, kind, Wire::Varint(i64::from(number) as u64), b"", &mut |value| {
                    to.value(value)
                });
                Ok(())
            }
            kind => {
                with_plain(self.schema, kind, zero(kind), b"", &mut |value| to.value(value));
                Ok(())
            }
        }
    }

    fn value(
        &mut self,
        kind: Kind,
        wire: Wire,
        bytes: &[u8],
        to: &mut dyn Builder,
        depth: usize,
    ) -> HostResult {
        match (kind, wire) {
            (
                Kind::Message(at) | Kind::Group(at),
                Wire::Bytes { start, end } | Wire::Group { start, end },
            ) => {
                let inner = &bytes[start as usize..end as usize];
                return self.message(self.schema.message(at), inner, to, depth + 1);
            }
            (Kind::Bytes, Wire::Bytes { start, end }) => to.bytes(&bytes[start as usize..end as usize]),
            _ => with_plain(self.schema, kind, wire, bytes, &mut |value| to.value(value)),
        }
        self.tick()
    }
}

/// What stands for nothing.
fn zero(kind: Kind) -> Wire {
    match kind.wire() {
        0 => Wire::Varint(0),
        1 => Wire::Eight(0),
        5 => Wire::Four(0),
        _ => Wire::Bytes { start: 0, end: 0 },
    }
}

/// A value that is no message, as scripts see it: unsigned integers beyond those of scripts are their decimal digits.
fn with_plain(schema: &Schema, kind: Kind, wire: Wire, bytes: &[u8], take: &mut dyn FnMut(Arg<'_>)) {
    let mut unsigned = |value: u64| match i64::try_from(value) {
        Ok(value) => take(Arg::Int(value)),
        Err(_) => take(Arg::Str(value.to_string().as_bytes())),
    };
    let unzigzag = |value: u64| (value >> 1) as i64 ^ -((value & 1) as i64);
    match (kind, wire) {
        (Kind::Uint64, Wire::Varint(value)) | (Kind::Fixed64, Wire::Eight(value)) => unsigned(value),
        (Kind::Uint32, Wire::Varint(value)) => take(Arg::Int(i64::from(value as u32))),
        (Kind::Int64, Wire::Varint(value)) | (Kind::Sfixed64, Wire::Eight(value)) => {
            take(Arg::Int(value as i64))
        }
        (Kind::Int32, Wire::Varint(value)) => take(Arg::Int(i64::from(value as i32))),
        (Kind::Sint64, Wire::Varint(value)) => take(Arg::Int(unzigzag(value))),
        (Kind::Sint32, Wire::Varint(value)) => take(Arg::Int(unzigzag(u64::from(value as u32)))),
        (Kind::Fixed32, Wire::Four(value)) => take(Arg::Int(i64::from(value))),
        (Kind::Sfixed32, Wire::Four(value)) => take(Arg::Int(i64::from(value as i32))),
        (Kind::Double, Wire::Eight(value)) => take(Arg::Num(f64::from_bits(value))),
        (Kind::Float, Wire::Four(value)) => take(Arg::Num(f64::from(f32::from_bits(value)))),
        (Kind::Bool, Wire::Varint(value)) => take(Arg::Bool(value != 0)),
        (Kind::Enum(at), Wire::Varint(value)) => {
            let shape = schema.enumeration(at);
            let number = value as i32;
            match shape.name_of(number) {
                _ if shape.is_null => take(Arg::Null),
                Some(name) => take(Arg::Str(name.as_bytes())),
                None => take(Arg::Int(number.into())),
            }
        }
        (_, Wire::Bytes { start, end }) => take(Arg::Str(&bytes[start as usize..end as usize])),
        _ => take(Arg::Nil),
    }
}

#[cold]
pub(super) fn broken(shape: &MessageShape, why: Broken) -> Raise {
    Raise::new(format!("what the server sent is no {}: {why}", shape.name))
}

/// The details of a `google.rpc.Status`, as a list; what is broken there says nothing.
pub(super) fn details(schema: &'static Schema, bytes: &[u8], to: &mut dyn Builder) -> HostResult {
    to.open_list(2)?;
    let mut reader = Reader::new(bytes);
    while !reader.is_over() {
        match reader.field() {
            Ok((3, Wire::Bytes { start, end })) => {
                plain::any(&mut Decoder::new(schema), &bytes[start as usize..end as usize], to, 1)?;
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    to.close();
    Ok(())
}
