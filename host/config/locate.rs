//! Where scripts and environment files are looked for, and what is near when they are not there.
//! Called by `layers`.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::exit::Exit;
use crate::fault::{Fault, closest};

use super::origin::{Origin, Sited};

/// What is run without `--script`, in this order.
const MAINS: &[&str] = &["main.lua", "scripts/main.lua", "main.rhai", "scripts/main.rhai"];
/// How many names a message lists.
const LISTED: usize = 8;

/// The scripts to run, as people know them; the same one twice is one. Paths start at `folder`.
pub(super) fn scripts(
    given: Option<&Sited<Vec<PathBuf>>>,
    folder: &Path,
) -> Result<Sited<Vec<PathBuf>>, Fault> {
    let mut found = Vec::new();
    let origin = match given {
        Some(given) => {
            for path in &given.value {
                let script = script(path, folder, &given.origin)?;
                if !found.contains(&script) {
                    found.push(script);
                }
            }
            given.origin.clone()
        }
        None => {
            let main = MAINS.iter().map(|name| folder.join(name)).find(|path| path.is_file());
            let main = main.ok_or_else(|| {
                Fault::new(Exit::Config, "no script was given and there is no main.lua")
                    .why("main.lua and scripts/main.lua were looked for")
                    .help(nearby(folder, Path::new("")).unwrap_or("name one with --script".into()))
            })?;
            found.push(runnable(main, &Origin::Default)?);
            Origin::Default
        }
    };
    Ok(Sited::new(found, origin))
}

fn script(path: &Path, folder: &Path, origin: &Origin) -> Result<PathBuf, Fault> {
    let below = folder.join("scripts").join(path);
    let given = folder.join(path);
    if given.is_file() {
        return runnable(given, origin);
    }
    if path.is_relative() && below.is_file() {
        return runnable(below, origin);
    }
    let what = if given.is_dir() {
        format!("script {} is a folder", path.display())
    } else {
        format!("there is no script {}", path.display())
    };
    let fault = origin.fault(Exit::Config, what);
    Err(match nearby(folder, path) {
        Some(help) => fault.help(help),
        None => fault.help(format!("{} was looked for too", below.display())),
    })
}

fn runnable(path: PathBuf, origin: &Origin) -> Result<PathBuf, Fault> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("lua") => Ok(path),
        Some("rhai") => {
            let what = format!("{} is written in Rhai, which cannot be run yet", path.display());
            Err(origin.fault(Exit::Config, what).help("write the script in Lua"))
        }
        _ => {
            let what = format!("{} is not a script", path.display());
            Err(origin.fault(Exit::Config, what).help("the name of a Lua script ends in .lua"))
        }
    }
}

/// The scripts that might have been meant.
fn nearby(folder: &Path, wanted: &Path) -> Option<String> {
    let mut names = BTreeSet::new();
    for place in ["", "suites", "scripts", "scripts/suites"] {
        list(&folder.join(place), &mut names);
    }
    if let Some(parent) = wanted.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        list(&folder.join(parent), &mut names);
    }
    let stem =
        |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let stems: Vec<String> = names.iter().map(|path| stem(path)).collect();
    if let Some(best) = closest(&stem(wanted), stems.iter().map(String::as_str)) {
        let path = names.iter().find(|path| stem(path) == best)?;
        return Some(format!("did you mean `{}`?", path.display()));
    }
    let names: Vec<String> = names.iter().take(LISTED).map(|path| path.display().to_string()).collect();
    if names.is_empty() { None } else { Some(format!("scripts here are {}", names.join(", "))) }
}

fn list(folder: &Path, names: &mut BTreeSet<PathBuf>) {
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    for entry in std::fs::read_dir(here).into_iter().flatten().flatten() {
        let path = folder.join(entry.file_name());
        if path.extension().is_some_and(|extension| extension == "lua") {
            names.insert(path);
        }
    }
}

/// The script root: the folder that `suites` lies in, or else the script's own.
pub(super) fn root(script: &Path) -> PathBuf {
    let own = script.parent().unwrap_or(Path::new(""));
    // A project that is called `suites` is no folder of suites: it holds one.
    let is_project = |folder: &Path| ["scripts", "suites"].iter().any(|name| folder.join(name).is_dir());
    let above_suites = |path: &Path| {
        let is_suites = |folder: &&Path| folder.ends_with("suites") && !is_project(folder);
        let suites = path.ancestors().find(is_suites)?;
        Some(suites.parent().unwrap_or(Path::new("")).to_path_buf())
    };
    let root = above_suites(own).or_else(|| {
        // Started inside `suites`, where the path as given does not show it.
        std::path::absolute(own).ok().and_then(|path| above_suites(&path))
    });
    let root = root.unwrap_or_else(|| own.to_path_buf());
    if root.as_os_str().is_empty() { PathBuf::from(".") } else { root }
}

