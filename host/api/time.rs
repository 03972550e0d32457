//! `time` and `sleep`.

use std::pin::pin;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::units;
use crate::vu::fiber;

use super::frame::{Arg, Frame, HostResult, Raise};
use super::object::{HostFn, Module};

pub(super) static MODULE: Module = Module {
    name: "time",
    doc: "Clocks.",
    functions: &[
        HostFn {
            name: "now",
            sig: "(): number",
            doc: "Seconds since 1970, with their fraction.",
            run: |frame| {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                frame.give(Arg::Num(now.as_secs_f64()));
                Ok(())
            },
        },
        HostFn {
            name: "monotonic",
            sig: "(): number",
            doc: "Seconds since the start of the run, on a clock that is never set.",
            run: |frame| {
                frame.give(Arg::Num(frame.vu().shared.started.elapsed().as_secs_f64()));
                Ok(())
            },
        },
        HostFn {
            name: "iso",
            sig: "(seconds?: number): string",
            doc: "A time (now, unless given as seconds since 1970) as `2026-01-31T12:00:00.123Z`.",
            run: iso,
        },
    ],
    ..Module::EMPTY
};

pub(super) static GLOBALS: Module = Module {
    functions: &[HostFn {
        name: "sleep",
        sig: "(seconds: number)",
        doc: "Waits; other VUs go on meanwhile.",
        run: sleep,
    }],
    ..Module::EMPTY
};

fn iso(frame: &dyn Frame) -> HostResult {
    let time = match frame.arg(0) {
        Arg::Nil => jiff::Timestamp::now(),
        _ => {
            let seconds = frame.number(0, "the time")?;
            let out_of_range = || Raise::new(format!("{seconds:?} is no time in seconds since 1970"));
            let millis = (seconds * 1e3).round();
            if millis.abs() > 1e15 {
                return Err(out_of_range());
            }
            jiff::Timestamp::from_millisecond(millis as i64).map_err(|_| out_of_range())?
        }
    };
    frame.give(Arg::Str(time.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string().as_bytes()));
    Ok(())
}

fn sleep(frame: &dyn Frame) -> HostResult {
    let seconds = frame.number(0, "the time to sleep")?;
    let time = units::duration_of_seconds(seconds)
        .map_err(|why| Raise::new(format!("cannot sleep for {seconds:?} s: {why}")))?;
    if frame.loading() {
        return Err(
            Raise::new("no script can sleep while it is loaded").help("move it to on_start or a task")
        );
    }
    if time.is_zero() {
        fiber::wait(pin!(tokio::task::yield_now()))?;
    } else {
        fiber::wait(pin!(tokio::time::sleep(time)))?;
    }
    Ok(())
}
