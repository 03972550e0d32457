//! Options of clients, read from tables of scripts; those of calls are in `call_options`.

use std::sync::Arc;
use std::time::Duration;

use super::encode::each;
use crate::api::frame::{Arg, Frame, HostResult, Raise, wrong};
use crate::api::lines::{seconds, size};
use crate::api::object::{Field, Record};
use crate::api::request::{certificate, text, truth};
use crate::net::{Coding, Identity, Metadata};

const METADATA: &str = "Metadata of every call: names with strings, or lists of them. The value of a name that ends in `-bin` is any \
     bytes.";
pub(super) const COMPRESSION: &str = "How messages are compressed: `gzip`, `deflate`, `zstd`, or `none`.";

pub(in crate::api) static CLIENT_OPTIONS: Record = Record {
    name: "GrpcOptions",
    doc: "How a client of gRPC knows its server, and connects to it.",
    given: true,
    fields: &[
        Field {
            name: "proto",
            sig: "string|string[]",
            doc: "The .proto files of the services; below the script root. They are compiled once, whatever the number \
                  of VUs.",
        },
        Field {
            name: "import_paths",
            sig: "string|string[]",
            doc: "Folders below the script root in which files and their imports are looked for, before the root itself.",
        },
        Field {
            name: "descriptor_set",
            sig: "string",
            doc: "Instead: a file of `protoc --include_imports -o`, below the script root.",
        },
        Field {
            name: "reflection",
            sig: "boolean",
            doc: "Instead, and without the others: the server itself is asked, once for all VUs, with the client's \
                  metadata and TLS.",
        },
        Field {
            name: "tls",
            sig: "boolean|GrpcTls",
            doc: "Whether the connection is secured, for an address without `http://` or `https://`; and how, where that \
                  is not what `settings.tls` says.",
        },
        Field { name: "metadata", sig: "table<string, string|string[]>", doc: METADATA },
        Field {
            name: "timeout",
            sig: "number",
            doc: "Seconds that a call may take (else `settings.default_timeout`). A stream has no deadline unless it asks \
                  for one.",
        },
        Field {
            name: "connection",
            sig: "string",
            doc: "`own`: each VU has a connection of its own (unless told otherwise); `shared`: the VUs of a worker have \
                  one together.",
        },
        Field { name: "authority", sig: "string", doc: "The `:authority` of calls, else the address." },
        Field {
            name: "keepalive",
            sig: "number",
            doc: "Seconds after which the server is pinged, to find out that a connection is dead. 0: never, as without it.",
        },
        Field {
            name: "keepalive_timeout",
            sig: "number",
            doc: "Seconds that it has to answer such a ping (20).",
        },
        Field {
            name: "max_receive_size",
            sig: "integer|string",
            doc: "The largest message that is taken, such as `\"10MiB\"` (4 MiB, as other clients of gRPC).",
        },
        Field {
            name: "max_send_size",
            sig: "integer|string",
            doc: "The largest message that is sent; else any.",
        },
        Field { name: "compression", sig: "string", doc: COMPRESSION },
    ],
};

pub(in crate::api) static TLS_OPTIONS: Record = Record {
    name: "GrpcTls",
    doc: "How the connection of a client is secured; what is left out is as `settings.tls` says.",
    given: true,
    fields: &[
        Field { name: "verify", sig: "boolean", doc: "Whether the server's certificate is checked." },
        Field {
            name: "cert",
            sig: "string|string[]",
            doc: "The client's certificate: a PEM file with its key, or `{ cert, key }`.",
        },
    ],
};

/// A client as a script asks for it.
#[derive(Default)]
pub(super) struct ClientOptions {
    pub(super) proto: Vec<String>,
    pub(super) import_paths: Vec<String>,
    pub(super) descriptor_set: Option<String>,
    pub(super) reflection: Option<bool>,
    pub(super) tls: Option<bool>,
    pub(super) verify: Option<bool>,
    pub(super) cert: Option<Arc<Identity>>,
    pub(super) metadata: Metadata,
    /// As it was given, to tell sources apart.
    pub(super) metadata_pairs: Vec<(String, Vec<u8>)>,
    pub(super) timeout: Option<Duration>,
    pub(super) is_shared: bool,
    pub(super) authority: Option<String>,
    pub(super) keepalive: Option<Duration>,
    pub(super) keepalive_timeout: Option<Duration>,
    pub(super) max_receive: Option<usize>,
    pub(super) max_send: Option<usize>,
    pub(super) coding: Option<Coding>,
}

