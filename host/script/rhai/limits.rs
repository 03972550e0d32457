//! What a script may use: time, by the fiber it runs on; stack; memory. Asked at every operation
//! of the engine, and at every variable, whose place is known.

use rhai::{Dynamic, Engine, EvalAltResult, Position};

use crate::units;
use crate::vu::fiber::{self, Doom};

use super::state::State;

/// Address space of a fiber's stack. Only touched pages use memory.
pub const STACK: usize = if cfg!(debug_assertions) { 64 << 20 } else { 16 << 20 };

/// Less must not be left when an operation of a script begins. What lies between two operations (the
/// engine's own frames, a host function, its JSON) fits into it many times over.
const RESERVE: usize = if cfg!(debug_assertions) { 2 << 20 } else { 512 << 10 };

/// How deep script functions may call each other.
const CALL_LEVELS: usize = 200;

/// How deep expressions and blocks may nest, at the top level and in functions. The parser recurses
/// on the stack of whoever compiles.
const DEPTH: usize = 64;

/// So many operations a call may go on with, once it has to end, until it comes to a variable: there
/// the place is known where it ends.
const GRACE: u32 = 1000;

/// So many operations lie between two looks at the memory.
const LOOK: u64 = 32;

pub(super) fn set(engine: &mut Engine) {
    engine.set_max_call_levels(CALL_LEVELS);
    engine.set_max_expr_depths(DEPTH, DEPTH);
    engine.set_max_operations(0);
    engine.set_max_modules(usize::MAX);
    engine.set_max_functions(usize::MAX);
    engine.set_max_variables(100_000);
    engine.disable_symbol("eval");
    engine.on_progress(|operations| {
        if fiber::room() < RESERVE {
            return Some(Dynamic::UNIT);
        }
        if fiber::tick().is_err() {
            return ended();
        }
        if operations.is_multiple_of(LOOK) { look() } else { None }
    });
}

/// The call has to end: at once, or where its place is known.
#[cold]
fn ended() -> Option<Dynamic> {
    let Some(state) = fiber::local::<State>() else { return Some(Dynamic::UNIT) };
    if matches!(fiber::doom(), Some(Doom::OverBudget(_))) && state.grace() < GRACE {
        return None;
    }
    Some(Dynamic::UNIT)
}

fn look() -> Option<Dynamic> {
    let state = fiber::local::<State>()?;
    (state.is_over_memory() && state.grace() >= GRACE).then_some(Dynamic::UNIT)
}

/// Ends the call at a variable, if it has to end.
pub(super) fn check(state: &State) -> Result<(), Box<EvalAltResult>> {
    if fiber::doom().is_some() || state.is_over_memory() {
        return Err(last_words(state).unwrap_or_else(interruption));
    }
    if state.leaving.get() {
        return Err(interruption());
    }
    if fiber::room() < 2 * RESERVE {
        return Err(overflow());
    }
    Ok(())
}

pub(super) fn overflow() -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(STACK_OVERFLOW.into(), Position::NONE).into()
}

/// What ends a call without a word, and cannot be caught.
pub(super) fn interruption() -> Box<EvalAltResult> {
    EvalAltResult::ErrorTerminated(Dynamic::UNIT, Position::NONE).into()
}

pub const STACK_OVERFLOW: &str = "stack overflow";

/// What a call that has to end says, at a place of its script; None where nobody wants to know.
pub(super) fn last_words(state: &State) -> Option<Box<EvalAltResult>> {
    let text = reason(state)?;
    Some(EvalAltResult::ErrorRuntime(text.into(), Position::NONE).into())
}

/// Why a VM is of no further use, in words.
pub(super) fn reason(state: &State) -> Option<String> {
    match fiber::doom() {
        Some(Doom::OverBudget(budget)) => Some(format!(
            "cpu budget exceeded: the call ran for {} without an end",
            units::format_duration(budget)
        )),
        Some(Doom::Panicked) => Some("internal fault in a host call".to_owned()),
        Some(Doom::Stopped) => None,
        None if state.is_over_memory() => {
            let limit = units::format_size(state.library.memory_limit as u64);
            Some(format!("memory limit exceeded: one VU may hold {limit}"))
        }
        None => None,
    }
}
