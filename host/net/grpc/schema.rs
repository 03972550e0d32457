//! What messages and methods a server has, as its descriptors tell. Made once a process for each source, and read by
//! all workers until it ends. Made by `source`.

use std::sync::OnceLock;

use http::uri::PathAndQuery;
use prost_reflect::{
    Cardinality, DescriptorPool, DynamicMessage, EnumDescriptor, ExtensionDescriptor, FieldDescriptor,
    MessageDescriptor, MethodDescriptor, SerializeOptions, Syntax,
};
use rustc_hash::FxHashMap;

use super::shapes::{DENSE, EnumShape, FieldShape, Kind, Label, MessageShape, Special};

/// A method of a service.
#[derive(Debug)]
pub struct Method {
    /// `package.Service/Method`.
    pub name: Box<str>,
    pub path: PathAndQuery,
    pub input: u32,
    pub output: u32,
    /// Whether the client, and the server, may send any number of messages.
    pub is_client_streaming: bool,
    pub is_server_streaming: bool,
}

impl Method {
    /// Which side streams.
    pub fn rpc_type(&self) -> &'static str {
        match (self.is_client_streaming, self.is_server_streaming) {
            (false, false) => "unary",
            (false, true) => "server_streaming",
            (true, false) => "client_streaming",
            (true, true) => "bidi_streaming",
        }
    }
}

#[derive(Debug)]
pub struct Schema {
    messages: Vec<MessageShape>,
    enums: Vec<EnumShape>,
    by_name: FxHashMap<Box<str>, u32>,
    methods: FxHashMap<Box<str>, Method>,
    services: Vec<Box<str>>,
    /// What all this was made of.
    pool: DescriptorPool,
}

impl Schema {
    /// Of descriptors that a test has made.
    #[cfg(test)]
    pub fn of_pool(pool: &DescriptorPool) -> Schema {
        Schema::new(pool)
    }

    pub(super) fn new(pool: &DescriptorPool) -> Schema {
        let places = Places {
            messages: pool
                .all_messages()
                .enumerate()
                .map(|(at, m)| (m.full_name().into(), at as u32))
                .collect(),
            enums: pool.all_enums().enumerate().map(|(at, e)| (e.full_name().into(), at as u32)).collect(),
        };
        let messages = pool.all_messages().map(|message| places.message(&message)).collect();
        let enums = pool.all_enums().map(|shape| enum_shape(&shape)).collect();
        let methods = pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
        let methods = methods.filter_map(|method| places.method(&method));
        Schema {
            messages,
            enums,
            methods: methods.map(|method| (method.name.clone(), method)).collect(),
            services: pool.services().map(|service| service.full_name().into()).collect(),
            by_name: places.messages,
            pool: pool.clone(),
        }
    }

    /// A message as protobuf's JSON, with the names of the .proto file; for people to read, and slow. None for what is
    /// no such message.
    pub fn as_json(&self, message: u32, bytes: &[u8]) -> Option<String> {
        let shape = self.pool.get_message_by_name(&self.message(message).name)?;
        let read = DynamicMessage::decode(shape, bytes).ok()?;
        let options = SerializeOptions::new().use_proto_field_name(true).stringify_64_bit_integers(false);
        let mut json = Vec::new();
        read.serialize_with_options(&mut serde_json::Serializer::new(&mut json), &options).ok()?;
        String::from_utf8(json).ok()
    }

    pub fn message(&self, at: u32) -> &MessageShape {
        &self.messages[at as usize]
    }

    pub fn enumeration(&self, at: u32) -> &EnumShape {
        &self.enums[at as usize]
    }

    /// A message by its full name.
    pub fn named(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// `package.Service/Method`, with or without a slash before it.
    pub fn method(&self, name: &str) -> Option<&Method> {
        self.methods.get(name.strip_prefix('/').unwrap_or(name))
    }

    pub fn methods(&self) -> impl Iterator<Item = &str> + Clone {
        self.methods.keys().map(|name| &**name)
    }

    pub fn services(&self) -> impl Iterator<Item = &str> + Clone {
        self.services.iter().map(|name| &**name)
    }

    /// The messages that details of errors are made of (`google.rpc`).
    pub fn of_errors() -> Option<&'static Schema> {
        static SCHEMA: OnceLock<Option<Schema>> = OnceLock::new();
        SCHEMA.get_or_init(|| super::details::pool().map(|pool| Schema::new(&pool))).as_ref()
    }
}

struct Places {
    messages: FxHashMap<Box<str>, u32>,
    enums: FxHashMap<Box<str>, u32>,
}

