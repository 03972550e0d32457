//! What a VU has of gRPC: its clients, which live as long as it does; the replies of its running call; and streams,
//! which are `lines`. Scripts hold numbers. Used by `api::grpc`.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;

use crate::metrics::{Call, Group, Key, Kind};
use crate::net::{Answer, Channel, Coding, GrpcMethod, Metadata, Rpc, Schema, SchemaSource, Status};

use super::hooks::{Happened, Hook, RequestDone, RpcDone};
use super::response::Verdict;
use super::user::Vu;

/// What `self.grpc` of a class leads to.
#[derive(Debug)]
pub struct OwnClient {
    /// The name of the class.
    pub class: String,
    pub address: String,
    /// Its `grpc_options`; null where it has none.
    pub options: Value,
}

/// A client as it was asked for.
pub struct RpcClient {
    pub channel: Rc<Channel>,
    pub source: SchemaSource,
    /// Once it is loaded.
    pub schema: OnceCell<&'static Schema>,
    pub metadata: Metadata,
    pub timeout: Duration,
    pub coding: Option<Coding>,
    pub max_send: usize,
    pub max_receive: usize,
}

/// What a call counts under.
pub struct RpcTerms {
    pub key: Key,
    pub group: Group,
    pub method: &'static GrpcMethod,
    pub schema: &'static Schema,
    pub client: Rc<RpcClient>,
    /// The script's own; none where nobody asks for them.
    pub tags: Vec<(String, String)>,
}

/// What calls have by themselves; a script's own tags of these names count for nothing.
const TAGS: [&str; 6] = ["name", "service", "method", "rpc_type", "status", "url"];

impl RpcTerms {
    /// Of its method.
    fn url(&self) -> String {
        format!("{}/{}", self.client.channel.url(), self.method.name)
    }
}

/// A reply to a unary call.
pub struct Reply {
    pub answer: Answer,
    pub terms: RpcTerms,
    pub verdict: Verdict,
}

/// A stream, beyond the call that began it.
pub struct HeldRpc {
    pub rpc: Rpc,
    pub terms: RpcTerms,
    pub verdict: Cell<Verdict>,
    /// How long a loop over its messages waits for the next one; None: as long as it takes.
    pub patience: Cell<Option<Duration>>,
    /// Its end was shown (`--http-debug`).
    pub is_told: Cell<bool>,
    /// Messages sent and received that are counted already.
    counted: Cell<(u64, u64)>,
    /// The script's verdict, until the stream is over: a failure, or none.
    judged: RefCell<Option<Option<String>>>,
}

impl HeldRpc {
    pub fn new(rpc: Rpc, terms: RpcTerms, is_caught: bool) -> Self {
        let verdict = if is_caught { Verdict::Open } else { Verdict::Streamed };
        HeldRpc {
            rpc,
            terms,
            verdict: Cell::new(verdict),
            patience: Cell::new(None),
            is_told: Cell::new(false),
            counted: Cell::default(),
            judged: RefCell::default(),
        }
    }

    /// Why it failed by the default rule. One that this side has ended did not.
    pub fn default_failure(&self) -> Option<String> {
        self.rpc.answer().as_ref().and_then(default_failure)
    }
}

/// Why a call failed by the default rule: its status is not OK, and that was not this side's wish.
pub fn default_failure(answer: &Answer) -> Option<String> {
    match answer.fault {
        None | Some(crate::net::GrpcFault::Cancelled) => None,
        Some(_) if answer.text.is_empty() => Some(answer.status.name().into_owned()),
        Some(_) => Some(format!("{}: {}", answer.status.name(), answer.text)),
    }
}

/// Clients and replies, by number.
#[derive(Default)]
pub struct Rpcs {
    /// That of the class, once it was used.
    pub own: Option<Rc<RpcClient>>,
    clients: Vec<Rc<RpcClient>>,
    replies: Vec<Reply>,
    /// Counts the calls of the script, so that a number kept longer is noticed.
    call: u32,
}

impl Rpcs {
    /// Numbers count from 1: 0 is that of the class.
    pub fn add(&mut self, client: Rc<RpcClient>) -> u64 {
        self.clients.push(client);
        self.clients.len() as u64
    }

    pub fn client(&self, number: u64) -> Option<Rc<RpcClient>> {
        match number.checked_sub(1) {
            None => self.own.clone(),
            Some(at) => self.clients.get(at as usize).cloned(),
        }
    }

    pub fn keep(&mut self, reply: Reply) -> u64 {
        self.replies.push(reply);
        u64::from(self.call) << 32 | (self.replies.len() as u64 - 1)
    }

    /// None once the call that made it has ended.
    pub fn reply(&mut self, number: u64) -> Option<&mut Reply> {
        (number >> 32 == u64::from(self.call)).then(|| self.replies.get_mut(number as u32 as usize)).flatten()
    }
}

/// None until the first client is made: few VUs have any.
pub(super) type Held = RefCell<Option<Box<Rpcs>>>;

