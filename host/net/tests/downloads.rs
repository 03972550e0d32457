//! Bodies that are read chunk by chunk.

use std::time::Duration;

use super::super::coding::Coding;
use super::super::{Error, ErrorKind, Fate, Receive};
use super::server::{Server, Then, coded, ok, pieces, raw};
use super::*;

fn stream(target: &str) -> Request<'_> {
    Request { receive: Receive::Stream, ..get(target) }
}

/// All chunks, and how it ended.
async fn drain(client: &Client, response: &mut Response) -> (Vec<Vec<u8>>, Result<(), Error>) {
    let mut chunks = Vec::new();
    while let Some(download) = response.take_download() {
        let mut chunk = Vec::new();
        match client.read(download, &mut chunk).await {
            Ok(Some(download)) => {
                response.put_download(download, chunk.len());
                chunks.push(chunk);
            }
            Ok(None) => {}
            Err(error) => return (chunks, Err(error)),
        }
    }
    (chunks, Ok(()))
}

#[test]
fn the_response_is_there_before_its_body() {
    run(async {
        let server = Server::start(|seen| match seen.nth {
            0 => raw("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab").then(Then::Hang),
            _ => ok(""),
        })
        .await;
        let client = plain();
        let url = server.url();
        let request = Request { timeout: Some(Duration::from_millis(300)), ..stream(&url) };
        let mut response = client.send(request).await;
        assert_eq!((response.status, response.size(), response.fate()), (200, 0, Fate::Streamed));
        assert!(response.is_streaming() && response.body().is_empty());
        // The rest of it is waited for as long as the request's timeout says.
        let (chunks, end) = drain(&client, &mut response).await;
        assert_eq!(chunks, [b"ab"]);
        assert_eq!(end.unwrap_err().kind, ErrorKind::Timeout);
        assert_eq!(response.size(), 2);
    });
}

#[test]
fn chunks_come_as_they_arrive_and_the_connection_is_kept() {
    run(async {
        let gzip = Coding::Gzip.encode(&[b'x'; 300_000], &mut || Ok::<(), ()>(())).unwrap();
        let server = Server::start(move |seen| match seen.line() {
            "GET /chunked" => pieces(&[
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nWi",
                "ki\r\n5\r\nped",
                "ia\r\n0\r\n\r\n",
            ]),
            "GET /coded" => coded("content-encoding: gzip\r\n", &gzip),
            "GET /empty" => coded("content-encoding: br\r\n", b""),
            "GET /redirect" => {
                raw("HTTP/1.1 302 Found\r\nlocation: /chunked\r\ncontent-length: 3\r\n\r\nbye")
            }
            _ => ok(&"y".repeat(1_000_000)),
        })
        .await;
        let client = plain();
        let base = base(&client, &server.url());
        for (path, size) in
            [("/chunked", 9), ("/coded", 300_000), ("/empty", 0), ("/redirect", 9), ("/large", 1_000_000)]
        {
            let mut response = client.send(Request { base: Some(&base), ..stream(path) }).await;
            assert_eq!((response.status, &response.error), (200, &None), "{path}");
            let (chunks, end) = drain(&client, &mut response).await;
            assert_eq!((end, response.size()), (Ok(()), size), "{path}");
            assert!(chunks.iter().all(|chunk| !chunk.is_empty() && chunk.len() <= 256 << 10), "{path}");
            assert_eq!(chunks.concat().len() as u64, size);
        }
        let connections: Vec<_> = server.seen().iter().map(|seen| seen.connection).collect();
        assert_eq!(connections, [0; 6]);
    });
}

#[test]
fn a_body_that_breaks_off_is_an_error_at_its_end() {
    run(async {
        let gzip = Coding::Gzip.encode(&[b'x'; 1000], &mut || Ok::<(), ()>(())).unwrap();
        let server = Server::start(move |seen| match seen.line() {
            "GET /cut" => raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").then(Then::Close),
            "GET /chunk" => raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
            "GET /close" => raw("HTTP/1.1 200 OK\r\n\r\nto the end").then(Then::Close),
            _ => coded("content-encoding: gzip\r\n", &gzip[..gzip.len() - 9]),
        })
        .await;
        let client = plain();
        let base = base(&client, &server.url());
        for (path, kind) in [
            ("/cut", Some(ErrorKind::Body)),
            ("/chunk", Some(ErrorKind::Body)),
            ("/gzip", Some(ErrorKind::Body)),
            ("/close", None),
        ] {
            let mut response = client.send(Request { base: Some(&base), ..stream(path) }).await;
            let (_, end) = drain(&client, &mut response).await;
            assert_eq!(end.err().map(|error| error.kind), kind, "{path}");
        }
    });
}

#[test]
fn who_leaves_early_closes_the_connection() {
    run(async {
        let server = Server::start(|_| ok(&"y".repeat(1_000_000))).await;
        let client = plain();
        let url = server.url();
        for connection in 0..3 {
            let mut response = client.send(stream(&url)).await;
            let mut chunk = Vec::new();
            let download = response.take_download().unwrap();
            assert!(client.read(download, &mut chunk).await.unwrap().is_some());
            drop(response);
            assert_eq!(server.seen().last().unwrap().connection, connection);
        }
    });
}
