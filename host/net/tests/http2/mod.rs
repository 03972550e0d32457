//! HTTP/2, against servers of h2's own and such as send exactly the frames of a test.

mod bodies;
mod breaches;
mod endings;
pub(super) mod server;
mod streams;

use std::future::Future;
use std::sync::Arc;

use rustls::ServerConfig;

use super::*;
use crate::link::Http2;
use server::Asked;

fn speaking(http2: Http2) -> Client {
    linked(Link { http2, ..Link::default() })
}

fn knowing() -> Client {
    speaking(Http2::PriorKnowledge)
}

fn with(settings: Settings) -> Client {
    let link = Link { http2: Http2::PriorKnowledge, ..Link::default() };
    client(Settings { link: Arc::new(link), ..settings })
}

/// How a request fails.
async fn kind(client: &Client, request: Request<'_>) -> (super::super::ErrorKind, String) {
    let error = client.send(request).await.error.unwrap();
    (error.kind, error.text)
}

async fn echo(asked: Asked) {
    let text =
        format!("{} {} {}", asked.connection, asked.request.uri(), String::from_utf8_lossy(&asked.body));
    asked.ok(text);
}

/// All of them, as `http.batch` sends them.
async fn together<'c>(client: &'c Client, requests: Vec<Request<'c>>) -> Vec<Box<Response>> {
    let sends = requests.into_iter().map(|request| client.send(request));
    futures(sends.collect()).await
}

async fn futures<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    let mut futures: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|cx| {
        let mut is_pending = false;
        for (future, done) in futures.iter_mut().filter(|(_, done)| done.is_none()) {
            match future.as_mut().poll(cx) {
                std::task::Poll::Ready(value) => *done = Some(value),
                std::task::Poll::Pending => is_pending = true,
            }
        }
        if is_pending { std::task::Poll::Pending } else { std::task::Poll::Ready(()) }
    })
    .await;
    futures.into_iter().map(|(_, done)| done.unwrap()).collect()
}

fn alpn(config: Arc<ServerConfig>, protocols: &[&str]) -> Arc<ServerConfig> {
    let mut config = ServerConfig::clone(&config);
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}
