//! The HTTP client of one virtual user: its idle connections and its cookies.
//! Made by `vu`, used by `api::http`.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use http::header::{HeaderValue, SET_COOKIE};

use super::connection::Connection;
use super::connector;
use super::cookies::{self, Jar};
use super::error::{Error, ErrorKind};
use super::exchange::{Answer, Deadline, Failure, exchange};
use super::message::{Message, Step};
use super::redirect;
use super::request::Request;
use super::response::{Hop, Response, Sent};
use super::timing::Timings;
use super::worker::Net;

/// More idle connections than a browser keeps are closed, oldest first.
const MOST_IDLE: usize = 16;

/// A timeout beyond this is none.
const FOREVER: Duration = Duration::from_secs(86_400 * 365);

/// One VU's connections and cookies. Requests of one client may run at the
/// same time; each has a connection of its own then.
pub struct Client {
    net: Rc<Net>,
    idle: RefCell<Vec<Connection>>,
    /// None until a server, or a script, sets the first cookie.
    jar: RefCell<Option<Box<Jar>>>,
}

/// What a chain of requests adds up to.
#[derive(Default)]
struct Tally {
    timings: Timings,
    sent: u64,
    received: u64,
    history: Vec<Hop>,
}

/// One exchange to run.
struct Run<'a> {
    connection: Option<Connection>,
    step: &'a Step,
    verify: bool,
    message: Message,
    deadline: Deadline,
    /// When it began; None: when the connection stands.
    begun: Option<Instant>,
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
    pub async fn send(&self, request: Request<'_>) -> Response {
        let started = Instant::now();
        let mut tally = Tally::default();
        let mut response = self.chain(&request, started, &mut tally).await;
        response.elapsed = started.elapsed();
        response.timings = tally.timings;
        response.sent_bytes = tally.sent;
        response.received_bytes = tally.received;
        response.history = tally.history;
        response
    }

    async fn chain(&self, request: &Request<'_>, started: Instant, tally: &mut Tally) -> Response {
        let limit = request.timeout.unwrap_or(self.net.settings.timeout).min(FOREVER);
        let deadline = Deadline { at: started + limit, limit };
        let mut step = match Step::new(&self.net, request) {
            Ok(step) => step,
            Err(error) => return Response::failed(Sent::unsent(request), error),
        };
        let mut begun = started;
        loop {
            let answer = match self.attempt(&step, request, deadline, begun, tally).await {
                Ok(answer) => answer,
                Err(error) => return Response::failed(step.sent(request), error),
            };
            if answer.parts.headers.contains_key(SET_COOKIE) {
                self.take_cookies(&step, &answer);
            }
            if !request.follow_redirects || answer.error.is_some() {
                return respond(step.sent(request), answer);
            }
            let Some(location) = redirect::location(&answer.parts) else {
                return respond(step.sent(request), answer);
            };
            let sent = step.sent(request);
            let most = self.net.settings.max_redirects as usize;
            let followed = if tally.history.len() >= most {
                let text = format!("more than {most} redirects, the last one to `{location}`");
                Err(Error::new(ErrorKind::TooManyRedirects, text))
            } else {
                step.follow(&self.net, answer.parts.status, &location)
            };
            if let Err(error) = followed {
                return respond(sent, Answer { error: Some(error), ..answer });
            }
            tally.history.push(Hop { status: answer.parts.status.as_u16(), url: sent.url(), location });
            begun = Instant::now();
        }
    }

    /// One step of the chain, with its retries.
    async fn attempt(
        &self,
        step: &Step,
        request: &Request<'_>,
        deadline: Deadline,
        begun: Instant,
        tally: &mut Tally,
    ) -> Result<Answer, Error> {
        let verify = !step.origin.https || request.verify.unwrap_or(self.net.settings.verify);
        let mut idle = self.take_idle(step, verify);
        let mut begun = Some(begun);
        let mut retries = 0;
        let mut message = step.message(&self.net, request, || self.cookie(step))?;
        loop {
            let was_idle = idle.is_some();
            // On a kept connection the request begins where the last step ended,
            // which spares a look at the clock.
            let begun = begun.take().filter(|_| was_idle);
            let run = Run { connection: idle.take(), step, verify, message, deadline, begun };
            let failure = match self.run(run, tally).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            // The server has closed it while it was idle: nobody's failure.
            let may_repeat = step.method.is_idempotent() && failure.error.kind.is_transient();
            let is_stale = was_idle && (failure.unsent.is_some() || may_repeat && !failure.is_answered);
            if !is_stale {
                if !may_repeat || failure.is_answered || retries >= self.net.settings.max_retries {
                    return Err(failure.error);
                }
                retries += 1;
            }
            message = match failure.unsent {
                Some(message) => message,
                None => step.message(&self.net, request, || self.cookie(step))?,
            };
        }
    }

    /// One exchange, on `connection` or a new one.
    async fn run(&self, run: Run<'_>, tally: &mut Tally) -> Result<Answer, Box<Failure>> {
        let Run { connection, step, verify, message, deadline, begun } = run;
        let mut connection = match connection {
            Some(connection) => connection,
            // Boxed: it is seldom, and would make every request's future larger.
            None => match Box::pin(self.connect(step, verify, deadline, tally)).await {
                Ok(connection) => connection,
                Err(error) => {
                    let failure = Failure { error, unsent: Some(message), is_answered: false };
                    return Err(Box::new(failure));
                }
            },
        };
        let begun = begun.unwrap_or_else(Instant::now);
        let meter = connection.meter.clone();
        let (sent, received) = (meter.sent.get(), meter.received.get());
        let timings = &mut tally.timings;
        let outcome = exchange(&self.net, &mut connection, message, deadline, begun, timings).await;
        tally.sent += meter.sent.get() - sent;
        tally.received += meter.received.get() - received;
        if let Ok(Answer { error: None, .. }) = outcome
            && connection.is_reusable()
        {
            self.keep(connection);
        }
        outcome
    }

    async fn connect(
        &self,
        step: &Step,
        verify: bool,
        deadline: Deadline,
        tally: &mut Tally,
    ) -> Result<Connection, Error> {
        let connecting = connector::connect(&self.net, &step.origin, verify, &mut tally.timings);
        let connection = match tokio::time::timeout_at(deadline.at.into(), connecting).await {
            Ok(connected) => connected?,
            Err(_) => return Err(Error::timeout(deadline.limit, false)),
        };
        tally.sent += connection.meter.sent.get();
        tally.received += connection.meter.received.get();
        Ok(connection)
    }

    fn take_idle(&self, step: &Step, verify: bool) -> Option<Connection> {
        let mut idle = self.idle.borrow_mut();
        // The last one used is the likeliest to be open still.
        let fits = |kept: &Connection| Rc::ptr_eq(&kept.origin, &step.origin) && kept.verify == verify;
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

    /// Gives the buffers of idle connections back (some 25 KiB each) and keeps
    /// them open. For a VU that will not send for longer than a moment; the
    /// next request pays well below a microsecond for it.
    pub fn rest(&self) {
        let mut idle = self.idle.borrow_mut();
        idle.retain_mut(|connection| {
            connection.rest();
            connection.is_reusable()
        });
    }

    /// Closes all idle connections.
    pub fn close(&self) {
        self.idle.borrow_mut().clear();
    }

    fn cookie(&self, step: &Step) -> Option<HeaderValue> {
        let jar = self.jar.borrow();
        jar.as_ref()?.header(&cookies::scope(&step.origin, step.target.path())?)
    }

    #[cold]
    fn take_cookies(&self, step: &Step, answer: &Answer) {
        if let Some(url) = cookies::scope(&step.origin, step.target.path()) {
            self.jar.borrow_mut().get_or_insert_default().take(&answer.parts.headers, &url);
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

fn respond(request: Sent, answer: Answer) -> Response {
    let Answer { parts, body, error } = answer;
    Response {
        status: parts.status.as_u16(),
        version: parts.version,
        headers: parts.headers,
        body,
        error,
        timings: Timings::default(),
        elapsed: Duration::ZERO,
        history: Vec::new(),
        request,
        sent_bytes: 0,
        received_bytes: 0,
    }
}
