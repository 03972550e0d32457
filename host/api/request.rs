//! The options of a request, read from the script's table. Used by `http`.

use std::sync::Arc;
use std::time::Duration;

use http::Method;

use crate::metrics::Key;
use crate::net::{self, Identity, Request};
use crate::units;
use crate::vu::Vu;

use super::frame::{Arg, Frame, HostResult, Raise, TableRef, wrong};
use super::object::{Field, Record};

/// What [`Asked::read`] understands.
pub(super) static REQUEST_OPTIONS: Record = Record {
    name: "RequestOptions",
    doc: "How a request is sent and counted. An option that does not exist is an error.",
    given: true,
    fields: &[
        Field {
            name: "name",
            sig: "string",
            doc: "What the request counts under, instead of its path and query: `GET /documents/{uri}` for all documents.",
        },
        Field {
            name: "json",
            sig: "any",
            doc: "The body, written as JSON, with its content type. Excludes `data`.",
        },
        Field {
            name: "data",
            sig: "string|table<string, Plain|Plain[]>",
            doc: "The body: a string as it is, a table as a form (`application/x-www-form-urlencoded`).",
        },
        Field {
            name: "params",
            sig: "table<string, Plain|Plain[]>",
            doc: "Added to the URL's query, in the order of their names.",
        },
        Field { name: "headers", sig: "table<string, Plain|Plain[]>", doc: "Request headers." },
        Field {
            name: "cookies",
            sig: "table<string, Plain>",
            doc: "Cookies for this request alone; those that the VU was given by servers are sent anyway.",
        },
        Field { name: "auth", sig: "string[]", doc: "Basic authentication: `{ user, password }`." },
        Field {
            name: "timeout",
            sig: "number",
            doc: "Seconds from the call to the last byte, redirects and retries included (else `settings.default_timeout`).",
        },
        Field {
            name: "allow_redirects",
            sig: "boolean",
            doc: "Whether redirects are followed: true, except for HEAD.",
        },
        Field {
            name: "catch_response",
            sig: "boolean",
            doc: "The script judges the response with `success`, `failure` or `ignore`. What it leaves unjudged at the \
                  end of the `<close>` block or of the task is judged by its status.",
        },
        Field {
            name: "verify",
            sig: "boolean",
            doc: "Whether the server's certificate is checked (else `settings.tls.verify`).",
        },
        Field {
            name: "cert",
            sig: "string|string[]",
            doc: "The client's certificate (else `settings.tls.cert`): a PEM file with its key, or `{ cert, key }`. \
                  Paths start at the folder of the scripts.",
        },
    ],
};

pub(super) type Pairs = Vec<(String, String)>;

/// A request as the script wrote it, owned: it outlives the script's table.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) target: String,
    params: Pairs,
    headers: Pairs,
    cookies: Pairs,
    body: Vec<u8>,
    content_type: Option<&'static str>,
    auth: Option<(String, String)>,
    timeout: Option<Duration>,
    allow_redirects: bool,
    verify: Option<bool>,
    cert: Option<Arc<Identity>>,
    pub(super) catch_response: bool,
    /// The name, and the key that it counts under.
    pub(super) name: Option<(Box<str>, Key)>,
}

impl Asked {
    pub(super) fn new(method: Method, target: &str) -> Self {
        let allow_redirects = method != Method::HEAD;
        Asked {
            method,
            target: target.to_owned(),
            params: Vec::new(),
            headers: Vec::new(),
            cookies: Vec::new(),
            body: Vec::new(),
            content_type: None,
            auth: None,
            timeout: None,
            allow_redirects,
            verify: None,
            cert: None,
            catch_response: false,
            name: None,
        }
    }

    /// Reads the table of options. `skip` names keys that the caller has read itself.
    ///
    /// # Errors
    /// An option that does not exist, or has a value of the wrong kind.
    pub(super) fn read(&mut self, frame: &dyn Frame, table: TableRef, skip: &[&str]) -> HostResult {
        let mut bodies = 0;
        frame.each(table, &mut |key, value| {
            let Arg::Str(key) = key else {
                // Lists are items of `http.batch`, whose caller has read them.
                let listed = matches!(key, Arg::Int(_)) && skip.contains(&"1");
                return if listed { Ok(()) } else { Err(wrong("an option's name", "a string", key)) };
            };
            match key {
                b"name" => {
                    let name = text("name", value)?;
                    if name.is_empty() {
                        return Ok(());
                    }
                    let key = frame.vu().shared.recorder.borrow_mut().key(self.method.as_str(), &name);
                    self.name = Some((name.into(), key));
                }
                b"json" => {
                    bodies += 1;
                    self.body.reserve(256);
                    frame.encode(value, &mut self.body)?;
                    self.content_type = Some("application/json");
                }
                b"data" => {
                    bodies += 1;
                    self.read_data(frame, value)?;
                }
                b"catch_response" => self.catch_response = truth("catch_response", value)?,
                b"headers" => pairs(frame, "headers", value, &mut self.headers)?,
                b"params" => pairs(frame, "params", value, &mut self.params)?,
                b"cookies" => pairs(frame, "cookies", value, &mut self.cookies)?,
                b"auth" => self.auth = Some(user_and_password(frame, value)?),
                b"timeout" => {
                    let seconds =
                        value.number().ok_or_else(|| wrong("timeout", "a number of seconds", value))?;
                    let invalid = |why: String| Raise::new(format!("invalid timeout {seconds}: {why}"));
                    let timeout =
                        units::duration_of_seconds(seconds).map_err(|why| invalid(why.to_string()))?;
                    if timeout.is_zero() {
                        return Err(
                            invalid("it must be more than 0".into()).help("leave it out for the usual one")
                        );
                    }
                    self.timeout = Some(timeout);
                }
                b"allow_redirects" => self.allow_redirects = truth("allow_redirects", value)?,
                b"cert" => self.cert = Some(certificate(frame, value)?),
                b"verify" => self.verify = Some(truth("verify", value)?),
                key if skip.iter().any(|skipped| skipped.as_bytes() == key) => {}
                key => {
                    let known = REQUEST_OPTIONS.fields.iter().map(|field| field.name);
                    return Err(Raise::unknown("option", &String::from_utf8_lossy(key), known));
                }
            }
            Ok(())
        })?;
        if bodies > 1 {
            return Err(Raise::new("a request has one body: give either `json` or `data`"));
        }
        Ok(())
    }

