//! What a script can read of its surroundings: `config`, `env`, `vu`; and `test`.

use crate::vu::fiber;

use super::frame::{Arg, Frame, HostResult, Raise};
use super::object::{HostFn, Member, MemberKind, Module, ObjectType};

pub(super) static CONFIG: Module = Module {
    name: "config",
    doc: "The environment file (`config/<env>.yaml`) with its variables expanded, and the effective `environment` and \
          `base_url`. Read-only.",
    value: Some(|frame| {
        frame.give(Arg::View(frame.vu().shared.config));
        Ok(())
    }),
    sig: "table<string, any>",
    ..Module::EMPTY
};

pub(super) static ENV: Module = Module {
    name: "env",
    doc: "Environment variables: `TEST_*`, `E2E_*`, those of `-e NAME=VALUE`, and those that the configuration lists.",
    value: Some(|frame| {
        frame.give(Arg::View(frame.vu().env()));
        Ok(())
    }),
    sig: "table<string, string?>",
    ..Module::EMPTY
};

pub(super) static VU: Module = Module {
    name: "vu",
    doc: "The virtual user that runs this script.",
    value: Some(|frame| {
        frame.give(Arg::Object(&VU_OBJECT, 0));
        Ok(())
    }),
    sig: "Vu",
    ..Module::EMPTY
};

/// `vu`.
pub static VU_OBJECT: ObjectType = ObjectType {
    name: "Vu",
    doc: "A virtual user.",
    members: &[
        Member {
            name: "id",
            sig: "integer",
            doc: "Its number, from 1, unique in the run.",
            kind: MemberKind::Field(|frame, _| {
                frame.give(Arg::Int(frame.vu().id as i64));
                Ok(())
            }),
        },
        Member {
            name: "class",
            sig: "string",
            doc: "The name of its user class.",
            kind: MemberKind::Field(|frame, _| {
                frame.give(Arg::Str(frame.vu().class.as_bytes()));
                Ok(())
            }),
        },
        Member {
            name: "iteration",
            sig: "integer",
            doc: "How many tasks it has begun, this one included; 0 in on_start.",
            kind: MemberKind::Field(|frame, _| {
                frame.give(Arg::Int(frame.vu().iteration.get() as i64));
                Ok(())
            }),
        },
    ],
    ..ObjectType::EMPTY
};

pub(super) static TEST: Module = Module {
    name: "test",
    doc: "The run as a whole.",
    functions: &[HostFn {
        name: "abort",
        sig: "(message?: string)",
        doc: "Ends the run now; the process exits with 108.",
        run: abort,
    }],
    ..Module::EMPTY
};

fn abort(frame: &dyn Frame) -> HostResult {
    let message = frame.arg(0).to_text().map(|text| text.into_owned());
    let message = message.unwrap_or_else(|| "aborted by the script".to_owned());
    frame.vu().shared.abort.borrow_mut().get_or_insert(message);
    fiber::stop();
    Err(Raise::Interrupted)
}
