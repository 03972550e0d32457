//! What `ws.connect` and `sse.open` have in common: their options, and what a script sees of the
//! answer. Used by `websocket` and `events`.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use http::Method;

use crate::net::{Error, Headers, Identity, Request, Response, Told, Trace};
use crate::units;
use crate::vu::{Line, MOST_OPEN, Terms, Vu};

use super::auth::Auth;
use super::frame::{Arg, Frame, HostResult, Raise, wrong};
use super::object::Record;
use super::request::{Pairs, certificate, pairs, shown, text, truth};
use super::response;
use super::tracing;

/// A line as the script asked for it, owned: it outlives the script's table.
pub(super) struct Wanted {
    pub(super) target: String,
    params: Pairs,
    headers: Pairs,
    cookies: Pairs,
    auth: Option<Auth>,
    timeout: Option<Duration>,
    verify: Option<bool>,
    cert: Option<Arc<Identity>>,
    name: Option<String>,
    tags: Pairs,
}

/// Headers and the like as a [`Request`] borrows them.
pub(super) type Borrowed<'a> = Vec<(&'a str, &'a str)>;

/// Reads an option of one kind of line; false: it has no such option.
pub(super) type OwnOption<'o> = dyn FnMut(&[u8], Arg<'_>) -> Result<bool, Raise> + 'o;

impl Wanted {
    /// Reads the URL and the table of options. `known` describes them, `own` reads those that are
    /// not common to all lines.
    ///
    /// # Errors
    /// An option that does not exist, or has a value of the wrong kind.
    pub(super) fn read(frame: &dyn Frame, known: &Record, own: &mut OwnOption<'_>) -> Result<Self, Raise> {
        if frame.loading() {
            let raise = Raise::new("no connection can be made while the script is loaded");
            return Err(raise.help("every VU loads the script: move it to on_start or a task"));
        }
        let mut wanted = Wanted {
            target: frame.text(0, "the URL")?.to_owned(),
            params: Vec::new(),
            headers: Vec::new(),
            cookies: Vec::new(),
            auth: None,
            timeout: None,
            verify: None,
            cert: None,
            name: None,
            tags: Vec::new(),
        };
        let table = match frame.arg(1) {
            Arg::Table(table) => table,
            Arg::Nil => return Ok(wanted),
            other => return Err(wrong("the options", "a table", other)),
        };
        frame.each(table, &mut |key, value| {
            let Arg::Str(key) = key else { return Err(wrong("an option's name", "a string", key)) };
            match key {
                b"params" => pairs(frame, "params", value, &mut wanted.params)?,
                b"headers" => pairs(frame, "headers", value, &mut wanted.headers)?,
                b"cookies" => pairs(frame, "cookies", value, &mut wanted.cookies)?,
                b"tags" => {
                    pairs(frame, "tags", value, &mut wanted.tags)?;
                    // They are sorted.
                    if let Some(twice) = wanted.tags.windows(2).find(|two| two[0].0 == two[1].0) {
                        return Err(Raise::new(format!("the tag `{}` has more than one value", twice[0].0)));
                    }
                }
                b"auth" => match Auth::read(frame, value)? {
                    Auth::Digest(..) => {
                        return Err(Raise::new("digest authentication is for plain requests"));
                    }
                    auth => wanted.auth = Some(auth),
                },
                b"name" => wanted.name = Some(text("name", value)?).filter(|name| !name.is_empty()),
                b"cert" => wanted.cert = Some(certificate(frame, value)?),
                b"verify" => wanted.verify = Some(truth("verify", value)?),
                b"timeout" => {
                    let timeout = seconds("timeout", value)?;
                    if timeout.is_zero() {
                        return Err(Raise::new("invalid timeout 0: it must be more than 0")
                            .help("leave it out for the usual one"));
                    }
                    wanted.timeout = Some(timeout);
                }
                key if own(key, value)? => {}
                key => {
                    let names = known.fields.iter().map(|field| field.name);
                    return Err(Raise::unknown("option", &String::from_utf8_lossy(key), names));
                }
            }
            Ok(())
        })?;
        Ok(wanted)
    }

