//! Round trips over made-up descriptors and messages.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use prost_reflect::prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage,
    SerializeOptions,
};
use rand::SeedableRng;
use rand::rngs::SmallRng;
use serde_json::Value as Json;

use super::super::{decode, encode};
use super::made_up::{filled, made_up};
use super::stage::{Stage, Val};
use crate::net::Schema;

/// What protobuf's JSON has for a script's value.
fn json(value: &Val, kind: &Kind) -> Json {
    match (kind, value) {
        (Kind::Message(shape), value) => message_json(value, shape),
        (Kind::Bytes, Val::Str(bytes)) => STANDARD.encode(bytes).into(),
        // Integers of 64 bits are strings there.
        (Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Fixed64, Val::Int(number)) => {
            number.to_string().into()
        }
        (_, Val::Str(text)) => std::str::from_utf8(text).unwrap().into(),
        (_, value) => plain_json(value),
    }
}

fn plain_json(value: &Val) -> Json {
    match value {
        Val::Null => Json::Null,
        Val::Bool(value) => (*value).into(),
        Val::Int(value) => (*value).into(),
        Val::Num(value) => (*value).into(),
        Val::Str(text) => std::str::from_utf8(text).unwrap().into(),
        Val::List(items) => items.iter().map(plain_json).collect(),
        Val::Map(entries) => entries.iter().map(|(key, value)| (key_text(key), plain_json(value))).collect(),
    }
}

fn key_text(key: &Val) -> String {
    match key {
        Val::Str(text) => String::from_utf8(text.clone()).unwrap(),
        Val::Int(number) => number.to_string(),
        Val::Bool(truth) => truth.to_string(),
        other => panic!("{other:?}"),
    }
}

fn message_json(value: &Val, shape: &MessageDescriptor) -> Json {
    let name = shape.full_name();
    match name.strip_prefix("google.protobuf.") {
        Some("Struct" | "Value" | "ListValue" | "Timestamp" | "Duration" | "FieldMask") => {
            return plain_json(value);
        }
        Some(wrapper) if wrapper.ends_with("Value") => {
            return json(value, &shape.get_field(1).unwrap().kind());
        }
        _ => {}
    }
    let Val::Map(entries) = value else { panic!("{name} is {value:?}") };
    let of = |entries: &[(Val, Val)], shape: &MessageDescriptor| -> serde_json::Map<String, Json> {
        let known = entries.iter().filter(|(key, _)| *key != Val::text("@type"));
        known
            .map(|(key, value)| {
                let name = key_text(key);
                let field = shape.get_field_by_name(&name).unwrap();
                (name, field_json(value, &field))
            })
            .collect()
    };
    if name == "google.protobuf.Any" {
        let Some((_, url)) = entries.iter().find(|(key, _)| *key == Val::text("@type")) else {
            return Json::Object(Default::default());
        };
        let held = key_text(url);
        let held = shape.parent_pool().get_message_by_name(held.rsplit('/').next().unwrap()).unwrap();
        let mut made = of(entries, &held);
        made.insert("@type".into(), key_text(url).into());
        return Json::Object(made);
    }
    Json::Object(of(entries, shape))
}

fn field_json(value: &Val, field: &FieldDescriptor) -> Json {
    match value {
        Val::Map(entries) if field.is_map() => {
            let Kind::Message(entry) = field.kind() else { unreachable!() };
            let kind = entry.map_entry_value_field().kind();
            entries.iter().map(|(key, value)| (key_text(key), json(value, &kind))).collect()
        }
        Val::List(items) if field.is_list() => items.iter().map(|item| json(item, &field.kind())).collect(),
        value => json(value, &field.kind()),
    }
}

/// With 176.0 as 176, which JSON does not tell apart.
fn even(json: Json) -> Json {
    match json {
        Json::Number(number) if number.is_f64() => {
            let wide = number.as_f64().unwrap();
            if wide.fract() == 0.0 && wide.abs() < 1e15 { (wide as i64).into() } else { Json::Number(number) }
        }
        Json::Array(items) => items.into_iter().map(even).collect(),
        Json::Object(fields) => fields.into_iter().map(|(name, value)| (name, even(value))).collect(),
        other => other,
    }
}

pub(super) fn schema(pool: &DescriptorPool) -> &'static Schema {
    Box::leak(Box::new(Schema::of_pool(pool)))
}

pub(super) fn read(schema: &'static Schema, message: u32, bytes: &[u8]) -> Result<Val, crate::api::Raise> {
    let stage = Stage::default();
    decode::give(&stage, schema, message, bytes)?;
    Ok(stage.given.take().unwrap())
}

pub(super) fn write(
    schema: &'static Schema,
    message: u32,
    value: &Val,
) -> Result<Vec<u8>, crate::api::Raise> {
    let stage = Stage::default();
    let mut out = Vec::new();
    stage.lend(value, |value| encode::encode(&stage, schema, message, value, &mut out))?;
    Ok(out)
}

proptest! {
    #[test]
    fn messages_survive_both_ways_and_are_those_of_json(seed: u64) {
        let mut rng = SmallRng::seed_from_u64(seed);
        let pool = made_up(&mut rng);
        let schema = schema(&pool);
        let shape = pool.get_message_by_name("t.M0").unwrap();
        let at = schema.named("t.M0").unwrap();
        for _ in 0..8 {
            let message = filled(&shape, &mut rng, 0);
            let bytes = message.encode_to_vec();
            let value = read(schema, at, &bytes).unwrap();

            let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(false);
            let shown = |message: &DynamicMessage| {
                message.serialize_with_options(serde_json::value::Serializer, &options).unwrap()
            };
            prop_assert_eq!(even(message_json(&value, &shape)), even(shown(&message)));

            let again = write(schema, at, &value).unwrap();
            let again = DynamicMessage::decode(shape.clone(), again.as_slice()).unwrap();
            prop_assert_eq!(shown(&again), shown(&message));
        }
    }

    /// Whatever a server sends.
    #[test]
    fn any_bytes_are_a_message_or_an_error(seed: u64, bytes in prop::collection::vec(any::<u8>(), 0..60), at in 0..60usize) {
        let mut rng = SmallRng::seed_from_u64(seed);
        let pool = made_up(&mut rng);
        let schema = schema(&pool);
        let shape = pool.get_message_by_name("t.M0").unwrap();
        let number = schema.named("t.M0").unwrap();
        let _ = read(schema, number, &bytes);
        let mut broken = filled(&shape, &mut rng, 0).encode_to_vec();
        if let Some(byte) = broken.get_mut(at) {
            *byte = bytes.first().copied().unwrap_or(7);
        }
        // What both can read, they read alike.
        if let (Ok(value), Ok(message)) = (read(schema, number, &broken), DynamicMessage::decode(shape, broken.as_slice()))
            && let Ok(bytes) = write(schema, number, &value)
        {
            let again = DynamicMessage::decode(message.descriptor(), bytes.as_slice()).unwrap();
            let again = read(schema, number, &again.encode_to_vec()).unwrap();
            // As texts, in which NaN is NaN.
            prop_assert_eq!(format!("{again:?}"), format!("{value:?}"));
        }
    }
}
