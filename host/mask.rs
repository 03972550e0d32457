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
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Secrets {
        fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
            replace(text, self.places(text))
        }
    }

    #[test]
    fn hides_the_passwords_of_urls() {
        for (text, hidden) in [
            ("local at http://u:pw@h:80/ · 1", "local at http://u:***@h:80/ · 1"),
            ("`https://:p@ss:w@[::1]`, ftp://a:b@c", "`https://:***@[::1]`, ftp://a:***@c"),
            ("{\"url\":\"http://u:p%40@h\"}", "{\"url\":\"http://u:***@h\"}"),
        ] {
            assert_eq!(hide(text), hidden);
        }
        for text in
            ["http://h:80/a@b", "http://u@h", "http://u:@h", "http://h:80 and a@b", "://", "a://b:c", "u:p@h"]
        {
            assert_eq!(hide(text), text);
        }
        for (url, hidden) in [
            ("u:pw@h", "u:***@h"),
            ("http://u:p/w@h", "http://u:***@h"),
            ("http://u:pw@h/a@b", "http://u:***@h/a@b"),
            ("http://h:80/a@b", "http://h:80/a@b"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(hide_password(url), hidden);
        }
    }

    fn secrets(values: &[&str]) -> Secrets {
        let mut secrets = Secrets::default();
        values.iter().for_each(|value| secrets.add(value));
        secrets
    }

    #[test]
    fn hides_every_form() {
        let secrets = secrets(&["s3cr/t \"key\"&é"]);
        for text in [
            "s3cr/t \"key\"&é",
            "s3cr/t \\\"key\\\"&é",
            "s3cr%2Ft%20%22key%22%26%C3%A9",
            "s3cr%2ft%20%22key%22%26%c3%a9",
            "s3cr%2Ft+%22key%22%26%C3%A9",
            "s3cr/t%20%22key%22&%C3%A9",
        ] {
            assert_eq!(secrets.hide(&format!("a {text} b")), "a *** b", "{text}");
        }
    }

    #[test]
    fn hides_whatever_is_escaped() {
        let first = secrets(&["Grüße/geheim&Co"]);
        for text in [
            r"Gr\u00fc\u00dfe/geheim&Co",
            r"Gr\u00FC\u00DFe\/geheim\u0026Co",
            r"Gr\\u00fc\\u00dfe\\\/geheim\\u0026Co",
            "Grüße/geheim&amp;Co",
            "Grüße/geheim&#38;Co",
            "Gr&#252;&#xDF;e&#x2f;geheim&amp;amp;Co",
            "Gr%C3%BC%C3%9Fe/geheim%26Co",
            "Gr%c3%bc%c3%9fe%2fgeheim%26Co",
            "Gr%25C3%25BC%25C3%259Fe%252Fgeheim%2526Co",
            "Gr%2525C3%2525BC%2525C3%25259Fe%25252Fgeheim%252526Co",
            r"Gr\xc3\xbc\xc3\x9fe/geheim&Co",
            "Gr%FC%DFe%2Fgeheim%26Co",
            r"Gr%5Cu00fc%5Cu00dfe/geheim%5Cu0026Co",
            "%47%72%C3%BC%C3%9F%65%2F%67%65%68%65%69%6D%26%43%6F",
            "Grüße/geheim%26amp%3BCo",
        ] {
            assert_eq!(first.hide(&format!("a={text}!")), "a=***!", "{text}");
        }
        let failure = "HTTPError('400 Bad Request for /login?next=%2Fredir%3Fp%3DGr%25C3%25BC%25C3%259Fe%252Fgeheim%2526Co')";
        assert_eq!(first.hide(failure), "HTTPError('400 Bad Request for /login?next=%2Fredir%3Fp%3D***')");
        let second = secrets(&["sup3rS3cret/To+ken=\"x\"é&<> end"]);
        for text in [
            r#"sup3rS3cret/To+ken=\"x\"é\u0026\u003c\u003e end"#,
            r#"sup3rS3cret\/To+ken=\"x\"\u00e9&<> end"#,
            r#"sup3rS3cret\\/To+ken=\\\"x\\\"\\u00e9&<> end"#,
            "sup3rS3cret/To+ken=&quot;x&quot;é&amp;&lt;&gt; end",
            "sup3rS3cret/To+ken=&#34;x&#34;é&amp;&lt;&gt; end",
            "sup3rS3cret/To+ken=&#x22;x&#X22;&#233;&#38;&#60;&#062; end",
            "sup3rS3cret%2FTo%2Bken%3D%22x%22%C3%A9%26%3C%3E+end",
            "sup3rS3cret/To%2Bken=%22x%22%C3%A9%26%3C%3E%20end",
            "sup3rS3cret%252FTo%252Bken%253D%2522x%2522%25C3%25A9%2526%253C%253E%2520end",
            "sup3rS3cret%252FTo%252Bken%253D%2522x%2522%25C3%25A9%2526%253C%253E%2Bend",
        ] {
            assert_eq!(second.hide(&format!("{{{text}}}")), "{***}", "{text}");
        }
        assert_eq!(secrets(&["it's 😀 ok"]).hide(r"it&#39;s \ud83d\uDE00 ok"), MASK);
        // Not a spelling of it, and nothing that breaks a reader.
        for text in ["%", "%2", "%C3", "%C3%", r"\u12", r"\ud83d\u", "&#", "&#x;", "&#99999999;", "é%é\\é&é"]
        {
            assert_eq!(first.hide(text), text);
        }
    }

    #[test]
    fn many_escapes_take_no_long() {
        let secrets = secrets(&["\\\\\\\\\\\\\\\\x", "%%%%%%%%%%%%y", "&&&&&&&&z"]);
        for unit in ["\\", "%25", "&amp;", "%", "&", "\\u005c"] {
            let text = unit.repeat(3_000 / unit.len());
            assert_eq!(secrets.hide(&text), text);
        }
    }

    #[test]
    fn hides_it_in_basic_auth() {
        let secrets = secrets(&["hunter22"]);
        for user in ["", "a", "ab", "abc", "abcd", "somebody"] {
            let encoded = STANDARD_NO_PAD.encode(format!("{user}:hunter22"));
            let hidden = secrets.hide(&encoded).into_owned();
            // All letters that hold a bit of it.
            let first = (user.len() + 1) * 8 / 6;
            assert_eq!(hidden, format!("{}{MASK}", &encoded[..first]));
        }
    }

    #[test]
    fn overlapping_secrets_leave_nothing() {
        let secrets = secrets(&["abcdef", "defghi", "aaaa"]);
        assert_eq!(secrets.hide("xabcdefghix"), "x***x");
        assert_eq!(secrets.hide("aaaaaa b"), "*** b");
        assert_eq!(secrets.hide("nothing to see"), "nothing to see");
    }

    #[test]
    fn short_ones_only_where_they_stand_alone() {
        let secrets = secrets(&["7", "né"]);
        assert_eq!(secrets.hide("pin=7, not 17 nor 7th or _7"), "pin=***, not 17 nor 7th or _7");
        assert_eq!(secrets.hide("né néo"), "*** néo");
    }

    #[test]
    fn lines_of_a_key_are_hidden_one_by_one() {
        let secrets = secrets(&["-----BEGIN KEY-----\nMIIEvQIBADANBg\nshort\n"]);
        assert_eq!(secrets.hide("line 2: MIIEvQIBADANBg."), "line 2: ***.");
    }

    #[test]
    fn a_cut_takes_a_secret_whole() {
        add("a-secret-of-the-test-of-cut");
        let text = "before a-secret-of-the-test-of-cut";
        assert_eq!(cut(text, 12), 7);
        assert_eq!((cut(text, 7), cut(text, text.len()), cut(text, 3)), (7, text.len(), 3));
        assert_eq!(hide(text), "before ***");
    }

    proptest! {
        #[test]
        fn nothing_of_a_secret_is_left(secret in "\\PC{4,20}", before in "\\PC{0,9}", after in "\\PC{0,9}") {
            let secrets = secrets(&[&secret]);
            let hidden = secrets.hide(&format!("{before}{secret}{after}")).into_owned();
            prop_assert!(hidden.contains(MASK));
            prop_assert!(secret.contains('*') || !hidden.contains(&secret) || before.contains(&secret) || after.contains(&secret));
            // As base64, wherever it begins.
            let encoded = STANDARD_NO_PAD.encode(format!("{before}{secret}{after}"));
            prop_assert!(secrets.hide(&encoded).contains(MASK), "{}", encoded);
        }
    }
}
