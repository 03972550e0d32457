//! The script API, written once for all engines: each module is a table of host
//! functions that engines bind and the reference is written from. Host functions
//! see their script through a [`Frame`]. Used by `script`.

mod auth;
mod bodies;
mod checks;
mod cookies;
mod curl;
mod data;
mod datasets;
mod event_source;
mod events;
mod fake;
mod frame;
mod groups;
mod grpc;
mod http;
mod json;
mod lines;
mod logging;
mod metrics;
mod multipart;
mod object;
mod options;
mod records;
mod request;
mod request_options;
mod response;
mod secrets;
mod security;
mod shape;
mod socket_options;
mod sse;
mod streams;
mod tags;
mod time;
mod tracing;
mod uuid;
mod waits;
mod websocket;
mod websocket_object;

pub use events::{Occasion, give_happened};
pub use frame::{Arg, Build, Builder, FillMap, FnRef, Frame, HostResult, Raise, TableRef, Visit, wrong};
pub use grpc::{CLIENT as GRPC_CLIENT, check_options as check_grpc_options};
pub use object::{Field, HostFn, Items, Lookup, Member, MemberKind, Module, ObjectType, Record, Run};
pub use response::{HEADERS, RESPONSE};
pub use security::TLS;
pub use shape::{SHAPE_METHODS, Wanted, read_stages, read_wanted};
pub use waits::wait_of;

/// Every global of the API but the classes, which engines make.
pub static MODULES: &[&Module] = &[
    &checks::MODULE,
    &data::CONFIG,
    &data::ENV,
    &datasets::MODULE,
    &data::TEST,
    &data::VU,
    &events::FUNCTIONS,
    &events::MODULE,
    &fake::MODULE,
    &groups::MODULE,
    &grpc::MODULE,
    &http::MODULE,
    &json::MODULE,
    &logging::MODULE,
    &metrics::MODULE,
    &options::MODULE,
    &secrets::MODULE,
    &sse::MODULE,
    &time::GLOBALS,
    &time::MODULE,
    &uuid::MODULE,
    &waits::MODULE,
    &websocket::MODULE,
];

/// Every type of object that host functions return.
pub static OBJECTS: &[&ObjectType] = &[
    &RESPONSE,
    &HEADERS,
    &TLS,
    &streams::CHUNKS,
    &cookies::COOKIES,
    &data::VU_OBJECT,
    &datasets::DATASET,
    &metrics::COUNTER,
    &metrics::GAUGE,
    &metrics::RATE,
    &metrics::TREND,
    &events::EVENTS,
    &events::EVENT,
    &websocket_object::WEBSOCKET,
    &event_source::EVENT_SOURCE,
    &grpc::CLIENT,
    &grpc::REPLY,
    &grpc::STREAM,
];

/// Every table with known fields that host functions take or return.
pub static RECORDS: &[&Record] = &[
    &datasets::DATA_OPTIONS,
    &grpc::CALL_OPTIONS,
    &grpc::CLIENT_OPTIONS,
    &grpc::RPC_ERROR,
    &grpc::STREAM_OPTIONS,
    &grpc::TLS_OPTIONS,
    &metrics::METRIC_OPTIONS,
    &events::ENVIRONMENT,
    &events::INIT_EVENT,
    &events::QUITTING_EVENT,
    &events::REQUEST_EVENT,
    &events::SPAWNING_COMPLETE_EVENT,
    &events::TEST_EVENT,
    &events::USER_ERROR_EVENT,
    &security::PEER,
    &request_options::REQUEST_OPTIONS,
    &request_options::FILE_PART,
    &cookies::COOKIE_OPTIONS,
    &records::REDIRECT,
    &records::REQUEST_ERROR,
    &options::RUN_OPTIONS,
    &options::SCENARIO,
    &options::THRESHOLD,
    &records::SENT_REQUEST,
    &shape::STAGE,
    &event_source::SERVER_EVENT,
    &socket_options::SOCKET_OPTIONS,
    &socket_options::SOURCE_OPTIONS,
    &records::TIMINGS,
];
