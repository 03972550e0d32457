//! Values that host functions make piece by piece. Used by `frame`.

use rhai::{Array, Dynamic, ImmutableString, Map};

use crate::api::{Arg, Build, Builder, HostResult, Raise};

use super::given::dynamic;

/// How deep they may nest.
const MAX_DEPTH: usize = 127;

/// The value that `build` makes.
///
/// # Errors
/// Those of `build`.
pub(super) fn build(build: &mut Build<'_>) -> Result<Dynamic, Raise> {
    let mut tree = Tree { root: Dynamic::UNIT, open: Vec::new() };
    build(&mut tree)?;
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
}

impl Tree {
    fn put(&mut self, value: Dynamic) {
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
