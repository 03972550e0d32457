//! Options of calls and streams, read from tables of scripts.

use std::time::Duration;

use super::options::{COMPRESSION, compression, metadata, timeout};
use crate::api::frame::{Arg, Frame, Raise, wrong};
use crate::api::object::{Field, Record};
use crate::api::request::{text, truth};
use crate::api::tags::read_pairs;
use crate::net::{Coding, GrpcMethod, Metadata, Outgoing};
use crate::vu::RpcClient;

const NAME: Field =
    Field { name: "name", sig: "string", doc: "What it counts under, instead of `package.Service/Method`." };
const OWN_METADATA: Field = Field {
    name: "metadata",
    sig: "table<string, string|string[]>",
    doc: "Metadata, besides that of the client.",
};
const TAGS: Field = Field {
    name: "tags",
    sig: "table<string, Plain>",
    doc: "Tags of its metrics (`grpc_req_duration` and the others), for thresholds and outputs.",
};
const CATCH: Field = Field {
    name: "catch_response",
    sig: "boolean",
    doc: "The script judges it with `success`, `failure` or `ignore`; what it leaves unjudged is judged by its status.",
};
const OWN_COMPRESSION: Field = Field { name: "compression", sig: "string", doc: COMPRESSION };

pub(in crate::api) static CALL_OPTIONS: Record = Record {
    name: "CallOptions",
    doc: "Options of a call.",
    given: true,
    fields: &[
        NAME,
        Field { name: "timeout", sig: "number", doc: "Seconds that it may take, else the client's." },
        OWN_METADATA,
        TAGS,
        CATCH,
        OWN_COMPRESSION,
    ],
};

pub(in crate::api) static STREAM_OPTIONS: Record = Record {
    name: "StreamOptions",
    doc: "Options of a stream.",
    given: true,
    fields: &[
        NAME,
        Field {
            name: "timeout",
            sig: "number",
            doc: "Seconds until the deadline of the whole stream; without it there is none.",
        },
        OWN_METADATA,
        TAGS,
        CATCH,
        OWN_COMPRESSION,
    ],
};

/// A call, or a stream, as a script asks for it.
#[derive(Default)]
pub(super) struct CallOptions {
    pub(super) name: Option<String>,
    pub(super) timeout: Option<Duration>,
    pub(super) metadata: Metadata,
    /// None where nobody asks for them.
    pub(super) tags: Vec<(String, String)>,
    pub(super) is_caught: bool,
    /// `Some(None)`: not compressed.
    pub(super) coding: Option<Option<Coding>>,
}

impl CallOptions {
    /// A call of the method with these options, and those of the client where they say nothing.
    pub(super) fn outgoing<'a>(&'a self, client: &'a RpcClient, method: &'a GrpcMethod) -> Outgoing<'a> {
        Outgoing {
            path: &method.path,
            metadata: [&client.metadata, &self.metadata],
            timeout: self.timeout.unwrap_or(client.timeout),
            coding: self.coding.unwrap_or(client.coding),
            max_send: client.max_send,
            max_receive: client.max_receive,
        }
    }

    /// # Errors
    /// An option that does not exist, or has a value of the wrong kind.
    pub(super) fn read(frame: &dyn Frame, options: Arg<'_>) -> Result<Self, Raise> {
        let mut read = CallOptions::default();
        let table = match options {
            Arg::Nil => return Ok(read),
            Arg::Table(table) => table,
            other => return Err(wrong("the options", "a table", other)),
        };
        frame.each(table, &mut |key, value| {
            match key {
                Arg::Str(b"name") => read.name = Some(text("name", value)?).filter(|name| !name.is_empty()),
                Arg::Str(b"timeout") => read.timeout = Some(timeout(value)?),
                Arg::Str(b"metadata") => drop(metadata(frame, value, &mut read.metadata)?),
                Arg::Str(b"catch_response") => read.is_caught = truth("catch_response", value)?,
                Arg::Str(b"compression") => read.coding = Some(compression(value)?),
                Arg::Str(b"tags") => read.tags = read_pairs(frame, value)?,
                Arg::Str(key) => {
                    let known = CALL_OPTIONS.fields.iter().map(|field| field.name);
                    return Err(Raise::unknown("option", &String::from_utf8_lossy(key), known));
                }
                other => return Err(wrong("an option's name", "a string", other)),
            }
            Ok(())
        })?;
        Ok(read)
    }
}
