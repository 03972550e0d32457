//! Options of Locust and k6 that the command line does not need: an error that says so, and what to do instead, rather
//! than a bare "unexpected argument". Called by `cli`.

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

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
        "one process uses all cores (--workers N says how many); for several machines see --segment, and --nats with --run",
    ),
    (&["--web-auth"], "--web-login USER:PASSWORD guards the page"),
    (&["--class-picker"], "the page of --web always lets one choose classes"),
    (
        &["--tls-cert", "--tls-key"],
        "the page of --web is plain HTTP, and a proxy before it can speak TLS; `settings.tls` in config/NAME.yaml is for \
         requests",
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
    match ELSEWHERE.iter().find(|(options, _)| options.contains(&named)).map(|(_, advice)| *advice) {
        Some(advice) => {
            command.error(ErrorKind::UnknownArgument, format!("{named} is no option of e2e: {advice}"))
        }
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::super::definition::Args;
    use super::*;
    use clap::CommandFactory;

    /// One that has come since must not be called missing.
    #[test]
    fn what_is_elsewhere_is_not_here() {
        let command = Args::command();
        for (options, _) in ELSEWHERE {
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
