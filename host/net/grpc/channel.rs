//! A connection to a server of gRPC, made when it is needed, and again when it is gone. Scripts hold clients, whose
//! channel is their VU's own or shared by the VUs of a worker. Made by `worker`, used by `call` and `stream`.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::client::{Builder, Connection, SendRequest};
use http::HeaderValue;
use http::uri::{Authority, Scheme};

use super::answer::{Failure, Fault};
use crate::link::Http2;
use crate::net::connector::{self, Guise};
use crate::net::error::{Error, ErrorKind};
use crate::net::identity::Identity;
use crate::net::origin::{Base, Origin};
use crate::net::timing::{Progress, Timings};
use crate::net::wire::Wire;
use crate::net::worker::Net;

/// What a stream, and what a connection, may send before it is read.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;

/// What unread messages may cost beside their bytes; h2 ends the connection beyond it. As much as the smallest messages
/// that the window holds: it is the window that makes a server wait for a script that does not read.
const SMALL_MESSAGES: usize = CONNECTION_WINDOW as usize * 64;

/// How a channel connects. Equal terms are one connection where it is shared.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// `http://host:port` or `https://host:port`.
    pub url: String,
    pub verify: Option<bool>,
    pub cert: Option<Arc<Identity>>,
    /// The `:authority` of calls, where it is not the address.
    pub authority: Option<String>,
    /// How often a silent connection is asked whether it stands, and how long it has to answer.
    pub keepalive: Option<(Duration, Duration)>,
}

/// A way to a server.
pub struct Channel {
    pub(super) net: Rc<Net>,
    origin: Rc<Origin>,
    terms: Terms,
    pub(super) authority: Authority,
    pub(super) agent: HeaderValue,
    live: RefCell<Option<Live>>,
    /// Held by whoever connects.
    gate: tokio::sync::Mutex<()>,
}

/// A connection that stands, as far as is known.
#[derive(Clone)]
struct Live {
    sender: SendRequest<Bytes>,
    end: Rc<End>,
}

/// How a connection ended.
#[derive(Default)]
pub(super) struct End {
    is_over: Cell<bool>,
    /// The server asked for a certificate that there is not, and has answered nothing yet.
    is_suspect: Cell<bool>,
    why: RefCell<Option<Error>>,
}

impl Channel {
    /// # Errors
    /// `InvalidUrl`, `NotAllowed`, or `InvalidRequest` where the authority is none.
    pub fn new(net: &Rc<Net>, base: &Rc<Base>, terms: Terms) -> Result<Rc<Channel>, Error> {
        let text = terms.authority.as_deref().unwrap_or(&base.origin.authority);
        let authority = Authority::try_from(text).map_err(|_| {
            Error::new(
                ErrorKind::InvalidRequest,
                format!("`{text}` is no authority: write a host, or host:port"),
            )
        })?;
        let agent = HeaderValue::from_str(&net.settings.user_agent)
            .map_err(|_| Error::new(ErrorKind::InvalidRequest, "the user agent is no header value"))?;
        Ok(Rc::new(Channel {
            net: net.clone(),
            origin: base.origin.tunnelled(),
            terms,
            authority,
            agent,
            live: RefCell::default(),
            gate: tokio::sync::Mutex::default(),
        }))
    }

    /// Where it leads, as people write it.
    pub fn url(&self) -> &str {
        &self.origin.text
    }

    pub(in crate::net) fn terms(&self) -> &Terms {
        &self.terms
    }

    pub(super) fn scheme(&self) -> Scheme {
        if self.origin.https { Scheme::HTTPS } else { Scheme::HTTP }
    }

    /// A connection that takes one more call, and how its end will be told.
    ///
    /// # Errors
    /// None can be made.
    pub(super) async fn ready(&self) -> Result<(SendRequest<Bytes>, Rc<End>), Failure> {
        if let Some(ready) = self.ready_now().await {
            return Ok(ready);
        }
        let _held = self.gate.lock().await;
        // Another call may have connected meanwhile.
        if let Some(ready) = self.ready_now().await {
            return Ok(ready);
        }
        // Boxed: it is seldom, and would make the future of every call larger.
        let live = Box::pin(self.connect()).await?;
        let end = live.end.clone();
        *self.live.borrow_mut() = Some(live);
        match self.ready_now().await {
            Some(ready) => Ok(ready),
            None => {
                let text = "the server closed the connection before the first call";
                Err(end.explain(Error::new(ErrorKind::Closed, text).into()))
            }
        }
    }

