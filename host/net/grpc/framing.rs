//! Messages as gRPC frames them: a flag, a length, the bytes. Both ways, with compression. No I/O.

use std::io::Read;

use bytes::{Buf, Bytes, BytesMut};

use super::answer::Failure;
use super::status::Status;
use crate::net::coding::Coding;
use crate::net::error::ErrorKind;

/// Before each message: compressed or not, and its length.
pub(super) const HEAD: usize = 5;

/// Codings that messages may have, as `grpc-encoding` names them.
pub(super) const CODINGS: [Coding; 3] = [Coding::Gzip, Coding::Deflate, Coding::Zstd];

/// What a decompressed message may grow by in one step.
const STEP: usize = 64 << 10;

/// Where a framed message is written: room for its head, to be filled in by [`seal`].
pub fn begin(out: &mut Vec<u8>) {
    out.extend_from_slice(&[0; HEAD]);
}

/// Finishes a message whose bytes follow its head.
///
/// # Errors
/// One that is larger than `most` (0: any), or than a frame can tell.
pub(super) fn seal(mut framed: Vec<u8>, coding: Option<Coding>, most: usize) -> Result<Bytes, Failure> {
    if most > 0 && framed.len() - HEAD > most {
        let text = format!("the message is larger than {most} bytes (max_send_size)");
        return Err(Failure::new(Status::RESOURCE_EXHAUSTED, ErrorKind::TooLarge, text));
    }
    if let Some(coding) = coding {
        let coded = coding.encode(&framed[HEAD..], &mut || Ok::<(), std::convert::Infallible>(()));
        let Ok(coded) = coded;
        framed.truncate(HEAD);
        framed.extend_from_slice(&coded);
        framed[0] = 1;
    }
    let length = u32::try_from(framed.len() - HEAD).map_err(|_| {
        Failure::new(Status::RESOURCE_EXHAUSTED, ErrorKind::TooLarge, "the message is larger than 4 GiB")
    })?;
    framed[1..HEAD].copy_from_slice(&length.to_be_bytes());
    Ok(framed.into())
}

/// Bytes as they come, cut into messages.
#[derive(Default)]
pub(super) struct Inbox {
    held: BytesMut,
    /// A whole frame that came by itself needs no copy.
    whole: Option<Bytes>,
    /// The largest message, in bytes; 0: any.
    most: usize,
    pub(super) coding: Option<Coding>,
}

impl Inbox {
    pub(super) fn new(most: usize) -> Self {
        Inbox { most, ..Inbox::default() }
    }

    pub(super) fn push(&mut self, bytes: Bytes) {
        if self.held.is_empty() && self.whole.is_none() {
            self.whole = Some(bytes);
            return;
        }
        if let Some(whole) = self.whole.take() {
            self.held.extend_from_slice(&whole);
        }
        self.held.extend_from_slice(&bytes);
    }

    /// Whether bytes of a message that is not whole are left.
    pub(super) fn is_empty(&self) -> bool {
        self.held.is_empty() && self.whole.as_ref().is_none_or(Bytes::is_empty)
    }

    /// Bytes that wait.
    pub(super) fn held(&self) -> usize {
        self.whole.as_ref().map_or(self.held.len(), Bytes::len)
    }

    /// Whether they are whole messages.
    pub(super) fn is_whole(&self) -> bool {
        let mut there: &[u8] = self.whole.as_deref().unwrap_or(&self.held);
        while let Some((head, rest)) = there.split_first_chunk::<HEAD>() {
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
            let Some(after) = rest.get(length..) else { return false };
            there = after;
        }
        there.is_empty()
    }

