//! Lua's pattern matching with a bound on the time that one match may take: it
//! ticks, so that a pathological pattern is preempted like any other code. The
//! language is that of the Lua 5.4 manual, section 6.4.1. Used by `strings`.
//!
//! Nothing here owns memory, so a raise may cross any of its frames.

use crate::vu::fiber;

pub(super) const MAX_CAPTURES: usize = 32;
/// As deep as Lua's own matcher goes.
const MAX_DEPTH: u32 = 200;
/// Single steps between two looks at the clock.
const STEPS_PER_TICK: u32 = 2_000;

/// Why there is neither a match nor none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PatternError {
    EndsWithPercent,
    MissingBracket,
    MissingFrontierSet,
    MissingBalanceArguments,
    InvalidCaptureIndex(usize),
    InvalidCapture,
    UnfinishedCapture,
    TooManyCaptures,
    TooComplex,
    Interrupted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Capture {
    Open,
    Position,
    Closed(usize),
}

/// One match attempt's state: subject, pattern, captures so far.
pub(super) struct Matcher<'a> {
    pub(super) subject: &'a [u8],
    pattern: &'a [u8],
    pub(super) level: usize,
    pub(super) captures: [(usize, Capture); MAX_CAPTURES],
    depth: u32,
    steps: u32,
}

type Matched = Result<Option<usize>, PatternError>;

impl<'a> Matcher<'a> {
    /// `pattern` without its anchor.
    pub(super) fn new(subject: &'a [u8], pattern: &'a [u8]) -> Self {
        let captures = [(0, Capture::Open); MAX_CAPTURES];
        Matcher { subject, pattern, level: 0, captures, depth: 0, steps: 0 }
    }

    /// Where a match that starts at `at` ends.
    pub(super) fn match_at(&mut self, at: usize) -> Matched {
        self.level = 0;
        self.depth = 0;
        self.run(at, 0)
    }

    fn step(&mut self) -> Result<(), PatternError> {
        self.steps += 1;
        if self.steps >= STEPS_PER_TICK {
            self.steps = 0;
            fiber::tick().map_err(|_| PatternError::Interrupted)?;
        }
        Ok(())
    }

