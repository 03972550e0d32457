//! A number for the content of the scripts of a run: processes that make it together must have the same. Used by
//! `together`.

use std::fs;
use std::path::{Path, PathBuf};

use ring::digest::{Context, SHA256};

/// What a run's behaviour is written in.
const ENDINGS: [&str; 3] = ["lua", "rhai", "proto"];
/// Folders in which nobody keeps scripts, and that may be large.
const SKIPPED: [&str; 2] = ["target", "node_modules"];
/// Folders are followed so deep.
const DEEPEST: usize = 16;

/// Of the scripts below the script root, by name and content: 16 digits.
pub(super) fn fingerprint(root: &Path) -> String {
    let mut files = Vec::new();
    collect(if root.as_os_str().is_empty() { Path::new(".") } else { root }, 0, &mut files);
    let mut named: Vec<(String, PathBuf)> = files
        .into_iter()
        .map(|file| (file.strip_prefix(root).unwrap_or(&file).to_string_lossy().into_owned(), file))
        .collect();
    named.sort();
    let mut context = Context::new(&SHA256);
    for (name, file) in named {
        let content = fs::read(file).unwrap_or_default();
        // With their lengths, so that no two sets of files come to the same bytes.
        context.update(&(name.len() as u64).to_le_bytes());
        context.update(name.as_bytes());
        context.update(&(content.len() as u64).to_le_bytes());
        context.update(&content);
    }
    context.finish().as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        // Hidden ones belong to tools; a mounted ConfigMap has its files in such, and links to them.
        if name.starts_with('.') || SKIPPED.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() && depth < DEEPEST {
            collect(&path, depth + 1, files);
        } else if path.extension().is_some_and(|ending| ENDINGS.iter().any(|known| *known == ending)) {
            files.push(path);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_and_contents_count_and_nothing_else() {
        let write = |files: &[(&str, &str)]| {
            let folder = tempfile::tempdir().unwrap();
            for (name, content) in files {
                let path = folder.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, content).unwrap();
            }
            fingerprint(folder.path())
        };
        let one = write(&[("a.lua", "x = 1"), ("sub/b.rhai", "")]);
        assert_eq!(one.len(), 16);
        assert_eq!(
            one,
            write(&[("sub/b.rhai", ""), ("a.lua", "x = 1"), ("r.csv", "1,2"), (".git/c.lua", "")])
        );
        assert_ne!(one, write(&[("a.lua", "x = 2"), ("sub/b.rhai", "")]));
        assert_ne!(one, write(&[("a2.lua", "x = 1"), ("sub/b.rhai", "")]));
    }
}
