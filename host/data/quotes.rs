//! Quotes in a CSV file, judged on the way to the reader, which takes whatever comes: one that is never closed would
//! swallow all further rows. Called by `csv`.

use std::io::{self, Read};

use super::sources::Broken;

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Where in a field the next byte stands.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Start,
    Plain,
    Quoted,
    /// Behind a quote within quotes: the end, or half of an escaped one.
    Closed,
}

/// A source whose bytes are passed on; what is wrong with its quotes is an error that holds a [`Broken`].
pub(super) struct Quotes<R> {
    source: R,
    delimiter: u8,
    state: State,
    line: u64,
    /// Where the last quote was opened.
    opened: u64,
    /// How much of a byte order mark has come by.
    marked: usize,
}

impl<R: Read> Quotes<R> {
    pub(super) fn new(source: R, delimiter: u8) -> Self {
        Quotes { source, delimiter, state: State::Start, line: 1, opened: 1, marked: 0 }
    }

    fn judge(&mut self, byte: u8) -> Result<(), Broken> {
        if MARK.get(self.marked) == Some(&byte) {
            self.marked += 1;
            return Ok(());
        }
        self.marked = MARK.len();
        let ends = byte == self.delimiter || matches!(byte, b'\n' | b'\r');
        self.state = match (self.state, byte) {
            (State::Start, b'"') => {
                self.opened = self.line;
                State::Quoted
            }
            (State::Quoted, b'"') => State::Closed,
            (State::Closed, b'"') | (State::Quoted, _) => State::Quoted,
            (State::Start | State::Plain | State::Closed, _) if ends => State::Start,
            (State::Start | State::Plain, _) => State::Plain,
            (State::Closed, _) => {
                let help = "a quote within a field in quotes is written twice";
                return Err(Broken::new("text follows a closing quote").line(self.line).help(help));
            }
        };
        self.line += u64::from(byte == b'\n');
        Ok(())
    }
}

impl<R: Read> Read for Quotes<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(into)?;
        let judged = into[..length].iter().try_for_each(|byte| self.judge(*byte));
        if length == 0 && !into.is_empty() && self.state == State::Quoted {
            let what = format!("the quote opened in line {} is never closed", self.opened);
            return Err(io::Error::other(Broken::new(what).line(self.opened)));
        }
        judged.map_err(io::Error::other)?;
        Ok(length)
    }
}
