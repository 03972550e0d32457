//! What can be run from a page: the scripts below the script root and the environments beside it. Nothing that lies
//! elsewhere is listed, whatever links lead there, and what is not listed is not run. Called by `app`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::exit::Exit;
use crate::fault::Fault;

use super::given::{Given, Surroundings};
use super::locate;
use super::origin::Origin;
use super::survey::{DEEPEST, SKIPPED};

/// Scripts and environments, as people know them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    /// The script root, relative to the working folder as scripts are.
    pub root: PathBuf,
    /// Files below the root by their path within it: those in `suites` and beside it first.
    pub scripts: Vec<String>,
    /// Those that are run when nobody chooses others.
    pub chosen: Vec<String>,
    /// The names of environment files.
    pub environments: Vec<String>,
    /// The one that counts when nobody chooses another; it may have no file.
    pub environment: String,
}

/// What there is just now.
///
/// # Errors
/// [`Exit::Config`] where there is no script, or the one that was given is not there.
pub fn catalog(given: &Given, surroundings: &Surroundings) -> Result<Catalog, Fault> {
    let folder = &surroundings.folder;
    let found = match locate::scripts(given.scripts.as_ref(), folder) {
        Ok(found) => Some(found),
        Err(fault) if given.scripts.is_some() => return Err(fault),
        Err(_) => None,
    };
    let root = match &found {
        Some(found) => locate::shared_root(found)?,
        None => {
            let known = [("scripts", "scripts"), ("suites", ""), (".", "")];
            let root = known.into_iter().find(|(name, _)| folder.join(name).is_dir());
            folder.join(root.map_or("", |(_, root)| root))
        }
    };
    let root = if root.as_os_str().is_empty() { PathBuf::from(".") } else { root };
    let mut walk = Walk { top: locate::resolve(&root), seen: BTreeSet::new(), files: BTreeSet::new() };
    walk.look(&root, Path::new(""), 0);
    if walk.files.is_empty() {
        let what = format!("there is no script below {}", root.display());
        return Err(Fault::new(Exit::Config, what).help("name one with --script, or begin with `e2e init`"));
    }
    let (first, rest): (Vec<String>, Vec<String>) =
        walk.files.into_iter().partition(|file| file.starts_with("suites/") || !file.contains('/'));
    let scripts: Vec<String> = first.into_iter().chain(rest).collect();
    let within = |path: &PathBuf| {
        let name = path.strip_prefix(&root).or_else(|_| path.strip_prefix(folder)).unwrap_or(path);
        name.to_str().map(str::to_owned)
    };
    let chosen = found.iter().flat_map(|found| &found.value).filter_map(within);
    let chosen: Vec<String> = chosen.filter(|name| scripts.contains(name)).collect();
    let environment = given.environment.as_ref().map_or("local", |environment| &environment.value).to_owned();
    Ok(Catalog { environments: environments(&root, folder), environment, root, scripts, chosen })
}

impl Catalog {
    /// The name of an environment that is listed.
    ///
    /// # Errors
    /// [`Exit::Config`] for every other name.
    pub fn known_environment(&self, name: &str) -> Result<(), Fault> {
        if name == self.environment || self.environments.iter().any(|known| known == name) {
            return Ok(());
        }
        let fault = Origin::Form("environment".to_owned())
            .fault(Exit::Config, format!("there is no environment `{name}`"))
            .help(format!("there are {}", self.environments.join(", ")));
        Err(fault.suggest(name, self.environments.iter().map(String::as_str)))
    }

    /// The path of a script that is listed, as `--script` would name it.
    ///
    /// # Errors
    /// [`Exit::Config`] for every other name, whatever it leads to.
    pub fn path(&self, name: &str) -> Result<PathBuf, Fault> {
        if self.scripts.iter().any(|known| known == name) {
            return Ok(self.root.strip_prefix(".").unwrap_or(&self.root).join(name));
        }
        let what = format!("there is no script `{name}` below the script root");
        let origin = Origin::Form("script".to_owned());
        Err(origin.fault(Exit::Config, what).suggest(name, self.scripts.iter().map(String::as_str)))
    }
}

