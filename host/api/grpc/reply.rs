//! The reply to a unary call, and what else it has in common with a stream that has ended.

use http::HeaderMap;

use super::decode;
use crate::api::frame::{Arg, Frame, HostResult, Raise};
use crate::api::object::{Field as RecordField, Member, MemberKind, ObjectType, Record};
use crate::net::{Answer, Schema, detail_bytes, listed_metadata};
use crate::vu::{Reply, Verdict, default_failure};

use MemberKind::{Field, Kept, Method};

/// What `client:call` returns.
pub(in crate::api) static REPLY: ObjectType = ObjectType {
    name: "GrpcReply",
    doc: "The reply to a call, or why there is none. It is released when the task ends.",
    members: &[
        Member {
            name: "status",
            sig: "integer",
            doc: "The number of the status: 0 is `grpc.OK`. A call that got no reply has one as well, 14 (UNAVAILABLE) for \
                  one that could not connect.",
            kind: Field(|f, n| with(f, n, |reply| f.give(Arg::Int(reply.answer.status.0.into())))),
        },
        Member {
            name: "status_name",
            sig: "string",
            doc: "The name of the status, such as `NOT_FOUND`.",
            kind: Field(|f, n| with(f, n, |reply| f.give(Arg::Str(reply.answer.status.name().as_bytes())))),
        },
        Member {
            name: "ok",
            sig: "boolean",
            doc: "Whether the status is OK.",
            kind: Field(|f, n| with(f, n, |reply| f.give(Arg::Bool(reply.answer.fault.is_none())))),
        },
        Member {
            name: "message",
            sig: "any",
            doc: "The message, read when it is asked for first; nil unless the status is OK.",
            kind: Kept(message),
        },
        Member {
            name: "error",
            sig: "RpcError?",
            doc: "Why the status is not OK; nil if it is.",
            kind: Field(|frame, number| {
                let (answer, schema) = copy(frame, number)?;
                give_error(frame, &answer, schema)
            }),
        },
        Member {
            name: "headers",
            sig: "table<string, string|string[]>",
            doc: "The metadata that came before the message; names in lower case. Values of `-bin` are bytes: a list of \
                  them, where there are several of a name. Several texts of a name are one, joined by commas.",
            kind: Field(|frame, number| {
                let (answer, _) = copy(frame, number)?;
                give_metadata(frame, &answer.headers)
            }),
        },
        Member {
            name: "trailers",
            sig: "table<string, string|string[]>",
            doc: "The metadata that came after it.",
            kind: Field(|frame, number| {
                let (answer, _) = copy(frame, number)?;
                give_metadata(frame, &answer.trailers)
            }),
        },
        Member {
            name: "elapsed",
            sig: "number",
            doc: "Seconds from the call to its end.",
            kind: Field(|f, n| with(f, n, |reply| f.give(Arg::Num(reply.answer.elapsed.as_secs_f64())))),
        },
        Member {
            name: "success",
            sig: "()",
            doc: "Counts the call as a success (with `catch_response` or a closure).",
            kind: Method(|frame, number| judge(frame, number, Some(None))),
        },
        Member {
            name: "failure",
            sig: "(message: string)",
            doc: "Counts the call as a failure, grouped by the message.",
            kind: Method(|frame, number| judge(frame, number, Some(Some(frame.failure())))),
        },
        Member {
            name: "ignore",
            sig: "()",
            doc: "Does not count the call at all (with `catch_response` or a closure).",
            kind: Method(|frame, number| judge(frame, number, None)),
        },
    ],
    close: Some(settle),
    keeps: true,
    ..ObjectType::EMPTY
};

pub(in crate::api) static RPC_ERROR: Record = Record {
    name: "RpcError",
    doc: "Why a call has another status than OK.",
    given: false,
    fields: &[
        RecordField {
            name: "kind",
            sig: "string",
            doc: "`status` where the server said so; `timeout`, `cancelled`; else as for HTTP: `dns`, `connect`, `proxy`, \
                  `tls`, `closed`, `protocol`, `too_large`, `not_allowed`.",
        },
        RecordField { name: "status", sig: "string", doc: "The name of the status." },
        RecordField { name: "text", sig: "string", doc: "The server's message, or what happened." },
        RecordField {
            name: "details",
            sig: "table[]",
            doc: "The details of `google.rpc.Status`, where the server sent it: messages with their name in `@type`.",
        },
    ],
};

