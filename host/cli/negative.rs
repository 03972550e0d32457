//! Numbers below zero, which clap takes for options it does not know, or for no digits: an error that says what is
//! wrong with them. Called by `cli` and `variables`.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};

/// The names of values that are numbers, none of which may be negative.
const NUMBERS: [&str; 6] = ["N", "R", "TIME", "PORT", "SHARE", "LENGTH/EVERY"];

/// Replaces clap's error where it is about one of these.
pub(super) fn explain(error: clap::Error, command: &mut Command, args: &[OsString]) -> clap::Error {
    let told = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let found = match error.kind() {
        // `-u -1`: the option is what stands before it.
        ErrorKind::UnknownArgument => {
            told(ContextKind::InvalidArg).and_then(|unknown| before(command, args, unknown))
        }
        // `--users=-1`
        ErrorKind::ValueValidation => {
            let (value, option) = (told(ContextKind::InvalidValue), told(ContextKind::InvalidArg));
            let is_number = |option: &&str| NUMBERS.iter().any(|name| option.ends_with(&format!("<{name}>")));
            value.zip(option.filter(is_number)).map(|(value, option)| (value.to_owned(), option.to_owned()))
        }
        _ => None,
    };
    match found.filter(|(value, _)| is_negative(value)) {
        Some((value, option)) => {
            let what = format!("invalid value '{value}' for '{option}': it cannot be negative");
            command.error(ErrorKind::ValueValidation, what)
        }
        None => error,
    }
}

/// The argument that clap stopped at, of which it may tell only the first letter, and the option whose value it is.
fn before(command: &Command, args: &[OsString], unknown: &str) -> Option<(String, String)> {
    let texts: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).collect();
    let here = texts.iter().position(|text| text.starts_with(unknown) && is_negative(text))?;
    let option = texts.get(here.checked_sub(1)?)?;
    let is_it = |arg: &&Arg| {
        let long = arg.get_long().is_some_and(|long| option.strip_prefix("--") == Some(long));
        // `-u`, or the last of several that stand together.
        let short =
            !option.starts_with("--") && option.starts_with('-') && option.chars().last() == arg.get_short();
        (long || short) && is_number(arg)
    };
    let all = command.get_arguments().chain(command.get_subcommands().flat_map(Command::get_arguments));
    let arg = all.into_iter().find(is_it)?;
    let name = arg.get_value_names()?.first()?;
    Some((texts[here].to_owned(), format!("--{} <{name}>", arg.get_long()?)))
}

fn is_number(arg: &Arg) -> bool {
    arg.get_value_names().is_some_and(|names| names.iter().any(|name| NUMBERS.contains(&name.as_str())))
}

/// `-1`, `-.5`, `-5s`
fn is_negative(text: &str) -> bool {
    let rest = text.strip_prefix('-').unwrap_or_default();
    rest.strip_prefix('.').unwrap_or(rest).starts_with(|c: char| c.is_ascii_digit())
}