    fn run(&mut self, s: usize, p: usize) -> Matched {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(PatternError::TooComplex);
        }
        let result = self.run_items(s, p);
        self.depth -= 1;
        result
    }

    fn run_items(&mut self, mut s: usize, mut p: usize) -> Matched {
        while p < self.pattern.len() {
            self.step()?;
            match self.pattern[p] {
                b'(' if self.pattern.get(p + 1) == Some(&b')') => {
                    return self.open_capture(s, p + 2, Capture::Position);
                }
                b'(' => return self.open_capture(s, p + 1, Capture::Open),
                b')' => return self.close_capture(s, p + 1),
                b'$' if p + 1 == self.pattern.len() => return Ok((s == self.subject.len()).then_some(s)),
                b'%' if self.pattern.get(p + 1) == Some(&b'b') => match self.balance(s, p + 2)? {
                    Some(end) => (s, p) = (end, p + 4),
                    None => return Ok(None),
                },
                b'%' if self.pattern.get(p + 1) == Some(&b'f') => {
                    p += 2;
                    if self.pattern.get(p) != Some(&b'[') {
                        return Err(PatternError::MissingFrontierSet);
                    }
                    let end = self.class_end(p)?;
                    let before = if s == 0 { 0 } else { self.subject[s - 1] };
                    let here = self.subject.get(s).copied().unwrap_or(0);
                    if self.in_set(before, p, end - 1) || !self.in_set(here, p, end - 1) {
                        return Ok(None);
                    }
                    p = end;
                }
                b'%' if self.pattern.get(p + 1).is_some_and(u8::is_ascii_digit) => {
                    match self.back_reference(s, self.pattern[p + 1])? {
                        Some(end) => (s, p) = (end, p + 2),
                        None => return Ok(None),
                    }
                }
                _ => {
                    let end = self.class_end(p)?;
                    match self.pattern.get(end) {
                        Some(b'?') => {
                            if self.single(s, p, end)
                                && let Some(found) = self.run(s + 1, end + 1)?
                            {
                                return Ok(Some(found));
                            }
                            p = end + 1;
                        }
                        Some(b'+') if self.single(s, p, end) => return self.expand_most(s + 1, p, end),
                        Some(b'+') => return Ok(None),
                        Some(b'*') => return self.expand_most(s, p, end),
                        Some(b'-') => return self.expand_least(s, p, end),
                        _ if self.single(s, p, end) => (s, p) = (s + 1, end),
                        _ => return Ok(None),
                    }
                }
            }
        }
        Ok(Some(s))
    }

    fn expand_most(&mut self, s: usize, p: usize, end: usize) -> Matched {
        let mut count = 0;
        while self.single(s + count, p, end) {
            self.step()?;
            count += 1;
        }
        loop {
            if let Some(found) = self.run(s + count, end + 1)? {
                return Ok(Some(found));
            }
            if count == 0 {
                return Ok(None);
            }
            count -= 1;
        }
    }

    fn expand_least(&mut self, mut s: usize, p: usize, end: usize) -> Matched {
        loop {
            if let Some(found) = self.run(s, end + 1)? {
                return Ok(Some(found));
            }
            if !self.single(s, p, end) {
                return Ok(None);
            }
            self.step()?;
            s += 1;
        }
    }

    fn open_capture(&mut self, s: usize, p: usize, kind: Capture) -> Matched {
        if self.level >= MAX_CAPTURES {
            return Err(PatternError::TooManyCaptures);
        }
        self.captures[self.level] = (s, kind);
        self.level += 1;
        let result = self.run(s, p)?;
        if result.is_none() {
            self.level -= 1;
        }
        Ok(result)
    }

    fn close_capture(&mut self, s: usize, p: usize) -> Matched {
        let open = (0..self.level).rev().find(|&i| self.captures[i].1 == Capture::Open);
        let open = open.ok_or(PatternError::InvalidCapture)?;
        self.captures[open].1 = Capture::Closed(s - self.captures[open].0);
        let result = self.run(s, p)?;
        if result.is_none() {
            self.captures[open].1 = Capture::Open;
        }
        Ok(result)
    }

    fn back_reference(&mut self, s: usize, digit: u8) -> Matched {
        let index = usize::from(digit - b'0');
        let (start, len) = match index.checked_sub(1).map(|i| (i < self.level, i)) {
            Some((true, i)) => match self.captures[i] {
                (start, Capture::Closed(len)) => (start, len),
                // A place is no text that could come again.
                (_, Capture::Position) => return Ok(None),
                (_, Capture::Open) => return Err(PatternError::InvalidCaptureIndex(index)),
            },
            _ => return Err(PatternError::InvalidCaptureIndex(index)),
        };
        let same = self.subject[s..].starts_with(&self.subject[start..start + len]);
        Ok(same.then_some(s + len))
    }

    fn balance(&mut self, s: usize, p: usize) -> Matched {
        let (Some(&open), Some(&close)) = (self.pattern.get(p), self.pattern.get(p + 1)) else {
            return Err(PatternError::MissingBalanceArguments);
        };
        if self.subject.get(s) != Some(&open) {
            return Ok(None);
        }
        let mut nesting = 1;
        for at in s + 1..self.subject.len() {
            self.step()?;
            let byte = self.subject[at];
            if byte == close {
                nesting -= 1;
                if nesting == 0 {
                    return Ok(Some(at + 1));
                }
            } else if byte == open {
                nesting += 1;
            }
        }
        Ok(None)
    }

    /// Where the single-character class that starts at `p` ends.
    fn class_end(&self, p: usize) -> Result<usize, PatternError> {
        match self.pattern[p] {
            b'%' if p + 1 >= self.pattern.len() => Err(PatternError::EndsWithPercent),
            b'%' => Ok(p + 2),
            b'[' => {
                let mut at = p + 1;
                if self.pattern.get(at) == Some(&b'^') {
                    at += 1;
                }
                loop {
                    // The first character of a set is taken as it is, `]` as well.
                    let byte = *self.pattern.get(at).ok_or(PatternError::MissingBracket)?;
                    at += 1;
                    if byte == b'%' {
                        at += 1;
                    }
                    match self.pattern.get(at) {
                        None => return Err(PatternError::MissingBracket),
                        Some(b']') => return Ok(at + 1),
                        Some(_) => {}
                    }
                }
            }
            _ => Ok(p + 1),
        }
    }

    fn single(&self, s: usize, p: usize, end: usize) -> bool {
        let Some(&byte) = self.subject.get(s) else { return false };
        match self.pattern[p] {
            b'.' => true,
            b'%' => in_class(byte, self.pattern[p + 1]),
            b'[' => self.in_set(byte, p, end - 1),
            literal => literal == byte,
        }
    }

    /// Whether `byte` is in the set from `[` at `p` to `]` at `last`.
    fn in_set(&self, byte: u8, p: usize, last: usize) -> bool {
        let mut at = p + 1;
        let inverted = self.pattern[at] == b'^';
        if inverted {
            at += 1;
        }
        while at < last {
            let here = self.pattern[at];
            if here == b'%' {
                if in_class(byte, self.pattern[at + 1]) {
                    return !inverted;
                }
                at += 2;
            } else if at + 2 < last && self.pattern[at + 1] == b'-' {
                if (here..=self.pattern[at + 2]).contains(&byte) {
                    return !inverted;
                }
                at += 3;
            } else {
                if here == byte {
                    return !inverted;
                }
                at += 1;
            }
        }
        inverted
    }
}

