//! Clients: made from their options, found by their number, and what they call.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value;

use super::call::{call, methods};
use super::options::{CLIENT_OPTIONS, ClientOptions};
use super::stream;
use crate::api::frame::{Arg, Frame, HostResult, Raise};
use crate::api::object::{Member, MemberKind, ObjectType};
use crate::exit::Exit;
use crate::fault::Fault;
use crate::net::{Answer, ChannelTerms, GrpcMethod, Schema, SchemaSource, Unread};
use crate::vu::{RpcClient, fiber};

use MemberKind::{Field, Method};

/// The largest message that other clients of gRPC take.
const MAX_RECEIVE: usize = 4 << 20;

/// How long a server has to answer a keepalive ping.
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// What `grpc.client` returns; 0 is that of the VU's class.
pub static CLIENT: ObjectType = ObjectType {
    name: "GrpcClient",
    doc: "A client of a server of gRPC.",
    members: &[
        Member {
            name: "call",
            sig: "(method: string, message?: table, options?: CallOptions, judge?: fun(reply: GrpcReply)): GrpcReply",
            doc: "Calls a unary method, `package.Service/Method`, and waits for its reply. A call that fails never \
                  raises; a message that does not fit the method does.",
            kind: Method(call),
        },
        Member {
            name: "invoke",
            sig: "(method: string, message?: table, options?: CallOptions, judge?: fun(reply: GrpcReply)): GrpcReply",
            doc: "The same as `call`, by the name that k6 has for it.",
            kind: Method(call),
        },
        Member {
            name: "stream",
            sig: "(method: string, options?: StreamOptions): GrpcStream",
            doc: "Begins a call of a streaming method. It goes on over tasks until the server ends it, it is closed, \
                  or its VU ends. It counts once it has ended.",
            kind: Method(stream::open),
        },
        Member {
            name: "methods",
            sig: "(): string[]",
            doc: "The methods that the server has, as far as its descriptors tell.",
            kind: Method(methods),
        },
        Member {
            name: "close",
            sig: "()",
            doc: "Closes the connection once its calls have ended. The next call makes a new one.",
            kind: Method(|frame, number| {
                client(frame, number)?.channel.close();
                Ok(())
            }),
        },
        Member {
            name: "address",
            sig: "string",
            doc: "Where the server is, as a URL.",
            kind: Field(|frame, number| {
                let client = client(frame, number)?;
                frame.give(Arg::Str(client.channel.url().as_bytes()));
                Ok(())
            }),
        },
    ],
    ..ObjectType::EMPTY
};

/// `grpc.client(address, options)`.
pub(super) fn make(frame: &dyn Frame) -> HostResult {
    let address = frame.text(0, "the address")?;
    let options = ClientOptions::read(frame, frame.arg(1))?;
    let client = prepare(frame, address, options)?;
    // What is wrong with a file is told where it is named, before anything is called.
    if !matches!(client.source, SchemaSource::Reflection { .. }) {
        known_schema(&client)?;
    }
    let number = frame.vu().rpcs.borrow_mut().get_or_insert_default().add(Rc::new(client));
    frame.give(Arg::Object(&CLIENT, number));
    Ok(())
}

fn prepare(frame: &dyn Frame, address: &str, options: ClientOptions) -> Result<RpcClient, Raise> {
    let net = frame.vu().client.net();
    let url = url(address, options.tls)?;
    let root = || frame.vu().shared.data.sources.root().to_owned();
    let files = (options.descriptor_set, options.proto, options.import_paths);
    let source = of_files(files, root)
        .unwrap_or_else(|| SchemaSource::Reflection { url: url.clone(), metadata: options.metadata_pairs });
    let terms = ChannelTerms {
        url,
        verify: options.verify,
        cert: options.cert,
        authority: options.authority,
        keepalive: options
            .keepalive
            .map(|every| (every, options.keepalive_timeout.unwrap_or(KEEPALIVE_TIMEOUT))),
    };
    let channel = net.channel(terms, options.is_shared).map_err(|error| Raise::new(error.text))?;
    Ok(RpcClient {
        channel,
        source,
        schema: OnceCell::new(),
        metadata: options.metadata,
        timeout: options.timeout.unwrap_or(net.settings().timeout),
        coding: options.coding,
        max_send: options.max_send.unwrap_or(0),
        max_receive: options.max_receive.unwrap_or(MAX_RECEIVE),
    })
}

/// A set of descriptors, or .proto files and where they are looked for; None where there is neither.
fn of_files(
    (set, files, imports): (Option<String>, Vec<String>, Vec<String>),
    root: impl FnOnce() -> PathBuf,
) -> Option<SchemaSource> {
    match set {
        Some(file) => Some(SchemaSource::Set { root: root(), file }),
        None if files.is_empty() => None,
        None => Some(SchemaSource::Files { root: root(), files, imports }),
    }
}

