//! The messages of `google.protobuf` that have a form of their own in scripts, as they are read. Used by `decode`.

use crate::net::{MessageShape, Special};

use super::checking::walk;
use super::decode::{Decoder, broken};
use super::reading::{Broken, Reader, Wire};
use super::times;
use crate::api::frame::{Arg, Builder, HostResult, Raise};

/// Builds the message's special form; false: it has none just now, and is a table of its fields.
pub(super) fn give(
    decoder: &mut Decoder,
    shape: &MessageShape,
    bytes: &[u8],
    to: &mut dyn Builder,
    depth: usize,
) -> Result<bool, Raise> {
    let wrong = |why: Broken| broken(shape, why);
    match shape.special {
        Special::None => return Ok(false),
        Special::Timestamp | Special::Duration => {
            let (seconds, nanos) = pair(bytes).map_err(wrong)?;
            let shown = match shape.special {
                Special::Timestamp => times::show_timestamp(seconds, nanos),
                _ => times::show_duration(seconds, nanos),
            };
            let Some(shown) = shown else { return Ok(false) };
            to.value(Arg::Str(shown.as_bytes()));
        }
        Special::FieldMask => {
            let mut paths: Vec<&[u8]> = Vec::new();
            each(bytes, &mut |number, wire| {
                if let (1, Wire::Bytes { start, end }) = (number, wire) {
                    paths.push(&bytes[start as usize..end as usize]);
                }
                Ok(())
            })
            .map_err(wrong)?;
            // What commas would tear apart stays a list.
            if paths.iter().any(|path| path.contains(&b',') || path.is_empty()) {
                return Ok(false);
            }
            to.value(Arg::Str(&paths.join(&b","[..])));
        }
        Special::Wrapper => {
            let Some(field) = shape.fields.first() else { return Ok(false) };
            decoder.only(shape, field, bytes, to, depth)?;
        }
        Special::Struct => {
            to.open_map(4)?;
            entries(decoder, shape, bytes, to, depth)?;
            to.close();
        }
        Special::ListValue => {
            to.open_list(4)?;
            let mut items = Vec::new();
            each(bytes, &mut |number, wire| {
                if let (1, Wire::Bytes { start, end }) = (number, wire) {
                    items.push((start as usize, end as usize));
                }
                Ok(())
            })
            .map_err(wrong)?;
            for (start, end) in items {
                value(decoder, shape, &bytes[start..end], to, depth + 1)?;
            }
            to.close();
        }
        Special::Value => value(decoder, shape, bytes, to, depth)?,
        Special::Any => any(decoder, bytes, to, depth)?,
    }
    Ok(true)
}

fn each(bytes: &[u8], visit: &mut dyn FnMut(u32, Wire) -> Result<(), Broken>) -> Result<(), Broken> {
    let mut reader = Reader::new(bytes);
    while !reader.is_over() {
        let (number, wire) = reader.field()?;
        visit(number, wire)?;
    }
    Ok(())
}

/// Seconds and nanoseconds.
fn pair(bytes: &[u8]) -> Result<(i64, i32), Broken> {
    let (mut seconds, mut nanos) = (0, 0);
    each(bytes, &mut |number, wire| {
        match (number, wire) {
            (1, Wire::Varint(value)) => seconds = value as i64,
            (2, Wire::Varint(value)) => nanos = value as i32,
            _ => {}
        }
        Ok(())
    })?;
    Ok((seconds, nanos))
}

/// The entries of a `Struct`.
fn entries(
    decoder: &mut Decoder,
    shape: &MessageShape,
    bytes: &[u8],
    to: &mut dyn Builder,
    depth: usize,
) -> HostResult {
    let wrong = |why: Broken| broken(shape, why);
    let mut reader = Reader::new(bytes);
    while !reader.is_over() {
        let (1, Wire::Bytes { start, end }) = reader.field().map_err(wrong)? else { continue };
        let entry = &bytes[start as usize..end as usize];
        let (mut key, mut held): (&[u8], &[u8]) = (b"", b"");
        each(entry, &mut |number, wire| {
            if let Wire::Bytes { start, end } = wire {
                match number {
                    1 => key = &entry[start as usize..end as usize],
                    2 => held = &entry[start as usize..end as usize],
                    _ => {}
                }
            }
            Ok(())
        })
        .map_err(wrong)?;
        to.key(Arg::Str(key));
        value(decoder, shape, held, to, depth + 1)?;
    }
    Ok(())
}