/// The one root that all scripts share.
pub(super) fn shared_root(scripts: &Sited<Vec<PathBuf>>) -> Result<PathBuf, Fault> {
    let roots: Vec<PathBuf> = scripts.value.iter().map(|script| root(script)).collect();
    let first = roots.first().cloned().unwrap_or_else(|| PathBuf::from("."));
    match roots.iter().find(|root| resolve(root) != resolve(&first)) {
        None => Ok(first),
        Some(other) => {
            let what = "the scripts of one run must share a script root";
            let why = format!("one lies below {}, one below {}", first.display(), other.display());
            Err(scripts.origin.fault(Exit::Config, what).why(why).help("run them one after the other"))
        }
    }
}

/// The environment file, or nothing where it was not asked for by name.
pub(super) fn environment(
    environment: &Sited<String>,
    script_root: &Path,
    folder: &Path,
) -> Result<Option<PathBuf>, Fault> {
    let name = &environment.value;
    let plain = Path::new(name).components().eq([Component::Normal(name.as_ref())]);
    if !plain || name.contains('\\') {
        let what = format!("`{name}` is not the name of an environment");
        return Err(environment
            .origin
            .fault(Exit::Config, what)
            .help("it names a file of the folder config"));
    }
    let folders = config_folders(script_root, folder);
    let file = format!("{name}.yaml");
    if let Some(path) = folders.iter().map(|folder| folder.join(&file)).find(|path| path.is_file()) {
        return Ok(Some(path));
    }
    if environment.origin == Origin::Default {
        return Ok(None);
    }
    let mut known = BTreeSet::new();
    for entry in folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten() {
        let path = PathBuf::from(entry.file_name());
        if path.extension().is_some_and(|extension| extension == "yaml") {
            known.extend(path.file_stem().map(|stem| stem.to_string_lossy().into_owned()));
        }
    }
    let looked: Vec<String> = folders.iter().map(|folder| folder.join(&file).display().to_string()).collect();
    let what = format!("there is no environment `{name}`");
    let fault = environment.origin.fault(Exit::Config, what);
    let from = fault.why.clone().map(|why| format!("{why}; ")).unwrap_or_default();
    let fault = fault.why(format!("{from}{} were looked for", looked.join(" and ")));
    if known.is_empty() {
        return Err(fault.help(format!("create config/{file}")));
    }
    let list: Vec<&str> = known.iter().map(String::as_str).collect();
    Err(fault.help(match closest(name, list.iter().copied()) {
        Some(best) => format!("did you mean `{best}`? there are {}", list.join(", ")),
        None => format!("there are {}", list.join(", ")),
    }))
}

/// Where `config` may lie: in the script root, beside it, in the working folder; each once.
pub(super) fn config_folders(script_root: &Path, folder: &Path) -> Vec<PathBuf> {
    let beside = match script_root.components().next_back() {
        Some(Component::Normal(_)) => script_root.parent().unwrap_or(Path::new("")).to_path_buf(),
        _ => script_root.join(".."),
    };
    let mut folders: Vec<PathBuf> = Vec::new();
    for parent in [script_root, &beside, folder] {
        let config = parent.strip_prefix(".").unwrap_or(parent).join("config");
        if folders.iter().all(|known| resolve(known) != resolve(&config)) {
            folders.push(config);
        }
    }
    folders
}

