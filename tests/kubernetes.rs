//! The manifests of config/kubernetes: they are what Kubernetes takes, they name what is there, and what they start is a
//! command line of e2e.

mod cluster;
mod overlays;
mod pods;
mod typed;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

use crate::support::yaml;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config/kubernetes")
}

/// A resource, and the file that it stands in.
#[derive(Clone)]
struct Manifest {
    place: String,
    value: Value,
}

impl Manifest {
    fn kind(&self) -> &str {
        self.value["kind"].as_str().unwrap_or_else(|| panic!("{}: no kind", self.place))
    }

    fn name(&self) -> &str {
        self.value["metadata"]["name"].as_str().unwrap_or_else(|| panic!("{}: no name", self.place))
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            found.push(path);
        }
    }
}

fn read(path: &Path) -> Vec<Manifest> {
    let place = path.strip_prefix(folder()).unwrap_or(path).display().to_string();
    let text = fs::read_to_string(path).unwrap();
    yaml::documents(&place, &text).into_iter().map(|value| Manifest { place: place.clone(), value }).collect()
}

/// Every resource as it is written, and every kustomization.
fn written() -> (Vec<Manifest>, Vec<(PathBuf, Value)>) {
    let mut paths = Vec::new();
    files(&folder(), &mut paths);
    paths.sort();
    let (kustomizations, plain): (Vec<_>, Vec<_>) =
        paths.into_iter().partition(|p| p.ends_with("kustomization.yaml"));
    let kustomizations = kustomizations.into_iter().map(|path| {
        let value = read(&path).pop().unwrap().value;
        (path.parent().unwrap().to_owned(), value)
    });
    (plain.iter().flat_map(|path| read(path)).collect(), kustomizations.collect())
}

/// `kubectl` with these arguments; None, which is told, where this machine has none.
fn kubectl(what: &str) -> Option<Command> {
    let is_there =
        Command::new("kubectl").args(["version", "--client"]).output().is_ok_and(|o| o.status.success());
    if !is_there {
        use std::io::Write;
        // Not by a macro, whose output is not shown for a test that passes.
        let _ = writeln!(std::io::stderr(), "skipped: {what}: there is no kubectl");
        return None;
    }
    Some(Command::new("kubectl"))
}

/// What an overlay comes to by `kubectl kustomize`.
fn resolved(folder: &Path) -> Option<Vec<Manifest>> {
    let output = kubectl("overlays as kubectl resolves them")?.arg("kustomize").arg(folder).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.is_empty(), "{}: {told}", folder.display());
    let place = folder.display().to_string();
    let values = yaml::documents(&place, &String::from_utf8(output.stdout).unwrap());
    Some(values.into_iter().map(|value| Manifest { place: place.clone(), value }).collect())
}

/// The sets of resources that are applied together: everything as it is written, and each environment, alone and with
/// the components that may be added, as kubectl resolves it.
fn sets() -> &'static [Vec<Manifest>] {
    // kubectl takes its time.
    static SETS: OnceLock<Vec<Vec<Manifest>>> = OnceLock::new();
    SETS.get_or_init(resolve)
}

fn resolve() -> Vec<Vec<Manifest>> {
    let mut sets = vec![written().0];
    for environment in ["int", "stage", "prod"] {
        let overlay = folder().join("overlays").join(environment);
        sets.extend(resolved(&overlay));
        for component in ["claim", "demo", "indexed"] {
            // Two environments have one pod, and one has several already.
            if (environment, component) == ("stage", "indexed") {
                continue;
            }
            let around = tempfile::tempdir().unwrap();
            let text = serde_json::json!({
                "resources": [relative(around.path(), &overlay)],
                "components": [relative(around.path(), &folder().join(component))],
            });
            fs::write(around.path().join("kustomization.yaml"), text.to_string()).unwrap();
            sets.extend(resolved(around.path()));
        }
    }
    sets
}

/// Kustomizations name each other by relative paths alone.
fn relative(from: &Path, to: &Path) -> String {
    let ups = from.canonicalize().unwrap().components().count() - 1;
    format!("{}{}", "../".repeat(ups), to.canonicalize().unwrap().strip_prefix("/").unwrap().display())
}
