//! Where descriptors come from, and which are known already: each source is read once a process, however many users
//! ask for it. Used by `api::grpc`.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::sync::OnceCell;

use super::answer::Answer;
use super::channel::Channel;
use super::headers::Metadata;
use super::schema::Schema;
use super::{proto_files, reflection};
use crate::exit::Exit;
use crate::fault::Fault;

/// What describes a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// .proto files, and the folders that they and their imports are looked for in; all below `root`.
    Files { root: PathBuf, files: Vec<String>, imports: Vec<String> },
    /// A `FileDescriptorSet`, as `protoc -o` writes it; below `root`.
    Set { root: PathBuf, file: String },
    /// The server itself: its URL, and what it was asked with.
    Reflection { url: String, metadata: Vec<(String, Vec<u8>)> },
}

/// Why nothing was read.
#[derive(Debug)]
pub enum Unread {
    /// A file is not there, or broken; or the server tells what makes no sense.
    Fault(Fault),
    /// The server could not be asked, or did not answer: how that ended.
    Unreached(Box<Answer>),
}

/// A source as it was read.
type Loaded = Result<&'static Schema, Fault>;

type Cell = Arc<OnceCell<Loaded>>;

static KNOWN: OnceLock<Mutex<FxHashMap<Source, Cell>>> = OnceLock::new();

impl Source {
    fn cell(&self) -> Cell {
        let mut known = KNOWN.get_or_init(Mutex::default).lock();
        if let Some(cell) = known.get(self) {
            return cell.clone();
        }
        known.entry(self.clone()).or_default().clone()
    }

    /// Reads it, unless that has been done. Files are read by a thread of their own. A server that could not be asked
    /// is asked again the next time. `asking` tells how, and how long that may
    /// take.
    ///
    /// # Errors
    /// What is wrong with a file, with its line; or why the server did not tell.
    pub async fn load(
        &self,
        asking: Option<(&Channel, &Metadata, Duration)>,
    ) -> Result<&'static Schema, Unread> {
        let cell = self.cell();
        if let Source::Reflection { .. } = self {
            let Some((channel, metadata, limit)) = asking else {
                let fault = Fault::new(Exit::Script, "there is no server to be asked for its descriptors");
                return Err(Unread::Fault(fault));
            };
            let asked = cell.get_or_try_init(|| async {
                reflection::ask(channel, metadata, limit).await.map(|schema| Ok(keep(schema)))
            });
            return asked.await?.clone().map_err(Unread::Fault);
        }
        cell.get_or_init(|| async {
            let source = self.clone();
            let (sender, receiver) = tokio::sync::oneshot::channel();
            std::thread::spawn(move || drop(sender.send(source.read())));
            let lost =
                || Err(Fault::new(Exit::Internal, "reading the descriptors ended in an internal fault"));
            receiver.await.unwrap_or_else(|_| lost()).map(keep)
        })
        .await
        .clone()
        .map_err(Unread::Fault)
    }

    /// Reads files at once, unless that has been done; for who has nothing else to do meanwhile.
    ///
    /// # Errors
    /// What is wrong with a file, with its line.
    pub fn load_now(&self) -> Result<&'static Schema, Fault> {
        let cell = self.cell();
        if let Some(known) = cell.get() {
            return known.clone();
        }
        let read = self.read().map(keep);
        // Somebody else may have been quicker, by the same files.
        let _ = cell.set(read.clone());
        read
    }

    fn read(&self) -> Result<Schema, Fault> {
        match self {
            Source::Files { root, files, imports } => proto_files::compile(root, files, imports),
            Source::Set { root, file } => proto_files::read_set(root, file),
            Source::Reflection { .. } => Err(Fault::new(Exit::Internal, "reflection is no file")),
        }
    }
}

/// All workers read it until the process ends.
fn keep(schema: Schema) -> &'static Schema {
    Box::leak(Box::new(schema))
}
