//! What scripts hold of the host: objects, views of its data, modules of functions. One small type
//! for all, which owns nothing. Bound by `bind`.

use serde_json::Value;

use crate::api::{Module, ObjectType};

#[derive(Clone, Copy)]
pub(super) enum HostValue {
    Module(&'static Module),
    /// A type and the object's number in its VU.
    Object(&'static ObjectType, u64),
    View(&'static Value),
}

impl HostValue {
    /// As messages call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            HostValue::Module(module) => module.name,
            HostValue::Object(kind, _) => kind.name,
            HostValue::View(_) => "table",
        }
    }
}

impl PartialEq for HostValue {
    /// They are made anew each time they are asked for, and equal all the same.
    fn eq(&self, other: &HostValue) -> bool {
        match (*self, *other) {
            (HostValue::Module(one), HostValue::Module(other)) => std::ptr::eq(one, other),
            (HostValue::Object(one, number), HostValue::Object(other, id)) => {
                std::ptr::eq(one, other) && number == id
            }
            (HostValue::View(one), HostValue::View(other)) => one == other,
            _ => false,
        }
    }
}
