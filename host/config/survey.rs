//! The files that `--check` looks at: the scripts that were given, or else every script file below the script root.
//! Called by `app`.

use std::path::{Path, PathBuf};

use crate::exit::Exit;
use crate::fault::Fault;

use super::given::{Given, Surroundings};
use super::locate;
use super::origin::{Origin, Sited};

/// Folders in which nobody keeps scripts, and that may be large.
pub(super) const SKIPPED: &[&str] = &["target", "node_modules"];
/// Folders are followed so deep.
pub(super) const DEEPEST: usize = 16;

/// What there is to check.
#[derive(Debug, Default)]
pub struct Survey {
    /// Files to compile, and whose top level is run: those given, or `main.lua`, its neighbours and `suites`.
    pub scripts: Vec<PathBuf>,
    /// Files to compile.
    pub modules: Vec<PathBuf>,
    /// What is wrong with the scripts' paths.
    pub faults: Vec<Fault>,
    /// The scripts were named by whoever asks.
    pub is_given: bool,
}

/// Looks for the scripts of `given`, each for itself.
pub fn survey(given: &Given, surroundings: &Surroundings) -> Survey {
    let folder = &surroundings.folder;
    let mut survey = Survey { is_given: given.scripts.is_some(), ..Survey::default() };
    if let Some(Sited { value: paths, origin }) = &given.scripts {
        for path in paths {
            match locate::scripts(Some(&Sited::new(vec![path.clone()], origin.clone())), folder) {
                Ok(found) => {
                    let new = found.value.into_iter().filter(|path| !survey.scripts.contains(path));
                    survey.scripts.extend(new.collect::<Vec<_>>());
                }
                Err(fault) => survey.faults.push(fault),
            }
        }
        return survey;
    }
    let main = locate::scripts(None, folder).map(|main| locate::root(&main.value[0]));
    let root = main.or_else(|fault| {
        let known = [("scripts", "scripts"), ("suites", "")];
        let root = known.into_iter().find(|(name, _)| folder.join(name).is_dir());
        root.map(|(_, root)| folder.join(root)).ok_or(fault)
    });
    match root {
        Err(fault) => survey.faults.push(fault),
        Ok(root) => {
            let root = if root.as_os_str().is_empty() { PathBuf::from(".") } else { root };
            let mut files = Vec::new();
            collect(&root, 0, &mut files);
            if files.is_empty() {
                let what = format!("there is no script below {}", root.display());
                survey.faults.push(Fault::new(Exit::Config, what).help("name one with --script"));
            }
            files.sort();
            let root = root.strip_prefix(".").unwrap_or(&root);
            let suites = root.join("suites");
            let is_script = |path: &PathBuf| path.starts_with(&suites) || path.parent() == Some(root);
            (survey.scripts, survey.modules) = files.into_iter().partition(is_script);
        }
    }
    survey
}

impl Given {
    /// The same with these scripts.
    pub fn with_scripts(&self, scripts: Vec<PathBuf>) -> Given {
        let origin = self.scripts.as_ref().map_or(Origin::Default, |scripts| scripts.origin.clone());
        Given { scripts: Some(Sited::new(scripts, origin)), ..self.clone() }
    }
}

/// Where `require` of a script looks.
pub fn root_of(script: &Path) -> PathBuf {
    locate::root(script)
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // `./a.lua` would not be what people type.
        let path = folder.strip_prefix(".").unwrap_or(folder).join(&*name);
        let is_skipped = name.starts_with('.') || SKIPPED.contains(&&*name);
        if path.is_dir() && !is_skipped && depth < DEEPEST {
            collect(&path, depth + 1, files);
        } else if locate::is_script(&path) {
            files.push(path);
        }
    }
}
