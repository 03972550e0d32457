//! JSON text straight to Rhai values. null is `()`, which a map can hold. Used by `frame`.

use std::cell::Cell;
use std::fmt;

use rhai::{Array, Dynamic, Map};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::limits;

/// The name of a field, as maps hold it: the engine does not export its type.
pub(super) type Name = <Map as Named>::Name;

pub(super) trait Named {
    type Name;
}

impl<N, V> Named for std::collections::BTreeMap<N, V> {
    type Name = N;
}

/// So many items take well below a time slice.
const ITEMS_PER_TICK: u32 = 4096;

/// Parses `text`.
///
/// # Errors
/// What is wrong with the text, with line and column.
pub(super) fn decode(text: &[u8]) -> Result<Dynamic, String> {
    // Checked once as a whole, which is cheaper than string by string.
    let text = std::str::from_utf8(text).map_err(|why| why.to_string())?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let items = Cell::new(0);
    let value = Decode(&items).deserialize(&mut deserializer);
    let value = value.and_then(|value| deserializer.end().map(|()| value));
    value.map_err(|why| why.to_string())
}

/// The part that `path` (`items.0.id`) selects; `()` where there is none.
pub(super) fn part(value: Dynamic, path: &str) -> Dynamic {
    path.split('.').filter(|segment| !segment.is_empty()).fold(value, |value, segment| {
        let value = match value.try_cast_result::<Map>() {
            Ok(mut map) => return map.remove(segment).unwrap_or_default(),
            Err(value) => value,
        };
        match (value.try_cast_result::<Array>(), segment.parse::<usize>()) {
            (Ok(mut list), Ok(index)) if index < list.len() => list.swap_remove(index),
            _ => Dynamic::UNIT,
        }
    })
}

/// Makes whatever is deserialized, and counts what it made.
#[derive(Clone, Copy)]
struct Decode<'c>(&'c Cell<u32>);

impl<'de> DeserializeSeed<'de> for Decode<'_> {
    type Value = Dynamic;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Dynamic, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Decode<'_> {
    type Value = Dynamic;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Dynamic, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Dynamic, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Dynamic, E> {
        match i64::try_from(value) {
            Ok(value) => Ok(value.into()),
            Err(_) => Err(E::custom(format!("{value} does not fit a 64-bit signed integer"))),
        }
    }

    fn visit_f64<E>(self, value: f64) -> Result<Dynamic, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Dynamic, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Dynamic, E> {
        Ok(Dynamic::UNIT)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Dynamic, A::Error> {
        let mut list = Array::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
            self.give_way()?;
        }
        Ok(list.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Dynamic, A::Error> {
        let mut map = Map::new();
        while let Some(name) = fields.next_key_seed(Key)? {
            let value = fields.next_value_seed(self)?;
            map.insert(name, value);
            self.give_way()?;
        }
        Ok(map.into())
    }
}

/// A field's name, without a string in between.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Name;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Name, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key {
    type Value = Name;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Name, E> {
        Ok(name.into())
    }
}

impl Decode<'_> {
    /// Lets other VUs have their turn within what is long, and ends what takes too much memory.
    fn give_way<E: Error>(self) -> Result<(), E> {
        self.0.set(self.0.get().wrapping_add(1));
        if self.0.get().is_multiple_of(ITEMS_PER_TICK) && limits::tick_making().is_err() {
            return Err(E::custom("the call was ended"));
        }
        Ok(())
    }
}
