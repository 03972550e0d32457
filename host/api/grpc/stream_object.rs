//! The object that `client:stream` returns. What its methods do is in `stream`.

use super::reply::{give_error, give_metadata};
use super::stream::{end, held, judge, messages, receive, seen, send};
use crate::api::frame::{Arg, Frame, HostResult, Raise};
use crate::api::object::{Member, MemberKind, ObjectType};
use crate::net::Answer;

use MemberKind::{Field, Method};

/// What `client:stream` returns.
pub(in crate::api) static STREAM: ObjectType = ObjectType {
    name: "GrpcStream",
    doc: "A call that goes on. What nobody takes waits at the server. It counts, once, when it has ended: as a failure \
          unless its status is OK or this side has ended it first.",
    members: &[
        Member {
            name: "send",
            sig: "(message?: table): boolean",
            doc: "Sends a message; false where the call is over, or this side of it is closed. The one message of a method \
                  that streams only its replies closes this side.",
            kind: Method(send),
        },
        Member {
            name: "close_send",
            sig: "()",
            doc: "No more messages from this side; those of the server go on.",
            kind: Method(|frame, number| {
                held(frame, number)?.rpc.close_send();
                Ok(())
            }),
        },
        Member {
            name: "recv",
            sig: "(timeout?: number): any, string?",
            doc: "The next message; nil and `\"timeout\"` after so many seconds, nil and `\"closed\"` when there is none to \
                  come. Without a timeout it waits as long as it takes.",
            kind: Method(receive),
        },
        Member {
            name: "messages",
            sig: "(timeout?: number): (fun(stream: GrpcStream): any), GrpcStream",
            doc: "`for message in stream:messages() do`: every message until the call ends, or until none comes for so many \
                  seconds.",
            kind: Method(messages),
        },
        Member {
            name: "cancel",
            sig: "()",
            doc: "Ends the call from this side, unless it is over. `close`, the end of a `<close>` block and the end of \
                  the VU do the same.",
            kind: Method(finish),
        },
        Member { name: "close", sig: "()", doc: "The same as `cancel`.", kind: Method(finish) },
        Member {
            name: "open",
            sig: "boolean",
            doc: "Whether the call goes on, as far as is known.",
            kind: Field(|frame, number| {
                let held = seen(frame, number)?;
                frame.give(Arg::Bool(!held.rpc.is_over()));
                Ok(())
            }),
        },
        Member {
            name: "status",
            sig: "integer?",
            doc: "The number of the status; nil while the call goes on.",
            kind: Field(|frame, number| answered(frame, number, |answer| Arg::Int(answer.status.0.into()))),
        },
        Member {
            name: "status_name",
            sig: "string?",
            doc: "The name of the status; nil while the call goes on.",
            kind: Field(|frame, number| {
                let name = seen(frame, number)?.rpc.answer().map(|answer| answer.status.name());
                frame.give(name.as_ref().map_or(Arg::Nil, |name| Arg::Str(name.as_bytes())));
                Ok(())
            }),
        },
        Member {
            name: "ok",
            sig: "boolean",
            doc: "Whether it has ended with the status OK.",
            kind: Field(|frame, number| {
                let answer = seen(frame, number)?.rpc.answer();
                frame.give(Arg::Bool(answer.is_some_and(|answer| answer.fault.is_none())));
                Ok(())
            }),
        },
        Member {
            name: "error",
            sig: "RpcError?",
            doc: "Why the status is not OK; nil if it is, or while the call goes on.",
            kind: Field(|frame, number| {
                let held = seen(frame, number)?;
                match held.rpc.answer() {
                    Some(answer) => give_error(frame, &answer, held.terms.schema),
                    None => {
                        frame.give(Arg::Nil);
                        Ok(())
                    }
                }
            }),
        },
        Member {
            name: "headers",
            sig: "table<string, string|string[]>",
            doc: "The metadata that the server began with, once it is there.",
            kind: Field(|frame, number| give_metadata(frame, &seen(frame, number)?.rpc.headers())),
        },
        Member {
            name: "trailers",
            sig: "table<string, string|string[]>",
            doc: "The metadata that it ended with, once it is there.",
            kind: Field(|frame, number| {
                let answer = seen(frame, number)?.rpc.answer();
                give_metadata(frame, &answer.map(|answer| answer.trailers).unwrap_or_default())
            }),
        },
        Member {
            name: "elapsed",
            sig: "number?",
            doc: "Seconds from its beginning to its end; nil while it goes on.",
            kind: Field(|frame, number| {
                answered(frame, number, |answer| Arg::Num(answer.elapsed.as_secs_f64()))
            }),
        },
        Member {
            name: "sent",
            sig: "integer",
            doc: "Messages sent.",
            kind: Field(|frame, number| {
                frame.give(Arg::Int(held(frame, number)?.rpc.counts().0 as i64));
                Ok(())
            }),
        },
        Member {
            name: "received",
            sig: "integer",
            doc: "Messages taken.",
            kind: Field(|frame, number| {
                frame.give(Arg::Int(held(frame, number)?.rpc.counts().1 as i64));
                Ok(())
            }),
        },
        Member {
            name: "success",
            sig: "()",
            doc: "Counts the stream as a success (with `catch_response`), when it has ended.",
            kind: Method(|frame, number| judge(frame, number, Some(None))),
        },
        Member {
            name: "failure",
            sig: "(message: string)",
            doc: "Counts the stream as a failure, grouped by the message.",
            kind: Method(|frame, number| judge(frame, number, Some(Some(frame.failure())))),
        },
        Member {
            name: "ignore",
            sig: "()",
            doc: "Does not count the stream at all (with `catch_response`).",
            kind: Method(|frame, number| judge(frame, number, None)),
        },
    ],
    close: Some(end),
    ..ObjectType::EMPTY
};

fn finish(frame: &dyn Frame, number: u64) -> HostResult {
    held(frame, number)?;
    end(frame, number);
    Ok(())
}

fn answered(frame: &dyn Frame, number: u64, read: impl FnOnce(&Answer) -> Arg<'static>) -> Result<(), Raise> {
    let answer = seen(frame, number)?.rpc.answer();
    frame.give(answer.as_ref().map_or(Arg::Nil, read));
    Ok(())
}
