//! What a script may use: time, by the fiber it runs on; stack; memory. Asked at every operation
//! of the engine, and at every variable, whose place is known.

use rhai::{Dynamic, Engine, EvalAltResult, Position};

use crate::units;
use crate::vu::fiber::{self, Doom};

use super::names;
use super::state::State;

/// Address space of a fiber's stack. Only touched pages use memory.
pub const STACK: usize = if cfg!(debug_assertions) { 64 << 20 } else { 16 << 20 };

/// Less must not be left when an operation of a script begins. What lies between two operations (the
/// engine's own frames, a host function, its JSON) fits into it many times over.
const RESERVE: usize = if cfg!(debug_assertions) { 2 << 20 } else { 512 << 10 };

/// How deep script functions may call each other.
const CALL_LEVELS: usize = 200;

/// So many levels lie between there and the engine's own limit, which tells no place.
const SPARE_LEVELS: usize = 20;

/// How deep expressions and blocks may nest, at the top level and in functions. The parser recurses
/// on the stack of whoever compiles.
const DEPTH: usize = 64;

/// So many operations a call may go on with, once it has to end, until it comes to a variable: there
/// the place is known where it ends.
const GRACE: u32 = 1000;

/// The same for a call that holds too much memory, which could grow on.
const HEAVY_GRACE: u32 = 20;

pub(super) fn set(engine: &mut Engine) {
    engine.set_max_call_levels(CALL_LEVELS + SPARE_LEVELS);
    engine.set_max_expr_depths(DEPTH, DEPTH);
    engine.set_max_operations(0);
    engine.set_max_modules(usize::MAX);
    engine.set_max_functions(usize::MAX);
    engine.set_max_variables(100_000);
    engine.disable_symbol("eval");
    names::translate(engine);
    engine.on_progress(|_| {
        let pulse = fiber::pulse();
        if pulse.room < RESERVE {
            return Some(Dynamic::UNIT);
        }
        // Memory first: a call that holds too much ends soon, at the same place whoever else is due.
        if pulse.is_heavy {
            return too_heavy();
        }
        if pulse.is_due { give_way() } else { None }
    });
}

/// Lets other VUs have their turn within code that runs for a script.
pub(super) fn tick() -> Result<(), fiber::Interrupted> {
    match State::current() {
        Some(state) => state.account.in_host(fiber::tick),
        None => fiber::tick(),
    }
}

/// Lets other VUs have their turn while a value is made for a script. `Err`: it takes too much memory, or the
/// call is to end.
pub(super) fn tick_making() -> Result<(), fiber::Interrupted> {
    if fiber::pulse().is_heavy
        && let Some(state) = State::current()
    {
        state.over_memory.set(true);
        return Err(fiber::Interrupted);
    }
    tick()
}

/// Others get their turn, or the call has to end.
#[cold]
fn give_way() -> Option<Dynamic> {
    let Some(state) = fiber::local::<State>() else { return Some(Dynamic::UNIT) };
    match tick() {
        Ok(()) => None,
        Err(_) => ended(&state),
    }
}

/// The call has to end: at once, or where its place is known.
fn ended(state: &State) -> Option<Dynamic> {
    if matches!(fiber::doom(), Some(Doom::OverBudget(_))) && state.grace() < GRACE {
        return None;
    }
    Some(Dynamic::UNIT)
}

#[cold]
fn too_heavy() -> Option<Dynamic> {
    let state = fiber::local::<State>()?;
    state.over_memory.set(true);
    (state.grace() >= HEAVY_GRACE).then_some(Dynamic::UNIT)
}

