//! Every option's variable: `E2E_` and its name. Called by `cli`. Not clap's own `env`, because that reads the
//! process's environment (which tests cannot set), takes an empty variable for a value, and splits lists on the
//! command line wherever it splits them in a variable.

use std::collections::BTreeMap;
use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::config::Origin;

use super::negative;

/// What clap made of arguments and variables, and which option a variable set.
pub(super) struct Filled {
    pub(super) matches: ArgMatches,
    variables: BTreeMap<String, String>,
}

impl Filled {
    /// Where the option `id` got its value.
    pub(super) fn origin(&self, id: &str) -> Origin {
        match self.variables.get(id) {
            Some(name) => Origin::Variable(name.clone()),
            None if id == "classes" => Origin::Flag("CLASS".to_string()),
            None => Origin::Flag(format!("--{}", id.replace('_', "-"))),
        }
    }
}

/// Names each option's variable in its help.
pub(super) fn describe(command: Command) -> Command {
    let prefix = prefix(command.get_name());
    command
        .mut_args(|arg| match variable_names(&arg, &prefix) {
            names if names.is_empty() => arg,
            names => {
                let help = arg.get_help().map(|help| help.to_string()).unwrap_or_default();
                arg.help(format!("{help} [env: {}]", names.join(", ")))
            }
        })
        .mut_subcommands(|sub| if sub.get_name() == "demo" { describe(sub) } else { sub })
}

/// Parses the arguments; options that they leave open come from their variables. A variable that is empty is
/// not set, and one of a list is separated by commas.
pub(super) fn fill(
    command: &mut Command,
    mut args: Vec<OsString>,
    variables: &BTreeMap<String, String>,
) -> Result<Filled, clap::Error> {
    let matches =
        command.try_get_matches_from_mut(&args).map_err(|error| negative::explain(error, command, &args))?;
    let (mut used, mut options, mut words) = (BTreeMap::new(), Vec::new(), Vec::new());
    let (scope, given, before) = match matches.subcommand() {
        None => (command.clone(), &matches, vec![OsString::from("e2e")]),
        Some((name, given)) => match command.find_subcommand(name) {
            Some(sub) if name == "demo" => (sub.clone(), given, vec!["e2e".into(), name.into()]),
            _ => return Ok(Filled { matches, variables: used }),
        },
    };
    let looks = scope.get_groups().any(|group| group.get_id() == "look") && given.contains_id("look");
    for arg in scope.get_arguments() {
        let id = arg.get_id().as_str();
        let is_look =
            scope.get_groups().any(|g| g.get_id() == "look" && g.get_args().any(|a| a == arg.get_id()));
        if given.value_source(id) == Some(ValueSource::CommandLine) || (looks && is_look) {
            continue;
        }
        let names = variable_names(arg, &prefix(scope.get_name()));
        let filled = |name: String| variables.get(&name).filter(|value| !value.is_empty()).map(|v| (v, name));
        let Some((value, name)) = names.into_iter().find_map(filled) else { continue };
        let tokens = tokens(arg, value).map_err(|why| {
            command.error(ErrorKind::ValueValidation, format!("{why} in the variable {name}"))
        })?;
        if tokens.is_empty() {
            continue;
        }
        // Alone first, so that a complaint names the variable rather than an option nobody typed.
        let trial = before.iter().chain(&tokens);
        if let Err(error) = command.clone().try_get_matches_from(trial) {
            let error = negative::explain(error, command, &tokens);
            let text = error.to_string();
            let first = text.split("\n\n").next().unwrap_or(&text).trim_start_matches("error: ");
            let message = format!("{first} (from the variable {name})");
            return Err(command.error(ErrorKind::ValueValidation, message));
        }
        used.insert(id.to_string(), name);
        if arg.is_positional() { words.extend(tokens) } else { options.extend(tokens) }
    }
    if used.is_empty() {
        return Ok(Filled { matches, variables: used });
    }
    let at = before.len().min(args.len());
    args.splice(at..at, options);
    let known = usize::from(args.iter().any(|arg| arg == "--"));
    args.extend(words.into_iter().skip(known));
    Ok(Filled { matches: command.try_get_matches_from_mut(&args)?, variables: used })
}

fn prefix(command: &str) -> String {
    if command == "demo" { "E2E_DEMO_".to_string() } else { "E2E_".to_string() }
}

/// The variables of an option, the stronger first.
fn variable_names(arg: &Arg, prefix: &str) -> Vec<String> {
    let id = arg.get_id().as_str();
    if matches!(
        arg.get_action(),
        ArgAction::Help | ArgAction::HelpShort | ArgAction::HelpLong | ArgAction::Version
    ) {
        return Vec::new();
    }
    let mut names = vec![format!("{prefix}{}", id.to_ascii_uppercase())];
    if id == "env" {
        names.push("TEST_ENV".to_string());
    }
    names
}

/// The arguments that say what a variable says.
fn tokens(arg: &Arg, value: &str) -> Result<Vec<OsString>, String> {
    let parts =
        |value: &str| value.split(',').map(str::trim).filter(|p| !p.is_empty()).map(String::from).collect();
    let values: Vec<String> = match arg.get_action() {
        ArgAction::Append => parts(value),
        ArgAction::SetTrue => {
            return match value.to_ascii_lowercase().as_str() {
                "1" | "true" | "yes" | "on" => {
                    Ok(arg.get_long().map(|long| format!("--{long}").into()).into_iter().collect())
                }
                "0" | "false" | "no" | "off" => Ok(Vec::new()),
                _ => Err(format!("`{value}` is neither true nor false")),
            };
        }
        _ => vec![value.to_string()],
    };
    Ok(match arg.get_long() {
        Some(long) => values.into_iter().map(|value| format!("--{long}={value}").into()).collect(),
        // Behind `--`, where a class may be called like a subcommand or an option.
        None => std::iter::once("--".to_string()).chain(values).map(OsString::from).collect(),
    })
}
