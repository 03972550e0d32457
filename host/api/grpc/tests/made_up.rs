//! Descriptors and messages that nobody has written.

use prost_reflect::prost::Message as _;
use prost_reflect::{
    Cardinality, DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor,
    ReflectMessage, Value,
};
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto,
    FileDescriptorProto, MessageOptions, OneofDescriptorProto,
};
use rand::RngExt;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;

/// Messages of a made-up file.
const MESSAGES: usize = 4;

const SCALARS: [Type; 15] = [
    Type::Double,
    Type::Float,
    Type::Int64,
    Type::Uint64,
    Type::Int32,
    Type::Fixed64,
    Type::Fixed32,
    Type::Bool,
    Type::String,
    Type::Bytes,
    Type::Uint32,
    Type::Sfixed32,
    Type::Sfixed64,
    Type::Sint32,
    Type::Sint64,
];

const KEYS: [Type; 6] = [Type::String, Type::Int64, Type::Uint64, Type::Bool, Type::Int32, Type::Fixed32];

const KNOWN: [&str; 11] = [
    "Timestamp",
    "Duration",
    "Struct",
    "Value",
    "ListValue",
    "FieldMask",
    "Any",
    "Int64Value",
    "UInt64Value",
    "StringValue",
    "BytesValue",
];

fn named(field: &mut FieldDescriptorProto, rng: &mut SmallRng) {
    match rng.random_range(0..10) {
        0..6 => field.r#type = Some(*SCALARS.choose(rng).unwrap() as i32),
        6 => {
            field.r#type = Some(Type::Enum as i32);
            field.type_name = Some(".t.E".into());
        }
        7..9 => {
            field.r#type = Some(Type::Message as i32);
            field.type_name = Some(format!(".t.M{}", rng.random_range(0..MESSAGES)));
        }
        _ => {
            field.r#type = Some(Type::Message as i32);
            field.type_name = Some(format!(".google.protobuf.{}", KNOWN.choose(rng).unwrap()));
        }
    }
}

pub(super) fn made_up(rng: &mut SmallRng) -> DescriptorPool {
    let mut pool = DescriptorPool::global();
    let messages = (0..MESSAGES).map(|at| message(at, rng)).collect();
    let value = |name: &str, number| EnumValueDescriptorProto {
        name: Some(name.into()),
        number: Some(number),
        options: None,
    };
    pool.add_file_descriptor_proto(FileDescriptorProto {
        name: Some("t.proto".into()),
        package: Some("t".into()),
        syntax: Some("proto3".into()),
        dependency: ["any", "duration", "field_mask", "struct", "timestamp", "wrappers"]
            .map(|name| format!("google/protobuf/{name}.proto"))
            .to_vec(),
        message_type: messages,
        enum_type: vec![EnumDescriptorProto {
            name: Some("E".into()),
            value: vec![value("ZERO", 0), value("ONE", 1), value("MINUS", -1), value("MANY", 1 << 30)],
            ..Default::default()
        }],
        ..Default::default()
    })
    .unwrap();
    pool
}

fn message(at: usize, rng: &mut SmallRng) -> DescriptorProto {
    let mut made = DescriptorProto { name: Some(format!("M{at}")), ..Default::default() };
    let mut number = 0;
    for index in 0..rng.random_range(1..9) {
        number += if rng.random_bool(0.1) { rng.random_range(300..5000) } else { rng.random_range(1..4) };
        // Which protobuf keeps for itself.
        if (19_000..20_000).contains(&number) {
            number += 1_000;
        }
        let mut field = FieldDescriptorProto {
            name: Some(format!("some_field{index}")),
            number: Some(number),
            label: Some(Label::Optional as i32),
            ..Default::default()
        };
        match rng.random_range(0..6) {
            0 => {
                named(&mut field, rng);
                field.label = Some(Label::Repeated as i32);
            }
            1 => {
                let mut value = FieldDescriptorProto {
                    name: Some("value".into()),
                    number: Some(2),
                    label: Some(Label::Optional as i32),
                    ..Default::default()
                };
                named(&mut value, rng);
                let key = FieldDescriptorProto {
                    name: Some("key".into()),
                    number: Some(1),
                    label: Some(Label::Optional as i32),
                    r#type: Some(*KEYS.choose(rng).unwrap() as i32),
                    ..Default::default()
                };
                let entry = format!("SomeField{index}Entry");
                made.nested_type.push(DescriptorProto {
                    name: Some(entry.clone()),
                    field: vec![key, value],
                    options: Some(MessageOptions { map_entry: Some(true), ..Default::default() }),
                    ..Default::default()
                });
                field.label = Some(Label::Repeated as i32);
                field.r#type = Some(Type::Message as i32);
                field.type_name = Some(format!(".t.M{at}.{entry}"));
            }
            2 => {
                named(&mut field, rng);
                if made.oneof_decl.is_empty() {
                    made.oneof_decl.push(OneofDescriptorProto { name: Some("choice".into()), options: None });
                }
                field.oneof_index = Some(0);
            }
            _ => named(&mut field, rng),
        }
        made.field.push(field);
    }
    // Optional fields of proto3 are oneofs of their own, behind the others.
    for field in &mut made.field {
        let is_plain = field.label == Some(Label::Optional as i32) && field.oneof_index.is_none();
        if is_plain && rng.random_bool(0.3) {
            let name = format!("_{}", field.name());
            made.oneof_decl.push(OneofDescriptorProto { name: Some(name), options: None });
            field.oneof_index = Some(made.oneof_decl.len() as i32 - 1);
            field.proto3_optional = Some(true);
        }
    }
    made
}

