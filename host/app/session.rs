//! `--web`: serves the page and carries out what it orders, one run at a time, by the same way as a run without a
//! page. Called by `app`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, after, never, select, unbounded};

use crate::cli::{Run, Web};
use crate::config::{self, Surroundings};
use crate::event::Wish;
use crate::exit::{self, Exit};
use crate::fault::Fault;
use crate::web::{Asked, Feed, Options, Order, Server, Session};

use super::execution::Execution;
use super::keys::Keys;
use super::signals::Signals;
use super::stage::Stage;
use super::{print_fault, tell};

/// As large as that of the main thread, on which runs are prepared otherwise.
const STACK: usize = 8 << 20;

/// How a start has ended.
enum Ended {
    /// It did not become a run.
    Refused(Vec<Fault>),
    Run(u8),
}

/// The run that goes on, or is prepared.
struct Current {
    wishes: Sender<Wish>,
    is_automatic: bool,
}

/// Serves until a signal comes, or `--autoquit` is due; the exit code of the last run, 0 without any.
pub(super) fn serve(run: Run, web: Web, surroundings: &Surroundings) -> Result<u8, Vec<Fault>> {
    let one = |fault: Fault| vec![fault];
    config::catalog(&run.given, surroundings).map_err(one)?;
    let surroundings = Arc::new(surroundings.clone());
    let stage = Arc::new(Stage { given: run.given.clone(), surroundings: surroundings.clone() });
    let signals = Signals::listen(false);
    let (sender, orders) = unbounded();
    let session = Session::new(sender);
    let options = Options { host: web.host, port: web.port, login: web.login, token: web.token };
    let server = Server::start(&options, session.clone(), stage.clone()).map_err(one)?;
    say_where(&server, &options);
    let keys = Keys::listen(signals.sender());
    let signals = signals.hand_over();
    if web.autostart {
        let asked = Asked { is_automatic: true, ..Asked::default() };
        // Nothing else has asked for a run yet.
        drop(session.begin(asked).map_err(one)?);
    }
    let desk = Desk { run, surroundings, stage, session: session.clone() };
    let code = desk.follow(&signals, &orders, web.autoquit);
    session.finish();
    drop((server, keys));
    Ok(code)
}

/// Where the page is, and what it asks for.
pub(super) fn say_where(server: &Server, options: &Options) {
    let hint = match (&options.token, &options.login) {
        (Some(_), _) => ", with the token (?token=...)",
        (None, Some(_)) => ", with the login",
        (None, None) => "",
    };
    tell(&format!("web interface: {}{hint} (Ctrl-C ends)", server.url()));
}

struct Desk {
    run: Run,
    surroundings: Arc<Surroundings>,
    stage: Arc<Stage>,
    session: Arc<Session>,
}

impl Desk {
    fn follow(
        self,
        signals: &Receiver<Wish>,
        orders: &Receiver<Order>,
        autoquit: Option<std::time::Duration>,
    ) -> u8 {
        let desk = Arc::new(self);
        let (sender, ended) = unbounded();
        let (mut current, mut is_wanted, mut code) = (None::<Current>, false, 0);
        let mut quit: Option<Instant> = None;
        loop {
            let due = quit.map_or_else(never, |at| after(at.saturating_duration_since(Instant::now())));
            select! {
                recv(signals) -> wish => match (wish, &current) {
                    (Ok(Wish::Signal | Wish::Changed), None) | (Err(_), None) => return code,
                    (Ok(wish), Some(current)) => {
                        if matches!(wish, Wish::Signal | Wish::Changed) {
                            is_wanted = true;
                            desk.session.close();
                        }
                        // One that has ended meanwhile needs no telling.
                        let _ = current.wishes.send(wish);
                    }
                    (Ok(wish), None) => drop(wish),
                    (Err(_), Some(_)) => is_wanted = true,
                },
                recv(orders) -> order => if let Ok(order) = order {
                    // Whoever is at the page now decides when it is over.
                    quit = None;
                    current = Some(desk.clone().start(order, sender.clone()));
                },
                recv(ended) -> told => if let Ok((id, told)) = told {
                    let is_automatic = current.take().is_some_and(|current| current.is_automatic);
                    match told {
                        Ended::Run(ended) => {
                            code = ended;
                            desk.session.end(id, ended);
                        }
                        Ended::Refused(faults) => {
                            faults.iter().for_each(print_fault);
                            if is_automatic {
                                code = faults.iter().fold(Exit::Ok, |exit, fault| exit.worst(fault.exit)).code();
                            }
                            desk.session.refuse(id, faults);
                        }
                    }
                    if is_wanted {
                        return code;
                    }
                    quit = autoquit.filter(|_| is_automatic).and_then(|time| Instant::now().checked_add(time));
                },
                recv(due) -> _ => return code,
            }
        }
    }

    fn start(self: Arc<Self>, order: Order, sender: Sender<(u64, Ended)>) -> Current {
        let (wishes, heard) = unbounded();
        let current = Current { wishes: wishes.clone(), is_automatic: order.asked.is_automatic };
        let id = order.id;
        let thread = std::thread::Builder::new().name("run".into()).stack_size(STACK);
        let told = sender.clone();
        let started = thread.spawn(move || {
            let ended = catch_unwind(AssertUnwindSafe(|| self.carry_out(&order, wishes, heard)));
            // The panic was printed where it was noticed.
            let broken = || Ended::Refused(vec![Fault::new(Exit::Internal, "the run broke down")]);
            let _ = told.send((id, ended.unwrap_or_else(|_| broken())));
        });
        if let Err(why) = started {
            let fault = Fault::new(Exit::Internal, "cannot start a thread for the run").why(why.to_string());
            let _ = sender.send((id, Ended::Refused(vec![fault])));
        }
        current
    }

    fn carry_out(&self, order: &Order, wishes: Sender<Wish>, heard: Receiver<Wish>) -> Ended {
        exit::forget_internal_faults();
        let given = match self.stage.given(&order.asked) {
            Ok(given) => given,
            Err(fault) => return Ended::Refused(vec![fault]),
        };
        let run = Run { given, ..self.run.clone() };
        match Execution::prepare(&run, &self.surroundings) {
            Err(faults) => Ended::Refused(faults),
            Ok(mut execution) => {
                self.session.expect(order.id, wishes, execution.has_full_history());
                execution.add(Box::new(Feed(self.session.clone())));
                Ended::Run(execution.conduct(heard))
            }
        }
    }
}
