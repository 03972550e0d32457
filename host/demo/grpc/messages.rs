//! The messages of `documents.v1beta`, by hand, as no compiler of .proto files runs in the build. A test compares them
//! with `examples/proto`.

use prost::{Message, Oneof};
use prost_types::{Struct, Timestamp};

#[derive(Clone, PartialEq, Message)]
pub(super) struct Document {
    #[prost(string, tag = "1")]
    pub(super) uri: String,
    #[prost(int64, tag = "2")]
    pub(super) version: i64,
    #[prost(message, tag = "3")]
    pub(super) fields: Option<Struct>,
    #[prost(message, tag = "4")]
    pub(super) create_time: Option<Timestamp>,
    #[prost(message, tag = "5")]
    pub(super) update_time: Option<Timestamp>,
}

/// Of `CreateDocument` and `ImportDocuments`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct NewDocument {
    #[prost(string, tag = "1")]
    pub(super) collection: String,
    #[prost(message, tag = "2")]
    pub(super) document: Option<Document>,
}

/// Of `GetDocument`, `DeleteDocument` and `GetDocumentHistory`.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Address {
    #[prost(string, tag = "1")]
    pub(super) collection: String,
    #[prost(string, tag = "2")]
    pub(super) uri: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Update {
    #[prost(string, tag = "1")]
    pub(super) collection: String,
    #[prost(string, tag = "2")]
    pub(super) uri: String,
    #[prost(message, tag = "3")]
    pub(super) fields: Option<Struct>,
    #[prost(int64, optional, tag = "4")]
    pub(super) expected_version: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct One {
    #[prost(message, tag = "1")]
    pub(super) document: Option<Document>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Many {
    #[prost(message, repeated, tag = "1")]
    pub(super) documents: Vec<Document>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Deleted {
    #[prost(bool, tag = "1")]
    pub(super) success: bool,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Batch {
    #[prost(string, tag = "1")]
    pub(super) collection: String,
    #[prost(message, repeated, tag = "2")]
    pub(super) documents: Vec<Document>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Filter {
    #[prost(message, tag = "1")]
    pub(super) filter: Option<Struct>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Asked {
    #[prost(string, tag = "1")]
    pub(super) collection: String,
    #[prost(message, tag = "2")]
    pub(super) query: Option<Filter>,
    #[prost(int32, tag = "3")]
    pub(super) page_size: i32,
    #[prost(string, tag = "4")]
    pub(super) page_token: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Listed {
    #[prost(message, repeated, tag = "1")]
    pub(super) documents: Vec<Document>,
    #[prost(string, tag = "2")]
    pub(super) next_page_token: String,
    #[prost(int64, tag = "3")]
    pub(super) total_size: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Watch {
    #[prost(string, tag = "1")]
    pub(super) collection: String,
    #[prost(bool, tag = "2")]
    pub(super) include_existing: bool,
    #[prost(int32, tag = "3")]
    pub(super) limit: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Change {
    /// CREATED 1, UPDATED 2, DELETED 3.
    #[prost(int32, tag = "1")]
    pub(super) kind: i32,
    #[prost(message, tag = "2")]
    pub(super) document: Option<Document>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ImportFailure {
    #[prost(string, tag = "1")]
    pub(super) uri: String,
    #[prost(string, tag = "2")]
    pub(super) message: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Imported {
    #[prost(int64, tag = "1")]
    pub(super) imported: i64,
    #[prost(message, repeated, tag = "2")]
    pub(super) failures: Vec<ImportFailure>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Sync {
    #[prost(string, tag = "1")]
    pub(super) token: String,
    #[prost(string, tag = "2")]
    pub(super) collection: String,
    #[prost(oneof = "SyncChange", tags = "3, 4")]
    pub(super) change: Option<SyncChange>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum SyncChange {
    #[prost(message, tag = "3")]
    Put(Document),
    #[prost(string, tag = "4")]
    Delete(String),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SyncFailure {
    #[prost(int32, tag = "1")]
    pub(super) code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Synced {
    #[prost(string, tag = "1")]
    pub(super) token: String,
    #[prost(oneof = "SyncResult", tags = "2, 3, 4")]
    pub(super) result: Option<SyncResult>,
}

#[derive(Clone, PartialEq, Oneof)]
pub(super) enum SyncResult {
    #[prost(message, tag = "2")]
    Document(Document),
    #[prost(string, tag = "3")]
    Deleted(String),
    #[prost(message, tag = "4")]
    Failure(SyncFailure),
}
