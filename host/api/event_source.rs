//! The object that `sse.open` returns, and its events. What its methods do is in `sse`.

use super::frame::{Arg, Frame, HostResult};
use super::lines;
use super::object::{Field as RecordField, Member, MemberKind, ObjectType, Record};
use super::sse::{events, held, receive};

use MemberKind::{Field, Method};

/// What `source:next()` returns.
pub(super) static SERVER_EVENT: Record = Record {
    name: "ServerEvent",
    doc: "A server-sent event.",
    given: false,
    fields: &[
        RecordField { name: "event", sig: "string", doc: "Its type: `message` unless the server named one." },
        RecordField { name: "data", sig: "string", doc: "Its data; lines are joined with line feeds." },
        RecordField {
            name: "id",
            sig: "string",
            doc: "The id that the server set last, with this event or before; empty where it set none.",
        },
        RecordField {
            name: "retry",
            sig: "number?",
            doc: "Seconds to wait before connecting again, where the server named them since the event before.",
        },
    ],
};

/// What `sse.open` returns.
pub static EVENT_SOURCE: ObjectType = ObjectType {
    name: "EventSource",
    doc: "A stream of server-sent events, over all its connections, or why there is none.",
    members: &[
        Member {
            name: "next",
            sig: "(timeout?: number): ServerEvent?, string?",
            doc: "The next event; nil and `\"timeout\"` after so many seconds, nil and `\"closed\"` once there is none \
                  to come. Without a timeout it waits as long as it takes. Connects again where that is due.",
            kind: Method(receive),
        },
        Member {
            name: "events",
            sig: "(timeout?: number): (fun(source: EventSource): ServerEvent?, string?), EventSource",
            doc: "`for event in source:events() do`: every event until the source is closed, or until none comes for \
                  so many seconds.",
            kind: Method(events),
        },
        Member {
            name: "close",
            sig: "()",
            doc: "Closes the connection; there are no more events.",
            kind: Method(|frame, number| {
                held(frame, number)?.close();
                Ok(())
            }),
        },
        Member {
            name: "open",
            sig: "boolean",
            doc: "Whether events may still come, if over another connection.",
            kind: Field(|frame, number| {
                frame.give(Arg::Bool(held(frame, number)?.is_open()));
                Ok(())
            }),
        },
        Member {
            name: "status_code",
            sig: "integer",
            doc: "The status of the last answer; 0 when none came.",
            kind: Field(|frame, number| {
                frame.give(Arg::Int(held(frame, number)?.response.borrow().status.into()));
                Ok(())
            }),
        },
        Member {
            name: "headers",
            sig: "Headers",
            doc: "The headers of the last answer.",
            kind: Field(|frame, number| {
                frame.give(Arg::Object(&HEADERS, number));
                Ok(())
            }),
        },
        Member {
            name: "url",
            sig: "string",
            doc: "The URL that answered last, after redirects.",
            kind: Field(|frame, number| {
                let url = held(frame, number)?.response.borrow().url();
                frame.give(Arg::Str(url.as_bytes()));
                Ok(())
            }),
        },
        Member {
            name: "elapsed",
            sig: "number",
            doc: "Seconds until the head of the last answer was there.",
            kind: Field(|frame, number| {
                let elapsed = held(frame, number)?.response.borrow().elapsed;
                frame.give(Arg::Num(elapsed.as_secs_f64()));
                Ok(())
            }),
        },
        Member {
            name: "last_event_id",
            sig: "string",
            doc: "The id that would be sent as `Last-Event-ID` now; empty where there is none.",
            kind: Field(|frame, number| {
                let held = held(frame, number)?;
                let source = held.source.borrow().clone();
                let id = source.map_or_else(|| held.last_id.borrow().clone(), |source| source.last_id());
                frame.give(Arg::Str(id.as_bytes()));
                Ok(())
            }),
        },
        Member {
            name: "reconnects",
            sig: "integer",
            doc: "How often it has connected again, or tried to.",
            kind: Field(|frame, number| {
                frame.give(Arg::Int(held(frame, number)?.reconnects.get() as i64));
                Ok(())
            }),
        },
        Member {
            name: "error",
            sig: "RequestError?",
            doc: "Why it could not be opened, or what broke it last; nil when all is well. `handshake`: the server \
                  answered with something else than an event stream.",
            kind: Field(|frame, number| {
                lines::give_error(frame, held(frame, number)?.error.borrow().clone())
            }),
        },
    ],
    close: Some(|frame, number| {
        if let Ok(held) = held(frame, number) {
            held.close();
        }
    }),
    ..ObjectType::EMPTY
};

/// As those of a response; it is listed in the reference once.
static HEADERS: ObjectType = ObjectType {
    name: "Headers",
    doc: "The headers of an answer.",
    lookup: Some(|frame, number, name| {
        lines::give_header(frame, held(frame, number)?.response.borrow().headers(), name);
        Ok(())
    }),
    entries: Some(entries),
    ..ObjectType::EMPTY
};

fn entries(frame: &dyn Frame, number: u64) -> HostResult {
    let response = held(frame, number)?.response.borrow().clone();
    lines::give_headers(frame, response.headers())
}
