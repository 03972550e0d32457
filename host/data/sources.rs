//! The data files of a run: found below the script root, read on a thread of their own
//! (a large file takes longer than a script may compute), and held once for all
//! workers. Made by `app`.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::panic::catch_unwind;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;
use serde_json::Value;
use tokio::sync::oneshot;

use super::dataset::{Cursor, Dataset, Mode, OnEnd, Stride};
use super::rows::Rows;
use super::secret::Secrets;
use super::{csv, json, lines};
use crate::exit::Exit;
use crate::fault::{Fault, closest};

/// How a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    Csv { delimiter: u8 },
    Lines,
    Json,
}

/// What was read.
#[derive(Debug)]
pub enum Data {
    Rows(Rows),
    Value(Value),
}

/// What is wrong with a file's contents.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) what: String,
    pub(super) line: Option<u64>,
    help: Option<&'static str>,
}

impl Broken {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Broken { what: what.into(), line: None, help: None }
    }

    pub(super) fn line(self, line: u64) -> Self {
        Broken { line: Some(line), ..self }
    }

    pub(super) fn help(self, help: &'static str) -> Self {
        Broken { help: Some(help), ..self }
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)
    }
}

/// So that it can be an I/O error's reason.
impl std::error::Error for Broken {}

type Key = (PathBuf, Form);
/// A file as some script uses it.
type Use = (Key, Mode, OnEnd);
type Opened = Result<&'static Data, Fault>;

enum State {
    /// Those who wait for it.
    Reading(Vec<oneshot::Sender<()>>),
    Done(Opened),
}

/// What the scripts of a run may read.
pub struct Sources {
    /// Data files lie below it.
    root: PathBuf,
    secrets: Secrets,
    known: Mutex<FxHashMap<Key, State>>,
    cursors: Mutex<FxHashMap<Use, Arc<Cursor>>>,
    stride: Arc<Stride>,
}

impl Sources {
    pub fn new(root: PathBuf, secrets: Secrets) -> Arc<Self> {
        Arc::new(Sources {
            root,
            secrets,
            known: Mutex::default(),
            cursors: Mutex::default(),
            stride: Arc::default(),
        })
    }

    /// Of the rows that all VUs of the run take in turn, this process takes but `first`, and each `apart` further.
    pub fn share(&self, first: u64, apart: u64) {
        self.stride.first.store(first, Ordering::Relaxed);
        self.stride.apart.store(apart, Ordering::Relaxed);
    }

    /// The script root, which data files lie below.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The files that were asked for so far.
    pub fn files(&self) -> Vec<PathBuf> {
        lock(&self.known).keys().map(|(path, _)| path.clone()).collect()
    }

    pub fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// The file at `path` below the script root, read once however many ask for it.
    ///
    /// # Errors
    /// A path that leads elsewhere, a file that is not there, or whose contents are broken.
    pub async fn open(self: &Arc<Self>, path: &str, form: Form) -> Opened {
        let key = (self.find(path)?, form);
        loop {
            let done = {
                let mut known = lock(&self.known);
                match known.get_mut(&key) {
                    Some(State::Done(read)) => return read.clone(),
                    Some(State::Reading(waiting)) => {
                        let (sender, receiver) = oneshot::channel();
                        waiting.push(sender);
                        receiver
                    }
                    None => {
                        let (sender, receiver) = oneshot::channel();
                        known.insert(key.clone(), State::Reading(vec![sender]));
                        let (sources, key, name) = (self.clone(), key.clone(), shown(&self.root.join(path)));
                        std::thread::spawn(move || sources.read(key, &name));
                        receiver
                    }
                }
            };
            // An error means that it is done as well.
            let _ = done.await;
        }
    }

    /// The rows of a file, and which of them come next.
    ///
    /// # Errors
    /// As [`Sources::open`].
    pub async fn dataset(
        self: &Arc<Self>,
        path: &str,
        form: Form,
        mode: Mode,
        on_end: OnEnd,
    ) -> Result<Dataset, Fault> {
        let Data::Rows(rows) = self.open(path, form).await? else {
            return Err(Fault::new(Exit::Internal, "a data file without rows"));
        };
        let key = ((self.find(path)?, form), mode, on_end);
        let new = || Arc::new(Cursor::new(self.stride.clone()));
        let cursor = lock(&self.cursors).entry(key).or_insert_with(new).clone();
        Ok(Dataset { name: shown(&self.root.join(path)).into(), rows, mode, on_end, cursor })
    }

