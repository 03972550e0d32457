//! How streams and connections end, and what is sent again then.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::server::*;
use super::*;
use crate::net::{ErrorKind, Receive};

fn goaway(last: u32, reason: u32) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[last.to_be_bytes(), reason.to_be_bytes()].concat())
}

fn reset(stream: u32, reason: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &reason.to_be_bytes())
}

const NO_ERROR: u32 = 0;
const INTERNAL_ERROR: u32 = 2;
const REFUSED_STREAM: u32 = 7;
const HTTP_1_1_REQUIRED: u32 = 0xd;

/// RFC 9113, 8.7: what was not processed may be sent again, whatever its method.
#[test]
fn what_the_server_did_not_take_is_sent_again_over_another_connection() {
    run(async {
        let url = raw(|number, mut raw| async move {
            let stream = raw.request().await;
            if number == 0 {
                raw.answer(stream, b"first").await;
                let stream = raw.request().await;
                raw.send(&goaway(stream - 2, NO_ERROR)).await;
            } else {
                raw.answer(stream, format!("on {number}").as_bytes()).await;
            }
            raw.rest().await;
        })
        .await;
        let client = knowing();
        assert_eq!(text(&*client.send(post(&url, "1")).await), "first");
        let again = client.send(post(&url, "2")).await;
        assert_eq!((&again.error, text(&again), again.retries), (&None, "on 1", 0));
    });
}

#[test]
fn it_is_sent_again_once() {
    run(async {
        let connections = Rc::new(Cell::new(0));
        let counted = connections.clone();
        let url = raw(move |number, mut raw| {
            counted.set(number + 1);
            async move {
                raw.request().await;
                raw.send(&goaway(0, NO_ERROR)).await;
                raw.rest().await;
            }
        })
        .await;
        let (kind, text) = kind(&knowing(), post(&url, "1")).await;
        assert_eq!(kind, ErrorKind::Closed);
        assert_eq!(text, "the server closed the connection before it took the request (GOAWAY NO_ERROR)");
        assert_eq!(connections.get(), 2);
    });
}

#[test]
fn a_refused_stream_is_sent_again_and_another_reset_is_not() {
    run(async {
        for (reason, sent, expected) in [
            (REFUSED_STREAM, 2, "done"),
            (INTERNAL_ERROR, 1, "the server reset the stream (INTERNAL_ERROR)"),
            (
                HTTP_1_1_REQUIRED,
                1,
                "the server wants HTTP/1.1 for this (HTTP_1_1_REQUIRED): set `settings.http2` to false",
            ),
        ] {
            let seen = Rc::new(Cell::new(0));
            let counted = seen.clone();
            let url = raw(move |number, mut raw| {
                let seen = counted.clone();
                assert_eq!(number, 0, "the connection is as good as before");
                async move {
                    loop {
                        let stream = raw.request().await;
                        seen.set(seen.get() + 1);
                        if seen.get() == 1 {
                            raw.send(&reset(stream, reason)).await;
                        } else {
                            raw.answer(stream, b"done").await;
                        }
                    }
                }
            })
            .await;
            let client = knowing();
            let response = client.send(post(&url, "x")).await;
            let told = response.error.as_ref().map_or(text(&response), |error| &error.text);
            assert_eq!((told, seen.get()), (expected, sent));
            assert_eq!(text(&*client.send(post(&url, "x")).await), "done");
        }
    });
}

#[test]
fn streams_below_a_goaway_go_on_and_new_ones_go_elsewhere() {
    run(async {
        let url = raw(|number, mut raw| async move {
            let stream = raw.request().await;
            if number == 0 {
                raw.send(&frame(HEADERS, END_HEADERS, stream, OK)).await;
                raw.send(&goaway(stream, NO_ERROR)).await;
                tokio::time::sleep(Duration::from_millis(50)).await;
                raw.send(&frame(DATA, END_STREAM, stream, b"whole")).await;
            } else {
                raw.answer(stream, b"elsewhere").await;
            }
            raw.rest().await;
        })
        .await;
        let client = knowing();
        assert_eq!(text(&*client.send(get(&url)).await), "whole");
        let next = client.send(get(&url)).await;
        assert_eq!(text(&next), "elsewhere");
        assert!(next.timings.connecting > Duration::ZERO);
    });
}

/// Browsers take it for the end of the body as well, unless less has come than was announced.
#[test]
fn a_stream_that_is_reset_without_an_error_is_over() {
    run(async {
        // `content-length: 5` and `6`, as literals without indexing with the static table's name 28.
        for (length, is_whole) in [(None, true), (Some(b'5'), true), (Some(b'6'), false)] {
            let url = raw(move |_, mut raw| async move {
                for _ in 0..3 {
                    let stream = raw.request().await;
                    let told = length.map_or(OK.to_vec(), |digit| [OK, &[0x0f, 0x0d, 1, digit]].concat());
                    let head = frame(HEADERS, END_HEADERS, stream, &told);
                    let data = frame(DATA, 0, stream, b"whole");
                    raw.send(&[head, data, reset(stream, NO_ERROR)].concat()).await;
                }
                raw.rest().await;
            })
            .await;
            let client = knowing();
            for receive in [Receive::Keep, Receive::Discard] {
                let response = client.send(Request { receive, ..get(&url) }).await;
                assert_eq!((response.error.is_none(), response.size()), (is_whole, 5), "{length:?}");
            }
            let mut response = client.send(Request { receive: Receive::Stream, ..get(&url) }).await;
            let (mut read, mut outcome) = (Vec::new(), Ok(()));
            while let Some(download) = response.take_download() {
                let held = read.len();
                match client.read(download, &mut read).await {
                    Ok(Some(download)) => response.put_download(download, read.len() - held),
                    Ok(None) => {}
                    Err(error) => outcome = Err(error),
                }
            }
            assert_eq!((outcome.is_ok(), &*read), (is_whole, &b"whole"[..]), "{length:?}: {outcome:?}");
        }
    });
}

