//! `/events`: server-sent events that count. Part of `http`'s routes.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use axum::http::{Response, StatusCode};
use futures_util::stream;

use super::faults::Injector;
use super::wire::Failure;

/// What the query asks for.
struct Asked {
    /// The number of the last event.
    count: u64,
    interval: Duration,
    /// The stream ends after so many events, as if the connection had broken.
    cut: u64,
    /// Named in a `retry` field, in ms.
    retry: Option<u64>,
}

/// `?count=N&interval=MS&cut=N&retry=MS`: events 1 to `count`, or those after `Last-Event-ID`;
/// where none is left, a 204, at which clients stop.
pub(super) async fn events(request: Request) -> Result<Response<Body>, Failure> {
    let asked = Asked::read(request.uri().query().unwrap_or_default())?;
    let last = request.headers().get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let last: u64 = last.unwrap_or(0);
    if last >= asked.count {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        return Ok(response);
    }
    let end = asked.count.min(last.saturating_add(asked.cut));
    let injector = request.extensions().get::<Arc<Injector>>().cloned();
    let retry = asked.retry.map(|retry| format!("retry: {retry}\n\n"));
    let events = stream::unfold(Some((last, retry)), move |state| {
        let injector = injector.clone();
        async move {
            let (sent, retry) = state?;
            if let Some(retry) = retry {
                return Some((Ok::<_, Infallible>(retry), Some((sent, None))));
            }
            if sent >= end {
                return None;
            }
            if sent > last {
                tokio::time::sleep(asked.interval).await;
            }
            if let Some(injector) = &injector {
                injector.pause().await;
            }
            let number = sent + 1;
            Some((Ok(format!("id: {number}\nevent: count\ndata: {number}\n\n")), Some((number, None))))
        }
    });
    let mut response = Response::new(Body::from_stream(events));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

impl Asked {
    fn read(query: &str) -> Result<Asked, Failure> {
        let mut asked = Asked { count: 10, interval: Duration::from_millis(100), cut: u64::MAX, retry: None };
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let number = || {
                let number = value.parse().ok();
                number.ok_or_else(|| Failure::invalid(format!("`{name}` must be a number, not `{value}`")))
            };
            match &*name {
                "count" => asked.count = number()?,
                "interval" => asked.interval = Duration::from_millis(number()?),
                "cut" => asked.cut = number()?,
                "retry" => asked.retry = Some(number()?),
                _ => return Err(Failure::invalid(format!("unknown parameter `{name}`"))),
            }
        }
        Ok(asked)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::time::{Duration, Instant};

    use crate::demo::probe::{Probe, start};

    /// The whole answer; chunk sizes are left out.
    fn get(addr: std::net::SocketAddr, query: &str, more: &str) -> String {
        let mut tcp = TcpStream::connect(addr).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let request = format!("GET /events{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{more}\r\n");
        tcp.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).unwrap();
        answer
            .lines()
            .filter(|line| !line.bytes().all(|b| b.is_ascii_hexdigit()))
            .map(|line| format!("{line}\n"))
            .collect()
    }

    #[test]
    fn events_count_on_from_the_last_id() {
        let demo = start();
        let whole = get(demo.addr(), "?count=2&interval=0&retry=50", "");
        assert!(whole.contains("content-type: text/event-stream\n"), "{whole}");
        assert!(
            whole.ends_with("retry: 50\nid: 1\nevent: count\ndata: 1\nid: 2\nevent: count\ndata: 2\n"),
            "{whole}"
        );
        let rest = get(demo.addr(), "?count=9&interval=0&cut=1", "Last-Event-ID: 4\r\n");
        assert!(rest.contains("id: 5\n") && !rest.contains("id: 4\n") && !rest.contains("id: 6\n"), "{rest}");
        assert!(get(demo.addr(), "?count=4", "Last-Event-ID: 4\r\n").starts_with("HTTP/1.1 204 "));
        let asked = Instant::now();
        get(demo.addr(), "?count=3&interval=30", "");
        assert!(asked.elapsed() >= Duration::from_millis(60));
        let mut probe = Probe::new(&demo);
        assert_eq!(probe.send("GET", "/events?count=x", None).0, 400);
        assert_eq!(probe.send("GET", "/events?cout=1", None).0, 400);
    }
}
