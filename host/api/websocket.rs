//! `ws`: WebSockets. A socket is held by its number in the VU until it is closed.

use std::pin::pin;
use std::rc::Rc;
use std::time::{Duration, Instant};

use crate::metrics::Kind;
use crate::net::{Message, Offer, Outcome, Told};
use crate::vu::{HeldSocket, Line, fiber};

use super::frame::{Arg, Frame, HostResult, Raise, wrong};
use super::lines::{self, Wanted};
use super::object::{HostFn, Module};
use super::socket_options::SOCKET_OPTIONS;
use super::tracing;
use super::websocket_object::WEBSOCKET;

pub(super) static MODULE: Module = Module {
    name: "ws",
    doc: "WebSockets, over the VU's own connections and cookies.",
    functions: &[HostFn {
        name: "connect",
        sig: "(url: string, options?: SocketOptions): WebSocket",
        doc: "Opens a WebSocket: `ws://..`, `wss://..`, or a path below the base URL. It stays open over tasks until it \
              is closed, or its VU ends. One that cannot be opened does not raise: it has an `error`. Counts as \
              `WS` under its path, or `name`.",
        run: connect,
    }],
    ..Module::EMPTY
};

/// Headers of the handshake, and what to do instead.
const MADE: [(&str, &str); 6] = [
    ("upgrade", "`ws.connect` sends it"),
    ("connection", "`ws.connect` sends it"),
    ("sec-websocket-key", "`ws.connect` sends it"),
    ("sec-websocket-version", "`ws.connect` sends it"),
    ("sec-websocket-extensions", "extensions, compression among them, are not spoken"),
    ("sec-websocket-protocol", "name them in the option `subprotocols`"),
];

fn connect(frame: &dyn Frame) -> HostResult {
    let vu = frame.vu().clone();
    let mut protocols = Vec::new();
    let mut max_message = vu.client.net().settings().max_body;
    let wanted = Wanted::read(frame, &SOCKET_OPTIONS, &mut |key, value| {
        match key {
            b"subprotocols" => protocols = subprotocols(frame, value)?,
            b"max_message" => max_message = lines::size("max_message", value)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    wanted.refuse_headers(&MADE)?;
    lines::refuse_too_many(&vu)?;
    let begun = Instant::now();
    let handshake = {
        let borrowed = wanted.borrowed();
        let offer = Offer { protocols: &protocols, max_message };
        let trace = |told: Told<'_>| wanted.tell(&vu, &told);
        let shaking = vu.client.websocket(wanted.request(&vu, &borrowed, &trace), offer);
        // Boxed: a fiber's stack is no place for it.
        fiber::wait(Box::pin(shaking))?
    };
    let terms = wanted.terms(&vu, "WS", &handshake.response);
    vu.record_line(&terms, &handshake.response, lines::failure(&handshake.response));
    if handshake.socket.is_some() {
        let elapsed = handshake.response.elapsed.as_secs_f64() * 1e3;
        vu.measure(Kind::Trend, "ws_connecting", elapsed, &terms.tags);
        vu.measure(Kind::Counter, "ws_sessions", 1.0, &terms.tags);
    }
    let held = Rc::new(HeldSocket::new(terms, handshake, begun));
    let number = vu.lines.borrow_mut().get_or_insert_default().insert(Line::Socket(held));
    frame.give(Arg::Object(&WEBSOCKET, number));
    Ok(())
}

/// One name, or a list of them.
fn subprotocols(frame: &dyn Frame, value: Arg<'_>) -> Result<Vec<String>, Raise> {
    let mut names = Vec::new();
    let mut add = |value: Arg<'_>| {
        let Arg::Str(bytes) = value else { return Err(wrong("a subprotocol", "a string", value)) };
        let name = String::from_utf8_lossy(bytes).into_owned();
        let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(Raise::new(format!("`{}` is no name of a subprotocol", name.escape_debug())));
        }
        if names.contains(&name) {
            return Err(Raise::new(format!("the subprotocol `{name}` is named twice")));
        }
        names.push(name);
        Ok(())
    };
    match value {
        Arg::Table(list) => frame.items(list, &mut |_, item| add(item))?,
        one => add(one)?,
    }
    Ok(names)
}

pub(super) fn held(frame: &dyn Frame, number: u64) -> Result<Rc<HeldSocket>, Raise> {
    match frame.vu().lines.borrow().as_ref().and_then(|lines| lines.get(number)) {
        Some(Line::Socket(held)) => Ok(held.clone()),
        _ => Err(lines::forgotten("WebSocket")),
    }
}

pub(super) fn send(frame: &dyn Frame, number: u64, is_text: bool) -> HostResult {
    let held = held(frame, number)?;
    let message = match frame.arg(0) {
        Arg::Str(bytes) if !is_text => Message::binary(bytes.to_vec()),
        Arg::Str(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Message::text(text),
            Err(_) => {
                return Err(Raise::new("the text is not valid UTF-8").help("use `send_binary` for bytes"));
            }
        },
        other => return Err(wrong("the message", "a string", other)),
    };
    if held.socket.is_some() {
        tracing::passes(frame.vu(), &held.terms, '>', kind(&message), message.bytes());
    }
    let outcome = match &held.socket {
        Some(socket) => fiber::wait(pin!(socket.send(message, held.terms.limit)))?,
        None => Outcome::Closed,
    };
    frame.vu().settle_socket(&held);
    match outcome {
        Outcome::Done(()) => frame.give(Arg::Bool(true)),
        Outcome::TimedOut => give_false(frame, "timeout"),
        Outcome::Closed => give_false(frame, "closed"),
    }
    Ok(())
}

fn kind(message: &Message) -> &'static str {
    match message {
        Message::Text(_) => "text",
        Message::Binary(_) => "binary",
    }
}

