//! The response object: what came back, and the verdict on it.

use crate::net::Fate;
use crate::net::Headers;
use crate::vu::{Kept, Verdict};

use super::curl;
use super::frame::{Arg, Frame, HostResult, Raise};
use super::object::{Member, MemberKind, ObjectType};
use super::security::TLS;
use super::streams;

use MemberKind::{Field, Method};

/// What a request returns.
pub static RESPONSE: ObjectType = ObjectType {
    name: "Response",
    doc: "What came back, or why nothing did. Its body is released when the task ends.",
    members: &[
        Member {
            name: "status_code",
            sig: "integer",
            doc: "The status; 0 when no answer came, or not a whole one (see `error`).",
            kind: Field(|f, n| give(f, n, |kept| Arg::Int(kept.status().into()))),
        },
        Member {
            name: "ok",
            sig: "boolean",
            doc: "Whether an answer came, with a status below 400.",
            kind: Field(|f, n| give(f, n, |kept| Arg::Bool(kept.response.is_ok()))),
        },
        Member {
            name: "json",
            sig: "(path?: string): any",
            doc: "The body parsed as JSON, or the part of it that `path` (`items.0.id`, lists from 0) selects.",
            kind: Method(json),
        },
        Member {
            name: "text",
            sig: "string",
            doc: "The body, without its content coding. Bytes as they are: no charset is converted.",
            kind: Field(text),
        },
        Member { name: "content", sig: "string", doc: "The same as `text`.", kind: Field(text) },
        Member {
            name: "chunks",
            sig: "(): (fun(chunks: Chunks): string?), Chunks",
            doc: "With `stream = true`: the body as it arrives, `for chunk in response:chunks() do`. Leaving the loop \
                  early closes the connection. A body that breaks off ends the loop, and sets `error`.",
            kind: Method(streams::chunks),
        },
        Member {
            name: "close",
            sig: "()",
            doc: "With `stream = true`: leaves what is left of the body, and closes the connection.",
            kind: Method(|frame, number| {
                with(frame, number, |_| ())?;
                streams::close(frame, number);
                Ok(())
            }),
        },
        Member {
            name: "size",
            sig: "integer",
            doc: "Bytes of the body as they are counted: of `text`, or of what was discarded or read in chunks.",
            kind: Field(|f, n| give(f, n, |kept| Arg::Int(kept.response.size() as i64))),
        },
        Member {
            name: "retries",
            sig: "integer",
            doc: "How often the request was sent again because no answer came (`max_retries`).",
            kind: Field(|f, n| give(f, n, |kept| Arg::Int(kept.response.retries.into()))),
        },
        Member {
            name: "as_curl",
            sig: "(): string",
            doc: "The request as it was sent last, as a curl command for a shell. Nothing in it is masked: it is to \
                  work.",
            kind: Method(|frame, number| {
                let command = with(frame, number, |kept| {
                    let is_gone =
                        kept.response.fate() == Fate::Released && kept.response.request.body_length > 0;
                    (!is_gone).then(|| curl::command(&kept.response.request))
                })?;
                match command {
                    Some(command) => frame.give(Arg::Str(command.as_bytes())),
                    None => return Err(absent(Fate::Released)),
                }
                Ok(())
            }),
        },
        Member {
            name: "success",
            sig: "()",
            doc: "Counts the request as a success (with `catch_response` or a closure).",
            kind: Method(|frame, number| judge(frame, number, Some(None))),
        },
        Member {
            name: "failure",
            sig: "(message: string)",
            doc: "Counts the request as a failure, grouped by the message.",
            kind: Method(|frame, number| judge(frame, number, Some(Some(frame.failure())))),
        },
        Member {
            name: "ignore",
            sig: "()",
            doc: "Does not count the request at all (with `catch_response` or a closure).",
            kind: Method(|frame, number| judge(frame, number, None)),
        },
        Member {
            name: "raise_for_status",
            sig: "()",
            doc: "Raises when no answer came, or its status is 400 or above.",
            kind: Method(|frame, number| match with(frame, number, Kept::default_failure)? {
                Some(failure) => Err(Raise::new(failure)),
                None => Ok(()),
            }),
        },
        Member {
            name: "headers",
            sig: "Headers",
            doc: "The headers; names in any case. Several of one name are joined by `, `.",
            kind: Field(|frame, number| {
                with(frame, number, |_| ())?;
                frame.give(Arg::Object(&HEADERS, number));
                Ok(())
            }),
        },
        Member {
            name: "cookies",
            sig: "table<string, string>",
            doc: "The VU's cookies that apply to the response's URL.",
            kind: Field(|frame, number| {
                let url = with(frame, number, |kept| kept.response.url())?;
                let cookies = frame.vu().client.cookies(&url).unwrap_or_default();
                frame.give_map(&mut |put| {
                    cookies.iter().for_each(|(name, value)| put(name, Arg::Str(value.as_bytes())));
                    Ok(())
                })
            }),
        },
        Member {
            name: "url",
            sig: "string",
            doc: "The URL that answered, after redirects.",
            kind: Field(|frame, number| {
                let url = with(frame, number, |kept| kept.response.url())?;
                frame.give(Arg::Str(url.as_bytes()));
                Ok(())
            }),
        },
        Member {
            name: "history",
            sig: "Redirect[]",
            doc: "The redirects on the way, oldest first.",
            kind: Field(history),
        },
        Member {
            name: "elapsed",
            sig: "number",
            doc: "Seconds from the call to the last byte, redirects included; with `stream = true` to the first byte.",
            kind: Field(|f, n| give(f, n, |kept| Arg::Num(kept.response.elapsed.as_secs_f64()))),
        },
        Member {
            name: "timings",
            sig: "Timings",
            doc: "Where the time went, in milliseconds.",
            kind: Field(timings),
        },
        Member {
            name: "error",
            sig: "RequestError?",
            doc: "Why nothing (or not all) came back; nil when all is well.",
            kind: Field(|frame, number| {
                let error = with(frame, number, |kept| kept.response.error.clone())?;
                let Some(error) = error else {
                    frame.give(Arg::Nil);
                    return Ok(());
                };
                frame.give_map(&mut |put| {
                    put("kind", Arg::Str(error.kind.name().as_bytes()));
                    put("text", Arg::Str(error.text.as_bytes()));
                    Ok(())
                })
            }),
        },
        Member {
            name: "tls",
            sig: "Tls?",
            doc: "The TLS of the connection; nil for http.",
            kind: Field(|f, n| {
                give(f, n, |kept| match kept.response.security {
                    Some(_) => Arg::Object(&TLS, n),
                    None => Arg::Nil,
                })
            }),
        },
        Member {
            name: "http_version",
            sig: "string?",
            doc: "`1.0`, `1.1` or `2`; nil where no answer came.",
            kind: Field(|f, n| {
                give(f, n, |kept| {
                    kept.response.version().map_or(Arg::Nil, |version| Arg::Str(version.as_bytes()))
                })
            }),
        },
        Member {
            name: "request",
            sig: "SentRequest",
            doc: "What was sent last, after redirects.",
            kind: Field(|frame, number| {
                let (method, url, length) = with(frame, number, |kept| {
                    let sent = &kept.response.request;
                    (sent.method.clone(), sent.url(), sent.body_length)
                })?;
                frame.give_map(&mut |put| {
                    put("method", Arg::Str(method.as_str().as_bytes()));
                    put("url", Arg::Str(url.as_bytes()));
                    put("body_length", Arg::Int(length as i64));
                    Ok(())
                })
            }),
        },
    ],
    close: Some(close),
    ..ObjectType::EMPTY
};

