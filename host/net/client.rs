//! The HTTP client of one virtual user: its idle connections and its cookies.
//! Made by `vu`, used by `api::http`.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use super::account::Account;
use super::answer::{Answer, Failure};
use super::authorizing::Challenges;
use super::backoff;
use super::chain::Chain;
use super::connection::Connection;
use super::connector::{self, Guise};
use super::cookies::{self, Jar};
use super::decoding;
use super::download::Download;
use super::error::{Error, ErrorKind};
use super::exchange::exchange;
use super::http2::Sessions;
use super::message::Step;
use super::redirect;
use super::request::{Receive, Request};
use super::response::{Hop, Response};
use super::sharing::Line;
use super::timing::Progress;
use super::upload::Upload;
use super::worker::Net;

/// More idle connections than a browser keeps are closed, oldest first.
const MOST_IDLE: usize = 16;

/// One VU's connections and cookies. Requests of one client may run at the
/// same time: each has a connection of its own then, or in HTTP/2 a stream of one.
pub struct Client {
    net: Rc<Net>,
    idle: RefCell<Vec<Connection>>,
    /// None until a server, or a script, sets the first cookie.
    pub(super) jar: RefCell<Option<Box<Jar>>>,
    /// None until a server asks for digest authentication.
    challenges: RefCell<Option<Box<Challenges>>>,
    pub(super) account: Account,
    /// None until one is shared.
    pub(super) sessions: RefCell<Option<Box<Sessions>>>,
}

impl Client {
    pub fn new(net: Rc<Net>) -> Self {
        let account = Account::new(net.settings.max_bodies);
        Client {
            net,
            idle: RefCell::default(),
            jar: RefCell::default(),
            challenges: RefCell::default(),
            account,
            sessions: RefCell::default(),
        }
    }

    /// What the clients of this worker share.
    pub fn net(&self) -> &Rc<Net> {
        &self.net
    }

    /// Sends a request and reads its answer, over redirects and retries. A
    /// failure is in `Response::error`. Dropping the future closes the
    /// connection that it used.
    pub async fn send(&self, request: Request<'_>) -> Box<Response> {
        let mut chain = match Chain::new(&self.net, &request) {
            Ok(chain) => chain,
            Err(error) => return Box::new(Response::unsent(&request, error)),
        };
        let failure = self.walk(&mut chain).await.err();
        chain.respond(&self.net, failure)
    }

    /// All steps of the chain.
    async fn walk(&self, chain: &mut Chain<'_>) -> Result<(), Error> {
        loop {
            self.attempt(chain).await?;
            let Some(answer) = &chain.answer else { return Ok(()) };
            if answer.head.has_cookies {
                self.take_cookies(&chain.step, answer);
            }
            let status = answer.head.status;
            if chain.is_challenge(status) && self.take_challenge(chain)? {
                continue;
            }
            let Some(answer) = &chain.answer else { return Ok(()) };
            if !chain.is_redirect(status) || answer.error.is_some() {
                break;
            }
            let Some(location) = redirect::location(answer) else { break };
            self.tell_answer(chain);
            let most = chain.request.max_redirects.unwrap_or(self.net.settings.max_redirects) as usize;
            if chain.history.len() >= most {
                let text = format!("more than {most} redirects, the last one to `{location}`");
                return Err(Error::new(ErrorKind::TooManyRedirects, text));
            }
            let url = chain.step.url();
            chain.step.follow(&self.net, status, &location)?;
            if chain.step.upload(chain.request).is_some_and(|upload| !upload.rewind()) {
                let text = format!(
                    "the redirect {status} to `{location}` asks for the body again, which a function gave once"
                );
                return Err(Error::new(ErrorKind::InvalidRequest, text));
            }
            chain.history.push(Hop { status, url, location });
        }
        let is_coded =
            chain.answer.as_ref().is_some_and(|answer| answer.head.is_coded && answer.error.is_none());
        if is_coded && chain.request.receive == Receive::Keep {
            let most = chain.request.max_body.unwrap_or(self.net.settings.max_body);
            if let Some(answer) = &mut chain.answer {
                // Boxed: it is seldom, as in `attempt`.
                Box::pin(decoding::decode(answer, most, self.account.charge())).await;
            }
        }
        self.tell_answer(chain);
        Ok(())
    }

