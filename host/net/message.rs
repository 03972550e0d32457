//! The request message of one hop: headers by default, by script and by jar.
//! Used by `client`.

use std::rc::Rc;

use bytes::Bytes;
use http::Method;

use super::error::{Error, ErrorKind};
use super::head;
use super::origin::{self, Base, Origin};
use super::request::{Auth, Request};
use super::response::{Place, Sent};
use super::upload::Upload;
use super::worker::Net;

/// A body up to this size is written in one piece with its head.
const MOST_JOINED: usize = 16 << 10;

/// What is written to the connection.
pub(super) struct Message {
    /// The head, and the body too where `has_body`.
    pub(super) bytes: Vec<u8>,
    pub(super) has_body: bool,
    /// It asks the server to close the connection.
    pub(super) close: bool,
}

/// The state of a request chain that a redirect changes.
pub(super) struct Step {
    pub(super) method: Method,
    pub(super) origin: Rc<Origin>,
    /// Path and query.
    pub(super) target: Box<str>,
    /// From the URL's `user:password@`.
    pub(super) auth: Option<Rc<str>>,
    /// What the script gave: it comes first, and goes to the first origin only.
    pub(super) given_auth: Option<Rc<str>>,
    /// The `Cookie` header, of the jar and of the request.
    pub(super) cookie: Option<String>,
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
            target: origin::join(prefix, rest, request.params),
            auth: base.auth.clone(),
            given_auth: given_auth(request)?,
            cookie: None,
            body: request.body.clone(),
            has_content: true,
            has_secrets: true,
        })
    }

    /// What is sent of the body beside `body`.
    pub(super) fn upload<'a>(&self, request: &Request<'a>) -> Option<&'a Upload> {
        request.upload.filter(|_| self.has_content)
    }

    /// Without the query.
    pub(super) fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The URL of this step, without credentials.
    pub(super) fn url(&self) -> String {
        format!("{}{}", self.origin.text, self.target)
    }

    /// The message of this step. A script's own `Cookie` header replaces `cookie`.
    ///
    /// # Errors
    /// `InvalidRequest` for a header that cannot be sent.
    pub(super) fn message(&self, net: &Net, request: &Request<'_>) -> Result<Message, Error> {
        let mut bytes = net.buffer();
        match self.write(net, request, &mut bytes) {
            Ok(close) => {
                let has_body = self.body.len() <= MOST_JOINED;
                if has_body {
                    bytes.extend_from_slice(&self.body);
                }
                Ok(Message { bytes, has_body, close })
            }
            Err(error) => {
                net.give_back(bytes);
                Err(error)
            }
        }
    }

    /// Writes the head; whether it asks the server to close.
    fn write(&self, net: &Net, request: &Request<'_>, out: &mut Vec<u8>) -> Result<bool, Error> {
        let given = request.headers;
        let is_given =
            |name: &str| given.iter().any(|(own, _)| own.eq_ignore_ascii_case(name) && self.sends(own));
        let mut put = |parts: &[&str]| parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
        match &self.origin.way.forward {
            None => put(&[self.method.as_str(), " ", &self.target, " HTTP/1.1\r\n"]),
            // To a proxy: RFC 9112, 3.2.2.
            Some(headers) => {
                put(&[self.method.as_str(), " ", &self.origin.text, &self.target, " HTTP/1.1\r\n", headers])
            }
        }
        if given.is_empty() {
            put(&["Host: ", &self.origin.authority, &net.common]);
        } else {
            if !is_given("host") {
                put(&["Host: ", &self.origin.authority, "\r\n"]);
            }
            if !is_given("user-agent") {
                put(&["User-Agent: ", &net.settings.user_agent, "\r\n"]);
            }
            if !is_given("accept") {
                put(&["Accept: */*\r\n"]);
            }
            if !net.settings.accept_encoding.is_empty() && !is_given("accept-encoding") {
                put(&["Accept-Encoding: ", &net.settings.accept_encoding, "\r\n"]);
            }
        }
        // RFC 9110, 8.6: these methods announce that there is nothing.
        if let Some(upload) = self.upload(request) {
            match upload.length() {
                Some(length) => {
                    let mut number = itoa::Buffer::new();
                    put(&["Content-Length: ", number.format(length), "\r\n"]);
                }
                None => put(&["Transfer-Encoding: chunked\r\n"]),
            }
        } else if !self.body.is_empty() || matches!(self.method, Method::POST | Method::PUT | Method::PATCH) {
            let mut number = itoa::Buffer::new();
            put(&["Content-Length: ", number.format(self.body.len()), "\r\n"]);
        }
        if let (true, Some(kind)) = (self.has_content, request.content_type)
            && !is_given("content-type")
        {
            put(&["Content-Type: ", check_value("content-type", kind)?, "\r\n"]);
        }
        if let Some(auth) = self.authorization()
            && !is_given("authorization")
        {
            put(&["Authorization: ", check_value("authorization", auth)?, "\r\n"]);
        }
        if let Some(cookie) = self.cookie.as_deref()
            && !is_given("cookie")
        {
            put(&["Cookie: ", cookie, "\r\n"]);
        }
        let mut close = false;
        for (name, value) in given {
            self.check(request, name, value)?;
            if self.sends(name) {
                if name.eq_ignore_ascii_case("host") {
                    self.check_host(net, value)?;
                }
                put(&[name, ": ", check_value(name, value)?.trim_matches([' ', '\t']), "\r\n"]);
                close |= name.eq_ignore_ascii_case("connection")
                    && head::tokens(value.as_bytes()).any(|token| token.eq_ignore_ascii_case(b"close"));
            }
        }
        put(&["\r\n"]);
        Ok(close)
    }

    /// # Errors
    /// `InvalidRequest` for a script's header that does not fit.
    fn check(&self, request: &Request<'_>, name: &str, value: &str) -> Result<(), Error> {
        let invalid = |text: String| Err(Error::new(ErrorKind::InvalidRequest, text));
        if name.is_empty() || !name.bytes().all(is_token) {
            return invalid(format!("`{}` is no header name", name.escape_debug()));
        }
        let is_length = name.eq_ignore_ascii_case("content-length");
        let is_framing = is_length || name.eq_ignore_ascii_case("transfer-encoding");
        if !is_framing || !self.has_content {
            return Ok(());
        }
        let upload = self.upload(request);
        let length = upload.map_or(Some(self.body.len() as u64), Upload::length);
        let fits = match length {
            Some(length) => is_length && value.trim().parse() == Ok(length),
            None => !is_length && value.trim().eq_ignore_ascii_case("chunked"),
        };
        if fits {
            return Ok(());
        }
        let name = name.to_ascii_lowercase();
        let body = length.map_or_else(|| "sent in chunks".to_owned(), |length| format!("of {length} bytes"));
        invalid(format!("the header `{name}: {value}` does not fit the body {body}"))
    }

    /// Behind one address there may be many hosts: a script's own `Host` must be allowed as well.
    ///
    /// # Errors
    /// `NotAllowed`.
    #[cold]
    fn check_host(&self, net: &Net, named: &str) -> Result<(), Error> {
        let Some(allowed) = &net.settings.allowed else { return Ok(()) };
        let named = named.trim_matches([' ', '\t']);
        let is_allowed = origin::parse(&format!("http://{named}")).is_ok_and(|place| {
            let has_port = named.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
            let port = if has_port { place.origin.port } else { self.origin.port };
            place.prefix.is_empty() && place.auth.is_none() && allowed.allows(&place.origin.host, port)
        });
        if named == &*self.origin.authority || is_allowed {
            return Ok(());
        }
        let text = format!("requests to the host `{named}` are not allowed in this environment");
        Err(Error::new(ErrorKind::NotAllowed, text))
    }

    /// The value of the `Authorization` header.
    pub(super) fn authorization(&self) -> Option<&str> {
        self.given_auth.as_deref().filter(|_| self.has_secrets).or(self.auth.as_deref())
    }

    /// Whether a script's header goes out with this step; those that frame the body are ours.
    fn sends(&self, name: &str) -> bool {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("authorization") || is("cookie") || is("host") {
            return self.has_secrets;
        }
        let is_content = name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"));
        !is("content-length") && !is("transfer-encoding") && (self.has_content || !is_content)
    }

    /// What `Response::request` tells of this step.
    pub(super) fn into_sent(self, request: &Request<'_>, verify: bool) -> Sent {
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
        let is_piecewise = self.upload(request).is_some();
        let length =
            self.upload(request).map_or(self.body.len() as u64, |upload| upload.length().unwrap_or(0));
        let auth = self.given_auth.filter(|_| self.has_secrets).or(self.auth);
        Sent {
            method: self.method,
            body_length: length,
            body: self.body,
            is_piecewise,
            is_http2: false,
            cookie: self.cookie,
            auth,
            verify,
            place: Place::At(self.origin, self.target),
            extra,
        }
    }
}

