//! The chunked transfer coding of RFC 9112, section 7.1, read byte by byte as it
//! arrives. Extensions and trailers are skipped, and bounded. Used by `framing`.

use super::framing::Step;

/// Most bytes of extensions and of trailers, each over the whole body.
const MOST_ASIDE: usize = 64 << 10;

/// Where in the coding the next byte stands.
#[derive(Clone, Copy, Debug, Default)]
enum Place {
    /// Before or within a chunk's size.
    #[default]
    Size,
    Extension,
    SizeEnd,
    Data,
    DataReturn,
    DataEnd,
    /// At the start of a line of trailers; an empty one ends the body.
    Trailer,
    TrailerLine,
    LastEnd,
}

/// The decoder's state.
#[derive(Default)]
pub(super) struct Chunks {
    place: Place,
    /// Of the current chunk: its size while it is read, then what is missing.
    size: u64,
    digits: u8,
    aside: usize,
}

impl Chunks {
    /// Adds to `body` the data within `bytes`.
    ///
    /// # Errors
    /// What is wrong with the coding.
    pub(super) fn take(&mut self, bytes: &[u8], body: &mut Vec<u8>) -> Result<Step, &'static str> {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if matches!(self.place, Place::Data) {
                let part = self.size.min((bytes.len() - at) as u64) as usize;
                body.extend_from_slice(&bytes[at..at + part]);
                at += part;
                self.size -= part as u64;
                if self.size == 0 {
                    self.place = Place::DataReturn;
                }
                continue;
            }
            at += 1;
            if self.step(byte)? {
                return Ok(Step::Done(at));
            }
        }
        Ok(Step::More)
    }

    /// One byte beside the data; true when it was the last one.
    fn step(&mut self, byte: u8) -> Result<bool, &'static str> {
        self.place = match (self.place, byte) {
            (Place::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                self.digits += 1;
                if self.digits > 16 {
                    return Err("a chunk's size is too large");
                }
                let digit = char::from(byte).to_digit(16).unwrap_or_default();
                self.size = self.size << 4 | u64::from(digit);
                Place::Size
            }
            (Place::Size, _) if self.digits == 0 => return Err("a chunk has no size"),
            (Place::Size, b';' | b' ' | b'\t') => Place::Extension,
            (Place::Size | Place::Extension, b'\r') => Place::SizeEnd,
            (Place::Size, _) => return Err("a chunk's size is no number"),
            (Place::Extension, b'\n') => return Err("a line of chunked coding ends wrongly"),
            (Place::Extension, _) => {
                self.skip()?;
                Place::Extension
            }
            (Place::SizeEnd, b'\n') if self.size == 0 => Place::Trailer,
            (Place::SizeEnd, b'\n') => Place::Data,
            (Place::DataReturn, b'\r') => Place::DataEnd,
            (Place::DataEnd, b'\n') => {
                (self.size, self.digits) = (0, 0);
                Place::Size
            }
            (Place::Trailer, b'\r') => Place::LastEnd,
            (Place::Trailer | Place::TrailerLine, _) => {
                self.skip()?;
                if byte == b'\n' { Place::Trailer } else { Place::TrailerLine }
            }
            (Place::LastEnd, b'\n') => return Ok(true),
            (Place::DataReturn | Place::DataEnd, _) => return Err("a chunk is longer than its size"),
            (Place::SizeEnd | Place::LastEnd, _) => return Err("a line of chunked coding ends wrongly"),
            (Place::Data, _) => Place::Data,
        };
        Ok(false)
    }

    fn skip(&mut self) -> Result<(), &'static str> {
        self.aside += 1;
        if self.aside > MOST_ASIDE { Err("extensions or trailers are too long") } else { Ok(()) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn decode(text: &[u8]) -> Result<(Step, Vec<u8>), &'static str> {
        let (mut chunks, mut body) = (Chunks::default(), Vec::new());
        let step = chunks.take(text, &mut body)?;
        Ok((step, body))
    }

    #[test]
    fn known_answers() {
        // RFC 9112, 7.1 in words: sizes in hex, extensions and trailers ignored.
        let whole =
            b"4\r\nWiki\r\n5;a=\"b\"\r\npedia\r\n00E\r\n in\r\n\r\nchunks.\r\n0\r\nX: y\r\nZ: \r\n\r\nnext";
        let (step, body) = decode(whole).unwrap();
        assert_eq!((step, &body[..]), (Step::Done(whole.len() - 4), &b"Wikipedia in\r\n\r\nchunks."[..]));
        assert_eq!(decode(b"0\r\n\r\n").unwrap(), (Step::Done(5), vec![]));
        assert_eq!(decode(b"3\r\nab").unwrap(), (Step::More, b"ab".to_vec()));
        for bad in [
            "\r\n",
            "zz\r\n",
            "3\r\nabcd\r\n",
            "3\rx",
            "3\r\nabc\n",
            "11111111111111111\r\n",
            "0\r\n\rx",
            "1 ;\nx",
        ] {
            assert!(decode(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_is_skipped_is_bounded() {
        assert!(decode(format!("1;{}", "x".repeat(70_000)).as_bytes()).is_err());
        assert!(decode(format!("0\r\n{}", "a: b\r\n".repeat(20_000)).as_bytes()).is_err());
    }

    proptest! {
        #[test]
        fn any_cut_decodes_alike(
            chunks in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..40), 0..6),
            cuts in prop::collection::vec(1usize..9, 1..200),
        ) {
            let mut coded = Vec::new();
            for chunk in &chunks {
                coded.extend(format!("{:x}\r\n", chunk.len()).bytes());
                coded.extend(chunk);
                coded.extend(b"\r\n");
            }
            coded.extend(b"0\r\n\r\nrest");
            let (mut decoder, mut body, mut rest, mut done) = (Chunks::default(), Vec::new(), &coded[..], None);
            for cut in cuts.iter().cycle() {
                let (piece, more) = rest.split_at((*cut).min(rest.len()));
                if let Step::Done(used) = decoder.take(piece, &mut body).unwrap() {
                    done = Some(piece.len() - used + more.len());
                    break;
                }
                rest = more;
            }
            prop_assert_eq!(done, Some(4));
            prop_assert_eq!(body, chunks.concat());
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode(&bytes);
        }
    }
}
