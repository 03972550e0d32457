//! Bodies of both directions over streams, and their windows.

use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::server::Builder;
use http::Response as Answer;

use super::server::{Asked, Server2};
use super::*;
use crate::net::{Error, ErrorKind, Receive, Upload};

#[test]
fn bodies_of_any_size_go_both_ways() {
    run(async {
        let server = Server2::start(Builder::new(), |asked: Asked| async move {
            let body = asked.body.clone();
            asked.ok(body);
        })
        .await;
        let client = knowing();
        let url = server.url();
        // Beyond each window of both sides.
        for size in [1, 16 << 10, (16 << 10) + 1, 70_000, 6 << 20] {
            let body: Bytes = (0..size).map(|at: usize| (at % 251) as u8).collect::<Vec<u8>>().into();
            let request = Request { body: body.clone(), ..Request::new(Method::PUT, &url) };
            let response = client.send(request).await;
            assert!(response.error.is_none() && response.body() == body, "{size}: {:?}", response.error);
        }
        let large = Request { max_body: Some(1000), ..post(&url, "x") };
        assert_eq!(client.send(large).await.status, 200);
        let body: Bytes = vec![0; 2000].into();
        let large = Request { max_body: Some(1000), body: body.clone(), ..get(&url) };
        assert_eq!(client.send(large).await.error.unwrap().kind, ErrorKind::TooLarge);
        let gone = Request { receive: Receive::Discard, body, ..get(&url) };
        let gone = client.send(gone).await;
        assert_eq!((gone.size(), gone.body().len()), (2000, 0));
        assert_eq!(server.log.connections.get(), 1);
    });
}

#[test]
fn a_script_gives_a_body_piece_by_piece() {
    run(async {
        let server = Server2::start(Builder::new(), |asked: Asked| async move {
            let coding = asked.header("transfer-encoding").map(str::to_owned);
            let body = format!("{coding:?} {}", asked.body.len());
            asked.ok(body);
        })
        .await;
        let client = knowing();
        let upload = Upload::fed();
        let url = server.url();
        let request = Request { upload: Some(&upload), ..Request::new(Method::POST, &url) };
        let mut sending = std::pin::pin!(client.send(request));
        let mut chunks = vec![vec![b'a'; 100_000], vec![b'b'; 5], vec![b'c'; 30_000]];
        let response = std::future::poll_fn(|cx| {
            loop {
                match sending.as_mut().poll(cx) {
                    std::task::Poll::Ready(response) => return std::task::Poll::Ready(response),
                    std::task::Poll::Pending if upload.hungry().is_some() => {
                        upload.feed(chunks.pop().as_deref())
                    }
                    std::task::Poll::Pending => return std::task::Poll::Pending,
                }
            }
        })
        .await;
        assert_eq!((&response.error, text(&response)), (&None, "None 130005"));
    });
}

const SIZE: usize = 8 << 20;

/// Until so many bytes are sent, and some time in which there would be more.
async fn settle(sent: &std::cell::Cell<usize>, least: usize) {
    let begun = Instant::now();
    while sent.get() < least && begun.elapsed() < Duration::from_secs(10) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(sent.get() >= least, "{}", sent.get());
    tokio::time::sleep(Duration::from_millis(50)).await;
}

#[test]
fn a_body_that_is_read_late_holds_the_server_back() {
    run(async {
        let sent = Rc::new(std::cell::Cell::new(0usize));
        let counted = sent.clone();
        let server = Server2::start(Builder::new(), move |mut asked: Asked| {
            let sent = counted.clone();
            async move {
                if asked.request.uri().path() == "/small" {
                    return asked.ok("small");
                }
                let mut stream = asked.open(Answer::new(()));
                let mut missing = SIZE;
                while missing > 0 {
                    stream.reserve_capacity(16 << 10);
                    while stream.capacity() == 0 {
                        match std::future::poll_fn(|cx| stream.poll_capacity(cx)).await {
                            Some(Ok(_)) => {}
                            _ => return,
                        }
                    }
                    let part = stream.capacity().min(16 << 10).min(missing);
                    missing -= part;
                    if stream.send_data(vec![1; part].into(), missing == 0).is_err() {
                        return;
                    }
                    sent.set(sent.get() + part);
                }
            }
        })
        .await;
        let client = knowing();
        let url = server.url();
        let mut response = client.send(Request { receive: Receive::Stream, ..get(&url) }).await;
        assert_eq!((response.status, response.version()), (200, Some("2")));
        settle(&sent, 1 << 19).await;
        assert!(sent.get() <= 1 << 20, "{}", sent.get());
        // Meanwhile the connection has room for others, however many are held back.
        let mut others = Vec::new();
        for _ in 0..6 {
            others.push(client.send(Request { receive: Receive::Stream, ..get(&url) }).await);
        }
        settle(&sent, 6 << 20).await;
        let small = format!("{url}/small");
        let between = client.send(get(&small)).await;
        assert_eq!((&between.error, text(&between)), (&None, "small"));
        drop(others);
        let mut read = 0;
        while let Some(download) = response.take_download() {
            let mut chunk = Vec::new();
            if let Some(download) = client.read(download, &mut chunk).await.unwrap() {
                read += chunk.len();
                response.put_download(download, chunk.len());
            }
        }
        assert_eq!(read, SIZE);
        // One that is left ends its stream, not the connection.
        let mut left = client.send(Request { receive: Receive::Stream, ..get(&url) }).await;
        drop(left.take_download());
        drop(left);
        let error: Option<Error> =
            client.send(Request { receive: Receive::Discard, ..get(&url) }).await.error;
        assert_eq!((error, server.log.connections.get()), (None, 1));
    });
}