fn give_false(frame: &dyn Frame, why: &str) {
    frame.give(Arg::Bool(false));
    frame.give(Arg::Str(why.as_bytes()));
}

pub(super) fn receive(frame: &dyn Frame, number: u64) -> HostResult {
    let limit = lines::patience(frame, 0)?;
    let held = held(frame, number)?;
    take(frame, &held, limit)
}

/// The next message and its kind; or nil, and why there is none.
fn take(frame: &dyn Frame, held: &HeldSocket, limit: Option<Duration>) -> HostResult {
    let outcome = match &held.socket {
        Some(socket) => fiber::wait(pin!(socket.receive(limit)))?,
        None => Outcome::Closed,
    };
    frame.vu().settle_socket(held);
    match outcome {
        Outcome::Done(message) => {
            tracing::passes(frame.vu(), &held.terms, '<', kind(&message), message.bytes());
            frame.give(Arg::Str(message.bytes()));
            frame.give(Arg::Str(kind(&message).as_bytes()));
        }
        Outcome::TimedOut => lines::give_nothing(frame, "timeout"),
        Outcome::Closed => lines::give_nothing(frame, "closed"),
    }
    Ok(())
}

/// What a loop over `socket:messages()` calls.
static NEXT: HostFn = HostFn {
    name: "next_message",
    sig: "(socket: WebSocket): string?, string",
    doc: "The next message.",
    run: |frame| match frame.arg(0) {
        Arg::Object(kind, number) if std::ptr::eq(kind, &WEBSOCKET) => {
            let held = held(frame, number)?;
            take(frame, &held, held.terms.patience.get())
        }
        _ => Err(Raise::new("write it as `for text, kind in socket:messages() do`")),
    },
};

pub(super) fn messages(frame: &dyn Frame, number: u64) -> HostResult {
    let limit = lines::patience(frame, 0)?;
    held(frame, number)?.terms.patience.set(limit);
    frame.give(Arg::Host(&NEXT));
    frame.give(Arg::Object(&WEBSOCKET, number));
    Ok(())
}

pub(super) fn ping(frame: &dyn Frame, number: u64) -> HostResult {
    let data = match frame.arg(0) {
        Arg::Nil => None,
        Arg::Str(bytes) if bytes.len() <= 125 => Some(bytes.to_vec().into()),
        Arg::Str(bytes) => {
            return Err(Raise::new(format!("a ping holds at most 125 bytes, not {}", bytes.len())));
        }
        other => return Err(wrong("the data of the ping", "a string", other)),
    };
    let held = held(frame, number)?;
    let outcome = match &held.socket {
        Some(socket) => fiber::wait(pin!(socket.ping(data, held.terms.limit)))?,
        None => Outcome::Closed,
    };
    let vu = frame.vu();
    vu.settle_socket(&held);
    match outcome {
        Outcome::Done(time) => {
            vu.measure(Kind::Trend, "ws_ping", time.as_secs_f64() * 1e3, &held.terms.tags);
            frame.give(Arg::Num(time.as_secs_f64()));
        }
        Outcome::TimedOut => lines::give_nothing(frame, "timeout"),
        Outcome::Closed => lines::give_nothing(frame, "closed"),
    }
    Ok(())
}

pub(super) fn close(frame: &dyn Frame, number: u64) -> HostResult {
    let code = match frame.arg(0) {
        Arg::Nil => 1000,
        Arg::Int(code @ (1000..=1003 | 1007..=1014 | 3000..=4999)) => code as u16,
        Arg::Int(code) => {
            return Err(Raise::new(format!("a socket cannot be closed with the code {code}"))
                .help("use 1000 for a normal end, or a code of your own from 3000 to 4999"));
        }
        other => return Err(wrong("the close code", "an integer", other)),
    };
    let reason = match frame.arg(1) {
        Arg::Nil => "",
        _ => frame.text(1, "the reason")?,
    };
    if reason.len() > 123 {
        return Err(Raise::new(format!("a reason holds at most 123 bytes, not {}", reason.len())));
    }
    shut(frame, number, code, reason)
}

fn shut(frame: &dyn Frame, number: u64, code: u16, reason: &str) -> HostResult {
    let held = held(frame, number)?;
    let waited = match &held.socket {
        Some(socket) => fiber::wait(pin!(socket.close(code, reason))),
        None => Ok(()),
    };
    frame.vu().settle_socket(&held);
    Ok(waited?)
}

/// The end of the block that holds it. Where the call is being ended, nobody waits.
pub(super) fn end(frame: &dyn Frame, number: u64) {
    if shut(frame, number, 1000, "").is_err()
        && let Ok(held) = held(frame, number)
        && let Some(socket) = &held.socket
    {
        socket.leave();
    }
}
