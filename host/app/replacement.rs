//! A process that plays the segment of one that was lost: this program once more, with the same arguments. Used by
//! `together`.

use std::ffi::OsString;
use std::process::{Child, Command, Stdio};

/// None where the system starts none. What it says goes to the standard error of this one.
pub(super) fn replacement(segment: u64, count: u64) -> Option<Child> {
    let program = std::env::current_exe().ok()?;
    let mut command = Command::new(program);
    command.args(arguments(std::env::args_os().skip(1), segment, count));
    command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().ok()
}

fn arguments(own: impl Iterator<Item = OsString>, segment: u64, count: u64) -> Vec<OsString> {
    let mut arguments = vec![OsString::from(format!("--segment={segment}/{count}"))];
    let (mut skips, mut is_over) = (false, false);
    for argument in own {
        is_over |= argument == "--";
        let text = argument.to_string_lossy();
        if std::mem::take(&mut skips) || (!is_over && text.starts_with("--segment=")) {
            continue;
        }
        if !is_over && text == "--segment" {
            skips = true;
            continue;
        }
        arguments.push(argument);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_segment_is_another_and_all_else_is_the_same() {
        let own = ["-f", "a.lua", "--segment", "0/4", "--nats=x", "--segment=1/4", "--", "--segment"];
        let expected = ["--segment=3/4", "-f", "a.lua", "--nats=x", "--", "--segment"].map(OsString::from);
        assert_eq!(arguments(own.into_iter().map(OsString::from), 3, 4), expected);
    }
}