impl ClientOptions {
    /// # Errors
    /// An option that does not exist, has a value of the wrong kind, or contradicts another.
    pub(super) fn read(frame: &dyn Frame, options: Arg<'_>) -> Result<Self, Raise> {
        let mut read = ClientOptions::default();
        if matches!(options, Arg::Nil | Arg::View(serde_json::Value::Null)) {
            return Ok(read);
        }
        if !matches!(options, Arg::Table(_) | Arg::View(_)) {
            return Err(wrong("the options", "a table", options));
        }
        each(frame, options, &|| "a table".into(), &mut |key, value| {
            let Arg::Str(key) = key else { return Err(wrong("an option's name", "a string", key)) };
            read.set(frame, key, value)
        })?;
        read.check()?;
        Ok(read)
    }

    fn set(&mut self, frame: &dyn Frame, key: &[u8], value: Arg<'_>) -> HostResult {
        match key {
            b"proto" => self.proto = texts(frame, "proto", value)?,
            b"import_paths" => self.import_paths = texts(frame, "import_paths", value)?,
            b"descriptor_set" => self.descriptor_set = Some(text("descriptor_set", value)?),
            b"reflection" => self.reflection = Some(truth("reflection", value)?),
            b"tls" => self.read_tls(frame, value)?,
            b"metadata" => self.metadata_pairs = metadata(frame, value, &mut self.metadata)?,
            b"timeout" => self.timeout = Some(timeout(value)?),
            b"connection" => {
                self.is_shared = match &*text("connection", value)? {
                    "own" => false,
                    "shared" => true,
                    other => return Err(Raise::unknown("connection", other, ["own", "shared"])),
                }
            }
            b"authority" => self.authority = Some(text("authority", value)?),
            b"keepalive" => {
                self.keepalive = Some(seconds("keepalive", value)?).filter(|time| !time.is_zero())
            }
            b"keepalive_timeout" => self.keepalive_timeout = Some(seconds("keepalive_timeout", value)?),
            b"max_receive_size" => self.max_receive = Some(size("max_receive_size", value)?),
            b"max_send_size" => self.max_send = Some(size("max_send_size", value)?),
            b"compression" => self.coding = compression(value)?,
            key => {
                let known = CLIENT_OPTIONS.fields.iter().map(|field| field.name);
                return Err(Raise::unknown("option", &String::from_utf8_lossy(key), known));
            }
        }
        Ok(())
    }

    fn read_tls(&mut self, frame: &dyn Frame, value: Arg<'_>) -> HostResult {
        if let Arg::Bool(is_wanted) = value {
            self.tls = Some(is_wanted);
            return Ok(());
        }
        if !matches!(value, Arg::Table(_) | Arg::View(_)) {
            return Err(wrong("tls", "true, false or a table", value));
        }
        self.tls = Some(true);
        each(frame, value, &|| "a table".into(), &mut |key, value| {
            match key {
                Arg::Str(b"verify") => self.verify = Some(truth("tls.verify", value)?),
                Arg::Str(b"cert") => self.cert = Some(cert(frame, value)?),
                key => {
                    let known = TLS_OPTIONS.fields.iter().map(|field| field.name);
                    let named = key.to_text().unwrap_or_default();
                    return Err(Raise::unknown("option of tls", &named, known));
                }
            }
            Ok(())
        })
    }

