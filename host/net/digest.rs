//! Digest authentication by RFC 7616 (and its forerunners): reads a server's challenge and answers it. MD5,
//! SHA-256 and SHA-512-256, `qop=auth`. No I/O. Used by `client`.

use std::fmt::Write;

use md5::{Digest, Md5};

use super::head::Headers;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Hash {
    Md5,
    Sha256,
    Sha512,
}

impl Hash {
    fn of(self, text: &str) -> String {
        match self {
            Hash::Md5 => hex(&Md5::digest(text.as_bytes())),
            Hash::Sha256 => hex(ring::digest::digest(&ring::digest::SHA256, text.as_bytes()).as_ref()),
            Hash::Sha512 => hex(ring::digest::digest(&ring::digest::SHA512_256, text.as_bytes()).as_ref()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What a server asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Challenge {
    realm: String,
    nonce: String,
    opaque: Option<String>,
    hash: Hash,
    /// The algorithm as the server wrote it.
    algorithm: Option<String>,
    is_session: bool,
    has_qop: bool,
    /// The name of the user is to be hashed.
    is_hashed: bool,
    /// It reads texts in UTF-8.
    is_utf8: bool,
    /// The answer was right, but too old.
    pub(super) is_stale: bool,
}

/// The strongest challenge among the `WWW-Authenticate` headers that this client can answer.
pub(super) fn challenge(headers: Headers<'_>) -> Option<Challenge> {
    let mut all = Vec::new();
    for value in headers.all("www-authenticate") {
        for (scheme, params) in challenges(&String::from_utf8_lossy(value)) {
            if scheme.eq_ignore_ascii_case("digest") {
                all.extend(Challenge::new(&params));
            }
        }
    }
    all.into_iter().rev().max_by_key(|challenge: &Challenge| challenge.hash)
}

/// What the `WWW-Authenticate` headers offer, where this client can answer none of it.
pub(super) fn unanswerable(headers: Headers<'_>) -> Option<String> {
    if challenge(headers).is_some() {
        return None;
    }
    let mut offers = Vec::new();
    for value in headers.all("www-authenticate") {
        for (scheme, params) in challenges(&String::from_utf8_lossy(value)) {
            let mut offer = scheme;
            let told = |name: &str| ["algorithm", "qop"].iter().any(|known| name.eq_ignore_ascii_case(known));
            for (name, value) in params.into_iter().filter(|(name, _)| told(name)) {
                let _ = write!(offer, " {name}={value}");
            }
            offers.push(offer);
        }
    }
    Some(if offers.is_empty() { "nothing".to_owned() } else { offers.join(", ") })
}

impl Challenge {
    fn new(params: &[(String, String)]) -> Option<Challenge> {
        let get = |name: &str| {
            params.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
        };
        let algorithm = get("algorithm");
        let name = algorithm.as_deref().unwrap_or("MD5").to_ascii_uppercase();
        let (base, is_session) = match name.strip_suffix("-SESS") {
            Some(base) => (base, true),
            None => (name.as_str(), false),
        };
        let hash = match base {
            "MD5" => Hash::Md5,
            "SHA-256" => Hash::Sha256,
            "SHA-512-256" => Hash::Sha512,
            _ => return None,
        };
        let qop = get("qop");
        let has_auth =
            qop.iter().flat_map(|qop| qop.split(',')).any(|qop| qop.trim().eq_ignore_ascii_case("auth"));
        if qop.is_some() && !has_auth {
            return None;
        }
        let is_true = |name: &str| get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        Some(Challenge {
            realm: get("realm")?,
            nonce: get("nonce")?,
            opaque: get("opaque"),
            hash,
            algorithm,
            is_session,
            has_qop: has_auth,
            is_hashed: is_true("userhash"),
            is_utf8: get("charset").is_some_and(|charset| charset.eq_ignore_ascii_case("UTF-8")),
            is_stale: is_true("stale"),
        })
    }

    /// The value of the `Authorization` header for a request: the `count`th with this challenge's nonce.
    pub(super) fn answer(&self, request: &Asked<'_>) -> String {
        let Asked { method, uri, user, password, count, cnonce } = request;
        let Challenge { realm, nonce, hash, .. } = self;
        let mut secret = hash.of(&format!("{user}:{realm}:{password}"));
        if self.is_session {
            secret = hash.of(&format!("{secret}:{nonce}:{cnonce}"));
        }
        let what = hash.of(&format!("{method}:{uri}"));
        let response = match self.has_qop {
            true => hash.of(&format!("{secret}:{nonce}:{count:08x}:{cnonce}:auth:{what}")),
            false => hash.of(&format!("{secret}:{nonce}:{what}")),
        };
        let mut text = format!(
            "Digest {}, realm={}, nonce={}, uri={}, response=\"{response}\"",
            self.name(user),
            quoted(realm),
            quoted(nonce),
            quoted(uri),
        );
        if let Some(algorithm) = &self.algorithm {
            let _ = write!(text, ", algorithm={algorithm}");
        }
        if self.has_qop {
            let _ = write!(text, ", qop=auth, nc={count:08x}");
        }
        if self.has_qop || self.is_session {
            let _ = write!(text, ", cnonce=\"{cnonce}\"");
        }
        if let Some(opaque) = &self.opaque {
            let _ = write!(text, ", opaque={}", quoted(opaque));
        }
        if self.is_hashed {
            text.push_str(", userhash=true");
        }
        text
    }

    /// Who asks: RFC 7616, 3.4 and 3.4.4.
    fn name(&self, user: &str) -> String {
        if self.is_hashed {
            return format!("username=\"{}\"", self.hash.of(&format!("{user}:{}", self.realm)));
        }
        if self.is_utf8 && !user.is_ascii() {
            return format!("username*=UTF-8''{}", extended(user));
        }
        format!("username={}", quoted(user))
    }
}

/// What is to be authorized.
pub(super) struct Asked<'a> {
    pub(super) method: &'a str,
    /// Path and query.
    pub(super) uri: &'a str,
    pub(super) user: &'a str,
    pub(super) password: &'a str,
    pub(super) count: u32,
    /// The client's own random text.
    pub(super) cnonce: &'a str,
}

/// As RFC 8187, 3.2 writes values.
fn extended(text: &str) -> String {
    text.bytes().fold(String::new(), |mut text, byte| {
        match byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            true => text.push(char::from(byte)),
            false => drop(write!(text, "%{byte:02X}")),
        }
        text
    })
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

type Params = Vec<(String, String)>;

/// The challenges of one header: scheme and parameters of each. RFC 9110, 11.6.1: both are separated by commas.
fn challenges(text: &str) -> Vec<(String, Params)> {
    let mut all: Vec<(String, Params)> = Vec::new();
    for item in items(text) {
        let (before, value) = match item.split_once('=') {
            Some((before, value)) => (before.trim(), Some(value.trim())),
            None => (item.trim(), None),
        };
        let mut words = before.split_whitespace();
        let (first, second) = (words.next().unwrap_or_default(), words.next());
        let name = match (second, value) {
            (Some(name), _) => {
                all.push((first.to_owned(), Vec::new()));
                name
            }
            (None, Some(_)) => first,
            (None, None) => {
                all.push((first.to_owned(), Vec::new()));
                continue;
            }
        };
        if let (Some((_, params)), Some(value)) = (all.last_mut(), value) {
            params.push((name.to_owned(), unquoted(value)));
        }
    }
    all
}

/// The members of a list whose texts in quotes may hold commas.
fn items(text: &str) -> Vec<&str> {
    let (mut all, mut start, mut is_quoted, mut is_escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            b',' if !is_quoted => {
                all.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    all.push(&text[start..]);
    all.retain(|item| !item.trim().is_empty());
    all
}

fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('"') else { return value.to_owned() };
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    let mut text = String::new();
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        text.extend(if char == '\\' { chars.next() } else { Some(char) });
    }
    text
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(lines: &[&str]) -> Option<Challenge> {
        let lines: String = lines.iter().map(|line| format!("WWW-Authenticate: {line}\r\n")).collect();
        let head = format!("HTTP/1.1 401 Unauthorized\r\n{lines}\r\n");
        challenge(Headers(head.as_bytes()))
    }

    fn response(text: &str) -> &str {
        text.split("response=\"").nth(1).unwrap().split('"').next().unwrap()
    }

    const MD5: &str = "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, \
                       nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                       opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
    const SHA: &str = "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, \
                       nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
                       opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";

    /// The request of RFC 7616, 3.9.1.
    const MUFASA: Asked<'_> = Asked {
        method: "GET",
        uri: "/dir/index.html",
        user: "Mufasa",
        password: "Circle of Life",
        count: 1,
        cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    };

    #[test]
    fn the_examples_of_rfc_7616() {
        let answer = read(&[MD5]).unwrap().answer(&MUFASA);
        assert_eq!(response(&answer), "8ca523f5e9506fed4657c9700eebdbec");
        for part in [
            "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", ",
            "uri=\"/dir/index.html\", ",
            "algorithm=MD5, qop=auth, nc=00000001, ",
            "cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", ",
            "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
        ] {
            assert!(answer.contains(part), "{answer}");
        }
        let answer = read(&[SHA]).unwrap().answer(&MUFASA);
        assert_eq!(response(&answer), "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
    }

    /// 3.9.2 with its erratum 4897: the hash is SHA-512/256, not a cut SHA-512.
    #[test]
    fn the_example_with_a_hashed_name() {
        let lines = ["Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, \
                      nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", \
                      opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8, userhash=true"];
        let asked = Asked {
            uri: "/doe.json",
            user: "J\u{e4}s\u{f8}n Doe",
            password: "Secret, or not?",
            cnonce: "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
            ..MUFASA
        };
        let answer = read(&lines).unwrap().answer(&asked);
        assert_eq!(response(&answer), "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5");
        let name = "Digest username=\"793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b\", ";
        assert!(answer.starts_with(name) && answer.ends_with(", userhash=true"), "{answer}");
    }

    #[test]
    fn names_beyond_ascii_are_encoded_where_the_server_reads_them_so() {
        let name = |more: &str| {
            let lines = [format!("Digest realm=\"r\", nonce=\"n\"{more}")];
            let asked = Asked { user: "J\u{e4}s\u{f8}n Doe", ..MUFASA };
            read(&lines.each_ref().map(|line| line.as_str())).unwrap().answer(&asked)
        };
        assert!(name(", charset=UTF-8").starts_with("Digest username*=UTF-8''J%C3%A4s%C3%B8n%20Doe, realm"));
        assert!(name("").starts_with("Digest username=\"J\u{e4}s\u{f8}n Doe\", realm"));
    }

    #[test]
    fn the_example_of_rfc_2617() {
        let challenge = read(&["Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", \
                                nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", \
                                opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""]);
        let asked = Asked { password: "Circle Of Life", cnonce: "0a4f113b", ..MUFASA };
        assert_eq!(response(&challenge.unwrap().answer(&asked)), "6629fae49393a05397450978507c4ef1");
    }

    #[test]
    fn the_example_of_rfc_2069() {
        // As its errata correct it.
        let challenge =
            read(&["Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\""]);
        let asked = Asked { password: "CircleOfLife", ..MUFASA };
        let answer = challenge.unwrap().answer(&asked);
        assert_eq!(response(&answer), "1949323746fe6a43ef61f9606e7febea");
        assert!(!answer.contains("cnonce") && !answer.contains("qop"));
    }

    #[test]
    fn the_strongest_of_several_is_answered() {
        assert_eq!(read(&[SHA, MD5]).unwrap().hash, Hash::Sha256);
        assert_eq!(read(&[&format!("Basic realm=\"a, b\", {MD5}, {SHA}")]).unwrap().hash, Hash::Sha256);
        assert_eq!(read(&["Negotiate", MD5]).unwrap().hash, Hash::Md5);
        assert_eq!(read(&["Digest realm=\"r\", nonce=\"n\", algorithm=SHA-3"]), None);
        assert_eq!(read(&[SHA, &SHA.replace("SHA-256", "SHA-512-256")]).unwrap().hash, Hash::Sha512);
        assert_eq!(read(&["Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\""]), None);
        assert_eq!(read(&["Basic realm=\"r\""]), None);
        assert!(read(&["digest realm=r,nonce=n , stale=TRUE"]).unwrap().is_stale);
    }

    #[test]
    fn what_cannot_be_answered_is_told() {
        let told = |line: &str| {
            let head = format!("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {line}\r\n\r\n");
            unanswerable(Headers(head.as_bytes()))
        };
        let line = "Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\", algorithm=SHA-3, Basic realm=\"r\"";
        assert_eq!(told(line).unwrap(), "Digest qop=auth-int algorithm=SHA-3, Basic");
        assert_eq!(told("Digest realm=\"r\", nonce=\"n\", qop=auth"), None);
    }

    #[test]
    fn quotes_are_undone_and_done() {
        let challenge = read(&["Digest realm=\"a \\\"b\\\", c\\\\\", nonce=\"n\""]).unwrap();
        assert_eq!(challenge.realm, "a \"b\", c\\");
        assert!(challenge.answer(&MUFASA).contains("realm=\"a \\\"b\\\", c\\\\\", nonce"));
    }

    proptest! {
        #[test]
        fn no_header_panics(text in "(Digest )?[a-z=\",\\\\ é]{0,60}") {
            if let Some(challenge) = read(&[&text]) {
                challenge.answer(&MUFASA);
            }
        }
    }
}
