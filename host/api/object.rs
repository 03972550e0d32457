//! The tables that describe the script API: modules of functions, and objects
//! with members. Engines bind from them; the editor stubs and the reference
//! page are written from them.

use super::frame::{Frame, HostResult};

/// What a host function runs.
pub type Run = fn(&dyn Frame) -> HostResult;

/// Reads what a name stands for in the object with a number.
pub type Lookup = fn(&dyn Frame, u64, &[u8]) -> HostResult;

/// A function of the script API, or a constant of a module.
#[derive(Debug)]
pub struct HostFn {
    pub name: &'static str,
    /// Its arguments and result, as `(path: string, options?: table): Response`.
    pub sig: &'static str,
    pub doc: &'static str,
    pub run: Run,
}

/// A read-only global, or (with an empty name) several plain functions.
#[derive(Debug)]
pub struct Module {
    pub name: &'static str,
    pub doc: &'static str,
    pub functions: &'static [HostFn],
    /// Values among the functions, made when they are read.
    pub constants: &'static [HostFn],
    /// A value that is made on first use instead of a table of functions.
    pub value: Option<Run>,
    /// The type of `value`.
    pub sig: &'static str,
    /// What calling the module itself does: `uuid()`.
    pub call: Option<&'static HostFn>,
}

impl Module {
    pub const EMPTY: Module =
        Module { name: "", doc: "", functions: &[], constants: &[], value: None, sig: "", call: None };
}

/// A table with known fields, which scripts give or get.
#[derive(Debug)]
pub struct Record {
    pub name: &'static str,
    pub doc: &'static str,
    pub fields: &'static [Field],
    /// Scripts give it and may leave out any field; otherwise they get it whole.
    pub given: bool,
}

/// A field of a [`Record`], or an attribute of a user class.
#[derive(Debug)]
pub struct Field {
    pub name: &'static str,
    /// Its type.
    pub sig: &'static str,
    pub doc: &'static str,
}

/// A type of object that host functions return.
#[derive(Debug)]
pub struct ObjectType {
    pub name: &'static str,
    pub doc: &'static str,
    pub members: &'static [Member],
    /// Runs when a `<close>` variable that holds it goes out of scope.
    pub close: Option<fn(&dyn Frame, u64)>,
    /// Looks up names that are no members, where any name may be asked for; nil where it is absent.
    pub lookup: Option<Lookup>,
    /// Returns a table to iterate over.
    pub entries: Option<fn(&dyn Frame, u64) -> HostResult>,
    /// Set where it is a list as well.
    pub items: Option<Items>,
    /// Whether it has members of the kind `Kept`.
    pub keeps: bool,
}

/// What makes an object a list: the number of its items, and one of them, counted from 0.
#[derive(Debug)]
pub struct Items {
    pub length: fn(&dyn Frame, u64) -> usize,
    pub get: fn(&dyn Frame, u64, usize) -> HostResult,
}

#[derive(Debug)]
pub struct Member {
    pub name: &'static str,
    /// The type of a field, or the arguments and result of a method.
    pub sig: &'static str,
    pub doc: &'static str,
    pub kind: MemberKind,
}

/// Both get the object's number in its VU.
#[derive(Debug)]
pub enum MemberKind {
    Field(fn(&dyn Frame, u64) -> HostResult),
    /// A field that is made when it is read first, and then is what the object has: the same table each time.
    Kept(fn(&dyn Frame, u64) -> HostResult),
    Method(fn(&dyn Frame, u64) -> HostResult),
}

impl ObjectType {
    pub const EMPTY: ObjectType = ObjectType {
        name: "",
        doc: "",
        members: &[],
        close: None,
        lookup: None,
        entries: None,
        items: None,
        keeps: false,
    };

    pub fn member(&self, name: &[u8]) -> Option<&'static Member> {
        self.members.iter().find(|member| member.name.as_bytes() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::OBJECTS;

    #[test]
    fn types_with_kept_members_say_so() {
        for kind in OBJECTS {
            let keeps = kind.members.iter().any(|member| matches!(member.kind, MemberKind::Kept(_)));
            assert_eq!(kind.keeps, keeps, "{}", kind.name);
        }
        assert!(OBJECTS.iter().any(|kind| kind.keeps));
    }
}
