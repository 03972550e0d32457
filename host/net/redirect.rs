//! The rules by which a browser follows a redirect. Used by `client`.

use bytes::Bytes;
use http::Method;
use url::Url;

use super::answer::Answer;
use super::error::{Error, ErrorKind};
use super::message::Step;
use super::origin;
use super::worker::Net;

/// The `Location` of an answer that is a redirect.
pub(super) fn location(answer: &Answer) -> Option<String> {
    if !matches!(answer.head.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let value = answer.headers().get("location").filter(|value| !value.is_empty())?;
    // Servers do send raw UTF-8 here, or another coding: what is no text goes on as the bytes that it is.
    Some(match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => value.iter().fold(String::new(), |mut text, byte| {
            match byte.is_ascii() {
                true => text.push(char::from(*byte)),
                false => text.push_str(&format!("%{byte:02X}")),
            }
            text
        }),
    })
}

impl Step {
    /// Turns this step into the next one.
    ///
    /// # Errors
    /// `InvalidUrl` where `location` leads nowhere.
    pub(super) fn follow(&mut self, net: &Net, status: u16, location: &str) -> Result<(), Error> {
        let here = self.url();
        let invalid = |why: &str| {
            let text = format!("{here} redirects to the invalid URL `{location}`: {why}");
            Error::new(ErrorKind::InvalidUrl, text)
        };
        let next = Url::parse(&here)
            .and_then(|here| here.join(location))
            .map_err(|error| invalid(&error.to_string()))?;
        if !matches!(next.scheme(), "http" | "https") {
            return Err(invalid(&format!("the scheme is `{}`, not http or https", next.scheme())));
        }
        let base = net.base(&next[..url::Position::BeforePath])?;
        self.target = origin::join("", &next[url::Position::BeforePath..url::Position::AfterQuery], &[]);
        if !base.origin.is(&self.origin) {
            self.has_secrets = false;
            self.given_auth = None;
            self.auth = None;
        }
        if base.auth.is_some() {
            self.auth = base.auth.clone();
        }
        self.origin = base.origin.clone();
        if becomes_get(status, &self.method) {
            if self.method != Method::HEAD {
                self.method = Method::GET;
            }
            self.body = Bytes::new();
            self.has_content = false;
        }
        Ok(())
    }
}

/// 303 asks for a look at another page; 301 and 302 of a POST mean the same in
/// every browser, whatever they meant once.
fn becomes_get(status: u16, method: &Method) -> bool {
    match status {
        303 => *method != Method::GET && *method != Method::HEAD,
        301 | 302 => *method == Method::POST,
        _ => false,
    }
}
