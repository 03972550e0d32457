//! What is found in folders made for it.
#![allow(clippy::unwrap_used)]

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
fn what_is_no_file_is_called_by_its_name() {
    let folder = project(&["ff.lua/x", "ok.lua"]);
    let at = |name: &str| folder.path().join(name);
    std::os::unix::net::UnixListener::bind(at("sock.lua")).unwrap();
    std::os::unix::fs::symlink("gone", at("link.lua")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(at("pipe.lua")).status().unwrap().success());
    for (name, what) in [
        ("ff.lua", "ff.lua is a folder, not a file"),
        ("sock.lua", "sock.lua is a socket, not a file"),
        ("link.lua", "link.lua is a link that leads nowhere, not a file"),
        ("pipe.lua", "pipe.lua is a named pipe, not a file"),
        ("/dev/null", "/dev/null is a device, not a file"),
    ] {
        let fault = find(folder.path(), &[name]).unwrap_err();
        assert!(fault.exit == Exit::Config && fault.what.ends_with(what), "{}", fault.what);
        // Nothing that cannot be run is suggested, least of all the same again.
        assert!(!fault.help.as_ref().unwrap().contains(name), "{:?}", fault.help);
    }
}

#[test]
fn without_a_script_main_is_run() {
    let folder = project(&["main.lua", "scripts/main.lua"]);
    assert_eq!(find(folder.path(), &[]).unwrap(), ["main.lua"]);
    let folder = project(&["scripts/main.lua", "main.rhai"]);
    assert_eq!(find(folder.path(), &[]).unwrap(), ["scripts/main.lua"]);
    assert_eq!(find(project(&["scripts/main.rhai"]).path(), &[]).unwrap(), ["scripts/main.rhai"]);
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
    let folder =
        project(&["suites/scripts/suites/smoke.lua", "suites/scripts/main.lua", "suites/examples/01.lua"]);
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
        let path = environment(&named, &folder.join("scripts"), folder).unwrap().file.unwrap();
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

#[test]
fn what_looks_like_an_environment_file_is_not_passed_over_in_silence() {
    let usual = Sited::default("local".to_string());
    let named = flag("local".to_string());
    let folder = project(&["config/local.yaml/x"]);
    for asked in [&usual, &named] {
        let fault = environment(asked, folder.path(), folder.path()).unwrap_err();
        assert_eq!(fault.exit, Exit::Config);
        assert!(fault.what.ends_with("config/local.yaml is a folder, not a file"), "{}", fault.what);
    }
    let folder = project(&["config/local.yml"]);
    let told = "config/local.yml is not read: call it local.yaml";
    let found = environment(&usual, folder.path(), folder.path()).unwrap();
    assert!(found.file.is_none() && found.passed_over.unwrap().ends_with(told));
    let fault = environment(&named, folder.path(), folder.path()).unwrap_err();
    assert!(fault.help.unwrap().ends_with(told));
    let folder = project(&["config/local.yml", "config/local.yaml"]);
    let found = environment(&usual, folder.path(), folder.path()).unwrap();
    assert!(found.file.is_some() && found.passed_over.is_none());
    let folder = project(&["main.lua"]);
    assert_eq!(environment(&usual, folder.path(), folder.path()).unwrap(), Found::default());
}
