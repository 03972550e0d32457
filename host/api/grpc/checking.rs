//! Whether bytes are the message that they are said to be: asked when they come, so that what is not is a failure of
//! the call and never raises where a script reads it. Nothing is built. Used by `call`, `stream` and `plain`.

use crate::net::{FieldKind as Kind, Label, MessageShape, Schema};

use super::encode::MAX_DEPTH;
use super::reading::{Broken, Reader, Wire, fits};

/// # Errors
/// What is wrong with them, for people.
pub(super) fn check(schema: &Schema, message: u32, bytes: &[u8]) -> Result<(), String> {
    let shape = schema.message(message);
    walk(schema, shape, bytes, 0).map_err(|why| format!("what the server sent is no {}: {why}", shape.name))
}

/// At most as deep and as loose as what reads them afterwards.
pub(super) fn walk(schema: &Schema, shape: &MessageShape, bytes: &[u8], depth: usize) -> Result<(), Broken> {
    if depth >= MAX_DEPTH {
        return Err("it nests too deeply");
    }
    let mut reader = Reader::new(bytes);
    while !reader.is_over() {
        let (number, wire) = reader.field()?;
        let Some(at) = shape.numbered(number) else { continue };
        let field = &shape.fields[at as usize];
        if !fits(field, wire) {
            continue;
        }
        let (Wire::Bytes { start, end } | Wire::Group { start, end }) = wire else { continue };
        let inner = &bytes[start as usize..end as usize];
        match (field.kind, field.label) {
            // An entry is no level of its own.
            (Kind::Message(entry), Label::Map(_)) => walk(schema, schema.message(entry), inner, depth)?,
            (Kind::Message(at) | Kind::Group(at), _) => walk(schema, schema.message(at), inner, depth + 1)?,
            (Kind::String, _) if field.is_utf8 && std::str::from_utf8(inner).is_err() => {
                return Err("a string in it is not valid UTF-8");
            }
            (Kind::String | Kind::Bytes, _) => {}
            (kind, _) => packed(kind, inner)?,
        }
    }
    Ok(())
}

fn packed(kind: Kind, bytes: &[u8]) -> Result<(), Broken> {
    let mut reader = Reader::new(bytes);
    while !reader.is_over() {
        match kind.wire() {
            0 => drop(reader.varint()?),
            1 => drop(reader.eight()?),
            _ => drop(reader.four()?),
        }
    }
    Ok(())
}
