//! Values that host functions make piece by piece. Used by `frame`.

use rhai::{Array, Dynamic, ImmutableString, Map};

use crate::api::{Arg, Build, Builder, HostResult, Raise};

use super::given::dynamic;
use super::limits;

/// So many values take well below a time slice.
const VALUES_PER_TICK: u32 = 4096;

/// How deep they may nest.
const MAX_DEPTH: usize = 127;

/// The value that `build` makes.
///
/// # Errors
/// Those of `build`.
pub(super) fn build(build: &mut Build<'_>) -> Result<Dynamic, Raise> {
    let mut tree = Tree { root: Dynamic::UNIT, open: Vec::new(), values: 0, is_ended: false };
    build(&mut tree)?;
    if tree.is_ended {
        return Err(Raise::Interrupted);
    }
    Ok(tree.root)
}

/// What is not complete yet; a map with the key of its next value.
enum Open {
    List(Array),
    Map(Map, ImmutableString),
}

struct Tree {
    root: Dynamic,
    open: Vec<Open>,
    /// Made so far.
    values: u32,
    /// Nothing more is made: there is too much already, or the call is to end.
    is_ended: bool,
}

impl Tree {
    fn put(&mut self, value: Dynamic) {
        self.values = self.values.wrapping_add(1);
        if self.values.is_multiple_of(VALUES_PER_TICK) && limits::tick_making().is_err() {
            self.is_ended = true;
        }
        if self.is_ended {
            return;
        }
        match self.open.last_mut() {
            Some(Open::List(items)) => items.push(value),
            Some(Open::Map(entries, key)) => drop(entries.insert(key.as_str().into(), value)),
            None => self.root = value,
        }
    }

    fn begin(&mut self, open: Open) -> HostResult {
        if self.open.len() >= MAX_DEPTH {
            return Err(Raise::new("the value nests too deeply"));
        }
        self.open.push(open);
        Ok(())
    }
}

impl Builder for Tree {
    fn value(&mut self, value: Arg<'_>) {
        self.put(dynamic(value));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.put(Dynamic::from_blob(bytes.to_vec()));
    }

    fn open_map(&mut self, _: usize) -> HostResult {
        self.begin(Open::Map(Map::new(), ImmutableString::new()))
    }

    fn open_list(&mut self, _: usize) -> HostResult {
        self.begin(Open::List(Array::new()))
    }

    /// Names are all that maps have for keys here: numbers and truths become theirs.
    fn key(&mut self, key: Arg<'_>) {
        if let Some(Open::Map(_, next)) = self.open.last_mut() {
            *next = key.to_text().unwrap_or_default().as_ref().into();
        }
    }

    fn close(&mut self) {
        match self.open.pop() {
            Some(Open::List(items)) => self.put(items.into()),
            Some(Open::Map(entries, _)) => self.put(entries.into()),
            None => {}
        }
    }
}
