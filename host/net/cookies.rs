//! A VU's cookies by RFC 6265, over `cookie_store`. A client makes a jar when
//! the first `Set-Cookie` arrives: a VU without cookies pays nothing.

use cookie_store::{CookieStore, RawCookie};
use http::header::{HeaderMap, HeaderValue, SET_COOKIE};
use url::Url;

use super::error::{Error, ErrorKind};
use super::origin::{self, Origin};

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

impl Jar {
    /// Takes the `Set-Cookie` headers of an answer from `url`; one that breaks
    /// the rules is left out, as a browser does.
    pub(super) fn take(&mut self, headers: &HeaderMap, url: &Url) {
        for header in headers.get_all(SET_COOKIE) {
            if let Ok(text) = std::str::from_utf8(header.as_bytes()) {
                let _ = self.store.parse(text, url);
            }
        }
    }

    /// The `Cookie` header for `url`, longer paths first as RFC 6265 asks.
    pub(super) fn header(&self, url: &Url) -> Option<HeaderValue> {
        let mut cookies = self.store.matches(url);
        cookies.sort_by_key(|cookie| std::cmp::Reverse(cookie.path().map_or(0, str::len)));
        let mut text = String::new();
        for cookie in cookies {
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(cookie.name());
            text.push('=');
            text.push_str(cookie.value());
        }
        if text.is_empty() { None } else { origin::value(text).ok() }
    }

    /// # Errors
    /// `InvalidRequest` where it is no cookie.
    pub(super) fn set(&mut self, name: &str, value: &str, url: &Url) -> Result<(), Error> {
        let mut cookie = RawCookie::new(name.to_owned(), value.to_owned());
        cookie.set_path("/");
        let is_text = |text: &str| !text.contains(|c: char| c.is_control() || c == ';');
        if name.is_empty() || !is_text(name) || name.contains('=') || !is_text(value) {
            let text = format!("`{}={}` is no cookie", name.escape_debug(), value.escape_debug());
            return Err(Error::new(ErrorKind::InvalidRequest, text));
        }
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
