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
    if is_deeper(value, VALUE_DEPTH, None) {
        let what = format!("values nest too deeply: more than {VALUE_DEPTH} lie in each other");
        return Err(EvalAltResult::ErrorRuntime(what.into(), Position::NONE).into());
    }
    Ok(())
}

/// Closures that lead to a value, from the innermost out.
struct Way<'w> {
    closure: *const FnPtr,
    before: Option<&'w Way<'w>>,
}

impl Way<'_> {
    fn has(&self, closure: *const FnPtr) -> bool {
        self.closure == closure || self.before.is_some_and(|before| before.has(closure))
    }
}

fn is_deeper(value: &Dynamic, depth: usize, way: Option<&Way<'_>>) -> bool {
    let Some(below) = depth.checked_sub(1) else { return true };
    let deeper = |one: &Dynamic| is_deeper(one, below, way);
    if let Some(list) = value.read_lock::<Array>() {
        list.iter().take(LOOKED_AT).find(|one| holds(one)).is_some_and(deeper)
    } else if let Some(map) = value.read_lock::<Map>() {
        map.values().take(LOOKED_AT).find(|one| holds(one)).is_some_and(deeper)
    } else if let Some(function) = value.read_lock::<FnPtr>() {
        let closure = std::ptr::from_ref(&*function);
        // One that calls itself holds itself: a circle has no depth.
        if way.is_some_and(|way| way.has(closure)) {
            return false;
        }
        let way = Way { closure, before: way };
        let deeper = |one: &Dynamic| is_deeper(one, below, Some(&way));
        function.curry().iter().find(|one| holds(one)).is_some_and(deeper)
    } else {
        false
    }
}

fn holds(value: &Dynamic) -> bool {
    value.is_array() || value.is_map() || value.is_fnptr()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> Dynamic {
        (0..depth).fold(Dynamic::UNIT, |inner, _| Dynamic::from_array(vec![1.into(), inner]))
    }

    #[test]
    fn so_deep_and_no_deeper() {
        assert!(check(&nested(VALUE_DEPTH)).is_ok());
        assert!(check(&nested(VALUE_DEPTH + 1)).is_err());
        let closure = Dynamic::from(FnPtr::new("f").unwrap());
        let cell = closure.into_shared();
        let mut itself = FnPtr::new("g").unwrap();
        itself.add_curry(cell.clone());
        if let Some(mut inner) = cell.clone().write_lock::<FnPtr>() {
            *inner = itself;
        }
        assert!(check(&cell).is_ok());
        let map: Map = [("a".into(), nested(VALUE_DEPTH))].into();
        assert!(check(&map.into()).is_err());
    }
}
