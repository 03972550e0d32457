//! The request message of one hop: headers by default, by script and by jar.
//! Used by `client`.

use std::rc::Rc;

use bytes::Bytes;
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue,
    TRANSFER_ENCODING, USER_AGENT,
};
use http::uri::{PathAndQuery, Uri};
use http::{Method, Version};
use http_body_util::Full;

use super::error::{Error, ErrorKind};
use super::origin::{self, Base, Origin};
use super::request::Request;
use super::response::{Place, Sent};
use super::worker::Net;

/// What hyper sends.
pub(super) type Message = http::Request<Full<Bytes>>;

/// The state of a request chain that a redirect changes.
pub(super) struct Step {
    pub(super) method: Method,
    pub(super) origin: Rc<Origin>,
    pub(super) target: PathAndQuery,
    /// From the URL's `user:password@`.
    pub(super) auth: Option<HeaderValue>,
    pub(super) body: Bytes,
    /// False once a redirect has turned the request into a GET.
    pub(super) has_content: bool,
    /// False once a redirect has left the first origin.
    pub(super) has_secrets: bool,
}

impl Step {
    /// The first step of a request.
    ///
    /// # Errors
    /// `InvalidUrl`.
    pub(super) fn new(net: &Net, request: &Request<'_>) -> Result<Step, Error> {
        let absolute;
        let (base, prefix, rest): (&Base, &str, &str) = match (origin::split(request.target)?, request.base) {
            (Some((head, rest)), _) => {
                absolute = net.base(head)?;
                (&absolute, "", rest)
            }
            (None, Some(base)) => (base, &base.prefix, request.target),
            (None, None) => {
                let text =
                    format!("invalid URL `{}`: it is relative and there is no base URL", request.target);
                return Err(Error::new(ErrorKind::InvalidUrl, text));
            }
        };
        Ok(Step {
            method: request.method.clone(),
            origin: base.origin.clone(),
            target: origin::join(prefix, rest, request.params)?,
            auth: base.auth.clone(),
            body: request.body.clone(),
            has_content: true,
            has_secrets: true,
        })
    }

    /// The URL of this step, without credentials.
    pub(super) fn url(&self) -> String {
        format!("{}{}", self.origin.text, self.target)
    }

    /// The message of this step. A script's own `Cookie` header replaces
    /// `cookie`, the jar's.
    ///
    /// # Errors
    /// `InvalidRequest` for a header that cannot be sent.
    pub(super) fn message(
        &self,
        net: &Net,
        request: &Request<'_>,
        cookie: Option<HeaderValue>,
    ) -> Result<Message, Error> {
        // Six entries are the largest table of its size; hyper reuses it for
        // the answer's headers.
        let mut headers = HeaderMap::with_capacity(6);
        headers.insert(HOST, self.origin.authority.clone());
        headers.insert(USER_AGENT, net.user_agent.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        // RFC 9110, 8.6: these methods announce that there is nothing; hyper does not.
        if self.body.is_empty() && matches!(self.method, Method::POST | Method::PUT | Method::PATCH) {
            headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        if let (true, Some(kind)) = (self.has_content, request.content_type) {
            headers.insert(CONTENT_TYPE, parse_value("content-type", kind)?);
        }
        if let Some((user, password)) = request.basic_auth
            && self.has_secrets
        {
            headers.insert(AUTHORIZATION, origin::basic(user, password));
        } else if let Some(auth) = &self.auth {
            headers.insert(AUTHORIZATION, auth.clone());
        }
        if let Some(cookie) = cookie {
            headers.insert(COOKIE, cookie);
        }
        if !request.headers.is_empty() {
            self.add(&mut headers, request.headers)?;
        }
        let mut message = http::Request::new(Full::new(self.body.clone()));
        *message.method_mut() = self.method.clone();
        *message.uri_mut() = Uri::from(self.target.clone());
        *message.version_mut() = Version::HTTP_11;
        *message.headers_mut() = headers;
        Ok(message)
    }

    /// Adds the script's headers over the defaults.
    fn add(&self, headers: &mut HeaderMap, given: &[(&str, &str)]) -> Result<(), Error> {
        for (index, (name, text)) in given.iter().enumerate() {
            let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| {
                Error::new(ErrorKind::InvalidRequest, format!("`{}` is no header name", name.escape_debug()))
            })?;
            if !self.sends(&key, text)? {
                continue;
            }
            let value = parse_value(name, text)?;
            if given[..index].iter().any(|(earlier, _)| earlier.eq_ignore_ascii_case(name)) {
                headers.append(key, value);
            } else {
                headers.insert(key, value);
            }
        }
        Ok(())
    }

    /// Whether a script's header goes out with this step.
    fn sends(&self, key: &HeaderName, text: &str) -> Result<bool, Error> {
        match *key {
            CONTENT_LENGTH | TRANSFER_ENCODING if !self.has_content => Ok(false),
            CONTENT_LENGTH if text.trim().parse() == Ok(self.body.len()) => Ok(false),
            CONTENT_LENGTH | TRANSFER_ENCODING => Err(Error::new(
                ErrorKind::InvalidRequest,
                format!("the header `{key}: {text}` does not fit the body of {} bytes", self.body.len()),
            )),
            AUTHORIZATION | COOKIE | HOST => Ok(self.has_secrets),
            _ => Ok(self.has_content || !key.as_str().starts_with("content-")),
        }
    }

    /// What `Response::request` tells of this step.
    pub(super) fn into_sent(self, request: &Request<'_>) -> Sent {
        let mut extra = String::new();
        let mut tell = |name: &str, value: &str| {
            extra.push_str(name);
            extra.push_str(": ");
            extra.push_str(value);
            extra.push('\n');
        };
        if let (true, Some(kind)) = (self.has_content, request.content_type) {
            tell("content-type", kind);
        }
        for (name, value) in request.headers {
            tell(name, value);
        }
        Sent {
            method: self.method,
            body_length: self.body.len(),
            place: Place::At(self.origin, self.target),
            extra,
        }
    }
}

fn parse_value(name: &str, text: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(text).map_err(|_| {
        let text = format!("the header `{name}` cannot hold `{}`", text.escape_debug());
        Error::new(ErrorKind::InvalidRequest, text)
    })
}
