//! `for` over what the host gives: views, lists, and functions that are called for each item. Used by `bind`.

use std::rc::Rc;

use rhai::{Array, Dynamic, EvalAltResult, ImmutableString, NativeCallContext, Position};
use serde_json::Value;

use crate::api::{Arg, Frame, HostFn, Items, ObjectType};

use super::bind::{self, Returned};
use super::state::State;
use super::value::HostValue;
use super::view;

/// A host function as a value.
#[derive(Clone)]
pub(super) struct HostFunction(pub(super) &'static HostFn);

/// What a loop goes over: the function is called with the subject until it returns nothing.
#[derive(Clone)]
pub(super) struct HostLoop {
    pub(super) function: HostFunction,
    pub(super) subject: Dynamic,
    /// Whether the subject ends with the loop, however that ends.
    pub(super) closes: bool,
}

type Walked = Box<dyn Iterator<Item = Returned>>;

/// The items of a value that the engine iterates over.
pub(super) fn iterate(value: Dynamic) -> Walked {
    let value = match value.try_cast_result::<HostLoop>() {
        Ok(all) => return Box::new(Walk(all)),
        Err(value) => value,
    };
    let host = value.read_lock::<HostValue>().map(|value| *value);
    match host {
        Some(HostValue::View(Value::Object(fields))) => {
            Box::new(fields.keys().map(|name| Ok(Dynamic::from(name.clone()))))
        }
        Some(HostValue::View(list)) => Box::new(view::values(list).map(Ok)),
        Some(HostValue::Object(ObjectType { items: Some(items), .. }, number)) => {
            Box::new(Listed { items, number, at: 0 })
        }
        Some(HostValue::Object(kind @ ObjectType { entries: Some(_), .. }, number)) => {
            let names = bare(|state, context| {
                let entries = super::members::entries(state, context, kind, number)?;
                Ok(entries.map_or(Dynamic::UNIT, |map| {
                    let names = map.into_keys().map(|name| Dynamic::from(ImmutableString::from(name)));
                    names.collect::<Array>().into()
                }))
            });
            match names.map(Dynamic::into_array) {
                Ok(Ok(names)) => Box::new(names.into_iter().map(Ok)),
                Ok(Err(_)) => Box::new(std::iter::empty()),
                Err(error) => Box::new(std::iter::once(Err(error))),
            }
        }
        _ => Box::new(std::iter::once(Err(bind::error(match host {
            Some(host) => format!("`{}` is nothing that `for` could go over", host.name()),
            None => "this is nothing that `for` could go over".to_owned(),
        })))),
    }
}

/// Runs host code that no script calls.
fn bare(run: impl FnOnce(&Rc<State>, &NativeCallContext<'_>) -> Returned) -> Returned {
    let no_script = || EvalAltResult::ErrorRuntime("no script runs".into(), Position::NONE);
    let state = State::current().ok_or_else(no_script)?;
    let engine = &state.library.engine;
    let mut global = engine.new_global_runtime_state();
    state.units.borrow().iter().for_each(|unit| unit.enter(&mut global));
    let context = NativeCallContext::new_with_all_fields(engine, "for", None, &global, Position::NONE);
    run(&state, &context)
}

struct Walk(HostLoop);

impl Iterator for Walk {
    type Item = Returned;

    fn next(&mut self) -> Option<Returned> {
        let next =
            bare(|state, context| bind::call(state, context, self.0.function.0, &[&mut self.0.subject]));
        match next {
            Ok(value) if is_end(&value) => None,
            next => Some(next),
        }
    }
}

/// Nothing; also with a word why there is nothing.
fn is_end(value: &Dynamic) -> bool {
    let nothing = |values: &Array| values.first().is_some_and(Dynamic::is_unit);
    value.is_unit() || value.read_lock::<Array>().is_some_and(|values| nothing(&values))
}

impl Drop for Walk {
    fn drop(&mut self) {
        if !self.0.closes {
            return;
        }
        let subject = self.0.subject.read_lock::<HostValue>().map(|value| *value);
        if let Some(HostValue::Object(ObjectType { close: Some(close), .. }, number)) = subject {
            let _ = bare(|state, context| {
                bind::run(state, context, &[], |frame| {
                    close(frame, number);
                    Ok(())
                })
            });
        }
    }
}

/// The items of a list of the host's.
struct Listed {
    items: &'static Items,
    number: u64,
    at: usize,
}

impl Iterator for Listed {
    type Item = Returned;

    fn next(&mut self) -> Option<Returned> {
        let (at, number, items) = (self.at, self.number, self.items);
        self.at += 1;
        let mut is_over = false;
        let item = bare(|state, context| {
            bind::run(state, context, &[], |frame| {
                is_over = at >= (items.length)(frame, number);
                if is_over {
                    frame.give(Arg::Nil);
                    return Ok(());
                }
                (items.get)(frame, number, at)
            })
        });
        (!is_over).then_some(item)
    }
}
