//! Sorting lists: the library's own goes on where a comparator raises, and lets nobody else have a turn.
//! Stable. Bound by `guards`.

use std::any::TypeId;
use std::cmp::Ordering;

use rhai::{Array, Dynamic, EvalAltResult, FnPtr, Module, NativeCallContext};

use super::bind::{Binding, error};
use super::{limits, trace};

type Compared = Result<Ordering, Box<EvalAltResult>>;

/// Every so many comparisons others may have their turn.
const TURN: usize = 4096;

pub(super) fn bind(module: &mut Module) {
    let mut binding = Binding { module, by_reference: true };
    let (list, function) = (TypeId::of::<Array>(), TypeId::of::<FnPtr>());
    for name in ["sort", "sort_by"] {
        binding.bind(name, (&[list, function], 0), |_, context, args| {
            let [list, function] = args else { return Ok(Dynamic::UNIT) };
            let Some(function) = function.read_lock::<FnPtr>().map(|it| it.clone()) else {
                return Ok(Dynamic::UNIT);
            };
            sort(list, |one, other| asked(context, &function, one, other))
        });
    }
    binding.bind("sort", (&[list], 0), |_, _, args| sort(&mut *args[0], natural));
    binding
        .bind("sort_desc", (&[list], 0), |_, _, args| sort(&mut *args[0], |one, other| natural(other, one)));
}

/// Sorts the list once all comparisons are made: one that raises leaves it as it was.
fn sort(
    list: &mut Dynamic,
    mut compare: impl FnMut(&Dynamic, &Dynamic) -> Compared,
) -> Result<Dynamic, Box<EvalAltResult>> {
    let Some(mut list) = list.write_lock::<Array>() else { return Ok(Dynamic::UNIT) };
    let mut made = 0;
    let order = order(list.len(), |one, other| {
        made += 1;
        if made % TURN == 0 && limits::tick().is_err() {
            return Err(limits::interruption());
        }
        compare(&list[one], &list[other])
    })?;
    let sorted = order.into_iter().map(|at| std::mem::take(&mut list[at])).collect();
    *list = sorted;
    Ok(Dynamic::UNIT)
}

/// The numbers of `count` items in their order: pairs, fours and so on are merged.
fn order<E>(
    count: usize,
    mut compare: impl FnMut(usize, usize) -> Result<Ordering, E>,
) -> Result<Vec<usize>, E> {
    let mut sorted: Vec<usize> = (0..count).collect();
    let mut merged = Vec::with_capacity(count);
    let mut width = 1;
    while width < count {
        for pair in sorted.chunks(2 * width) {
            let (mut left, mut right) = pair.split_at(width.min(pair.len()));
            while let ([one, rest_left @ ..], [other, rest_right @ ..]) = (left, right) {
                if compare(*one, *other)? == Ordering::Greater {
                    merged.push(*other);
                    right = rest_right;
                } else {
                    merged.push(*one);
                    left = rest_left;
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        std::mem::swap(&mut sorted, &mut merged);
        merged.clear();
        width *= 2;
    }
    Ok(sorted)
}

/// What the script's comparator says: a number, or whether the first comes before the second.
fn asked(context: &NativeCallContext<'_>, function: &FnPtr, one: &Dynamic, other: &Dynamic) -> Compared {
    let said = function.call_raw(context, None, [one.clone(), other.clone()])?;
    if let Ok(number) = said.as_int() {
        return Ok(number.cmp(&0));
    }
    if let Ok(is_first) = said.as_bool() {
        return Ok(if is_first { Ordering::Less } else { Ordering::Greater });
    }
    let order = said.as_float().ok().and_then(|number| number.partial_cmp(&0.0));
    order.ok_or_else(|| {
        let said = trace::shown(&said);
        error(format!(
            "a comparator of `sort` must return a number, or whether the first comes first, not {said}"
        ))
    })
}

/// Values of one kind that have an order; numbers of both kinds have one, too.
fn natural(one: &Dynamic, other: &Dynamic) -> Compared {
    if let (Ok(one), Ok(other)) = (one.as_int(), other.as_int()) {
        return Ok(one.cmp(&other));
    }
    let number = |value: &Dynamic| value.as_float().ok().or_else(|| value.as_int().ok().map(|it| it as f64));
    if let (Some(one), Some(other)) = (number(one), number(other)) {
        return Ok(one.partial_cmp(&other).unwrap_or(Ordering::Equal));
    }
    if let (Ok(one), Ok(other)) = (one.as_immutable_string_ref(), other.as_immutable_string_ref()) {
        return Ok(one.as_str().cmp(other.as_str()));
    }
    if let (Ok(one), Ok(other)) = (one.as_char(), other.as_char()) {
        return Ok(one.cmp(&other));
    }
    if let (Ok(one), Ok(other)) = (one.as_bool(), other.as_bool()) {
        return Ok(one.cmp(&other));
    }
    if one.is_unit() && other.is_unit() {
        return Ok(Ordering::Equal);
    }
    let (one, other) = (trace::shown(one), trace::shown(other));
    Err(error(format!("{one} and {other} have no order: give `sort` a comparator")))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_sorts_as_the_standard_library_does(values in prop::collection::vec(0u8..8, 0..70)) {
            let compare = |one: usize, other: usize| Ok::<_, ()>(values[one].cmp(&values[other]));
            let mut expected: Vec<usize> = (0..values.len()).collect();
            expected.sort_by_key(|at| values[*at]);
            prop_assert_eq!(order(values.len(), compare).unwrap(), expected);
        }

        #[test]
        fn no_comparator_makes_it_lose_an_item(said in prop::collection::vec(-1i8..=1, 1..40), count in 0usize..40) {
            let mut turn = 0;
            let mut sorted = order(count, |_, _| {
                turn += 1;
                Ok::<_, ()>(said[turn % said.len()].cmp(&0))
            }).unwrap();
            sorted.sort_unstable();
            prop_assert_eq!(sorted, (0..count).collect::<Vec<_>>());
        }
    }
}
