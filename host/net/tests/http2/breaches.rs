//! Servers that break RFC 9113, or use all that it allows.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::server::*;
use super::*;
use crate::net::ErrorKind;

#[test]
fn a_length_that_is_not_kept_is_an_error() {
    run(async {
        // `content-length: 5`, never indexed: RFC 7541, 6.2.3.
        let length = [OK, &[0x0f, 0x0d, 1, b'5']].concat();
        let url = raw(move |_, mut raw| {
            let length = length.clone();
            async move {
                let stream = raw.request().await;
                raw.send(&frame(HEADERS, END_HEADERS, stream, &length)).await;
                raw.send(&frame(DATA, END_STREAM, stream, b"four")).await;
                raw.rest().await;
            }
        })
        .await;
        assert_eq!(kind(&knowing(), get(&url)).await.0, ErrorKind::Body);
    });
}

/// A header without indexing and without Huffman: RFC 7541, 6.2.2.
fn header(name: &str, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, u8::try_from(name.len()).unwrap()];
    bytes.extend(name.bytes());
    let length = value.len();
    if length < 127 {
        bytes.push(length as u8);
    } else {
        bytes.push(127);
        let mut rest = length - 127;
        while rest >= 128 {
            bytes.push((rest % 128) as u8 | 128);
            rest /= 128;
        }
        bytes.push(rest as u8);
    }
    bytes.extend(value);
    bytes
}

#[test]
fn headers_are_bounded() {
    run(async {
        for size in [3000, 9000, 60_000, 400_000] {
            let url = raw(move |_, mut raw| async move {
                let stream = raw.request().await;
                let block = [OK, &header("x-large", &vec![b'x'; size])].concat();
                let mut pieces = block.chunks(16_000);
                raw.send(&frame(HEADERS, END_STREAM, stream, pieces.next().unwrap())).await;
                for piece in pieces {
                    raw.send(&frame(CONTINUATION, 0, stream, piece)).await;
                }
                raw.send(&frame(CONTINUATION, END_HEADERS, stream, &[])).await;
                raw.rest().await;
            })
            .await;
            let client = with(Settings { max_header: 4096, ..Settings::default() });
            let response = client.send(get(&url)).await;
            let kind = response.error.as_ref().map(|error| error.kind);
            assert_eq!(kind, (size > 4096).then_some(ErrorKind::TooLarge), "{size} {:?}", response.error);
        }
    });
}

#[test]
fn headers_without_an_end_are_broken_off() {
    run(async {
        let sent = Rc::new(Cell::new(0));
        let counted = sent.clone();
        let url = raw(move |_, mut raw| {
            let sent = counted.clone();
            async move {
                let stream = raw.request().await;
                raw.send(&frame(HEADERS, 0, stream, OK)).await;
                let piece = frame(CONTINUATION, 0, stream, &header("x", &[b'y'; 100]));
                while raw.tcp.write_all(&piece).await.is_ok() && sent.get() < 64 << 20 {
                    sent.set(sent.get() + piece.len());
                }
            }
        })
        .await;
        let request = Request { timeout: Some(Duration::from_secs(20)), ..get(&url) };
        let (kind, text) = kind(&knowing(), request).await;
        assert!(matches!(kind, ErrorKind::TooLarge | ErrorKind::Protocol), "{kind:?} {text}");
        assert!(sent.get() < 32 << 20, "{}", sent.get());
    });
}

#[test]
fn a_server_without_window_is_waited_for_until_the_time_is_over() {
    run(async {
        let url = raw(|_, mut raw| async move {
            raw.request().await;
            raw.rest().await;
        })
        .await;
        let body = vec![0; 200_000];
        let request = Request {
            body: body.into(),
            timeout: Some(Duration::from_millis(500)),
            ..Request::new(Method::POST, &url)
        };
        let response = knowing().send(request).await;
        assert_eq!(response.error.as_ref().unwrap().kind, ErrorKind::Timeout);
        // RFC 9113, 6.9.2: 65,535 bytes without a word.
        assert!((65_535..70_000).contains(&response.sent_bytes), "{}", response.sent_bytes);
        assert!(response.timings.sending >= Duration::from_millis(100), "{:?}", response.timings);
    });
}

#[test]
fn a_flood_of_pings_leaves_time_for_others() {
    run(async {
        let url = raw(|_, mut raw| async move {
            let ping = frame(PING, 0, 0, &[7; 8]).repeat(200);
            let stream = raw.request().await;
            let begun = Instant::now();
            // Its pongs are not read: the system's buffers fill up, and nothing else.
            while begun.elapsed() < Duration::from_millis(300) {
                let sending = raw.send(&ping);
                if tokio::time::timeout(Duration::from_millis(50), sending).await.is_err() {
                    break;
                }
            }
            let (_, _, _, payload) = loop {
                let frame = raw.frame().await.unwrap();
                if frame.0 == PING {
                    assert_eq!(frame.1, ACK);
                    break frame;
                }
            };
            assert_eq!(payload, [7; 8]);
            tokio::task::spawn_local(async move {
                raw.answer(stream, b"late").await;
                raw.rest().await;
            });
        })
        .await;
        let client = knowing();
        let mut ticks = 0;
        let request = Request { timeout: Some(Duration::from_secs(2)), ..get(&url) };
        let sending = client.send(request);
        let ticking = async {
            loop {
                tokio::time::sleep(Duration::from_millis(5)).await;
                ticks += 1;
            }
        };
        tokio::select! {
            _ = sending => {}
            () = ticking => {}
        }
        assert!(ticks > 5, "{ticks}");
    });
}

#[test]
fn a_server_that_agrees_and_then_speaks_otherwise_is_no_http2() {
    run(async {
        for (said, expected) in [
            ("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", "the server answers in HTTP/1.1, not in HTTP/2"),
            ("220 mail.example.com ready, at your service\r\n", "the server broke HTTP/2: "),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            tokio::task::spawn_local(async move {
                loop {
                    let (mut tcp, _) = listener.accept().await.unwrap();
                    tcp.write_all(said.as_bytes()).await.unwrap();
                    tokio::task::spawn_local(async move {
                        let mut sink = Vec::new();
                        let _ = tokio::io::AsyncReadExt::read_to_end(&mut tcp, &mut sink).await;
                    });
                }
            });
            let (kind, text) = kind(&knowing(), get(&url)).await;
            assert_eq!(kind, ErrorKind::Protocol);
            assert!(text.starts_with(expected), "{text}");
        }
    });
}
