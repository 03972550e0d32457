//! Sees which of the files that a run depends on have changed in content. The system's notices (crate notify) only say
//! when to look: editors replace files by others, and touch those they leave alone. Used by `watch`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata};
use std::hash::{DefaultHasher, Hasher};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use notify::event::{AccessKind, AccessMode};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use crate::config::Watched;

/// Changes come in flocks: one is over when nothing came for so long.
const QUIET: Duration = Duration::from_millis(100);
/// A flock is not waited for longer.
const FLOCK: Duration = Duration::from_secs(2);
/// Where the system gives no notice, files are looked at so often.
const POLL: Duration = Duration::from_secs(1);
/// Folders are followed so deep.
const DEEPEST: usize = 16;
/// Folders that belong to tools, and may be large.
const SKIPPED: &[&str] = &["target", "node_modules"];

/// What tells that a file need not be read again: length, times of content and of the entry, the file's number.
type Stamp = (u64, (i64, i64), (i64, i64), u64);

pub(super) struct Eyes {
    watched: Watched,
    /// Files that runs write: their folder and the beginning of their names.
    written: Vec<(PathBuf, String)>,
    /// None where the system gives no notice.
    watcher: Option<RecommendedWatcher>,
    sender: Sender<()>,
    /// Something may have changed.
    pub(super) notices: Receiver<()>,
    known: BTreeMap<PathBuf, (Stamp, u64)>,
    /// Each file's content when the run began.
    before: BTreeMap<PathBuf, u64>,
}

impl Eyes {
    pub(super) fn new(watched: Watched) -> Eyes {
        let (sender, notices) = bounded(1);
        let written = watched.written.iter().filter_map(|path| {
            let folder = path.parent().unwrap_or(Path::new(""));
            Some((canonical(folder), path.file_name()?.to_string_lossy().into_owned()))
        });
        let watcher = watcher(sender.clone());
        if watcher.is_none() {
            poll(sender.clone());
        }
        let written = written.collect();
        Eyes { watched, written, watcher, sender, notices, known: BTreeMap::new(), before: BTreeMap::new() }
    }

    /// What is there now is what the next run reads.
    pub(super) fn remember(&mut self) {
        self.before = self.look();
    }

    /// How many files are looked at.
    pub(super) fn count(&self) -> usize {
        self.before.len()
    }

    /// The files that differ from what was remembered, once it is quiet.
    pub(super) fn changes(&mut self) -> Vec<PathBuf> {
        let until = Instant::now() + FLOCK;
        while self.notices.recv_timeout(QUIET).is_ok() && Instant::now() < until {}
        let now = self.look();
        let differs = |path: &&PathBuf| now.get(*path) != self.before.get(*path);
        let all: BTreeSet<&PathBuf> = now.keys().chain(self.before.keys()).collect();
        all.into_iter().filter(differs).cloned().collect()
    }

    /// Each file and a number for its content.
    fn look(&mut self) -> BTreeMap<PathBuf, u64> {
        let mut folders = self.folders();
        for _ in 0..DEEPEST {
            // First the notices, then the look: nothing comes between. All anew, since one may be another folder of
            // the same name.
            folders.iter().for_each(|folder| self.follow(folder));
            let files = self.walk(&folders);
            let now = self.folders();
            if now == folders {
                return files;
            }
            folders = now;
        }
        self.walk(&folders)
    }

    fn follow(&mut self, folder: &Path) {
        let Some(watcher) = &mut self.watcher else { return };
        if watcher.watch(folder, RecursiveMode::NonRecursive).is_err() && folder.is_dir() {
            // There are limits to notices; not to looking.
            self.watcher = None;
            poll(self.sender.clone());
        }
    }

    fn folders(&self) -> BTreeSet<PathBuf> {
        let mut found = BTreeSet::new();
        folders_below(&canonical(&self.watched.root), 0, &mut found);
        found.extend(
            self.watched.config_folders.iter().filter(|folder| folder.is_dir()).map(|f| canonical(f)),
        );
        found
    }

