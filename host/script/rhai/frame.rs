//! A host call as Rhai makes it: the [`Frame`] of this engine. Made by `bind`.

use std::cell::RefCell;
use std::rc::Rc;

use rhai::{Array, Dynamic, FnPtr, ImmutableString, Map, NativeCallContext};

use crate::api::{Arg, Build, FillMap, FnRef, Frame, HostResult, Raise, TableRef, Visit};
use crate::vu::{Hook, Vu, fiber};

use super::builder;
use super::call;
use super::class::ClassRef;
use super::given::{Given, dynamic, is_true};
use super::instance::Instance;
use super::json_decode::Name;
use super::state::State;
use super::texts::Texts;
use super::value::HostValue;
use super::walk::HostFunction;
use super::{json, json_decode, trace};

/// More than any host function takes.
const MAX_ARGS: usize = 6;

/// How deep host functions that call script functions may nest, as in Lua.
const MAX_DEPTH: usize = 40;

pub(super) struct RhaiFrame<'a> {
    pub(super) state: &'a Rc<State>,
    pub(super) context: &'a NativeCallContext<'a>,
    args: [Option<&'a Dynamic>; MAX_ARGS],
    count: usize,
    /// Tables and functions that were seen: references count from -1 down, arguments from 0 up.
    slots: RefCell<Vec<Slot>>,
    texts: Texts,
    given: RefCell<Given>,
}

/// Where a table or a function is to be found: paths are followed when it is looked at, so that
/// nothing is copied.
#[derive(Clone)]
enum Slot {
    Item(i32, usize),
    Field(i32, Name),
    Own(Rc<Dynamic>),
}

impl<'a> RhaiFrame<'a> {
    pub(super) fn new(
        state: &'a Rc<State>,
        context: &'a NativeCallContext<'a>,
        values: impl Iterator<Item = &'a Dynamic>,
    ) -> RhaiFrame<'a> {
        let (mut args, mut count) = ([None; MAX_ARGS], 0);
        for (arg, value) in args.iter_mut().zip(values) {
            *arg = Some(value);
            count += 1;
        }
        let slots = RefCell::default();
        RhaiFrame { state, context, args, count, slots, texts: Texts::default(), given: RefCell::default() }
    }

    /// What was returned: several values as an array.
    pub(super) fn into_given(self) -> Dynamic {
        self.given.into_inner().into_value()
    }

    fn put(&self, slot: Slot) -> i32 {
        let mut slots = self.slots.borrow_mut();
        slots.push(slot);
        -(slots.len() as i32)
    }

    /// Looks at what a reference means; None where it is gone.
    fn look<R>(&self, at: i32, see: impl FnOnce(&Dynamic) -> R) -> Option<R> {
        let (mut seen, mut see) = (None, Some(see));
        self.follow(at, &mut |value| seen = see.take().map(|see| see(value)));
        seen
    }

    fn follow(&self, at: i32, see: &mut dyn FnMut(&Dynamic)) {
        if let Ok(index) = usize::try_from(at) {
            self.args.get(index).copied().flatten().into_iter().for_each(see);
            return;
        }
        let slot = self.slots.borrow().get((-at - 1) as usize).cloned();
        match slot {
            None => {}
            Some(Slot::Own(value)) => see(&value),
            Some(Slot::Item(table, index)) => self.follow(table, &mut |list| {
                if let Some(list) = list.read_lock::<Array>() {
                    list.get(index).into_iter().for_each(&mut *see);
                }
            }),
            Some(Slot::Field(table, name)) => self.follow(table, &mut |map| {
                if let Some(map) = map.read_lock::<Map>() {
                    map.get(&name).into_iter().for_each(&mut *see);
                }
            }),
        }
    }

    /// A value that is no text; `at` is a reference to it.
    fn plain<'v>(value: &Dynamic, at: impl FnOnce() -> i32) -> Arg<'v> {
        if value.is_unit() {
            Arg::Nil
        } else if let Ok(value) = value.as_int() {
            Arg::Int(value)
        } else if let Ok(value) = value.as_float() {
            Arg::Num(value)
        } else if let Ok(value) = value.as_bool() {
            Arg::Bool(value)
        } else if value.is_map() || value.is_array() {
            Arg::Table(TableRef(at()))
        } else if value.is_fnptr() {
            Arg::Function(FnRef(at()))
        } else if let Some(value) = value.read_lock::<HostValue>() {
            match *value {
                HostValue::Module(module) => Arg::Other(module.name),
                HostValue::Object(kind, number) => Arg::Object(kind, number),
                HostValue::View(value) => Arg::View(value),
            }
        } else if value.is::<ClassRef>() || value.is::<Instance>() {
            Arg::Table(TableRef(at()))
        } else if value.is::<HostFunction>() {
            Arg::Other("function")
        } else {
            Arg::Other("value of another kind")
        }
    }

    /// A value, for as long as `see` looks at it.
    fn lend<R>(value: &Dynamic, at: impl FnOnce() -> i32, see: impl FnOnce(Arg<'_>) -> R) -> R {
        if let Ok(text) = value.as_immutable_string_ref() {
            return see(Arg::Str(text.as_bytes()));
        }
        if let Ok(bytes) = value.as_blob_ref() {
            return see(Arg::Str(&bytes));
        }
        if let Ok(one) = value.as_char() {
            return see(Arg::Str(one.encode_utf8(&mut [0; 4]).as_bytes()));
        }
        see(Self::plain(value, at))
    }

    /// A value, for as long as the host function runs.
    fn keep_value(&self, value: &Dynamic, at: impl FnOnce() -> i32) -> Arg<'_> {
        if let Ok(text) = value.as_immutable_string_ref() {
            return Arg::Str(self.texts.keep(text.clone()));
        }
        if let Ok(bytes) = value.as_blob_ref() {
            return Arg::Str(self.texts.keep_bytes(bytes.clone()));
        }
        if let Ok(one) = value.as_char() {
            return Arg::Str(self.texts.keep(ImmutableString::from(one.to_string())));
        }
        Self::plain(value, at)
    }

    /// An argument as a value of the script.
    fn value(&self, arg: Arg<'_>) -> Dynamic {
        match arg {
            Arg::Table(TableRef(at)) | Arg::Function(FnRef(at)) => {
                self.look(at, Dynamic::clone).unwrap_or_default()
            }
            other => dynamic(other),
        }
    }

    fn invoke_with(&self, function: FnRef, args: &[Arg<'_>]) -> Result<Dynamic, Raise> {
        let pointer = self.look(function.0, |value| value.read_lock::<FnPtr>().map(|it| it.clone()));
        let Some(pointer) = pointer.flatten() else {
            return Err(Raise::new("what was to be called is no function"));
        };
        if self.context.call_level() > MAX_DEPTH * 5 {
            return Err(Raise::new(
                "stack overflow: host functions and script functions call each other too deeply",
            ));
        }
        let args = args.iter().map(|arg| self.value(*arg)).collect();
        let called = self.state.account.in_script(|| call::within(self.context, self.state, &pointer, args));
        called.map_err(|error| {
            self.state.raised.borrow_mut().replace(error);
            Raise::Script
        })
    }
}

