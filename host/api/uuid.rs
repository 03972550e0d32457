//! `uuid`: identifiers, unique over VUs, runs and machines (a seed does not repeat them).

use ::uuid::Uuid;

use super::frame::{Arg, Frame, HostResult};
use super::object::{HostFn, Module};

pub(super) static MODULE: Module = Module {
    name: "uuid",
    doc: "Unique identifiers. `uuid()` is `uuid.v4()`.",
    functions: &[
        HostFn {
            name: "v4",
            sig: "(): string",
            doc: "A random UUID, as `f47ac10b-58cc-4372-a567-0e02b2c3d479`.",
            run: v4,
        },
        HostFn {
            name: "v7",
            sig: "(): string",
            doc: "A UUID that sorts by time.",
            run: |frame| give(frame, Uuid::now_v7()),
        },
        HostFn {
            name: "hex",
            sig: "(): string",
            doc: "A random UUID as 32 hexadecimal digits.",
            run: |frame| {
                let mut buffer = Uuid::encode_buffer();
                frame.give(Arg::Str(Uuid::new_v4().simple().encode_lower(&mut buffer).as_bytes()));
                Ok(())
            },
        },
    ],
    call: Some(&HostFn { name: "uuid", sig: "(): string", doc: "A random UUID.", run: v4 }),
    ..Module::EMPTY
};

fn v4(frame: &dyn Frame) -> HostResult {
    give(frame, Uuid::new_v4())
}

fn give(frame: &dyn Frame, uuid: Uuid) -> HostResult {
    let mut buffer = Uuid::encode_buffer();
    frame.give(Arg::Str(uuid.hyphenated().encode_lower(&mut buffer).as_bytes()));
    Ok(())
}
