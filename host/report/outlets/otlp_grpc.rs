//! OpenTelemetry's protocol over gRPC. Used by `otlp`.

use std::time::{Duration, Instant};

use reqwest::Url;
use tokio::runtime::{Builder, Runtime};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{MetadataKey, MetadataMap, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Status};
use tonic_prost::ProstCodec;

use super::Trouble;
use super::otlp_messages::{Answer, Request};
use crate::config::Outlet;
use crate::exit::Exit;
use crate::fault::Fault;

const METHOD: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
/// How long one delivery may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two attempts at the end.
const PAUSE: Duration = Duration::from_millis(300);

pub(super) struct Grpc {
    runtime: Runtime,
    channel: Channel,
    metadata: MetadataMap,
}

impl Grpc {
    /// # Errors
    /// https, headers that gRPC cannot carry.
    pub(super) fn prepare(outlet: &Outlet, url: &Url, headers: &[(String, String)]) -> Result<Grpc, Fault> {
        let refused =
            |why: String| Fault::new(Exit::Config, format!("--out {outlet} cannot be used")).why(why);
        if url.scheme() == "https" {
            return Err(refused("gRPC goes without TLS here".to_owned())
                .help("set OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf, which can do it"));
        }
        let mut metadata = MetadataMap::new();
        for (name, value) in headers {
            let name = MetadataKey::from_bytes(name.to_lowercase().as_bytes());
            let name = name.map_err(|why| refused(why.to_string()))?;
            metadata.insert(name, MetadataValue::try_from(value).map_err(|why| refused(why.to_string()))?);
        }
        let runtime =
            Builder::new_current_thread().enable_all().build().map_err(|why| refused(why.to_string()))?;
        let endpoint = Endpoint::from_shared(url.to_string()).map_err(|why| refused(why.to_string()))?;
        let _inside = runtime.enter();
        let channel = endpoint.connect_timeout(PATIENCE).connect_lazy();
        drop(_inside);
        Ok(Grpc { runtime, channel, metadata })
    }

    /// Sends once.
    pub(super) fn send(&self, request: Request) -> Result<(), Trouble> {
        self.attempt(request, PATIENCE).map_err(|(trouble, _)| trouble)
    }

    /// Sends until it is taken, or it is too late.
    pub(super) fn insist(&self, request: &Request, deadline: Instant) -> Result<(), Trouble> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.attempt(request.clone(), left.min(PATIENCE)) {
                Ok(()) => return Ok(()),
                Err((_, true)) if left > PAUSE + Duration::from_millis(500) => std::thread::sleep(PAUSE),
                Err((trouble, _)) => return Err(trouble),
            }
        }
    }

    /// The error says, too, whether another attempt may go better.
    fn attempt(&self, message: Request, patience: Duration) -> Result<(), (Trouble, bool)> {
        let mut client = tonic::client::Grpc::new(self.channel.clone());
        let mut request = tonic::Request::new(message);
        *request.metadata_mut() = self.metadata.clone();
        let codec = ProstCodec::<Request, Answer>::default();
        let call = async {
            client.ready().await.map_err(|why| Status::unavailable(why.to_string()))?;
            client.unary(request, PathAndQuery::from_static(METHOD), codec).await
        };
        let answered = self.runtime.block_on(async { tokio::time::timeout(patience, call).await });
        let trouble = |why: String, help: &str| Trouble { why, help: Some(help.to_owned()), lost: 0 };
        match answered {
            Err(_) => {
                let seconds = patience.as_secs_f64().ceil();
                Err((trouble(format!("no answer within {seconds} s"), "is the receiver overloaded?"), true))
            }
            Ok(Err(status)) => {
                let again =
                    matches!(status.code(), Code::Unavailable | Code::ResourceExhausted | Code::Internal);
                let help = match status.code() {
                    Code::Unavailable => "does it listen there?",
                    Code::Unauthenticated | Code::PermissionDenied => "check OTEL_EXPORTER_OTLP_HEADERS",
                    Code::Unimplemented => "does it take metrics?",
                    _ => "look at its log",
                };
                let text = format!("it answered {:?}: {}", status.code(), status.message());
                Err((trouble(text, help), again))
            }
            Ok(Ok(answer)) => match answer.into_inner().partial_success {
                Some(partial) if partial.rejected_data_points > 0 => {
                    let text = format!(
                        "it rejected {} points: {}",
                        partial.rejected_data_points, partial.error_message
                    );
                    Err((trouble(text, "look at its log"), false))
                }
                _ => Ok(()),
            },
        }
    }
}
