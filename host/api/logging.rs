//! `log`: lines for the people who watch the run.

use crate::config::Level;

use super::frame::{Arg, Frame, HostResult};
use super::object::{HostFn, Module};

const SIG: &str = "(...: any)";

pub(super) static MODULE: Module = Module {
    name: "log",
    doc: "Log lines, shown above the progress bar and in `--logfile`. Tables are written as JSON.",
    functions: &[
        HostFn { name: "debug", sig: SIG, doc: "Shown with `-L debug`.", run: |f| line(f, Level::Debug) },
        HostFn { name: "info", sig: SIG, doc: "Shown by default.", run: |f| line(f, Level::Info) },
        HostFn { name: "warn", sig: SIG, doc: "Something looks wrong.", run: |f| line(f, Level::Warning) },
        HostFn { name: "error", sig: SIG, doc: "Something is wrong.", run: |f| line(f, Level::Error) },
    ],
    ..Module::EMPTY
};

fn line(frame: &dyn Frame, level: Level) -> HostResult {
    let mut text = String::new();
    for index in 0..frame.count() {
        if index > 0 {
            text.push(' ');
        }
        let arg = frame.arg(index);
        match arg {
            Arg::Str(bytes) => text.push_str(&String::from_utf8_lossy(bytes)),
            Arg::Nil => text.push_str(frame.nothing()),
            Arg::Function(_) | Arg::Other(_) | Arg::Object(..) => text.push_str(arg.type_name()),
            _ => {
                let mut json = Vec::new();
                match frame.encode(arg, &mut json) {
                    Ok(()) => text.push_str(&String::from_utf8_lossy(&json)),
                    Err(_) => text.push_str(arg.type_name()),
                }
            }
        }
    }
    frame.vu().log(level, text);
    Ok(())
}