fn environments(root: &Path, folder: &Path) -> Vec<String> {
    let mut names = BTreeSet::new();
    for folder in locate::config_folders(root, folder) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|ending| ending == "yaml") && path.is_file() {
                names.extend(path.file_stem().and_then(|name| name.to_str()).map(str::to_owned));
            }
        }
    }
    names.into_iter().collect()
}

struct Walk {
    /// The root without links.
    top: PathBuf,
    /// Folders without links: links may go in circles.
    seen: BTreeSet<PathBuf>,
    files: BTreeSet<String>,
}

impl Walk {
    fn look(&mut self, folder: &Path, within: &Path, depth: usize) {
        let real = locate::resolve(folder);
        if depth > DEEPEST || !real.starts_with(&self.top) || !self.seen.insert(real) {
            return;
        }
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            // A name that is no text could not be chosen in a form.
            let Some(text) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
            let (path, within) = (folder.join(text), within.join(text));
            if path.is_dir() {
                if !SKIPPED.contains(&text) {
                    self.look(&path, &within, depth + 1);
                }
            } else if locate::is_script(&path) && locate::resolve(&path).starts_with(&self.top) {
                self.files.extend(within.to_str().map(str::to_owned));
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::config::Sited;

    fn project(files: &[&str]) -> (tempfile::TempDir, Surroundings) {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let surroundings = Surroundings { folder: dir.path().to_owned(), ..Surroundings::default() };
        (dir, surroundings)
    }

    #[test]
    fn what_is_below_the_root_is_listed_suites_first() {
        let (dir, surroundings) = project(&[
            "scripts/suites/smoke.lua",
            "scripts/utils/client.lua",
            "scripts/main.lua",
            "scripts/suites/deep/more.rhai",
            "scripts/notes.txt",
            "scripts/.hidden/x.lua",
            "config/local.yaml",
            "config/prod.yaml",
            "config/notes.yml",
            "outside.lua",
        ]);
        let found = catalog(&Given::default(), &surroundings).unwrap();
        let expected = ["main.lua", "suites/deep/more.rhai", "suites/smoke.lua", "utils/client.lua"];
        assert_eq!(found.scripts, expected);
        assert_eq!(
            (found.chosen, found.environments),
            (vec!["main.lua".to_owned()], vec!["local".into(), "prod".into()])
        );
        let scripts = Sited::new(vec![PathBuf::from("suites/smoke.lua")], Origin::Flag("--script".into()));
        let found = catalog(&Given { scripts: Some(scripts), ..Given::default() }, &surroundings).unwrap();
        assert_eq!(found.chosen, ["suites/smoke.lua"]);
        assert_eq!(found.path("suites/smoke.lua").unwrap(), dir.path().join("scripts/suites/smoke.lua"));
    }

    #[test]
    fn nothing_outside_of_the_root_can_be_named() {
        let (dir, surroundings) = project(&["scripts/main.lua", "outside.lua", "other/a.lua"]);
        let root = dir.path().join("scripts");
        symlink(dir.path().join("outside.lua"), root.join("link.lua")).unwrap();
        symlink(dir.path().join("other"), root.join("folder")).unwrap();
        symlink(&root, root.join("again")).unwrap();
        symlink(root.join("main.lua"), root.join("within.lua")).unwrap();
        let found = catalog(&Given::default(), &surroundings).unwrap();
        assert_eq!(found.scripts, ["main.lua", "within.lua"]);
        let absolute = dir.path().join("outside.lua").display().to_string();
        let names = [
            "../outside.lua",
            "link.lua",
            "folder/a.lua",
            "..%2foutside.lua",
            "./main.lua",
            "again/main.lua",
            "main.lua/../../outside.lua",
            "main.lua\0",
            "",
            &absolute,
        ];
        for name in names {
            let fault = found.path(name).unwrap_err();
            assert!(fault.exit == Exit::Config && fault.what.contains("below the script root"), "{name}");
        }
    }

    #[test]
    fn a_folder_without_scripts_is_refused() {
        let (_dir, surroundings) = project(&["notes.txt"]);
        assert_eq!(catalog(&Given::default(), &surroundings).unwrap_err().exit, Exit::Config);
    }
}
