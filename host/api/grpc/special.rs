//! The messages of `google.protobuf` that have a form of their own in scripts, as they are written. Used by `encode`.

use crate::net::{FieldKind as Kind, MessageShape, Special};

use super::encode::{Encoder, MAX_DEPTH, each, entries, items, must, put_varint};
use super::times;
use super::writing::{double, nested, scalar, tag, varint};
use crate::api::frame::{Arg, HostResult, Raise};

/// Writes the message if the value has its special form; false: it is a table of its fields, as any message is.
pub(super) fn write(
    encoder: &mut Encoder<'_>,
    shape: &MessageShape,
    value: Arg<'_>,
    out: &mut Vec<u8>,
    depth: usize,
) -> Result<bool, Raise> {
    match (shape.special, value) {
        (Special::Any, value) => any(encoder, shape, value, out, depth)?,
        (Special::Struct, value) => fields(encoder, value, out, depth)?,
        (Special::ListValue, value) => values(encoder, value, out, depth)?,
        (Special::Value, value) => anything(encoder, value, out, depth)?,
        (_, Arg::Table(_) | Arg::View(_)) => return Ok(false),
        (Special::Timestamp, value) => {
            let text = text(value, "a time as in \"2026-01-31T12:00:00Z\", or { seconds, nanos } by name")?;
            pair(out, times::read_timestamp(text).map_err(Raise::new)?);
        }
        (Special::Duration, value) => {
            let text = text(value, "a duration as in \"1.5s\", or { seconds, nanos } by name")?;
            pair(out, times::read_duration(text).map_err(Raise::new)?);
        }
        (Special::FieldMask, value) => {
            let paths = text(value, "paths as in \"a,b.c\", or { paths = { .. } }")?;
            for path in paths.split(',').filter(|path| !path.is_empty()) {
                tag(out, 1, 2);
                varint(out, path.len() as u64);
                out.extend_from_slice(path.as_bytes());
            }
        }
        (Special::Wrapper, value) => {
            let start = out.len();
            let kind = shape.fields.first().map_or(Kind::Bool, |field| field.kind);
            tag(out, 1, kind.wire());
            if scalar(encoder.schema, kind, value, out)? {
                out.truncate(start);
            }
        }
        (Special::None, _) => return Ok(false),
    }
    Ok(true)
}

fn text<'a>(value: Arg<'a>, expected: &str) -> Result<&'a str, Raise> {
    match value {
        Arg::Str(bytes) => std::str::from_utf8(bytes).map_err(|_| must(expected, value)),
        other => Err(must(expected, other)),
    }
}

/// Seconds and nanoseconds.
fn pair(out: &mut Vec<u8>, (seconds, nanos): (i64, i32)) {
    if seconds != 0 {
        put_varint(out, 1, seconds as u64);
    }
    if nanos != 0 {
        put_varint(out, 2, i64::from(nanos) as u64);
    }
}

/// A `Struct`: its one field is a map.
fn fields(encoder: &mut Encoder<'_>, value: Arg<'_>, out: &mut Vec<u8>, depth: usize) -> HostResult {
    let frame = encoder.frame;
    entries(frame, value, &|| "a table with names".into(), &mut |key, value| {
        let Arg::Str(name) = key else {
            return Err(Raise::new("it must be a table with names as keys, not a list"));
        };
        if std::str::from_utf8(name).is_err() {
            return Err(Raise::new("a name in it is not valid UTF-8"));
        }
        tag(out, 1, 2);
        nested(out, |out| {
            tag(out, 1, 2);
            varint(out, name.len() as u64);
            out.extend_from_slice(name);
            tag(out, 2, 2);
            let written = nested(out, |out| anything(encoder, value, out, depth + 1));
            encoder.below(written, || format!("[{}]", super::encode::shown(key)))
        })
    })
}

/// A `ListValue`.
fn values(encoder: &mut Encoder<'_>, value: Arg<'_>, out: &mut Vec<u8>, depth: usize) -> HostResult {
    let frame = encoder.frame;
    items(frame, value, &mut |index, item| {
        tag(out, 1, 2);
        let written = nested(out, |out| anything(encoder, item, out, depth + 1));
        encoder.below(written, || format!("[{}]", index + frame.first_index()))
    })
    .map(drop)
}

