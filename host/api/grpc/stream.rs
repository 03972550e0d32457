//! Streams: what the methods of a `GrpcStream` do.

use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use super::call::{refuse_while_loading, terms};
use super::call_options::CallOptions;
use super::checking::check;
use super::client::{Named, client, method};
use super::stream_object::STREAM;
use super::tracing::{Teller, teller};
use super::{decode, encode};
use crate::api::frame::{Arg, Frame, HostResult, Raise};
use crate::api::lines;
use crate::api::object::HostFn;
use crate::metrics::Kind;
use crate::net::{Outgoing, Received, Rpc};
use crate::vu::{HeldRpc, Line, Verdict, Vu, fiber};

/// `client:stream(method, options)`.
pub(super) fn open(frame: &dyn Frame, number: u64) -> HostResult {
    refuse_while_loading(frame)?;
    let client = client(frame, number)?;
    let Named { schema, method, unreached } = method(frame, &client, true)?;
    if !method.is_client_streaming && !method.is_server_streaming {
        let what = format!("`{}` does not stream: it is a unary method", method.name);
        return Err(Raise::new(what).help("use `client:call(method, message)`"));
    }
    let options = CallOptions::read(frame, frame.arg(1))?;
    refuse_too_many(frame.vu())?;
    let outgoing = options.outgoing(&client, method);
    let rpc = match unreached {
        Some(answer) => Rpc::over(*answer),
        None => {
            if let Some(told) = teller(frame.vu(), || options.name.as_deref().unwrap_or(&method.name).into())
            {
                told.begins(&client.channel, &outgoing, None);
            }
            fiber::wait(Box::pin(client.channel.open(&outgoing, options.timeout.is_some())))?
        }
    };
    let is_caught = options.is_caught;
    let terms = terms(frame, &client, (schema, method), options);
    let vu = frame.vu();
    vu.measure_rpc((Kind::Counter, "grpc_streams", 1.0), &terms, None);
    let held = Rc::new(HeldRpc::new(rpc, terms, is_caught));
    vu.settle_rpc(&held);
    let number = vu.lines.borrow_mut().get_or_insert_default().insert(Line::Rpc(held));
    frame.give(Arg::Object(&STREAM, number));
    Ok(())
}

/// Streams that a user may hold open at the same time.
const MOST_STREAMS: usize = 1000;

fn refuse_too_many(vu: &Vu) -> HostResult {
    let is_stream = |line: &Line| matches!(line, Line::Rpc(_));
    if vu.lines.borrow().as_ref().is_none_or(|lines| lines.count_open(is_stream) < MOST_STREAMS) {
        return Ok(());
    }
    Err(Raise::new(format!("this user holds {MOST_STREAMS} streams of gRPC open already"))
        .help("end what is not needed any more, by its method `close`"))
}

/// The stream with a number.
pub(super) fn held(frame: &dyn Frame, number: u64) -> Result<Rc<HeldRpc>, Raise> {
    match frame.vu().lines.borrow().as_ref().and_then(|lines| lines.get(number)) {
        Some(Line::Rpc(held)) => Ok(held.clone()),
        _ => Err(lines::forgotten("stream")),
    }
}

/// The same, after a look whether the server has ended it.
pub(super) fn seen(frame: &dyn Frame, number: u64) -> Result<Rc<HeldRpc>, Raise> {
    let held = held(frame, number)?;
    held.rpc.look();
    frame.vu().settle_rpc(&held);
    tell_end(frame, &held);
    Ok(held)
}

pub(super) fn send(frame: &dyn Frame, number: u64) -> HostResult {
    let held = held(frame, number)?;
    let (schema, method) = (held.terms.schema, held.terms.method);
    if schema.is_unseen() {
        // What its messages are is not known, and the call is over.
        frame.give(Arg::Bool(false));
        return Ok(());
    }
    let mut framed = Outgoing::buffer();
    encode::encode(frame, schema, method.input, frame.arg(0), &mut framed)?;
    if !method.is_client_streaming && held.rpc.counts().0 > 0 {
        // It takes one message: this side was closed with it.
        frame.give(Arg::Bool(false));
        return Ok(());
    }
    if let Some(told) = told(frame, &held).filter(|_| !held.rpc.is_over()) {
        told.passes('>', (schema, method.input, Outgoing::message(&framed)));
    }
    let sent = fiber::wait(pin!(held.rpc.send(framed)))?;
    if !sent {
        // Where the server has ended the call, it has said how.
        held.rpc.look();
    } else if !method.is_client_streaming {
        // There is nothing more to be sent.
        held.rpc.close_send();
    }
    frame.vu().settle_rpc(&held);
    tell_end(frame, &held);
    frame.give(Arg::Bool(sent));
    Ok(())
}

