//! Errors that a script caught: what it sees of them is what is reported where nobody catches them, and one that it
//! throws again is the one that it was. Used by `amended` and `trace`.

use rhai::{Dynamic, EvalAltResult, Map, Position};

use super::state::State;
use super::trace::Broken;

/// So many are remembered, the latest.
const KEPT: usize = 8;

/// Marks of values that were caught count from here: a script's own are small.
const FIRST: i32 = 1 << 30;

/// An error that was caught, by the mark of the value that the script has for it.
pub(super) struct Caught {
    mark: i32,
    broken: Broken,
}

/// What is caught in place of the error; `source` is the file whose code catches it.
pub(super) fn keep(error: Box<EvalAltResult>, source: Option<&str>) -> Box<EvalAltResult> {
    let passes = matches!(*error, EvalAltResult::LoopBreak(..) | EvalAltResult::Return(..));
    let Some(state) = State::current().filter(|_| !passes && error.is_catchable()) else { return error };
    let broken = Broken::new(&state.library, error);
    let mut value = match broken.thrown() {
        Some(value) => value.clone(),
        None => {
            let fault = broken.fault(&state.library, source);
            let message = match fault.help {
                Some(help) => format!("{} ({help})", fault.what),
                None => fault.what,
            };
            let mut map = Map::from([("message".into(), message.into())]);
            if let Some(place) = fault.at {
                map.insert("source".into(), place.file.into());
                map.insert("line".into(), (place.line as i64).into());
                map.insert("position".into(), (place.column.unwrap_or(0) as i64).into());
            }
            map.into()
        }
    };
    let mut all = state.caught.borrow_mut();
    let mark = all.last().map_or(FIRST, |last| last.mark.checked_add(1).unwrap_or(FIRST));
    if all.len() >= KEPT {
        all.remove(0);
    }
    all.push(Caught { mark, broken });
    value.set_tag(mark);
    Box::new(EvalAltResult::ErrorRuntime(value, Position::NONE))
}

/// The error that was caught as this value, if it was.
pub(super) fn again(value: &Dynamic) -> Option<Broken> {
    let state = State::current().filter(|_| value.tag() >= FIRST)?;
    let mut all = state.caught.borrow_mut();
    let at = all.iter().position(|caught| caught.mark == value.tag())?;
    let mut broken = all.remove(at).broken;
    // What it is now: the script may have added to it.
    if broken.thrown().is_some() {
        broken.throw(value.clone());
    }
    Some(broken)
}
