//! The options of the web interface, which make sense only together. Called by `cli`.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::error::ErrorKind;

use crate::config::Origin;

use super::definition::Args;
use super::several::Follow;
use super::variables::Filled;

/// Locust's.
const PORT: u16 = 8089;

/// Where the page is served, to whom, and what happens without it.
#[derive(Clone, Debug, PartialEq)]
pub struct Web {
    pub host: String,
    pub port: u16,
    /// Name and password.
    pub login: Option<(String, String)>,
    pub token: Option<String>,
    pub autostart: bool,
    pub autoquit: Option<Duration>,
}

/// None where no page is wanted.
pub(super) fn read(args: &Args, filled: &Filled) -> Result<Option<Web>, (ErrorKind, String)> {
    let given = [
        ("web_host", args.web_host.is_some()),
        ("web_port", args.web_port.is_some()),
        ("web_login", args.web_login.is_some()),
        ("web_token", args.web_token.is_some()),
        ("autostart", args.autostart),
        ("autoquit", args.autoquit.is_some()),
    ];
    let refuse = |why: String| Err((ErrorKind::MissingRequiredArgument, why));
    let is_typed = |id: &str| matches!(filled.origin(id), Origin::Flag(_));
    if !args.web {
        // A variable may be set for all runs.
        let typed = given.into_iter().find(|(id, is_given)| *is_given && is_typed(id));
        return match typed {
            Some((id, _)) if !args.headless => {
                let option = id.replace('_', "-");
                refuse(format!("--{option} is an option of the web interface: add --web"))
            }
            _ => Ok(None),
        };
    }
    if args.watch {
        let why = "--watch runs without a page: leave --web out, whose page starts runs anew as well";
        return Err((ErrorKind::ArgumentConflict, why.to_owned()));
    }
    if args.autoquit.is_some() && !args.autostart && is_typed("autoquit") {
        return refuse("--autoquit ends what --autostart began: add --autostart".to_owned());
    }
    let (login, token) = keys(args.web_login.as_deref(), args.web_token.as_deref())?;
    Ok(Some(Web {
        host: args.web_host.clone().unwrap_or_else(|| "127.0.0.1".to_owned()),
        port: args.web_port.unwrap_or(PORT),
        login,
        token,
        autostart: args.autostart,
        autoquit: args.autoquit.filter(|_| args.autostart),
    }))
}

/// Who is let in. Not checked by clap, which would show what was typed.
fn keys(login: Option<&str>, token: Option<&str>) -> Result<Keys, (ErrorKind, String)> {
    let wrong = |why: &str| Err((ErrorKind::ValueValidation, why.to_owned()));
    let login = match login.map(|login| login.split_once(':')) {
        None => None,
        Some(Some((user, password))) if !user.is_empty() && !password.is_empty() => {
            Some((user.to_owned(), password.to_owned()))
        }
        Some(_) => return wrong("--web-login: write it as USER:PASSWORD"),
    };
    let is_token = |token: &str| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    if token.is_some_and(|token| !is_token(token)) {
        return wrong("--web-token: a token is made of letters, digits and signs, without spaces");
    }
    Ok((login, token.map(str::to_owned)))
}

/// Name and password; a token.
type Keys = (Option<(String, String)>, Option<String>);

/// The page of one who looks on. Login and token may stand in the variables that a run has for them.
pub(super) fn read_follow(
    follow: &Follow,
    variables: &BTreeMap<String, String>,
) -> Result<Option<Web>, (ErrorKind, String)> {
    let page = &follow.page;
    let given = [
        ("web-host", page.web_host.is_some()),
        ("web-port", page.web_port.is_some()),
        ("web-login", page.web_login.is_some()),
        ("web-token", page.web_token.is_some()),
        ("autoquit", page.autoquit.is_some()),
    ];
    if !page.web {
        return match given.into_iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) => {
                let why = format!("--{option} is an option of the web interface: add --web");
                Err((ErrorKind::MissingRequiredArgument, why))
            }
            None => Ok(None),
        };
    }
    let of = |name: &str| variables.get(name).filter(|value| !value.is_empty()).map(String::as_str);
    let login = page.web_login.as_deref().or_else(|| of("E2E_WEB_LOGIN"));
    let token = page.web_token.as_deref().or_else(|| of("E2E_WEB_TOKEN"));
    let (login, token) = keys(login, token)?;
    Ok(Some(Web {
        host: page.web_host.clone().unwrap_or_else(|| "127.0.0.1".to_owned()),
        port: page.web_port.unwrap_or(PORT),
        login,
        token,
        autostart: true,
        autoquit: page.autoquit,
    }))
}
