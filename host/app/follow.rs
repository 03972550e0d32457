//! `e2e follow`: a run that other processes make, as whoever merges it tells it; steered by keys, or on a page. Called by
//! `app`.

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, after, never, select, unbounded};

use crate::cli::{Follow, Web};
use crate::cluster::{Follower, Following, Ruling, follow as look_on};
use crate::config::{Catalog, Surroundings};
use crate::event::{Event, Wish};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::report::{Options, Outputs, Writers, check_files};
use crate::web::{self, Asked, Backdrop, Feed, Server, Session, Sketch};

use super::keys::Keys;
use super::signals::Signals;
use super::tell;

/// A page that starts nothing: there is nothing to choose from.
struct Nothing {
    run: String,
}

impl Nothing {
    fn fault(&self) -> Fault {
        Fault::new(Exit::Usage, format!("this page follows run `{}`: it starts none", self.run))
    }
}

impl Backdrop for Nothing {
    fn catalog(&self) -> Result<Catalog, Fault> {
        Err(self.fault())
    }

    fn sketch(&self, _: &Asked) -> Result<Sketch, Vec<Fault>> {
        Err(vec![self.fault()])
    }

    fn host(&self) -> Option<String> {
        None
    }
}

/// Shows the run to its end; the exit code is that of the run.
pub(super) fn follow(asked: Follow, surroundings: &Surroundings) -> Result<u8, Vec<Fault>> {
    let one = |fault: Fault| vec![fault];
    let options = options(&asked, surroundings);
    check_files(&options, None, &[]).map_err(one)?;
    let following = look_on(&asked.nats, &asked.run, asked.confirm.clone()).map_err(one)?;
    let mut outputs = Outputs::prepare(&options, Writers::standard()).map_err(one)?;
    let signals = Signals::listen(false);
    let (wishes, page) = (signals.sender(), asked.web.clone());
    let page = page.map(|web| Page::serve(&web, &asked, wishes)).transpose().map_err(one)?;
    if let Some(page) = &page {
        outputs.add(Box::new(Feed(page.session.clone())));
    }
    let keys = Keys::listen(signals.sender());
    let onlooker = Onlooker { run: asked.run, following, page, is_begun: false };
    let code = onlooker.look(outputs, &signals.hand_over());
    drop(keys);
    Ok(code)
}

fn options(asked: &Follow, surroundings: &Surroundings) -> Options {
    let (tty, stderr_tty) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
    let no_color = surroundings.variables.get("NO_COLOR").is_some_and(|value| !value.is_empty());
    Options {
        csv: asked.csv.clone().map(Into::into),
        csv_full_history: asked.csv_full_history,
        json: asked.json,
        json_file: asked.json_file.clone(),
        summary_export: asked.summary_export.clone(),
        junit: asked.junit.clone(),
        html: asked.html.clone(),
        only_summary: asked.only_summary,
        quiet: asked.quiet,
        color: !(asked.no_color || no_color),
        width: super::terminal_width(),
        tty,
        stderr_tty,
        warns: true,
        ..Options::default()
    }
}

struct Page {
    session: Arc<Session>,
    /// Serves for as long as it lives.
    _server: Server,
    /// The run's number on the page.
    id: u64,
    autoquit: Option<Duration>,
}

impl Page {
    fn serve(web: &Web, asked: &Follow, wishes: Sender<Wish>) -> Result<Page, Fault> {
        // Nothing is ordered here but by the wishes.
        let (orders, _) = unbounded();
        let session = Session::new(orders);
        let id = session.follow(&asked.run, wishes, asked.csv_full_history);
        let (host, login, token) = (web.host.clone(), web.login.clone(), web.token.clone());
        let options = web::Options { host, port: web.port, login, token };
        let server = Server::start(&options, session.clone(), Arc::new(Nothing { run: asked.run.clone() }))?;
        super::session::say_where(&server, &options);
        Ok(Page { session, _server: server, id, autoquit: web.autoquit })
    }
}

struct Onlooker {
    run: String,
    following: Following,
    page: Option<Page>,
    is_begun: bool,
}

impl Onlooker {
    fn look(mut self, mut outputs: Outputs, wishes: &Receiver<Wish>) -> u8 {
        loop {
            select! {
                recv(self.following.news) -> news => match news {
                    Ok(Follower::Waiting { segments }) => {
                        tell(&format!("run {}: waiting for {segments} processes", self.run));
                    }
                    Ok(Follower::Event(event)) => {
                        self.is_begun |= matches!(event, Event::Started(_));
                        outputs.on(&event);
                    }
                    Ok(Follower::Refused(fault)) => super::print_fault(&fault),
                    Ok(Follower::Over(ruling)) => {
                        let faults = outputs.finish();
                        faults.iter().for_each(super::print_fault);
                        let exit = faults.iter().fold(ruling.exit, |exit, fault| exit.worst(fault.exit));
                        let code = exit.code_with(ruling.failures_code);
                        return self.rest(&ruling, code, wishes);
                    }
                    Err(_) => return Exit::Internal.code(),
                },
                recv(wishes) -> wish => match wish {
                    Ok(Wish::Command(command)) => self.following.order(command, None),
                    Ok(Wish::Asked(command, answer)) => self.following.order(command, Some(answer)),
                    Ok(Wish::Signal | Wish::Terminated | Wish::Changed) | Err(_) => {
                        tell(&format!("run {}: no longer looked on at; the run goes on", self.run));
                        if let Some(page) = &self.page {
                            page.session.finish();
                        }
                        return Exit::Signal.code();
                    }
                    Ok(Wish::Agreed(_) | Wish::Replaced) => {}
                },
            }
        }
    }

    /// The run is over; the page stays until somebody has seen enough.
    fn rest(self, ruling: &Ruling, code: u8, wishes: &Receiver<Wish>) -> u8 {
        if !self.is_begun {
            ruling.verdict.reasons.iter().for_each(|reason| tell(&format!("run {}: {reason}", self.run)));
        }
        let Some(page) = &self.page else { return code };
        if self.is_begun {
            page.session.end(page.id, code);
        } else {
            let reasons = ruling.verdict.reasons.iter();
            let faults: Vec<Fault> = reasons.map(|reason| Fault::new(ruling.exit, reason.clone())).collect();
            page.session.give_up(&faults);
        }
        tell(&format!("run {}: it is over, exit code {code}; the page stays (Ctrl-C ends)", self.run));
        let quit = page.autoquit.and_then(|time| Instant::now().checked_add(time));
        let due = quit.map_or_else(never, |at| after(at.saturating_duration_since(Instant::now())));
        loop {
            select! {
                recv(wishes) -> wish => match wish {
                    Ok(Wish::Asked(_, answer)) => {
                        let _ = answer.try_send(Err(Fault::new(Exit::Usage, "the run is over")));
                    }
                    Ok(Wish::Command(_) | Wish::Agreed(_) | Wish::Replaced) => {}
                    Ok(Wish::Signal | Wish::Terminated | Wish::Changed) | Err(_) => break,
                },
                recv(due) -> _ => break,
            }
        }
        page.session.finish();
        code
    }
}
