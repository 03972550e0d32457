//! A request as a script asks for it: its options, read from a table. Used by `http`.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::Method;

use crate::metrics::{Key, TagSet};
use crate::net::{self, Identity, Receive, Request, Told, Upload};
use crate::units;
use crate::vu::Vu;

use super::auth::Auth;
use super::bodies::Body;
use super::frame::{Arg, FnRef, Frame, HostResult, Raise, TableRef, wrong};
use super::request_options::REQUEST_OPTIONS;
use super::tags::read_tag_set;
use super::tracing;

pub(super) type Pairs = Vec<(String, String)>;

/// A request as the script wrote it, owned: it outlives the script's table.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) target: String,
    params: Pairs,
    headers: Pairs,
    cookies: Pairs,
    body: Body,
    auth: Option<Auth>,
    timeout: Option<Duration>,
    allow_redirects: bool,
    max_redirects: Option<u32>,
    max_retries: Option<u32>,
    max_body: Option<usize>,
    discard_body: Option<bool>,
    pub(super) stream: bool,
    verify: Option<bool>,
    cert: Option<Arc<Identity>>,
    pub(super) catch_response: bool,
    /// The name, and the key that it counts under.
    pub(super) name: Option<(Box<str>, Key)>,
    pub(super) tags: TagSet,
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
            body: Body::default(),
            auth: None,
            timeout: None,
            allow_redirects,
            max_redirects: None,
            max_retries: None,
            max_body: None,
            discard_body: None,
            stream: false,
            verify: None,
            cert: None,
            catch_response: false,
            name: None,
            tags: TagSet::NONE,
        }
    }

    /// Reads the table of options. `skip` names keys that the caller has read itself.
    ///
    /// # Errors
    /// An option that does not exist, or has a value of the wrong kind.
    pub(super) fn read(&mut self, frame: &dyn Frame, table: TableRef, skip: &[&str]) -> HostResult {
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
                b"json" => self.body.read_json(frame, value)?,
                b"data" => self.body.read_data(frame, value)?,
                b"data_file" => self.body.read_data_file(frame, value)?,
                b"files" => self.body.read_files(frame, value)?,
                b"compression" => self.body.read_compression(value)?,
                b"catch_response" => self.catch_response = truth("catch_response", value)?,
                b"headers" => pairs(frame, "headers", value, &mut self.headers)?,
                b"params" => pairs(frame, "params", value, &mut self.params)?,
                b"cookies" => pairs(frame, "cookies", value, &mut self.cookies)?,
                b"auth" => self.auth = Some(Auth::read(frame, value)?),
                b"timeout" => self.timeout = Some(timeout(value)?),
                b"allow_redirects" => self.allow_redirects = truth("allow_redirects", value)?,
                b"cert" => self.cert = Some(certificate(frame, value)?),
                b"max_redirects" => self.max_redirects = Some(count("max_redirects", value)?),
                b"max_retries" => self.max_retries = Some(count("max_retries", value)?),
                b"max_body" => self.max_body = Some(size("max_body", value)?),
                b"discard_body" => self.discard_body = Some(truth("discard_body", value)?),
                b"stream" => self.stream = truth("stream", value)?,
                b"verify" => self.verify = Some(truth("verify", value)?),
                b"tags" => self.tags = read_tag_set(frame, value)?,
                key if skip.iter().any(|skipped| skipped.as_bytes() == key) => {}
                key => {
                    let known = REQUEST_OPTIONS.fields.iter().map(|field| field.name);
                    return Err(Raise::unknown("option", &String::from_utf8_lossy(key), known));
                }
            }
            Ok(())
        })?;
        if self.stream && self.discard_body == Some(true) {
            return Err(Raise::new(
                "`stream` and `discard_body` exclude each other: nobody would read the body",
            ));
        }
        self.body.finish(frame, table)?;
        if let Some(coding) = self.body.compression() {
            self.headers.push(("Content-Encoding".to_owned(), coding.name().to_owned()));
        }
        Ok(())
    }

    pub(super) fn is_digest(&self) -> bool {
        matches!(self.auth, Some(Auth::Digest(..)))
    }

    /// Where a function gives the body: what it feeds.
    pub(super) fn feed(&self) -> Option<(FnRef, Rc<Upload>)> {
        Some((self.body.feed()?, self.body.upload()?.clone()))
    }

    /// Sends it over the VU's connections; once, since the body goes with it.
    pub(super) async fn send(&mut self, vu: &Vu) -> Box<net::Response> {
        fn borrowed(pairs: &Pairs) -> Vec<(&str, &str)> {
            pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
        }
        let body = std::mem::take(&mut self.body.bytes).into();
        let (params, headers, cookies) =
            (borrowed(&self.params), borrowed(&self.headers), borrowed(&self.cookies));
        let name = self.name.as_ref().map_or(&*self.target, |(name, _)| name);
        let debug = vu.shared.http_debug;
        let trace =
            |told: Told<'_>| debug.into_iter().for_each(|debug| tracing::tell(vu, debug, name, &told));
        let discards = self.discard_body.unwrap_or(vu.shared.discard_body);
        let request = Request {
            method: self.method.clone(),
            target: &self.target,
            base: vu.base.as_deref(),
            params: &params,
            headers: &headers,
            cookies: &cookies,
            body,
            upload: self.body.upload().map(Rc::as_ref),
            content_type: self.body.content_type.as_deref(),
            auth: self.auth.as_ref().map(Auth::borrowed),
            timeout: self.timeout,
            follow_redirects: self.allow_redirects,
            max_redirects: self.max_redirects,
            max_retries: self.max_retries,
            max_body: self.max_body,
            receive: match (self.stream, discards) {
                (true, _) => Receive::Stream,
                (false, true) => Receive::Discard,
                (false, false) => Receive::Keep,
            },
            verify: self.verify,
            cert: self.cert.as_deref(),
            trace: debug.is_some().then_some(&trace),
        };
        vu.client.send(request).await
    }
}

