//! What kubectl makes of the manifests, against an API server of our own: they can be applied, and the article's way to
//! change a run works, as docs/kubernetes.md has it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{Manifest, kubectl, pods};
use crate::support::cluster::Cluster;
use crate::support::page;

/// A folder with a `kubectl` that knows this cluster and nothing else.
fn speaking_to(cluster: &Cluster) -> Option<TempDir> {
    let real = kubectl("manifests as kubectl applies them")?;
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("config"), "apiVersion: v1\nkind: Config\n").unwrap();
    // Its types are told by another test; the server here has no schema to tell them by.
    let script = format!(
        "#!/bin/sh\ncase \" $* \" in *\" apply \"*) set -- \"$@\" --validate=false ;; esac\n\
         export HOME={home} KUBECONFIG={home}/config KUBECACHEDIR={home}/cache\n\
         PATH=$OLD_PATH exec {} --server=http://{} \"$@\"\n",
        real.get_program().display(),
        cluster.addr,
        home = home.path().display(),
    );
    fs::create_dir(home.path().join("bin")).unwrap();
    let path = home.path().join("bin/kubectl");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    Some(home)
}

/// Runs a line of a shell; returns what it printed.
fn run(home: &TempDir, line: &str) -> String {
    let old = std::env::var("PATH").unwrap();
    let mut shell = Command::new("sh");
    shell.args(["-ec", line]).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    shell.env("PATH", format!("{}:{old}", home.path().join("bin").display())).env("OLD_PATH", old);
    let output = shell.output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{line}\n{out}{err}");
    out.into_owned()
}

#[test]
fn they_can_be_applied() {
    let cluster = Cluster::start();
    let Some(home) = speaking_to(&cluster) else { return };
    for environment in ["int", "stage", "prod"] {
        let out = run(
            &home,
            &format!("kubectl apply --dry-run=client -k config/kubernetes/overlays/{environment}"),
        );
        let mut expected =
            vec!["configmap/e2e-test-config", "networkpolicy.networking.k8s.io/e2e", "serviceaccount/e2e"];
        match environment {
            "stage" => {
                expected.extend(["job.batch/e2e-test-many", "cronjob.batch/e2e-smoke", "service/e2e-nats"])
            }
            "int" => expected.extend(["job.batch/e2e-test", "cronjob.batch/e2e-smoke"]),
            _ => expected.push("job.batch/e2e-test"),
        }
        for what in expected {
            assert!(out.contains(&format!("{what} created (dry run)")), "{environment}: no {what} in\n{out}");
        }
        assert!(
            !out.contains("cronjob") || environment != "prod",
            "nothing runs by itself in production:\n{out}"
        );
    }
    assert!(cluster.objects().is_empty());
}

/// The page's commands, block by block; the run that would begin then is the one that the page tells.
#[test]
fn the_page_works_command_by_command() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/kubernetes.md")).unwrap();
    page::assert_links(&page);
    let cluster = Cluster::start();
    let Some(home) = speaking_to(&cluster) else { return };
    let mut judged = 0;
    for block in page::of(&page, "sh") {
        // The others wait for pods, or need an engine.
        let Some(expected) = block.mark.and_then(|mark| mark.strip_prefix("then: ")) else { continue };
        run(&home, block.text);
        assert_eq!(begun(&cluster, expected), expected, "line {}", block.line);
        judged += 1;
    }
    assert!(judged > 5, "only {judged} blocks");
}

/// What is written of the run that the Job is, in the words of `expected`.
fn begun(cluster: &Cluster, expected: &str) -> String {
    let objects = cluster.objects();
    let set: Vec<Manifest> = objects
        .values()
        .map(|value| Manifest { place: "the cluster".to_owned(), value: value.clone() })
        .collect();
    let jobs: Vec<&Manifest> = set.iter().filter(|manifest| manifest.kind() == "Job").collect();
    let Some(job) = jobs.first() else { return "nothing".to_owned() };
    assert_eq!(jobs.len(), 1, "one run at a time");
    let container = &job.value["spec"]["template"]["spec"]["containers"][0];
    let arguments = pods::arguments(container, &set);
    let variables =
        pods::variables(container, &set).into_iter().map(|(name, value)| format!("{name}={value}"));
    let told: Vec<String> = std::iter::once(arguments.join(" ")).chain(variables).collect();
    // What the page leaves out may be anything.
    let part = |part: &str| told.iter().any(|text| format!(" {text} ").contains(&format!(" {part} ")));
    let parts = expected.split_inclusive(' ').map(str::trim).fold(Vec::<String>::new(), |mut parts, word| {
        match parts.last_mut() {
            Some(last) if !word.contains('=') => *last = format!("{last} {word}"),
            _ => parts.push(word.to_owned()),
        }
        parts
    });
    match parts.iter().find(|text| !part(text)) {
        None => expected.to_owned(),
        Some(missing) => format!("no `{missing}` in {told:?}"),
    }
}
