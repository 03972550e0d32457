//! What gRPC costs at the least: a service that echoes a small message, and a client of tonic's that does nothing but
//! call it. Built and started by the benchmark: `grpc_floor serve`, `grpc_floor ADDRESS USERS SECONDS`.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::stream;
use http::uri::PathAndQuery;
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::server::NamedService;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

// As e2e has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Anyhow<T> = Result<T, Box<dyn std::error::Error>>;

/// See scripts/echo.proto.
#[derive(Clone, PartialEq, prost::Message)]
struct Small {
    #[prost(int64, tag = "1")]
    id: i64,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(bool, tag = "3")]
    is_new: bool,
}

#[derive(Clone)]
struct Echo;

impl NamedService for Echo {
    const NAME: &'static str = "bench.Echo";
}

impl Service<Request<Small>> for Echo {
    type Response = Response<Small>;
    type Error = Status;
    type Future = Ready<Result<Response<Small>, Status>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Small>) -> Self::Future {
        ready(Ok(Response::new(request.into_inner())))
    }
}

impl Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        Box::pin(async {
            Ok(tonic::server::Grpc::new(ProstCodec::<Small, Small>::default()).unary(Echo, request).await)
        })
    }
}

async fn serve() -> Anyhow<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let incoming = stream::unfold(listener, async |listener| {
        let accepted = listener.accept().await.map(|(tcp, _)| {
            // Answers do not wait for acknowledgements.
            let _ = tcp.set_nodelay(true);
            tcp
        });
        Some((accepted, listener))
    });
    Ok(Server::builder().add_service(Echo).serve_with_incoming(Box::pin(incoming)).await?)
}

/// Calls until the time is over; returns how often.
async fn call(address: String, until: Instant) -> Result<u64, String> {
    let endpoint = Endpoint::from_shared(address).map_err(|error| error.to_string())?;
    let channel = endpoint.connect().await.map_err(|error| error.to_string())?;
    let mut client = tonic::client::Grpc::new(channel);
    let mut count = 0;
    while Instant::now() < until {
        client.ready().await.map_err(|error| error.to_string())?;
        let small = Small { id: 1 << 40, name: "a small message".into(), is_new: true };
        let path = PathAndQuery::from_static("/bench.Echo/Echo");
        let codec = ProstCodec::<Small, Small>::default();
        let reply =
            client.unary(Request::new(small), path, codec).await.map_err(|status| status.to_string())?;
        if reply.into_inner().id != 1 << 40 {
            return Err("the echo is another message".into());
        }
        count += 1;
    }
    Ok(count)
}

fn main() -> Anyhow<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let [address, users, seconds] = &arguments[..] else { return runtime.block_on(serve()) };
    let (users, seconds): (usize, f64) = (users.parse()?, seconds.parse()?);
    let until = Instant::now() + Duration::from_secs_f64(seconds);
    let total = runtime.block_on(async {
        let users: Vec<_> = (0..users).map(|_| tokio::spawn(call(address.clone(), until))).collect();
        let mut total = 0;
        for user in users {
            total += user.await.map_err(|error| error.to_string())??;
        }
        Ok::<u64, String>(total)
    })?;
    println!("{total} calls");
    Ok(())
}
