//! Who may import whom, and the rules of style that a machine can judge. Each test
//! lists every offending `file:line`.

mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use source::{Edge, Source};

/// What each module of the crate may name besides itself. Nothing below `app` may name what is
/// above it; `run` and `report` meet only in `event`.
const ALLOWED: &[(&str, &[&str])] = &[
    (
        "app",
        &[
            "api", "cli", "cluster", "config", "data", "demo", "event", "exit", "fault", "link", "load",
            "mask", "metrics", "net", "report", "run", "script", "units", "vu", "web",
        ],
    ),
    // Carries what processes of one run say to each other: what that is, `run` says.
    ("cluster", &["run", "event", "config", "load", "metrics", "fault", "exit"]),
    ("cli", &["config", "load", "units", "fault", "exit"]),
    (
        "run",
        &[
            "script", "api", "vu", "data", "event", "metrics", "config", "link", "load", "net", "units",
            "fault", "exit",
        ],
    ),
    ("script", &["api", "vu", "config", "load", "metrics", "units", "fault", "exit"]),
    ("api", &["vu", "data", "config", "load", "metrics", "net", "units", "fault", "exit"]),
    ("vu", &["data", "config", "load", "metrics", "net", "units", "fault", "exit"]),
    ("data", &["mask", "fault", "exit"]),
    ("web", &["report", "event", "config", "mask", "metrics", "units", "fault", "exit"]),
    ("report", &["event", "config", "load", "mask", "metrics", "units", "fault", "exit"]),
    ("event", &["config", "metrics", "load", "units", "fault", "exit"]),
    ("config", &["link", "mask", "load", "metrics", "units", "fault", "exit"]),
    ("load", &["units", "fault", "exit"]),
    ("metrics", &["mask", "units", "fault", "exit"]),
    ("net", &["link", "units", "fault", "exit"]),
    ("link", &["fault", "exit"]),
    ("demo", &["units", "fault", "exit"]),
    ("units", &["fault", "exit"]),
    ("fault", &["mask", "exit"]),
    ("mask", &[]),
    ("exit", &[]),
];

/// Where `unsafe` may stand: the fibers, and the binding to Lua's C API.
const UNSAFE: &[&str] = &["host/vu/fiber", "host/script/lua"];
/// An engine's crates, and the only places that may name them.
const ENGINES: &[(&str, &str)] = &[("mlua", "host/script/lua"), ("rhai", "host/script/rhai")];
/// Lines of a file.
const MOST_LINES: usize = 400;

/// Every Rust file below the folder, by its path from the package's root.
fn files(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> = vec![root.join(folder)];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no file in {folder}");
    found
}

fn sources() -> Vec<Source> {
    files("host").into_iter().map(|(file, text)| Source::new(file, &text)).collect()
}

fn judge(rule: &str, offences: Vec<String>) {
    assert!(offences.is_empty(), "{rule}:\n  {}\n", offences.join("\n  "));
}

fn offences(edges: &[Edge]) -> Vec<String> {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.iter().copied().collect();
    let mut offences = Vec::new();
    for edge in edges {
        // The entry, which only starts `app`.
        if edge.from == "main" && edge.to == "app" {
            continue;
        }
        match allowed.get(edge.from.as_str()) {
            _ if edge.from == edge.to => {}
            None => {
                offences.push(format!("{}: `{}` is in no layer: add it to the table", edge.at, edge.from))
            }
            Some(allowed) if allowed.contains(&edge.to.as_str()) => {}
            Some(_) => offences.push(format!("{}: `{}` may not name `{}`", edge.at, edge.from, edge.to)),
        }
    }
    offences
}

/// The modules of a cycle, if there is one.
fn cycle(edges: &BTreeMap<&str, BTreeSet<&str>>) -> Option<Vec<String>> {
    fn visit<'e>(at: &'e str, edges: &BTreeMap<&'e str, BTreeSet<&'e str>>, path: &mut Vec<&'e str>) -> bool {
        if let Some(start) = path.iter().position(|seen| *seen == at) {
            path.drain(..start);
            path.push(at);
            return true;
        }
        path.push(at);
        if edges.get(at).is_some_and(|to| to.iter().any(|to| visit(to, edges, path))) {
            return true;
        }
        path.pop();
        false
    }
    edges.keys().find_map(|start| {
        let mut path = Vec::new();
        visit(start, edges, &mut path).then(|| path.into_iter().map(str::to_owned).collect())
    })
}

