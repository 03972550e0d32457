//! Writing a request: its message, then what of its body is not part of that.
//! Used by `exchange`.

use std::io;
use std::task::{Context, Poll};
use std::time::Instant;

use super::exchange::{Course, State};
use super::upload::Pull;

impl Course<'_, '_> {
    /// Writes as much of the request as the socket takes.
    pub(super) fn write(&mut self, cx: &mut Context<'_>) {
        let stream = &mut self.connection.stream;
        let Some(message) = &self.chain.message else { return };
        let (head, body) =
            (&message.bytes[..], if message.has_body { &[][..] } else { &self.chain.step.body[..] });
        let polled = loop {
            let rest = match self.written.checked_sub(head.len()) {
                None => &head[self.written..],
                Some(written) if written < body.len() => &body[written..],
                Some(_) => match self.chain.step.upload(self.chain.request) {
                    None => break stream.poll_flush(cx),
                    Some(upload) => match upload.pull() {
                        Pull::Piece => match upload.write(|piece| stream.poll_write(cx, piece)) {
                            Poll::Ready(Ok(())) => continue,
                            Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                            Poll::Pending => return,
                        },
                        // Whoever polls sees that it is hungry, and polls again when it was fed. What the server
                        // was sent so far, it should have.
                        Pull::Hungry => {
                            upload.hunger(self.chain.deadline.at);
                            if let Poll::Ready(Err(error)) = stream.poll_flush(cx) {
                                break Poll::Ready(Err(error));
                            }
                            return;
                        }
                        Pull::End => break stream.poll_flush(cx),
                        Pull::Broken(error) => {
                            self.refused = Some(error);
                            return;
                        }
                    },
                },
            };
            match stream.poll_write(cx, rest) {
                Poll::Ready(Ok(0)) => break Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(written)) => self.written += written,
                Poll::Ready(Err(error)) => break Poll::Ready(Err(error)),
                Poll::Pending => return,
            }
        };
        match polled {
            Poll::Pending => return,
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => self.broken = Some(error),
        }
        self.state = State::Written;
        self.sent_at = Some(Instant::now());
    }
}
