//! How an exchange ends: with all of the answer, with a part of it, without any.
//! Used by `exchange`.

use std::io;
use std::time::Instant;

use super::answer::{Failure, Outcome};
use super::error::{Error, ErrorKind};
use super::exchange::Course;
use super::framing::Framing;

impl Course<'_, '_> {
    #[cold]
    pub(super) fn closed(&mut self) -> Outcome {
        match (&self.chain.answer, self.broken.take()) {
            (Some(answer), _) if answer.head.framing == Framing::Close => self.end(None),
            (Some(_), _) => self.cut(),
            (None, Some(error)) => Err(self.fail(Error::of_io(&error))),
            (None, None) => Err(self.fail(closed())),
        }
    }

    #[cold]
    fn cut(&mut self) -> Outcome {
        let text = "the server closed the connection in the middle of the body";
        self.end(Some(Error::new(ErrorKind::Body, text)))
    }

    #[cold]
    pub(super) fn broke(&mut self, error: &io::Error) -> Outcome {
        match &self.chain.answer {
            // TLS without its own farewell: even of a body that ends by closing, some may be missing.
            Some(_) if error.kind() == io::ErrorKind::UnexpectedEof => self.cut(),
            Some(_) => {
                let text = format!("the body ended early: {}", Error::of_io(error).text);
                self.end(Some(Error::new(ErrorKind::Body, text)))
            }
            None => Err(self.fail(Error::of_io(error))),
        }
    }

    /// The answer is as complete as it gets.
    pub(super) fn end(&mut self, error: Option<Error>) -> Outcome {
        self.count();
        if let Some(answer) = &mut self.chain.answer {
            answer.error = error;
        }
        Ok(())
    }

    #[cold]
    pub(super) fn fail(&mut self, error: Error) -> Box<Failure> {
        self.count();
        Box::new(Failure { error, is_unsent: false, is_answered: self.first.is_some() })
    }

    /// Adds the phases to the chain's; gives the message's buffer back.
    fn count(&mut self) {
        let ended = self.ended.unwrap_or_else(Instant::now);
        let first = self.first.unwrap_or(ended);
        // An answer that comes before the request is out ends the sending.
        let sent_at = self.sent_at.unwrap_or(first);
        let timings = &mut self.chain.timings;
        timings.sending += sent_at.saturating_duration_since(self.begun);
        timings.waiting += first.saturating_duration_since(sent_at);
        timings.receiving += ended.saturating_duration_since(first);
        self.chain.ended = ended;
        if let Some(message) = self.chain.message.take() {
            self.net.give_back(message.bytes);
        }
    }

    #[cold]
    pub(super) fn too_large(&self) -> Error {
        let most = self.most;
        Error::new(ErrorKind::TooLarge, format!("the body is larger than {most} bytes"))
    }
}

#[cold]
pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the server closed the connection before it answered")
}