    /// One step of the chain, with its retries.
    async fn attempt(&self, chain: &mut Chain<'_>) -> Result<(), Error> {
        chain.answer = None;
        chain.security = None;
        chain.is_http2 = false;
        let guise = chain.guise(&self.net);
        self.take_turn(chain).await?;
        let mut idle = self.take_idle(&chain.step, guise.number());
        let most = chain.request.max_retries.unwrap_or(self.net.settings.max_retries);
        let mut retries = 0;
        let mut was_spared = false;
        loop {
            if chain.message.is_none() {
                chain.step.cookie = self.cookie(&chain.step, chain.request)?;
                self.authorize(chain);
                chain.message = Some(chain.step.message(&self.net, chain.request)?);
            }
            let (line, begun, was_idle) = match idle.take() {
                // It begins where the last step ended: a look at the clock less.
                Some(connection) => (Ok(Line::Own(connection)), chain.ended, true),
                // Boxed: it is seldom, and would make every request's future larger.
                None => (Box::pin(self.line(chain, guise)).await, Instant::now(), false),
            };
            let (outcome, was_idle) = match line {
                Ok(Line::Own(connection)) => (self.run(connection, chain, begun).await, was_idle),
                Ok(Line::Shared { session, is_old }) => (Box::pin(self.share(session, chain)).await, is_old),
                Err(error) => {
                    let (is_unsent, is_refused, is_answered) = (true, false, false);
                    (Err(Box::new(Failure { error, is_unsent, is_refused, is_answered })), false)
                }
            };
            let Err(failure) = outcome else { return Ok(()) };
            // The server has closed it while it was idle: nobody's failure.
            let may_repeat = chain.step.method.is_idempotent() && failure.error.kind.is_transient();
            let is_stale = was_idle && (failure.is_unsent || may_repeat && !failure.is_answered);
            // Once; then its server is at fault.
            let is_spared = (is_stale && failure.error.kind.is_transient() || failure.is_refused)
                && !std::mem::replace(&mut was_spared, true);
            let has_body = chain.step.upload(chain.request).is_none_or(Upload::rewind);
            self.tell_failure(chain, &failure.error);
            if !is_spared || !has_body {
                if !may_repeat || failure.is_answered || retries >= most || !has_body {
                    return Err(failure.error);
                }
                retries += 1;
                chain.retries += 1;
                Box::pin(self.pause(chain, retries, failure.error)).await?;
            }
            self.take_turn(chain).await?;
        }
    }

    /// Waits before the request is sent again, unless its time would be over then.
    ///
    /// # Errors
    /// `failure` where it would be.
    async fn pause(&self, chain: &Chain<'_>, nth: u32, failure: Error) -> Result<(), Error> {
        let until = Instant::now() + backoff::pause(nth, rand::random());
        if until >= chain.deadline.at {
            return Err(failure);
        }
        tokio::time::sleep_until(until.into()).await;
        Ok(())
    }

    /// Waits until one more request may be sent. That is no part of the request: neither its time nor its timeout.
    pub(super) async fn take_turn(&self, chain: &mut Chain<'_>) -> Result<(), Error> {
        if let Some(turns) = &self.net.settings.turns {
            // Boxed: it is seldom, as in `attempt`.
            let paused = Box::pin(turns.take(&self.net.unused_turns)).await;
            chain.pause(paused);
        }
        if self.net.settings.is_halted() {
            let text = "the run was refused: nothing more is sent".to_owned();
            return Err(Error::new(ErrorKind::NotAllowed, text));
        }
        Ok(())
    }

