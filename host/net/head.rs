//! The head of an answer: its parsing, by httparse, and its headers as scripts
//! look at them. They are kept as they came and read on demand: most answers'
//! headers are never asked for. Used by `exchange`; `Headers` by `api`.

use std::mem::MaybeUninit;

use super::crooked;
use super::error::{Error, ErrorKind};
use super::framing::{self, Framing};

/// An answer with more headers is refused.
pub(super) const MOST_HEADERS: usize = 100;

/// What the exchange must know of a head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    pub(super) status: u16,
    /// Bytes up to and including the empty line.
    pub(super) length: usize,
    pub(super) framing: Framing,
    /// Whether the server says that the connection may carry another request.
    pub(super) keep_alive: bool,
    pub(super) has_cookies: bool,
    /// Whether the body has a content coding.
    pub(super) is_coded: bool,
    /// It has to be straightened before its headers can be read.
    pub(super) is_crooked: bool,
}

/// Parses the head at the start of `bytes`; None: there is more to come. `to_head`: it answers
/// a HEAD request. `most`: its largest length in bytes.
///
/// # Errors
/// `Protocol`, `TooLarge`.
pub(super) fn parse(bytes: &[u8], to_head: bool, most: usize) -> Result<Option<Head>, Error> {
    read(bytes, to_head, most, false)
}

/// Once more, with what is put up with.
#[cold]
#[inline(never)]
fn read_crooked(bytes: &[u8], to_head: bool, most: usize) -> Result<Option<Head>, Error> {
    read(bytes, to_head, most, true)
}

fn read(bytes: &[u8], to_head: bool, most: usize, is_crooked: bool) -> Result<Option<Head>, Error> {
    let mut fields = [const { MaybeUninit::<httparse::Header<'_>>::uninit() }; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut []);
    let config = if is_crooked { crooked::config() } else { httparse::ParserConfig::default() };
    let length = match config.parse_response_with_uninit_headers(&mut response, bytes, &mut fields) {
        Ok(httparse::Status::Complete(length)) if length <= most => length,
        Ok(httparse::Status::Partial) if bytes.len() < most => return Ok(None),
        Ok(_) | Err(httparse::Error::TooManyHeaders) => return Err(too_large()),
        Err(httparse::Error::HeaderName | httparse::Error::HeaderValue) if !is_crooked => {
            return read_crooked(bytes, to_head, most);
        }
        Err(error) => return Err(invalid(&error.to_string())),
    };
    let (status, minor) = (response.code.unwrap_or_default(), response.version.unwrap_or(1));
    if status < 100 {
        return Err(invalid("the status is below 100"));
    }
    let mut said = framing::Said::default();
    let (mut keep_alive, mut closes) = (minor == 1, false);
    let (mut has_cookies, mut is_coded) = (false, false);
    for field in response.headers.iter() {
        // Their lengths differ, so that most names are told apart by one look.
        match field.name.len() {
            10 if field.name.eq_ignore_ascii_case("connection") => {
                for token in tokens(field.value) {
                    if token.eq_ignore_ascii_case(b"close") {
                        closes = true;
                    } else if minor == 0 && token.eq_ignore_ascii_case(b"keep-alive") {
                        keep_alive = true;
                    }
                }
            }
            10 if field.name.eq_ignore_ascii_case("set-cookie") => has_cookies = true,
            14 if field.name.eq_ignore_ascii_case("content-length") => {
                said.length(field.value).map_err(invalid)?;
            }
            16 if field.name.eq_ignore_ascii_case("content-encoding") => is_coded = true,
            17 if field.name.eq_ignore_ascii_case("transfer-encoding") => said.encoding(field.value),
            _ => {}
        }
    }
    let framing = said.framing(status, to_head);
    if minor == 0 && matches!(framing, Framing::Chunked) {
        // RFC 9112, 6.1: not to be trusted further.
        closes = true;
    }
    keep_alive &= !closes;
    Ok(Some(Head { status, length, framing, keep_alive, has_cookies, is_coded, is_crooked }))
}

#[cold]
pub(super) fn too_large() -> Error {
    Error::new(ErrorKind::TooLarge, "the answer's headers are larger than allowed")
}

#[cold]
fn invalid(why: &str) -> Error {
    Error::new(ErrorKind::Protocol, format!("the answer is not HTTP/1.1: {why}"))
}

/// The words that the standard has beside a status; none where it has none.
pub(super) fn words_of(status: u16) -> &'static str {
    http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default()
}

/// A status as messages name it: `404 Not Found`.
pub(super) fn named(status: u16) -> String {
    format!("{status} {}", words_of(status)).trim_end().to_owned()
}

/// The members of a comma-separated list.
pub(super) fn tokens(value: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|token| !token.is_empty())
}

