//! Where an answer's body ends: RFC 9112, section 6.3, and the decoder of each
//! framing. No I/O. Used by `head` and `exchange`.

use super::chunked::Chunks;
use super::head::tokens;

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// So many bytes.
    Length(u64),
    Chunked,
    /// All until the server closes.
    Close,
}

/// What the headers say of it.
#[derive(Default)]
pub(super) struct Said {
    length: Option<u64>,
    /// Whether a transfer coding is named, and whether the last one is `chunked`.
    coded: Option<bool>,
}

impl Said {
    /// A `Content-Length` header. Several are one if they are equal.
    ///
    /// # Errors
    /// Why it is none.
    pub(super) fn length(&mut self, value: &[u8]) -> Result<(), &'static str> {
        for token in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            let length = number(token).ok_or("invalid content-length")?;
            if self.length.replace(length).is_some_and(|before| before != length) {
                return Err("two different content-lengths");
            }
        }
        Ok(())
    }

    /// A `Transfer-Encoding` header.
    pub(super) fn encoding(&mut self, value: &[u8]) {
        if let Some(last) = tokens(value).next_back() {
            self.coded = Some(last.eq_ignore_ascii_case(b"chunked"));
        }
    }

    pub(super) fn framing(self, status: u16, to_head: bool) -> Framing {
        match (self.coded, self.length) {
            _ if to_head || matches!(status, 100..200 | 204 | 304) => Framing::Length(0),
            (Some(true), _) => Framing::Chunked,
            (Some(false), _) | (None, None) => Framing::Close,
            (None, Some(length)) => Framing::Length(length),
        }
    }
}

/// Digits alone.
fn number(digits: &[u8]) -> Option<u64> {
    let add = |sum: u64, digit: &u8| match digit {
        b'0'..=b'9' => sum.checked_mul(10)?.checked_add(u64::from(digit - b'0')),
        _ => None,
    };
    digits.iter().try_fold(0, add).filter(|_| !digits.is_empty())
}

/// What a decoder says after some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    More,
    /// The body is complete; so many of the bytes belonged to it.
    Done(usize),
}

/// Takes a body out of the bytes of a connection.
pub(super) enum Decoder {
    /// So many bytes are missing.
    Length(u64),
    Chunked(Chunks),
    Close,
}

impl Decoder {
    pub(super) fn new(framing: Framing) -> Self {
        match framing {
            Framing::Length(length) => Decoder::Length(length),
            Framing::Chunked => Decoder::Chunked(Chunks::default()),
            Framing::Close => Decoder::Close,
        }
    }

    /// Adds to `body` what of `bytes` belongs to it.
    ///
    /// # Errors
    /// What is wrong with a chunk.
    pub(super) fn take(&mut self, bytes: &[u8], body: &mut Vec<u8>) -> Result<Step, &'static str> {
        match self {
            Decoder::Length(missing) => {
                let part = (bytes.len() as u64).min(*missing) as usize;
                body.extend_from_slice(&bytes[..part]);
                *missing -= part as u64;
                Ok(if *missing == 0 { Step::Done(part) } else { Step::More })
            }
            Decoder::Chunked(chunks) => chunks.take(bytes, body),
            Decoder::Close => {
                body.extend_from_slice(bytes);
                Ok(Step::More)
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn framing(lengths: &[&str], codings: &[&str], status: u16) -> Result<Framing, &'static str> {
        let mut said = Said::default();
        codings.iter().for_each(|value| said.encoding(value.as_bytes()));
        lengths.iter().try_for_each(|value| said.length(value.as_bytes()))?;
        Ok(said.framing(status, false))
    }

    #[test]
    fn the_end_is_told_as_rfc_9112_says() {
        assert_eq!(framing(&["5"], &[], 200), Ok(Framing::Length(5)));
        assert_eq!(framing(&["5", "5"], &[], 200), Ok(Framing::Length(5)));
        assert_eq!(framing(&["5, 5"], &[], 200), Ok(Framing::Length(5)));
        assert_eq!(framing(&["5"], &["chunked"], 200), Ok(Framing::Chunked));
        assert_eq!(framing(&[], &["gzip, Chunked"], 200), Ok(Framing::Chunked));
        assert_eq!(framing(&[], &["gzip", "chunked"], 200), Ok(Framing::Chunked));
        assert_eq!(framing(&["5"], &["gzip"], 200), Ok(Framing::Close));
        assert_eq!(framing(&[], &[], 200), Ok(Framing::Close));
        for status in [100, 199, 204, 304] {
            assert_eq!(framing(&["5"], &["chunked"], status), Ok(Framing::Length(0)));
        }
        assert_eq!(Said::default().framing(200, true), Framing::Length(0));
        for bad in ["", "-1", "+1", "1 2", "0x1", "99999999999999999999", "1,", "5, 6"] {
            assert!(framing(&[bad], &[], 200).is_err(), "{bad}");
        }
        assert!(framing(&["5", "6"], &[], 200).is_err());
    }
}
