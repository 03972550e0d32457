//! How deep values may lie in each other. The engine has no limit to it, and drops, copies and compares
//! them by recursion. Asked by `globals` at variables, and by `instance` where members are set.

use rhai::{Array, Dynamic, EvalAltResult, FnPtr, Map, Position};

use super::state::State;

/// Values that lie deeper in each other, and the closures that hold them, would need more stack to be
/// dropped than a thread may have.
const VALUE_DEPTH: usize = 500;

/// Every so many variables the depth of one is looked at. No multiple of how many a loop has.
const STRIDE: u32 = 31;

/// So many of what a value holds are looked at, for the first that holds something itself.
const LOOKED_AT: usize = 8;

/// Looks at a variable, now and then.
///
/// # Errors
/// It nests too deeply.
pub(super) fn check_at_times(state: &State, value: &Dynamic) -> Result<(), Box<EvalAltResult>> {
    state.variables.set(state.variables.get().wrapping_add(1));
    if state.variables.get().is_multiple_of(STRIDE) { check(value) } else { Ok(()) }
}

/// Follows what holds something into what it holds, one way down.
///
/// # Errors
/// It nests too deeply.
pub(super) fn check(value: &Dynamic) -> Result<(), Box<EvalAltResult>> {
    if is_deeper(value, VALUE_DEPTH) {
        let what = format!("values nest too deeply: more than {VALUE_DEPTH} lie in each other");
        return Err(EvalAltResult::ErrorRuntime(what.into(), Position::NONE).into());
    }
    Ok(())
}

fn is_deeper(value: &Dynamic, depth: usize) -> bool {
    let Some(below) = depth.checked_sub(1) else { return true };
    if let Some(list) = value.read_lock::<Array>() {
        list.iter().take(LOOKED_AT).find(|one| holds(one)).is_some_and(|one| is_deeper(one, below))
    } else if let Some(map) = value.read_lock::<Map>() {
        map.values().take(LOOKED_AT).find(|one| holds(one)).is_some_and(|one| is_deeper(one, below))
    } else if let Some(function) = value.read_lock::<FnPtr>() {
        function.curry().iter().find(|one| holds(one)).is_some_and(|one| is_deeper(one, below))
    } else {
        false
    }
}

fn holds(value: &Dynamic) -> bool {
    value.is_array() || value.is_map() || value.is_fnptr()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> Dynamic {
        (0..depth).fold(Dynamic::UNIT, |inner, _| Dynamic::from_array(vec![1.into(), inner]))
    }

    #[test]
    fn so_deep_and_no_deeper() {
        assert!(check(&nested(VALUE_DEPTH)).is_ok());
        assert!(check(&nested(VALUE_DEPTH + 1)).is_err());
        let map: Map = [("a".into(), nested(VALUE_DEPTH))].into();
        assert!(check(&map.into()).is_err());
    }
}
