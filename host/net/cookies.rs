//! A VU's cookies by RFC 6265, over `cookie_store`. A client makes a jar when
//! the first `Set-Cookie` arrives: a VU without cookies pays nothing.

use cookie_store::{CookieStore, RawCookie};
use url::{Host, Url};

use super::client::Client;
use super::error::{Error, ErrorKind};
use super::head::Headers;
use super::message::is_token;
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
    if name.is_empty() || !name.bytes().all(is_token) {
        let text = format!("`{}` is no name of a cookie", name.escape_debug());
        return Err(Error::new(ErrorKind::InvalidRequest, text));
    }
    check_text(&format!("the value of the cookie `{name}`"), value)
}

/// # Errors
/// `InvalidRequest`.
fn check_text(what: &str, text: &str) -> Result<(), Error> {
    if !text.contains(|c: char| c.is_control() || c == ';') {
        return Ok(());
    }
    Err(Error::new(
        ErrorKind::InvalidRequest,
        format!("{what} cannot hold a control character or a semicolon"),
    ))
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
            if let Ok(text) = std::str::from_utf8(header)
                && let Ok(cookie) = RawCookie::parse(text)
                && may_set(&cookie, url)
            {
                let _ = self.store.insert_raw(&cookie, url);
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
    /// `InvalidRequest` where it is no cookie, or none that `url` may set.
    fn set(&mut self, cookie: &NewCookie<'_>, url: &Url) -> Result<(), Error> {
        let NewCookie { name, value, .. } = cookie;
        check(name, value)?;
        let mut text = format!("{name}={value}");
        for (attribute, value) in [("Path", Some(cookie.path)), ("Domain", cookie.domain)] {
            if let Some(value) = value {
                check_text(&format!("{attribute} of the cookie `{name}`"), value)?;
                text.push_str(&format!("; {attribute}={value}"));
            }
        }
        text.extend(cookie.max_age.map(|seconds| format!("; Max-Age={seconds}")));
        text.push_str(if cookie.secure { "; Secure" } else { "" });
        text.push_str(if cookie.http_only { "; HttpOnly" } else { "" });
        match self.store.parse(&text, url) {
            Ok(_) => Ok(()),
            Err(error) => {
                let text = format!(
                    "the cookie `{name}` is refused for {}: {error}",
                    url.origin().ascii_serialization()
                );
                Err(Error::new(ErrorKind::InvalidRequest, text))
            }
        }
    }

    /// Removes the cookies that a request to `url` would carry; of one name only, where one is given.
    fn remove(&mut self, url: &Url, name: Option<&str>) {
        let is_meant = |cookie: &&cookie_store::Cookie<'_>| name.is_none_or(|name| cookie.name() == name);
        let place = |cookie: &cookie_store::Cookie<'_>| {
            let domain = String::from(&cookie.domain);
            (domain, String::from(&cookie.path), cookie.name().to_owned())
        };
        let matching: Vec<_> = self.store.matches(url).into_iter().filter(is_meant).map(place).collect();
        for (domain, path, name) in matching {
            self.store.remove(&domain, &path, &name);
        }
    }
}

/// Whether `url` may set it, in what the store does not look at and all browsers do: no top level and no part of an
/// address is a domain (a list of public suffixes is not kept), `Secure` is for secure places to set, and names with
/// `__Secure-` and `__Host-` promise what they say (RFC 6265bis, 4.1.3 and 5.7).
fn may_set(cookie: &RawCookie<'_>, url: &Url) -> bool {
    let domain = cookie.domain().map(|domain| domain.trim_start_matches('.')).filter(|text| !text.is_empty());
    let own = url.host_str().unwrap_or_default();
    let is_own = domain.is_none_or(|domain| domain.eq_ignore_ascii_case(own));
    let (is_domain, is_here) = match url.host() {
        Some(Host::Domain(name)) => {
            (is_own || domain.is_some_and(|domain| domain.contains('.')), name == "localhost")
        }
        Some(Host::Ipv4(address)) => (is_own, address.is_loopback()),
        Some(Host::Ipv6(address)) => (is_own, address.is_loopback()),
        None => (false, false),
    };
    let is_secure = cookie.secure() == Some(true);
    let starts = |prefix: &str| {
        cookie.name().get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    let keeps_word = match (starts("__Secure-"), starts("__Host-")) {
        (true, _) => is_secure,
        (_, true) => is_secure && domain.is_none() && cookie.path() == Some("/"),
        _ => true,
    };
    is_domain && keeps_word && (!is_secure || url.scheme() == "https" || is_here)
}

/// A cookie of a script's own.
#[derive(Clone, Copy, Debug)]
pub struct NewCookie<'a> {
    pub name: &'a str,
    pub value: &'a str,
    /// None: only the URL's host.
    pub domain: Option<&'a str>,
    pub path: &'a str,
    /// In seconds; None: as long as the VU lives. At most 0: it removes one.
    pub max_age: Option<i64>,
    pub secure: bool,
    pub http_only: bool,
}

impl Client {
    /// The cookies that a request to `url` would carry, as name and value.
    ///
    /// # Errors
    /// `InvalidUrl`.
    pub fn cookies(&self, url: &str) -> Result<Vec<(String, String)>, Error> {
        let url = parse(url)?;
        let jar = self.jar.borrow();
        let all = jar.as_ref().map_or_else(Vec::new, |jar| jar.matching(&url));
        Ok(all.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    /// Sets a cookie as if `url` had set it.
    ///
    /// # Errors
    /// `InvalidUrl`; `InvalidRequest` where it is no cookie, or none that the URL may set.
    pub fn set_cookie(&self, url: &str, cookie: &NewCookie<'_>) -> Result<(), Error> {
        let url = parse(url)?;
        self.jar.borrow_mut().get_or_insert_default().set(cookie, &url)
    }

    /// Forgets the cookies that a request to `url` would carry; of one name only, where one is given.
    ///
    /// # Errors
    /// `InvalidUrl`.
    pub fn remove_cookies(&self, url: &str, name: Option<&str>) -> Result<(), Error> {
        let url = parse(url)?;
        if let Some(jar) = &mut *self.jar.borrow_mut() {
            jar.remove(&url, name);
        }
        Ok(())
    }

    /// Forgets all cookies.
    pub fn clear_cookies(&self) {
        *self.jar.borrow_mut() = None;
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
