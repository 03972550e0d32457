//! Where a request goes: scheme, host and port as one interned origin, and the
//! path and query within it. `Base` is a base URL parsed once; `worker`
//! interns, `client` joins.

use std::cell::Cell;
use std::net::IpAddr;
use std::rc::Rc;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use url::{Host, Url};

use super::error::{Error, ErrorKind};
use super::way::Way;

/// What an origin was last seen to speak.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Speaks {
    #[default]
    Unknown,
    Http1,
    Http2,
}

/// Scheme, host and port. One `Rc` per worker and origin: equal pointers are
/// equal origins.
#[derive(Clone)]
pub(super) struct Origin {
    pub(super) https: bool,
    /// Without the brackets of an IPv6 address.
    pub(super) host: Box<str>,
    pub(super) port: u16,
    /// Where the host is an address, so that nobody looks it up.
    pub(super) address: Option<IpAddr>,
    /// `http://host:port`, without a default port.
    pub(super) text: Box<str>,
    /// The `Host` header.
    pub(super) authority: Box<str>,
    /// How to get there; `worker` fills it.
    pub(super) way: Way,
    pub(super) speaks: Cell<Speaks>,
}

impl Origin {
    /// Whether it is the same one. Equal origins are mostly one value, but `worker` forgets them
    /// when a script has made up too many, and makes them anew.
    pub(super) fn is(&self, other: &Origin) -> bool {
        std::ptr::eq(self, other) || self.text == other.text
    }
}

/// A base URL, parsed: relative request targets are joined to it without
/// parsing again. Made by `Net::base`, shared by the VUs of a class.
pub struct Base {
    pub(super) origin: Rc<Origin>,
    /// The base's path without its trailing slash.
    pub(super) prefix: Box<str>,
    /// From `user:password@`.
    pub(super) auth: Option<Rc<str>>,
}

impl Base {
    /// The base URL as text, without credentials and without a trailing slash.
    pub fn url(&self) -> String {
        format!("{}{}", self.origin.text, self.prefix)
    }
}

/// The parts of a URL that `worker` interns.
pub(super) struct Parsed {
    pub(super) origin: Origin,
    pub(super) prefix: Box<str>,
    pub(super) auth: Option<Rc<str>>,
}

/// Parses a base URL, or the part of an absolute URL before its path.
pub(super) fn parse(text: &str) -> Result<Parsed, Error> {
    let invalid = |why: &str| Error::new(ErrorKind::InvalidUrl, format!("invalid URL `{text}`: {why}"));
    let url = Url::parse(text).map_err(|error| invalid(&error.to_string()))?;
    let https = match url.scheme() {
        "http" => false,
        "https" => true,
        other => return Err(invalid(&format!("the scheme is `{other}`, not http or https"))),
    };
    if url.query().is_some() || url.fragment().is_some() {
        return Err(invalid("a base URL has no query and no fragment"));
    }
    let host = url.host().ok_or_else(|| invalid("it has no host"))?;
    let (bare, address) = match host {
        Host::Domain(name) => (name.to_owned(), None),
        Host::Ipv4(ip) => (ip.to_string(), Some(IpAddr::V4(ip))),
        Host::Ipv6(ip) => (ip.to_string(), Some(IpAddr::V6(ip))),
    };
    let authority = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    let auth = (!url.username().is_empty() || url.password().is_some()).then(|| {
        let decode = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
        basic(&decode(url.username()), &decode(url.password().unwrap_or_default()))
    });
    Ok(Parsed {
        origin: Origin {
            https,
            host: bare.into(),
            port: url.port_or_known_default().unwrap_or(if https { 443 } else { 80 }),
            address,
            text: format!("{}://{authority}", url.scheme()).into(),
            authority: authority.into(),
            way: Way::default(),
            speaks: Cell::default(),
        },
        prefix: url.path().trim_end_matches('/').into(),
        auth,
    })
}

