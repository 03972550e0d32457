//! Unary calls: from a script's message to the reply that it sees.

use std::rc::Rc;

use super::call_options::CallOptions;
use super::checking::check;
use super::client::{Named, client, known_schema, method};
use super::encode;
use super::reply::{self, REPLY};
use super::tracing::teller;
use crate::api::frame::{Arg, FnRef, Frame, HostResult, Raise, wrong};
use crate::metrics::Kind;
use crate::net::{Answer, GrpcMethod, Outgoing, Schema};
use crate::vu::{Reply, RpcClient, RpcTerms, Verdict, default_failure, fiber};

/// What calls are in the statistics, where requests of HTTP have their method; Locust's word.
const COLUMN: &str = "grpc";

pub(super) fn refuse_while_loading(frame: &dyn Frame) -> HostResult {
    if frame.loading() {
        let raise = Raise::new("no call can be made while the script is loaded");
        return Err(raise.help("every VU loads the script: move the call to on_start or a task"));
    }
    Ok(())
}

/// What a call counts under.
pub(super) fn terms(
    frame: &dyn Frame,
    client: &Rc<RpcClient>,
    (schema, method): (&'static Schema, &'static GrpcMethod),
    options: CallOptions,
) -> RpcTerms {
    let vu = frame.vu();
    let key = vu.shared.recorder.borrow_mut().key(COLUMN, options.name.as_deref().unwrap_or(&method.name));
    RpcTerms { key, group: vu.group.get(), method, schema, client: client.clone(), tags: options.tags }
}

pub(super) fn call(frame: &dyn Frame, number: u64) -> HostResult {
    refuse_while_loading(frame)?;
    let client = client(frame, number)?;
    let Named { schema, method, unreached } = method(frame, &client, false)?;
    if method.is_client_streaming || method.is_server_streaming {
        let what = format!("`{}` streams messages: it is no unary method", method.name);
        return Err(Raise::new(what).help("use `client:stream(method)`"));
    }
    let (options, judge) = match frame.arg(2) {
        Arg::Function(judge) => (CallOptions::default(), Some(judge)),
        options => (CallOptions::read(frame, options)?, judge_at(frame, 3)?),
    };
    let answer = match unreached {
        Some(answer) => *answer,
        None => exchange(frame, &client, (schema, method), &options)?,
    };
    let is_open = options.is_caught || judge.is_some();
    let terms = terms(frame, &client, (schema, method), options);
    let vu = frame.vu();
    let took = answer.elapsed.as_secs_f64() * 1e3;
    vu.measure_rpc((Kind::Trend, "grpc_req_duration", took), &terms, Some(answer.status));
    if !is_open {
        vu.record_rpc(&terms, &answer, default_failure(&answer).as_deref(), None);
    }
    let verdict = if is_open { Verdict::Open } else { Verdict::Settled };
    let reply = Reply { answer, terms, verdict };
    let number = vu.rpcs.borrow_mut().get_or_insert_default().keep(reply);
    if let Some(judge) = judge {
        let judged = frame.invoke(judge, &[Arg::Object(&REPLY, number)]);
        reply::settle(frame, number);
        judged?;
    }
    frame.give(Arg::Object(&REPLY, number));
    Ok(())
}

/// Sends the message, and takes the reply.
fn exchange(
    frame: &dyn Frame,
    client: &RpcClient,
    (schema, method): (&'static Schema, &'static GrpcMethod),
    options: &CallOptions,
) -> Result<Answer, Raise> {
    let mut framed = Outgoing::buffer();
    encode::encode(frame, schema, method.input, frame.arg(1), &mut framed)?;
    let outgoing = options.outgoing(client, method);
    let told = teller(frame.vu(), || options.name.as_deref().unwrap_or(&method.name).into());
    if let Some(told) = &told {
        told.begins(&client.channel, &outgoing, Some((schema, method.input, Outgoing::message(&framed))));
    }
    // Boxed: a fiber's stack is no place for it.
    let mut answer = fiber::wait(Box::pin(client.channel.call(&outgoing, framed)))?;
    if let Some(message) = &answer.message
        && let Err(why) = check(schema, method.output, message)
    {
        answer.refuse(why);
    }
    if let Some(told) = told {
        told.ends(&answer, answer.message.as_ref().map(|message| (schema, method.output, &**message)));
    }
    Ok(answer)
}

fn judge_at(frame: &dyn Frame, index: usize) -> Result<Option<FnRef>, Raise> {
    match frame.arg(index) {
        Arg::Function(function) => Ok(Some(function)),
        Arg::Nil => Ok(None),
        other => Err(wrong("the closure that judges the reply", "a function", other)),
    }
}

/// `client:methods()`.
pub(super) fn methods(frame: &dyn Frame, number: u64) -> HostResult {
    let client = client(frame, number)?;
    let schema = known_schema(&client)?;
    let mut names: Vec<&str> = schema.methods().collect();
    names.sort_unstable();
    frame.give_list(&mut |list| {
        names.iter().for_each(|name| list.give(Arg::Str(name.as_bytes())));
        Ok(())
    })
}
