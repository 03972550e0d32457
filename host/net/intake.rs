//! Taking an answer in, whatever carries it: what is kept of its body, and how much that may be.
//! Used by `exchange` and `http2`.

use super::account::{Charge, LARGE};
use super::answer::Answer;
use super::chain::Chain;
use super::crooked;
use super::error::{Error, ErrorKind};
use super::framing::Framing;
use super::head::Head;
use super::request::Receive;
use super::worker::Net;

/// More than this is not reserved on a server's word.
const MOST_RESERVED: u64 = 1 << 20;

/// What one answer may become.
pub(super) struct Intake<'a> {
    /// The largest body, in bytes.
    most: usize,
    /// A body of more bytes is looked at each time that it grows.
    watched: usize,
    /// What a large body takes is charged to it.
    charge: Charge<'a>,
}

impl<'a> Intake<'a> {
    pub(super) fn new(net: &Net, chain: &Chain<'_>, charge: Charge<'a>) -> Self {
        let most = chain.request.max_body.unwrap_or(net.settings.max_body);
        let watched = if chain.request.receive == Receive::Discard { 0 } else { most.min(LARGE) };
        Intake { most, watched, charge }
    }

    /// The head is there, as `bytes`.
    pub(super) fn begin(&mut self, chain: &mut Chain<'_>, mut head: Head, bytes: &[u8]) -> Result<(), Error> {
        let straight;
        let bytes = if head.is_crooked {
            straight = crooked::straightened(bytes);
            head.length = straight.len();
            &straight
        } else {
            bytes
        };
        let expected = match head.framing {
            Framing::Length(length) => length.min(MOST_RESERVED) as usize,
            Framing::Chunked | Framing::Close => 0,
        };
        let is_kept = chain.request.receive == Receive::Keep;
        let mut raw = Vec::with_capacity(bytes.len() + if is_kept { expected } else { 0 });
        raw.extend_from_slice(bytes);
        chain.answer = Some(Answer { head, raw, passed: 0, error: None });
        match head.framing {
            Framing::Length(length) if is_kept && length > self.most as u64 => Err(self.too_large()),
            Framing::Length(length) if is_kept && length > LARGE as u64 => self.grow(chain),
            _ => Ok(()),
        }
    }

    /// To be asked each time that the body has grown: whether `look` must be called.
    pub(super) fn is_watched(&self, answer: &Answer) -> bool {
        answer.raw.len() - answer.head.length > self.watched
    }

    /// The body has become large, or is not to be kept.
    #[cold]
    pub(super) fn look(&mut self, chain: &mut Chain<'_>) -> Result<(), Error> {
        let Some(answer) = &mut chain.answer else { return Ok(()) };
        let length = answer.raw.len() - answer.head.length;
        if chain.request.receive == Receive::Discard {
            answer.passed += length as u64;
            answer.raw.truncate(answer.head.length);
            return Ok(());
        }
        if length > self.most {
            return Err(self.too_large());
        }
        self.grow(chain)
    }

    /// Charges what the body takes by now; one that is too much is not kept.
    fn grow(&mut self, chain: &mut Chain<'_>) -> Result<(), Error> {
        let Some(answer) = &mut chain.answer else { return Ok(()) };
        let charged = self.charge.set(answer.raw.capacity());
        if charged.is_err() {
            answer.raw.truncate(answer.head.length);
            answer.raw.shrink_to_fit();
        }
        charged
    }

    #[cold]
    fn too_large(&self) -> Error {
        let most = self.most;
        Error::new(ErrorKind::TooLarge, format!("the body is larger than {most} bytes"))
    }
}
