//! Bytes of an event stream to events: HTML standard, 9.2.6 ("Interpreting an event stream").
//! Where the bytes are cut does not matter. Used by `source`.

use std::collections::VecDeque;

/// An event as it was dispatched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its type: `message` unless the server said otherwise.
    pub event: String,
    /// Its data lines, with line feeds between.
    pub data: String,
    /// The id that was set last, in this event or before; may be empty.
    pub id: String,
    /// How long to wait before connecting again, where it was said since the event before; ms.
    pub retry: Option<u64>,
}

/// An event is longer than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::net) struct TooLong;

pub(in crate::net) struct Parser {
    /// An incomplete line.
    line: Vec<u8>,
    data: String,
    event: String,
    id: String,
    /// The id of the last event that was dispatched.
    last_id: String,
    retry: Option<u64>,
    /// Where the stream is.
    at: At,
    /// Bytes that an event may have.
    most: usize,
    pub(in crate::net) ready: VecDeque<Event>,
}

#[derive(Clone, Copy, PartialEq)]
enum At {
    /// Before the first line, which may begin with a byte order mark.
    Start,
    Line,
    /// Behind a CR: a LF would belong to it.
    Return,
}

const MARK: &[u8] = "\u{feff}".as_bytes();

impl Parser {
    /// `last_id`: of the connection before, if there was one.
    pub(in crate::net) fn new(last_id: &str, most: usize) -> Self {
        Parser {
            line: Vec::new(),
            data: String::new(),
            event: String::new(),
            id: last_id.to_owned(),
            last_id: last_id.to_owned(),
            retry: None,
            at: At::Start,
            most,
            ready: VecDeque::new(),
        }
    }

    /// Bytes that an event may have.
    pub(super) fn most(&self) -> usize {
        self.most
    }

    /// What a next connection sends as `Last-Event-ID`.
    pub(in crate::net) fn last_id(&self) -> &str {
        &self.last_id
    }

