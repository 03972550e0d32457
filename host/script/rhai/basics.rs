//! What this language lacks of what Lua's library has: `assert`, `print` of several values, and
//! `math.random`, seeded per VU. Bound by `bind`.

use crate::api::{Arg, Frame, HostFn, HostResult, Module, Raise, wrong};

use super::state::State;

pub(super) static FUNCTIONS: Module = Module {
    functions: &[
        HostFn {
            name: "assert",
            sig: "(condition: any, message?: any): any",
            doc: "Raises the message where the condition is false or `()`; else returns the condition.",
            run: assert,
        },
        HostFn {
            name: "print",
            sig: "(...: any)",
            doc: "Logs its arguments, with tabs between them.",
            run: print,
        },
        HostFn {
            name: "invoke",
            sig: "(function: fun(...: any): any, ...: any): any",
            doc: "Calls a function as the host does: with `this`, and with as many of the arguments as it takes.",
            run: invoke,
        },
    ],
    ..Module::EMPTY
};

pub(super) static MATH: Module = Module {
    name: "math",
    doc: "Random numbers. What else there is to numbers, they have as methods: `x.floor()`.",
    functions: &[HostFn {
        name: "random",
        sig: "(a?: integer, b?: integer): number",
        doc: "A number from 0 up to 1; with `a` a whole number from 1 to `a` (any at all, where `a` is 0), with both from `a` to `b`. Seeded from \
              `--seed` and the user's number, as in Lua.",
        run: random,
    }],
    ..Module::EMPTY
};

fn assert(frame: &dyn Frame) -> HostResult {
    let condition = frame.arg(0);
    if !matches!(condition, Arg::Nil | Arg::Bool(false)) {
        frame.give(condition);
        return Ok(());
    }
    match frame.arg(1) {
        Arg::Nil => Err(Raise::new("assertion failed!")),
        message => match message.to_text() {
            Some(text) => Err(Raise::new(text)),
            None => {
                let mut json = Vec::new();
                frame.encode(message, &mut json)?;
                Err(Raise::new(String::from_utf8_lossy(&json)))
            }
        },
    }
}

/// Of several values: one alone is the engine's own `print`, which comes to the same.
fn print(frame: &dyn Frame) -> HostResult {
    let mut line = String::new();
    for index in 0..frame.count() {
        if index > 0 {
            line.push('\t');
        }
        match frame.arg(index) {
            Arg::Nil => line.push_str("()"),
            Arg::Num(number) => line.push_str(&super::written::float(number)),
            arg => match arg.to_text() {
                Some(text) => line.push_str(&text),
                None => {
                    let mut json = Vec::new();
                    match frame.encode(arg, &mut json) {
                        Ok(()) => line.push_str(&String::from_utf8_lossy(&json)),
                        Err(_) => line.push_str(arg.type_name()),
                    }
                }
            },
        }
    }
    // The engine hands on what functions of this name return, to where all is printed.
    frame.give(Arg::Str(line.as_bytes()));
    Ok(())
}

fn invoke(frame: &dyn Frame) -> HostResult {
    let Arg::Function(function) = frame.arg(0) else {
        return Err(wrong("what is to be called", "a function", frame.arg(0)));
    };
    let args: Vec<Arg<'_>> = (1..frame.count()).map(|index| frame.arg(index)).collect();
    frame.call(function, &args)
}

fn random(frame: &dyn Frame) -> HostResult {
    let Some(state) = State::current() else { return Ok(()) };
    let mut rng = state.rng().borrow_mut();
    let whole = |index: usize, what: &str| match frame.arg(index) {
        Arg::Int(number) => Ok(number),
        Arg::Num(number) => Err(Raise::new(format!("{what} must be a whole number, not {number:?}"))),
        other => Err(Raise::new(format!("{what} must be a whole number, not a {}", other.type_name()))),
    };
    let (low, high) = match frame.count() {
        0 => {
            frame.give(Arg::Num(rng.float()));
            return Ok(());
        }
        1 => (1, whole(0, "the largest number")?),
        _ => (whole(0, "the smallest number")?, whole(1, "the largest number")?),
    };
    if frame.count() == 1 && high == 0 {
        frame.give(Arg::Int(rng.bits().cast_signed()));
        return Ok(());
    }
    if low > high {
        return Err(Raise::new(format!("there is no number from {low} to {high}")));
    }
    frame.give(Arg::Int(rng.between(low, high)));
    Ok(())
}