fn in_class(byte: u8, class: u8) -> bool {
    let member = match class.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'g' => byte.is_ascii_graphic(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        b's' => byte.is_ascii_whitespace() || byte == 0x0b,
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        // Deprecated by the manual, and there all the same.
        b'z' => byte == 0,
        _ => return class == byte,
    };
    member != class.is_ascii_uppercase()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn find(subject: &str, pattern: &str) -> Result<Option<(usize, usize)>, PatternError> {
        let mut matcher = Matcher::new(subject.as_bytes(), pattern.as_bytes());
        for start in 0..=subject.len() {
            if let Some(end) = matcher.match_at(start)? {
                return Ok(Some((start, end)));
            }
        }
        Ok(None)
    }

    #[test]
    fn matches_as_the_manual_says() {
        for (subject, pattern, expected) in [
            ("hello world", "o w", Some((4, 7))),
            ("key = value", "%w+%s*=%s*%w+", Some((0, 11))),
            ("f(a(b)c)d", "%b()", Some((1, 8))),
            ("THE (quick) fox", "%f[%a]%a+", Some((0, 3))),
            ("x]y", "[]]", Some((1, 2))),
            ("a-b", "[a%-]+", Some((0, 2))),
            ("abc", "[^a]", Some((1, 2))),
            ("aaa", "a-$", Some((0, 3))),
            ("=[[x]]=", "%[%[.-%]%]", Some((1, 6))),
            ("abab", "(ab)%1", Some((0, 4))),
            ("", "", Some((0, 0))),
            ("abc", "%d", None),
            ("x-z", "[x-]+", Some((0, 2))),
        ] {
            assert_eq!(find(subject, pattern), Ok(expected), "{pattern} in {subject}");
        }
    }

    #[test]
    fn refuses_malformed_patterns() {
        for (pattern, error) in [
            ("%", PatternError::EndsWithPercent),
            ("[a", PatternError::MissingBracket),
            ("[", PatternError::MissingBracket),
            ("[%", PatternError::MissingBracket),
            ("%f", PatternError::MissingFrontierSet),
            ("%ba", PatternError::MissingBalanceArguments),
            ("%1", PatternError::InvalidCaptureIndex(1)),
            (")", PatternError::InvalidCapture),
        ] {
            assert_eq!(find("%fba]1", pattern), Err(error), "{pattern}");
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(subject in "[ab%()\\[\\]-]{0,12}", pattern in "[ab%.()\\[\\]^$*+?f1-]{0,10}") {
            let _ = find(&subject, &pattern);
        }
    }
}
