//! Who may ask for what: the name that the page is asked under, login and token, and that no other site's page asks.
//! Around all routes.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    AUTHORIZATION, COOKIE, HOST, LOCATION, ORIGIN, REFERER, SET_COOKIE, USER_AGENT, WWW_AUTHENTICATE,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};
use url::{Url, form_urlencoded};

use super::answers::refusal;
use super::headers;
use super::server::Options;

/// Bytes of a request's body.
const MOST_BODY: usize = 64 << 10;
/// How long it may take to come.
const BODY_TIME: Duration = Duration::from_secs(10);
/// What a wrong password costs.
const WRONG: Duration = Duration::from_millis(500);

/// What Locust changes by GET.
const CHANGING: [&str; 2] = ["/stop", "/stats/reset"];

pub(super) struct Gate {
    /// The name that was given for the address, if it is one.
    name: String,
    login: Option<[u8; 32]>,
    token: Option<[u8; 32]>,
    has_login: bool,
    /// Name and value of what a browser gets once it has shown the token.
    cookie: (String, String),
}

impl Gate {
    pub(super) fn new(options: &Options, addr: SocketAddr) -> Gate {
        let secret: [u8; 16] = rand::random();
        let secret = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        Gate {
            name: options.host.trim().to_ascii_lowercase(),
            login: options.login.as_ref().map(|(user, password)| hash(&format!("{user}:{password}"))),
            token: options.token.as_ref().map(|token| hash(token)),
            has_login: options.login.is_some(),
            // Cookies know no ports.
            cookie: (format!("e2e-{}", addr.port()), secret),
        }
    }

    fn is_guarded(&self) -> bool {
        self.login.is_some() || self.token.is_some()
    }

    /// Whether it is asked for under a name of its own. Another site's name may lead here, too; but not its password.
    fn knows(&self, host: &str) -> bool {
        let name = split(host).0.to_ascii_lowercase();
        let is_loopback = name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        self.is_guarded() || is_loopback || name == "localhost" || name == self.name
    }

    fn admits(&self, headers: &HeaderMap) -> Result<(), Refused> {
        if !self.is_guarded() {
            return Ok(());
        }
        let shown = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut cookies =
            shown.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        if cookies.any(|(name, value)| name == self.cookie.0 && is_same(&hash(value), &hash(&self.cookie.1)))
        {
            return Ok(());
        }
        let Some(given) = headers.get(AUTHORIZATION) else { return Err(Refused::Missing) };
        let given = given.to_str().unwrap_or_default();
        let (scheme, value) = given.split_once(' ').unwrap_or((given, ""));
        let (expected, value) = match scheme.to_ascii_lowercase().as_str() {
            "bearer" => (self.token, value.trim().to_owned()),
            "basic" => {
                let plain = STANDARD.decode(value.trim()).unwrap_or_default();
                (self.login, String::from_utf8_lossy(&plain).into_owned())
            }
            _ => (None, String::new()),
        };
        match expected {
            Some(expected) if is_same(&expected, &hash(&value)) => Ok(()),
            _ => Err(Refused::Wrong),
        }
    }

    /// A browser that comes with the token gets a cookie, and the token out of its address line.
    fn welcome(&self, query: &str) -> Option<Response> {
        let token = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "token")?.1;
        if !self.token.is_some_and(|expected| is_same(&expected, &hash(&token))) {
            return None;
        }
        let (name, value) = &self.cookie;
        let cookie = format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/");
        let headers =
            [(SET_COOKIE, HeaderValue::from_str(&cookie).ok()?), (LOCATION, HeaderValue::from_static("/"))];
        Some((StatusCode::SEE_OTHER, headers).into_response())
    }

    fn challenge(&self) -> Response {
        let what = match (self.has_login, self.token.is_some()) {
            (true, false) => "this page wants a login",
            (false, _) => {
                "this page wants a token: open /?token=TOKEN, or send `Authorization: Bearer TOKEN`"
            }
            (true, true) => "this page wants a login or a token",
        };
        let mut response = refusal(StatusCode::UNAUTHORIZED, what);
        let scheme =
            if self.has_login { "Basic realm=\"e2e\", charset=\"UTF-8\"" } else { "Bearer realm=\"e2e\"" };
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
        response
    }
}

