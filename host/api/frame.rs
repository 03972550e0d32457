//! What a host function sees of the script that calls it: its arguments, its
//! VU, and a place for the result. One trait, implemented by each engine; host
//! functions are written against it once.

use std::rc::Rc;

use crate::vu::{Hook, Vu};

use super::object::{HostFn, ObjectType};

/// A host function ended in an error that the script sees as raised.
#[derive(Debug)]
pub enum Raise {
    /// A message with an optional remedy; the engine adds file and line.
    Error { what: String, help: Option<String> },
    /// A script function that the host called raised; the engine holds its error value.
    Script,
    /// The call must end: stopped, or over its CPU budget.
    Interrupted,
}

impl Raise {
    pub fn new(what: impl Into<String>) -> Self {
        Raise::Error { what: what.into(), help: None }
    }

    pub fn help(self, text: impl Into<String>) -> Self {
        match self {
            Raise::Error { what, .. } => Raise::Error { what, help: Some(text.into()) },
            other => other,
        }
    }

    /// As one message, for where no script is called that could be told.
    pub fn text(self) -> String {
        match self {
            Raise::Error { what, help: Some(help) } => format!("{what} ({help})"),
            Raise::Error { what, help: None } => what,
            Raise::Script | Raise::Interrupted => "interrupted".to_owned(),
        }
    }

    /// `kind` `name` is unknown; suggests the nearest of `known`, or lists them.
    pub fn unknown<'a>(kind: &str, name: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Self {
        let raise = Raise::new(format!("unknown {kind} `{name}`"));
        match crate::fault::closest(name, known.clone()) {
            Some(best) => raise.help(format!("did you mean `{best}`?")),
            None => {
                let mut names: Vec<&str> = known.into_iter().collect();
                if names.is_empty() {
                    return raise;
                }
                names.sort_unstable();
                raise.help(format!("known: {}", names.join(", ")))
            }
        }
    }
}

impl From<crate::vu::fiber::Interrupted> for Raise {
    fn from(_: crate::vu::fiber::Interrupted) -> Self {
        Raise::Interrupted
    }
}

pub type HostResult = Result<(), Raise>;

/// A value of the script, borrowed for the time of the call.
#[derive(Clone, Copy, Debug)]
pub enum Arg<'a> {
    Nil,
    Bool(bool),
    Int(i64),
    Num(f64),
    /// Bytes: Lua strings need not be UTF-8.
    Str(&'a [u8]),
    Table(TableRef),
    Function(FnRef),
    /// A host function.
    Host(&'static HostFn),
    /// A host object: its type and its number in the VU.
    Object(&'static ObjectType, u64),
    /// Read-only data that the host holds once for all VUs.
    View(&'static serde_json::Value),
    /// `json.null`.
    Null,
    /// Anything else, by its type's name.
    Other(&'static str),
}

/// A table of the script, valid during the call (or the visit) it was handed to.
#[derive(Clone, Copy, Debug)]
pub struct TableRef(pub(crate) i32);

/// A function of the script, valid during the call (or the visit) it was handed to.
#[derive(Clone, Copy, Debug)]
pub struct FnRef(pub(crate) i32);

impl<'a> Arg<'a> {
    /// The name of its type as scripts call it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Arg::Nil => "nil",
            Arg::Bool(_) => "boolean",
            Arg::Int(_) | Arg::Num(_) => "number",
            Arg::Str(_) => "string",
            Arg::Table(_) | Arg::View(_) => "table",
            Arg::Function(_) | Arg::Host(_) => "function",
            Arg::Object(kind, _) => kind.name,
            Arg::Null => "json.null",
            Arg::Other(name) => name,
        }
    }

    /// The text, if it is a string in UTF-8 (or a number or boolean, as `tostring` shows it).
    pub fn to_text(&self) -> Option<std::borrow::Cow<'a, str>> {
        Some(match *self {
            Arg::Str(bytes) => std::str::from_utf8(bytes).ok()?.into(),
            Arg::Int(n) => n.to_string().into(),
            Arg::Num(n) => number_text(n).into(),
            Arg::Bool(b) => if b { "true" } else { "false" }.into(),
            _ => return None,
        })
    }

    pub fn number(&self) -> Option<f64> {
        match *self {
            Arg::Int(n) => Some(n as f64),
            Arg::Num(n) => Some(n),
            _ => None,
        }
    }
}

/// A float as scripts write it, all its digits: `1.0`, `0.5`, `1e100`.
fn number_text(n: f64) -> String {
    format!("{n:?}")
}

/// Sees a key and its value.
pub type Visit<'v> = dyn for<'a> FnMut(Arg<'a>, Arg<'a>) -> HostResult + 'v;

/// Makes a map: calls what it is given once for each name and value.
pub type FillMap<'f> = dyn FnMut(&mut dyn FnMut(&str, Arg<'_>)) -> HostResult + 'f;

