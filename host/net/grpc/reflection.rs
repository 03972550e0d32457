//! Asks a server for its descriptors: `grpc.reflection.v1`, else `v1alpha`. Used by `source`.

use std::collections::BTreeMap;
use std::time::Duration;

use http::uri::PathAndQuery;
use prost::Message;
use prost_reflect::DescriptorPool;
use prost_types::FileDescriptorProto;

use super::answer::Answer;
use super::call::Outgoing;
use super::channel::Channel;
use super::editions;
use super::headers::Metadata;
use super::reflection_wire::{Request, Response, Told, Wanted};
use super::schema::Schema;
use super::source::Unread;
use super::status::Status;
use super::stream::{Received, Rpc};
use crate::exit::Exit;
use crate::fault::Fault;

/// More files than any server has.
const MOST_FILES: usize = 10_000;

const PATHS: [&str; 2] = [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// Why a server told nothing.
enum Refused {
    /// It has no reflection of this version.
    Unknown,
    Failed(String),
    /// The call ended, badly.
    Ended(Box<Answer>),
}

/// # Errors
/// The server has no reflection, cannot be reached, or tells what makes no sense.
pub(super) async fn ask(channel: &Channel, metadata: &Metadata, limit: Duration) -> Result<Schema, Unread> {
    let place = channel.url();
    let fault = |what: String| Unread::Fault(Fault::new(Exit::Script, what));
    for path in PATHS {
        match ask_at((channel, limit), metadata, PathAndQuery::from_static(path)).await {
            Ok(files) => {
                return build(files).map_err(|why| fault(format!("what {place} says of itself: {why}")));
            }
            Err(Refused::Unknown) => {}
            Err(Refused::Failed(why)) => {
                return Err(fault(format!("cannot ask {place} for its descriptors: {why}")));
            }
            Err(Refused::Ended(mut answer)) => {
                answer.text = format!("it could not be asked for its descriptors: {}", answer.text);
                return Err(Unread::Unreached(answer));
            }
        }
    }
    let fault = Fault::new(Exit::Script, format!("the server at {place} has no reflection"));
    Err(Unread::Fault(fault.help("name its .proto files in the option `proto` of the client")))
}

async fn ask_at(
    (channel, timeout): (&Channel, Duration),
    metadata: &Metadata,
    path: PathAndQuery,
) -> Result<Vec<FileDescriptorProto>, Refused> {
    let none = Metadata::default();
    let outgoing = Outgoing {
        path: &path,
        metadata: [metadata, &none],
        timeout,
        coding: None,
        max_send: 0,
        max_receive: channel.net.settings.max_body,
    };
    let mut asking = Asking { rpc: channel.open(&outgoing, true).await };
    let services = match asking.ask(Wanted::Services("*".into())).await? {
        Told::Services(told) => told.services,
        _ => return Err(Refused::Failed("it does not tell its services".into())),
    };
    let mut files = BTreeMap::new();
    for service in services.iter().filter(|service| !service.name.starts_with("grpc.reflection.")) {
        asking.add(&mut files, Wanted::FileWithSymbol(service.name.clone())).await?;
    }
    // What files import, where the server did not send it along.
    loop {
        let wanted = files.values().flat_map(|file: &FileDescriptorProto| &file.dependency);
        let Some(missing) = wanted.into_iter().find(|name| !files.contains_key(*name)).cloned() else {
            break;
        };
        if files.len() > MOST_FILES {
            return Err(Refused::Failed(format!("it has more than {MOST_FILES} files")));
        }
        let before = files.len();
        asking.add(&mut files, Wanted::FileByName(missing.clone())).await?;
        if files.len() == before || !files.contains_key(&missing) {
            return Err(Refused::Failed(format!("it does not have the file `{missing}`, which it names")));
        }
    }
    asking.rpc.close_send();
    asking.rpc.cancel();
    Ok(files.into_values().collect())
}

struct Asking {
    rpc: Rpc,
}

impl Asking {
    async fn ask(&mut self, wanted: Wanted) -> Result<Told, Refused> {
        let mut framed = Outgoing::buffer();
        let request = Request { host: String::new(), wanted: Some(wanted) };
        request.encode(&mut framed).map_err(|error| Refused::Failed(error.to_string()))?;
        // Where it fails, reading tells why.
        self.rpc.send(framed).await;
        match self.rpc.receive(None).await {
            Received::Message(message) => match Response::decode(message) {
                Ok(Response { told: Some(Told::Error(refusal)) }) => {
                    let name = Status(refusal.code).name();
                    Err(Refused::Failed(format!("{name}: {}", refusal.message)))
                }
                Ok(Response { told: Some(told) }) => Ok(told),
                _ => Err(Refused::Failed("its answer is broken".into())),
            },
            Received::TimedOut => Err(Refused::Failed("it does not answer".into())),
            Received::Over => match self.rpc.answer() {
                Some(answer) if answer.status == Status::UNIMPLEMENTED => Err(Refused::Unknown),
                Some(answer) if answer.fault.is_some() => Err(Refused::Ended(Box::new(answer))),
                _ => Err(Refused::Failed("it ended the call".into())),
            },
        }
    }

    async fn add(
        &mut self,
        files: &mut BTreeMap<String, FileDescriptorProto>,
        wanted: Wanted,
    ) -> Result<(), Refused> {
        let Told::Files(told) = self.ask(wanted).await? else {
            return Err(Refused::Failed("it answers something else than files".into()));
        };
        for bytes in told.files {
            let file = FileDescriptorProto::decode(bytes.as_slice())
                .map_err(|error| Refused::Failed(format!("a file of it is broken: {error}")))?;
            files.insert(file.name().to_owned(), file);
        }
        Ok(())
    }
}

fn build(files: Vec<FileDescriptorProto>) -> Result<Schema, String> {
    editions::check(&files)?;
    let mut pool = DescriptorPool::new();
    pool.add_file_descriptor_protos(files).map_err(|error| error.to_string())?;
    Ok(Schema::new(&pool))
}
