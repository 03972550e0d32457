//! A request's body that is sent piece by piece: from files, or as a script gives it. It is never in memory as a
//! whole. Made by `api::request`, written by `sending`.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::task::Poll;
use std::time::Instant;

use bytes::Bytes;

use super::error::{Error, ErrorKind};

/// So much of a file is read at once.
const PIECE: u64 = 64 << 10;

/// A part of a body.
pub enum Part {
    Bytes(Bytes),
    /// A file, and how long it was when the request was made.
    File {
        path: PathBuf,
        length: u64,
    },
}

impl Part {
    fn length(&self) -> u64 {
        match self {
            Part::Bytes(bytes) => bytes.len() as u64,
            Part::File { length, .. } => *length,
        }
    }
}

/// A body, and how much of it is sent.
pub struct Upload {
    /// None: a script gives it, in chunks.
    parts: Option<Vec<Part>>,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// What is being written, and how much of it is.
    piece: Vec<u8>,
    written: usize,
    /// The part that comes next.
    next: usize,
    /// The part before it, while it is read, and how much of it is missing.
    file: Option<(File, u64)>,
    fed: Fed,
    /// By when a script has to give the next chunk.
    due: Option<Instant>,
    is_begun: bool,
    /// A script's chunks are sent as they are, without the framing of HTTP/1.1.
    is_bare: bool,
}

/// Where a body stands that a script gives.
#[derive(Default, PartialEq)]
enum Fed {
    #[default]
    Full,
    Hungry,
    Over,
    /// The last chunk, which is empty, is in the piece.
    Ended,
}

/// What there is to send.
pub(super) enum Pull {
    /// Something: `write` sends it.
    Piece,
    /// The script must give the next chunk first.
    Hungry,
    End,
    Broken(Error),
}

impl Upload {
    pub fn of(parts: Vec<Part>) -> Self {
        Upload { parts: Some(parts), state: RefCell::default() }
    }

    /// A body of chunks that `feed` is given.
    pub fn fed() -> Self {
        Upload { parts: None, state: RefCell::default() }
    }

    /// In bytes; None: it is known only at its end.
    pub fn length(&self) -> Option<u64> {
        self.parts.as_ref().map(|parts| parts.iter().map(Part::length).sum())
    }

    /// Until when the exchange waits for `feed`; None: it does not.
    pub fn hungry(&self) -> Option<Instant> {
        let state = self.state.borrow();
        state.due.filter(|_| state.fed == Fed::Hungry)
    }

    /// The script must give the next chunk, by `due`.
    pub(super) fn hunger(&self, due: Instant) {
        self.state.borrow_mut().due = Some(due);
    }

    /// The next chunk, which may be empty; None: the body is complete.
    pub fn feed(&self, chunk: Option<&[u8]>) {
        let state = &mut *self.state.borrow_mut();
        match chunk {
            // In the coding it would be the end.
            Some([]) => {}
            Some(chunk) => {
                if state.is_bare {
                    state.put(chunk);
                } else {
                    state.put(format!("{:x}\r\n", chunk.len()).as_bytes());
                    state.piece.extend_from_slice(chunk);
                    state.piece.extend_from_slice(b"\r\n");
                }
                state.fed = Fed::Full;
            }
            None => state.fed = Fed::Over,
        }
    }

    /// From here on chunks go out without their framing: what carries them has its own.
    pub(super) fn send_bare(&self) {
        self.state.borrow_mut().is_bare = true;
    }

    /// Back to the start. False where that cannot be: a script gives each chunk once.
    pub(super) fn rewind(&self) -> bool {
        let mut state = self.state.borrow_mut();
        if self.parts.is_none() && state.is_begun {
            return false;
        }
        *state = State::default();
        true
    }

    /// Sees to it that there is something to write.
    pub(super) fn pull(&self) -> Pull {
        let state = &mut *self.state.borrow_mut();
        state.is_begun = true;
        if state.written < state.piece.len() {
            return Pull::Piece;
        }
        let Some(parts) = &self.parts else {
            match state.fed {
                Fed::Over if state.is_bare => return Pull::End,
                Fed::Over => {
                    state.put(b"0\r\n\r\n");
                    state.fed = Fed::Ended;
                    return Pull::Piece;
                }
                Fed::Ended => return Pull::End,
                Fed::Full | Fed::Hungry => {
                    state.fed = Fed::Hungry;
                    return Pull::Hungry;
                }
            }
        };
        loop {
            if let Some((file, missing)) = &mut state.file {
                if *missing > 0 {
                    let wanted = (*missing).min(PIECE) as usize;
                    state.piece.resize(wanted, 0);
                    state.written = 0;
                    return match file.read(&mut state.piece) {
                        Ok(read @ 1..) => {
                            *missing -= read as u64;
                            state.piece.truncate(read);
                            Pull::Piece
                        }
                        Ok(0) => broken("it became shorter while it was sent"),
                        Err(error) => broken(&error.to_string()),
                    };
                }
                state.file = None;
            }
            let Some(part) = parts.get(state.next) else { return Pull::End };
            state.next += 1;
            match part {
                Part::Bytes(bytes) if bytes.is_empty() => {}
                Part::Bytes(bytes) => {
                    state.put(bytes);
                    return Pull::Piece;
                }
                Part::File { path, length } => match File::open(path) {
                    Ok(file) => state.file = Some((file, *length)),
                    Err(error) => return broken(&error.to_string()),
                },
            }
        }
    }

    /// Writes some of the piece.
    pub(super) fn write(&self, write: impl FnOnce(&[u8]) -> Poll<io::Result<usize>>) -> Poll<io::Result<()>> {
        let mut state = self.state.borrow_mut();
        match write(&state.piece[state.written..]) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(0)) => Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(written)) => {
                state.written += written;
                Poll::Ready(Ok(()))
            }
        }
    }
}

impl State {
    fn put(&mut self, bytes: &[u8]) {
        self.piece.clear();
        self.piece.extend_from_slice(bytes);
        self.written = 0;
    }
}

fn broken(why: &str) -> Pull {
    Pull::Broken(Error::new(
        ErrorKind::InvalidRequest,
        format!("cannot read a file of the request's body: {why}"),
    ))
}
