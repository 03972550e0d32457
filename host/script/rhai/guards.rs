//! Functions of the engine's own library that could take time or memory without an end in one
//! operation, or stop the thread, anew. Bound by `bind`, before the library.

use std::any::TypeId;

use rhai::{Array, Blob, Dynamic, EvalAltResult, ImmutableString, Module};

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
    super::sort::bind(module);
    module.set_native_fn("pad", |text: &mut ImmutableString, length: i64, with: char| {
        pad(text, length, &with.to_string())
    });
    module.set_native_fn("pad", |text: &mut ImmutableString, length: i64, with: ImmutableString| {
        pad(text, length, &with)
    });
    module.set_native_fn("pad", |list: &mut Array, length: i64, with: Dynamic| {
        let length = fitting(length, size_of::<Dynamic>())?;
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

type Bounded<T> = Result<T, Box<EvalAltResult>>;

/// A length, of items of that size, that one VU may hold.
fn fitting(length: i64, size: usize) -> Bounded<usize> {
    let length = usize::try_from(length).unwrap_or(0);
    let limit = State::current().map_or(usize::MAX, |state| state.library.memory_limit);
    if length.saturating_mul(size) <= limit {
        return Ok(length);
    }
    let limit = crate::units::format_size(limit as u64);
    Err(error(format!("{length} items are more than one VU may hold ({limit})")))
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
