//! `secret`: what scripts must know and nobody is to see.

use super::frame::{Arg, Frame, HostResult, Raise};
use super::object::{HostFn, Module};

pub(super) static MODULE: Module = Module {
    functions: &[HostFn {
        name: "secret",
        sig: "(name: string): string",
        doc: "A secret: the variable of that name (`-e` included), else the file of that name in the folder \
              `settings.secrets` (`/run/secrets`). It is an error where there is neither. From then on its value is \
              written as `***` in every log line, result and message, also as it stands in URLs, JSON and base64; a \
              value of fewer than 4 bytes only where it stands alone.",
        run: secret,
    }],
    ..Module::EMPTY
};

fn secret(frame: &dyn Frame) -> HostResult {
    let name = frame.text(0, "the secret's name")?;
    let value = frame.vu().shared.data.secret(name).map_err(|fault| {
        let raise = Raise::new(fault.what);
        fault.help.into_iter().fold(raise, Raise::help)
    })?;
    frame.give(Arg::Str(value.as_bytes()));
    Ok(())
}
