//! An answer that is an event stream, while it is read. Each connection is one; connecting again
//! is up to the caller.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll};

use super::parser::{Event, Parser};
use crate::net::client::Client;
use crate::net::connection::Connection;
use crate::net::error::{Error, ErrorKind};
use crate::net::framing::{Decoder, Framing, Step};
use crate::net::head;
use crate::net::open::Opened;
use crate::net::request::{Request, Told};
use crate::net::response::Response;
use crate::net::worker::Net;

/// What became of a request for events. There is no source where it failed (`response.error`
/// says why), or where the server has no more events for this client (status 204).
pub struct Listening {
    /// Without a body.
    pub response: Box<Response>,
    pub source: Option<Source>,
}

/// An event stream of one connection.
pub struct Source {
    net: Rc<Net>,
    state: RefCell<State>,
}

struct State {
    /// None once it has ended.
    connection: Option<Connection>,
    framing: Framing,
    decoder: Decoder,
    parser: Parser,
    /// Why it ended; None: the server ended it in order.
    error: Option<Error>,
    /// Of the events that were taken: the last id, and the `retry` that came last.
    last_id: String,
    retry: Option<u64>,
    /// What the decoder gives, kept for its memory.
    body: Vec<u8>,
}

impl Client {
    /// Asks for an event stream. `last_id` is sent as `Last-Event-ID` unless it is empty; an event
    /// of more than `most` bytes ends the stream.
    pub async fn listen(&self, request: Request<'_>, last_id: &str, most: usize) -> Listening {
        let mut headers = request.headers.to_vec();
        let is_given = |name: &str| request.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
        for (name, value) in [("Accept", "text/event-stream"), ("Cache-Control", "no-store")] {
            if !is_given(name) {
                headers.push((name, value));
            }
        }
        if !last_id.is_empty() {
            headers.push(("Last-Event-ID", last_id));
        }
        let trace = request.trace;
        let (mut response, opened) = self.open(&Request { headers: &headers, ..request }, false).await;
        let source = match opened {
            None => None,
            Some(_) if response.status == 204 => None,
            Some(opened) => match judge(&response) {
                Ok(()) => Some(Source::new(self.net().clone(), opened, last_id, most)),
                Err(text) => {
                    if let Some(trace) = trace {
                        trace(Told::Failure(&text));
                    }
                    response.error = Some(Error::new(ErrorKind::Handshake, text));
                    None
                }
            },
        };
        Listening { response, source }
    }
}

/// # Errors
/// Why the answer is no event stream.
fn judge(response: &Response) -> Result<(), String> {
    if response.status != 200 {
        let status = head::named(response.status);
        return Err(format!("the server answered {status} instead of an event stream"));
    }
    let kind = String::from_utf8_lossy(response.headers().get("content-type").unwrap_or_default());
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("text/event-stream") {
        return Err(format!("the server answered with the content type `{kind}`, not text/event-stream"));
    }
    if let Some(coding) = response.headers().get("content-encoding") {
        let coding = String::from_utf8_lossy(coding);
        return Err(format!("the event stream has the content encoding `{coding}`, which nobody asked for"));
    }
    Ok(())
}

impl Source {
    fn new(net: Rc<Net>, opened: Opened, last_id: &str, most: usize) -> Source {
        let Opened { connection, framing, rest } = opened;
        let mut state = State {
            connection: Some(connection),
            framing,
            decoder: Decoder::new(framing),
            parser: Parser::new(last_id, most),
            error: None,
            last_id: last_id.to_owned(),
            retry: None,
            body: Vec::new(),
        };
        state.take(&rest, most);
        Source { net, state: RefCell::new(state) }
    }

    /// The next event; None once the stream has ended. Dropping the future loses nothing.
    pub async fn next(&self) -> Option<Event> {
        poll_fn(|cx| self.state.borrow_mut().poll(&self.net, cx)).await
    }

    /// Whether more may come.
    pub fn is_open(&self) -> bool {
        let state = self.state.borrow();
        state.connection.is_some() || !state.parser.ready.is_empty()
    }

    /// Why it ended, where the server did not end it in order.
    pub fn error(&self) -> Option<Error> {
        self.state.borrow().error.clone()
    }

    /// What is sent as `Last-Event-ID` when connecting again.
    pub fn last_id(&self) -> String {
        let state = self.state.borrow();
        // Events that nobody took yet have not been seen.
        let seen = if state.parser.ready.is_empty() { state.parser.last_id() } else { &state.last_id };
        seen.to_owned()
    }

    /// How long to wait before that, as the server said last; ms.
    pub fn retry(&self) -> Option<u64> {
        let state = self.state.borrow();
        state.parser.retry().or(state.retry)
    }
}

impl State {
    fn poll(&mut self, net: &Net, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            if let Some(event) = self.parser.ready.pop_front() {
                self.retry = event.retry.or(self.retry);
                self.last_id.clone_from(&event.id);
                return Poll::Ready(Some(event));
            }
            let Some(connection) = &mut self.connection else { return Poll::Ready(None) };
            let mut buffer = net.incoming.borrow_mut();
            match connection.stream.poll_read(cx, &mut buffer) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(0)) => self.end(match self.framing {
                    Framing::Close => None,
                    _ => Some(broken("the server closed the connection in the middle of the event stream")),
                }),
                Poll::Ready(Ok(read)) => self.take(&buffer[..read], self.parser.most()),
                Poll::Ready(Err(error)) => {
                    let text = Error::of_io(&error).text.replace(" before it answered", "");
                    self.end(Some(broken(&format!("the event stream broke: {text}"))));
                }
            }
        }
    }

    fn take(&mut self, bytes: &[u8], most: usize) {
        self.body.clear();
        let step = self.decoder.take(bytes, &mut self.body);
        if self.parser.take(&self.body).is_err() {
            let text = format!("an event is larger than {most} bytes (max_event)");
            return self.end(Some(Error::new(ErrorKind::TooLarge, text)));
        }
        match step {
            Ok(Step::More) => {}
            Ok(Step::Done(_)) => self.end(None),
            Err(why) => self.end(Some(broken(&format!("the event stream broke: {why}")))),
        }
    }

    fn end(&mut self, error: Option<Error>) {
        self.error = error;
        self.connection = None;
    }
}

fn broken(text: &str) -> Error {
    Error::new(ErrorKind::Body, text)
}
