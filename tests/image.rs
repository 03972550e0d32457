//! The image, as the Dockerfile's own script lays it out, started as a container is: in an empty environment, from a
//! root that cannot be written to, as a user without rights, as process 1. Where this machine does not let us, a line
//! says so.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use e2e::demo::Faults;
use tempfile::TempDir;

use crate::support::project::Running;
use crate::support::relay::Relay;
use crate::support::results;
use crate::support::secure::Secure;
use crate::support::yaml;

/// What `start` says where it may not.
const MAY_NOT: i32 = 77;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Laid out once for all tests; it lies in cargo's folder for them.
fn image() -> &'static Path {
    static IMAGE: OnceLock<PathBuf> = OnceLock::new();
    IMAGE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("image");
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        lay_out(&folder);
        folder
    })
}

fn lay_out(folder: &Path) {
    let mut script = Command::new(repository().join("config/kubernetes/image.sh"));
    // The Dockerfile's own working folder is another.
    let output = script.arg(env!("CARGO_BIN_EXE_e2e")).arg(folder).current_dir("/").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A folder for results, as it is mounted: anybody may write to it.
fn results() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    folder
}

/// None, which is told, where this machine does not let us.
fn start(root: &Path, results: &TempDir, variables: &[&str], line: &str) -> Option<Running> {
    static MAY: OnceLock<bool> = OnceLock::new();
    let command = |root: &Path| {
        let mut command = Command::new(repository().join("tests/image/start"));
        command.arg(root).arg(results.path());
        command
    };
    let may = MAY.get_or_init(|| {
        let status = command(image()).args(["--", "--version"]).stdout(Stdio::null()).status().unwrap();
        if status.code() == Some(MAY_NOT) {
            let _ = writeln!(std::io::stderr(), "skipped: the image: no namespaces can be made here");
        }
        status.code() != Some(MAY_NOT)
    });
    let mut command = command(root);
    command.args(variables).arg("E2E_NO_GENERATOR_CHECK=true").arg("--").args(line.split_whitespace());
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    may.then(|| Running::new(command))
}

/// The files below a folder, with their size and mode, links not followed.
fn files(folder: &Path, found: &mut Vec<(PathBuf, u64, u32)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let (path, kind) = entry.map(|entry| (entry.path(), entry.metadata().unwrap())).unwrap();
        let size = if kind.is_dir() { 0 } else { kind.len() };
        found.push((path.clone(), size, kind.permissions().mode()));
        if kind.is_dir() {
            files(&path, found);
        }
    }
}

#[test]
fn it_holds_e2e_and_nothing_that_it_does_not_need() {
    let mut found = Vec::new();
    files(image(), &mut found);
    let inside = |path: &Path| format!("/{}", path.strip_prefix(image()).unwrap().display());
    let names: BTreeSet<String> = found.iter().map(|(path, ..)| inside(path)).collect();
    for name in [
        "/usr/local/bin/e2e",
        "/etc/ssl/certs/ca-certificates.crt",
        "/e2e/config/local.yaml",
        "/e2e/config/int.yaml",
        "/e2e/config/stage.yaml",
        "/e2e/config/prod.yaml",
        "/e2e/scripts/main.lua",
        "/e2e/scripts/suites/smoke.lua",
        "/e2e/scripts/suites/functional.lua",
        "/e2e/scripts/suites/performance.lua",
        "/e2e/scripts/suites/stress.lua",
        "/e2e/scripts/utils/client.lua",
        "/results",
        "/run/secrets",
    ] {
        assert!(names.contains(name), "no {name} in {names:?}");
    }
    let programs: Vec<&String> = names.iter().filter(|name| name.contains("/bin/")).collect();
    assert_eq!(programs, ["/usr/local/bin/e2e"]);
    assert!(!names.iter().any(|name| name.contains("kubernetes")), "{names:?}");
    for (path, _, mode) in &found {
        let needed = if path.is_dir() { 0o555 } else { 0o444 };
        assert_eq!(mode & needed, needed, "{} cannot be read by others", path.display());
        let open = path.ends_with("results");
        assert_eq!(mode & 0o002 != 0, open, "{} can be written to by others", path.display());
    }
    // A release build, which the image has, is a fraction of what the tests are given.
    let most = if cfg!(debug_assertions) { 120 } else { 60 };
    let size: u64 = found.iter().map(|(_, size, _)| size).sum();
    assert!(size < most << 20, "{} MiB", size >> 20);
    let rest: u64 = found.iter().filter(|(path, ..)| !path.ends_with("e2e")).map(|(_, size, _)| size).sum();
    assert!(rest < 8 << 20, "{} MiB beside e2e", rest >> 20);
}

