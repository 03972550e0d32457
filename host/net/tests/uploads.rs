//! Bodies that are sent piece by piece.

use std::future::{Future, poll_fn};
use std::io::Write;
use std::pin::pin;
use std::task::Poll;

use http::Method;

use super::super::{Auth, ErrorKind, Part, Upload};
use super::server::{Server, Then, ok, raw};
use super::*;

fn put<'a>(target: &'a str, upload: &'a Upload) -> Request<'a> {
    Request { upload: Some(upload), ..Request::new(Method::PUT, target) }
}

/// Sends, and feeds what `next` gives.
async fn feed(
    client: &Client,
    request: Request<'_>,
    upload: &Upload,
    mut next: impl FnMut() -> Option<Vec<u8>>,
) -> Box<Response> {
    let mut sending = pin!(client.send(request));
    loop {
        let polled = poll_fn(|cx| match sending.as_mut().poll(cx) {
            Poll::Ready(response) => Poll::Ready(Some(response)),
            Poll::Pending if upload.hungry().is_some() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        });
        match polled.await {
            Some(response) => return response,
            None => upload.feed(next().as_deref()),
        }
    }
}

#[test]
fn files_are_sent_with_their_length_also_twice() {
    run(async {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let content: Vec<u8> = (0..300_000u32).flat_map(u32::to_le_bytes).collect();
        file.write_all(&content).unwrap();
        let server = Server::start(|seen| match seen.line() {
            "PUT /again" => raw("HTTP/1.1 307 Again\r\nlocation: /end\r\ncontent-length: 0\r\n\r\n"),
            _ => ok(""),
        })
        .await;
        let client = plain();
        let (length, path) = (content.len() as u64, file.path().to_owned());
        let upload =
            Upload::of(vec![Part::Bytes("<<".into()), Part::File { path, length }, Part::Bytes(">>".into())]);
        let url = format!("{}/again", server.url());
        let response = client.send(put(&url, &upload)).await;
        assert_eq!((response.status, &response.error), (200, &None));
        let whole = [b"<<", &content[..], b">>"].concat();
        for seen in server.seen() {
            assert_eq!(seen.header("content-length"), Some(&*whole.len().to_string()));
            assert!(seen.bytes == whole, "{} bytes", seen.bytes.len());
        }
        assert_eq!(server.seen().len(), 2);
        assert_eq!(response.request.body_length, whole.len() as u64);
    });
}

#[test]
fn a_file_that_shrinks_or_goes_is_an_error() {
    run(async {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"0123456789").unwrap();
        let server = Server::start(|_| ok("")).await;
        let client = plain();
        let url = server.url();
        let path = file.path().to_owned();
        let upload = Upload::of(vec![Part::File { path: path.clone(), length: 11 }]);
        let error = client.send(put(&url, &upload)).await.error.unwrap();
        assert_eq!(error.kind, ErrorKind::InvalidRequest);
        assert!(error.text.contains("became shorter"), "{error}");
        drop(file);
        let upload = Upload::of(vec![Part::File { path, length: 10 }]);
        assert_eq!(client.send(put(&url, &upload)).await.error.unwrap().kind, ErrorKind::InvalidRequest);
    });
}

#[test]
fn chunks_are_sent_as_they_are_given() {
    run(async {
        let server = Server::start(|_| ok("done")).await;
        let client = plain();
        let url = server.url();
        for count in [0usize, 1, 3] {
            let upload = Upload::fed();
            let mut left = count;
            let next = || {
                left = left.checked_sub(1)?;
                Some(vec![b'a' + left as u8; 100_000])
            };
            let response = feed(&client, put(&url, &upload), &upload, next).await;
            assert_eq!((text(&response), &response.error), ("done", &None));
            let seen = server.seen().pop().unwrap();
            assert_eq!(
                (seen.header("transfer-encoding"), seen.header("content-length")),
                (Some("chunked"), None)
            );
            assert_eq!((seen.bytes.len(), seen.connection), (count * 100_000, 0));
        }
    });
}

#[test]
fn a_given_body_is_sent_once() {
    run(async {
        let server = Server::start(|seen| match seen.line() {
            "PUT /redirect" => raw("HTTP/1.1 307 Again\r\nlocation: /end\r\ncontent-length: 0\r\n\r\n"),
            "PUT /other" => raw("HTTP/1.1 303 Look\r\nlocation: /end\r\ncontent-length: 0\r\n\r\n"),
            "PUT /digest" => raw(
                "HTTP/1.1 401 No\r\nwww-authenticate: Digest realm=\"r\", nonce=\"n\"\r\ncontent-length: 0\r\n\r\n",
            ),
            "PUT /closed" => raw("").then(Then::Close),
            _ => ok("end"),
        })
        .await;
        let client = client(Settings { max_retries: 3, ..Settings::default() });
        let base = base(&client, &server.url());
        for (path, kind) in [
            ("/redirect", Some(ErrorKind::InvalidRequest)),
            ("/other", None),
            ("/digest", Some(ErrorKind::InvalidRequest)),
            ("/closed", Some(ErrorKind::Closed)),
        ] {
            let upload = Upload::fed();
            let mut chunks = [b"chunk".to_vec()].into_iter();
            let auth = Some(Auth::Digest { user: "u", password: "p" });
            let request = Request { base: Some(&base), auth, ..put(path, &upload) };
            let response = feed(&client, request, &upload, || chunks.next()).await;
            assert_eq!(response.error.as_ref().map(|error| error.kind), kind, "{path}: {:?}", response.error);
        }
        assert_eq!(server.seen().len(), 5);
    });
}

#[test]
fn an_idle_connection_that_had_ended_costs_no_given_body() {
    run(async {
        let server = Server::start(|_| ok("end").then(Then::Close)).await;
        let client = plain();
        let url = server.url();
        for _ in 0..3 {
            let upload = Upload::fed();
            let mut chunks = [b"chunk".to_vec()].into_iter();
            let response = feed(&client, put(&url, &upload), &upload, || chunks.next()).await;
            assert_eq!((response.status, &response.error), (200, &None));
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert!(server.seen().iter().all(|seen| seen.body == "chunk"));
    });
}