impl Vu {
    /// Adds to a metric of gRPC, with what tells calls apart: k6's tags, and the script's own.
    pub fn measure_rpc(
        &self,
        (kind, metric, value): (Kind, &str, f64),
        terms: &RpcTerms,
        status: Option<Status>,
    ) {
        self.measure_told(kind, metric, value, |recorder| {
            if !recorder.tells_values() {
                return;
            }
            let label = recorder.shared_label(terms.key);
            let (service, method) = terms.method.name.rsplit_once('/').unwrap_or_default();
            let (url, rpc_type) = (terms.url(), terms.method.rpc_type());
            let status = status.map(|status| status.0.to_string());
            let (status, url) = (status.as_deref(), Some(&*url));
            let values = [Some(&*label.name), Some(service), Some(method), Some(rpc_type), status, url];
            for (name, value) in TAGS.into_iter().zip(values) {
                value.into_iter().for_each(|value| recorder.own_tag(name, value));
            }
            for (name, value) in terms.tags.iter().filter(|(name, _)| !TAGS.contains(&name.as_str())) {
                recorder.own_tag(name, value);
            }
        });
    }

    /// Counts a call, or a stream that has ended, with the messages that it has sent and received.
    pub fn record_rpc(
        &self,
        terms: &RpcTerms,
        answer: &Answer,
        failure: Option<&str>,
        counts: Option<(u64, u64)>,
    ) {
        let at = self.shared.epoch(answer.begun + answer.elapsed);
        let call = Call { latency: answer.elapsed, bytes: answer.received, at, failure };
        let failed = f64::from(u8::from(failure.is_some()));
        self.measure_rpc((Kind::Rate, "grpc_req_failed", failed), terms, Some(answer.status));
        let recorder = &mut *self.shared.recorder.borrow_mut();
        recorder.call(terms.key, &call);
        if terms.group != Group::NONE {
            recorder.call_within(terms.group, &call);
        }
        if self.hooks.get().contains(Hook::Request) {
            let label = recorder.label(terms.key);
            let since_start = answer.begun.saturating_duration_since(self.shared.started);
            self.happen(Happened::Request(Box::new(RequestDone {
                method: label.method.clone(),
                name: label.name.clone(),
                url: terms.url(),
                response_time: answer.elapsed,
                response_length: answer.received,
                status_code: u16::try_from(answer.status.0).unwrap_or(u16::MAX),
                exception: failure.map(str::to_owned),
                start_time: (self.shared.started_epoch + since_start).as_secs_f64(),
                rpc: Some(RpcDone {
                    status_name: answer.status.name(),
                    // A call sends one, and has one where it succeeded.
                    counts: counts.unwrap_or((1, answer.message.is_some().into())),
                }),
            })));
        }
    }

    /// Counts the messages of a stream since the last time, and the stream once it is over.
    pub fn settle_rpc(&self, held: &HeldRpc) {
        let now = held.rpc.counts();
        let before = held.counted.replace(now);
        let new =
            [("grpc_streams_msgs_sent", now.0 - before.0), ("grpc_streams_msgs_received", now.1 - before.1)];
        for (name, count) in new.into_iter().filter(|(_, count)| *count > 0) {
            self.measure_rpc((Kind::Counter, name, count as f64), &held.terms, None);
        }
        if held.verdict.get() == Verdict::Streamed
            && let Some(answer) = held.rpc.answer()
        {
            held.verdict.set(Verdict::Settled);
            let failure = held.judged.take().unwrap_or_else(|| default_failure(&answer));
            self.record_rpc(&held.terms, &answer, failure.as_deref(), Some(now));
        }
    }

    /// Counts a stream by the script's verdict, once it is over.
    pub fn judge_rpc(&self, held: &HeldRpc, failure: Option<String>) {
        held.judged.replace(Some(failure));
        held.verdict.set(Verdict::Streamed);
        self.settle_rpc(held);
    }

    /// Ends a stream from this side, and counts it.
    pub fn end_rpc(&self, held: &HeldRpc) {
        held.rpc.cancel();
        self.settle_rpc(held);
        if held.verdict.get() == Verdict::Open {
            self.judge_rpc(held, held.default_failure());
        }
    }

    /// Counts by the default rule what the script left unjudged, and lets the replies of its call go.
    pub(super) fn release_rpcs(&self) {
        let mut replies = match &mut *self.rpcs.borrow_mut() {
            Some(rpcs) if !rpcs.replies.is_empty() => {
                rpcs.call = rpcs.call.wrapping_add(1);
                std::mem::take(&mut rpcs.replies)
            }
            _ => return,
        };
        for reply in replies.iter().filter(|reply| reply.verdict == Verdict::Open) {
            self.record_rpc(&reply.terms, &reply.answer, default_failure(&reply.answer).as_deref(), None);
        }
        replies.clear();
        replies.shrink_to(4);
        if let Some(rpcs) = &mut *self.rpcs.borrow_mut() {
            rpcs.replies = replies;
        }
    }

    /// As [`Vu::settle`], for replies.
    pub(super) fn settle_rpcs(&self) {
        if let Some(rpcs) = &mut *self.rpcs.borrow_mut() {
            for reply in rpcs.replies.iter_mut().filter(|reply| reply.verdict == Verdict::Open) {
                reply.verdict = Verdict::Settled;
                self.record_rpc(&reply.terms, &reply.answer, default_failure(&reply.answer).as_deref(), None);
            }
        }
    }
}