    fn check(&self) -> HostResult {
        let sources = [!self.proto.is_empty(), self.descriptor_set.is_some(), self.reflection == Some(true)];
        if sources.iter().filter(|is_given| **is_given).count() > 1 {
            return Err(Raise::new("`proto`, `descriptor_set` and `reflection` exclude each other"));
        }
        if !sources.contains(&true) && self.reflection == Some(false) {
            return Err(Raise::new("nothing tells what the server offers")
                .help("give `proto`, `descriptor_set`, or `reflection = true`"));
        }
        if self.proto.is_empty() && !self.import_paths.is_empty() {
            return Err(Raise::new("`import_paths` says nothing without `proto`"));
        }
        if self.keepalive.is_none() && self.keepalive_timeout.is_some() {
            return Err(Raise::new("`keepalive_timeout` says nothing without `keepalive`"));
        }
        Ok(())
    }
}

/// Seconds, more than 0.
pub(super) fn timeout(value: Arg<'_>) -> Result<Duration, Raise> {
    let timeout = seconds("timeout", value)?;
    if timeout.is_zero() {
        return Err(
            Raise::new("invalid timeout 0: it must be more than 0").help("leave it out for the usual one")
        );
    }
    Ok(timeout)
}

pub(super) fn compression(value: Arg<'_>) -> Result<Option<Coding>, Raise> {
    match &*text("compression", value)? {
        "none" => Ok(None),
        "gzip" => Ok(Some(Coding::Gzip)),
        "deflate" => Ok(Some(Coding::Deflate)),
        "zstd" => Ok(Some(Coding::Zstd)),
        other => Err(Raise::unknown("compression", other, ["gzip", "deflate", "zstd", "none"])),
    }
}

fn cert(frame: &dyn Frame, value: Arg<'_>) -> Result<Arc<Identity>, Raise> {
    let Arg::View(serde_json::Value::Array(files)) = value else { return certificate(frame, value) };
    match &files[..] {
        [serde_json::Value::String(cert), serde_json::Value::String(key)] => {
            let read = frame.vu().client.net().identity(cert, Some(key));
            read.map_err(|error| Raise::new(format!("cert cannot be used: {}", error.text)))
        }
        _ => Err(Raise::new("cert must be a PEM file, or a list of two: { cert, key }")),
    }
}

/// One string, or a list of them.
fn texts(frame: &dyn Frame, option: &str, value: Arg<'_>) -> Result<Vec<String>, Raise> {
    if let Arg::Str(_) = value {
        return Ok(vec![text(option, value)?]);
    }
    let mut found = Vec::new();
    super::encode::items(frame, value, &mut |_, item| {
        found.push(text(option, item)?);
        Ok(())
    })
    .map_err(|raise| match raise {
        Raise::Error { .. } => Raise::new(format!("{option} must be a string or a list of strings")),
        raise => raise,
    })?;
    Ok(found)
}

/// Names with strings, or lists of them; sorted by name, so that runs are alike.
pub(super) fn metadata(
    frame: &dyn Frame,
    value: Arg<'_>,
    into: &mut Metadata,
) -> Result<Vec<(String, Vec<u8>)>, Raise> {
    let mut pairs: Vec<(String, Vec<u8>)> = Vec::new();
    each(frame, value, &|| "a table of names and values".into(), &mut |key, value| {
        let Arg::Str(name) = key else { return Err(wrong("a name of metadata", "a string", key)) };
        let name = String::from_utf8_lossy(name).into_owned();
        let mut add = |value: Arg<'_>| match value {
            Arg::Str(bytes) => {
                pairs.push((name.clone(), bytes.to_vec()));
                Ok(())
            }
            Arg::Int(_) | Arg::Num(_) | Arg::Bool(_) => {
                pairs.push((name.clone(), value.to_text().unwrap_or_default().into_owned().into_bytes()));
                Ok(())
            }
            other => Err(wrong(&format!("the metadata `{name}`"), "a string", other)),
        };
        match value {
            Arg::Table(_) | Arg::View(_) => {
                super::encode::items(frame, value, &mut |_, item| add(item)).map(drop)
            }
            value => add(value),
        }
    })
    .map_err(|raise| match raise {
        Raise::Error { what, help } if what.starts_with("it must be") => {
            Raise::Error { what: what.replacen("it must be", "metadata must be", 1), help }
        }
        raise => raise,
    })?;
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, value) in &pairs {
        into.add(name, value).map_err(|error| Raise::new(error.to_string()))?;
    }
    Ok(pairs)
}
