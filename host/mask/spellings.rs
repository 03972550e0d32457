//! How a text may be read: each character of it as it stands, or as the one that an escape spells (of
//! JSON, HTML or a URL), also where that is escaped again. Looking for a secret in all readings at once
//! finds it whatever a server chose to escape. Made by `mask`, once a text.

use std::collections::HashMap;

/// Escapes within escapes (JSON as a text of JSON, in a query, quoted in a log).
const LAYERS: u8 = 3;

/// The names that every escaper of HTML uses; others it writes as numbers.
const NAMES: [(&str, char); 5] = [("amp", '&'), ("lt", '<'), ("gt", '>'), ("quot", '"'), ("apos", '\'')];

/// `what` stands from some place up to `end`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Reading<T> {
    what: T,
    end: usize,
    layers: u8,
}

pub(super) struct Spellings<'t> {
    text: &'t str,
    /// What escapes spell, by where they begin.
    escaped: HashMap<usize, Vec<Reading<char>>>,
}

impl<'t> Spellings<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let mut spellings = Spellings { text, escaped: HashMap::new() };
        // What an escape is made of lies behind its first letter: so from the end.
        for (at, _) in text.bytes().enumerate().rev().filter(|(_, byte)| begins(*byte)) {
            let found = spellings.escapes(at);
            if !found.is_empty() {
                spellings.escaped.insert(at, found);
            }
        }
        spellings
    }

    /// Whether there is but one way to read the text, apart from a `+` that is a space.
    pub(super) fn is_plain(&self) -> bool {
        self.escaped.is_empty()
    }

    /// Where `secret` ends at the latest, if it can be read from `at` on.
    pub(super) fn end_of(&self, secret: &str, at: usize) -> Option<usize> {
        let (mut ends, mut next) = (vec![at], Vec::new());
        for c in secret.chars() {
            for &at in &ends {
                self.ends(at, c, |end| next.push(end));
            }
            next.sort_unstable();
            next.dedup();
            if next.is_empty() {
                return None;
            }
            std::mem::swap(&mut ends, &mut next);
            next.clear();
        }
        ends.into_iter().max()
    }

    fn ends(&self, at: usize, c: char, mut put: impl FnMut(usize)) {
        let rest = &self.text[at..];
        if rest.starts_with(c) {
            put(at + c.len_utf8());
        }
        if c == ' ' && rest.starts_with('+') {
            put(at + 1);
        }
        let escaped = self.escaped.get(&at).into_iter().flatten();
        let is_it = |what: char| what == c || (c == ' ' && what == '+');
        escaped.filter(|reading| is_it(reading.what)).for_each(|reading| put(reading.end));
    }

    /// All readings of the character at `at`, as it stands first.
    fn readings(&self, at: usize) -> impl Iterator<Item = Reading<char>> {
        let plain = self.text[at..].chars().next();
        let plain = plain.map(|what| Reading { what, end: at + what.len_utf8(), layers: 0 });
        plain.into_iter().chain(self.escaped.get(&at).into_iter().flatten().copied())
    }

    /// What escapes spell that begin at `at`, every further layer made of those before.
    fn escapes(&self, at: usize) -> Vec<Reading<char>> {
        let first = Reading { what: char::from(self.text.as_bytes()[at]), end: at + 1, layers: 0 };
        let (mut found, mut next) = (vec![first], 0);
        while let Some(&begun) = found.get(next) {
            next += 1;
            if begun.layers < LAYERS {
                self.spelled(begun, &mut |reading| {
                    let is_known = |known: &Reading<char>| {
                        (known.what, known.end) == (reading.what, reading.end)
                            && known.layers <= reading.layers
                    };
                    if reading.layers <= LAYERS && !found.iter().any(is_known) {
                        found.push(reading);
                    }
                });
            }
        }
        found.split_off(1)
    }

    /// What an escape spells of which `begun` is the first character.
    fn spelled(&self, begun: Reading<char>, put: &mut dyn FnMut(Reading<char>)) {
        match begun.what {
            '%' => self.characters(begun, put),
            '\\' => {
                self.characters(begun, put);
                self.backslashed(begun, put);
            }
            '&' => self.entities(begun, put),
            _ => {}
        }
    }

    /// Escaped bytes: of UTF-8, else of Latin-1.
    fn characters(&self, begun: Reading<char>, put: &mut dyn FnMut(Reading<char>)) {
        let Some(first) = self.byte(begun) else { return };
        put(Reading { what: char::from(first.what), end: first.end, layers: first.layers });
        if first.what >= 0xc0 {
            let mut bytes = vec![first.what];
            self.continued(first, &mut bytes, put);
        }
    }

    fn continued(&self, last: Reading<u8>, bytes: &mut Vec<u8>, put: &mut dyn FnMut(Reading<char>)) {
        for begun in self.readings(last.end) {
            let Some(byte) = self.byte(begun).filter(|byte| (0x80..0xc0).contains(&byte.what)) else {
                continue;
            };
            let byte = Reading { layers: byte.layers.max(last.layers), ..byte };
            bytes.push(byte.what);
            match std::str::from_utf8(bytes).map(|text| text.chars().next()) {
                Ok(Some(what)) => put(Reading { what, end: byte.end, layers: byte.layers }),
                _ if bytes.len() < 4 => self.continued(byte, bytes, put),
                _ => {}
            }
            bytes.pop();
        }
    }

    /// `%HH` or `\xHH`.
    fn byte(&self, begun: Reading<char>) -> Option<Reading<u8>> {
        let digits = match begun.what {
            '%' => begun.end,
            '\\' if self.text[begun.end..].starts_with('x') => begun.end + 1,
            _ => return None,
        };
        let what = u8::try_from(self.hex(digits, 2)?).ok()?;
        Some(Reading { what, end: digits + 2, layers: begun.layers + 1 })
    }

    fn backslashed(&self, begun: Reading<char>, put: &mut dyn FnMut(Reading<char>)) {
        for reading in self.readings(begun.end) {
            let what = match reading.what {
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                c if !c.is_alphanumeric() => c,
                _ => continue,
            };
            put(Reading { what, end: reading.end, layers: begun.layers.max(reading.layers) + 1 });
        }
        let Some((unit, end)) = self.unit(begun.end) else { return };
        let layers = begun.layers + 1;
        if let Some(what) = char::from_u32(unit.into()) {
            return put(Reading { what, end, layers });
        }
        for second in self.readings(end).filter(|second| second.what == '\\') {
            if let Some((low, end)) = self.unit(second.end)
                && let Some(Ok(what)) = char::decode_utf16([unit, low]).next()
            {
                put(Reading { what, end, layers: layers.max(second.layers + 1) });
            }
        }
    }

    /// `uHHHH` and where it ends.
    fn unit(&self, at: usize) -> Option<(u16, usize)> {
        let unit = self.text[at..].starts_with('u').then(|| self.hex(at + 1, 4))??;
        Some((u16::try_from(unit).ok()?, at + 5))
    }

    fn entities(&self, begun: Reading<char>, put: &mut dyn FnMut(Reading<char>)) {
        let rest = &self.text[begun.end..];
        for (name, what) in NAMES {
            if rest.starts_with(name) {
                self.closed(begun, begun.end + name.len(), what, put);
            }
        }
        for sharp in self.readings(begun.end).filter(|sharp| sharp.what == '#') {
            let begun = Reading { layers: begun.layers.max(sharp.layers), ..begun };
            let rest = &self.text[sharp.end..];
            let (radix, skipped) = if rest.starts_with(['x', 'X']) { (16, 1) } else { (10, 0) };
            let digits = &rest[skipped..];
            let count = digits.bytes().take(8).take_while(|byte| char::from(*byte).is_digit(radix)).count();
            if let Ok(code) = u32::from_str_radix(&digits[..count], radix)
                && let Some(what) = char::from_u32(code)
            {
                self.closed(begun, sharp.end + skipped + count, what, put);
            }
        }
    }

    /// The `;` of an entity.
    fn closed(&self, begun: Reading<char>, at: usize, what: char, put: &mut dyn FnMut(Reading<char>)) {
        for close in self.readings(at).filter(|close| close.what == ';') {
            put(Reading { what, end: close.end, layers: begun.layers.max(close.layers) + 1 });
        }
    }

    fn hex(&self, at: usize, digits: usize) -> Option<u32> {
        let digits = self.text.get(at..at + digits)?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    }
}

/// Whether an escape begins so.
pub(super) fn begins(byte: u8) -> bool {
    matches!(byte, b'%' | b'\\' | b'&')
}
