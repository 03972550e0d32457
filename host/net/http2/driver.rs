//! The task of a connection: it moves the frames of all its streams, and answers the server's pings and settings
//! while its VU does other things. It ends with the connection, or soon after nobody needs that any more.
//! Started by `session`.

use std::future::Future;
use std::pin::Pin;
use std::rc::Weak;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use h2::client::Connection;
use tokio::time::Sleep;

use super::session::Session;
use super::wire::Wire;

/// So long a server may take to read that its peer goes away.
const FAREWELL: Duration = Duration::from_secs(1);

pub(super) struct Driver {
    pub(super) connection: Connection<Wire, Bytes>,
    pub(super) session: Weak<Session>,
    pub(super) alarm: Option<Pin<Box<Sleep>>>,
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // Each stream has been told by h2 how it ended.
        let is_over = Pin::new(&mut self.connection).poll(cx).is_ready();
        if let Some(session) = self.session.upgrade() {
            if is_over {
                session.retire();
            }
            session.wake();
        } else if !is_over {
            let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep(FAREWELL)));
            return alarm.as_mut().poll(cx);
        }
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    }
}
