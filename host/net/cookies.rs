//! A VU's cookies by RFC 6265, over `cookie_store`. A client makes a jar when
//! the first `Set-Cookie` arrives: a VU without cookies pays nothing.

use cookie_store::{CookieStore, RawCookie};
use url::Url;

use super::error::{Error, ErrorKind};
use super::head::Headers;
use super::origin::Origin;

/// The cookies of one VU.
#[derive(Default)]
pub(super) struct Jar {
    store: CookieStore,
}

/// The URL that cookies of a request are matched against.
pub(super) fn scope(origin: &Origin, path: &str) -> Option<Url> {
    Url::parse(&format!("{}{path}", origin.text)).ok()
}

/// The URL of a script's own cookies.
///
/// # Errors
/// `InvalidUrl`.
pub(super) fn parse(url: &str) -> Result<Url, Error> {
    Url::parse(url)
        .map_err(|error| Error::new(ErrorKind::InvalidUrl, format!("invalid URL `{url}`: {error}")))
}

/// # Errors
/// `InvalidRequest`.
fn check(name: &str, value: &str) -> Result<(), Error> {
    let is_text = |text: &str| !text.contains(|c: char| c.is_control() || c == ';');
    if name.is_empty() || !is_text(name) || name.contains('=') || !is_text(value) {
        let text = format!("`{}={}` is no cookie", name.escape_debug(), value.escape_debug());
        return Err(Error::new(ErrorKind::InvalidRequest, text));
    }
    Ok(())
}

/// The `Cookie` header for `url`: the jar's, but where `own` has one of the same name; then `own`.
///
/// # Errors
/// `InvalidRequest` where `own` holds what is no cookie.
pub(super) fn header(jar: Option<&Jar>, own: &[(&str, &str)], url: &Url) -> Result<Option<String>, Error> {
    own.iter().try_for_each(|(name, value)| check(name, value))?;
    let is_own = |name: &str| own.iter().any(|(own, _)| *own == name);
    let kept = jar.map_or_else(Vec::new, |jar| jar.matching(url));
    let mut text = String::new();
    for (name, value) in kept.into_iter().filter(|(name, _)| !is_own(name)).chain(own.iter().copied()) {
        if !text.is_empty() {
            text.push_str("; ");
        }
        text.push_str(name);
        text.push('=');
        text.push_str(value);
    }
    // A server's cookie that no header can hold is not sent at all.
    let can_be_sent =
        !text.is_empty() && text.bytes().all(|byte| byte == b'\t' || byte >= b' ' && byte != 127);
    Ok(can_be_sent.then_some(text))
}

impl Jar {
    /// Takes the `Set-Cookie` headers of an answer from `url`; one that breaks
    /// the rules is left out, as a browser does.
    pub(super) fn take(&mut self, headers: Headers<'_>, url: &Url) {
        for header in headers.all("set-cookie") {
            if let Ok(text) = std::str::from_utf8(header) {
                let _ = self.store.parse(text, url);
            }
        }
    }

    /// Name and value for `url`, longer paths first as RFC 6265 asks, and
    /// then by name, so that equal runs send equal bytes.
    fn matching(&self, url: &Url) -> Vec<(&str, &str)> {
        let mut cookies = self.store.matches(url);
        cookies.sort_by_cached_key(|cookie| {
            let path: &str = &cookie.path;
            (std::cmp::Reverse(path.len()), cookie.name().to_owned())
        });
        cookies.into_iter().map(|cookie| cookie.name_value()).collect()
    }

    /// # Errors
    /// `InvalidRequest` where it is no cookie.
    pub(super) fn set(&mut self, name: &str, value: &str, url: &Url) -> Result<(), Error> {
        let mut cookie = RawCookie::new(name.to_owned(), value.to_owned());
        cookie.set_path("/");
        check(name, value)?;
        match self.store.insert_raw(&cookie, url) {
            Ok(_) => Ok(()),
            Err(error) => {
                Err(Error::new(ErrorKind::InvalidRequest, format!("the cookie `{name}` is refused: {error}")))
            }
        }
    }

    pub(super) fn list(&self, url: &Url) -> Vec<(String, String)> {
        let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        self.store.get_request_values(url).map(pair).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn jar(from: &str, cookies: &[&str]) -> Jar {
        let lines: String = cookies.iter().map(|cookie| format!("Set-Cookie: {cookie}\r\n")).collect();
        let head = format!("HTTP/1.1 200 OK\r\n{lines}\r\n");
        let mut jar = Jar::default();
        jar.take(Headers(head.as_bytes()), &parse(from).unwrap());
        jar
    }

    fn sent(jar: &Jar, url: &str) -> String {
        header(Some(jar), &[], &parse(url).unwrap()).unwrap().unwrap_or_default()
    }

    #[test]
    fn domain_path_and_secure_decide() {
        let cookies =
            ["host=1", "wide=2; Domain=example.com; Path=/", "safe=3; Secure; Path=/", "deep=4; Path=/a/b"];
        let jar = jar("https://www.example.com/a/page", &cookies);
        assert_eq!(sent(&jar, "https://www.example.com/a/x"), "host=1; safe=3; wide=2");
        assert_eq!(sent(&jar, "https://www.example.com/a/b/c"), "deep=4; host=1; safe=3; wide=2");
        assert_eq!(sent(&jar, "https://www.example.com/"), "safe=3; wide=2");
        assert_eq!(sent(&jar, "http://www.example.com/"), "wide=2");
        assert_eq!(sent(&jar, "https://example.com/a/x"), "wide=2");
        assert_eq!(sent(&jar, "https://example.org/a/x"), "");
    }

    #[test]
    fn a_later_cookie_replaces_and_an_expired_one_removes() {
        let jar_after = |more| sent(&jar("http://h/", &["a=1", "b=2", more]), "http://h/");
        assert_eq!(jar_after("a=3"), "a=3; b=2");
        assert_eq!(jar_after("a=; Max-Age=0"), "b=2");
        assert_eq!(jar_after("a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"), "b=2");
    }
}