#[test]
fn a_body_that_breaks_off_is_an_error_with_what_came() {
    run(async {
        for (what, expected) in [
            (reset(1, INTERNAL_ERROR), "the body ended early: the server reset the stream (INTERNAL_ERROR)"),
            (vec![], "the body ended early: the server closed the connection"),
        ] {
            let url = raw(move |_, mut raw| {
                let what = what.clone();
                async move {
                    let stream = raw.request().await;
                    raw.send(&frame(HEADERS, END_HEADERS, stream, OK)).await;
                    raw.send(&frame(DATA, 0, stream, b"half")).await;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    raw.send(&what).await;
                    if what.is_empty() {
                        raw.tcp.shutdown().await.unwrap();
                    }
                    raw.rest().await;
                }
            })
            .await;
            let response = knowing().send(get(&url)).await;
            let error = response.error.as_ref().unwrap();
            assert_eq!((error.kind, &*error.text), (ErrorKind::Body, expected));
            assert_eq!((response.status, text(&response)), (200, "half"));
        }
    });
}

#[test]
fn a_connection_that_is_half_open_is_left_once_a_ping_was_not_answered() {
    run(async {
        let url = raw(|number, mut raw| async move {
            let stream = raw.request().await;
            raw.answer(stream, format!("on {number}").as_bytes()).await;
            // Deaf, but there.
            std::future::pending::<()>().await;
        })
        .await;
        let client = knowing();
        let short = || Request { timeout: Some(Duration::from_millis(200)), ..get(&url) };
        assert_eq!(text(&*client.send(short()).await), "on 0");
        tokio::time::sleep(Duration::from_millis(20)).await;
        // The first asks whether anybody is there, the second has no answer to that.
        assert_eq!(client.send(short()).await.error.unwrap().kind, ErrorKind::Timeout);
        assert_eq!(client.send(short()).await.error.unwrap().kind, ErrorKind::Timeout);
        assert_eq!(text(&*client.send(short()).await), "on 1");
    });
}

#[test]
fn a_slow_server_keeps_its_connection_over_any_number_of_timeouts() {
    run(async {
        // h2 answers pings by itself.
        let server = Server2::start(h2::server::Builder::new(), |asked| async move {
            if asked.request.uri().path() == "/slow" {
                tokio::time::sleep(Duration::from_secs(60)).await;
            }
            asked.ok("quick");
        })
        .await;
        let client = knowing();
        let (slow, quick) = (format!("{}/slow", server.url()), format!("{}/quick", server.url()));
        let given_up = || Request { timeout: Some(Duration::from_millis(100)), ..get(&slow) };
        for _ in 0..4 {
            assert_eq!(client.send(given_up()).await.error.unwrap().kind, ErrorKind::Timeout);
        }
        let several = (0..4).map(|_| given_up()).collect();
        for response in together(&client, several).await {
            assert_eq!(response.error.as_ref().unwrap().kind, ErrorKind::Timeout);
        }
        assert_eq!(text(&*client.send(get(&quick)).await), "quick");
        assert_eq!(server.log.connections.get(), 1);
    });
}

#[test]
fn a_connection_that_ended_while_idle_is_replaced_for_any_method() {
    run(async {
        let url = raw(|number, mut raw| async move {
            let stream = raw.request().await;
            raw.answer(stream, format!("on {number}").as_bytes()).await;
            let _ = raw.tcp.shutdown().await;
        })
        .await;
        let client = knowing();
        for number in 0..5 {
            let response = client.send(post(&url, "x")).await;
            assert_eq!((&response.error, text(&response)), (&None, &*format!("on {number}")));
            if number % 2 == 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    });
}

#[test]
fn a_client_that_goes_says_so() {
    run(async {
        let left = Rc::new(Cell::new(false));
        let seen = left.clone();
        let url = raw(move |_, mut raw| {
            let left = seen.clone();
            async move {
                let stream = raw.request().await;
                raw.answer(stream, b"once").await;
                left.set(raw.rest().await.iter().any(|(kind, ..)| *kind == GOAWAY));
            }
        })
        .await;
        let client = knowing();
        assert_eq!(text(&*client.send(get(&url)).await), "once");
        drop(client);
        for _ in 0..200 {
            if left.get() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("no GOAWAY");
    });
}

#[test]
fn a_failure_to_connect_is_told_to_all_who_wait() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let client = knowing();
        let (first, second) = tokio::join!(client.send(get(&url)), client.send(get(&url)));
        for response in [first, second] {
            assert_eq!(response.error.unwrap().kind, ErrorKind::Connect);
        }
    });
}
