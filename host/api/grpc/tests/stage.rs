//! A script for tests: values as a tree, and a frame that lends them.

use std::cell::RefCell;
use std::rc::Rc;

use crate::api::frame::{Arg, Build, Builder, FillMap, FnRef, Frame, HostResult, Raise, TableRef, Visit};
use crate::vu::{Hook, Vu};

/// A value of a script.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Val {
    Null,
    Bool(bool),
    Int(i64),
    Num(f64),
    Str(Vec<u8>),
    List(Vec<Val>),
    /// Sorted by key.
    Map(Vec<(Val, Val)>),
}

impl Val {
    pub(super) fn text(text: &str) -> Val {
        Val::Str(text.as_bytes().to_vec())
    }

    pub(super) fn map<const N: usize>(entries: [(&str, Val); N]) -> Val {
        let mut entries: Vec<_> = entries.into_iter().map(|(name, value)| (Val::text(name), value)).collect();
        entries.sort_by_key(|(key, _)| format!("{key:?}"));
        Val::Map(entries)
    }
}

/// Lends one value and takes one.
#[derive(Default)]
pub(super) struct Stage {
    tables: RefCell<Vec<Val>>,
    pub(super) given: RefCell<Option<Val>>,
}

impl Stage {
    pub(super) fn lend<T>(&self, value: &Val, then: impl FnOnce(Arg<'_>) -> T) -> T {
        then(match value {
            Val::Null => Arg::Null,
            Val::Bool(value) => Arg::Bool(*value),
            Val::Int(value) => Arg::Int(*value),
            Val::Num(value) => Arg::Num(*value),
            Val::Str(bytes) => Arg::Str(bytes),
            Val::List(_) | Val::Map(_) => {
                let mut tables = self.tables.borrow_mut();
                tables.push(value.clone());
                Arg::Table(TableRef(tables.len() as i32 - 1))
            }
        })
    }

    fn table(&self, table: TableRef) -> Val {
        self.tables.borrow()[table.0 as usize].clone()
    }
}

impl Frame for Stage {
    fn each(&self, table: TableRef, visit: &mut Visit<'_>) -> HostResult {
        let entries = match self.table(table) {
            Val::Map(entries) => entries,
            Val::List(items) => {
                items.into_iter().enumerate().map(|(at, item)| (Val::Int(at as i64 + 1), item)).collect()
            }
            _ => Vec::new(),
        };
        for (key, value) in &entries {
            self.lend(key, |key| self.lend(value, |value| visit(key, value)))?;
        }
        Ok(())
    }

    fn items(
        &self,
        table: TableRef,
        visit: &mut dyn for<'a> FnMut(usize, Arg<'a>) -> HostResult,
    ) -> HostResult {
        let Val::List(items) = self.table(table) else { return Ok(()) };
        for (index, item) in items.iter().enumerate() {
            self.lend(item, |item| visit(index, item))?;
        }
        Ok(())
    }

    fn length(&self, table: TableRef) -> usize {
        match self.table(table) {
            Val::List(items) => items.len(),
            _ => 0,
        }
    }

    fn encode(&self, value: Arg<'_>, out: &mut Vec<u8>) -> HostResult {
        // Asked only what an empty table is.
        let Arg::Table(table) = value else { unreachable!() };
        out.extend_from_slice(if matches!(self.table(table), Val::List(_)) { b"[]" } else { b"{}" });
        Ok(())
    }

    fn give_built(&self, build: &mut Build<'_>) -> HostResult {
        let mut tree = Tree::default();
        build(&mut tree)?;
        assert!(tree.open.is_empty(), "a table was not closed");
        *self.given.borrow_mut() = tree.root;
        Ok(())
    }

    fn vu(&self) -> &Rc<Vu> {
        unreachable!()
    }
    fn count(&self) -> usize {
        unreachable!()
    }
    fn arg(&self, _: usize) -> Arg<'_> {
        unreachable!()
    }
    fn field(&self, _: TableRef, _: &str) -> Arg<'_> {
        unreachable!()
    }
    fn call(&self, _: FnRef, _: &[Arg<'_>]) -> HostResult {
        unreachable!()
    }
    fn invoke(&self, _: FnRef, _: &[Arg<'_>]) -> Result<bool, Raise> {
        unreachable!()
    }
    fn keep(&self, _: Hook, _: FnRef) {
        unreachable!()
    }
    fn class_name(&self, _: TableRef) -> Option<String> {
        unreachable!()
    }
    fn ask(&self, _: FnRef, _: &mut dyn for<'a> FnMut(Arg<'a>) -> HostResult) -> HostResult {
        unreachable!()
    }
    fn loading(&self) -> bool {
        unreachable!()
    }
    fn position(&self) -> String {
        unreachable!()
    }
    fn give(&self, _: Arg<'_>) {
        unreachable!()
    }
    fn give_item(&self, _: TableRef, _: usize) -> HostResult {
        unreachable!()
    }
    fn give_json(&self, _: &[u8], _: Option<&str>) -> HostResult {
        unreachable!()
    }
    fn give_list(&self, _: &mut dyn FnMut(&dyn Frame) -> HostResult) -> HostResult {
        unreachable!()
    }
    fn give_marked(&self, _: TableRef) -> HostResult {
        unreachable!()
    }
    fn give_map(&self, _: &mut FillMap<'_>) -> HostResult {
        unreachable!()
    }
}

#[derive(Default)]
struct Tree {
    root: Option<Val>,
    /// Each with the key that its value will have.
    open: Vec<(Val, Option<Val>)>,
}

impl Tree {
    fn put(&mut self, value: Val) {
        match self.open.last_mut() {
            Some((Val::List(items), _)) => items.push(value),
            Some((Val::Map(entries), key)) => {
                let key = key.take().expect("a value of a map follows its key");
                entries.retain(|(known, _)| *known != key);
                entries.push((key, value));
            }
            _ => {
                assert!(self.root.is_none(), "two values");
                self.root = Some(value);
            }
        }
    }
}

impl Builder for Tree {
    fn value(&mut self, value: Arg<'_>) {
        self.put(match value {
            Arg::Null => Val::Null,
            Arg::Bool(value) => Val::Bool(value),
            Arg::Int(value) => Val::Int(value),
            Arg::Num(value) => Val::Num(value),
            Arg::Str(bytes) => Val::Str(bytes.to_vec()),
            other => panic!("{other:?}"),
        });
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.put(Val::Str(bytes.to_vec()));
    }

    fn open_map(&mut self, _: usize) -> HostResult {
        self.open.push((Val::Map(Vec::new()), None));
        Ok(())
    }

    fn open_list(&mut self, _: usize) -> HostResult {
        self.open.push((Val::List(Vec::new()), None));
        Ok(())
    }

    fn key(&mut self, key: Arg<'_>) {
        let key = match key {
            Arg::Str(text) => Val::Str(text.to_vec()),
            Arg::Int(number) => Val::Int(number),
            Arg::Bool(truth) => Val::Bool(truth),
            other => panic!("{other:?}"),
        };
        self.open.last_mut().unwrap().1 = Some(key);
    }

    fn close(&mut self) {
        let (mut value, _) = self.open.pop().unwrap();
        if let Val::Map(entries) = &mut value {
            entries.sort_by_key(|(key, _)| format!("{key:?}"));
        }
        self.put(value);
    }
}
