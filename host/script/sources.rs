//! Script files: reading them, and how messages call them. Used by the engines.

use std::path::Path;

use crate::exit::Exit;
use crate::fault::Fault;

/// A path as people know it: below the working folder without it.
pub fn shown(path: &Path) -> String {
    let folder = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(&folder).unwrap_or(path);
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}

pub fn read(path: &Path) -> Result<String, Fault> {
    let bytes = std::fs::read(path).map_err(|why| {
        Fault::new(Exit::Config, format!("cannot read {}", shown(path))).why(why.to_string())
    })?;
    String::from_utf8(bytes).map_err(|why| {
        let line =
            why.as_bytes()[..why.utf8_error().valid_up_to()].iter().filter(|byte| **byte == b'\n').count()
                + 1;
        Fault::new(Exit::Script, format!("{}:{line}: the script is not UTF-8 text", shown(path)))
    })
}

/// How modules of a language are named: the ending of their files, and what stands between folders.
#[derive(Clone, Copy)]
pub struct Naming {
    pub ending: &'static str,
    pub joint: char,
}

impl Naming {
    /// Adds the names of the modules below `folder`, three folders deep.
    pub fn list(self, folder: &Path, prefix: &str, depth: usize, into: &mut Vec<String>) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
            if path.is_dir() && depth < 3 {
                self.list(&path, &format!("{prefix}{stem}{}", self.joint), depth + 1, into);
            } else if path.extension().is_some_and(|ending| ending == self.ending) {
                into.push(format!("{prefix}{stem}"));
            }
        }
    }
}
