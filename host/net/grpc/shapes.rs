//! Messages, fields and enums, laid out for reading and writing them often: everything that a script's value is
//! matched against lies in one place, found by name and by number. Made by `schema`.

use rustc_hash::FxHashMap;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Double,
    Float,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Sint32,
    Sint64,
    Fixed32,
    Fixed64,
    Sfixed32,
    Sfixed64,
    Bool,
    String,
    Bytes,
    /// By its place in the schema.
    Enum(u32),
    Message(u32),
    /// A message between two tags (proto2).
    Group(u32),
}

impl Kind {
    /// How it is sent: 0 a varint, 1 eight bytes, 2 a length and bytes, 3 a group, 5 four bytes.
    pub fn wire(self) -> u32 {
        match self {
            Kind::Int32
            | Kind::Int64
            | Kind::Uint32
            | Kind::Uint64
            | Kind::Sint32
            | Kind::Sint64
            | Kind::Bool
            | Kind::Enum(_) => 0,
            Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => 1,
            Kind::String | Kind::Bytes | Kind::Message(_) => 2,
            Kind::Group(_) => 3,
            Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => 5,
        }
    }

    /// Whether many of it may be sent as one.
    pub fn can_pack(self) -> bool {
        !matches!(self.wire(), 2 | 3)
    }
}

/// How often a field is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// Once or not; what is not there has its default.
    Implicit,
    /// Once or not, which is told apart.
    Optional,
    /// Once (proto2).
    Required,
    /// Any number of times.
    List { is_packed: bool },
    /// The entry's message: its fields are key and value.
    Map(u32),
}

#[derive(Clone, Debug)]
pub struct FieldShape {
    /// As in the .proto file; that of an extension in brackets, with its package.
    pub name: Box<str>,
    pub number: u32,
    pub kind: Kind,
    pub label: Label,
    /// Of the message's oneofs; optional fields of proto3 are in none.
    pub oneof: Option<u16>,
    /// Of a string: whether other bytes than UTF-8 are none, as since proto3.
    pub is_utf8: bool,
}

/// Messages that have a form of their own in scripts, as in protobuf's JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Special {
    None,
    Any,
    Duration,
    FieldMask,
    ListValue,
    Struct,
    Timestamp,
    Value,
    /// `google.protobuf.Int64Value` and the like: the value itself.
    Wrapper,
}

impl Special {
    pub(super) fn of(name: &str) -> Special {
        let Some(name) = name.strip_prefix("google.protobuf.") else { return Special::None };
        match name {
            "Any" => Special::Any,
            "Duration" => Special::Duration,
            "FieldMask" => Special::FieldMask,
            "ListValue" => Special::ListValue,
            "Struct" => Special::Struct,
            "Timestamp" => Special::Timestamp,
            "Value" => Special::Value,
            "DoubleValue" | "FloatValue" | "Int64Value" | "UInt64Value" | "Int32Value" | "UInt32Value"
            | "BoolValue" | "StringValue" | "BytesValue" => Special::Wrapper,
            _ => Special::None,
        }
    }
}

#[derive(Debug)]
pub struct MessageShape {
    /// With its package.
    pub name: Box<str>,
    pub special: Special,
    /// In the order of the .proto file.
    pub fields: Vec<FieldShape>,
    pub oneofs: Vec<Box<str>>,
    /// Fields that must be there.
    pub required: usize,
    /// By the name of the .proto file, and by that of JSON.
    pub(super) by_name: FxHashMap<Box<str>, u16>,
    /// Of small numbers: one more than the field's place; 0 for none.
    pub(super) dense: Vec<u16>,
    pub(super) sparse: FxHashMap<u32, u16>,
}

/// Numbers below it are looked up without hashing.
pub(super) const DENSE: u32 = 256;

impl MessageShape {
    /// The place of a field.
    pub fn named(&self, name: &str) -> Option<u16> {
        self.by_name.get(name).copied()
    }

    pub fn numbered(&self, number: u32) -> Option<u16> {
        match self.dense.get(number as usize) {
            Some(place) => place.checked_sub(1),
            None => self.sparse.get(&number).copied(),
        }
    }

    /// Names as in the .proto file, for suggestions.
    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.fields.iter().map(|field| &*field.name)
    }
}

#[derive(Debug)]
pub struct EnumShape {
    pub name: Box<str>,
    /// `google.protobuf.NullValue`, which is null.
    pub is_null: bool,
    /// Whether it has no values but its own, as in proto2.
    pub is_closed: bool,
    /// What a field has that is not there.
    pub default: i32,
    pub(super) by_name: FxHashMap<Box<str>, i32>,
    pub(super) by_number: FxHashMap<i32, Box<str>>,
}

impl EnumShape {
    pub fn number(&self, name: &str) -> Option<i32> {
        self.by_name.get(name).copied()
    }

    /// The first name of a number.
    pub fn name_of(&self, number: i32) -> Option<&str> {
        self.by_number.get(&number).map(|name| &**name)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> + Clone {
        self.by_name.keys().map(|name| &**name)
    }
}
