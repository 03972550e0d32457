//! `options { .. }`: what a script asks for unless flags, variables or the
//! configuration say otherwise. Read once, from the loading of the scripts.

use crate::fault::Place;

use super::frame::{Arg, Frame, HostResult, Raise, wrong};
use super::object::{HostFn, Module};

pub(super) static MODULE: Module = Module {
    functions: &[HostFn {
        name: "options",
        sig: "(options: { users?: integer, spawn_rate?: number, run_time?: string|number, iterations?: integer, \
              stop_timeout?: string|number, seed?: integer })",
        doc: "Sets defaults of the run; flags, variables and the configuration override them.",
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
