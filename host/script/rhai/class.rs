//! Classes: users, task sets and load shapes. A class is a value that scripts hold by reference; what it
//! declares is read by `manifest`. Its methods are in `methods`.

use std::cell::RefCell;
use std::ops::Deref;
use std::rc::Rc;

use rhai::{Dynamic, ImmutableString, Map};

use crate::script::SetKind;

/// The classes that every script has.
pub(super) const BASES: [&str; 7] =
    ["User", "HttpUser", "GrpcUser", "TaskSet", "SequentialTaskSet", "MarkovTaskSet", "LoadTestShape"];

/// What a class descends from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    User(Client),
    Set(SetKind),
    Shape,
}

/// What a user speaks by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Client {
    None,
    Http,
    Grpc,
}

#[derive(Clone)]
pub(super) struct ClassRef(Rc<Class>);

pub(super) struct Class {
    pub(super) name: ImmutableString,
    pub(super) base: Base,
    /// None: it is one of `BASES`.
    pub(super) parent: Option<ClassRef>,
    /// `file:line` of its definition.
    pub(super) place: String,
    /// Attributes and methods.
    pub(super) members: RefCell<Map>,
    /// What `Class.task` was given: maps with `name`, `target` and options.
    pub(super) tasks: RefCell<Vec<Dynamic>>,
}

impl Deref for ClassRef {
    type Target = Class;

    fn deref(&self) -> &Class {
        &self.0
    }
}

impl PartialEq for ClassRef {
    fn eq(&self, other: &ClassRef) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl ClassRef {
    pub(super) fn new(class: Class) -> ClassRef {
        ClassRef(Rc::new(class))
    }

    /// The base class called `name`, if it is one.
    pub(super) fn root(name: &str) -> Option<ClassRef> {
        let base = match name {
            "User" => Base::User(Client::None),
            "HttpUser" => Base::User(Client::Http),
            "GrpcUser" => Base::User(Client::Grpc),
            "TaskSet" => Base::Set(SetKind::Random),
            "SequentialTaskSet" => Base::Set(SetKind::Sequential),
            "MarkovTaskSet" => Base::Set(SetKind::Markov),
            "LoadTestShape" => Base::Shape,
            _ => return None,
        };
        Some(ClassRef::new(Class {
            name: name.into(),
            base,
            parent: None,
            place: String::new(),
            members: RefCell::default(),
            tasks: RefCell::default(),
        }))
    }

    pub(super) fn is_root(&self) -> bool {
        self.parent.is_none()
    }

    /// The member along the chain of parents.
    pub(super) fn get(&self, name: &str) -> Option<Dynamic> {
        let mut at = Some(self);
        while let Some(class) = at {
            if let Some(value) = class.members.borrow().get(name).filter(|value| !value.is_unit()) {
                return Some(value.clone());
            }
            at = class.parent.as_ref();
        }
        None
    }

    /// From the first class of the script's own down to this one.
    pub(super) fn chain(&self) -> Vec<ClassRef> {
        let mut chain: Vec<ClassRef> = std::iter::successors(Some(self), |class| class.parent.as_ref())
            .filter(|class| !class.is_root())
            .cloned()
            .collect();
        chain.reverse();
        chain
    }

    /// Lets go of what its members and tasks hold.
    pub(super) fn clear(&self) {
        let (members, tasks) = (self.members.take(), self.tasks.take());
        drop((members, tasks));
    }
}