/// A `Value`; one that says nothing is null.
fn value(
    decoder: &mut Decoder,
    shape: &MessageShape,
    bytes: &[u8],
    to: &mut dyn Builder,
    depth: usize,
) -> HostResult {
    let wrong = |why: Broken| broken(shape, why);
    let mut last = None;
    each(bytes, &mut |number, wire| {
        let is_known = matches!(
            (number, wire),
            (1 | 4, Wire::Varint(_)) | (2, Wire::Eight(_)) | (3 | 5 | 6, Wire::Bytes { .. })
        );
        if is_known {
            last = Some((number, wire));
        }
        Ok(())
    })
    .map_err(wrong)?;
    match last {
        Some((2, Wire::Eight(bits))) => {
            let number = f64::from_bits(bits);
            // As JSON has it: 3 is no 3.0.
            let is_whole = number.fract() == 0.0 && number.abs() < 9_007_199_254_740_992.0;
            match is_whole && !(number == 0.0 && number.is_sign_negative()) {
                true => to.value(Arg::Int(number as i64)),
                false => to.value(Arg::Num(number)),
            }
        }
        Some((4, Wire::Varint(truth))) => to.value(Arg::Bool(truth != 0)),
        Some((number, Wire::Bytes { start, end })) => {
            let held = &bytes[start as usize..end as usize];
            let name = match number {
                3 => {
                    to.value(Arg::Str(held));
                    return Ok(());
                }
                5 => "google.protobuf.Struct",
                _ => "google.protobuf.ListValue",
            };
            let Some(at) = decoder.schema.named(name) else { return Err(wrong("it is not known")) };
            return decoder.message(decoder.schema.message(at), held, to, depth + 1);
        }
        _ => to.value(Arg::Null),
    }
    Ok(())
}

/// An `Any`: what it holds, with its name as `@type`; of a message that is not known its bytes.
pub(super) fn any(decoder: &mut Decoder, bytes: &[u8], to: &mut dyn Builder, depth: usize) -> HostResult {
    let (mut url, mut held): (&[u8], &[u8]) = (b"", b"");
    each(bytes, &mut |number, wire| {
        if let Wire::Bytes { start, end } = wire {
            match number {
                1 => url = &bytes[start as usize..end as usize],
                2 => held = &bytes[start as usize..end as usize],
                _ => {}
            }
        }
        Ok(())
    })
    .map_err(|why| Raise::new(format!("what the server sent is no google.protobuf.Any: {why}")))?;
    to.open_map(4)?;
    if !url.is_empty() {
        to.key(Arg::Str(b"@type"));
        to.value(Arg::Str(url));
        give_held(decoder, url, held, to, depth)?;
    }
    to.close();
    Ok(())
}

fn give_held(
    decoder: &mut Decoder,
    url: &[u8],
    held: &[u8],
    to: &mut dyn Builder,
    depth: usize,
) -> HostResult {
    let name = url.rsplit(|byte| *byte == b'/').next().and_then(|name| std::str::from_utf8(name).ok());
    let name = name.unwrap_or_default();
    // Details of errors are seldom in the .proto files of the server.
    let schemas =
        [Some(decoder.schema), crate::net::Schema::of_errors().filter(|_| name.starts_with("google.rpc."))];
    let known = schemas.into_iter().flatten().find_map(|schema| Some((schema, schema.named(name)?)));
    let Some((schema, at)) = known else {
        to.key(Arg::Str(b"value"));
        to.bytes(held);
        return Ok(());
    };
    let shape = schema.message(at);
    // What is packed wrongly is no reason not to read the rest.
    if walk(schema, shape, held, depth + 1).is_err() {
        to.key(Arg::Str(b"value"));
        to.bytes(held);
        return Ok(());
    }
    let mut inner = Decoder::new(schema);
    if shape.special == Special::None {
        return inner.fields(shape, held, to, depth + 1);
    }
    to.key(Arg::Str(b"value"));
    inner.message(shape, held, to, depth + 1)
}
