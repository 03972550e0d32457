//! Proxies that lead every name to this machine: HTTP CONNECT and SOCKS5.

use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// What a proxy was asked, one text a connection.
pub struct Proxy {
    pub port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// CONNECT; `answer` is sent instead of a tunnel, if there is one.
    pub async fn http(answer: Option<&'static str>) -> Proxy {
        Proxy::start(move |mut tcp, log| async move {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(tcp.read_u8().await.unwrap());
            }
            let head = String::from_utf8(head).unwrap();
            log.lock().unwrap().push(head.clone());
            if let Some(answer) = answer {
                tcp.write_all(answer.as_bytes()).await.unwrap();
                return;
            }
            let port =
                head.split_whitespace().nth(1).and_then(|to| to.rsplit_once(':')).unwrap().1.parse().unwrap();
            // In pieces, as a slow proxy might.
            tcp.write_all(b"HTTP/1.1 200 Connection").await.unwrap();
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            tcp.write_all(b" established\r\nvia: test\r\n\r\n").await.unwrap();
            pass(tcp, port).await;
        })
        .await
    }

    /// SOCKS5, for `user:password` or for everybody; each reply has `code`.
    pub async fn socks5(credentials: Option<&'static str>, code: u8) -> Proxy {
        Proxy::start(move |mut tcp, log| async move {
            assert_eq!(tcp.read_u8().await.unwrap(), 5);
            let count = tcp.read_u8().await.unwrap();
            let mut offered = vec![0; count.into()];
            tcp.read_exact(&mut offered).await.unwrap();
            let wanted = if credentials.is_some() { 2 } else { 0 };
            if !offered.contains(&wanted) {
                tcp.write_all(&[5, 0xff]).await.unwrap();
                return;
            }
            tcp.write_all(&[5, wanted]).await.unwrap();
            if let Some(credentials) = credentials {
                assert_eq!(tcp.read_u8().await.unwrap(), 1);
                let both = format!("{}:{}", text(&mut tcp).await, text(&mut tcp).await);
                let is_known = both == credentials;
                tcp.write_all(&[1, u8::from(!is_known)]).await.unwrap();
                if !is_known {
                    return;
                }
            }
            let mut head = [0; 4];
            tcp.read_exact(&mut head).await.unwrap();
            assert_eq!(head[..3], [5, 1, 0]);
            let host = match head[3] {
                1 => std::net::Ipv4Addr::from(tcp.read_u32().await.unwrap()).to_string(),
                3 => text(&mut tcp).await,
                4 => std::net::Ipv6Addr::from(tcp.read_u128().await.unwrap()).to_string(),
                other => panic!("address type {other}"),
            };
            let port = tcp.read_u16().await.unwrap();
            log.lock().unwrap().push(format!("{host}:{port}"));
            // The proxy's own end, as a name.
            tcp.write_all(&[5, code, 0, 3, 2, b'm', b'e', 0, 9]).await.unwrap();
            if code == 0 {
                pass(tcp, port).await;
            }
        })
        .await
    }

    async fn start<F: Future<Output = ()> + Send + 'static>(
        serve: impl Fn(TcpStream, Arc<Mutex<Vec<String>>>) -> F + Send + 'static,
    ) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                tokio::spawn(serve(tcp, log.clone()));
            }
        });
        Proxy { port, asked }
    }
}

async fn text(tcp: &mut TcpStream) -> String {
    let mut bytes = vec![0; tcp.read_u8().await.unwrap().into()];
    tcp.read_exact(&mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

async fn pass(mut tcp: TcpStream, port: u16) {
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let _ = copy_bidirectional(&mut tcp, &mut server).await;
}
