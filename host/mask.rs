//! Secret values that the process has read, and hiding them in texts that people get
//! to see. Filled by `data` (`secret(name)`) and `config`; asked wherever a text
//! leaves the process: `fault`, `report`, `app`. The passwords of URLs are hidden
//! wherever they stand. As long as there is no secret it costs one look for `://`.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use memchr::memmem;

mod spellings;

use spellings::{Spellings, begins};

/// What stands in a secret's place.
pub const MASK: &str = "***";

/// Shorter values are hidden only where they stand alone: a text without all its `7`s says nothing.
const SHORT: usize = 4;
/// Lines of a longer secret that are hidden by themselves.
const LINE: usize = 8;

/// What ends the part of a URL that may hold a password, in whatever text the URL stands.
const AUTHORITY_END: [char; 11] = ['/', '?', '#', '"', '\'', '`', '<', '>', ' ', '\t', '\n'];

static ANY: AtomicBool = AtomicBool::new(false);
static SECRETS: RwLock<Secrets> = RwLock::new(Secrets { needles: Vec::new() });

/// Hides `value` from now on, also as it stands in URLs, in JSON, in HTML and in base64.
pub fn add(value: &str) {
    if SECRETS.read().unwrap_or_else(PoisonError::into_inner).knows(value) {
        return;
    }
    SECRETS.write().unwrap_or_else(PoisonError::into_inner).add(value);
    ANY.store(true, Ordering::Release);
}

/// Whether there is anything to hide.
pub fn any() -> bool {
    ANY.load(Ordering::Acquire)
}

/// The text with every secret masked, and the password of each URL; borrowed where it holds none.
pub fn hide(text: &str) -> Cow<'_, str> {
    let mut places = passwords(text);
    if any() {
        places.extend(SECRETS.read().unwrap_or_else(PoisonError::into_inner).places(text));
    }
    replace(text, joined(places))
}

/// Where the URLs of a text hold a password: `http://user:HERE@host`.
fn passwords(text: &str) -> Vec<Range<usize>> {
    let authority = |(at, mark): (usize, &str)| {
        let start = at + mark.len();
        let rest = &text[start..];
        let authority = &rest[..rest.find(AUTHORITY_END).unwrap_or(rest.len())];
        let user = &authority[..authority.rfind('@')?];
        let colon = user.find(':')?;
        (colon + 1 < user.len()).then_some(start + colon + 1..start + user.len())
    };
    text.match_indices("://").filter_map(authority).collect()
}

/// A URL as it was given, which may be none at all, with what might be its password masked.
pub fn hide_password(url: &str) -> Cow<'_, str> {
    let start = url.find("://").map_or(0, |at| at + 3);
    // A password with a bare `/` ends the URL's authority: what looks like a port then is none.
    let user = url.rfind('@').filter(|at| *at > start).map(|at| &url[start..at]);
    match user.and_then(|user| Some((user, user.find(':')?))) {
        Some((user, colon)) if passwords(url).is_empty() && !is_port(&user[colon + 1..]) => {
            let (before, behind) = (&url[..=start + colon], &url[start + user.len()..]);
            Cow::Owned(format!("{before}{MASK}{behind}"))
        }
        _ => hide(url),
    }
}

/// Whether a port ends here, and what follows is a path.
fn is_port(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text[digits..].starts_with(['/', '?', '#'])
}

/// Where a text that is to be cut at `end` is to be cut instead: half a secret would not be
/// recognised any more.
pub fn cut(text: &str, end: usize) -> usize {
    if !any() {
        return end;
    }
    let places = SECRETS.read().unwrap_or_else(PoisonError::into_inner).places(text);
    places.into_iter().find(|place| place.start < end && end < place.end).map_or(end, |place| place.start)
}

/// The secrets of a process, and what base64 makes of them; of escapes `spellings` knows.
#[derive(Default)]
struct Secrets {
    needles: Vec<Needle>,
}

struct Needle {
    text: String,
    /// Only where no letter, digit or `_` is beside it.
    alone: bool,
    /// Whether a letter of base64 beside it, before and behind, holds bits of it as well.
    shared: (bool, bool),
}

