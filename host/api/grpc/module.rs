//! The global `grpc`: making clients, and the numbers of the statuses.

use super::client;
use crate::api::frame::Arg;
use crate::api::object::{HostFn, Module};

macro_rules! statuses {
    ($($name:literal $number:literal $doc:literal)*) => {
        &[$(HostFn {
            name: $name,
            sig: "integer",
            doc: $doc,
            run: |frame| {
                frame.give(Arg::Int($number));
                Ok(())
            },
        }),*]
    };
}

pub(in crate::api) static MODULE: Module = Module {
    name: "grpc",
    doc: "Calls of gRPC, by the descriptors of the server: from .proto files, from a set of descriptors, or from the \
          server itself. Its constants are the numbers of the statuses.",
    functions: &[HostFn {
        name: "client",
        sig: "(address: string, options?: GrpcOptions): GrpcClient",
        doc: "A client of the server at `host:port`, or at `http://..` or `https://..`. It connects with the first \
              call, and again when the connection is gone. Without `proto` and `descriptor_set` the server is asked \
              what it offers (reflection). A GrpcUser has one as `self.grpc`.",
        run: client::make,
    }],
    constants: statuses! {
        "OK" 0 "The call succeeded."
        "CANCELLED" 1 "This side has ended the call."
        "UNKNOWN" 2 "The server does not say."
        "INVALID_ARGUMENT" 3 "The message is wrong in itself."
        "DEADLINE_EXCEEDED" 4 "The time of the call was over."
        "NOT_FOUND" 5 "What was asked for is not there."
        "ALREADY_EXISTS" 6 "What was to be made is there already."
        "PERMISSION_DENIED" 7 "The caller may not."
        "RESOURCE_EXHAUSTED" 8 "A quota, or the size of a message."
        "FAILED_PRECONDITION" 9 "The state of the system does not allow it."
        "ABORTED" 10 "Something else came in between, such as another version."
        "OUT_OF_RANGE" 11 "Past the end."
        "UNIMPLEMENTED" 12 "The server has no such method."
        "INTERNAL" 13 "A fault of the server, or of what it sends."
        "UNAVAILABLE" 14 "The server cannot be reached, or does not want calls now."
        "DATA_LOSS" 15 "Data is lost or broken."
        "UNAUTHENTICATED" 16 "The caller did not say who it is."
    },
    ..Module::EMPTY
};