#[test]
fn the_smoke_suite_passes_with_the_arguments_of_the_job() {
    let results = results();
    let text = fs::read_to_string(repository().join("config/kubernetes/base/job.yaml")).unwrap();
    let job = yaml::documents("job.yaml", &text).pop().unwrap();
    let arguments = job["spec"]["template"]["spec"]["containers"][0]["args"].as_array().unwrap();
    let values = [
        ("TEST_MODE", "smoke"),
        ("USERS", "2"),
        ("SPAWN_RATE", "10"),
        ("DURATION", "2s"),
        (":9464", "127.0.0.1:0"),
    ];
    let words = arguments.iter().map(|argument| {
        values.iter().fold(argument.as_str().unwrap().to_owned(), |text, (name, value)| {
            text.replace(
                &if name.starts_with(':') { (*name).to_owned() } else { format!("$({name})") },
                value,
            )
        })
    });
    let line = words.collect::<Vec<_>>().join(" ");
    let Some(running) = start(image(), &results, &["TEST_ENV=local", "TEST_MODE=smoke"], &line) else {
        return;
    };
    running.end().code(0).printed(&["0 failed", "run time reached", "status is 200"]);
    let read = |name: &str| fs::read_to_string(results.path().join(name)).unwrap();
    let counts = results::of_csv(&read("e2e_stats.csv"));
    assert!(counts["Aggregated"].0 > 4, "{counts:?}");
    assert_eq!(results::of_json(&read("e2e.json")), counts);
    assert!(read("junit.xml").contains("<testsuites"));
}

/// `main` runs the suite that TEST_MODE names, as the article has it.
#[test]
fn its_entry_point_runs_what_the_variables_say() {
    let results = results();
    let variables =
        ["TEST_ENV=local", "TEST_MODE=functional", "E2E_USERS=2", "E2E_SPAWN_RATE=10", "E2E_ITERATIONS=8"];
    let Some(running) = start(image(), &results, &variables, "-t 30s --list") else { return };
    running.end().code(0).printed(&["FunctionalTestUser"]);
    let running = start(image(), &results, &["TEST_ENV=prod"], "-f suites/smoke.lua -u 1 -t 30s").unwrap();
    running.end().code(111).told(&["I understand the risks"]);
    let running = start(image(), &results, &["TEST_ENV=nowhere"], "-t 1s").unwrap();
    running.end().code(104).told(&["there is no environment `nowhere`", "int"]);
}

#[test]
fn nothing_but_results_can_be_written_to() {
    let results = results();
    for prefix in ["/e2e/r", "/etc/r", "/usr/local/bin/r", "/r"] {
        let Some(running) =
            start(image(), &results, &[], &format!("-f suites/smoke.lua -t 1s --csv {prefix}"))
        else {
            return;
        };
        running.end().refused(104, &["ead-only file system"]);
    }
    // And it is e2e that the root holds off, not only its mount.
    let Some(running) = start(image(), &results, &[], "-f suites/smoke.lua -t 1s --csv /proc/sys/kernel/r")
    else {
        return;
    };
    assert_ne!(running.end().code, Some(0));
}

/// A cluster stops a pod by SIGTERM to its process 1, which has no other way to end than its own.
#[test]
fn sigterm_ends_it_gracefully_with_all_results() {
    let results = results();
    let relay = Relay::start(Faults::default(), None);
    let line = format!(
        "-f suites/smoke.lua -H http://{} -u 3 -r 100 -t 30s --stop-timeout 10s --csv /results/e2e --junit /results/junit.xml",
        relay.addr
    );
    let Some(mut running) = start(image(), &results, &["TEST_ENV=local", "TEST_SLOWEST=20"], &line) else {
        return;
    };
    running.until("used the service", || relay.left().iter().any(|(_, documents)| *documents > 0));
    running.signal_inside("TERM");
    running.end().code(105).printed(&["stopped by a signal", "exit 105"]);
    // `on_stop` deleted what was made, and is not counted as lost.
    assert!(relay.left().iter().all(|(_, documents)| *documents == 0), "{:?}", relay.left());
    let read = |name: &str| fs::read_to_string(results.path().join(name)).unwrap();
    let counts = results::of_csv(&read("e2e_stats.csv"));
    assert!(counts["Aggregated"].0 > 0 && counts["Aggregated"].1 == 0, "{counts:?}");
    assert!(read("junit.xml").contains("</testsuites>"));
}

