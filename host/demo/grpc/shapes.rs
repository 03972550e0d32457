//! Between the store's documents and those of the wire.

use jiff::Timestamp;
use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value};
use serde_json::{Map, Number, Value as Json};

use super::messages;
use crate::demo::store::{self, Draft, Fields};

/// Whole numbers below it are as exact in a double as in JSON.
const EXACT: f64 = 9_007_199_254_740_992.0;

pub(super) fn document(document: &store::Document) -> messages::Document {
    messages::Document {
        uri: document.uri.to_string(),
        version: i64::try_from(document.version).unwrap_or(i64::MAX),
        fields: Some(structure(&document.fields)),
        create_time: Some(time(document.create_time)),
        update_time: Some(time(document.update_time)),
    }
}

pub(super) fn one(found: &store::Document) -> messages::One {
    messages::One { document: Some(document(found)) }
}

pub(super) fn many(found: &[store::Document]) -> messages::Many {
    messages::Many { documents: found.iter().map(document).collect() }
}

pub(super) fn draft(given: messages::Document) -> Draft {
    Draft { uri: given.uri, fields: fields(given.fields) }
}

fn time(time: Timestamp) -> prost_types::Timestamp {
    prost_types::Timestamp { seconds: time.as_second(), nanos: time.subsec_nanosecond() }
}

fn structure(fields: &Fields) -> Struct {
    Struct { fields: fields.iter().map(|(name, held)| (name.clone(), value(held))).collect() }
}

fn value(json: &Json) -> Value {
    let kind = match json {
        Json::Null => Kind::NullValue(0),
        Json::Bool(value) => Kind::BoolValue(*value),
        Json::Number(number) => Kind::NumberValue(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => Kind::StringValue(text.clone()),
        Json::Array(items) => Kind::ListValue(ListValue { values: items.iter().map(value).collect() }),
        Json::Object(fields) => Kind::StructValue(structure(fields)),
    };
    Value { kind: Some(kind) }
}

pub(super) fn fields(given: Option<Struct>) -> Fields {
    let mut fields = Map::new();
    for (name, value) in given.unwrap_or_default().fields {
        fields.insert(name, json(value));
    }
    fields
}

fn json(value: Value) -> Json {
    match value.kind {
        None | Some(Kind::NullValue(_)) => Json::Null,
        Some(Kind::BoolValue(value)) => Json::Bool(value),
        Some(Kind::NumberValue(number)) if number.fract() == 0.0 && number.abs() < EXACT => {
            Json::Number((number as i64).into())
        }
        Some(Kind::NumberValue(number)) => Number::from_f64(number).map_or(Json::Null, Json::Number),
        Some(Kind::StringValue(text)) => Json::String(text),
        Some(Kind::ListValue(list)) => Json::Array(list.values.into_iter().map(json).collect()),
        Some(Kind::StructValue(held)) => Json::Object(fields(Some(held))),
    }
}