/// Makes a value of any depth, piece by piece. Each value completes an item of the list, or follows a key of the map,
/// that was opened last.
pub trait Builder {
    /// A value that is no table.
    fn value(&mut self, value: Arg<'_>);
    /// Bytes that are no text, also where they happen to be UTF-8.
    fn bytes(&mut self, bytes: &[u8]);
    /// Begins a map of about so many entries.
    ///
    /// # Errors
    /// It nests too deeply.
    fn open_map(&mut self, size: usize) -> HostResult;
    /// The same, of a map whose keys may be numbers or truths: JSON has it as an object all the same.
    ///
    /// # Errors
    /// It nests too deeply.
    fn open_keyed(&mut self, size: usize) -> HostResult {
        self.open_map(size)
    }
    /// Begins a list of about so many items.
    ///
    /// # Errors
    /// It nests too deeply.
    fn open_list(&mut self, size: usize) -> HostResult;
    /// The key of the next value: a string, an integer or a boolean. Of equal ones the last one counts.
    fn key(&mut self, key: Arg<'_>);
    /// Ends the map or list that was opened last.
    fn close(&mut self);
}

/// Builds one value.
pub type Build<'b> = dyn FnMut(&mut dyn Builder) -> HostResult + 'b;

/// One call of a host function. Arguments count from 0, a method's receiver not counted.
pub trait Frame {
    /// What the language writes for nothing.
    fn nothing(&self) -> &'static str {
        "nil"
    }

    fn vu(&self) -> &Rc<Vu>;
    /// How many arguments were given.
    fn count(&self) -> usize;
    /// Nil where not given.
    fn arg(&self, index: usize) -> Arg<'_>;
    /// What scripts call the first item of a list.
    fn first_index(&self) -> usize {
        1
    }
    /// Visits each key and value of a table, in no particular order.
    fn each(&self, table: TableRef, visit: &mut Visit<'_>) -> HostResult;
    /// The same, with the keys whose value is nothing, where the language has such.
    fn entries(&self, table: TableRef, visit: &mut Visit<'_>) -> HostResult {
        self.each(table, visit)
    }
    /// Visits the items 1..n of a list, in order.
    fn items(
        &self,
        table: TableRef,
        visit: &mut dyn for<'a> FnMut(usize, Arg<'a>) -> HostResult,
    ) -> HostResult;
    /// How many items a list has.
    fn length(&self, table: TableRef) -> usize;
    /// A field of a table; what it refers to stays valid until the host function returns.
    fn field(&self, table: TableRef, name: &str) -> Arg<'_>;
    /// Appends the value as JSON: 64-bit integers exact, or an error that names the path.
    fn encode(&self, value: Arg<'_>, out: &mut Vec<u8>) -> HostResult;
    /// Calls a script function and returns what it returns.
    fn call(&self, function: FnRef, args: &[Arg<'_>]) -> HostResult;
    /// Calls a script function; the truth of its first result.
    fn invoke(&self, function: FnRef, args: &[Arg<'_>]) -> Result<bool, Raise>;
    /// Keeps a script function, for the host to call on that occasion.
    fn keep(&self, hook: Hook, function: FnRef);
    /// The name of the user class that a table is, if it is one.
    fn class_name(&self, table: TableRef) -> Option<String>;
    /// Calls a script function; `take` sees its first result, nil where there is none.
    fn ask(&self, function: FnRef, take: &mut dyn for<'a> FnMut(Arg<'a>) -> HostResult) -> HostResult;
    /// Whether the script is only being loaded, before any class runs.
    fn loading(&self) -> bool;
    /// Where the script is just now: `file:line`.
    fn position(&self) -> String;

    /// Returns an argument (or a value seen in a visit) as a result.
    fn give(&self, value: Arg<'_>);
    /// Returns an item of a list, counted from 0.
    fn give_item(&self, table: TableRef, index: usize) -> HostResult;
    /// Parses JSON and returns it; `path` (`items.0.id`) selects a part of it.
    fn give_json(&self, text: &[u8], path: Option<&str>) -> HostResult;
    /// Returns a new list of results, each made by one `give` call in `fill`.
    fn give_list(&self, fill: &mut dyn FnMut(&dyn Frame) -> HostResult) -> HostResult;
    /// Returns the table, marked as a list for JSON.
    fn give_marked(&self, table: TableRef) -> HostResult;
    /// Returns a new table with these string keys; each value made by the `give` call in `fill`.
    fn give_map(&self, fill: &mut FillMap<'_>) -> HostResult;
    /// Returns the one value that `build` makes.
    fn give_built(&self, build: &mut Build<'_>) -> HostResult;
}

/// Argument helpers for host functions.
impl dyn Frame + '_ {
    /// The argument as a string.
    ///
    /// # Errors
    /// When it is missing, no string, or not UTF-8; the message names `what`.
    pub fn text(&self, index: usize, what: &str) -> Result<&str, Raise> {
        match self.arg(index) {
            Arg::Str(bytes) => {
                std::str::from_utf8(bytes).map_err(|_| Raise::new(format!("{what} is not valid UTF-8")))
            }
            other => Err(wrong(what, "a string", other)),
        }
    }

    /// What a script gives as the message of a failure.
    pub fn failure(&self) -> String {
        self.arg(0).to_text().unwrap_or_else(|| "failure".into()).into_owned()
    }

    /// The argument as a finite number.
    pub fn number(&self, index: usize, what: &str) -> Result<f64, Raise> {
        let arg = self.arg(index);
        match arg.number() {
            Some(number) if number.is_finite() => Ok(number),
            Some(number) => Err(Raise::new(format!("{what} must be a finite number, not {number}"))),
            None => Err(wrong(what, "a number", arg)),
        }
    }
}

/// "`what` must be `expected`, not ..."
pub fn wrong(what: &str, expected: &str, got: Arg<'_>) -> Raise {
    match got {
        Arg::Nil => Raise::new(format!("{what} is missing: it must be {expected}")),
        other => Raise::new(format!("{what} must be {expected}, not a {}", other.type_name())),
    }
}
