//! A result file: checked before the run, replaced as a whole. Used by the
//! sinks that write files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

use crate::exit::Exit;
use crate::fault::Fault;

#[derive(Debug)]
pub(super) struct Target {
    path: PathBuf,
    /// Beside the path, so that the rename stays within one file system. None for what is written to as it is: a
    /// pipe, a terminal.
    temporary: Option<PathBuf>,
}

impl Target {
    /// Makes sure that the path can be written; makes its folder where there is none.
    ///
    /// # Errors
    /// [`Exit::Config`], naming path and reason.
    pub(super) fn prepare(path: &Path) -> Result<Self, Fault> {
        probe(path).map_err(|error| {
            lost(path, &error).help("choose a path that this user may write, or leave the option out")
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts `contents` in place, all of it or nothing.
    ///
    /// # Errors
    /// [`Exit::Config`], naming path and reason; what was there before stays.
    pub(super) fn replace(&self, contents: &[u8]) -> Result<(), Fault> {
        let Some(temporary) = &self.temporary else {
            let opened = OpenOptions::new().write(true).open(&self.path);
            let written = opened.and_then(|mut file| file.write_all(contents));
            return written.map_err(|error| lost(&self.path, &error));
        };
        let written = File::create(temporary)
            .and_then(|mut file| file.write_all(contents))
            .and_then(|()| fs::rename(temporary, &self.path));
        written.map_err(|error| {
            // Best effort: the fault tells of what matters.
            let _ = fs::remove_file(temporary);
            lost(&self.path, &error)
        })
    }
}

fn probe(path: &Path) -> io::Result<Target> {
    let folder = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    let Some(name) = path.file_name().filter(|_| !folder) else {
        return Err(io::Error::other("it names no file"));
    };
    if let Some(there) = path.metadata().ok().filter(|there| !there.is_file() && !there.is_dir()) {
        // A named pipe that nobody reads yet would keep us waiting.
        if !there.file_type().is_fifo() {
            OpenOptions::new().append(true).open(path)?;
        }
        return Ok(Target { path: path.to_owned(), temporary: None });
    }
    make_folder(path)?;
    // A link stays a link; what it points to is replaced.
    let path = if path.is_symlink() { fs::canonicalize(path)? } else { path.to_owned() };
    if path.is_dir() {
        return Err(io::Error::other("it is a directory"));
    }
    if path.exists() {
        OpenOptions::new().append(true).open(&path)?;
    }
    let temporary = path.with_file_name(format!(".{}.{}.tmp", name.display(), std::process::id()));
    File::create(&temporary)?;
    fs::remove_file(&temporary)?;
    Ok(Target { path, temporary: Some(temporary) })
}

/// Makes the folder of a file where there is none.
///
/// # Errors
/// When it cannot be made.
pub fn make_folder(path: &Path) -> io::Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    fs::create_dir_all(folder).map_err(|error| match error.kind() {
        // Of the two files with that name it is the folder that is wanted.
        io::ErrorKind::AlreadyExists => io::ErrorKind::NotADirectory.into(),
        _ => error,
    })
}

/// The fault of a result that could not be written.
pub(super) fn lost(path: &Path, error: &io::Error) -> Fault {
    Fault::new(Exit::Config, format!("cannot write the results to `{}`", path.display())).why(reason(error))
}

/// An I/O error in the style of a fault: lowercase, without the number.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut characters = text.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_made_and_links_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a/b/result");
        Target::prepare(&path).unwrap().replace(b"one").unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        Target::prepare(&link).unwrap().replace(b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert!(link.is_symlink());
        for folder in [dir.path().join("new/"), "/".into()] {
            assert_eq!(Target::prepare(&folder).unwrap_err().why.unwrap(), "it names no file");
        }
    }

    /// As `/dev/stdout` is, where a pipe begins: its own name leads nowhere.
    #[test]
    fn what_is_no_file_is_written_to_as_it_is() {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let path = PathBuf::from(format!("/dev/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&writer)));
        Target::prepare(&path).unwrap().replace(b"told").unwrap();
        drop(writer);
        let mut got = Vec::new();
        io::Read::read_to_end(&mut reader, &mut got).unwrap();
        assert_eq!(got, b"told");
        Target::prepare(Path::new("/dev/null")).unwrap().replace(b"gone").unwrap();
        assert!(!Path::new("/dev/null").is_file());
    }

    #[test]
    fn a_failed_write_leaves_the_old_contents() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("result");
        let mut target = Target::prepare(&path).unwrap();
        target.replace(b"old").unwrap();
        target.temporary = Some(dir.path().join("missing/temporary"));
        assert_eq!(target.replace(b"new").unwrap_err().why.unwrap(), "no such file or directory");
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }
}
