//! Sockets against servers that write exactly the frames that a test says.
#![allow(clippy::unwrap_used)]

mod handshakes;

use std::future::Future;
use std::time::{Duration, Instant};

use http::Method;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::handshake::accept;
use super::*;
use crate::link::TlsOptions;
use crate::net::{Client, ErrorKind, Net, Request, Settings, Tls};

const SECOND: Duration = Duration::from_secs(1);
const LONG: Duration = Duration::from_secs(20);

fn run<T>(test: impl Future<Output = T>) -> T {
    let options = tokio::runtime::LocalOptions::default();
    tokio::runtime::Builder::new_current_thread().enable_all().build_local(options).unwrap().block_on(test)
}

/// Accepts connections, each of which answers the handshake and then does what `then` says.
async fn serve<F>(then: impl Fn(TcpStream) -> F + 'static) -> String
where
    F: Future<Output = ()> + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/chat?room=1", listener.local_addr().unwrap());
    tokio::task::spawn_local(async move {
        loop {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let head = head(&mut tcp).await;
            let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Accept: {}\r\n\r\n",
                accept(key)
            );
            tcp.write_all(answer.as_bytes()).await.unwrap();
            tokio::task::spawn_local(then(tcp));
        }
    });
    url
}

async fn head(tcp: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") {
        assert_ne!(tcp.read_buf(&mut bytes).await.unwrap(), 0);
    }
    String::from_utf8(bytes).unwrap()
}

/// The next frame of the client, unmasked: its first byte, and its payload.
async fn frame(tcp: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let first = tcp.read_u8().await.ok()?;
    let second = tcp.read_u8().await.unwrap();
    assert_eq!(second & 0x80, 0x80, "every frame of a client is masked");
    let length = match second & 0x7f {
        126 => tcp.read_u16().await.unwrap().into(),
        127 => tcp.read_u64().await.unwrap() as usize,
        length => usize::from(length),
    };
    let mut mask = [0; 4];
    tcp.read_exact(&mut mask).await.unwrap();
    let mut data = vec![0; length];
    tcp.read_exact(&mut data).await.unwrap();
    data.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    Some((first, data))
}

async fn dial(url: &str, max_message: usize) -> Handshake {
    let client = Client::new(Net::new(Settings::default(), Tls::new(TlsOptions::default())).unwrap());
    let request = Request { timeout: Some(LONG), ..Request::new(Method::GET, url) };
    client.websocket(request, Offer { protocols: &[], max_message }).await
}

async fn open(url: &str) -> std::rc::Rc<Socket> {
    let handshake = dial(url, 1000).await;
    handshake.socket.unwrap_or_else(|| panic!("{:?}", handshake.response.error))
}

async fn text(socket: &Socket) -> String {
    match socket.receive(Some(LONG)).await {
        Outcome::Done(Message::Text(text)) => text.to_string(),
        other => panic!("{other:?}, {:?}", socket.error()),
    }
}

/// How a socket ends on which the server writes these bytes, then closes the connection.
async fn end_of(bytes: &[u8]) -> (Option<(u16, String)>, Option<(ErrorKind, String)>) {
    let bytes = bytes.to_vec();
    let url = serve(move |mut tcp| {
        let bytes = bytes.clone();
        async move {
            tcp.write_all(&bytes).await.unwrap();
            tcp.shutdown().await.unwrap();
            // Whatever the client has to say to that.
            let _ = tcp.read_to_end(&mut Vec::new()).await;
        }
    })
    .await;
    let socket = open(&url).await;
    assert_eq!(socket.receive(Some(LONG)).await, Outcome::Closed);
    assert!(!socket.is_open() && socket.ended().is_some());
    (socket.close_frame(), socket.error().map(|error| (error.kind, error.text)))
}

#[test]
fn frames_of_the_rfc() {
    // RFC 6455, 5.7: "Hello" in one frame, in two, a ping with "Hello", and a binary message.
    run(async {
        let url = serve(|mut tcp| async move {
            tcp.write_all(b"\x81\x05Hello\x01\x03Hel\x89\x05Hello\x80\x02lo").await.unwrap();
            assert_eq!(frame(&mut tcp).await, Some((0x8a, b"Hello".to_vec())));
            tcp.write_all(b"\x82\x03\x00\xff\x01").await.unwrap();
            assert_eq!(frame(&mut tcp).await, Some((0x81, "Grüße".into())));
            tcp.write_all(b"\x88\x09\x03\xe9going..").await.unwrap();
            assert_eq!(frame(&mut tcp).await, Some((0x88, b"\x03\xe9going..".to_vec())));
        })
        .await;
        let socket = open(&url).await;
        assert_eq!((text(&socket).await, text(&socket).await), ("Hello".into(), "Hello".into()));
        let binary = socket.receive(Some(LONG)).await;
        assert_eq!(binary, Outcome::Done(Message::binary(&b"\x00\xff\x01"[..])));
        assert_eq!(socket.close_frame(), None);
        assert_eq!(socket.send(Message::text("Grüße"), LONG).await, Outcome::Done(()));
        assert_eq!(socket.receive(None).await, Outcome::Closed);
        assert_eq!(socket.close_frame(), Some((1001, "going..".into())));
        assert_eq!(socket.error(), None);
        assert_eq!(socket.send(Message::text("late"), LONG).await, Outcome::Closed);
        assert_eq!(socket.ping(None, LONG).await, Outcome::Closed);
        assert_eq!(socket.counts(), (1, 3));
    });
}

