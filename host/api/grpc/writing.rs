//! Values as protobuf writes them. Used by `encode` and `special`.

use crate::net::{FieldKind as Kind, Schema};

use super::encode::must;
use crate::api::frame::{Arg, HostResult, Raise};

/// 2^63 and 2^64, exactly.
const TWO_63: f64 = 9_223_372_036_854_775_808.0;
const TWO_64: f64 = 18_446_744_073_709_551_616.0;

pub(super) fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(super) fn tag(out: &mut Vec<u8>, number: u32, wire: u32) {
    varint(out, u64::from(number << 3 | wire));
}

/// Writes what `write` writes after its length.
pub(super) fn nested(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> HostResult) -> HostResult {
    let at = out.len();
    // Most are short: one byte is their length.
    out.push(0);
    write(out)?;
    let length = out.len() - at - 1;
    if length < 0x80 {
        out[at] = length as u8;
        return Ok(());
    }
    let mut head = Vec::with_capacity(5);
    varint(&mut head, length as u64);
    out.splice(at..=at, head);
    Ok(())
}

/// Writes a value that is no message; whether it is its kind's default.
///
/// # Errors
/// A value of another type, or out of range.
pub(super) fn scalar(schema: &Schema, kind: Kind, value: Arg<'_>, out: &mut Vec<u8>) -> Result<bool, Raise> {
    let zigzag = |value: i64| (value << 1 ^ value >> 63) as u64;
    match kind {
        Kind::Double => {
            let value = double(value)?;
            out.extend_from_slice(&value.to_le_bytes());
            Ok(value.to_bits() == 0)
        }
        Kind::Float => {
            let wide = double(value)?;
            let value = wide as f32;
            if value.is_infinite() && wide.is_finite() {
                return Err(Raise::new(format!("{wide:?} is out of the range of a float")));
            }
            out.extend_from_slice(&value.to_le_bytes());
            Ok(value.to_bits() == 0)
        }
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            let wide = signed(value)?;
            let Ok(value) = i32::try_from(wide) else { return Err(range(&wide.to_string(), "an int32")) };
            match kind {
                Kind::Int32 => varint(out, wide as u64),
                Kind::Sint32 => varint(out, zigzag(wide)),
                _ => out.extend_from_slice(&value.to_le_bytes()),
            }
            Ok(value == 0)
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            let value = signed(value)?;
            match kind {
                Kind::Int64 => varint(out, value as u64),
                Kind::Sint64 => varint(out, zigzag(value)),
                _ => out.extend_from_slice(&value.to_le_bytes()),
            }
            Ok(value == 0)
        }
        Kind::Uint32 | Kind::Fixed32 => {
            let wide = unsigned(value)?;
            let Ok(value) = u32::try_from(wide) else { return Err(range(&wide.to_string(), "a uint32")) };
            match kind {
                Kind::Uint32 => varint(out, wide),
                _ => out.extend_from_slice(&value.to_le_bytes()),
            }
            Ok(value == 0)
        }
        Kind::Uint64 | Kind::Fixed64 => {
            let value = unsigned(value)?;
            match kind {
                Kind::Uint64 => varint(out, value),
                _ => out.extend_from_slice(&value.to_le_bytes()),
            }
            Ok(value == 0)
        }
        Kind::Bool => {
            let Arg::Bool(value) = value else { return Err(must("true or false", value)) };
            out.push(u8::from(value));
            Ok(!value)
        }
        Kind::String => {
            let Arg::Str(bytes) = value else { return Err(must("a string", value)) };
            if std::str::from_utf8(bytes).is_err() {
                return Err(Raise::new(
                    "it must be a string in UTF-8; only fields of type bytes hold any bytes",
                ));
            }
            counted(out, bytes)
        }
        Kind::Bytes => {
            let Arg::Str(bytes) = value else { return Err(must("a string of bytes", value)) };
            counted(out, bytes)
        }
        Kind::Enum(at) => {
            let number = enumerated(schema, at, value)?;
            varint(out, i64::from(number) as u64);
            Ok(number == 0)
        }
        Kind::Message(_) | Kind::Group(_) => Err(Raise::new("a message is no plain value")),
    }
}