    /// One exchange, after which the connection is kept if it is good.
    async fn run(
        &self,
        mut connection: Connection,
        chain: &mut Chain<'_>,
        begun: Instant,
    ) -> Result<(), Box<Failure>> {
        let (sent, received) = (connection.stream.sent(), connection.stream.received());
        chain.security = connection.security.clone();
        self.tell_request(chain);
        let outcome = exchange(&self.net, &mut connection, chain, begun, self.account.charge()).await;
        chain.sent += connection.stream.sent() - sent;
        chain.received += connection.stream.received() - received;
        if connection.is_reusable {
            self.keep(connection);
        } else if let Some(opened) = chain.opened.take() {
            chain.download = Some(Download::new(connection, opened, chain));
        }
        outcome
    }

    pub(super) async fn connect(&self, chain: &mut Chain<'_>, guise: Guise<'_>) -> Result<Connection, Error> {
        let deadline = chain.deadline;
        let mut progress = Progress::new(&mut chain.timings);
        let connecting = connector::connect(&self.net, &chain.step.origin, guise, &mut progress);
        let connection = match tokio::time::timeout_at(deadline.at.into(), connecting).await {
            Ok(connected) => connected?,
            Err(_) => return Err(Error::timeout_in(deadline.limit, progress.leave())),
        };
        chain.sent += connection.stream.sent();
        chain.received += connection.stream.received();
        Ok(connection)
    }

    fn take_idle(&self, step: &Step, guise: u32) -> Option<Connection> {
        let mut idle = self.idle.borrow_mut();
        // The last one used is the likeliest to be open still.
        let fits = |kept: &Connection| kept.origin.is(&step.origin) && kept.guise == guise;
        let index = idle.iter().rposition(fits)?;
        Some(idle.swap_remove(index))
    }

    fn keep(&self, connection: Connection) {
        let mut idle = self.idle.borrow_mut();
        if idle.len() >= MOST_IDLE {
            idle.remove(0);
        }
        idle.push(connection);
    }

    /// Closes all idle connections.
    pub fn close(&self) {
        self.idle.borrow_mut().clear();
        self.sessions.take();
    }

    /// # Errors
    /// `InvalidRequest` where the request's own are no cookies.
    pub(super) fn cookie(&self, step: &Step, request: &Request<'_>) -> Result<Option<String>, Error> {
        let jar = self.jar.borrow();
        let own = if step.has_secrets { request.cookies } else { &[] };
        if jar.is_none() && own.is_empty() {
            return Ok(None);
        }
        let Some(url) = cookies::scope(&step.origin, step.path()) else { return Ok(None) };
        cookies::header(jar.as_deref(), own, &url)
    }

    #[cold]
    pub(super) fn take_cookies(&self, step: &Step, answer: &Answer) {
        if let Some(url) = cookies::scope(&step.origin, step.path()) {
            self.jar.borrow_mut().get_or_insert_default().take(answer.headers(), &url);
        }
    }

    fn authorize(&self, chain: &mut Chain<'_>) {
        if let Some(challenges) = &mut *self.challenges.borrow_mut() {
            challenges.authorize(chain);
        }
    }

    /// # Errors
    /// As [`Challenges::take`].
    #[cold]
    fn take_challenge(&self, chain: &mut Chain<'_>) -> Result<bool, Error> {
        let Some(answer) = chain.answer.take() else { return Ok(false) };
        let taken = self.challenges.borrow_mut().get_or_insert_default().take(chain, &answer);
        chain.answer = Some(answer);
        if let Ok(true) = taken {
            self.tell_answer(chain);
        }
        taken
    }

    /// Reads more of a streamed body to the end of `out`, some 64 KiB at most; false at its end, and the connection
    /// may be used again. After an error it is closed.
    ///
    /// # Errors
    /// `Body`, `Timeout`: all that will come has come.
    pub async fn read(
        &self,
        mut download: Box<Download>,
        out: &mut Vec<u8>,
    ) -> Result<Option<Box<Download>>, Error> {
        if download.read(&self.net, out).await? {
            return Ok(Some(download));
        }
        if let Some(connection) = download.into_connection().filter(|connection| connection.is_reusable) {
            self.keep(connection);
        }
        Ok(None)
    }
}
