//! The object that `ws.connect` returns. What its methods do is in `websocket`.

use crate::net::{Socket, socket_url};

use super::frame::{Arg, Frame, Raise};
use super::lines;
use super::object::{Member, MemberKind, ObjectType};
use super::websocket::{close, end, held, messages, ping, receive, send};

use MemberKind::{Field, Method};

/// What `ws.connect` returns.
pub static WEBSOCKET: ObjectType = ObjectType {
    name: "WebSocket",
    doc: "A WebSocket, or why there is none. Pings of the server are answered while the VU does something else.",
    members: &[
        Member {
            name: "send",
            sig: "(text: string): boolean, string?",
            doc: "Sends a text; true once the system has taken it, else false and `\"closed\"` or `\"timeout\"`.",
            kind: Method(|frame, number| send(frame, number, true)),
        },
        Member {
            name: "send_binary",
            sig: "(bytes: string): boolean, string?",
            doc: "Sends a binary message, otherwise as `send`.",
            kind: Method(|frame, number| send(frame, number, false)),
        },
        Member {
            name: "recv",
            sig: "(timeout?: number): string?, string",
            doc: "The next message, and `\"text\"` or `\"binary\"`; nil and `\"timeout\"` after so many seconds, nil and \
                  `\"closed\"` once the socket is closed and all that had arrived is taken. Without a timeout it \
                  waits as long as it takes.",
            kind: Method(receive),
        },
        Member {
            name: "messages",
            sig: "(timeout?: number): (fun(socket: WebSocket): string?, string), WebSocket",
            doc: "`for text, kind in socket:messages() do`: every message until the socket is closed, or until none \
                  comes for so many seconds.",
            kind: Method(messages),
        },
        Member {
            name: "ping",
            sig: "(data?: string): number?, string?",
            doc: "Sends a ping and waits for its pong: the seconds between (also in the metric `ws_ping`), or nil and \
                  `\"closed\"` or `\"timeout\"`.",
            kind: Method(ping),
        },
        Member {
            name: "close",
            sig: "(code?: integer, reason?: string)",
            doc: "Closes the socket (code 1000) and waits up to 5 s for the server's close frame. Messages that were \
                  not taken are dropped.",
            kind: Method(close),
        },
        Member {
            name: "open",
            sig: "boolean",
            doc: "Whether it is open, as far as is known.",
            kind: Field(|frame, number| {
                let held = held(frame, number)?;
                frame.give(Arg::Bool(held.socket.as_ref().is_some_and(|socket| socket.is_open())));
                Ok(())
            }),
        },
        Member {
            name: "status_code",
            sig: "integer",
            doc: "The status of the handshake: 101; 0 when no answer came.",
            kind: Field(|frame, number| {
                frame.give(Arg::Int(held(frame, number)?.response.status.into()));
                Ok(())
            }),
        },
        Member {
            name: "headers",
            sig: "Headers",
            doc: "The headers of the answer to the handshake.",
            kind: Field(|frame, number| {
                frame.give(Arg::Object(&HEADERS, number));
                Ok(())
            }),
        },
        Member {
            name: "subprotocol",
            sig: "string?",
            doc: "Which subprotocol the server chose.",
            kind: Field(|frame, number| {
                let held = held(frame, number)?;
                frame.give(held.protocol.as_ref().map_or(Arg::Nil, |name| Arg::Str(name.as_bytes())));
                Ok(())
            }),
        },
        Member {
            name: "url",
            sig: "string",
            doc: "Its URL, without credentials.",
            kind: Field(|frame, number| {
                let url = socket_url(&held(frame, number)?.response);
                frame.give(Arg::Str(url.as_bytes()));
                Ok(())
            }),
        },
        Member {
            name: "elapsed",
            sig: "number",
            doc: "Seconds that the handshake took.",
            kind: Field(|frame, number| {
                frame.give(Arg::Num(held(frame, number)?.response.elapsed.as_secs_f64()));
                Ok(())
            }),
        },
        Member {
            name: "close_code",
            sig: "integer?",
            doc: "The code of the server's close frame: 1005 where it had none, 1006 where there was no (valid) close frame. Nil \
                  while the socket is open, or where it never was.",
            kind: Field(|frame, number| {
                let code = close_frame(frame, number)?;
                frame.give(code.map_or(Arg::Nil, |(code, _)| Arg::Int(code.into())));
                Ok(())
            }),
        },
        Member {
            name: "close_reason",
            sig: "string?",
            doc: "The reason in that frame; empty where it gave none.",
            kind: Field(|frame, number| {
                let close = close_frame(frame, number)?;
                frame.give(close.as_ref().map_or(Arg::Nil, |(_, reason)| Arg::Str(reason.as_bytes())));
                Ok(())
            }),
        },
        Member {
            name: "error",
            sig: "RequestError?",
            doc: "Why it could not be opened, or what broke it; nil when it was closed in order. `handshake`: the \
                  server answered something else.",
            kind: Field(|frame, number| {
                let held = held(frame, number)?;
                let opened = held.socket.as_ref().and_then(|socket| socket.error());
                lines::give_error(frame, held.response.error.clone().or(opened))
            }),
        },
    ],
    close: Some(end),
    ..ObjectType::EMPTY
};

/// As those of a response; it is listed in the reference once.
static HEADERS: ObjectType = ObjectType {
    name: "Headers",
    doc: "The headers of an answer.",
    lookup: Some(|frame, number, name| {
        lines::give_header(frame, held(frame, number)?.response.headers(), name);
        Ok(())
    }),
    entries: Some(|frame, number| lines::give_headers(frame, held(frame, number)?.response.headers())),
    ..ObjectType::EMPTY
};

fn close_frame(frame: &dyn Frame, number: u64) -> Result<Option<(u16, String)>, Raise> {
    Ok(held(frame, number)?.socket.as_deref().and_then(Socket::close_frame))
}
