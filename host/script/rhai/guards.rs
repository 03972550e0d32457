//! Functions of the engine's own library that could take time or memory without an end in one
//! operation, or stop the thread, anew. Bound by `bind`, before the library.

use std::any::TypeId;

use rhai::{Array, Blob, Dynamic, EvalAltResult, FnPtr, ImmutableString, Map, Module, Position};

use super::bind::{self, Binding, error, modules};
use super::state::State;

pub(super) fn bind(module: &mut Module) {
    let mut binding = Binding { module: &mut *module, by_reference: false };
    // The library's own would have all users of the thread sleep.
    let sleep = modules().flat_map(|module| module.functions).find(|function| function.name == "sleep");
    for kind in [TypeId::of::<i64>(), TypeId::of::<f64>()] {
        if let Some(sleep) = sleep {
            binding.bind("sleep", (&[kind], 0), move |state, context, args| {
                bind::call(state, context, sleep, args)
            });
        }
    }
    // Neither is known to the host: `exit` would end what runs without a word.
    module.set_native_fn("exit", || gone("exit"));
    module.set_native_fn("exit", |_: Dynamic| gone("exit"));
    super::sort::bind(module);
    super::pieces::bind(module);
    super::written::bind(module);
    module.set_native_fn("pad", |text: &mut ImmutableString, length: i64, with: char| {
        pad(text, length, &with.to_string())
    });
    module.set_native_fn("pad", |text: &mut ImmutableString, length: i64, with: ImmutableString| {
        pad(text, length, &with)
    });
    module.set_native_fn("pad", |list: &mut Array, length: i64, with: Dynamic| {
        let length = fitting(length, size_of::<Dynamic>().saturating_add(weight(&with)))?;
        if length > list.len() {
            list.resize(length, with);
        }
        Ok(())
    });
    module.set_native_fn("pad", |bytes: &mut Blob, length: i64, with: i64| {
        let length = fitting(length, 1)?;
        if length > bytes.len() {
            bytes.resize(length, with as u8);
        }
        Ok(())
    });
    module.set_native_fn("blob", |length: i64| Ok(vec![0u8; fitting(length, 1)?]));
    module.set_native_fn("blob", |length: i64, with: i64| Ok(vec![with as u8; fitting(length, 1)?]));
    module.set_native_fn(
        "replace",
        |text: &mut ImmutableString, from: ImmutableString, to: ImmutableString| replace(text, &from, &to),
    );
    module.set_native_fn("replace", |text: &mut ImmutableString, from: char, to: ImmutableString| {
        replace(text, &from.to_string(), &to)
    });
}

pub(super) type Bounded<T> = Result<T, Box<EvalAltResult>>;

fn gone(name: &str) -> Bounded<()> {
    Err(EvalAltResult::ErrorFunctionNotFound(name.to_owned(), Position::NONE).into())
}

/// Bytes that the VU may hold beside what it holds already.
pub(super) fn room(state: &State) -> usize {
    state.library.memory_limit.saturating_sub(state.memory())
}

/// A length, of items of that size, that the VU may hold beside what it holds already.
pub(super) fn fitting(length: i64, size: usize) -> Bounded<usize> {
    let length = usize::try_from(length).unwrap_or(0);
    fitting_bytes(length, length.saturating_mul(size))?;
    Ok(length)
}

/// Whether so many items, of so many bytes altogether, are what the VU may hold beside what it holds already.
pub(super) fn fitting_bytes(length: usize, bytes: usize) -> Bounded<()> {
    let Some(state) = State::current() else { return Ok(()) };
    // What is small fits, or the account tells soon.
    if bytes < 4096 || bytes <= room(&state) {
        return Ok(());
    }
    let limit = crate::units::format_size(state.library.memory_limit as u64);
    Err(error(format!("{length} items are more than one VU may hold ({limit})")))
}

/// Bytes that each copy of a value takes, beside its place. Copies of texts share one.
fn weight(value: &Dynamic) -> usize {
    let all = |values: &mut dyn Iterator<Item = &Dynamic>| {
        values.map(|value| size_of::<Dynamic>() + weight(value)).fold(24, usize::saturating_add)
    };
    if let Some(list) = value.read_lock::<Array>() {
        all(&mut list.iter())
    } else if let Some(map) = value.read_lock::<Map>() {
        all(&mut map.values()).saturating_add(map.len() * 24)
    } else if let Some(bytes) = value.read_lock::<Blob>() {
        24 + bytes.len()
    } else if let Some(function) = value.read_lock::<FnPtr>() {
        all(&mut function.curry().iter())
    } else {
        0
    }
}

fn pad(text: &mut ImmutableString, length: i64, with: &str) -> Bounded<()> {
    let length = fitting(length, 1)?;
    let own = text.chars().count();
    if length > own && !with.is_empty() {
        let more: String = with.chars().cycle().take(length - own).collect();
        *text += more.as_str();
    }
    Ok(())
}

fn replace(text: &mut ImmutableString, from: &str, to: &str) -> Bounded<()> {
    let count = text.matches(from).count();
    fitting((text.len() + count.saturating_mul(to.len())) as i64, 1)?;
    *text = text.replace(from, to).into();
    Ok(())
}
