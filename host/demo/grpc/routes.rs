//! Which method a path is, as generated code would have it; and the listener.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::stream;
use tokio::net::{TcpListener, TcpStream};
use tonic::body::Body;
use tonic::codec::CompressionEncoding::{Deflate, Gzip, Zstd};
use tonic::codegen::{Service, http};
use tonic::server::{Grpc, NamedService};
use tonic::transport::Server;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;

use super::descriptors;
use super::service::Documents;
use crate::demo::faults::Injector;
use crate::demo::store::Store;

/// Larger messages are refused; as HTTP bodies are.
const MAX_MESSAGE: usize = 64 << 20;

type Answer<T> = Pin<Box<dyn Future<Output = Result<Response<T>, Status>> + Send>>;

/// A method as tonic calls it.
struct Call<A, B> {
    documents: Documents,
    run: fn(Documents, Request<A>) -> Answer<B>,
}

impl<A, B> Service<Request<A>> for Call<A, B> {
    type Response = Response<B>;
    type Error = Status;
    type Future = Answer<B>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Status>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<A>) -> Answer<B> {
        (self.run)(self.documents.clone(), request)
    }
}

impl NamedService for Documents {
    const NAME: &'static str = "documents.v1beta.DocumentService";
}

macro_rules! answer {
    ($documents:ident, $request:ident, $kind:ident, $method:ident) => {{
        let run = |documents: Documents, request| {
            Box::pin(async move { documents.$method(request).await }) as Answer<_>
        };
        grpc().$kind(Call { documents: $documents, run }, $request).await
    }};
}

fn grpc<A, B>() -> Grpc<ProstCodec<A, B>>
where
    A: prost::Message + Send + 'static,
    B: prost::Message + Default + Send + 'static,
{
    let grpc = Grpc::new(ProstCodec::default()).max_decoding_message_size(MAX_MESSAGE);
    [Gzip, Deflate, Zstd]
        .into_iter()
        .fold(grpc, |grpc, coding| grpc.accept_compressed(coding).send_compressed(coding))
}

impl Service<http::Request<Body>> for Documents {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let documents = self.clone();
        Box::pin(async move {
            let method = request.uri().path().rsplit('/').next().unwrap_or_default().to_owned();
            Ok(match method.as_str() {
                "CreateDocument" => answer!(documents, request, unary, create),
                "GetDocument" => answer!(documents, request, unary, get),
                "UpdateDocument" => answer!(documents, request, unary, update),
                "DeleteDocument" => answer!(documents, request, unary, delete),
                "GetDocumentHistory" => answer!(documents, request, unary, history),
                "BatchCreateDocuments" => answer!(documents, request, unary, create_batch),
                "QueryDocuments" => answer!(documents, request, unary, query),
                "WatchDocuments" => answer!(documents, request, server_streaming, watch),
                "ImportDocuments" => answer!(documents, request, client_streaming, import),
                "SyncDocuments" => answer!(documents, request, streaming, sync),
                other => {
                    let status = Status::unimplemented(format!("there is no method `{other}`"));
                    status.into_http()
                }
            })
        })
    }
}

/// Serves until it is dropped.
pub(in crate::demo) async fn serve(
    listener: TcpListener,
    store: Arc<Store>,
    injector: Option<Arc<Injector>>,
) {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_serving::<Documents>().await;
    let mut server = Server::builder().add_service(health).add_service(Documents { store, injector });
    if let Ok(set) = descriptors::encoded() {
        let builder = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(set)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        if let (Ok(first), Ok(second)) = (builder().build_v1(), builder().build_v1alpha()) {
            server = server.add_service(first).add_service(second);
        }
    }
    // Ends with its runtime.
    let _ = server.serve_with_incoming(Box::pin(incoming(listener))).await;
}

fn incoming(listener: TcpListener) -> impl futures_util::Stream<Item = std::io::Result<TcpStream>> {
    stream::unfold(listener, async |listener| {
        loop {
            match listener.accept().await {
                Ok((tcp, _)) => {
                    // Without it answers would wait for acknowledgements; the service works all the same.
                    let _ = tcp.set_nodelay(true);
                    return Some((Ok(tcp), listener));
                }
                // Out of descriptors, most likely: waiting connections stay in the backlog.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    })
}
