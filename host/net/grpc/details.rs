//! `google.rpc.Status`, which servers send beside a status, and the messages that its details are usually made of.

use http::HeaderMap;
use prost_reflect::DescriptorPool;
use protox::Compiler;
use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};

use super::headers;

/// Field by field what `google/rpc/status.proto` and `error_details.proto` describe.
const TEXT: &str = r#"syntax = "proto3";
package google.rpc;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
message Status { int32 code = 1; string message = 2; repeated google.protobuf.Any details = 3; }
message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
message RetryInfo { google.protobuf.Duration retry_delay = 1; }
message DebugInfo { repeated string stack_entries = 1; string detail = 2; }
message QuotaFailure {
  message Violation { string subject = 1; string description = 2; }
  repeated Violation violations = 1;
}
message PreconditionFailure {
  message Violation { string type = 1; string subject = 2; string description = 3; }
  repeated Violation violations = 1;
}
message LocalizedMessage { string locale = 1; string message = 2; }
message BadRequest {
  message FieldViolation { string field = 1; string description = 2; string reason = 3; LocalizedMessage localized_message = 4; }
  repeated FieldViolation field_violations = 1;
}
message RequestInfo { string request_id = 1; string serving_data = 2; }
message ResourceInfo { string resource_type = 1; string resource_name = 2; string owner = 3; string description = 4; }
message Help {
  message Link { string description = 1; string url = 2; }
  repeated Link links = 1;
}
"#;

const NAME: &str = "google/rpc/details.proto";

struct Embedded;

impl FileResolver for Embedded {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match name {
            NAME => File::from_source(NAME, TEXT),
            other => Err(protox::Error::file_not_found(other)),
        }
    }
}

/// None only where the text above were broken.
pub(super) fn pool() -> Option<DescriptorPool> {
    let mut resolver = ChainFileResolver::new();
    resolver.add(Embedded);
    resolver.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).open_file(NAME).ok()?;
    Some(compiler.descriptor_pool())
}

/// The `google.rpc.Status` that trailers hold, in protobuf's form.
pub fn detail_bytes(trailers: &HeaderMap) -> Option<Vec<u8>> {
    trailers.get("grpc-status-details-bin").map(|value| headers::decoded(value.as_bytes()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::Schema;

    #[test]
    fn the_details_compile() {
        let schema = Schema::of_errors().unwrap();
        for name in
            ["Status", "ErrorInfo", "BadRequest", "BadRequest.FieldViolation", "RetryInfo", "Help.Link"]
        {
            assert!(schema.named(&format!("google.rpc.{name}")).is_some(), "{name}");
        }
    }
}