impl Places {
    fn message(&self, message: &MessageDescriptor) -> MessageShape {
        let mut fields: Vec<FieldShape> = Vec::new();
        let mut by_name = FxHashMap::default();
        let mut declared: Vec<FieldDescriptor> = message.fields().collect();
        // Those of a message are listed by number; people read them in the order of the file.
        declared.sort_by_key(|field| field.path().last().copied());
        for field in declared {
            let at = fields.len() as u16;
            by_name.insert(field.json_name().into(), at);
            by_name.insert(field.name().into(), at);
            fields.push(self.field(&field, message));
        }
        for extension in message.extensions() {
            let at = fields.len() as u16;
            by_name.insert(extension.json_name().into(), at);
            fields.push(self.extension(&extension));
        }
        let (mut dense, mut sparse) = (Vec::new(), FxHashMap::default());
        for (at, field) in fields.iter().enumerate() {
            if field.number < DENSE {
                let room = dense.len().max(field.number as usize + 1);
                dense.resize(room, 0);
                dense[field.number as usize] = at as u16 + 1;
            } else {
                sparse.insert(field.number, at as u16);
            }
        }
        let oneofs = message.oneofs().map(|oneof| oneof.name().into()).collect();
        MessageShape {
            special: Special::of(message.full_name()),
            name: message.full_name().into(),
            required: fields.iter().filter(|field| field.label == Label::Required).count(),
            fields,
            oneofs,
            by_name,
            dense,
            sparse,
        }
    }

    fn field(&self, field: &FieldDescriptor, message: &MessageDescriptor) -> FieldShape {
        let kind = self.kind(&field.kind(), field.is_group());
        let label = match (&kind, field.cardinality()) {
            (Kind::Message(entry), _) if field.is_map() => Label::Map(*entry),
            (_, Cardinality::Repeated) => Label::List { is_packed: field.is_packed() },
            (_, Cardinality::Required) => Label::Required,
            // Key and value of an entry have their defaults.
            _ if field.supports_presence() && !message.is_map_entry() => Label::Optional,
            _ => Label::Implicit,
        };
        let oneof = field.containing_oneof().filter(|oneof| !oneof.is_synthetic());
        let oneof = oneof.and_then(|oneof| message.oneofs().position(|other| other == oneof));
        FieldShape {
            name: field.name().into(),
            number: field.number(),
            kind,
            label,
            oneof: oneof.map(|at| at as u16),
            is_utf8: field.parent_file().syntax() == Syntax::Proto3,
        }
    }

    fn extension(&self, field: &ExtensionDescriptor) -> FieldShape {
        let label = match field.cardinality() {
            Cardinality::Repeated => Label::List { is_packed: field.is_packed() },
            _ => Label::Optional,
        };
        let kind = self.kind(&field.kind(), field.is_group());
        FieldShape {
            name: field.json_name().into(),
            number: field.number(),
            kind,
            label,
            oneof: None,
            is_utf8: field.parent_file().syntax() == Syntax::Proto3,
        }
    }

    fn kind(&self, kind: &prost_reflect::Kind, is_group: bool) -> Kind {
        use prost_reflect::Kind as Told;
        match kind {
            Told::Double => Kind::Double,
            Told::Float => Kind::Float,
            Told::Int32 => Kind::Int32,
            Told::Int64 => Kind::Int64,
            Told::Uint32 => Kind::Uint32,
            Told::Uint64 => Kind::Uint64,
            Told::Sint32 => Kind::Sint32,
            Told::Sint64 => Kind::Sint64,
            Told::Fixed32 => Kind::Fixed32,
            Told::Fixed64 => Kind::Fixed64,
            Told::Sfixed32 => Kind::Sfixed32,
            Told::Sfixed64 => Kind::Sfixed64,
            Told::Bool => Kind::Bool,
            Told::String => Kind::String,
            Told::Bytes => Kind::Bytes,
            Told::Enum(shape) => Kind::Enum(self.enums[shape.full_name()]),
            Told::Message(shape) if is_group => Kind::Group(self.messages[shape.full_name()]),
            Told::Message(shape) => Kind::Message(self.messages[shape.full_name()]),
        }
    }

    fn method(&self, method: &MethodDescriptor) -> Option<Method> {
        let name = format!("{}/{}", method.parent_service().full_name(), method.name());
        Some(Method {
            path: PathAndQuery::try_from(format!("/{name}")).ok()?,
            name: name.into(),
            input: self.messages[method.input().full_name()],
            output: self.messages[method.output().full_name()],
            is_client_streaming: method.is_client_streaming(),
            is_server_streaming: method.is_server_streaming(),
        })
    }
}

fn enum_shape(shape: &EnumDescriptor) -> EnumShape {
    let mut by_number: FxHashMap<i32, Box<str>> = FxHashMap::default();
    let mut values: Vec<_> = shape.values().collect();
    values.sort_by_key(|value| value.path().last().copied());
    for value in &values {
        by_number.entry(value.number()).or_insert_with(|| value.name().into());
    }
    EnumShape {
        name: shape.full_name().into(),
        is_null: shape.full_name() == "google.protobuf.NullValue",
        is_closed: shape.parent_file().syntax() == Syntax::Proto2,
        default: shape.default_value().number(),
        by_name: values.iter().map(|value| (value.name().into(), value.number())).collect(),
        by_number,
    }
}