fn with<T>(frame: &dyn Frame, number: u64, read: impl FnOnce(&mut Reply) -> T) -> Result<T, Raise> {
    let mut rpcs = frame.vu().rpcs.borrow_mut();
    match rpcs.as_mut().and_then(|rpcs| rpcs.reply(number)) {
        Some(reply) => Ok(read(reply)),
        None => Err(Raise::new("the reply was released when its task ended")
            .help("keep what you need of it in a variable instead")),
    }
}

/// Bytes and headers are shared, so this is cheap; and nothing is borrowed while the script's tables are made.
fn copy(frame: &dyn Frame, number: u64) -> Result<(Answer, &'static Schema), Raise> {
    with(frame, number, |reply| (reply.answer.clone(), reply.terms.schema))
}

fn message(frame: &dyn Frame, number: u64) -> HostResult {
    let found = with(frame, number, |reply| {
        let message = reply.answer.message.clone();
        message.map(|message| (message, reply.terms.schema, reply.terms.method.output))
    })?;
    match found {
        Some((message, schema, output)) => decode::give(frame, schema, output, &message),
        None => {
            frame.give(Arg::Nil);
            Ok(())
        }
    }
}

/// Metadata as a table. Several values of a name are a list.
pub(super) fn give_metadata(frame: &dyn Frame, headers: &HeaderMap) -> HostResult {
    let listed = listed_metadata(headers);
    frame.give_built(&mut |to| {
        to.open_map(listed.len())?;
        for (name, values) in &listed {
            to.key(Arg::Str(name.as_bytes()));
            if let [value] = &values[..] {
                to.value(Arg::Str(value));
                continue;
            }
            to.open_list(values.len())?;
            values.iter().for_each(|value| to.value(Arg::Str(value)));
            to.close();
        }
        to.close();
        Ok(())
    })
}

/// `{ kind, status, text, details }`, or nil.
pub(super) fn give_error(frame: &dyn Frame, answer: &Answer, schema: &'static Schema) -> HostResult {
    let Some(fault) = &answer.fault else {
        frame.give(Arg::Nil);
        return Ok(());
    };
    let details = detail_bytes(&answer.trailers).unwrap_or_default();
    frame.give_built(&mut |to| {
        to.open_map(4)?;
        to.key(Arg::Str(b"kind"));
        to.value(Arg::Str(fault.name().as_bytes()));
        to.key(Arg::Str(b"status"));
        to.value(Arg::Str(answer.status.name().as_bytes()));
        to.key(Arg::Str(b"text"));
        to.value(Arg::Str(answer.text.as_bytes()));
        to.key(Arg::Str(b"details"));
        decode::details(schema, &details, to)?;
        to.close();
        Ok(())
    })
}

/// `None`: not counted. `Some(None)`: a success. `Some(Some(text))`: a failure.
fn judge(frame: &dyn Frame, number: u64, verdict: Option<Option<String>>) -> HostResult {
    let vu = frame.vu();
    with(frame, number, |reply| {
        if reply.verdict != Verdict::Open {
            return Err(Raise::new("this reply is counted already")
                .help("pass `catch_response = true`, or a closure, to judge it; and judge it once"));
        }
        reply.verdict = Verdict::Settled;
        if let Some(failure) = verdict {
            vu.record_rpc(&reply.terms, &reply.answer, failure.as_deref(), None);
        }
        Ok(())
    })?
}

/// The end of the block that judges: what is open is settled by the default rule.
pub(super) fn settle(frame: &dyn Frame, number: u64) {
    let vu = frame.vu();
    let _ = with(frame, number, |reply| {
        if reply.verdict == Verdict::Open {
            reply.verdict = Verdict::Settled;
            vu.record_rpc(&reply.terms, &reply.answer, default_failure(&reply.answer).as_deref(), None);
        }
    });
}
