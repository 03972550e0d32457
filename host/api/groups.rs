//! `group`: a named part of a script's work, whose time is measured, and whose
//! checks and requests are told apart.

use std::time::Instant;

use crate::metrics::Group;
use crate::vu::Vu;

use super::frame::{Arg, Frame, HostResult, Raise, wrong};
use super::object::{HostFn, Module};

pub(super) static MODULE: Module = Module {
    functions: &[HostFn {
        name: "group",
        sig: "(name: string, run: fun(): any): any",
        doc: "Runs the function as a named part of the task, and returns what it returns. How long it took is \
              measured; checks are listed below their group, and requests are counted in it too. Names of groups \
              within groups are joined with `::`. An error in the function ends the group and goes on. \
              It cannot `coroutine.yield` to a coroutine around the group; nor can other functions that the host calls.",
        run: group,
    }],
    ..Module::EMPTY
};

/// Ends the group whatever becomes of its function.
struct Within<'v> {
    vu: &'v Vu,
    group: Group,
    outer: Group,
    started: Instant,
}

impl Drop for Within<'_> {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        self.vu.record_group(self.group, took);
        self.vu.group.set(self.outer);
    }
}

fn group(frame: &dyn Frame) -> HostResult {
    let name = frame.text(0, "the group's name")?;
    if name.is_empty() {
        return Err(Raise::new("the group's name is empty"));
    }
    if name.contains("::") {
        let raise =
            Raise::new(format!("the group's name `{name}` contains `::`, which joins names of groups"));
        return Err(raise.help("call `group` within a group instead"));
    }
    let Arg::Function(function) = frame.arg(1) else {
        return Err(wrong("what the group runs", "a function", frame.arg(1)));
    };
    if frame.loading() {
        return Err(
            Raise::new("no group can run while the script is loaded").help("move it to on_start or a task")
        );
    }
    let vu = frame.vu();
    let outer = vu.group.get();
    let group = vu.shared.recorder.borrow_mut().group(outer, name);
    vu.group.set(group);
    let _within = Within { vu, group, outer, started: Instant::now() };
    frame.call(function, &[])
}