/// A message with any of its fields.
pub(super) fn filled(shape: &MessageDescriptor, rng: &mut SmallRng, depth: usize) -> DynamicMessage {
    let mut made = DynamicMessage::new(shape.clone());
    match shape.full_name() {
        "google.protobuf.Timestamp" => {
            made.set_field_by_name(
                "seconds",
                Value::I64(rng.random_range(-62_135_596_800..=253_402_300_799)),
            );
            made.set_field_by_name("nanos", Value::I32(rng.random_range(0..1_000_000_000)));
        }
        "google.protobuf.Duration" => {
            let seconds = rng.random_range(-315_576_000_000..=315_576_000_000_i64);
            let nanos = rng.random_range(0..1_000_000_000);
            made.set_field_by_name("seconds", Value::I64(seconds));
            made.set_field_by_name("nanos", Value::I32(if seconds < 0 { -nanos } else { nanos }));
        }
        "google.protobuf.FieldMask" => {
            let paths = ["a", "b.c", "long"].map(|path| Value::String(path.into()));
            made.set_field_by_name("paths", Value::List(paths.to_vec()));
        }
        "google.protobuf.Any" => {
            let pool = shape.parent_pool();
            let held = pool.get_message_by_name(&format!("t.M{}", rng.random_range(0..MESSAGES))).unwrap();
            let held = filled(&held, rng, depth + 3);
            let url = format!("type.googleapis.com/{}", held.descriptor().full_name());
            made.set_field_by_name("type_url", Value::String(url));
            made.set_field_by_name("value", Value::Bytes(held.encode_to_vec().into()));
        }
        "google.protobuf.Value" => {
            let fields: Vec<FieldDescriptor> = shape.fields().collect();
            let most = if depth < 4 { 6 } else { 4 };
            let field = &fields[rng.random_range(0..most)];
            let value = match field.number() {
                1 => Value::EnumNumber(0),
                2 => Value::F64(rng.random_range(-1000..1000) as f64 / 4.0),
                _ => value(&field.kind(), rng, depth),
            };
            made.set_field(field, value);
        }
        _ => {
            for field in shape.fields() {
                if depth > 4 && matches!(field.kind(), Kind::Message(_)) || rng.random_bool(0.3) {
                    continue;
                }
                let made_up = if field.is_map() {
                    let Kind::Message(entry) = field.kind() else { unreachable!() };
                    let (key, held) =
                        (entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind());
                    let count = rng.random_range(0..3);
                    Value::Map((0..count).map(|_| (map_key(&key, rng), value(&held, rng, depth))).collect())
                } else if field.cardinality() == Cardinality::Repeated {
                    let count = rng.random_range(0..4);
                    Value::List((0..count).map(|_| value(&field.kind(), rng, depth)).collect())
                } else {
                    value(&field.kind(), rng, depth)
                };
                made.set_field(&field, made_up);
            }
        }
    }
    made
}

fn map_key(kind: &Kind, rng: &mut SmallRng) -> MapKey {
    match value(kind, rng, 0) {
        Value::Bool(value) => MapKey::Bool(value),
        Value::I32(value) => MapKey::I32(value),
        Value::I64(value) => MapKey::I64(value),
        Value::U32(value) => MapKey::U32(value),
        Value::U64(value) => MapKey::U64(value),
        Value::String(value) => MapKey::String(value),
        other => panic!("{other:?}"),
    }
}

fn value(kind: &Kind, rng: &mut SmallRng, depth: usize) -> Value {
    let text = |rng: &mut SmallRng| -> String {
        (0..rng.random_range(0..200) / rng.random_range(1..20))
            .map(|_| *['a', 'é', '"', '\n', '漢'].choose(rng).unwrap())
            .collect()
    };
    // Ends of the range come often.
    let wide = |rng: &mut SmallRng| match rng.random_range(0..5) {
        0 => 0,
        1 => i64::MIN,
        2 => i64::MAX,
        3 => rng.random_range(-200..200),
        _ => rng.random(),
    };
    match kind {
        Kind::Double => Value::F64(f64::from(rng.random_range(-9999..9999)) / 7.0),
        Kind::Float => Value::F32(rng.random_range(-9999..9999) as f32 / 7.0),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(wide(rng) as i32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(wide(rng)),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(wide(rng) as u32),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(wide(rng) as u64),
        Kind::Bool => Value::Bool(rng.random()),
        Kind::String => Value::String(text(rng)),
        Kind::Bytes => {
            Value::Bytes((0..rng.random_range(0..9)).map(|_| rng.random::<u8>()).collect::<Vec<_>>().into())
        }
        Kind::Message(shape) => Value::Message(filled(shape, rng, depth + 1)),
        Kind::Enum(_) => Value::EnumNumber(*[0, 1, -1, 1 << 30, 77].choose(rng).unwrap()),
    }
}
