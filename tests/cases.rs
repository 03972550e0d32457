//! Behaviour cases: each script in tests/cases runs through the real command, and
//! what it prints, how it exits and what was counted is compared with the `.out`
//! beside it. A case says in comments at its head what it needs:
//!
//! | header | meaning | without it |
//! |---|---|---|
//! | `-- flags: -u 2 -i 3` | options of the command | `-u 1 -r 1000 -i 1` |
//! | `-- server: hostile` | where paths lead: `demo`, `hostile` or `none` | `demo` |
//! | `-- log: sorted` | lines are sorted, for which of several users is first is chance | as they come |
//! | `-- counts: no` | requests, checks and failures are not compared | they are |
//! | `-- trace: yes` | tracebacks are compared as well | messages alone |
//!
//! Scripts find the servers in `env.DEMO` (gRPC: `env.GRPC`) and `env.HOSTILE`, too, and one that speaks TLS in
//! `env.SECURE`, whose certificate `--env linked` trusts. A place in an error,
//! `case.lua:12`, is written as `@mark` in the `.out` where line 12 ends in the comment
//! `--@mark`. So one `.out` serves a case in every language, and the names of cases about one
//! language start with its name; every other case has a form in each. Where a language says a thing in its own words (an error of its own,
//! how a value prints), `NAME.rhai.out` is what that form is compared with. `CASE=name cargo test cases` runs those whose name holds `name`.

mod diff;
mod outcome;
mod run;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use run::Servers;

/// Processes at once: each is one thread that mostly computes.
const AT_ONCE: usize = 3;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases")
}

fn scripts() -> Vec<PathBuf> {
    let wanted = std::env::var("CASE").unwrap_or_default();
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let mut scripts: Vec<PathBuf> = entries
        .filter(|path| path.extension().is_some_and(|ending| ending == "lua" || ending == "rhai"))
        .filter(|path| path.file_stem().is_some_and(|name| name.to_string_lossy().contains(&wanted)))
        .collect();
    scripts.sort();
    scripts
}

/// What a case is compared with: what its language says in its own words, or what all say.
fn expected_of(script: &Path) -> PathBuf {
    let own =
        script.with_extension(format!("{}.out", script.extension().unwrap_or_default().to_string_lossy()));
    if own.is_file() { own } else { script.with_extension("out") }
}

#[test]
fn each_case_gives_what_is_expected_of_it() {
    let servers = Servers::start();
    let scripts = scripts();
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(script) = scripts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let expected = std::fs::read_to_string(expected_of(script)).unwrap_or_default();
                    let got = run::run(script, &servers);
                    if got != expected {
                        let name = script.file_name().unwrap().to_string_lossy().into_owned();
                        wrong.lock().unwrap().insert(name, diff::diff(&expected, &got));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(!scripts.is_empty(), "no case is called like that");
    assert!(
        wrong.is_empty(),
        "{} of {} cases are wrong (- expected, + got)\n{}",
        wrong.len(),
        scripts.len(),
        wrong.iter().map(|(name, diff)| format!("\n{name}\n{diff}")).collect::<String>()
    );
}

#[test]
fn each_expected_output_belongs_to_a_case() {
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "out") {
            // `a.out` is for `a.lua` and `a.rhai`, `a.rhai.out` for `a.rhai`.
            let stem = path.with_extension("");
            let scripts = [stem.with_extension("lua"), stem.with_extension("rhai"), stem.clone()];
            let is_script =
                |script: &PathBuf| script.extension().is_some_and(|it| it != "out") && script.is_file();
            assert!(scripts.iter().any(is_script), "{} has no script", path.display());
        }
    }
}

#[test]
fn each_case_has_a_form_in_every_language() {
    let is_of_one = |name: &str| name.starts_with("lua_") || name.starts_with("rhai_");
    let mut lacking = Vec::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        for (ending, other) in [("lua", "rhai"), ("rhai", "lua")] {
            let twin = path.with_extension(other);
            if path.extension().is_some_and(|own| own == ending) && !is_of_one(&name) && !twin.is_file() {
                lacking.push(twin.file_name().unwrap().to_string_lossy().into_owned());
            }
        }
    }
    lacking.sort();
    assert!(lacking.is_empty(), "cases without a twin; these are missing: {}", lacking.join(" "));
}