/// The absolute path without symbolic links; as far as it can be known where nothing is there.
pub(super) fn resolve(path: &Path) -> PathBuf {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    std::fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_path_buf())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::fs;

    fn project(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    fn flag<T>(value: T) -> Sited<T> {
        Sited::new(value, Origin::Flag("--script".into()))
    }

    fn find(folder: &Path, names: &[&str]) -> Result<Vec<String>, Fault> {
        let given = flag(names.iter().map(PathBuf::from).collect::<Vec<_>>());
        let given = (!names.is_empty()).then_some(&given);
        let found = scripts(given, folder)?;
        Ok(found.value.iter().map(|p| p.strip_prefix(folder).unwrap().display().to_string()).collect())
    }

    #[test]
    fn scripts_are_found_as_given_then_below_scripts() {
        let folder = project(&["scripts/suites/smoke.lua", "suites/own.lua", "scripts/suites/own.lua"]);
        let found = find(folder.path(), &["suites/smoke.lua", "scripts/suites/smoke.lua", "suites/own.lua"]);
        assert_eq!(found.unwrap(), ["scripts/suites/smoke.lua", "suites/own.lua"]);
    }

    #[test]
    fn without_a_script_main_is_run() {
        let folder = project(&["main.lua", "scripts/main.lua"]);
        assert_eq!(find(folder.path(), &[]).unwrap(), ["main.lua"]);
        let folder = project(&["scripts/main.lua", "main.rhai"]);
        assert_eq!(find(folder.path(), &[]).unwrap(), ["scripts/main.lua"]);
        let fault = find(project(&["scripts/main.rhai"]).path(), &[]).unwrap_err();
        assert!(fault.what.contains("Rhai, which cannot be run yet"));
        let fault = find(project(&[]).path(), &[]).unwrap_err();
        assert_eq!((fault.exit, fault.help.as_deref()), (Exit::Config, Some("name one with --script")));
    }

    #[test]
    fn a_script_that_is_not_there_suggests_those_that_are() {
        let folder = project(&["scripts/suites/smoke.lua", "scripts/suites/stress.lua", "notes.txt"]);
        let fault = find(folder.path(), &["suites/smok.lua"]).unwrap_err();
        assert_eq!((fault.exit, fault.what.as_str()), (Exit::Config, "there is no script suites/smok.lua"));
        assert!(fault.help.unwrap().ends_with("scripts/suites/smoke.lua`?"));
        let help = find(folder.path(), &["x.lua"]).unwrap_err().help.unwrap();
        assert!(help.starts_with("scripts here are ") && help.contains("stress.lua"), "{help}");
        assert!(find(folder.path(), &["notes.txt"]).unwrap_err().what.contains("is not a script"));
        assert!(find(folder.path(), &["scripts"]).unwrap_err().what.contains("is a folder"));
    }

    #[test]
    fn the_root_is_where_suites_lies() {
        for (script, expected) in [
            ("scripts/suites/smoke.lua", "scripts"),
            ("scripts/suites/deep/er/a.lua", "scripts"),
            ("suites/smoke.lua", "."),
            ("scripts/main.lua", "scripts"),
            ("main.lua", "."),
            ("/p/suites/a.lua", "/p"),
        ] {
            assert_eq!(root(Path::new(script)), Path::new(expected), "{script}");
        }
        let two = flag(vec![PathBuf::from("a/x.lua"), PathBuf::from("b/y.lua")]);
        assert_eq!(shared_root(&two).unwrap_err().exit, Exit::Config);
        let one = flag(vec![PathBuf::from("a/x.lua"), PathBuf::from("a/suites/y.lua")]);
        assert_eq!(shared_root(&one).unwrap(), Path::new("a"));
    }

    #[test]
    fn a_project_called_suites_is_no_folder_of_suites() {
        let folder = project(&[
            "suites/scripts/suites/smoke.lua",
            "suites/scripts/main.lua",
            "suites/examples/01.lua",
        ]);
        let root = |script: &str| root(&folder.path().join(script));
        let at = |path: &str| folder.path().join(path);
        assert_eq!(root("suites/scripts/main.lua"), at("suites/scripts"));
        assert_eq!(root("suites/scripts/suites/smoke.lua"), at("suites/scripts"));
        assert_eq!(root("suites/examples/01.lua"), at("suites/examples"));
    }

    #[test]
    fn config_lies_in_the_root_or_beside_it_or_in_the_working_folder() {
        let named = flag("int".to_string());
        let find = |folder: &Path| {
            let path = environment(&named, &folder.join("scripts"), folder).unwrap().unwrap();
            path.strip_prefix(folder).unwrap().display().to_string()
        };
        let folder = project(&["config/int.yaml"]);
        assert_eq!(find(folder.path()), "config/int.yaml");
        let folder = project(&["config/int.yaml", "scripts/config/int.yaml"]);
        assert_eq!(find(folder.path()), "scripts/config/int.yaml");
        let folder = project(&["config/int.yaml", "scripts/config/stage.yaml"]);
        assert_eq!(find(folder.path()), "config/int.yaml");
        // Names stay as short as they were typed.
        assert_eq!(
            config_folders(Path::new("scripts"), Path::new("")),
            [Path::new("scripts/config"), Path::new("config")]
        );
        assert_eq!(config_folders(Path::new("."), Path::new(""))[0], Path::new("config"));
    }
}