/// Looks at the `grpc_options` of a class before anything runs: unknown names, and the files that describe its server.
/// Values of a wrong kind are told when the client is made.
///
/// # Errors
/// An option that does not exist; what is wrong with a file, with its line.
pub fn check_options(options: &Value, root: &Path) -> Result<(), Fault> {
    let Value::Object(options) = options else { return Ok(()) };
    let known = || CLIENT_OPTIONS.fields.iter().map(|field| field.name);
    if let Some(name) = options.keys().find(|name| !known().any(|known| known == name.as_str())) {
        return Err(Fault::new(Exit::Script, format!("unknown option `{name}`")).suggest(name, known()));
    }
    let texts = |name: &str| match options.get(name) {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let files = (texts("descriptor_set").pop(), texts("proto"), texts("import_paths"));
    match of_files(files, || root.to_owned()) {
        Some(source) => source.load_now().map(drop),
        None => Ok(()),
    }
}

/// The URL of an address: that of a scheme, or by `tls`.
fn url(address: &str, tls: Option<bool>) -> Result<String, Raise> {
    let wrong = |why: &str| {
        Raise::new(format!("`{address}` is no address of a server: {why}")).help("write it as host:port")
    };
    let (scheme, rest) = match address.split_once("://") {
        None => (if tls == Some(true) { "https" } else { "http" }, address),
        Some(("http" | "grpc", rest)) => ("http", rest),
        Some(("https" | "grpcs", rest)) => ("https", rest),
        Some((scheme, _)) => return Err(wrong(&format!("the scheme `{scheme}` is not known"))),
    };
    if address.contains("://") && tls.is_some_and(|tls| tls != (scheme == "https")) {
        return Err(wrong("its scheme contradicts the option `tls`"));
    }
    let rest = rest.trim_end_matches('/');
    if rest.is_empty() {
        return Err(wrong("it is empty"));
    }
    if rest.contains(['/', '?', '#', '@']) {
        return Err(wrong("it has more than a host and a port"));
    }
    Ok(format!("{scheme}://{rest}"))
}

/// The client with a number.
pub(super) fn client(frame: &dyn Frame, number: u64) -> Result<Rc<RpcClient>, Raise> {
    let vu = frame.vu();
    if let Some(client) = vu.rpcs.borrow().as_ref().and_then(|rpcs| rpcs.client(number)) {
        return Ok(client);
    }
    let own = vu.shared.briefing.clients.iter().find(|own| *own.class == *vu.class);
    let Some(own) = own.filter(|_| number == 0) else {
        return Err(Raise::new("there is no such client")
            .help("`self.grpc` is for the methods and tasks of a GrpcUser while it runs; elsewhere use `grpc.client`"));
    };
    let options = ClientOptions::read(frame, Arg::View(&own.options))
        .and_then(|options| prepare(frame, &own.address, options))
        .map_err(|raise| match raise {
            Raise::Error { what, help } => Raise::Error {
                what: format!("the client of class {} cannot be made: {what}", own.class),
                help,
            },
            raise => raise,
        })?;
    let client = Rc::new(options);
    vu.rpcs.borrow_mut().get_or_insert_default().own = Some(client.clone());
    Ok(client)
}

/// The client's descriptors, loaded when they are needed first.
fn schema(client: &RpcClient) -> Result<Result<&'static Schema, Unread>, Raise> {
    if let Some(schema) = client.schema.get() {
        return Ok(Ok(schema));
    }
    let load = client.source.load(Some((&client.channel, &client.metadata, client.timeout)));
    // Boxed: a fiber's stack is no place for it.
    let loaded = fiber::wait(Box::pin(load))?;
    if let Ok(schema) = loaded {
        let _ = client.schema.set(schema);
    }
    Ok(loaded)
}

/// The same, for who can do nothing without them.
pub(super) fn known_schema(client: &RpcClient) -> Result<&'static Schema, Raise> {
    schema(client)?.map_err(|unread| match unread {
        Unread::Fault(fault) => raise(fault),
        Unread::Unreached(answer) => {
            Raise::new(format!("{}: {}: {}", client.channel.url(), answer.status.name(), answer.text))
        }
    })
}

/// In one line, with the place in the file.
fn raise(fault: Fault) -> Raise {
    let parts = [Some(fault.what), fault.at.map(|at| at.to_string()), fault.why];
    let text: Vec<String> = parts.into_iter().flatten().collect();
    fault.help.into_iter().fold(Raise::new(text.join(": ")), Raise::help)
}

/// A method that is to be called.
pub(super) struct Named {
    pub(super) schema: &'static Schema,
    pub(super) method: &'static GrpcMethod,
    /// The call has ended already: the server could not be asked for its descriptors, and the others know nothing.
    pub(super) unreached: Option<Box<Answer>>,
}

/// The method that argument 0 names.
pub(super) fn method(frame: &dyn Frame, client: &RpcClient, is_streaming: bool) -> Result<Named, Raise> {
    let name = frame.text(0, "the method")?;
    let schema = match schema(client)? {
        Ok(schema) => schema,
        Err(Unread::Fault(fault)) => return Err(raise(fault)),
        Err(Unread::Unreached(answer)) => {
            let Some(method) = GrpcMethod::unseen(name, is_streaming) else {
                return Err(Raise::new(format!("`{name}` is no name of a method"))
                    .help("write it as `package.Service/Method`"));
            };
            return Ok(Named { schema: Schema::unseen(), method, unreached: Some(answer) });
        }
    };
    if let Some(method) = schema.method(name) {
        return Ok(Named { schema, method, unreached: None });
    }
    Err(Raise::unknown("method", name.strip_prefix('/').unwrap_or(name), schema.methods()))
}