/// Host (an IPv6 address without brackets) and port of a base URL.
///
/// # Errors
/// `InvalidUrl`.
pub fn place(text: &str) -> Result<(String, u16), Error> {
    let Parsed { origin, .. } = parse(text)?;
    Ok((origin.host.into(), origin.port))
}

/// The value of an `Authorization: Basic` header.
pub(super) fn basic(user: &str, password: &str) -> Rc<str> {
    use base64::Engine;
    let token = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    format!("Basic {token}").into()
}

/// Splits an absolute http(s) URL before its path; None where the target is
/// relative. Another scheme is an error.
pub(super) fn split(target: &str) -> Result<Option<(&str, &str)>, Error> {
    if target.starts_with('/') {
        return Ok(None);
    }
    let Some(colon) = target.find("://") else { return Ok(None) };
    let scheme = &target[..colon];
    if scheme.is_empty() || !scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b)) {
        return Ok(None);
    }
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        let text = format!("invalid URL `{target}`: the scheme is `{scheme}`, not http or https");
        return Err(Error::new(ErrorKind::InvalidUrl, text));
    }
    let after = colon + 3;
    let end = target[after..].find(['/', '?', '#', '\\']).map_or(target.len(), |at| after + at);
    Ok(Some(target.split_at(end)))
}

/// What is percent-encoded in a path or query that a script wrote. `%` is not:
/// what is encoded already stays so.
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Whether the byte goes into a request line as it is; `#` does not.
const fn is_clean(byte: u8) -> bool {
    matches!(byte, b'!' | b'$'..=b';' | b'=' | b'?'..=b'[' | b']' | b'_' | b'a'..=b'z' | b'~')
}

static CLEAN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = is_clean(byte as u8);
        byte += 1;
    }
    table
};

/// Path and query of a request: the base's path, the script's, and `params` at
/// the end of the query.
pub(super) fn join(prefix: &str, rest: &str, params: &[(&str, &str)]) -> Box<str> {
    let is_plain = params.is_empty() && prefix.is_empty() && rest.as_bytes().first() == Some(&b'/');
    if is_plain && rest.bytes().all(|byte| CLEAN[byte as usize]) && !has_dots(rest) {
        return rest.into();
    }
    render(prefix, rest, params).into()
}

/// Whether the path has segments `.` or `..`, which go nowhere or back.
fn has_dots(target: &str) -> bool {
    memchr::memchr(b'.', target.as_bytes()).is_some() && {
        let path = target.split(['?', '#']).next().unwrap_or_default();
        path.split('/').any(|segment| matches!(segment, "." | ".."))
    }
}

/// As browsers, curl and Python's requests send it: RFC 3986, 5.2.4.
fn without_dots(target: &str) -> Option<String> {
    let url = Url::parse(&format!("http://h{target}")).ok()?;
    Some(url[url::Position::BeforePath..url::Position::AfterQuery].to_owned())
}