#[derive(Debug, PartialEq)]
enum Refused {
    Missing,
    Wrong,
}

pub(super) async fn guard(State(gate): State<Arc<Gate>>, request: Request, next: Next) -> Response {
    let mut response = match judge(&gate, request).await {
        Ok(request) => next.run(request).await,
        Err(response) => response,
    };
    headers::set(response.headers_mut());
    response
}

/// The request with its whole body, or why it is none of ours.
async fn judge(gate: &Gate, request: Request) -> Result<Request, Response> {
    let hosts: Vec<&HeaderValue> = request.headers().get_all(HOST).iter().collect();
    let host = match hosts[..] {
        [host] => host.to_str().unwrap_or_default().to_owned(),
        _ => return Err(refusal(StatusCode::BAD_REQUEST, "a request has one Host header")),
    };
    if !gate.knows(&host) {
        let what = "this page is not known under that name: open it as http://127.0.0.1 or localhost, or start e2e with \
                    --web-login or --web-token";
        return Err(refusal(StatusCode::MISDIRECTED_REQUEST, what));
    }
    let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
    if let Err(refused) = gate.admits(request.headers()) {
        if let Some(welcome) = gate.welcome(query).filter(|_| path == "/") {
            return Err(welcome);
        }
        if refused == Refused::Wrong || query.contains("token=") {
            tokio::time::sleep(WRONG).await;
        }
        return Err(gate.challenge());
    }
    let is_look = matches!(*request.method(), Method::GET | Method::HEAD);
    let is_change = !is_look || CHANGING.contains(&path.trim_end_matches('/'));
    // A link from elsewhere may lead to the page, and nowhere else.
    let is_wanted = if is_change {
        is_own_change(request.headers(), &host)
    } else {
        path == "/" || is_own_look(request.headers())
    };
    if !is_wanted {
        return Err(refusal(StatusCode::FORBIDDEN, "another site's page may not do that"));
    }
    let (parts, body) = request.into_parts();
    let body = match tokio::time::timeout(BODY_TIME, to_bytes(body, MOST_BODY)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return Err(refusal(StatusCode::PAYLOAD_TOO_LARGE, "a body has at most 64 KiB")),
        Err(_) => return Err(refusal(StatusCode::REQUEST_TIMEOUT, "the body did not come")),
    };
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// A header's text; None where there is none.
fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or_default())
}

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Browsers say who makes them ask; other programs ask for themselves.
fn is_own_change(headers: &HeaderMap, host: &str) -> bool {
    let site = text(headers, FETCH_SITE);
    if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        return false;
    }
    if let Some(origin) = text(headers, ORIGIN) {
        return is_own(origin, host);
    }
    match (site, text(headers, REFERER)) {
        (Some(_), _) => true,
        (None, Some(referer)) => is_own(referer, host),
        // No page can take this out of what its browser sends.
        (None, None) => !text(headers, USER_AGENT).is_some_and(|agent| agent.starts_with("Mozilla/")),
    }
}

fn is_own_look(headers: &HeaderMap) -> bool {
    text(headers, FETCH_SITE).is_none_or(|site| matches!(site, "same-origin" | "none"))
}

/// Whether a URL is of the site that `host` names.
fn is_own(url: &str, host: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    let (name, port) = split(host);
    let own =
        url.host_str().map(|name| name.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase());
    let usual = match url.scheme() {
        "http" => 80,
        "https" => 443,
        _ => return false,
    };
    own.as_deref() == Some(&*name.to_ascii_lowercase())
        && url.port().unwrap_or(usual) == port.unwrap_or(usual)
}

/// Name and port of a `Host` header.
fn split(host: &str) -> (&str, Option<u16>) {
    if let Some(rest) = host.strip_prefix('[') {
        return match rest.split_once(']') {
            Some((name, rest)) => (name, rest.strip_prefix(':').and_then(|port| port.parse().ok())),
            None => ("", None),
        };
    }
    match host.rsplit_once(':') {
        Some((name, port)) => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => ("", None),
        },
        None => (host, None),
    }
}

fn hash(text: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    bytes
}

/// In the same time whatever the difference.
fn is_same(a: &[u8; 32], b: &[u8; 32]) -> bool {
    a.iter().zip(b).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}
