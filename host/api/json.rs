//! `json`: text to values and back, exact or an error.

use super::frame::{Arg, wrong};
use super::object::{HostFn, Module};

pub(super) static MODULE: Module = Module {
    name: "json",
    doc: "JSON text and values. 64-bit integers are exact.",
    functions: &[
        HostFn {
            name: "encode",
            sig: "(value: any): string",
            doc: "The value as JSON. A table with keys 1..n is a list; an empty one is an object (see `array`).",
            run: |frame| {
                let mut out = Vec::with_capacity(256);
                frame.encode(frame.arg(0), &mut out)?;
                frame.give(Arg::Str(&out));
                Ok(())
            },
        },
        HostFn {
            name: "decode",
            sig: "(text: string): any",
            doc: "The value of a JSON text. null becomes `json.null`; lists stay lists, also when they are empty. An \
                  integer from 2^63 up to 2^64 is an error; one beyond 64 bits becomes a float.",
            run: |frame| match frame.arg(0) {
                Arg::Str(text) => frame.give_json(text, None),
                other => Err(wrong("the JSON text", "a string", other)),
            },
        },
        HostFn {
            name: "array",
            sig: "(list?: table): table",
            doc: "Marks a table as a list, so that it is one in JSON even when it is empty. Returns it.",
            run: |frame| match frame.arg(0) {
                Arg::Nil => frame.give_list(&mut |_| Ok(())),
                Arg::Table(table) => frame.give_marked(table),
                other => Err(wrong("the list", "a table", other)),
            },
        },
    ],
    constants: &[HostFn {
        name: "null",
        sig: "Null",
        doc: "JSON's null: unlike nil, a table can hold it.",
        run: |frame| {
            frame.give(Arg::Null);
            Ok(())
        },
    }],
    ..Module::EMPTY
};