    fn walk(&mut self, folders: &BTreeSet<PathBuf>) -> BTreeMap<PathBuf, u64> {
        let config: Vec<PathBuf> =
            self.watched.config_folders.iter().map(|folder| canonical(folder)).collect();
        let outputs =
            ["/dev/stdout", "/dev/stderr"].map(|output| fs::metadata(output).ok().map(|m| place(&m)));
        let mut known = BTreeMap::new();
        for folder in folders {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let is_written = |(at, start): &(PathBuf, String)| at == folder && name.starts_with(start);
                let is_other = config.contains(folder) && name != self.watched.config_file;
                if is_other || is_passing(&name) || self.written.iter().any(is_written) {
                    continue;
                }
                let path = folder.join(&name);
                let Ok(metadata) = fs::metadata(&path) else { continue };
                if !metadata.is_file() || outputs.contains(&Some(place(&metadata))) {
                    continue;
                }
                let stamp = stamp(&metadata);
                let content = match self.known.get(&path) {
                    Some((before, content)) if *before == stamp => Some(*content),
                    _ => content(&path),
                };
                known.extend(content.map(|content| (path, (stamp, content))));
            }
        }
        self.known = known;
        self.known.iter().map(|(path, (_, content))| (path.clone(), *content)).collect()
    }
}

/// None where the system has no notices left to give.
fn watcher(sender: Sender<()>) -> Option<RecommendedWatcher> {
    let told = move |event: notify::Result<notify::Event>| {
        // Reading is no change, and this looks by reading.
        let is_reading = |kind: EventKind| match kind {
            EventKind::Access(AccessKind::Close(AccessMode::Write)) => false,
            EventKind::Access(_) => true,
            _ => false,
        };
        if !event.is_ok_and(|event| is_reading(event.kind)) {
            let _ = sender.try_send(());
        }
    };
    notify::recommended_watcher(told).ok()
}

/// Says now and then that it is time to look.
fn poll(sender: Sender<()>) {
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(POLL);
            if sender.try_send(()).is_err_and(|error| error.is_disconnected()) {
                return;
            }
        }
    });
}

fn folders_below(folder: &Path, depth: usize, found: &mut BTreeSet<PathBuf>) {
    if depth > DEEPEST || !folder.is_dir() || !found.insert(folder.to_owned()) {
        return;
    }
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let path = entry.path();
        if !name.starts_with('.') && !SKIPPED.contains(&&*name) && path.is_dir() {
            folders_below(&canonical(&path), depth + 1, found);
        }
    }
}

/// Files that editors make for a moment, or for themselves.
fn is_passing(name: &str) -> bool {
    name.starts_with(['.', '#'])
        || name.ends_with(['~', '#'])
        || name == "4913"
        || [".tmp", ".swp", ".bak"].iter().any(|ending| name.ends_with(ending))
}

/// Without links, as far as the path is there.
fn canonical(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = whole.ancestors().find_map(|part| Some((part, fs::canonicalize(part).ok()?)));
    match there {
        Some((part, found)) => found.join(whole.strip_prefix(part).unwrap_or(Path::new(""))),
        None => whole,
    }
}

fn place(file: &Metadata) -> (u64, u64) {
    (file.dev(), file.ino())
}

fn stamp(file: &Metadata) -> Stamp {
    (file.len(), (file.mtime(), file.mtime_nsec()), (file.ctime(), file.ctime_nsec()), file.ino())
}

/// A number for the content; data files may be too large to keep.
fn content(path: &Path) -> Option<u64> {
    let mut file = File::open(path).ok()?;
    let (mut hasher, mut block) = (DefaultHasher::new(), vec![0; 64 << 10]);
    loop {
        match file.read(&mut block).ok()? {
            0 => return Some(hasher.finish()),
            length => hasher.write(&block[..length]),
        }
    }
}