    /// `data`: a string as it is, a table as a form.
    fn read_data(&mut self, frame: &dyn Frame, value: Arg<'_>) -> HostResult {
        match value {
            Arg::Str(bytes) => self.body = bytes.to_vec(),
            Arg::Table(_) => {
                let mut fields = Vec::new();
                pairs(frame, "data", value, &mut fields)?;
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                self.body = form.extend_pairs(fields).finish().into_bytes();
                self.content_type = Some("application/x-www-form-urlencoded");
            }
            other => return Err(wrong("data", "a string, or a table for a form", other)),
        }
        Ok(())
    }

    /// Sends it over the VU's connections; once, since the body goes with it.
    pub(super) async fn send(&mut self, vu: &Vu) -> Box<net::Response> {
        fn borrowed(pairs: &Pairs) -> Vec<(&str, &str)> {
            pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
        }
        let body = std::mem::take(&mut self.body).into();
        let (params, headers, cookies) =
            (borrowed(&self.params), borrowed(&self.headers), borrowed(&self.cookies));
        let request = Request {
            method: self.method.clone(),
            target: &self.target,
            base: vu.base.as_deref(),
            params: &params,
            headers: &headers,
            cookies: &cookies,
            body,
            content_type: self.content_type,
            basic_auth: self.auth.as_ref().map(|(user, password)| (user.as_str(), password.as_str())),
            timeout: self.timeout,
            follow_redirects: self.allow_redirects,
            verify: self.verify,
            cert: self.cert.as_deref(),
        };
        vu.client.send(request).await
    }
}

pub(super) fn text(option: &str, value: Arg<'_>) -> Result<String, Raise> {
    match value {
        Arg::Str(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(_) => Err(Raise::new(format!("{option} is not valid UTF-8"))),
        },
        other => Err(wrong(option, "a string", other)),
    }
}

pub(super) fn truth(option: &str, value: Arg<'_>) -> Result<bool, Raise> {
    match value {
        Arg::Bool(value) => Ok(value),
        other => Err(wrong(option, "true or false", other)),
    }
}

/// Names with texts, numbers or booleans, or lists of them: sorted, so that a run repeats.
pub(super) fn pairs(frame: &dyn Frame, option: &str, value: Arg<'_>, into: &mut Pairs) -> HostResult {
    let Arg::Table(table) = value else { return Err(wrong(option, "a table", value)) };
    let start = into.len();
    frame.each(table, &mut |name, value| {
        let name = name.to_text().ok_or_else(|| wrong(&format!("a name in {option}"), "a string", name))?;
        let mut add = |value: Arg<'_>| match value.to_text() {
            Some(value) => {
                into.push((name.to_string(), value.into_owned()));
                Ok(())
            }
            None => Err(wrong(&format!("{option}.{name}"), "a string, a number or a boolean", value)),
        };
        match value {
            Arg::Table(list) => {
                frame.each(list, &mut |key, _| match key {
                    Arg::Int(_) => Ok(()),
                    _ => Err(wrong(
                        &format!("{option}.{name}"),
                        "a value or a list of values",
                        Arg::Table(list),
                    )),
                })?;
                frame.items(list, &mut |_, value| add(value))
            }
            value => add(value),
        }
    })?;
    into[start..].sort_by(|a, b| a.0.cmp(&b.0));
    Ok(())
}

/// `{ user, password }`.
pub(super) fn user_and_password(frame: &dyn Frame, value: Arg<'_>) -> Result<(String, String), Raise> {
    let mut both = Vec::new();
    if let Arg::Table(table) = value {
        frame.items(table, &mut |_, item| {
            both.push(text("auth", item)?);
            Ok(())
        })?;
    }
    match <[String; 2]>::try_from(both) {
        Ok([user, password]) => Ok((user, password)),
        Err(_) => Err(Raise::new("auth must be a list of user and password: { user, password }")),
    }
}

/// A PEM file with certificate and key, or a list of both files.
pub(super) fn certificate(frame: &dyn Frame, value: Arg<'_>) -> Result<Arc<Identity>, Raise> {
    let mut files = Vec::new();
    match value {
        Arg::Table(table) => frame.items(table, &mut |_, item| {
            files.push(text("cert", item)?);
            Ok(())
        })?,
        value => files.push(text("cert", value)?),
    }
    let (cert, key) = match &files[..] {
        [both] => (both, None),
        [cert, key] => (cert, Some(key.as_str())),
        _ => return Err(Raise::new("cert must be a PEM file, or a list of two: { cert, key }")),
    };
    frame.vu().client.net().identity(cert, key).map_err(|error| {
        let raise = Raise::new(format!("cert cannot be used: {}", error.text));
        match error.kind {
            net::ErrorKind::InvalidRequest => {
                raise.help("it must lie below the folder of the scripts, or the one that holds `config`")
            }
            _ => raise,
        }
    })
}