/// The headers of an answer, in the order in which they came.
#[derive(Clone, Copy)]
pub struct Headers<'a>(pub(super) &'a [u8]);

impl<'a> Headers<'a> {
    /// Name and value of each.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        // Empty lines may come before the status line, and end the head.
        let lines = self.0.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        lines.filter(|line| !line.is_empty()).skip(1).filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            let name = std::str::from_utf8(&line[..colon]).ok()?;
            Some((name, line[colon + 1..].trim_ascii()))
        })
    }

    /// The values of the headers called `name`, in any case.
    pub fn all(self, name: &str) -> impl Iterator<Item = &'a [u8]> {
        self.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The first value of that name.
    pub fn get(self, name: &str) -> Option<&'a [u8]> {
        self.all(name).next()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Result<Option<Head>, ErrorKind> {
        parse(text.as_bytes(), false, 1000).map_err(|error| error.kind)
    }

    fn kept(text: &str) -> bool {
        read(text).unwrap().unwrap().keep_alive
    }

    #[test]
    fn a_connection_is_kept_as_the_server_says() {
        assert!(kept("HTTP/1.1 200 OK\r\n\r\n"));
        assert!(!kept("HTTP/1.1 200 OK\r\nConnection: Close\r\n\r\n"));
        assert!(!kept("HTTP/1.1 200 OK\r\nconnection: x, close\r\n\r\n"));
        assert!(!kept("HTTP/1.0 200 OK\r\n\r\n"));
        assert!(kept("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n"));
        assert!(!kept("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"));
    }

    #[test]
    fn a_head_is_bounded_and_complete() {
        assert!(read("HTTP/1.1 200 OK\r\nx: y\r\n").unwrap().is_none());
        assert_eq!(read("HTTP/1.1 200 OK\r\n\r\nbody").unwrap().unwrap().length, 19);
        assert_eq!(
            read(&format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(1000))).unwrap_err(),
            ErrorKind::TooLarge
        );
        assert_eq!(
            read(&format!("HTTP/1.1 200 OK\r\n{}\r\n", "x:\r\n".repeat(101))).unwrap_err(),
            ErrorKind::TooLarge
        );
        for bad in [
            "HTTP/2 200\r\n\r\n",
            "hello\r\n\r\n",
            "HTTP/1.1 200 OK\r\na b: c\r\n\r\n",
            "HTTP/1.1 2 OK\r\n\r\n",
            "HTTP/1.1 000 OK\r\n\r\n",
            "HTTP/1.1 099 OK\r\n\r\n",
        ] {
            assert_eq!(read(bad).unwrap_err(), ErrorKind::Protocol, "{bad}");
        }
    }

    #[test]
    fn headers_are_found_in_any_case_and_all_of_a_name() {
        let headers =
            Headers(b"\r\nHTTP/1.1 200 OK\r\nX-One: 1\r\nset-cookie:a\nSet-Cookie: b \r\nempty:\r\n\r\n");
        assert_eq!(headers.get("x-ONE"), Some(&b"1"[..]));
        assert_eq!(headers.all("set-cookie").collect::<Vec<_>>(), [b"a", b"b"]);
        assert_eq!((headers.get("empty"), headers.get("HTTP/1.1 200 OK")), (Some(&b""[..]), None));
        assert_eq!(headers.iter().count(), 4);
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), start in prop::bool::ANY) {
            let bytes = if start { [b"HTTP/1.1 200 OK\r\n".as_slice(), &bytes].concat() } else { bytes };
            let _ = parse(&bytes, false, 200);
            let _ = Headers(&bytes).iter().count();
        }

        #[test]
        fn a_head_in_pieces_is_the_same_head(
            fields in prop::collection::vec(("[a-z]{1,8}", "[ -~]{0,20}"), 0..10), cut in 0usize..400,
        ) {
            let mut text = String::from("HTTP/1.1 204 No Content\r\n");
            for (name, value) in &fields {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
            text.push_str("\r\n");
            let whole = read(&text).unwrap().unwrap();
            prop_assert_eq!(whole.length, text.len());
            if cut < text.len() {
                prop_assert!(read(&text[..cut]).unwrap().is_none());
            }
            let seen: Vec<(&str, &[u8])> = Headers(text.as_bytes()).iter().collect();
            let sent: Vec<(&str, &[u8])> = fields.iter().map(|(n, v)| (&**n, v.as_bytes().trim_ascii())).collect();
            prop_assert_eq!(seen, sent);
        }
    }
}