/// Seconds, more than 0.
fn timeout(value: Arg<'_>) -> Result<Duration, Raise> {
    let seconds = value.number().ok_or_else(|| wrong("timeout", "a number of seconds", value))?;
    let invalid = |why: String| Raise::new(format!("invalid timeout {}: {why}", shown(seconds)));
    let timeout = units::duration_of_seconds(seconds).map_err(|why| invalid(why.to_string()))?;
    if timeout.is_zero() {
        return Err(invalid("it must be more than 0".into()).help("leave it out for the usual one"));
    }
    Ok(timeout)
}

/// A number as people write it: one with more digits than it is exact to has an exponent.
pub(super) fn shown(number: f64) -> String {
    match number.abs() {
        0.0 | 1e-6..1e16 => number.to_string(),
        _ if number.is_finite() => format!("{number:e}"),
        _ => number.to_string(),
    }
}

fn count(option: &str, value: Arg<'_>) -> Result<u32, Raise> {
    match value {
        Arg::Int(count) => u32::try_from(count).map_err(|_| {
            Raise::new(format!("{option} must be a whole number from 0 to {}, not {count}", u32::MAX))
        }),
        Arg::Num(count) => {
            let shown = shown(count);
            Err(Raise::new(format!("{option} must be a whole number from 0 to {}, not {shown}", u32::MAX)))
        }
        other => Err(wrong(option, "a whole number", other)),
    }
}

/// Bytes, or a text such as `10MiB`.
fn size(option: &str, value: Arg<'_>) -> Result<usize, Raise> {
    let invalid = |why: String| Raise::new(format!("invalid {option}: {why}"));
    match value {
        Arg::Int(bytes) => usize::try_from(bytes).map_err(|_| invalid(format!("{bytes} is less than 0"))),
        Arg::Str(_) => {
            let bytes = units::parse_size(&text(option, value)?).map_err(|why| invalid(why.to_string()))?;
            Ok(usize::try_from(bytes).unwrap_or(usize::MAX))
        }
        other => Err(wrong(option, "a number of bytes or a size such as \"10MiB\"", other)),
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