fn render(prefix: &str, rest: &str, params: &[(&str, &str)]) -> String {
    let rest = rest.split('#').next().unwrap_or_default();
    let mut text = String::with_capacity(prefix.len() + rest.len() + 1 + params.len() * 24);
    text.push_str(prefix);
    if !rest.is_empty() && !rest.starts_with(['/', '?']) {
        text.push('/');
    }
    text.extend(utf8_percent_encode(rest, UNSAFE));
    if text.is_empty() || text.starts_with('?') {
        text.insert(0, '/');
    }
    if has_dots(&text) {
        text = without_dots(&text).unwrap_or(text);
    }
    if params.is_empty() {
        return text;
    }
    match text.split_once('?') {
        Some((_, query)) if query.is_empty() || query.ends_with('&') => {}
        Some(_) => text.push('&'),
        None => text.push('?'),
    }
    let start = text.len();
    let mut form = url::form_urlencoded::Serializer::for_suffix(text, start);
    form.extend_pairs(params);
    form.finish()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn joined(prefix: &str, rest: &str, params: &[(&str, &str)]) -> String {
        join(prefix, rest, params).into()
    }

    #[test]
    fn targets_join_as_text() {
        assert_eq!(joined("", "/a/b?c=d", &[]), "/a/b?c=d");
        assert_eq!(joined("/api", "/users", &[]), "/api/users");
        assert_eq!(joined("/api", "users", &[]), "/api/users");
        assert_eq!(joined("/api", "", &[]), "/api");
        assert_eq!(joined("/api", "?x=1", &[]), "/api?x=1");
        assert_eq!(joined("", "", &[]), "/");
        assert_eq!(joined("", "?x=1", &[]), "/?x=1");
        assert_eq!(joined("", "/a#part", &[]), "/a");
    }

    #[test]
    fn dot_segments_are_taken_out() {
        // RFC 3986, 5.2.4.
        assert_eq!(joined("", "/a/b/c/./../../g", &[]), "/a/g");
        assert_eq!(joined("/api", "../x/./y?to=/../z", &[("k", "..")]), "/x/y?to=/../z&k=..");
        assert_eq!(joined("", "/../a", &[]), "/a");
        assert_eq!(joined("", "/a.b/..c/.d/e..?f=..", &[]), "/a.b/..c/.d/e..?f=..");
    }

    #[test]
    fn what_a_request_line_cannot_carry_is_encoded_once() {
        assert_eq!(joined("", "/a b/ü?q=\"x\"", &[]), "/a%20b/%C3%BC?q=%22x%22");
        assert_eq!(joined("", "/a%20b", &[]), "/a%20b");
    }

    #[test]
    fn params_go_to_the_end_of_the_query() {
        assert_eq!(joined("", "/a", &[("k", "v w"), ("x&", "=")]), "/a?k=v+w&x%26=%3D");
        assert_eq!(joined("", "/a?b=c", &[("d", "e")]), "/a?b=c&d=e");
        assert_eq!(joined("", "/a?", &[("d", "e")]), "/a?d=e");
        assert_eq!(joined("", "/a?b&", &[("d", "é")]), "/a?b&d=%C3%A9");
    }

    #[test]
    fn absolute_urls_split_before_the_path() {
        assert_eq!(split("http://h:1/a?b").unwrap(), Some(("http://h:1", "/a?b")));
        assert_eq!(split("HTTPS://h?b").unwrap(), Some(("HTTPS://h", "?b")));
        assert_eq!(split("/a?to=http://h/").unwrap(), None);
        assert_eq!(split("a/http://h/").unwrap(), None);
        assert_eq!(split("ftp://h/").unwrap_err().kind, ErrorKind::InvalidUrl);
    }

    #[test]
    fn origins_are_canonical() {
        let parsed = parse("HTTP://Example.COM:80/api/").unwrap();
        assert_eq!(&*parsed.origin.text, "http://example.com");
        assert_eq!(&*parsed.prefix, "/api");
        assert_eq!(parsed.origin.port, 80);
        let six = parse("https://[::1]:8443").unwrap().origin;
        assert_eq!((&*six.text, &*six.host, six.port), ("https://[::1]:8443", "::1", 8443));
        assert!(six.address.is_some());
        // RFC 7617: "Aladdin", "open sesame".
        let auth = parse("http://Aladdin:open%20sesame@h").unwrap().auth.unwrap();
        assert_eq!(&*auth, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        for bad in ["", "h", "http://", "http://h:99999", "http://h/?q", "file:///x"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_becomes_a_request_line(rest in ".{0,40}", key in ".{0,10}", text in ".{0,10}") {
            let params = [(key.as_str(), text.as_str())];
            let path = join("", &rest, &params);
            prop_assert!(path.starts_with('/'));
            prop_assert!(path.bytes().all(|byte| CLEAN[byte as usize]), "{}", path);
            let url = Url::parse(&format!("http://h{path}")).unwrap();
            let last = url.query_pairs().last().unwrap();
            prop_assert_eq!((&*last.0, &*last.1), (key.as_str(), text.as_str()));
        }
    }
}
