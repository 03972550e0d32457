//! Options that the command line will have, but not in this version, and those of Locust and k6 that it does not need:
//! an error that says so, and what to do instead, rather than a bare "unexpected argument". Called by `cli`.

use std::collections::BTreeMap;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

/// Options and what to do without them.
const LATER: &[(&[&str], &str)] = &[(
    &["--web", "--web-host", "--web-port", "--autostart", "--autoquit"],
    "there is no web interface yet: the terminal shows the run, and --watch repeats it after each change",
)];

/// Options of Locust and k6, and what does the same.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (
        &[
            "--master",
            "--worker",
            "--processes",
            "--expect-workers",
            "--expect-workers-max-wait",
            "--master-host",
            "--master-port",
            "--master-bind-host",
            "--master-bind-port",
        ],
        "one process uses all cores; --workers N says how many",
    ),
    (
        &["--web-auth", "--web-login", "--tls-cert", "--tls-key", "-P", "--class-picker"],
        "there is no web interface to set up; `settings.tls` in config/NAME.yaml is for requests",
    ),
    (&["--config"], "--env NAME reads config/NAME.yaml"),
    (&["--locustfile"], "-f PATH names a script"),
    (&["--print-stats"], "the tables are printed unless --only-summary or --quiet is given"),
    (&["--skip-log-setup", "--skip-log"], "-L LEVEL says how much is logged"),
    (&["--vus"], "-u N says how many users there are"),
    (&["--duration"], "-t TIME says how long the run lasts"),
    (&["--stage"], "a LoadTestShape in the script has stages; -u N and -r R start N users at that rate"),
    (
        &["--rps"],
        "`safety.max_rps` in config/NAME.yaml limits requests, and constant_throughput in a class tasks",
    ),
    (&["--insecure-skip-tls-verify"], "`settings.tls.verify: false` in config/NAME.yaml does that"),
    (&["--no-summary"], "--quiet prints errors only"),
];

/// Replaces clap's error where it is about one of these.
pub(super) fn explain(error: clap::Error, command: &mut Command) -> clap::Error {
    let named = match (error.kind(), error.get(ContextKind::InvalidArg)) {
        (ErrorKind::UnknownArgument, Some(ContextValue::String(named))) => named.clone(),
        _ => return error,
    };
    let named = named.split(['=', ' ']).next().unwrap_or_default();
    if let Some(advice) = advice(LATER, named) {
        return refuse(command, named, advice);
    }
    match advice(ELSEWHERE, named) {
        Some(advice) => {
            command.error(ErrorKind::UnknownArgument, format!("{named} is no option of e2e: {advice}"))
        }
        None => error,
    }
}

/// Refuses a variable of one of these, which would be ignored otherwise.
pub(super) fn check(command: &mut Command, variables: &BTreeMap<String, String>) -> Result<(), clap::Error> {
    let off = |value: &str| matches!(value.to_ascii_lowercase().as_str(), "" | "0" | "false" | "no" | "off");
    for (option, advice) in
        LATER.iter().flat_map(|(options, advice)| options.iter().map(move |o| (o, advice)))
    {
        let name = format!("E2E_{}", option.trim_start_matches('-').replace('-', "_").to_ascii_uppercase());
        if variables.get(&name).is_some_and(|value| !off(value)) {
            return Err(refuse(command, &format!("variable {name}"), advice));
        }
    }
    Ok(())
}

fn advice(table: &[(&[&str], &'static str)], option: &str) -> Option<&'static str> {
    table.iter().find(|(options, _)| options.contains(&option)).map(|(_, advice)| *advice)
}

fn refuse(command: &mut Command, named: &str, advice: &str) -> clap::Error {
    command.error(ErrorKind::UnknownArgument, format!("{named} is not in this version: {advice}"))
}

#[cfg(test)]
mod tests {
    use super::super::definition::Args;
    use super::*;
    use clap::CommandFactory;

    /// One that has come since must not be called missing.
    #[test]
    fn what_comes_later_is_not_here() {
        let command = Args::command();
        for (options, _) in LATER.iter().chain(ELSEWHERE) {
            for option in *options {
                let here = |arg: &clap::Arg| {
                    arg.get_long().is_some_and(|long| format!("--{long}") == *option)
                        || arg.get_short().is_some_and(|short| format!("-{short}") == *option)
                };
                let subs = command.get_subcommands().flat_map(Command::get_arguments);
                assert!(!command.get_arguments().chain(subs).any(here), "{option}");
            }
        }
    }
}
