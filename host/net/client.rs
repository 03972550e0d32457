//! The HTTP client of one virtual user: its idle connections and its cookies.
//! Made by `vu`, used by `api::http`.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use super::chain::Chain;
use super::connection::Connection;
use super::connector::{self, Guise};
use super::cookies::{self, Jar};
use super::error::{Error, ErrorKind};
use super::exchange::{Answer, Failure, exchange};
use super::message::Step;
use super::redirect;
use super::request::Request;
use super::response::{Hop, Response};
use super::worker::Net;

/// More idle connections than a browser keeps are closed, oldest first.
const MOST_IDLE: usize = 16;

/// One VU's connections and cookies. Requests of one client may run at the
/// same time; each has a connection of its own then.
pub struct Client {
    net: Rc<Net>,
    idle: RefCell<Vec<Connection>>,
    /// None until a server, or a script, sets the first cookie.
    jar: RefCell<Option<Box<Jar>>>,
}

impl Client {
    pub fn new(net: Rc<Net>) -> Self {
        Client { net, idle: RefCell::default(), jar: RefCell::default() }
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
        chain.respond(failure)
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
            if !(300..400).contains(&status) || !chain.request.follow_redirects || answer.error.is_some() {
                return Ok(());
            }
            let Some(location) = redirect::location(answer) else { return Ok(()) };
            let most = self.net.settings.max_redirects as usize;
            if chain.history.len() >= most {
                let text = format!("more than {most} redirects, the last one to `{location}`");
                return Err(Error::new(ErrorKind::TooManyRedirects, text));
            }
            let url = chain.step.url();
            chain.step.follow(&self.net, status, &location)?;
            chain.history.push(Hop { status, url, location });
        }
    }

    /// One step of the chain, with its retries.
    async fn attempt(&self, chain: &mut Chain<'_>) -> Result<(), Error> {
        chain.answer = None;
        chain.security = None;
        let guise = chain.guise(&self.net);
        self.take_turn(chain).await?;
        let mut idle = self.take_idle(&chain.step, guise.number());
        let mut retries = 0;
        loop {
            if chain.message.is_none() {
                let cookie = self.cookie(&chain.step, chain.request)?;
                chain.message = Some(chain.step.message(&self.net, chain.request, cookie.as_deref())?);
            }
            let (connection, begun, was_idle) = match idle.take() {
                // It begins where the last step ended: a look at the clock less.
                Some(connection) => (Ok(connection), chain.ended, true),
                // Boxed: it is seldom, and would make every request's future larger.
                None => (Box::pin(self.connect(chain, guise)).await, Instant::now(), false),
            };
            let failure = match connection {
                Ok(connection) => match self.run(connection, chain, begun).await {
                    Ok(()) => return Ok(()),
                    Err(failure) => *failure,
                },
                Err(error) => Failure { error, is_unsent: true, is_answered: false },
            };
            // The server has closed it while it was idle: nobody's failure.
            let may_repeat = chain.step.method.is_idempotent() && failure.error.kind.is_transient();
            let is_stale = was_idle && (failure.is_unsent || may_repeat && !failure.is_answered);
            if !is_stale {
                if !may_repeat || failure.is_answered || retries >= self.net.settings.max_retries {
                    return Err(failure.error);
                }
                retries += 1;
            }
            self.take_turn(chain).await?;
        }
    }

    /// Waits until one more request may be sent. That is no part of the request: neither its time nor its timeout.
    async fn take_turn(&self, chain: &mut Chain<'_>) -> Result<(), Error> {
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
        let outcome = exchange(&self.net, &mut connection, chain, begun).await;
        chain.sent += connection.stream.sent() - sent;
        chain.received += connection.stream.received() - received;
        if connection.is_reusable {
            self.keep(connection);
        }
        outcome
    }

    async fn connect(&self, chain: &mut Chain<'_>, guise: Guise<'_>) -> Result<Connection, Error> {
        let deadline = chain.deadline;
        let connecting = connector::connect(&self.net, &chain.step.origin, guise, &mut chain.timings);
        let connection = match tokio::time::timeout_at(deadline.at.into(), connecting).await {
            Ok(connected) => connected?,
            Err(_) => return Err(Error::timeout(deadline.limit, false)),
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
    }

    /// # Errors
    /// `InvalidRequest` where the request's own are no cookies.
    fn cookie(&self, step: &Step, request: &Request<'_>) -> Result<Option<String>, Error> {
        let jar = self.jar.borrow();
        let own = if step.has_secrets { request.cookies } else { &[] };
        if jar.is_none() && own.is_empty() {
            return Ok(None);
        }
        let Some(url) = cookies::scope(&step.origin, step.path()) else { return Ok(None) };
        cookies::header(jar.as_deref(), own, &url)
    }

    #[cold]
    fn take_cookies(&self, step: &Step, answer: &Answer) {
        if let Some(url) = cookies::scope(&step.origin, step.path()) {
            self.jar.borrow_mut().get_or_insert_default().take(answer.headers(), &url);
        }
    }

    /// The cookies that a request to `url` would carry, as name and value.
    ///
    /// # Errors
    /// `InvalidUrl`.
    pub fn cookies(&self, url: &str) -> Result<Vec<(String, String)>, Error> {
        let url = cookies::parse(url)?;
        Ok(self.jar.borrow().as_ref().map_or_else(Vec::new, |jar| jar.list(&url)))
    }

    /// Sets a cookie as if `url` had set it, for its host and all paths.
    ///
    /// # Errors
    /// `InvalidUrl`; `InvalidRequest` where it is no cookie.
    pub fn set_cookie(&self, url: &str, name: &str, value: &str) -> Result<(), Error> {
        let url = cookies::parse(url)?;
        self.jar.borrow_mut().get_or_insert_default().set(name, value, &url)
    }

    /// Forgets all cookies.
    pub fn clear_cookies(&self) {
        *self.jar.borrow_mut() = None;
    }
}