    /// Takes bytes of the stream; events that they complete are in `ready`.
    ///
    /// # Errors
    /// Where an event, or a line, is longer than allowed. Events before it are there.
    pub(in crate::net) fn take(&mut self, mut bytes: &[u8]) -> Result<(), TooLong> {
        while !bytes.is_empty() {
            if self.at == At::Return {
                self.at = At::Line;
                if let Some(rest) = bytes.strip_prefix(b"\n") {
                    bytes = rest;
                    continue;
                }
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let (part, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            if self.line.len() + self.data.len() + part.len() > self.most {
                return Err(TooLong);
            }
            self.line.extend_from_slice(part);
            if end.is_none() {
                return Ok(());
            }
            let mut line = std::mem::take(&mut self.line);
            let is_first = self.at == At::Start;
            self.at = if rest[0] == b'\r' { At::Return } else { At::Line };
            bytes = &rest[1..];
            self.take_line(if is_first { line.strip_prefix(MARK).unwrap_or(&line) } else { &line });
            line.clear();
            self.line = line;
        }
        Ok(())
    }

    fn take_line(&mut self, line: &[u8]) {
        if line.is_empty() {
            return self.dispatch();
        }
        let (field, value) = match line.iter().position(|byte| *byte == b':') {
            Some(0) => return,
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (line, &b""[..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match field {
            b"event" => self.event = String::from_utf8_lossy(value).into_owned(),
            b"data" => {
                self.data.push_str(&String::from_utf8_lossy(value));
                self.data.push('\n');
            }
            b"id" if !value.contains(&0) => self.id = String::from_utf8_lossy(value).into_owned(),
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                let number = std::str::from_utf8(value).ok().and_then(|digits| digits.parse().ok());
                self.retry = Some(number.unwrap_or(u64::MAX));
            }
            _ => {}
        }
    }

    fn dispatch(&mut self) {
        self.last_id.clone_from(&self.id);
        let event = std::mem::take(&mut self.event);
        if self.data.is_empty() {
            return;
        }
        let mut data = std::mem::take(&mut self.data);
        data.pop();
        let event = if event.is_empty() { "message".to_owned() } else { event };
        self.ready.push_back(Event { event, data, id: self.id.clone(), retry: self.retry.take() });
    }

    /// The `retry` that came after the last event.
    pub(super) fn retry(&self) -> Option<u64> {
        self.retry
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(pieces: &[&[u8]]) -> (Vec<Event>, String, Option<u64>) {
        let mut parser = Parser::new("", 1 << 20);
        pieces.iter().for_each(|piece| parser.take(piece).unwrap());
        let id = parser.last_id().to_owned();
        (parser.ready.drain(..).collect(), id, parser.retry())
    }

    /// Type, data and id of each.
    fn events(text: &str) -> Vec<(String, String, String)> {
        parse(&[text.as_bytes()]).0.into_iter().map(|event| (event.event, event.data, event.id)).collect()
    }

    fn messages(all: &[(&str, &str)]) -> Vec<(String, String, String)> {
        all.iter().map(|(data, id)| ("message".to_owned(), (*data).to_owned(), (*id).to_owned())).collect()
    }

    #[test]
    fn the_examples_of_the_standard() {
        assert_eq!(events("data: YHOO\ndata: +2\ndata: 10\n\n"), messages(&[("YHOO\n+2\n10", "")]));
        // "first event" with id 1; "second event" takes the id away; " third event" has a space.
        let stream =
            ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n";
        let expected = [("first event", "1"), ("second event", ""), (" third event", "")];
        assert_eq!(events(stream), messages(&expected));
        // Two events of no data lines but one and two empty ones; the last is not complete.
        assert_eq!(events("data\n\ndata\ndata\n\ndata:"), messages(&[("", ""), ("\n", "")]));
        assert_eq!(events("data:test\n\ndata: test\n\n"), messages(&[("test", ""), ("test", "")]));
        let typed = events("event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n");
        let shown: Vec<_> = typed.iter().map(|(event, data, _)| (event.as_str(), data.as_str())).collect();
        assert_eq!(shown, [("add", "73857293"), ("remove", "2153")]);
    }

    #[test]
    fn ends_of_lines_and_the_mark() {
        for end in ["\n", "\r", "\r\n"] {
            let text = "\u{feff}data: a\ndata: b\n\n\ndata: c\n\n".replace('\n', end);
            assert_eq!(events(&text), messages(&[("a\nb", ""), ("c", "")]), "{end:?}");
        }
        // Only the first mark is none.
        assert_eq!(events("data: a\n\n\u{feff}data: b\n\n"), messages(&[("a", "")]));
        assert_eq!(events("\u{feff}\u{feff}data: b\n\n"), []);
    }

    #[test]
    fn ids_types_and_times() {
        // An id with NUL is ignored; an event without data sets the id, and drops its type.
        assert_eq!(events("id: 1\0\ndata: a\n\n"), messages(&[("a", "")]));
        assert_eq!(events("id: 7\nevent: x\n\ndata: a\n\n"), messages(&[("a", "7")]));
        assert_eq!(parse(&[b"id: 7\n\nid: 8\ndata: a\n"]).1, "7");
        let retry = |text: &str| parse(&[text.as_bytes()]).2;
        assert_eq!(retry("retry: 2500\n"), Some(2500));
        assert_eq!(retry("retry: 007\n"), Some(7));
        assert_eq!(retry("retry: 99999999999999999999999\n"), Some(u64::MAX));
        for text in [
            "retry: 1.5\n",
            "retry: -1\n",
            "retry: \n",
            "retry\n",
            "retry:  1\n",
            "retry: 1s\n",
            "Retry: 1\n",
        ] {
            assert_eq!(retry(text), None, "{text}");
        }
        let of_event = parse(&[b"retry: 5\n\ndata: a\n\ndata: b\n\n"]).0;
        assert_eq!((of_event[0].retry, of_event[1].retry), (Some(5), None));
        assert_eq!(events("Data: a\ndata : b\n data: c\n\n"), []);
        assert_eq!(events("data: a:b\n\n"), messages(&[("a:b", "")]));
        let broken = parse(&[b"data: \xff\xfe\n\n"]).0;
        assert_eq!(broken[0].data, "\u{fffd}\u{fffd}");
    }

    #[test]
    fn an_event_has_a_limit() {
        let mut parser = Parser::new("", 20);
        assert_eq!(parser.take(b"data: 12345678901234\n\n"), Ok(()));
        assert_eq!(parser.take(b"data: 123456789012345"), Err(TooLong));
        let mut parser = Parser::new("", 20);
        assert_eq!(parser.take(b"data: 1234567\ndata: 1234567\n\n"), Err(TooLong));
        assert_eq!(Parser::new("", 20).take(&[b'x'; 21]), Err(TooLong));
        assert_eq!(Parser::new("", 20).take(b"data: 1234567890\n\n".repeat(9).as_slice()), Ok(()));
    }

    proptest! {
        #[test]
        fn any_cut_gives_the_same_events(
            lines in prop::collection::vec("(data|event|id|retry|x)?:? ?[a-zü0-9:\\x00]{0,6}", 0..20),
            ends in prop::collection::vec(prop::sample::select(vec!["\n", "\r", "\r\n", "\n\n", "\r\r", "\r\n\r\n"]), 20),
            mark in any::<bool>(),
            cuts in prop::collection::vec(0usize..300, 0..12),
        ) {
            let mut text = if mark { "\u{feff}".to_owned() } else { String::new() };
            lines.iter().zip(&ends).for_each(|(line, end)| text.push_str(&format!("{line}{end}")));
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            let whole = parse(&[bytes]);
            prop_assert_eq!(&parse(&pieces), &whole);
            prop_assert_eq!(&parse(&single), &whole);
        }

        #[test]
        fn what_is_written_is_read(
            all in prop::collection::vec(("[a-z]{1,5}", "[ -~ü\n]{0,12}", "[0-9]{0,3}"), 0..8),
        ) {
            let mut text = String::new();
            for (event, data, id) in &all {
                text.push_str(&format!("event: {event}\nid: {id}\n"));
                data.split('\n').for_each(|line| text.push_str(&format!("data: {line}\n")));
                text.push('\n');
            }
            prop_assert_eq!(events(&text), all);
        }

        #[test]
        fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), most in 0usize..100) {
            let mut parser = Parser::new("x", most);
            let _ = parser.take(&bytes);
            prop_assert!(parser.data.len() <= most + 200);
        }
    }
}
