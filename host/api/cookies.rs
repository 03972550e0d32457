//! `client.cookies`: the VU's cookies, for scripts to read and to set.

use crate::net::{self, NewCookie};

use super::frame::{Arg, Frame, HostResult, Raise, wrong};
use super::object::{Field, Member, MemberKind, ObjectType, Record};
use super::request::{text, truth};

use MemberKind::Method;

/// `http.cookies`, and `self.client.cookies`, which is the same.
pub static COOKIES: ObjectType = ObjectType {
    name: "Cookies",
    doc: "A VU's cookies. Servers set them, and requests send those that fit their URL. A `url` is absolute, or a path \
          below the host of the class; without one it is that host.",
    members: &[
        Member {
            name: "get",
            sig: "(name: string, url?: string): string?",
            doc: "The value of the cookie that a request to the URL would carry.",
            kind: Method(|frame, _| {
                let name = frame.text(0, "the cookie's name")?;
                let all = frame.vu().client.cookies(&url(frame, 1)?).map_err(raise)?;
                let value = all.iter().find(|(known, _)| known == name);
                frame.give(value.map_or(Arg::Nil, |(_, value)| Arg::Str(value.as_bytes())));
                Ok(())
            }),
        },
        Member {
            name: "all",
            sig: "(url?: string): table<string, string>",
            doc: "The cookies that a request to the URL would carry. Of several of one name: the one that is sent first.",
            kind: Method(|frame, _| {
                let all = frame.vu().client.cookies(&url(frame, 0)?).map_err(raise)?;
                frame.give_map(&mut |put| {
                    all.iter().rev().for_each(|(name, value)| put(name, Arg::Str(value.as_bytes())));
                    Ok(())
                })
            }),
        },
        Member {
            name: "set",
            sig: "(name: string, value: string|number|boolean, options?: CookieOptions)",
            doc: "Sets a cookie, as if a server had.",
            kind: Method(set),
        },
        Member {
            name: "delete",
            sig: "(name: string, url?: string)",
            doc: "Forgets the cookie that a request to the URL would carry.",
            kind: Method(|frame, _| {
                let name = frame.text(0, "the cookie's name")?;
                frame.vu().client.remove_cookies(&url(frame, 1)?, Some(name)).map_err(raise)
            }),
        },
        Member {
            name: "clear",
            sig: "(url?: string)",
            doc: "Forgets the cookies that a request to the URL would carry; without one all that there are.",
            kind: Method(|frame, _| match frame.arg(0) {
                Arg::Nil => {
                    frame.vu().client.clear_cookies();
                    Ok(())
                }
                _ => frame.vu().client.remove_cookies(&url(frame, 0)?, None).map_err(raise),
            }),
        },
    ],
    ..ObjectType::EMPTY
};

/// What `set` understands.
pub(super) static COOKIE_OPTIONS: Record = Record {
    name: "CookieOptions",
    doc: "Where a cookie is sent, and how long. Without options: to all paths of the class's host, until the user ends.",
    given: true,
    fields: &[
        Field { name: "url", sig: "string", doc: "Who sets it." },
        Field {
            name: "domain",
            sig: "string",
            doc: "The URL's host, or a domain above it, for all hosts below it.",
        },
        Field { name: "path", sig: "string", doc: "The paths that it is sent to (`/`)." },
        Field { name: "max_age", sig: "integer", doc: "Seconds until it expires." },
        Field { name: "secure", sig: "boolean", doc: "Whether it is sent over https only." },
        Field {
            name: "http_only",
            sig: "boolean",
            doc: "Whether a browser would hide it from pages. Changes nothing here.",
        },
    ],
};

fn set(frame: &dyn Frame, _: u64) -> HostResult {
    let name = frame.text(0, "the cookie's name")?;
    let value =
        frame.arg(1).to_text().ok_or_else(|| wrong("the cookie's value", "a string", frame.arg(1)))?;
    let (mut place, mut domain, mut path) = (None, None, "/".to_owned());
    let mut cookie = NewCookie {
        name,
        value: &value,
        domain: None,
        path: "/",
        max_age: None,
        secure: false,
        http_only: false,
    };
    match frame.arg(2) {
        Arg::Nil => {}
        Arg::Table(table) => frame.each(table, &mut |key, value| {
            match &*key.to_text().unwrap_or_default() {
                "url" => place = Some(text("url", value)?),
                "domain" => domain = Some(text("domain", value)?),
                "path" => path = text("path", value)?,
                "max_age" => match value {
                    Arg::Int(seconds) => cookie.max_age = Some(seconds),
                    other => return Err(wrong("max_age", "a whole number of seconds", other)),
                },
                "secure" => cookie.secure = truth("secure", value)?,
                "http_only" => cookie.http_only = truth("http_only", value)?,
                other => {
                    let known = COOKIE_OPTIONS.fields.iter().map(|field| field.name);
                    return Err(Raise::unknown("option", other, known));
                }
            }
            Ok(())
        })?,
        other => return Err(wrong("the options", "a table", other)),
    }
    if !path.starts_with('/') {
        return Err(Raise::new(format!("the path of a cookie begins with a slash, unlike `{path}`")));
    }
    let cookie = NewCookie { domain: domain.as_deref(), path: &path, ..cookie };
    frame.vu().client.set_cookie(&whole(frame, place.as_deref())?, &cookie).map_err(raise)
}

fn url(frame: &dyn Frame, index: usize) -> Result<String, Raise> {
    match frame.arg(index) {
        Arg::Nil => whole(frame, None),
        _ => whole(frame, Some(frame.text(index, "the URL")?)),
    }
}

/// The URL, below the base if it is a path.
fn whole(frame: &dyn Frame, url: Option<&str>) -> Result<String, Raise> {
    match (url, &frame.vu().base) {
        (Some(url), _) if url.contains("://") => Ok(url.to_owned()),
        (Some(path), Some(base)) => Ok(format!("{}/{}", base.url(), path.trim_start_matches('/'))),
        (None, Some(base)) => Ok(format!("{}/", base.url())),
        (_, None) => Err(Raise::new("this class has no host: pass the whole URL that the cookie belongs to")),
    }
}

fn raise(error: net::Error) -> Raise {
    Raise::new(error.text)
}
