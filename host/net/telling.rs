//! Tells whoever listens what goes over the wire; nobody does unless a person looks for a fault. Used by
//! `client`.

use super::chain::Chain;
use super::client::Client;
use super::error::Error;
use super::http2;
use super::request::{Receive, Told};

impl Client {
    /// The message that is about to be written.
    pub(super) fn tell_request(&self, chain: &Chain<'_>) {
        if let (Some(trace), Some(message)) = (chain.request.trace, &chain.message) {
            let split = message.bytes.len() - if message.has_body { chain.step.body.len() } else { 0 };
            let is_whole = chain.step.upload(chain.request).is_none();
            let body = is_whole.then_some(&chain.step.body[..]);
            trace(Told::Request { head: &message.bytes[..split], body });
        }
    }

    /// The request that is about to be sent as a stream.
    pub(super) fn tell_shared(&self, chain: &Chain<'_>, request: &http::Request<()>) {
        if let Some(trace) = chain.request.trace {
            let is_whole = chain.step.upload(chain.request).is_none();
            trace(Told::Request {
                head: &http2::shown(request),
                body: is_whole.then_some(&chain.step.body[..]),
            });
        }
    }

    /// The chain's answer.
    pub(super) fn tell_answer(&self, chain: &Chain<'_>) {
        if let (Some(trace), Some(answer)) = (chain.request.trace, &chain.answer) {
            let (head, body) = answer.raw.split_at(answer.head.length);
            let body = (chain.request.receive == Receive::Keep).then_some(body);
            trace(Told::Answer { head, body, missing: answer.error.as_ref().map(|error| &*error.text) });
        }
    }

    pub(super) fn tell_failure(&self, chain: &Chain<'_>, error: &Error) {
        if let Some(trace) = chain.request.trace {
            trace(Told::Failure(&error.text));
        }
    }
}