/// A `Value`: whatever JSON can say.
fn anything(encoder: &mut Encoder<'_>, value: Arg<'_>, out: &mut Vec<u8>, depth: usize) -> HostResult {
    if depth >= MAX_DEPTH {
        return Err(Raise::new("values nest too deeply (is there a cycle?)"));
    }
    match value {
        Arg::Null | Arg::Nil => put_varint(out, 1, 0),
        Arg::Bool(value) => put_varint(out, 4, value.into()),
        Arg::Int(_) | Arg::Num(_) => {
            let number = double(value)?;
            if !number.is_finite() {
                return Err(Raise::new(format!(
                    "{number} is no number of JSON, as a google.protobuf.Value must be"
                )));
            }
            tag(out, 2, 1);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Arg::Str(bytes) => {
            if std::str::from_utf8(bytes).is_err() {
                return Err(Raise::new("it must be a string in UTF-8"));
            }
            tag(out, 3, 2);
            varint(out, bytes.len() as u64);
            out.extend_from_slice(bytes);
        }
        Arg::Table(_) | Arg::View(_) => {
            let is_list = is_list(encoder, value)?;
            tag(out, if is_list { 6 } else { 5 }, 2);
            nested(out, |out| match is_list {
                true => values(encoder, value, out, depth + 1),
                false => fields(encoder, value, out, depth + 1),
            })?;
        }
        other => return Err(must("a value of JSON", other)),
    }
    Ok(())
}

/// As for JSON: a table with items, or one that is marked as a list.
fn is_list(encoder: &Encoder<'_>, value: Arg<'_>) -> Result<bool, Raise> {
    let table = match value {
        Arg::View(view) => return Ok(view.is_array()),
        Arg::Table(table) => table,
        _ => return Ok(false),
    };
    if encoder.frame.length(table) > 0 {
        return Ok(true);
    }
    let mut is_empty = true;
    encoder.frame.each(table, &mut |_, _| {
        is_empty = false;
        Ok(())
    })?;
    if !is_empty {
        return Ok(false);
    }
    let mut json = Vec::new();
    encoder.frame.encode(value, &mut json)?;
    Ok(json == b"[]")
}

/// An `Any`: `@type` says what else is in the table.
fn any(
    encoder: &mut Encoder<'_>,
    shape: &MessageShape,
    value: Arg<'_>,
    out: &mut Vec<u8>,
    depth: usize,
) -> HostResult {
    let expected = "a table with the name of a message as `@type`, and its fields";
    let (mut url, mut inner, mut bytes, mut is_plain, mut is_empty) = (None, None, None, false, true);
    let frame = encoder.frame;
    each(frame, value, &|| expected.into(), &mut |key, value| {
        is_empty = false;
        match (key, value) {
            (Arg::Str(b"@type"), Arg::Str(text)) => match std::str::from_utf8(text) {
                Ok(text) => url = Some(text.to_owned()),
                Err(_) => return Err(Raise::new("`@type` in it must be a string in UTF-8")),
            },
            (Arg::Str(b"@type"), other) => return Err(must("a string in `@type`", other)),
            (Arg::Str(b"value"), Arg::Str(text)) => bytes = Some(text.to_vec()),
            (Arg::Str(b"type_url" | b"typeUrl"), _) => is_plain = true,
            _ => {}
        }
        Ok(())
    })?;
    let Some(url) = url else {
        if is_plain || is_empty {
            return encoder.fields(shape, value, out, depth, &[]);
        }
        return Err(Raise::new(format!("it must be {expected}")));
    };
    let name = url.rsplit('/').next().unwrap_or_default();
    let full = if url.contains('/') { url.clone() } else { format!("type.googleapis.com/{url}") };
    tag(out, 1, 2);
    varint(out, full.len() as u64);
    out.extend_from_slice(full.as_bytes());
    let Some(at) = encoder.schema.named(name) else {
        // One that is not known keeps the bytes that it came with.
        let Some(bytes) = bytes else {
            return Err(Raise::new(format!("the message `{name}` of `@type` is not known"))
                .help("name the .proto file that has it, or give its bytes as `value`"));
        };
        tag(out, 2, 2);
        varint(out, bytes.len() as u64);
        out.extend_from_slice(&bytes);
        return Ok(());
    };
    let held = encoder.schema.message(at);
    tag(out, 2, 2);
    if held.special == Special::None {
        return nested(out, |out| encoder.fields(held, value, out, depth + 1, &[b"@type"]));
    }
    nested(out, |out| {
        entries(frame, value, &|| expected.into(), &mut |key, value| match key {
            Arg::Str(b"@type") => Ok(()),
            Arg::Str(b"value") => {
                inner = Some(());
                encoder.message(held, value, out, depth + 1)
            }
            key => Err(Raise::new(format!(
                "{} is no key beside `@type`: {name} goes into `value`",
                super::encode::shown(key)
            ))),
        })?;
        match (inner, held.special) {
            (None, special) if special != Special::Value => {
                Err(Raise::new(format!("{name} goes into `value`, which is missing")))
            }
            _ => Ok(()),
        }
    })
}