/// `response.headers`: looked up in any case.
pub static HEADERS: ObjectType = ObjectType {
    name: "Headers",
    doc: "A response's headers: `headers[\"Content-Type\"]`, in any case; nil where absent.",
    lookup: Some(|frame, number, name| {
        let value =
            with(frame, number, |kept| joined(kept.response.headers(), std::str::from_utf8(name).ok()?))?;
        frame.give(value.as_deref().map_or(Arg::Nil, Arg::Str));
        Ok(())
    }),
    entries: Some(|frame, number| {
        let headers = with(frame, number, |kept| listed(kept.response.headers()))?;
        frame.give_map(&mut |put| {
            headers.iter().for_each(|(name, values)| put(name, Arg::Str(values)));
            Ok(())
        })
    }),
    ..ObjectType::EMPTY
};

/// The values of one name as one.
pub(super) fn joined(headers: Headers<'_>, name: &str) -> Option<Vec<u8>> {
    let values: Vec<&[u8]> = headers.all(name).collect();
    (!values.is_empty()).then(|| values.join(&b", "[..]))
}

/// Each name, in lower case, with its values as one.
pub(super) fn listed(headers: Headers<'_>) -> Vec<(String, Vec<u8>)> {
    let mut listed: Vec<(String, Vec<u8>)> = Vec::new();
    for (name, value) in headers.iter() {
        match listed.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, values)) => values.extend([b", ", value].concat()),
            None => listed.push((name.to_ascii_lowercase(), value.to_vec())),
        }
    }
    listed
}