    /// The real path of a file below the root.
    pub fn find(&self, path: &str) -> Result<PathBuf, Fault> {
        let fault = |what: String| Fault::new(Exit::Script, what);
        let below = |component| matches!(component, Component::Normal(_) | Component::CurDir);
        if path.is_empty() || path.contains('\0') || !Path::new(path).components().all(below) {
            return Err(fault(format!("`{path}` does not lie below the script root"))
                .help("write it as `data/users.csv`, from the folder that `suites` or the script is in"));
        }
        let whole = self.root.join(path);
        let unread = |why: std::io::Error| fault(format!("cannot read {}: {why}", shown(&whole)));
        let found = match whole.canonicalize() {
            Ok(found) => found,
            Err(why) if why.kind() == ErrorKind::NotFound => return Err(missing(&whole)),
            Err(why) => return Err(unread(why)),
        };
        if !found.starts_with(self.root.canonicalize().map_err(unread)?) {
            return Err(fault(format!("{} leads out of the script root by a link", shown(&whole)))
                .help("copy the file to where the scripts are"));
        }
        if !found.is_file() {
            return Err(fault(format!("{} is not a file", shown(&whole))));
        }
        Ok(found)
    }

    /// Reads a file and wakes those who wait for it.
    fn read(&self, key: Key, name: &str) {
        let read = catch_unwind(|| contents(&key, name)).unwrap_or_else(|_| {
            Err(Fault::new(Exit::Internal, format!("internal fault while reading {name}")))
        });
        let before = lock(&self.known).insert(key, State::Done(read));
        if let Some(State::Reading(waiting)) = before {
            // Who was told to end waits no more.
            for sender in waiting {
                let _ = sender.send(());
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The contents of a file.
fn contents((path, form): &Key, name: &str) -> Opened {
    let unread = |why: std::io::Error| Fault::new(Exit::Script, format!("cannot read {name}: {why}"));
    let mut file = File::open(path).map_err(unread)?;
    let stamp = stamp(&file).map_err(unread)?;
    let key = (path.clone(), *form);
    if let Some((known, data)) = lock(&SHELF).get(&key)
        && *known == stamp
    {
        return Ok(data);
    }
    let mut all = || {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map(|_| bytes).map_err(unread)
    };
    let data = match *form {
        Form::Csv { delimiter } => csv::read(BufReader::new(file), delimiter).map(Data::Rows),
        Form::Lines => lines::read(&all()?).map(Data::Rows),
        Form::Json => json::read(&all()?).map(Data::Value),
    };
    let data = data.map_err(|broken| {
        let place = broken.line.map(|line| format!(":{line}")).unwrap_or_default();
        let fault = Fault::new(Exit::Script, format!("{name}{place}: {}", broken.what));
        broken.help.into_iter().fold(fault, Fault::help)
    })?;
    // All threads read it until the process ends.
    let data: &'static Data = Box::leak(Box::new(data));
    lock(&SHELF).insert(key, (stamp, data));
    Ok(data)
}

/// Of a file as it was read: length, time of the content and of the entry, the file's number.
type Stamp = (u64, (i64, i64), (i64, i64), (u64, u64));

/// What was read for the runs before, where one process has several.
static SHELF: LazyLock<Mutex<FxHashMap<Key, (Stamp, &'static Data)>>> = LazyLock::new(Mutex::default);

fn stamp(file: &File) -> std::io::Result<Stamp> {
    let about = file.metadata()?;
    let content = (about.mtime(), about.mtime_nsec());
    Ok((about.len(), content, (about.ctime(), about.ctime_nsec()), (about.dev(), about.ino())))
}

fn missing(path: &Path) -> Fault {
    let fault = Fault::new(Exit::Script, format!("there is no {}", shown(path)));
    let folder = path.parent().map(std::fs::read_dir);
    let names: Vec<String> = match folder {
        Some(Ok(entries)) => {
            entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
        }
        _ => return fault,
    };
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match closest(&name, names.iter().map(String::as_str)) {
        Some(best) => fault.help(format!("did you mean `{best}`?")),
        None => fault,
    }
}

/// A path as people know it: below the working folder without it.
fn shown(path: &Path) -> String {
    let folder = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(&folder).unwrap_or(path);
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}
