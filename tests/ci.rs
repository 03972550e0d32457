//! The recipes of docs/ci.md: they are what their CI servers read, and the commands in them pass and leave the results
//! that they keep.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::page::{self, Block};
use crate::support::project::Project;
use crate::support::yaml;

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci.md")).unwrap()
}

/// This repository's suites and environments.
fn project() -> Project {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = Project::new(&[]);
    for name in ["scripts/suites/smoke.lua", "config/local.yaml", "config/int.yaml"] {
        project.write(name, &fs::read(root.join(name)).unwrap());
    }
    for name in fs::read_dir(root.join("scripts/utils")).unwrap() {
        let path = name.unwrap().path();
        let name = format!("scripts/utils/{}", path.file_name().unwrap().to_str().unwrap());
        project.write(&name, &fs::read(&path).unwrap());
    }
    project
}

/// Runs the options of a recipe, for a moment, against the bundled service; its results must be there.
fn run(options: &str) {
    let project = project();
    assert!(options.contains("-t 30s"), "{options}");
    // The container's folder of results is the project's here.
    let line = options.replace("-t 30s", "-t 1s").replace(" /results/", " results/");
    project.run(&format!("{line} --env local")).code(0).printed(&["0 failed"]);
    assert!(project.read("results/junit.xml").contains("<testsuites"), "{options}");
    assert!(project.read("results/report.html").contains("<html"), "{options}");
    assert!(project.read("results/e2e_stats.csv").contains("Aggregated"), "{options}");
}

fn recipes(page: &str) -> Vec<(Value, Block<'_>)> {
    page::of(page, "yaml")
        .into_iter()
        .map(|block| (yaml::documents("ci.md", block.text).pop().unwrap(), block))
        .collect()
}

#[test]
fn github_actions() {
    let page = page();
    page::assert_links(&page);
    let recipes = recipes(&page);
    let job = &recipes[0].0["jobs"]["smoke"];
    let steps = job["steps"].as_array().unwrap();
    let (mut runs, mut keeps) = (0, 0);
    for step in steps {
        for key in step.as_object().unwrap().keys() {
            assert!(["name", "uses", "run", "env", "with", "if"].contains(&&**key), "a step has no {key}");
        }
        assert!(step.get("run").is_some() != step.get("uses").is_some(), "{step}");
        if let Some(script) = step["run"].as_str() {
            let (engine, options) = script.split_once("myregistry/e2e-tests:latest").unwrap();
            for variable in step["env"].as_object().unwrap().keys() {
                assert!(engine.contains(&format!("--env {variable} ")), "{variable} does not reach e2e");
            }
            run(options.replace("\\\n", " ").trim());
            runs += 1;
        } else if step["with"].get("path").or(step["with"].get("report_paths")).is_some() {
            // Failures are what the reports are for.
            assert_eq!(step["if"], "always()", "{step}");
            keeps += 1;
        }
    }
    assert_eq!((runs, keeps), (1, 2));
    // What an expression names is an input or a secret of the workflow.
    let on = &recipes[0].0["on"]["workflow_call"];
    for named in recipes[0].1.text.split("${{ ").skip(1).map(|rest| rest.split(" }}").next().unwrap()) {
        let (group, name) = named.split_once('.').unwrap();
        assert!(on[group].get(name).is_some(), "{named}");
    }
}

#[test]
fn gitlab() {
    let page = page();
    let recipes = recipes(&page);
    let pipeline = &recipes[1].0;
    let job = &pipeline["smoke"];
    assert!(pipeline["stages"].as_array().unwrap().contains(&job["stage"]));
    let known = ["stage", "image", "timeout", "variables", "script", "retry", "artifacts"];
    assert!(job.as_object().unwrap().keys().all(|key| known.contains(&&**key)), "{job}");
    assert_eq!(job["artifacts"]["when"], "always");
    assert_eq!(job["artifacts"]["reports"]["junit"], "results/junit.xml");
    assert_eq!(job["retry"]["exit_codes"][0], u64::from(e2e::exit::Exit::Inconclusive.code()));
    run(job["script"][0].as_str().unwrap().strip_prefix("e2e ").unwrap());
}

#[test]
fn jenkins() {
    let page = page();
    let block = page::of(&page, "groovy").pop().unwrap();
    for [open, close] in [["{", "}"], ["(", ")"]] {
        assert_eq!(block.text.matches(open).count(), block.text.matches(close).count(), "{open}");
    }
    let always = block.text.split_once("always {").unwrap().1;
    assert!(always.contains("junit 'results/junit.xml'") && always.contains("archiveArtifacts 'results/**'"));
    assert!(block.text.contains(&format!("code == {}", e2e::exit::Exit::Inconclusive.code())));
    let script = block.text.split_once("script: 'e2e ").unwrap().1.split_once('\'').unwrap().0;
    run(script);
}

/// A workflow that `e2e init` writes is read the same way.
#[test]
fn the_workflow_of_a_new_project() {
    let text = include_str!("../host/app/project/workflow.yml");
    let workflow = yaml::documents("workflow.yml", text).pop().unwrap();
    let steps = workflow["jobs"]["smoke"]["steps"].as_array().unwrap();
    assert!(
        steps.iter().any(|step| step["uses"] == "actions/upload-artifact@v4" && step["if"] == "always()")
    );
}
