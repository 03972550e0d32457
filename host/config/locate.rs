//! Where scripts and environment files are looked for, and what is near when they are not there.
//! Called by `layers`.

use std::collections::BTreeSet;
use std::os::unix::fs::FileTypeExt;
use std::path::{Component, Path, PathBuf};

use crate::exit::Exit;
use crate::fault::{Fault, closest};

use super::origin::{Origin, Sited};

/// What is run without `--script`, in this order.
const MAINS: &[&str] = &["main.lua", "scripts/main.lua", "main.rhai", "scripts/main.rhai"];
/// The endings of scripts.
const ENDINGS: &[&str] = &["lua", "rhai"];
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
                    .why("main.lua and scripts/main.lua were looked for, and main.rhai beside them")
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
    let what = match [&given, &below].iter().find_map(|path| Some((path, kind_of(path)?))) {
        Some((path, kind)) => format!("script {} is {kind}, not a file", path.display()),
        None => format!("there is no script {}", path.display()),
    };
    let fault = origin.fault(Exit::Config, what);
    Err(match nearby(folder, path) {
        Some(help) => fault.help(help),
        None => fault.help(format!("{} was looked for too", below.display())),
    })
}

/// What is there instead of a file; None where there is nothing, or a file.
fn kind_of(path: &Path) -> Option<&'static str> {
    let Ok(there) = std::fs::metadata(path) else {
        return path.is_symlink().then_some("a link that leads nowhere");
    };
    let kind = there.file_type();
    Some(match () {
        () if kind.is_file() => return None,
        () if kind.is_dir() => "a folder",
        () if kind.is_fifo() => "a named pipe",
        () if kind.is_socket() => "a socket",
        () => "a device",
    })
}

fn runnable(path: PathBuf, origin: &Origin) -> Result<PathBuf, Fault> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some(ending) if ENDINGS.contains(&ending) => Ok(path),
        _ => {
            let what = format!("{} is not a script", path.display());
            Err(origin.fault(Exit::Config, what).help("the name of a script ends in .lua or .rhai"))
        }
    }
}

/// Whether a file is one that could be run, or imported by one.
pub(super) fn is_script(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ENDINGS.contains(&ending)) && path.is_file()
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
        if is_script(&path) {
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

/// What was found for an environment.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Found {
    /// The file; nothing where there is none and it was not asked for by name.
    pub(super) file: Option<PathBuf>,
    /// One that people took for it, and what to do: `config/local.yml is not read: ...`.
    pub(super) passed_over: Option<String>,
}

/// The environment file.
pub(super) fn environment(
    environment: &Sited<String>,
    script_root: &Path,
    folder: &Path,
) -> Result<Found, Fault> {
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
    for path in folders.iter().map(|folder| folder.join(&file)) {
        if path.is_file() {
            return Ok(Found { file: Some(path), passed_over: None });
        }
        if let Some(kind) = kind_of(&path) {
            let what = format!("environment file {} is {kind}, not a file", path.display());
            return Err(environment.origin.fault(Exit::Config, what).help("remove it, or put a file there"));
        }
    }
    let misnamed =
        folders.iter().map(|folder| folder.join(format!("{name}.yml"))).find(|path| path.is_file());
    let passed_over = misnamed.map(|path| format!("{} is not read: call it {file}", path.display()));
    if environment.origin == Origin::Default {
        return Ok(Found { file: None, passed_over });
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
    if let Some(passed_over) = passed_over {
        return Err(fault.help(passed_over));
    }
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
mod tests;
