//! A unary call: one message each way.

use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::RecvStream;
use h2::client::SendRequest;
use http::uri::PathAndQuery;
use http::{HeaderMap, Method, Request, Uri};

use super::answer::{Answer, Failure};
use super::channel::Channel;
use super::framing::{self, CODINGS, Inbox};
use super::headers::{self, Metadata};
use super::status::Status;
use crate::net::coding::Coding;
use crate::net::error::ErrorKind;

/// A call as it is asked for.
pub struct Outgoing<'a> {
    /// `/package.Service/Method`.
    pub path: &'a PathAndQuery,
    /// Of the client, and of the call.
    pub metadata: [&'a Metadata; 2],
    pub timeout: Duration,
    /// How messages are compressed.
    pub coding: Option<Coding>,
    /// Larger messages are not sent, or not taken; in bytes, 0: any.
    pub max_send: usize,
    pub max_receive: usize,
}

impl Outgoing<'_> {
    /// Where messages are written to, see [`Channel::call`].
    pub fn buffer() -> Vec<u8> {
        let mut buffer = Vec::with_capacity(256);
        framing::begin(&mut buffer);
        buffer
    }

    /// What is sent before the messages, a line each, in the form of HTTP/1.1.
    pub fn head(&self, channel: &Channel) -> String {
        let request = self.request(channel);
        let mut head = format!("{} {} HTTP/2\nhost: {}", request.method(), self.path, channel.authority);
        for (name, value) in request.headers() {
            head += &format!("\n{name}: {}", String::from_utf8_lossy(value.as_bytes()));
        }
        head
    }

    /// The message in an [`Outgoing::buffer`].
    pub fn message(framed: &[u8]) -> &[u8] {
        framed.get(framing::HEAD..).unwrap_or_default()
    }

    pub(super) fn request(&self, channel: &Channel) -> Request<()> {
        let mut parts = http::uri::Parts::default();
        parts.scheme = Some(channel.scheme());
        parts.authority = Some(channel.authority.clone());
        parts.path_and_query = Some(self.path.clone());
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_parts(parts).expect("scheme, authority and path are a URI");
        *request.headers_mut() = headers::of_call(&channel.agent, self.metadata, self.timeout, self.coding);
        request
    }
}

/// What came, as far as it did.
#[derive(Default)]
struct Came {
    message: Option<Bytes>,
    headers: HeaderMap,
    trailers: HeaderMap,
    received: u64,
    /// Any part of an answer.
    is_answered: bool,
}

impl Channel {
    /// Waits for the environment's turn (`safety.max_rps`); nothing is sent once the run was refused.
    pub(super) async fn take_turn(&self) -> Result<(), Failure> {
        if let Some(turns) = &self.net.settings.turns {
            // Boxed: it is seldom.
            Box::pin(turns.take(&self.net.unused_turns)).await;
        }
        if self.net.settings.is_halted() {
            let text = "the run was refused: nothing more is sent";
            return Err(Failure::new(Status::UNAVAILABLE, ErrorKind::NotAllowed, text));
        }
        Ok(())
    }

    /// Sends a message, which was written into an [`Outgoing::buffer`], and reads the answer. Dropping the future
    /// resets the stream.
    pub async fn call(&self, outgoing: &Outgoing<'_>, framed: Vec<u8>) -> Answer {
        let turn = self.take_turn().await;
        let begun = Instant::now();
        let mut came = Came::default();
        let ended = match turn.and_then(|()| framing::seal(framed, outgoing.coding, outgoing.max_send)) {
            Ok(message) => {
                let exchange = self.exchange(outgoing, message, &mut came);
                match tokio::time::timeout_at((begun + outgoing.timeout).into(), exchange).await {
                    // The timer is a millisecond or two late: who was quicker than it was not always in time.
                    Ok(Ok(())) if begun.elapsed() > outgoing.timeout => {
                        Err(Failure::deadline(outgoing.timeout, false))
                    }
                    Ok(ended) => {
                        ended.map_err(|failure| failure.or_deadline(outgoing.timeout, begun.elapsed(), false))
                    }
                    Err(_) => Err(Failure::deadline(outgoing.timeout, false)),
                }
            }
            Err(failure) => Err(failure),
        };
        let elapsed = begun.elapsed();
        let (status, text, fault) = match ended {
            Ok(()) => (Status::OK, String::new(), None),
            Err(failure) => (failure.status, failure.text, Some(failure.fault)),
        };
        let Came { message, headers, trailers, received, .. } = came;
        Answer {
            status,
            text,
            message: message.filter(|_| fault.is_none()),
            fault,
            headers,
            trailers,
            begun,
            elapsed,
            received,
        }
    }

