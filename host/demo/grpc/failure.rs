//! Errors of the service as gRPC has them, with `google.rpc.Status` details.

use prost::Message;
use tonic::metadata::MetadataMap;
use tonic::{Code, Status};

use crate::demo::store::StoreError;

/// Of `google.rpc.ErrorInfo`.
const DOMAIN: &str = "documents.v1beta";

#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

#[derive(Clone, PartialEq, Message)]
struct ErrorInfo {
    #[prost(string, tag = "1")]
    reason: String,
    #[prost(string, tag = "2")]
    domain: String,
    #[prost(btree_map = "string, string", tag = "3")]
    metadata: std::collections::BTreeMap<String, String>,
}

/// What the store says.
pub(super) fn refused(error: &StoreError) -> Status {
    let (code, reason, uri) = match error {
        StoreError::NotFound { uri, .. } => (Code::NotFound, "DOCUMENT_NOT_FOUND", Some(uri)),
        StoreError::AlreadyExists { uri, .. } => (Code::AlreadyExists, "DOCUMENT_EXISTS", Some(uri)),
        StoreError::VersionDiffers { uri, .. } => (Code::Aborted, "VERSION_DIFFERS", Some(uri)),
        StoreError::Invalid(_) => (Code::InvalidArgument, "INVALID", None),
    };
    let metadata = uri.into_iter().map(|uri| ("uri".to_owned(), uri.clone())).collect();
    let info = ErrorInfo { reason: reason.into(), domain: DOMAIN.into(), metadata };
    let detail = prost_types::Any {
        type_url: "type.googleapis.com/google.rpc.ErrorInfo".into(),
        value: info.encode_to_vec(),
    };
    let message = error.to_string();
    let status = RpcStatus { code: code.into(), message: message.clone(), details: vec![detail] };
    Status::with_details(code, message, status.encode_to_vec().into())
}

pub(super) fn missing(field: &str) -> Status {
    refused(&StoreError::Invalid(format!("`{field}` must be given")))
}

/// Metadata that is to come back.
pub(super) fn echoed(given: &MetadataMap) -> MetadataMap {
    let mut back = tonic::codegen::http::HeaderMap::new();
    for (name, value) in given.clone().into_headers().iter() {
        if name.as_str().starts_with("echo-") {
            back.append(name.clone(), value.clone());
        }
    }
    MetadataMap::from_headers(back)
}
