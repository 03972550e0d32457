//! How an exchange ends: with all of the answer, with a part of it, without any.
//! Used by `exchange`.

use std::io;
use std::time::Instant;

use super::answer::{Failure, Outcome};
use super::chain::Marks;
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
        if let Some(answer) = &mut self.chain.answer {
            answer.error = error;
        }
        self.count();
        Ok(())
    }

    #[cold]
    pub(super) fn fail(&mut self, error: Error) -> Box<Failure> {
        self.count();
        Box::new(Failure { error, is_unsent: false, is_refused: false, is_answered: self.first.is_some() })
    }

    /// Adds the phases to the chain's; gives the message's buffer back.
    fn count(&mut self) {
        let ended = self.ended.unwrap_or_else(Instant::now);
        let marks = Marks { begun: self.begun, sent: self.sent_at, first: self.first, ended };
        self.chain.count(self.net, marks);
    }
}

#[cold]
pub(super) fn closed() -> Error {
    Error::new(ErrorKind::Closed, "the server closed the connection before it answered")
}
