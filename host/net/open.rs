//! A request whose answer is read on by somebody else: it is sent over a connection
//! of its own, and its answer is read up to the end of the head. Used by
//! `websocket` and `source`.

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::Instant;

use super::answer::Answer;
use super::chain::Chain;
use super::client::Client;
use super::connection::Connection;
use super::connector::Guise;
use super::error::{Error, ErrorKind};
use super::framing::Framing;
use super::head::{self, Head};
use super::redirect;
use super::request::{Request, Told};
use super::response::{Hop, Response};
use super::stream::Stream;
use super::worker::Net;
use crate::link::Http2;

/// What comes after the head of an answer.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) framing: Framing,
    /// The bytes that came together with the head.
    pub(super) rest: Vec<u8>,
}

impl Client {
    /// Sends a request, over redirects if it follows them, but never again. The response has no
    /// body; there is nothing opened where it has an error. `is_upgrade`: what follows is no HTTP.
    pub(super) async fn open(
        &self,
        request: &Request<'_>,
        is_upgrade: bool,
    ) -> (Box<Response>, Option<Opened>) {
        let mut chain = match Chain::new(self.net(), request) {
            Ok(chain) => chain,
            Err(error) => return (Box::new(Response::unsent(request, error)), None),
        };
        if is_upgrade {
            chain.step.origin = chain.step.origin.tunnelled();
        }
        match self.reach(&mut chain).await {
            Ok(opened) => (chain.respond(self.net(), None), Some(opened)),
            Err(error) => {
                self.tell_failure(&chain, &error);
                (chain.respond(self.net(), Some(error)), None)
            }
        }
    }

    async fn reach(&self, chain: &mut Chain<'_>) -> Result<Opened, Error> {
        let net = self.net();
        loop {
            chain.answer = None;
            self.take_turn(chain).await?;
            chain.step.cookie = self.cookie(&chain.step, chain.request)?;
            let message = chain.step.message(net, chain.request)?;
            let mut connection =
                self.connect(chain, Guise { speaks: Some(Http2::Never), ..chain.guise(net) }).await?;
            chain.security = connection.security.clone();
            if let Some(trace) = chain.request.trace {
                trace(Told::Request { head: &message.bytes, body: Some(&[]) });
            }
            let deadline = chain.deadline;
            let greeting = greet(net, &mut connection.stream, &message.bytes, chain);
            let greeted = tokio::time::timeout_at(deadline.at.into(), greeting).await;
            net.give_back(message.bytes);
            let (head, mut raw) = greeted.unwrap_or_else(|_| Err(Error::timeout(deadline.limit, false)))?;
            chain.ended = Instant::now();
            if chain.ended > deadline.at {
                return Err(Error::timeout(deadline.limit, false));
            }
            let rest = raw.split_off(head.length);
            let answer = Answer { head, raw, passed: 0, error: None };
            if head.has_cookies {
                self.take_cookies(&chain.step, &answer);
            }
            let location = redirect::location(&answer).filter(|_| chain.request.follow_redirects);
            if let Some(trace) = chain.request.trace {
                trace(Told::Answer { head: &answer.raw, body: Some(&[]), missing: None });
            }
            chain.answer = Some(answer);
            let Some(location) = location else {
                return Ok(Opened { connection, framing: head.framing, rest });
            };
            let most = net.settings.max_redirects as usize;
            if chain.history.len() >= most {
                let text = format!("more than {most} redirects, the last one to `{location}`");
                return Err(Error::new(ErrorKind::TooManyRedirects, text));
            }
            let url = chain.step.url();
            chain.step.follow(net, head.status, &location)?;
            chain.history.push(Hop { status: head.status, url, location });
        }
    }
}

/// Writes the request, and reads until the answer's head is whole: it, and all bytes from its
/// start on.
async fn greet(
    net: &Net,
    stream: &mut Stream,
    message: &[u8],
    chain: &mut Chain<'_>,
) -> Result<(Head, Vec<u8>), Error> {
    let begun = Instant::now();
    write(stream, message).await.map_err(|error| Error::of_io(&error))?;
    let sent = Instant::now();
    chain.timings.sending += sent - begun;
    let mut raw = Vec::new();
    loop {
        // 1xx announce the answer; after 101 there is none to come.
        match head::parse(&raw, false, net.settings.max_header)? {
            Some(head) if (100..200).contains(&head.status) && head.status != 101 => {
                raw.drain(..head.length);
            }
            Some(head) => {
                chain.timings.waiting += sent.elapsed();
                return Ok((head, raw));
            }
            None => {
                if read(net, stream, &mut raw).await.map_err(|error| Error::of_io(&error))? == 0 {
                    let text = "the server closed the connection before it answered";
                    return Err(Error::new(ErrorKind::Closed, text));
                }
            }
        }
    }
}

async fn write(stream: &mut Stream, bytes: &[u8]) -> io::Result<()> {
    let mut written = 0;
    poll_fn(|cx| {
        while written < bytes.len() {
            match stream.poll_write(cx, &bytes[written..]) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(more)) => written += more,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
        stream.poll_flush(cx)
    })
    .await
}

/// Appends what has arrived; 0 bytes: the peer has closed.
async fn read(net: &Net, stream: &mut Stream, into: &mut Vec<u8>) -> io::Result<usize> {
    poll_fn(|cx| {
        let mut buffer = net.incoming.borrow_mut();
        stream.poll_read(cx, &mut buffer).map_ok(|read| {
            into.extend_from_slice(&buffer[..read]);
            read
        })
    })
    .await
}