/// Ends the call at a variable, if it has to end.
pub(super) fn check(state: &State, level: usize) -> Result<(), Box<EvalAltResult>> {
    if fiber::doom().is_some() || state.is_over_memory() {
        return Err(last_words(state).unwrap_or_else(interruption));
    }
    if state.leaving.get() {
        return Err(interruption());
    }
    if level > CALL_LEVELS || fiber::pulse().room < 2 * RESERVE {
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
        Some(Doom::Stopped | Doom::Late) => None,
        None if state.is_over_memory() => {
            let limit = units::format_size(state.library.memory_limit as u64);
            Some(format!("memory limit exceeded: one VU may hold {limit}"))
        }
        None => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use rhai::Scope;

    use super::*;

    thread_local! {
        /// What was left at the operation before, and the most that one took.
        static LAST: Cell<usize> = const { Cell::new(0) };
        static MOST: Cell<usize> = const { Cell::new(0) };
        /// The least that was left.
        static LEAST: Cell<usize> = const { Cell::new(0) };
        /// What was left at the first call, and how many there were.
        static FIRST: Cell<usize> = const { Cell::new(0) };
        static CALLS: Cell<usize> = const { Cell::new(0) };
    }

    /// Bytes of stack: the most from one operation to the next, and for each level of calls, where the script
    /// calls `level` once in each.
    fn measure(script: &str) -> (usize, usize) {
        let mut engine = Engine::new();
        set(&mut engine);
        engine.register_fn("level", || {
            let room = fiber::pulse().room;
            if CALLS.get() == 0 {
                FIRST.set(room);
            }
            CALLS.set(CALLS.get() + 1);
        });
        engine.on_progress(|_| {
            let room = fiber::pulse().room;
            MOST.set(MOST.get().max(LAST.get().saturating_sub(room)));
            LAST.set(room);
            LEAST.set(LEAST.get().min(room));
            (room < RESERVE).then_some(Dynamic::UNIT)
        });
        [&LAST, &MOST, &FIRST, &CALLS].into_iter().for_each(|cell| cell.set(0));
        LEAST.set(usize::MAX);
        fiber::want_stack(STACK);
        let call = fiber::call(Duration::from_secs(100), || {
            LAST.set(fiber::pulse().room);
            let ended = engine.eval_with_scope::<()>(&mut Scope::new(), script);
            assert!(ended.is_err(), "{script} comes to an end");
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(call.unwrap()).unwrap();
        (MOST.get(), FIRST.get().saturating_sub(LEAST.get()) / CALLS.get().max(1))
    }

    /// What lies between two operations must fit many times into what is left when one begins.
    #[test]
    fn no_operation_comes_near_the_reserve() {
        let nest = |open: &str, close: &str| format!("{}f(n + 1){}", open.repeat(18), close.repeat(18));
        for body in [
            "f(n + 1)".to_owned(),
            "1 + f(n + 1)".to_owned(),
            "let g = |x| f(x + 1); g.call(n)".to_owned(),
            "[n].map(|x| f(x + 1))".to_owned(),
            "[n].reduce(|sum, x| f(x + 1), 0)".to_owned(),
            "`${n} ${`${n} ${f(n + 1)}`}`".to_owned(),
            "switch n { 0 => 1, _ => if n > 0 { f(n + 1) } }".to_owned(),
            "try { f(n + 1) } catch (e) { throw e; }".to_owned(),
            "for x in [n] { while true { f(n + 1); } }".to_owned(),
            "let m = #{ a: #{ b: [n] } }; m.a.b[0] = f(n + 1);".to_owned(),
            format!("\"x\"{} + f(n + 1)", ".to_upper()".repeat(40)),
            nest("[", "]"),
            nest("#{ a: ", " }"),
            nest("(1 + ", ")"),
            nest("if true { ", " }"),
        ] {
            let (step, level) = measure(&format!("fn f(n) {{ level(); {body} }} f(1)"));
            println!(
                "{:>4} KiB a level, {:>4} KiB at most in one operation: {body}",
                level >> 10,
                step >> 10
            );
            assert!(step < RESERVE / 4, "{step} bytes of {RESERVE} in one operation: {body}");
        }
    }
}