fn counted(out: &mut Vec<u8>, bytes: &[u8]) -> Result<bool, Raise> {
    varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
    Ok(bytes.is_empty())
}

#[cold]
fn range(shown: &str, what: &str) -> Raise {
    Raise::new(format!("{shown} is out of the range of {what}"))
}

fn enumerated(schema: &Schema, at: u32, value: Arg<'_>) -> Result<i32, Raise> {
    let shape = schema.enumeration(at);
    match value {
        Arg::Str(name) => {
            let text = std::str::from_utf8(name).unwrap_or_default();
            shape.number(text).ok_or_else(|| {
                Raise::unknown(
                    &format!("value of {}:", shape.name),
                    &String::from_utf8_lossy(name),
                    shape.names(),
                )
            })
        }
        Arg::Null | Arg::Nil if shape.is_null => Ok(0),
        Arg::Int(_) | Arg::Num(_) => {
            let wide = signed(value)?;
            let number = i32::try_from(wide).map_err(|_| range(&wide.to_string(), "an enum"))?;
            // A value of proto2's enums is one of those; readers would take another one for a field that they do not know.
            if shape.is_closed && shape.name_of(number).is_none() {
                return Err(Raise::new(format!(
                    "{number} is no value of {}, which is closed (proto2)",
                    shape.name
                )));
            }
            Ok(number)
        }
        other => Err(must(&format!("the name or the number of a value of {}", shape.name), other)),
    }
}

/// A number that a double holds exactly; the words of protobuf's JSON for those that JSON has not.
pub(super) fn double(value: Arg<'_>) -> Result<f64, Raise> {
    match value {
        Arg::Num(number) => Ok(number),
        Arg::Int(number) if (number as f64) < TWO_63 && number as f64 as i64 == number => Ok(number as f64),
        Arg::Int(number) => Err(Raise::new(format!("{number} has more digits than a double holds"))),
        Arg::Str(b"NaN") => Ok(f64::NAN),
        Arg::Str(b"Infinity") => Ok(f64::INFINITY),
        Arg::Str(b"-Infinity") => Ok(f64::NEG_INFINITY),
        other => Err(must("a number", other)),
    }
}

/// A whole number, or its decimal digits.
fn signed(value: Arg<'_>) -> Result<i64, Raise> {
    match value {
        Arg::Int(number) => Ok(number),
        Arg::Num(number) if number.fract() == 0.0 && (-TWO_63..TWO_63).contains(&number) => Ok(number as i64),
        Arg::Num(number) => Err(whole(number)),
        Arg::Str(text) => digits(text).ok_or_else(|| not_digits(text, "64-bit")),
        other => Err(must("a whole number", other)),
    }
}

fn unsigned(value: Arg<'_>) -> Result<u64, Raise> {
    match value {
        Arg::Int(number) => {
            u64::try_from(number).map_err(|_| Raise::new(format!("it must be 0 or more, not {number}")))
        }
        Arg::Num(number) if number.fract() == 0.0 && (0.0..TWO_64).contains(&number) => Ok(number as u64),
        Arg::Num(number) if number.fract() == 0.0 && number < 0.0 => {
            Err(Raise::new(format!("it must be 0 or more, not {number}")))
        }
        Arg::Num(number) => Err(whole(number)),
        Arg::Str(text) => digits(text).ok_or_else(|| not_digits(text, "unsigned 64-bit")),
        other => Err(must("a whole number", other)),
    }
}

fn digits<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    let text = std::str::from_utf8(text).ok()?;
    // One form for each number: no sign before it but a minus, no zeros.
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_padded = digits.len() > 1 && digits.starts_with('0');
    (!text.starts_with('+') && !is_padded).then(|| text.parse().ok()).flatten()
}

#[cold]
fn whole(number: f64) -> Raise {
    Raise::new(format!("it must be a whole number of at most 64 bits, not {number:?}"))
}

#[cold]
fn not_digits(text: &[u8], what: &str) -> Raise {
    let shown = String::from_utf8_lossy(text);
    Raise::new(format!("\"{}\" is no decimal {what} integer", shown.escape_debug()))
}