#[test]
fn frames_that_come_with_the_answer() {
    run(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        tokio::task::spawn_local(async move {
            let (mut tcp, _) = listener.accept().await.unwrap();
            let head = head(&mut tcp).await;
            let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
            let answer = format!(
                "HTTP/1.1 101 X\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: {}\r\n\r\n\x01\x03Hel",
                accept(key)
            );
            let rest = [answer.into_bytes(), vec![0x80, 2, b'l']].concat();
            tcp.write_all(&rest).await.unwrap();
            tcp.write_all(b"o").await.unwrap();
            frame(&mut tcp).await;
        });
        assert_eq!(text(&*open(&url).await).await, "Hello");
    });
}

#[test]
fn ends_and_what_they_say() {
    run(async {
        let (no_code, no_frame) = (Some((1005, String::new())), Some((1006, String::new())));
        assert_eq!(end_of(b"\x88\x00").await, (no_code, None));
        let cut = "the server closed the connection without a close frame";
        assert_eq!(end_of(b"").await, (no_frame.clone(), Some((ErrorKind::Closed, cut.into()))));
        assert_eq!(end_of(b"\x81\x05Hel").await, (no_frame.clone(), Some((ErrorKind::Closed, cut.into()))));
        for (bytes, kind, word) in [
            // An HTTP answer where a frame should be: its reserved bits are set.
            (&[b'H', b'T'].repeat(100)[..], ErrorKind::Protocol, "eserved"),
            (b"\xf1\x00", ErrorKind::Protocol, "eserved"),
            (b"\x88\x02\x03\xe7", ErrorKind::Protocol, "a code that no frame"),
            (b"\x88\x02\x03\xed", ErrorKind::Protocol, "a code that no frame"),
            (b"\x88\x02\x03\xee", ErrorKind::Protocol, "a code that no frame"),
            (b"\x83\x00", ErrorKind::Protocol, "protocol"),
            (b"\x80\x00", ErrorKind::Protocol, "ontinue"),
            (b"\x81\x80\x00\x00\x00\x00", ErrorKind::Protocol, "masked"),
            (&[&b"\x89\x7e\x00\x80"[..], &[0; 128]].concat(), ErrorKind::Protocol, "125"),
            (b"\x81\x02\xc3\x28", ErrorKind::Protocol, "UTF-8"),
            (b"\x82\x7e\x03\xe9", ErrorKind::TooLarge, "1001 bytes is larger than 1000"),
            (b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", ErrorKind::TooLarge, "larger"),
        ] {
            let (close, error) = end_of(bytes).await;
            let (found, text) = error.unwrap();
            assert_eq!((close, found), (no_frame.clone(), kind), "{bytes:x?}: {text}");
            assert!(text.contains(word), "{bytes:x?}: {text}");
        }
    });
}

#[test]
fn a_server_is_told_why() {
    run(async {
        for (bytes, code) in
            [(&b"\xf1\x00"[..], 1002), (b"\x81\x02\xc3\x28", 1007), (b"\x82\x7e\x03\xe9", 1009)]
        {
            let (told, heard) = tokio::sync::oneshot::channel();
            let told = std::cell::Cell::new(Some(told));
            let url = serve(move |mut tcp| {
                let told = told.take();
                async move {
                    tcp.write_all(bytes).await.unwrap();
                    let _ = told.unwrap().send(frame(&mut tcp).await);
                    // The client closes it.
                    assert_eq!(tcp.read(&mut [0]).await.unwrap_or(0), 0);
                }
            })
            .await;
            let socket = open(&url).await;
            assert_eq!(socket.receive(None).await, Outcome::Closed);
            let (first, data) = heard.await.unwrap().unwrap();
            assert_eq!((first, u16::from_be_bytes([data[0], data[1]])), (0x88, code), "{bytes:x?}");
        }
    });
}

#[test]
fn a_reset_is_an_end() {
    run(async {
        let url = serve(|tcp| async move { tcp.set_zero_linger().unwrap() }).await;
        let socket = open(&url).await;
        assert_eq!(socket.receive(None).await, Outcome::Closed);
        assert_eq!(socket.error().unwrap().kind, ErrorKind::Closed);
    });
}

#[test]
fn pings_of_an_idle_socket_are_answered() {
    run(async {
        let (done, finished) = tokio::sync::oneshot::channel();
        let done = std::cell::Cell::new(Some(done));
        let url = serve(move |mut tcp| {
            let done = done.take();
            async move {
                for number in 0..50u8 {
                    tcp.write_all(&[0x89, 1, number]).await.unwrap();
                    assert_eq!(frame(&mut tcp).await, Some((0x8a, vec![number])));
                }
                done.unwrap().send(()).unwrap();
                std::future::pending().await
            }
        })
        .await;
        let _socket = open(&url).await;
        // Nobody waits for the socket.
        tokio::time::timeout(LONG, finished).await.unwrap().unwrap();
    });
}

#[test]
fn a_pong_is_waited_for() {
    run(async {
        let url = serve(|mut tcp| async move {
            let (first, data) = frame(&mut tcp).await.unwrap();
            assert_eq!(first, 0x89);
            // One that nobody asked for, and a message: neither is the pong.
            tcp.write_all(b"\x8a\x03old\x81\x02hi").await.unwrap();
            tokio::time::sleep(Duration::from_millis(30)).await;
            tcp.write_all(&[&[0x8a, data.len() as u8], &data[..]].concat()).await.unwrap();
            assert_eq!(frame(&mut tcp).await, Some((0x89, b"mine".to_vec())));
            std::future::pending().await
        })
        .await;
        let socket = open(&url).await;
        let Outcome::Done(time) = socket.ping(None, LONG).await else { panic!() };
        assert!(time >= Duration::from_millis(29), "{time:?}");
        assert_eq!(text(&socket).await, "hi");
        let none = socket.ping(Some("mine".into()), Duration::from_millis(20)).await;
        assert_eq!(none, Outcome::TimedOut);
    });
}

#[test]
fn a_flood_is_held_back() {
    run(async {
        let url = serve(|mut tcp| async move {
            for number in 0..200_u32 {
                let text = format!("{number:03}");
                tcp.write_all(&[b"\x81\x03", text.as_bytes()].concat()).await.unwrap();
            }
            tcp.write_all(b"\x88\x00").await.unwrap();
            frame(&mut tcp).await;
        })
        .await;
        let socket = open(&url).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(socket.is_open(), "the close frame comes behind messages that nobody took yet");
        assert!(socket.counts().1 <= 64);
        for number in 0..200 {
            assert_eq!(text(&socket).await, format!("{number:03}"));
        }
        assert_eq!(socket.receive(None).await, Outcome::Closed);
        assert_eq!(socket.counts().1, 200);
    });
}

#[test]
fn waits_have_ends() {
    run(async {
        let url = serve(|tcp| async move {
            let _open = tcp;
            std::future::pending().await
        })
        .await;
        let socket = open(&url).await;
        assert_eq!(socket.receive(Some(Duration::ZERO)).await, Outcome::TimedOut);
        assert_eq!(socket.receive(Some(Duration::from_millis(20))).await, Outcome::TimedOut);
        // The server never reads: at some point the system takes no more.
        let big = Message::binary(vec![7; 64 << 20]);
        assert_eq!(socket.send(big, Duration::from_millis(50)).await, Outcome::TimedOut);
        assert_eq!(socket.send(Message::text("x"), Duration::from_millis(20)).await, Outcome::TimedOut);
        assert!(socket.is_open());
        let begun = Instant::now();
        socket.leave();
        socket.over().await;
        assert!(begun.elapsed() < LONG && !socket.is_open());
        assert_eq!((socket.error(), socket.close_frame()), (None, Some((1006, String::new()))));
    });
}

#[test]
fn closing_waits_for_the_answer() {
    run(async {
        let url = serve(|mut tcp| async move {
            assert_eq!(frame(&mut tcp).await, Some((0x88, [&3001_u16.to_be_bytes()[..], b"done"].concat())));
            tokio::time::sleep(Duration::from_millis(20)).await;
            tcp.write_all(b"\x81\x02no\x88\x06\x0b\xb9done").await.unwrap();
        })
        .await;
        let socket = open(&url).await;
        socket.close(3001, "done").await;
        assert_eq!(socket.close_frame(), Some((3001, "done".into())));
        assert_eq!(socket.receive(None).await, Outcome::Closed);
        let begun = Instant::now();
        socket.close(1000, "").await;
        socket.leave();
        socket.over().await;
        assert!(begun.elapsed() < SECOND, "it is closed already");
    });
}
