//! `check`: named conditions, counted apart from requests.

use super::frame::{Arg, Frame, HostResult, wrong};
use super::object::{HostFn, Module};

pub(super) static MODULE: Module = Module {
    functions: &[HostFn {
        name: "check",
        sig: "(subject: any, checks: boolean|table<string, boolean|fun(subject: any): any>): boolean",
        doc: "Counts each named condition as passed or failed and returns whether all held. `check(name, condition)` \
              counts one. A failed check does not fail the request.",
        run: check,
    }],
    ..Module::EMPTY
};

fn check(frame: &dyn Frame) -> HostResult {
    let vu = frame.vu();
    let count = |name: &str, held: bool| vu.record_check(name, held);
    let mut all = true;
    match (frame.arg(0), frame.arg(1)) {
        (subject, Arg::Table(checks)) => frame.each(checks, &mut |name, condition| {
            let Arg::Str(text) = name else { return Err(wrong("a check's name", "a string", name)) };
            let name = String::from_utf8_lossy(text);
            let held = match condition {
                Arg::Bool(held) => held,
                Arg::Function(condition) => match frame.invoke(condition, &[subject]) {
                    Ok(held) => held,
                    Err(raise) => {
                        count(&name, false);
                        return Err(raise);
                    }
                },
                other => return Err(wrong(&format!("the check `{name}`"), "a function or a boolean", other)),
            };
            count(&name, held);
            all &= held;
            Ok(())
        })?,
        (Arg::Str(_), Arg::Nil) if frame.count() < 2 => {
            return Err(wrong("the condition", "a boolean", Arg::Nil));
        }
        (Arg::Str(_), condition) => {
            all = !matches!(condition, Arg::Nil | Arg::Bool(false));
            count(frame.text(0, "the check's name")?, all);
        }
        (_, other) => return Err(wrong("the table of checks", "a table", other)),
    }
    frame.give(Arg::Bool(all));
    Ok(())
}