    /// Refuses headers that the host makes itself.
    pub(super) fn refuse_headers(&self, made: &[(&str, &str)]) -> HostResult {
        for (name, help) in made {
            if self.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name)) {
                return Err(Raise::new(format!("the header `{name}` is not the script's to set")).help(*help));
            }
        }
        Ok(())
    }

    /// Params, headers and cookies, in this order.
    pub(super) fn borrowed(&self) -> [Borrowed<'_>; 3] {
        [&self.params, &self.headers, &self.cookies]
            .map(|pairs| pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect())
    }

    /// `trace` is [`tell`](Self::tell) where somebody listens.
    pub(super) fn request<'a>(
        &'a self,
        vu: &'a Vu,
        borrowed: &'a [Borrowed<'a>; 3],
        trace: &'a Trace<'a>,
    ) -> Request<'a> {
        let [params, headers, cookies] = borrowed;
        Request {
            base: vu.base.as_deref(),
            params,
            headers,
            cookies,
            auth: self.auth.as_ref().map(Auth::borrowed),
            timeout: self.timeout,
            verify: self.verify,
            cert: self.cert.as_deref(),
            trace: vu.shared.http_debug.is_some().then_some(trace),
            ..Request::new(Method::GET, &self.target)
        }
    }

    /// `--http-debug` of the messages that open it.
    pub(super) fn tell(&self, vu: &Vu, told: &Told<'_>) {
        if let Some(debug) = vu.shared.http_debug {
            tracing::tell(vu, debug, self.name.as_deref().unwrap_or(&self.target), told);
        }
    }

    /// What the line counts under. `method` as the statistics show it.
    pub(super) fn terms(&self, vu: &Vu, method: &str, response: &Response) -> Terms {
        let path = response.request.path();
        let default = if path.is_empty() { &self.target } else { path };
        let name = self.name.as_deref().unwrap_or(default);
        Terms {
            key: vu.shared.recorder.borrow_mut().key(method, name),
            group: vu.group.get(),
            tags: self.tags.clone(),
            limit: self.timeout.unwrap_or(vu.client.net().settings().timeout),
            patience: Cell::new(None),
        }
    }
}

/// Refuses one more line where a VU has as many as it may.
pub(super) fn refuse_too_many(vu: &Vu) -> HostResult {
    let is_connection = |line: &Line| !matches!(line, Line::Rpc(_));
    if vu.lines.borrow().as_ref().is_none_or(|lines| lines.count_open(is_connection) < MOST_OPEN) {
        return Ok(());
    }
    Err(Raise::new(format!(
        "this user holds {MOST_OPEN} connections open already (WebSockets, event sources)"
    ))
    .help("close what is not needed any more, by its method `close`"))
}

/// Why a number is no line any more.
pub(super) fn forgotten(what: &str) -> Raise {
    Raise::new(format!("the {what} was closed long ago, and is forgotten"))
        .help("keep what you need of it in a variable instead")
}

/// A number of seconds, 0 included.
pub(super) fn seconds(what: &str, value: Arg<'_>) -> Result<Duration, Raise> {
    let seconds = value.number().ok_or_else(|| wrong(what, "a number of seconds", value))?;
    units::duration_of_seconds(seconds)
        .map_err(|why| Raise::new(format!("invalid {what} {}: {why}", shown(seconds))))
}

/// An argument that is a number of seconds, or left out.
pub(super) fn patience(frame: &dyn Frame, index: usize) -> Result<Option<Duration>, Raise> {
    match frame.arg(index) {
        Arg::Nil => Ok(None),
        value => seconds("timeout", value).map(Some),
    }
}

/// A size in bytes, as a number or as `"64KiB"`.
pub(super) fn size(option: &str, value: Arg<'_>) -> Result<usize, Raise> {
    let shown = value.to_text().ok_or_else(|| wrong(option, "a size such as \"64KiB\"", value))?;
    let size = match value {
        Arg::Int(bytes) => u64::try_from(bytes).ok(),
        _ => units::parse_size(&shown).ok(),
    };
    let size = size.and_then(|size| usize::try_from(size).ok()).filter(|size| *size > 0);
    size.ok_or_else(|| {
        Raise::new(format!("invalid {option} `{shown}`")).help("write bytes, or a size as in \"64KiB\"")
    })
}

/// `nil`, and why there is nothing else.
pub(super) fn give_nothing(frame: &dyn Frame, why: &str) {
    frame.give(Arg::Nil);
    frame.give(Arg::Str(why.as_bytes()));
}

/// `{ kind, text }`, or nil.
pub(super) fn give_error(frame: &dyn Frame, error: Option<Error>) -> HostResult {
    let Some(error) = error else {
        frame.give(Arg::Nil);
        return Ok(());
    };
    frame.give_map(&mut |put| {
        put("kind", Arg::Str(error.kind.name().as_bytes()));
        put("text", Arg::Str(error.text.as_bytes()));
        Ok(())
    })
}

/// One header of an answer, in any case.
pub(super) fn give_header(frame: &dyn Frame, headers: Headers<'_>, name: &[u8]) {
    let value = std::str::from_utf8(name).ok().and_then(|name| response::joined(headers, name));
    frame.give(value.as_deref().map_or(Arg::Nil, Arg::Str));
}

/// All of them, with names in lower case.
pub(super) fn give_headers(frame: &dyn Frame, headers: Headers<'_>) -> HostResult {
    let headers = response::listed(headers);
    frame.give_map(&mut |put| {
        headers.iter().for_each(|(name, values)| put(name, Arg::Str(values)));
        Ok(())
    })
}

/// Failures are grouped by what happened; there is nothing else to tell them apart by.
pub(super) fn failure(response: &Response) -> Option<&str> {
    response.error.as_ref().map(|error| error.text.as_str())
}