    async fn exchange(
        &self,
        outgoing: &Outgoing<'_>,
        message: Bytes,
        came: &mut Came,
    ) -> Result<(), Failure> {
        let mut is_second = false;
        loop {
            let (sender, end) = self.ready().await?;
            let once = self.once(sender, outgoing, message.clone(), came).await;
            if came.is_answered {
                end.is_answered();
            }
            let failure = match once {
                Ok(()) => return Ok(()),
                Err(Ended::Said(failure)) => return Err(failure),
                Err(Ended::Broke(error)) => error,
            };
            // The server says that it has not looked at the call: it is safe to send it again, once.
            let is_refused = failure.reason() == Some(h2::Reason::REFUSED_STREAM) && failure.is_remote()
                || failure.is_go_away() && failure.is_remote();
            if failure.is_go_away() || failure.is_io() {
                self.forget(&end);
            }
            if !is_refused || is_second || came.is_answered {
                return Err(end.explain(failure.into()));
            }
            is_second = true;
        }
    }

    async fn once(
        &self,
        mut sender: SendRequest<Bytes>,
        outgoing: &Outgoing<'_>,
        message: Bytes,
        came: &mut Came,
    ) -> Result<(), Ended> {
        let (response, mut stream) = sender.send_request(outgoing.request(self), false)?;
        stream.send_data(message, true)?;
        let (parts, body) = response.await?.into_parts();
        came.is_answered = true;
        let mut inbox = Inbox::new(outgoing.max_receive);
        let begun = begin(parts, &mut inbox, &mut came.headers);
        match begun? {
            Begun::Over(trailers) => {
                came.trailers = trailers;
                finish(&came.trailers, came.message.is_some())
            }
            Begun::Messages => read_one(body, &mut inbox, came).await,
        }
    }
}

/// How an exchange ended badly.
enum Ended {
    Said(Failure),
    Broke(h2::Error),
}

impl From<h2::Error> for Ended {
    fn from(error: h2::Error) -> Self {
        Ended::Broke(error)
    }
}

impl From<Failure> for Ended {
    fn from(failure: Failure) -> Self {
        Ended::Said(failure)
    }
}

async fn read_one(mut body: RecvStream, inbox: &mut Inbox, came: &mut Came) -> Result<(), Ended> {
    while let Some(data) = body.data().await {
        let data = data?;
        let length = data.len();
        inbox.push(data);
        while let Some(message) = inbox.next()? {
            came.received += message.len() as u64;
            if came.message.replace(message).is_some() {
                let text = "the server sent a second message to a unary call";
                return Err(Failure::new(Status::INTERNAL, ErrorKind::Protocol, text).into());
            }
        }
        // Fails where the stream is over, and nobody sends any more.
        let _ = body.flow_control().release_capacity(length);
    }
    came.trailers = body.trailers().await?.unwrap_or_default();
    conclude(&came.trailers)?;
    if !inbox.is_empty() {
        let text = "the server ended the call within a message";
        return Err(Failure::new(Status::INTERNAL, ErrorKind::Protocol, text).into());
    }
    finish(&came.trailers, came.message.is_some())
}

/// What begins with the head of an answer.
pub(super) enum Begun {
    Messages,
    /// The head was all: these are its trailers.
    Over(HeaderMap),
}

/// Reads the head of an answer.
///
/// # Errors
/// It is none of gRPC.
pub(super) fn begin(
    parts: http::response::Parts,
    inbox: &mut Inbox,
    headers: &mut HeaderMap,
) -> Result<Begun, Failure> {
    if parts.headers.contains_key("grpc-status") {
        return Ok(Begun::Over(parts.headers));
    }
    let status = parts.status.as_u16();
    let kind = parts.headers.get(http::header::CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or_default());
    let is_grpc = kind.is_some_and(|kind| kind.starts_with("application/grpc"));
    let shown = kind.unwrap_or("no content-type").to_owned();
    if status != 200 || !is_grpc {
        let said = match status {
            200 => Status::UNKNOWN,
            status => Status::of_http(status),
        };
        let named = crate::net::head::named(status);
        let text = format!("the server answered HTTP {named} ({shown}) instead of gRPC");
        return Err(Failure::new(said, ErrorKind::Protocol, text));
    }
    if let Some(coding) = parts.headers.get("grpc-encoding").filter(|coding| *coding != "identity") {
        inbox.coding = CODINGS.into_iter().find(|known| known.name().as_bytes() == coding.as_bytes());
        if inbox.coding.is_none() {
            let shown = String::from_utf8_lossy(coding.as_bytes());
            let text = format!("the server compresses with `{shown}`, which nobody asked for");
            return Err(Failure::new(Status::INTERNAL, ErrorKind::Protocol, text));
        }
    }
    *headers = parts.headers;
    Ok(Begun::Messages)
}

/// What the trailers say. `has_message`: OK needs one, for a unary call.
fn finish(trailers: &HeaderMap, has_message: bool) -> Result<(), Ended> {
    conclude(trailers)?;
    if !has_message {
        let text = "the server said OK, but sent no message";
        return Err(Failure::new(Status::INTERNAL, ErrorKind::Protocol, text).into());
    }
    Ok(())
}

/// # Errors
/// Trailers that do not say OK.
pub(super) fn conclude(trailers: &HeaderMap) -> Result<(), Failure> {
    match Status::read(trailers) {
        Some((status, text)) => Failure::said(status, text).map_or(Ok(()), Err),
        None => {
            let text = "the server ended the call without a status";
            Err(Failure::new(Status::UNKNOWN, ErrorKind::Protocol, text))
        }
    }
}