impl Frame for RhaiFrame<'_> {
    fn vu(&self) -> &Rc<Vu> {
        &self.state.vu
    }

    fn count(&self) -> usize {
        self.count
    }

    fn arg(&self, index: usize) -> Arg<'_> {
        match self.args.get(index).copied().flatten() {
            Some(value) => self.keep_value(value, || index as i32),
            None => Arg::Nil,
        }
    }

    fn first_index(&self) -> usize {
        0
    }

    fn each(&self, table: TableRef, visit: &mut Visit<'_>) -> HostResult {
        self.entries(table, &mut |key, value| match (key, value) {
            (Arg::Str(_), Arg::Nil) => Ok(()),
            (key, value) => visit(key, value),
        })
    }

    fn entries(&self, table: TableRef, visit: &mut Visit<'_>) -> HostResult {
        let visited = self.look(table.0, |value| {
            if let Some(map) = value.read_lock::<Map>() {
                for (name, value) in map.iter() {
                    let at = || self.put(Slot::Field(table.0, name.clone()));
                    Self::lend(value, at, |value| visit(Arg::Str(name.as_bytes()), value))?;
                }
            } else if let Some(list) = value.read_lock::<Array>() {
                for (index, value) in list.iter().enumerate() {
                    let at = || self.put(Slot::Item(table.0, index));
                    Self::lend(value, at, |value| visit(Arg::Int(index as i64 + 1), value))?;
                }
            }
            Ok(())
        });
        visited.unwrap_or(Ok(()))
    }

    fn items(
        &self,
        table: TableRef,
        visit: &mut dyn for<'v> FnMut(usize, Arg<'v>) -> HostResult,
    ) -> HostResult {
        let visited = self.look(table.0, |value| {
            let Some(list) = value.read_lock::<Array>() else { return Ok(()) };
            for (index, value) in list.iter().enumerate() {
                Self::lend(value, || self.put(Slot::Item(table.0, index)), |value| visit(index, value))?;
            }
            Ok(())
        });
        visited.unwrap_or(Ok(()))
    }

    fn length(&self, table: TableRef) -> usize {
        let length = |value: &Dynamic| value.read_lock::<Array>().map_or(0, |list| list.len());
        self.look(table.0, length).unwrap_or(0)
    }

    fn field(&self, table: TableRef, name: &str) -> Arg<'_> {
        let found = self.look(table.0, |map| {
            let map = map.read_lock::<Map>()?;
            let value = map.get(name)?;
            Some(self.keep_value(value, || self.put(Slot::Field(table.0, name.into()))))
        });
        found.flatten().unwrap_or(Arg::Nil)
    }

    fn encode(&self, value: Arg<'_>, out: &mut Vec<u8>) -> HostResult {
        let encoded = match value {
            Arg::Other(name) => {
                return Err(Raise::new(format!("cannot encode as JSON: a {name} has no JSON form")));
            }
            Arg::Table(TableRef(at)) | Arg::Function(FnRef(at)) => {
                self.look(at, |value| json::encode(value, out)).unwrap_or(Ok(()))
            }
            other => json::encode(&dynamic(other), out),
        };
        encoded.map_err(|why| self.ended(why))
    }

    fn call(&self, function: FnRef, args: &[Arg<'_>]) -> HostResult {
        let result = self.invoke_with(function, args)?;
        self.add(result);
        Ok(())
    }

    fn invoke(&self, function: FnRef, args: &[Arg<'_>]) -> Result<bool, Raise> {
        let result = self.invoke_with(function, args)?;
        Ok(is_true(&result))
    }

    fn keep(&self, hook: Hook, function: FnRef) {
        call::note_unit(self.context, self.state);
        let pointer = self.look(function.0, |value| value.read_lock::<FnPtr>().map(|it| it.clone()));
        if let Some(pointer) = pointer.flatten() {
            self.state.hooks.borrow_mut().push((hook, pointer));
        }
    }

    fn class_name(&self, table: TableRef) -> Option<String> {
        self.look(table.0, |value| value.read_lock::<ClassRef>().map(|class| class.name.to_string()))?
    }

    fn ask(&self, function: FnRef, take: &mut dyn for<'v> FnMut(Arg<'v>) -> HostResult) -> HostResult {
        let result = Rc::new(self.invoke_with(function, &[])?);
        let at = || self.put(Slot::Own(result.clone()));
        Self::lend(&result, at, take)
    }

    fn nothing(&self) -> &'static str {
        "()"
    }

    fn loading(&self) -> bool {
        self.state.loading.get()
    }

    fn position(&self) -> String {
        trace::position(self.context)
    }

    fn give(&self, value: Arg<'_>) {
        self.add(self.state.account.in_script(|| self.value(value)));
    }

    fn give_item(&self, table: TableRef, index: usize) -> HostResult {
        let item = |value: &Dynamic| value.read_lock::<Array>().and_then(|list| list.get(index).cloned());
        self.add(self.look(table.0, item).flatten().unwrap_or_default());
        Ok(())
    }

    fn give_json(&self, text: &[u8], path: Option<&str>) -> HostResult {
        let part = || json_decode::decode(text).map(|value| json_decode::part(value, path.unwrap_or("")));
        let value = self.state.account.in_script(part);
        self.add(value.map_err(|why| self.ended(format!("not valid JSON: {why}")))?);
        Ok(())
    }

    fn give_list(&self, fill: &mut dyn FnMut(&dyn Frame) -> HostResult) -> HostResult {
        let before = self.given.take();
        let filled = fill(self);
        let list = self.given.replace(before).into_list();
        filled?;
        self.add(list.into());
        Ok(())
    }

    fn give_marked(&self, table: TableRef) -> HostResult {
        self.give(Arg::Table(table));
        Ok(())
    }

    fn give_map(&self, fill: &mut FillMap<'_>) -> HostResult {
        let mut map = Map::new();
        fill(&mut |name, value| {
            self.state.account.in_script(|| map.insert(name.into(), self.value(value)));
        })?;
        self.add(map.into());
        Ok(())
    }

    fn give_built(&self, build: &mut Build<'_>) -> HostResult {
        self.add(self.state.account.in_script(|| builder::build(build))?);
        Ok(())
    }
}

impl RhaiFrame<'_> {
    fn add(&self, value: Dynamic) {
        self.given.borrow_mut().add(value);
    }

    /// Why JSON came to nothing: the call was told to end meanwhile, or what was wrong.
    #[cold]
    fn ended(&self, wrong: String) -> Raise {
        let is_to_end = fiber::doom().is_some() || self.state.is_over_memory();
        if is_to_end { Raise::Interrupted } else { Raise::new(wrong) }
    }
}