#[test]
fn modules_name_only_what_is_below_them() {
    let edges: Vec<Edge> = sources().iter().flat_map(Source::edges).collect();
    assert!(edges.len() > 100, "the paths are not read any more: {} found", edges.len());
    judge("imports against the layers", offences(&edges));
    let mut graph: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for edge in edges.iter().filter(|edge| edge.from != edge.to) {
        graph.entry(&edge.from).or_default().insert(&edge.to);
    }
    assert_eq!(cycle(&graph), None);
}

#[test]
fn the_table_is_whole_and_has_no_cycle() {
    let graph = ALLOWED.iter().map(|(from, to)| (*from, to.iter().copied().collect())).collect();
    assert_eq!(cycle(&graph), None);
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("host/lib.rs")).unwrap();
    let declared = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    let (declared, tabled): (BTreeSet<&str>, BTreeSet<&str>) =
        (declared.collect(), graph.keys().copied().collect());
    assert_eq!(declared, tabled);
}

#[test]
fn engines_are_named_only_in_their_adapters() {
    let mut offences = Vec::new();
    for source in sources() {
        for (engine, home) in ENGINES {
            // `mlua_sys`, `rhai`, ...; the module of that name is declared beside it.
            let named = |word: &str| {
                word == *engine || word.strip_prefix(engine).is_some_and(|rest| rest.starts_with('_'))
            };
            if !source.file.starts_with(home)
                // The last writes what each says of itself for editors.
                && !["host/script/mod.rs", "host/script/languages.rs", "host/script/stubs/tests.rs"]
                    .contains(&&*source.file)
            {
                offences.extend(source.lines_with(named).map(|at| format!("{at}: names {engine}")));
            }
        }
    }
    judge("an engine outside its adapter", offences);
}

#[test]
fn unsafe_code_stays_in_its_two_places() {
    let mut offences = Vec::new();
    for source in
        sources().into_iter().filter(|source| !UNSAFE.iter().any(|home| source.file.starts_with(home)))
    {
        offences.extend(source.lines_with(|word| word == "unsafe"));
    }
    for (file, text) in files("tests") {
        offences.extend(Source::new(file, &text).lines_with(|word| word == "unsafe"));
    }
    judge("unsafe outside the fibers and the binding to Lua", offences);
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let mut offences = Vec::new();
    for (file, text) in files("host").into_iter().chain(files("tests")) {
        let lines = text.lines().count();
        if lines > MOST_LINES {
            offences.push(format!("{file}:{lines}: {} lines too long", lines - MOST_LINES));
        }
        if !text.starts_with("//! ") {
            offences.push(format!("{file}:1: does not open with `//!`"));
        }
    }
    judge("files", offences);
}

#[test]
fn the_rules_find_what_they_look_for() {
    let text = r##"
//! crate::run is only told of.
use crate::{units, run::{self, Setup}};
/* crate::report */ const TEXT: &str = "crate::report"; const RAW: &str = r#"crate::app "quoted" "#;
fn f<'a>(c: char) { crate::net::tls(c == '"', 'x'); super::super::demo::start(); }
mod tests { use super::super::super::event; use super::super::vu; }
"##;
    let source = Source::new("host/load/stop.rs".into(), text);
    let found: Vec<String> =
        source.edges().iter().map(|edge| format!("{} {} {}", edge.at, edge.from, edge.to)).collect();
    let expected = [
        "host/load/stop.rs:3 load units",
        "host/load/stop.rs:3 load run",
        "host/load/stop.rs:5 load net",
        "host/load/stop.rs:5 load demo",
        "host/load/stop.rs:6 load event",
    ];
    assert_eq!(found, expected);
    assert_eq!(offences(&source.edges()).len(), 4);
    let looped = [("a", ["b"]), ("b", ["c"]), ("c", ["b"])];
    let looped = looped.map(|(from, to)| (from, BTreeSet::from(to))).into();
    assert_eq!(cycle(&looped).unwrap(), ["b", "c", "b"]);
}
