//! Where a value came from. Used by every step of `config`, for faults and for `--show-config`.

use std::fmt;

use crate::exit::Exit;
use crate::fault::{Fault, Place};

/// Who gave a value, strongest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// An option of the command line, as typed: `--users`.
    Flag(String),
    /// A variable of the process: `E2E_USERS`.
    Variable(String),
    /// A field of the page's form: `users`.
    Form(String),
    /// The environment file.
    File(Place),
    /// The script's `options { ... }`.
    Script(Place),
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(name) => write!(f, "flag {name}"),
            Origin::Variable(name) => write!(f, "variable {name}"),
            Origin::Form(name) => write!(f, "the form's field {name}"),
            Origin::File(place) => write!(f, "{}:{}", place.file, place.line),
            Origin::Script(place) => write!(f, "{}:{} options", place.file, place.line),
            Origin::Default => f.write_str("default"),
        }
    }
}

impl Origin {
    /// A configuration fault about a value of this origin: it points at the file, or names flag or variable.
    pub fn fault(&self, exit: Exit, what: impl Into<String>) -> Fault {
        let fault = Fault::new(exit, what);
        match self {
            Origin::File(place) | Origin::Script(place) => fault.at(place.clone()),
            Origin::Flag(_) | Origin::Variable(_) | Origin::Form(_) => {
                fault.why(format!("it was given by {self}"))
            }
            Origin::Default => fault,
        }
    }
}

/// A value and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Sited<T> {
    pub value: T,
    pub origin: Origin,
}

impl<T> Sited<T> {
    pub fn new(value: T, origin: Origin) -> Self {
        Sited { value, origin }
    }

    pub(super) fn default(value: T) -> Self {
        Sited { value, origin: Origin::Default }
    }
}