    /// The next message, once it is whole.
    ///
    /// # Errors
    /// One that is too large, or broken.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, Failure> {
        let there: &[u8] = self.whole.as_deref().unwrap_or(&self.held);
        let Some((head, rest)) = there.split_first_chunk::<HEAD>() else { return Ok(None) };
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let is_coded = match head[0] {
            0 => false,
            1 => true,
            other => {
                let text = format!("a message begins with the flag {other}: it must be 0 or 1");
                return Err(Failure::new(Status::INTERNAL, ErrorKind::Protocol, text));
            }
        };
        self.check(length)?;
        if rest.len() < length {
            return Ok(None);
        }
        let message = match &mut self.whole {
            Some(whole) => {
                whole.advance(HEAD);
                let message = whole.split_to(length);
                if whole.is_empty() {
                    self.whole = None;
                }
                message
            }
            None => {
                self.held.advance(HEAD);
                self.held.split_to(length).freeze()
            }
        };
        match (is_coded, self.coding) {
            (false, _) => Ok(Some(message)),
            (true, Some(coding)) => self.decode(&message, coding).map(Some),
            (true, None) => {
                let text = "a message is compressed, but no grpc-encoding says how";
                Err(Failure::new(Status::INTERNAL, ErrorKind::Protocol, text))
            }
        }
    }

    fn check(&self, length: usize) -> Result<(), Failure> {
        if self.most == 0 || length <= self.most {
            return Ok(());
        }
        let text = format!("the message is larger than {} bytes (max_receive_size)", self.most);
        Err(Failure::new(Status::RESOURCE_EXHAUSTED, ErrorKind::TooLarge, text))
    }

    fn decode(&self, message: &[u8], coding: Coding) -> Result<Bytes, Failure> {
        let mut reader: Box<dyn Read + '_> = match coding {
            Coding::Gzip => Box::new(flate2::read::MultiGzDecoder::new(message)),
            Coding::Deflate => Box::new(flate2::read::ZlibDecoder::new(message)),
            Coding::Zstd | Coding::Br => return self.decode_zstd(message),
        };
        let mut out = Vec::new();
        loop {
            let held = out.len();
            out.resize(held + STEP, 0);
            match reader.read(&mut out[held..]) {
                Ok(0) => {
                    out.truncate(held);
                    return Ok(out.into());
                }
                Ok(read) => out.truncate(held + read),
                Err(error) => return Err(broken(coding, &error.to_string())),
            }
            self.check(out.len())?;
        }
    }

    fn decode_zstd(&self, message: &[u8]) -> Result<Bytes, Failure> {
        let mut decoder = zstd_safe::DCtx::create();
        let mut input = zstd_safe::InBuffer::around(message);
        let mut out = Vec::new();
        loop {
            let held = out.len();
            out.resize(held + STEP, 0);
            let mut room = zstd_safe::OutBuffer::around(&mut out[held..]);
            let left = decoder
                .decompress_stream(&mut room, &mut input)
                .map_err(|code| broken(Coding::Zstd, zstd_safe::get_error_name(code)))?;
            let (written, has_room) = (room.pos(), room.pos() < STEP);
            out.truncate(held + written);
            self.check(out.len())?;
            match (input.pos() == message.len(), left) {
                (true, 0) => return Ok(out.into()),
                (true, _) if has_room => return Err(broken(Coding::Zstd, "it ends early")),
                _ => {}
            }
        }
    }
}

#[cold]
fn broken(coding: Coding, why: &str) -> Failure {
    let text = format!("a message is no {}: {why}", coding.name());
    Failure::new(Status::INTERNAL, ErrorKind::Protocol, text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn framed(bytes: &[u8], coding: Option<Coding>) -> Bytes {
        let mut out = Vec::new();
        begin(&mut out);
        out.extend_from_slice(bytes);
        seal(out, coding, 0).unwrap()
    }

    #[test]
    fn a_frame_is_a_flag_a_length_and_the_bytes() {
        assert_eq!(&framed(b"ab", None)[..], b"\0\0\0\0\x02ab");
        let mut inbox = Inbox { most: 1, ..Inbox::default() };
        inbox.push(framed(b"ab", None));
        let failure = inbox.next().unwrap_err();
        assert_eq!((failure.status, failure.fault.name()), (Status::RESOURCE_EXHAUSTED, "too_large"));
        let mut inbox = Inbox::default();
        inbox.push(Bytes::from_static(b"\x02\0\0\0\0"));
        assert_eq!(inbox.next().unwrap_err().status, Status::INTERNAL);
    }

    /// A small message that is huge behind its compression is refused before it is.
    #[test]
    fn what_grows_too_large_is_refused() {
        for coding in CODINGS {
            let mut inbox = Inbox { most: 1 << 16, coding: Some(coding), ..Inbox::default() };
            inbox.push(framed(&vec![0; 4 << 20], Some(coding)));
            assert_eq!(inbox.next().unwrap_err().fault.name(), "too_large", "{coding:?}");
        }
    }

    proptest! {
        #[test]
        fn messages_survive_any_cut(
            messages in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..300), any::<bool>()), 0..6),
            which in 0..3usize,
            cuts in prop::collection::vec(1..64usize, 1..40),
        ) {
            let mut wire = Vec::new();
            for (bytes, is_coded) in &messages {
                wire.extend_from_slice(&framed(bytes, is_coded.then_some(CODINGS[which])));
            }
            let mut inbox = Inbox { coding: Some(CODINGS[which]), ..Inbox::default() };
            let mut found = Vec::new();
            let (mut rest, mut cuts) = (&wire[..], cuts.iter().cycle());
            while !rest.is_empty() {
                let (piece, after) = rest.split_at((*cuts.next().unwrap()).min(rest.len()));
                rest = after;
                inbox.push(Bytes::copy_from_slice(piece));
                while let Some(message) = inbox.next().unwrap() {
                    found.push(message.to_vec());
                }
            }
            prop_assert!(inbox.is_empty());
            prop_assert_eq!(found, messages.into_iter().map(|(bytes, _)| bytes).collect::<Vec<_>>());
        }

        #[test]
        fn any_bytes_are_messages_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..200), which in 0..3usize) {
            let mut inbox = Inbox { coding: Some(CODINGS[which]), most: 1 << 20, ..Inbox::default() };
            inbox.push(bytes.into());
            while let Ok(Some(_)) = inbox.next() {}
        }
    }
}