/// Names are looked up by the image's own library, authorities are the image's, secrets are as a cluster mounts them.
#[test]
fn names_authorities_and_secrets_are_found() {
    let results = results();
    let secure = Secure::start_signed();
    let root = tempfile::tempdir().unwrap();
    let root = root.path().join("image");
    lay_out(&root);
    fs::set_permissions(root.parent().unwrap(), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(root.join("etc/hosts"), "127.0.0.1 the-service\n").unwrap();
    // A volume is swapped as a whole, by a link.
    fs::create_dir(root.join("run/secrets/..2026_11_25")).unwrap();
    fs::write(root.join("run/secrets/..2026_11_25/API_TOKEN"), "hunter2hunter2").unwrap();
    std::os::unix::fs::symlink("..2026_11_25", root.join("run/secrets/..data")).unwrap();
    std::os::unix::fs::symlink("..data/API_TOKEN", root.join("run/secrets/API_TOKEN")).unwrap();
    let script = "\
local U = HttpUser:extend(\"U\")
U:task(\"t\", function(self)
  log.info(\"the secret is\", secret(\"API_TOKEN\"), #secret(\"API_TOKEN\"))
  local answer = self.client:get(\"/\")
  log.info(\"it says\", answer.status_code, answer.error and answer.error.kind or \"fine\")
end)
";
    fs::write(root.join("e2e/scripts/own.lua"), script).unwrap();
    let port = secure.addr.port();
    let Some(running) = start(&root, &results, &[], &format!("-f own.lua -H http://the-service:{port} -i 1"))
    else {
        return;
    };
    // It was found: a server of TLS understands no HTTP.
    let ended = running.end().code(1).told(&["the secret is *** 14", "it says 0"]);
    assert!(!ended.err.contains("dns"), "{}", ended.err);
    let by_address = format!("-f own.lua -H https://127.0.0.1:{port} -i 1");
    start(&root, &results, &[], &by_address).unwrap().end().code(1).told(&["it says 0 tls"]);
    let authorities = root.join("etc/ssl/certs/ca-certificates.crt");
    let mut authorities = fs::OpenOptions::new().append(true).open(authorities).unwrap();
    authorities.write_all(&fs::read(secure.ca()).unwrap()).unwrap();
    start(&root, &results, &[], &by_address).unwrap().end().code(0).told(&["it says 200 fine"]);
}

/// The Dockerfile has no steps of its own beside the script, and the toolchain that the package asks for.
#[test]
fn the_dockerfile_does_what_is_tested() {
    let text = fs::read_to_string(repository().join("Dockerfile")).unwrap();
    let manifest = fs::read_to_string(repository().join("Cargo.toml")).unwrap();
    let wanted =
        manifest.lines().find_map(|line| line.strip_prefix("rust-version = \"")?.strip_suffix('"')).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
    assert!(lines.contains(&&*format!("ARG RUST={wanted}.0")), "{wanted}");
    assert!(text.contains("config/kubernetes/image.sh target/release/e2e /image"));
    let last: Vec<&str> = lines.iter().skip_while(|line| **line != "FROM scratch").copied().collect();
    let expected = [
        "FROM scratch",
        "COPY --from=build /image /",
        "ENV PATH=/usr/local/bin",
        "WORKDIR /e2e",
        "USER 65532:65532",
        "ENTRYPOINT [\"e2e\"]",
    ];
    assert_eq!(last, expected, "tests/image/start does the same");
    let ignored = fs::read_to_string(repository().join(".dockerignore")).unwrap();
    for line in ignored.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        // What the build takes must reach it.
        for needed in [
            "Cargo.toml",
            "host",
            "scripts",
            "stdlib",
            "config",
            "tests/main.rs",
            "tests/bench/floor",
            "suites.mk",
            ".luarc.json",
        ] {
            assert!(!needed.starts_with(line) && line != needed, "{line} leaves out {needed}");
        }
    }
}
