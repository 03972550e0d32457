//! Requests over connections that a client's requests share: one is opened, or found, or waited for, and each
//! request is a stream of it. Part of `client`.

use std::rc::Rc;
use std::time::Instant;

use super::answer::{Failure, Outcome};
use super::chain::Chain;
use super::client::Client;
use super::connection::Connection;
use super::connector::Guise;
use super::ending;
use super::error::Error;
use super::http2::{self, Claim, Opening, Room, Session};
use super::origin::Speaks;
use super::timing::{Phase, Progress};

/// What a request goes over.
pub(super) enum Line {
    Own(Connection),
    /// `is_old`: it was open before.
    Shared {
        session: Rc<Session>,
        is_old: bool,
    },
}

/// Tells those who wait when it goes, whatever the reason.
struct Pending(Rc<Opening>);

impl Drop for Pending {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Client {
    /// A connection to the step's origin, none being idle.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub(super) async fn line(&self, chain: &mut Chain<'_>, guise: Guise<'_>) -> Result<Line, Error> {
        let origin = chain.step.origin.clone();
        let mode = self.net().settings.link.http2;
        if !mode.may_be(origin.https) {
            return self.connect(chain, guise).await.map(Line::Own);
        }
        loop {
            let claim = self.sessions.borrow_mut().get_or_insert_default().claim(&origin, guise.number());
            match claim {
                Claim::Open(session) => return Ok(Line::Shared { session, is_old: true }),
                // What spoke HTTP/1.1 will go on to do so: nobody need wait for that.
                Claim::Wait(_) if origin.speaks.get() == Speaks::Http1 => {
                    let connection = self.connect(chain, guise).await?;
                    return self.begin(chain, connection).await;
                }
                Claim::Wait(opening) => {
                    let deadline = chain.deadline;
                    let mut progress = Progress::new(&mut chain.timings);
                    progress.enter(Phase::Sharing);
                    let waited = tokio::time::timeout_at(deadline.at.into(), opening.wait()).await;
                    let phase = progress.leave();
                    waited.map_err(|_| Error::timeout_in(deadline.limit, phase))??;
                }
                Claim::Mine(opening) => {
                    let pending = Pending(opening);
                    let line = match self.connect(chain, guise).await {
                        Ok(connection) => self.begin(chain, connection).await,
                        Err(error) => Err(error),
                    };
                    if let Err(error) = &line {
                        pending.0.fail(error);
                    }
                    return line;
                }
            }
        }
    }

    /// A connection that has just been made, as what it turned out to be.
    async fn begin(&self, chain: &Chain<'_>, connection: Connection) -> Result<Line, Error> {
        let origin = connection.origin.clone();
        origin.speaks.set(if connection.is_http2 { Speaks::Http2 } else { Speaks::Http1 });
        if !connection.is_http2 {
            return Ok(Line::Own(connection));
        }
        let deadline = chain.deadline;
        let starting = Session::start(self.net(), connection);
        let started = tokio::time::timeout_at(deadline.at.into(), starting).await;
        let session = match started {
            Ok(Ok(session)) => session,
            Ok(Err(_)) => return Err(ending::closed()),
            Err(_) => return Err(Error::timeout(deadline.limit, false)),
        };
        self.sessions.borrow_mut().get_or_insert_default().keep(session.clone());
        Ok(Line::Shared { session, is_old: false })
    }

    /// One exchange as a stream of `session`.
    pub(super) async fn share(&self, session: Rc<Session>, chain: &mut Chain<'_>) -> Outcome {
        let failed = |error: Error, is_refused: bool| {
            Err(Box::new(Failure { error, is_unsent: true, is_refused, is_answered: false }))
        };
        let mut room = session.room();
        if let Room::Full = room {
            let deadline = chain.deadline;
            let mut progress = Progress::new(&mut chain.timings);
            progress.enter(Phase::Sharing);
            let waited = tokio::time::timeout_at(deadline.at.into(), session.wait()).await;
            let phase = progress.leave();
            room = match waited {
                // Who had the stream may have given it up because its time, too, was over.
                Ok(room) if Instant::now() < deadline.at => room,
                _ => return failed(Error::timeout_in(deadline.limit, phase), false),
            };
        }
        let Room::Free(lease) = room else { return failed(ending::closed(), true) };
        let Some(message) = &chain.message else { return failed(ending::closed(), false) };
        if message.close {
            // It ends with its last stream.
            session.retire();
            self.sessions.borrow_mut().iter_mut().for_each(|sessions| sessions.sweep());
        }
        let request = match http2::request(message, &chain.step) {
            Ok(request) => request,
            Err(error) => return failed(error, false),
        };
        chain.security = session.security.clone();
        chain.is_http2 = true;
        self.tell_shared(chain, &request);
        http2::exchange(self.net(), lease, (chain, request), self.account.charge()).await
    }
}
