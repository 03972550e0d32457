//! The task of an open WebSocket: it reads and writes frames, answers pings and close
//! frames, whatever its VU does meanwhile. It ends with the connection, or when the
//! socket is dropped.

use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Sink, Stream};
use tokio::time::Sleep;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message as Frame};

use super::breach::{explain, illegal_code, is_illegal};
use super::socket::{Message, Socket};
use super::state::{CLOSE_WAIT, LEAVE_WAIT, NO_CODE, Stage};
use crate::net::open::Opened;
use crate::net::wire::Wire;

/// So many frames are read before others get their turn.
const READS: usize = 32;

/// Each socket has a buffer of this size; larger messages make it grow.
const BUFFER: usize = 4 << 10;

/// Starts the task, on the worker that this is called on.
pub(super) async fn start(opened: Opened, max_message: usize) -> Rc<Socket> {
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(max_message))
        .max_frame_size(Some(max_message));
    let wire = Wire(opened.connection);
    let frames = WebSocketStream::from_partially_read(wire, opened.rest, Role::Client, Some(config)).await;
    let socket = Rc::new(Socket::new());
    tokio::task::spawn_local(Pump {
        frames,
        socket: Rc::downgrade(&socket),
        is_dirty: false,
        is_broken: false,
        is_data: false,
        alarm: None,
    });
    socket
}

struct Pump {
    frames: WebSocketStream<Wire>,
    socket: Weak<Socket>,
    /// Something may be left to be flushed.
    is_dirty: bool,
    /// There is nothing more to be read.
    is_broken: bool,
    /// What is being flushed is a message.
    is_data: bool,
    /// Ends a connection that closes.
    alarm: Option<(Duration, Pin<Box<Sleep>>)>,
}

/// How far it came.
#[derive(PartialEq)]
enum Turn {
    /// Others first, then further.
    More,
    Wait,
    Over,
}

impl Future for Pump {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(socket) = self.socket.upgrade() else { return Poll::Ready(()) };
        socket.state.borrow_mut().pump = Some(cx.waker().clone());
        let turn = self.turn(&socket, cx);
        if turn == Turn::More {
            cx.waker().wake_by_ref();
        }
        if turn != Turn::Over && !self.is_late(&socket, cx) {
            return Poll::Pending;
        }
        let state = &mut *socket.state.borrow_mut();
        state.stage = Stage::Over;
        state.end(Err(explain(Error::ConnectionClosed).0));
        Poll::Ready(())
    }
}

impl Pump {
    fn turn(&mut self, socket: &Socket, cx: &mut Context<'_>) -> Turn {
        if let Err(error) = self.write(socket, cx) {
            self.fail(socket, error);
        }
        let turn = self.read(socket, cx).unwrap_or_else(|error| {
            self.fail(socket, error);
            Turn::Wait
        });
        // Pongs, and the answer to a close frame.
        if self.is_dirty
            && let Err(error) = self.write(socket, cx)
        {
            self.fail(socket, error);
        }
        let state = socket.state.borrow();
        let is_said = state.farewell.is_none() && state.outgoing.is_none() && !self.is_dirty;
        if state.stage == Stage::Leaving && is_said { Turn::Over } else { turn }
    }

    fn write(&mut self, socket: &Socket, cx: &mut Context<'_>) -> Result<(), Error> {
        let mut frames = Pin::new(&mut self.frames);
        while frames.as_mut().poll_ready(cx)?.is_ready() {
            let state = &mut *socket.state.borrow_mut();
            let frame = match (state.outgoing.take(), state.farewell.take()) {
                (Some(frame), farewell) => {
                    state.farewell = farewell;
                    self.is_data = !matches!(frame, Frame::Ping(_));
                    frame
                }
                (None, Some(farewell)) => Frame::Close(Some(farewell)),
                (None, None) => break,
            };
            self.is_dirty = true;
            frames.as_mut().start_send(frame)?;
        }
        if self.is_dirty && frames.poll_flush(cx)?.is_ready() {
            self.is_dirty = false;
            let state = &mut *socket.state.borrow_mut();
            if state.is_flushing && state.outgoing.is_none() {
                state.is_flushing = false;
                state.sent += u64::from(std::mem::take(&mut self.is_data));
                state.wake_user();
            }
        }
        Ok(())
    }

    fn read(&mut self, socket: &Socket, cx: &mut Context<'_>) -> Result<Turn, Error> {
        if self.is_broken {
            return Ok(Turn::Wait);
        }
        for _ in 0..READS {
            if socket.state.borrow().is_full() {
                return Ok(Turn::Wait);
            }
            let frame = match Pin::new(&mut self.frames).poll_next(cx) {
                Poll::Ready(Some(frame)) => frame?,
                Poll::Ready(None) => return Ok(Turn::Over),
                Poll::Pending => return Ok(Turn::Wait),
            };
            let state = &mut *socket.state.borrow_mut();
            match frame {
                Frame::Text(text) => state.take(Message::Text(text)),
                Frame::Binary(data) => state.take(Message::Binary(data)),
                Frame::Pong(data) => state.take_pong(&data),
                Frame::Close(close) => {
                    state.end(match close {
                        Some(close) if is_illegal(&close) => Err(illegal_code()),
                        Some(close) => Ok((close.code.into(), close.reason.to_string())),
                        None => Ok((NO_CODE, String::new())),
                    });
                    // Nobody reads it any more; the answer to the frame goes out.
                    state.outgoing = None;
                    self.is_dirty = true;
                    if state.stage == Stage::Open {
                        (state.stage, state.linger) = (Stage::Closing, Some(CLOSE_WAIT));
                    }
                }
                Frame::Ping(_) => self.is_dirty = true,
                Frame::Frame(_) => {}
            }
        }
        Ok(Turn::More)
    }

    /// Ends the socket for its VU; the server is told why, if it may listen still.
    fn fail(&mut self, socket: &Socket, error: Error) {
        let state = &mut *socket.state.borrow_mut();
        let (error, code) = explain(error);
        state.end(Err(error));
        state.outgoing = None;
        self.is_broken = true;
        self.is_dirty = false;
        (state.stage, state.linger, state.farewell) = (Stage::Leaving, Some(LEAVE_WAIT), None);
        if let Some(code) = code {
            let close = Frame::Close(Some(CloseFrame { code: code.into(), reason: "".into() }));
            self.is_dirty = Pin::new(&mut self.frames).start_send(close).is_ok();
        }
    }

    /// Whether the time is over that a closing connection has.
    fn is_late(&mut self, socket: &Socket, cx: &mut Context<'_>) -> bool {
        let Some(linger) = socket.state.borrow().linger else { return false };
        // A shorter time begins anew: whoever leaves does not wait for who closes.
        if self.alarm.as_ref().is_none_or(|(set, _)| *set != linger) {
            self.alarm = Some((linger, Box::pin(tokio::time::sleep(linger))));
        }
        self.alarm.as_mut().is_some_and(|(_, sleep)| sleep.as_mut().poll(cx).is_ready())
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    /// Beside its connection, which any idle one of HTTP has as well.
    #[test]
    fn an_idle_socket_is_small() {
        let (response, held) = (size_of::<crate::net::Response>(), size_of::<Socket>());
        assert!(BUFFER + size_of::<Pump>() + held + response < 6 << 10);
    }
}