    async fn ready_now(&self) -> Option<(SendRequest<Bytes>, Rc<End>)> {
        let mut live = self.live.borrow().clone()?;
        if !live.end.is_over.get() && poll_fn(|cx| live.sender.poll_ready(cx)).await.is_ok() {
            return Some((live.sender, live.end));
        }
        self.forget(&live.end);
        None
    }

    /// The next call is to connect again, unless that has been done.
    pub(super) fn forget(&self, end: &Rc<End>) {
        let mut live = self.live.borrow_mut();
        if live.as_ref().is_some_and(|live| Rc::ptr_eq(&live.end, end)) {
            *live = None;
        }
    }

    /// Closes the connection once its calls have ended.
    pub fn close(&self) {
        *self.live.borrow_mut() = None;
    }

    async fn connect(&self) -> Result<Live, Failure> {
        let link = &self.net.settings.link;
        let guise = Guise {
            verify: self.terms.verify.unwrap_or(link.tls.verify),
            identity: self.terms.cert.as_deref(),
            speaks: Some(Http2::PriorKnowledge),
        };
        let mut timings = Timings::default();
        let mut progress = Progress::new(&mut timings);
        let limit = self.net.settings.timeout;
        let connecting = connector::connect(&self.net, &self.origin, guise, &mut progress);
        let connected = tokio::time::timeout_at((Instant::now() + limit).into(), connecting).await;
        let connection = connected.unwrap_or_else(|_| Err(Error::timeout(limit, false)))?;
        let is_nameless = connection.security.as_ref().is_some_and(|security| security.is_nameless);
        let (sender, connection) = Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .data_frame_budget(SMALL_MESSAGES)
            // Until the server says how many it takes: more may be refused.
            .initial_max_send_streams(1)
            .max_header_list_size(u32::try_from(self.net.settings.max_header).unwrap_or(u32::MAX))
            .enable_push(false)
            .handshake::<_, Bytes>(Wire(connection))
            .await
            .map_err(Failure::from)?;
        let end = Rc::new(End { is_suspect: Cell::new(is_nameless), ..End::default() });
        tokio::task::spawn_local(drive(connection, end.clone(), self.terms.keepalive));
        Ok(Live { sender, end })
    }
}

impl End {
    /// A call was answered.
    pub(super) fn is_answered(&self) {
        self.is_suspect.set(false);
    }

    /// Why calls over the connection failed, where that is known better than by h2.
    pub(super) fn explain(&self, failure: Failure) -> Failure {
        if self.is_suspect.get() && failure.fault == Fault::Broken(ErrorKind::Closed) {
            // Some servers close the connection without the alert that says so.
            let text = "TLS: the server closed the connection; it had asked for a client certificate, which is required";
            return Error::new(ErrorKind::Tls, text).into();
        }
        match &*self.why.borrow() {
            Some(error) => error.clone().into(),
            None => failure,
        }
    }
}

/// Reads and writes for all calls of a connection, until it ends.
async fn drive(
    mut connection: Connection<Wire, Bytes>,
    end: Rc<End>,
    keepalive: Option<(Duration, Duration)>,
) {
    let pings = connection.ping_pong();
    match (keepalive, pings) {
        (Some((every, limit)), Some(mut pings)) => {
            let beats = async {
                loop {
                    tokio::time::sleep(every).await;
                    match tokio::time::timeout(limit, pings.ping(h2::Ping::opaque())).await {
                        Ok(Ok(_)) => {}
                        Ok(Err(_)) => std::future::pending::<()>().await,
                        Err(_) => return,
                    }
                }
            };
            tokio::select! {
                _ = &mut connection => {}
                () = beats => {
                    let text = format!("the server did not answer a keepalive ping within {limit:?}");
                    *end.why.borrow_mut() = Some(Error::new(ErrorKind::Closed, text));
                }
            }
        }
        _ => drop((&mut connection).await),
    }
    end.is_over.set(true);
}