pub(super) fn receive(frame: &dyn Frame, number: u64) -> HostResult {
    let limit = lines::patience(frame, 0)?;
    let held = held(frame, number)?;
    take(frame, &held, limit)
}

/// The next message; or nil, and why there is none.
fn take(frame: &dyn Frame, held: &HeldRpc, limit: Option<Duration>) -> HostResult {
    let (schema, method) = (held.terms.schema, held.terms.method);
    let mut received = match method.is_server_streaming {
        true => fiber::wait(pin!(held.rpc.receive(limit)))?,
        false => fiber::wait(pin!(held.rpc.receive_only(limit)))?,
    };
    if let Received::Message(message) = &received
        && let Err(why) = check(schema, method.output, message)
    {
        held.rpc.refuse(why);
        received = Received::Over;
    }
    frame.vu().settle_rpc(held);
    if let (Received::Message(message), Some(told)) = (&received, told(frame, held)) {
        told.passes('<', (schema, method.output, message));
    }
    tell_end(frame, held);
    match received {
        Received::Message(message) => decode::give(frame, schema, method.output, &message)?,
        Received::TimedOut => lines::give_nothing(frame, "timeout"),
        Received::Over => lines::give_nothing(frame, "closed"),
    }
    Ok(())
}

/// What a loop over `stream:messages()` calls.
static NEXT: HostFn = HostFn {
    name: "next_message",
    sig: "(stream: GrpcStream): any",
    doc: "The next message.",
    run: |frame| match frame.arg(0) {
        Arg::Object(kind, number) if std::ptr::eq(kind, &STREAM) => {
            let held = held(frame, number)?;
            take(frame, &held, held.patience.get())
        }
        _ => Err(Raise::new("write it as `for message in stream:messages() do`")),
    },
};

pub(super) fn messages(frame: &dyn Frame, number: u64) -> HostResult {
    let limit = lines::patience(frame, 0)?;
    held(frame, number)?.patience.set(limit);
    frame.give(Arg::Host(&NEXT));
    frame.give(Arg::Object(&STREAM, number));
    Ok(())
}

/// Ends it from this side, unless it is over.
pub(super) fn end(frame: &dyn Frame, number: u64) {
    if let Ok(held) = held(frame, number) {
        frame.vu().end_rpc(&held);
        tell_end(frame, &held);
    }
}

/// Where calls are to be seen: who shows this one.
fn told<'f>(frame: &'f dyn Frame, held: &HeldRpc) -> Option<Teller<'f>> {
    let vu = frame.vu();
    teller(vu, || vu.shared.recorder.borrow().shared_label(held.terms.key).name.to_string().into())
}

/// Shows the end of a stream, once.
fn tell_end(frame: &dyn Frame, held: &HeldRpc) {
    let Some(told) = told(frame, held).filter(|_| !held.is_told.get()) else { return };
    if let Some(answer) = held.rpc.answer() {
        held.is_told.set(true);
        told.ends(&answer, None);
    }
}

/// `None`: not counted. `Some(None)`: a success. `Some(Some(text))`: a failure.
pub(super) fn judge(frame: &dyn Frame, number: u64, verdict: Option<Option<String>>) -> HostResult {
    let held = held(frame, number)?;
    if held.verdict.get() != Verdict::Open {
        return Err(Raise::new("this stream is judged already, or will be by its status")
            .help("pass `catch_response = true` to judge it; and judge it once"));
    }
    match verdict {
        Some(failure) => frame.vu().judge_rpc(&held, failure),
        None => held.verdict.set(Verdict::Settled),
    }
    Ok(())
}
