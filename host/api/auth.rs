//! The option `auth`: who sends a request. Used by `request`.

use crate::net;

use super::frame::{Arg, Frame, Raise, TableRef, wrong};
use super::request::text;

/// As the script wrote it, owned.
pub(super) enum Auth {
    Basic(String, String),
    Bearer(String),
    Digest(String, String),
}

impl Auth {
    /// `{ user, password }`, `{ basic = { user, password } }`, `{ bearer = token }`, `{ digest = { user, password } }`.
    pub(super) fn read(frame: &dyn Frame, value: Arg<'_>) -> Result<Auth, Raise> {
        let forms = "auth must be { user, password }, { bearer = token } or { digest = { user, password } }";
        let Arg::Table(table) = value else { return Err(Raise::new(forms)) };
        if frame.length(table) > 0 {
            return Ok(match both(frame, "auth", table)? {
                [user, password] => Auth::Basic(user, password),
            });
        }
        let mut auth = None;
        frame.each(table, &mut |key, value| {
            let key = key.to_text().unwrap_or_default();
            let list = |what: &str| match value {
                Arg::Table(table) => both(frame, what, table),
                other => Err(wrong(what, "a list of user and password", other)),
            };
            let read = match &*key {
                "bearer" => Auth::Bearer(text("auth.bearer", value)?),
                "basic" => list("auth.basic").map(|[user, password]| Auth::Basic(user, password))?,
                "digest" => list("auth.digest").map(|[user, password]| Auth::Digest(user, password))?,
                "user" | "username" | "password" => return Err(Raise::new(forms)),
                other => return Err(Raise::unknown("kind of auth", other, ["basic", "bearer", "digest"])),
            };
            match auth.replace(read) {
                None => Ok(()),
                Some(_) => Err(Raise::new("auth can be of one kind only")),
            }
        })?;
        auth.ok_or_else(|| Raise::new(forms))
    }

    pub(super) fn borrowed(&self) -> net::Auth<'_> {
        match self {
            Auth::Basic(user, password) => net::Auth::Basic { user, password },
            Auth::Bearer(token) => net::Auth::Bearer(token),
            Auth::Digest(user, password) => net::Auth::Digest { user, password },
        }
    }
}

/// `{ user, password }`.
fn both(frame: &dyn Frame, what: &str, table: TableRef) -> Result<[String; 2], Raise> {
    let mut both = Vec::new();
    frame.items(table, &mut |_, item| {
        both.push(text(what, item)?);
        Ok(())
    })?;
    <[String; 2]>::try_from(both)
        .map_err(|_| Raise::new(format!("{what} must be a list of user and password: {{ user, password }}")))
}