impl Needle {
    /// Each place where it stands: the next one may begin within the one before.
    fn find(&self, text: &str, spellings: &Spellings, mut put: impl FnMut(Range<usize>)) {
        let spaced = self.text.contains(' ') && text.contains('+');
        if spellings.is_plain() && !spaced {
            let finder = memmem::Finder::new(&self.text);
            let mut from = 0;
            while let Some(at) = finder.find(&text.as_bytes()[from..]) {
                put(from + at..from + at + self.text.len());
                from += at + 1;
            }
            return;
        }
        let Some(&first) = self.text.as_bytes().first() else { return };
        for (at, byte) in text.bytes().enumerate() {
            if (byte == first || begins(byte) || (first == b' ' && byte == b'+'))
                && let Some(end) = spellings.end_of(&self.text, at)
            {
                put(at..end);
            }
        }
    }
}

impl Secrets {
    fn knows(&self, value: &str) -> bool {
        self.needles.iter().any(|needle| needle.text == value)
    }

    fn add(&mut self, value: &str) {
        if value.len() < SHORT {
            self.needles.push(Needle { text: value.to_owned(), alone: true, shared: (false, false) });
            return;
        }
        self.forms(value);
        for line in value.lines().map(str::trim).filter(|line| line.len() >= LINE) {
            self.forms(line);
        }
    }

    fn forms(&mut self, value: &str) {
        self.put(value.to_owned());
        for offset in 0..3 {
            for text in [inside(&STANDARD_NO_PAD, value, offset), inside(&URL_SAFE_NO_PAD, value, offset)] {
                let shared = (offset > 0, !(offset + value.len()).is_multiple_of(3));
                self.needles.push(Needle { text, alone: false, shared });
            }
        }
    }

    fn put(&mut self, text: String) {
        if !self.knows(&text) {
            self.needles.push(Needle { text, alone: false, shared: (false, false) });
        }
    }

    /// Where secrets stand, in order, none touching another.
    fn places(&self, text: &str) -> Vec<Range<usize>> {
        let mut places: Vec<Range<usize>> = Vec::new();
        let spellings = Spellings::new(text);
        for needle in &self.needles {
            let put = |place: Range<usize>| {
                if !needle.alone || stands_alone(text, &place) {
                    places.push(with_neighbours(text, place, needle.shared));
                }
            };
            needle.find(text, &spellings, put);
        }
        joined(places)
    }
}

/// In order, those that touch as one.
fn joined(mut places: Vec<Range<usize>>) -> Vec<Range<usize>> {
    places.sort_by_key(|place| place.start);
    places.dedup_by(|next, place| {
        let touches = next.start <= place.end;
        if touches {
            place.end = place.end.max(next.end);
        }
        touches
    });
    places
}

/// The text with the mask in these places.
fn replace(text: &str, places: Vec<Range<usize>>) -> Cow<'_, str> {
    if places.is_empty() {
        return Cow::Borrowed(text);
    }
    let (mut hidden, mut from) = (String::with_capacity(text.len()), 0);
    for place in places {
        hidden.push_str(&text[from..place.start]);
        hidden.push_str(MASK);
        from = place.end;
    }
    hidden.push_str(&text[from..]);
    Cow::Owned(hidden)
}

/// The place with the letters beside it that hold a part of the secret.
fn with_neighbours(text: &str, place: Range<usize>, shared: (bool, bool)) -> Range<usize> {
    let letter =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte));
    let bytes = text.as_bytes();
    let before = shared.0 && place.start > 0 && letter(bytes.get(place.start - 1));
    let behind = shared.1 && letter(bytes.get(place.end));
    place.start - usize::from(before)..place.end + usize::from(behind)
}

fn stands_alone(text: &str, place: &Range<usize>) -> bool {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    !text[..place.start].ends_with(word) && !text[place.end..].starts_with(word)
}

/// What base64 makes of `value` where it stands within more (`user:password`), `offset` bytes
/// after a group of three: the letters that no neighbour has a part in.
fn inside(engine: &impl Engine, value: &str, offset: usize) -> String {
    let mut bytes = vec![0; offset];
    bytes.extend_from_slice(value.as_bytes());
    let encoded = engine.encode(&bytes);
    let whole = bytes.len() * 8 / 6;
    let first = (offset * 8).div_ceil(6);
    encoded.get(first..whole).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
