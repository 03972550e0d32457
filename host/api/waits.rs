//! What a class's `wait_time` can be, besides a function: data, which the host
//! reads once and computes with itself.

use crate::load::Wait;

use super::frame::{Arg, Frame, HostResult, Raise};
use super::object::{HostFn, Module};

pub(super) static MODULE: Module = Module {
    functions: &[
        HostFn {
            name: "between",
            sig: "(shortest: number, longest: number): WaitTime",
            doc: "Waits a random time between two numbers of seconds.",
            run: |f| {
                wait(
                    f,
                    "between",
                    Wait::Between(f.number(0, "the shortest wait")?, f.number(1, "the longest wait")?),
                )
            },
        },
        HostFn {
            name: "constant",
            sig: "(seconds: number): WaitTime",
            doc: "Waits the same time after each task.",
            run: |f| wait(f, "constant", Wait::Constant(f.number(0, "the wait")?)),
        },
        HostFn {
            name: "constant_pacing",
            sig: "(seconds: number): WaitTime",
            doc: "Starts a task every so many seconds, as long as tasks are shorter than that.",
            run: |f| wait(f, "constant_pacing", Wait::ConstantPacing(f.number(0, "the pace")?)),
        },
        HostFn {
            name: "constant_throughput",
            sig: "(per_second: number): WaitTime",
            doc: "Starts so many tasks a second and user, as long as tasks are short enough.",
            run: |f| wait(f, "constant_throughput", Wait::ConstantThroughput(f.number(0, "the throughput")?)),
        },
        HostFn {
            name: "poisson",
            sig: "(rate: number): WaitTime",
            doc: "Waits exponentially distributed times, with a mean of 1/rate seconds.",
            run: |f| wait(f, "poisson", Wait::Poisson(f.number(0, "the rate")?)),
        },
    ],
    ..Module::EMPTY
};

/// Returns `{ wait = kind, a, b }`.
fn wait(frame: &dyn Frame, kind: &str, wait: Wait) -> HostResult {
    wait.check().map_err(|fault| {
        let why = fault.why.map(|why| format!(": {why}")).unwrap_or_default();
        let raise = Raise::new(format!("{}{why}", fault.what));
        fault.help.into_iter().fold(raise, Raise::help)
    })?;
    let (a, b) = match wait {
        Wait::Between(a, b) => (a, b),
        Wait::Constant(a) | Wait::ConstantPacing(a) | Wait::ConstantThroughput(a) | Wait::Poisson(a) => {
            (a, 0.0)
        }
        Wait::None => (0.0, 0.0),
    };
    frame.give_map(&mut |put| {
        put("wait", Arg::Str(kind.as_bytes()));
        put("a", Arg::Num(a));
        put("b", Arg::Num(b));
        Ok(())
    })
}

/// The wait that a table made by one of these functions means.
pub fn wait_of(kind: &str, a: f64, b: f64) -> Option<Wait> {
    Some(match kind {
        "between" => Wait::Between(a, b),
        "constant" => Wait::Constant(a),
        "constant_pacing" => Wait::ConstantPacing(a),
        "constant_throughput" => Wait::ConstantThroughput(a),
        "poisson" => Wait::Poisson(a),
        _ => return None,
    })
}
