//! `options { .. }`: what a script asks for unless flags, variables or the
//! configuration say otherwise. Read once, from the loading of the scripts.

use crate::fault::Place;

use super::frame::{Arg, Frame, HostResult, Raise, wrong};
use super::object::{Field, HostFn, Module, Record};

/// What `ScriptOptions::set` understands.
pub(super) static RUN_OPTIONS: Record = Record {
    name: "RunOptions",
    doc: "Defaults of the run. Flags, variables (`E2E_USERS` and so on) and the environment file's `load` come before \
          them.",
    given: true,
    fields: &[
        Field { name: "users", sig: "integer", doc: "Users at full load (1)." },
        Field {
            name: "spawn_rate",
            sig: "number|string",
            doc: "Users to start per second (1); `\"30/m\"` is 0.5.",
        },
        Field {
            name: "run_time",
            sig: "number|string",
            doc: "When to stop: seconds, or `\"1h20m\"`. Without it: when stopped by hand.",
        },
        Field { name: "iterations", sig: "integer", doc: "Stop after so many tasks of all users together." },
        Field {
            name: "stop_timeout",
            sig: "number|string",
            doc: "How long running tasks may take to finish at the end (10 s).",
        },
        Field { name: "seed", sig: "integer", doc: "Repeats the decisions of a run with the same seed." },
        Field {
            name: "scenarios",
            sig: "table<string, Scenario>",
            doc: "The load as parts that each have a pace and an end of their own, by name; instead of `users` and \
                  `spawn_rate`, or of a load shape.",
        },
        Field {
            name: "thresholds",
            sig: "table<string, string|Threshold|(string|Threshold)[]>",
            doc: "What is demanded of metrics: `{ http_req_failed = \"rate<0.01\" }`. The run fails with exit code 99 \
                  where one is crossed.",
        },
    ],
};

/// An item of the option `scenarios`.
pub(super) static SCENARIO: Record = Record {
    name: "Scenario",
    doc: "A part of the load, as k6 has it. Which fields it has depends on its executor; durations are seconds or texts.",
    given: true,
    fields: &[
        Field {
            name: "executor",
            sig: "\"constant_vus\"|\"ramping_vus\"|\"per_vu_iterations\"|\"shared_iterations\"|\"constant_arrival_rate\"|\"ramping_arrival_rate\"",
            doc: "How it goes on. At an arrival rate iterations begin at their moments, whatever those before them take.",
        },
        Field {
            name: "exec",
            sig: "string",
            doc: "The user class, or the global function, that it runs; needed where there are several classes. A function gets the user as its argument, as a task does.",
        },
        Field { name: "start_time", sig: "number|string", doc: "When it begins, since the first users (0)." },
        Field {
            name: "graceful_stop",
            sig: "number|string",
            doc: "How long running tasks may take to finish at its end (30 s).",
        },
        Field {
            name: "graceful_ramp_down",
            sig: "number|string",
            doc: "The same for users that `ramping_vus` takes off (30 s).",
        },
        Field { name: "env", sig: "table<string, Plain>", doc: "Added to the script's `env` in it." },
        Field { name: "tags", sig: "table<string, Plain>", doc: "Of all its samples, for thresholds." },
        Field { name: "vus", sig: "integer", doc: "Users (1)." },
        Field { name: "start_vus", sig: "integer", doc: "Users that `ramping_vus` begins with (1)." },
        Field { name: "duration", sig: "number|string", doc: "How long it lasts." },
        Field { name: "max_duration", sig: "number|string", doc: "How long iterations may go on (10 min)." },
        Field {
            name: "iterations",
            sig: "integer",
            doc: "Iterations of each user, or of all together with `shared_iterations` (1).",
        },
        Field {
            name: "stages",
            sig: "{ duration: number|string, target: number }[]",
            doc: "In a straight line to each target: users, or iterations in `time_unit`.",
        },
        Field { name: "rate", sig: "number", doc: "Iterations that begin in `time_unit`." },
        Field {
            name: "start_rate",
            sig: "number",
            doc: "The rate that `ramping_arrival_rate` begins with (0).",
        },
        Field { name: "time_unit", sig: "number|string", doc: "What rates refer to (1 s)." },
        Field { name: "pre_allocated_vus", sig: "integer", doc: "Users that are there from its beginning." },
        Field {
            name: "max_vus",
            sig: "integer",
            doc: "Users that there may be, as more are needed (`pre_allocated_vus`). An iteration that is due while all are busy is dropped.",
        },
    ],
};

/// An item of the option `thresholds`.
pub(super) static THRESHOLD: Record = Record {
    name: "Threshold",
    doc: "What is demanded of a metric.",
    given: true,
    fields: &[
        Field {
            name: "threshold",
            sig: "string",
            doc: "A method, a comparison and a number: `p(95)<500`. Methods are `count` and `rate` of counters, `value` of \
                  gauges, `rate` of rates, and `avg`, `min`, `max`, `med` and `p(N)` of trends.",
        },
        Field {
            name: "regression",
            sig: "string",
            doc: "Instead of `threshold`: how much worse than in the run of `--baseline` a percentile of a trend may be, \
                  as `p(95)<+10%` or `med<+5%`.",
        },
        Field { name: "abort_on_fail", sig: "boolean", doc: "Ends the run as soon as it is crossed." },
        Field {
            name: "delay",
            sig: "number|string",
            doc: "How long the run must last before it may be ended by it.",
        },
    ],
};

pub(super) static MODULE: Module = Module {
    functions: &[HostFn {
        name: "options",
        sig: "(options: RunOptions)",
        doc: "Sets defaults of the run, at the top level of a script.",
        run: options,
    }],
    ..Module::EMPTY
};

fn options(frame: &dyn Frame) -> HostResult {
    let Arg::Table(table) = frame.arg(0) else { return Err(wrong("options", "a table", frame.arg(0))) };
    let position = frame.position();
    let (file, line) = position.rsplit_once(':').unwrap_or((&position, "0"));
    let place = Place { file: file.to_owned(), line: line.parse().unwrap_or(0), column: None, source: None };
    frame.each(table, &mut |key, value| {
        let key = key.to_text().ok_or_else(|| wrong("an option's name", "a string", key))?;
        let mut json = Vec::new();
        frame.encode(value, &mut json)?;
        let value = serde_json::from_slice(&json).map_err(|why| Raise::new(why.to_string()))?;
        frame.vu().shared.options.borrow_mut().set(&key, &value, place.clone()).map_err(|fault| {
            let raise = Raise::new(fault.what);
            fault.help.into_iter().fold(raise, Raise::help)
        })
    })
}