/// What the request itself says; digest authentication waits for what the server asks.
///
/// # Errors
/// `InvalidRequest` for a token that no header can hold.
fn given_auth(request: &Request<'_>) -> Result<Option<Rc<str>>, Error> {
    Ok(match request.auth {
        None | Some(Auth::Digest { .. }) => None,
        Some(Auth::Basic { user, password }) => Some(origin::basic(user, password)),
        Some(Auth::Bearer(token)) => Some(format!("Bearer {}", check_value("authorization", token)?).into()),
    })
}

/// A byte of a header's name: RFC 9110, 5.6.2.
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The text of a header that can be sent: what is visible, spaces and tabs. RFC 9110, 5.5: beyond ASCII it is opaque,
/// and goes out in UTF-8.
///
/// # Errors
/// `InvalidRequest`. It never shows the value, which may be a secret.
fn check_value<'t>(name: &str, text: &'t str) -> Result<&'t str, Error> {
    let is_control = |byte: u8| byte != b'\t' && byte.is_ascii_control();
    match text.bytes().position(is_control) {
        None => Ok(text),
        Some(at) => Err(cannot_hold(name, text, at)),
    }
}

#[cold]
fn cannot_hold(name: &str, text: &str, at: usize) -> Error {
    let what = match text.as_bytes()[at] {
        b'\n' => "a line feed".to_owned(),
        b'\r' => "a carriage return".to_owned(),
        byte => format!("the control character 0x{byte:02x}"),
    };
    let nth = text[..at].chars().count() + 1;
    let text = format!("the header `{name}` cannot hold {what}, which is character {nth} of its value");
    Error::new(ErrorKind::InvalidRequest, text)
}