pub(super) fn with<R>(frame: &dyn Frame, number: u64, read: impl FnOnce(&Kept) -> R) -> Result<R, Raise> {
    match frame.vu().responses.borrow().get(number) {
        Some(kept) => Ok(read(kept)),
        None => Err(released()),
    }
}

pub(super) fn released() -> Raise {
    Raise::new("the response was released when its task ended")
        .help("keep what you need of it in a variable instead")
}

/// Why there is no body to read.
fn absent(fate: Fate) -> Raise {
    match fate {
        Fate::Kept | Fate::Released => Raise::new(
            "the body was released: the responses of this task hold more than `settings.memory_limit`",
        )
        .help("keep what you need of a body in a variable, before the next large ones come"),
        Fate::Discarded => Raise::new("the body was discarded, as `discard_body` asks")
            .help("pass `discard_body = false` to keep it"),
        Fate::Streamed => Raise::new("the body is streamed, and not kept")
            .help("read it with `for chunk in response:chunks() do`"),
    }
}

fn text(frame: &dyn Frame, number: u64) -> HostResult {
    with(frame, number, |kept| match kept.response.fate() {
        Fate::Kept => {
            frame.give(Arg::Str(kept.response.body()));
            Ok(())
        }
        fate => Err(absent(fate)),
    })?
}

pub(super) fn give(frame: &dyn Frame, number: u64, read: impl FnOnce(&Kept) -> Arg<'_>) -> HostResult {
    with(frame, number, |kept| frame.give(read(kept)))
}

fn json(frame: &dyn Frame, number: u64) -> HostResult {
    let path = match frame.arg(0) {
        Arg::Nil => None,
        _ => Some(frame.text(0, "the path")?),
    };
    // Nothing that is done with the body runs script code, which could reach the responses again.
    with(frame, number, |kept| match kept.response.body() {
        _ if kept.response.fate() != Fate::Kept => Err(absent(kept.response.fate())),
        [] => {
            Err(Raise::new(format!("the response (status {}) has no body to parse as JSON", kept.status())))
        }
        body => frame.give_json(body, path),
    })?
}

fn history(frame: &dyn Frame, number: u64) -> HostResult {
    let hops = with(frame, number, |kept| kept.response.history.clone())?;
    frame.give_list(&mut |list| {
        for hop in &hops {
            list.give_map(&mut |put| {
                put("status_code", Arg::Int(hop.status.into()));
                put("url", Arg::Str(hop.url.as_bytes()));
                put("location", Arg::Str(hop.location.as_bytes()));
                Ok(())
            })?;
        }
        Ok(())
    })
}

fn timings(frame: &dyn Frame, number: u64) -> HostResult {
    let timings = with(frame, number, |kept| kept.response.timings)?;
    frame.give_map(&mut |put| {
        for (name, time) in [
            ("blocked", timings.blocked),
            ("connecting", timings.connecting),
            ("tls_handshaking", timings.tls_handshaking),
            ("sending", timings.sending),
            ("waiting", timings.waiting),
            ("receiving", timings.receiving),
            ("duration", timings.duration()),
        ] {
            put(name, Arg::Num(time.as_secs_f64() * 1e3));
        }
        Ok(())
    })
}

/// `None`: not counted. `Some(None)`: a success. `Some(Some(text))`: a failure.
fn judge(frame: &dyn Frame, number: u64, verdict: Option<Option<String>>) -> HostResult {
    let vu = frame.vu();
    let mut responses = vu.responses.borrow_mut();
    let Some(kept) = responses.get_mut(number) else {
        return Err(Raise::new("the response was released when its task ended: it can no longer be judged"));
    };
    if kept.verdict != Verdict::Open {
        return Err(Raise::new("this response is counted already")
            .help("pass `catch_response = true`, or a closure, to judge it; and judge it once"));
    }
    kept.verdict = Verdict::Settled;
    if let Some(failure) = verdict {
        vu.record(kept, failure.as_deref());
    }
    Ok(())
}

/// The end of the block that holds the response: its body is read no further.
fn close(frame: &dyn Frame, number: u64) {
    streams::close(frame, number);
    settle(frame, number);
}

/// The end of the block that judges: what is open is settled by the default rule.
pub(super) fn settle(frame: &dyn Frame, number: u64) {
    let vu = frame.vu();
    if let Some(kept) = vu.responses.borrow_mut().get_mut(number).filter(|kept| kept.verdict == Verdict::Open)
    {
        kept.verdict = Verdict::Settled;
        vu.record(kept, kept.default_failure().as_deref());
    }
}
