//! HTTP requests of e2e's own: what an output sends. Used by those that send to a URL.

use std::error::Error;
use std::time::{Duration, Instant};

use reqwest::blocking::Client;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{StatusCode, Url};

use super::super::target::reason;
use super::Trouble;
use crate::config::Outlet;
use crate::exit::Exit;
use crate::fault::Fault;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two attempts at the end.
const PAUSE: Duration = Duration::from_millis(300);

pub(super) struct Post {
    client: Client,
    url: Url,
}

impl Post {
    /// # Errors
    /// A URL or a header that cannot be used.
    pub(super) fn new(outlet: &Outlet, url: Url, headers: &[(String, String)]) -> Result<Post, Fault> {
        let refused =
            |why: String| Fault::new(Exit::Config, format!("--out {outlet} cannot be used")).why(why);
        // Another part of the process may have chosen it already; it is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            let name = HeaderName::try_from(name.as_str()).map_err(|why| refused(why.to_string()))?;
            let mut value = HeaderValue::try_from(value.as_str()).map_err(|why| refused(why.to_string()))?;
            value.set_sensitive(true);
            all.insert(name, value);
        }
        let mut builder = Client::builder()
            .user_agent(concat!("e2e/", env!("CARGO_PKG_VERSION")))
            .default_headers(all)
            .connect_timeout(PATIENCE);
        // As for the requests of scripts: a proxy from a variable is not meant for this machine.
        if url.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]")) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|why| refused(chain(&why)))?;
        Ok(Post { client, url })
    }

    /// Sends once.
    pub(super) fn send(&self, body: Vec<u8>, headers: &[(&'static str, &str)]) -> Result<(), Trouble> {
        self.attempt(body, headers, PATIENCE).map_err(|(trouble, _)| trouble)
    }

    /// Sends until it is taken, or it is too late.
    pub(super) fn insist(
        &self,
        body: &[u8],
        headers: &[(&'static str, &str)],
        deadline: Instant,
    ) -> Result<(), Trouble> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let sent = self.attempt(body.to_vec(), headers, left.min(PATIENCE));
            match sent {
                Ok(()) => return Ok(()),
                // Half a second to tell of it.
                Err((_, true)) if left > PAUSE + Duration::from_millis(500) => std::thread::sleep(PAUSE),
                Err((trouble, _)) => return Err(trouble),
            }
        }
    }

    /// The error says, too, whether another attempt may go better.
    fn attempt(
        &self,
        body: Vec<u8>,
        headers: &[(&'static str, &str)],
        patience: Duration,
    ) -> Result<(), (Trouble, bool)> {
        let mut request = self.client.post(self.url.clone()).timeout(patience).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let trouble = |why: String, help: &str| Trouble { why, help: Some(help.to_owned()), lost: 0 };
        match request.send() {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(response) => {
                let status = response.status();
                let help = match status {
                    StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                        "check user and password, or the token"
                    }
                    StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => "check the path of the URL",
                    status if status.is_server_error() => "look at its log",
                    _ => "check the URL",
                };
                let text = response.text().unwrap_or_default();
                let said = text.lines().next().unwrap_or_default().chars().take(200).collect::<String>();
                let said = if said.is_empty() { String::new() } else { format!(": {said}") };
                let again = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
                Err((trouble(format!("it answered {status}{said}"), help), again))
            }
            Err(error) if error.is_timeout() => {
                let seconds = patience.as_secs_f64().ceil();
                Err((trouble(format!("no answer within {seconds} s"), "is the receiver overloaded?"), true))
            }
            Err(error) => Err((trouble(chain(&error.without_url()), "does it listen there?"), true)),
        }
    }
}

/// The innermost reason, which is what people can act on.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut inner: &(dyn Error + 'static) = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    match inner.downcast_ref::<std::io::Error>() {
        Some(io) => reason(io),
        None => inner.to_string().split(" (os error").next().unwrap_or_default().to_lowercase(),
    }
}
