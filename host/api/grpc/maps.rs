//! Maps, as they are written. Used by `encode`.

use std::collections::HashSet;

use crate::net::{FieldKind as Kind, FieldShape};

use super::encode::{Encoder, entries, shown};
use super::reading::{Reader, Wire};
use super::writing::{nested, scalar, tag};
use crate::api::frame::{Arg, HostResult, Raise};

/// Writes the entries of a field whose entry's message is the second of the pair.
///
/// # Errors
/// A key or a value of another type, and where; a key that is given twice, as a number and as its digits.
pub(super) fn write(
    encoder: &mut Encoder<'_>,
    (field, entry): (&FieldShape, u32),
    value: Arg<'_>,
    out: &mut Vec<u8>,
    depth: usize,
) -> HostResult {
    let shape = encoder.schema.message(entry);
    let (Some(key_at), Some(value_at)) = (shape.numbered(1), shape.numbered(2)) else {
        return Err(Raise::new("the descriptor of the map is broken"));
    };
    let kinds = (shape.fields[key_at as usize].kind, shape.fields[value_at as usize].kind);
    let frame = encoder.frame;
    let (begun, mut is_spelled) = (out.len(), false);
    entries(frame, value, &|| "a table of keys and values".into(), &mut |key, value| {
        if matches!(value, Arg::Nil) && !encoder.takes_null(&shape.fields[value_at as usize]) {
            return Ok(());
        }
        is_spelled |= kinds.0 != Kind::String && matches!(key, Arg::Str(_));
        tag(out, field.number, 2);
        nested(out, |out| {
            tag(out, 1, kinds.0.wire());
            let written = write_key(encoder, kinds.0, key, out);
            encoder.below(written, || format!("[{}]", shown(key)))?;
            tag(out, 2, kinds.1.wire());
            let written = encoder.one(kinds.1, 2, value, out, depth).map(drop);
            encoder.below(written, || format!("[{}]", shown(key)))
        })
    })?;
    if is_spelled && has_twice(&out[begun..]) {
        return Err(Raise::new("a key of it is given twice, as a text and as what the text says"));
    }
    Ok(())
}

/// Whether two entries have one key, which a script's table has told apart.
fn has_twice(entries: &[u8]) -> bool {
    let (mut reader, mut seen) = (Reader::new(entries), HashSet::new());
    while !reader.is_over() {
        let Ok((_, Wire::Bytes { start, end })) = reader.field() else { return false };
        let key = match Reader::new(&entries[start as usize..end as usize]).field() {
            Ok((1, Wire::Varint(key) | Wire::Eight(key))) => key,
            Ok((1, Wire::Four(key))) => key.into(),
            _ => return false,
        };
        if !seen.insert(key) {
            return true;
        }
    }
    false
}

fn write_key(encoder: &Encoder<'_>, kind: Kind, key: Arg<'_>, out: &mut Vec<u8>) -> HostResult {
    let key = match (kind, key) {
        // As protobuf's JSON has them.
        (Kind::Bool, Arg::Str(b"true")) => Arg::Bool(true),
        (Kind::Bool, Arg::Str(b"false")) => Arg::Bool(false),
        (_, key) => key,
    };
    scalar(encoder.schema, kind, key, out).map(drop)
}
