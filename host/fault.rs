//! The error shape that users see: what, where, why, what to do. It knows no
//! domain; every layer above makes its faults of it, `app` prints them.

use std::fmt;

use crate::exit::Exit;

/// A place in a text file that a user wrote. Lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub file: String,
    pub line: usize,
    /// None where only the line is known.
    pub column: Option<usize>,
    /// The text of that line, for the caret.
    pub source: Option<String>,
}

/// An error that a user can act on.
#[derive(Clone, Debug)]
pub struct Fault {
    /// What the process exits with when this ends the run.
    pub exit: Exit,
    /// One lowercase sentence without a full stop.
    pub what: String,
    pub at: Option<Box<Place>>,
    pub why: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// The script's own stack, innermost first; never Rust's.
    pub trace: Vec<String>,
}

impl Fault {
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Fault { exit, what: what.into(), at: None, why: None, help: None, trace: Vec::new() }
    }

    pub fn at(mut self, place: Place) -> Self {
        self.at = Some(Box::new(place));
        self
    }

    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds "did you mean `x`?" where one of `known` is close to `name`.
    pub fn suggest<'a>(self, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match closest(name, known) {
            Some(best) => self.help(format!("did you mean `{best}`?")),
            None => self,
        }
    }
}

/// The one of `known` that is nearest to `name`, if it is near at all.
pub fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Fault {}
