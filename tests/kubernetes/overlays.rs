//! Kustomizations, without kubectl: the files that they name are there, and what a patch changes is there.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Manifest, written};
use crate::support::yaml;

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

/// The keys of the ConfigMap that a pod reads.
fn read_keys(value: &Value, keys: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::Object(from)) = fields.get("configMapKeyRef") {
                keys.insert(from["key"].as_str().unwrap().to_owned());
            }
            fields.values().for_each(|value| read_keys(value, keys));
        }
        Value::Array(values) => values.iter().for_each(|value| read_keys(value, keys)),
        _ => {}
    }
}

/// A patch that is merged: each of its fields is one of the resource, and each named item of a list is there.
fn merges(patch: &Value, into: &Value, path: &str) {
    match patch {
        Value::Object(fields) => {
            for (key, value) in fields.iter().filter(|(key, _)| *key != "$patch") {
                assert!(into.get(key).is_some(), "{path}.{key} is not there");
                merges(value, &into[key], &format!("{path}.{key}"));
            }
        }
        Value::Array(items) => {
            for item in items.iter().filter(|item| item.get("name").is_some()) {
                let there = into.as_array().into_iter().flatten().find(|other| other["name"] == item["name"]);
                merges(item, there.unwrap_or_else(|| panic!("{path} has no {}", item["name"])), path);
            }
        }
        _ => {}
    }
}

fn selected(target: &Value, manifest: &Manifest) -> bool {
    let labelled = target["labelSelector"].as_str().is_none_or(|selector| {
        let (name, value) = selector.split_once('=').unwrap();
        manifest.value["metadata"]["labels"][name] == value
    });
    let named = target["name"].as_str().is_none_or(|name| name == manifest.name());
    labelled && named && target["kind"].as_str().is_none_or(|kind| kind == manifest.kind())
}

#[test]
fn what_they_name_is_there() {
    let (resources, kustomizations) = written();
    let images: BTreeSet<String> = resources
        .iter()
        .flat_map(|manifest| manifest.value.pointer("/spec/template/spec/containers").cloned())
        .flat_map(|containers| containers.as_array().unwrap().clone())
        .map(|container| container["image"].as_str().unwrap().rsplit_once(':').unwrap().0.to_owned())
        .collect();
    for (folder, kustomization) in &kustomizations {
        let place = folder.display();
        let known = ["apiVersion", "kind", "namespace", "resources", "components", "images", "patches"];
        for key in kustomization.as_object().unwrap().keys() {
            assert!(known.contains(&&**key), "{place}: {key}");
        }
        for (key, kind) in [("resources", "Kustomization"), ("components", "Component")] {
            for name in texts(&kustomization[key]) {
                let path = folder.join(name);
                assert!(path.exists(), "{place}: there is no {name}");
                if path.is_dir() {
                    let path = path.canonicalize().unwrap();
                    let other = kustomizations.iter().find(|(folder, _)| *folder == path).unwrap();
                    assert_eq!(other.1["kind"], kind, "{place}: {name}");
                }
            }
        }
        for image in kustomization["images"].as_array().into_iter().flatten() {
            assert!(images.contains(image["name"].as_str().unwrap()), "{place}: no pod has {image}");
        }
    }
    assert!(kustomizations.len() >= 6);
}

/// A resource that no kustomization lists would never be applied.
#[test]
fn each_file_belongs_to_one() {
    let (resources, kustomizations) = written();
    let listed: BTreeSet<String> = kustomizations
        .iter()
        .flat_map(|(folder, kustomization)| {
            let files = texts(&kustomization["resources"]).into_iter().map(|name| folder.join(name));
            files.filter(|path| path.is_file()).collect::<Vec<_>>()
        })
        .map(|path| path.strip_prefix(super::folder()).unwrap().display().to_string())
        .collect();
    let left: BTreeSet<&str> =
        resources.iter().map(|m| &*m.place).filter(|place| !listed.contains(*place)).collect();
    assert_eq!(
        left,
        BTreeSet::from(["secret.yaml"]),
        "which is applied by hand, for it would replace the real one"
    );
}

#[test]
fn patches_change_what_is_there() {
    let (resources, kustomizations) = written();
    let mut keys = BTreeSet::new();
    resources.iter().for_each(|manifest| read_keys(&manifest.value, &mut keys));
    let mut seen = 0;
    for (folder, kustomization) in &kustomizations {
        for patch in kustomization["patches"].as_array().into_iter().flatten() {
            let place = folder.display().to_string();
            let what = yaml::documents(&place, patch["patch"].as_str().unwrap()).pop().unwrap();
            seen += 1;
            let Some(operations) = what.as_array() else {
                let is_same = |m: &&Manifest| {
                    (&m.value["kind"], m.name())
                        == (&what["kind"], what["metadata"]["name"].as_str().unwrap())
                };
                let into = resources.iter().find(is_same).unwrap_or_else(|| panic!("{place}: no {what}"));
                assert_eq!(what["apiVersion"], into.value["apiVersion"], "{place}");
                let Some(data) = what["data"].as_object() else {
                    merges(&what, &into.value, "");
                    continue;
                };
                for key in data.keys() {
                    assert!(keys.contains(key), "{place}: nothing reads {key}");
                }
                continue;
            };
            let targets: Vec<_> =
                resources.iter().filter(|manifest| selected(&patch["target"], manifest)).collect();
            assert!(!targets.is_empty(), "{place}: nothing is {}", patch["target"]);
            for operation in operations {
                let path = operation["path"].as_str().unwrap();
                let must = match operation["op"].as_str().unwrap() {
                    "add" => path.rsplit_once('/').unwrap().0,
                    _ => path,
                };
                for target in &targets {
                    assert!(target.value.pointer(must).is_some(), "{place}: {} has no {must}", target.name());
                }
            }
            // By number: it must be the folder of results that is replaced.
            for target in &targets {
                let results = ["/volumes/0", "/containers/0/volumeMounts/0"];
                for path in results.map(|path| format!("/spec/template/spec{path}/name")) {
                    assert_eq!(target.value.pointer(&path).unwrap(), "results", "{place}");
                }
            }
        }
    }
    assert!(seen >= 5, "only {seen} patches");
}

/// The environments are those of config/, and each Job reads what its ConfigMap says.
#[test]
fn environments_are_those_of_the_project() {
    for (folder, kustomization) in written().1 {
        if !folder.parent().unwrap().ends_with("overlays") {
            continue;
        }
        let name = folder.file_name().unwrap().to_str().unwrap();
        let patches = kustomization["patches"].as_array().unwrap();
        let map = patches.iter().flat_map(|patch| yaml::documents(name, patch["patch"].as_str().unwrap()));
        let map = map.into_iter().find(|patch| patch["kind"] == "ConfigMap").unwrap();
        assert_eq!(map["data"]["test_env"], name);
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(root.join(format!("config/{name}.yaml")).exists());
        let suite = format!("scripts/suites/{}.lua", map["data"]["test_mode"].as_str().unwrap());
        assert!(root.join(&suite).exists(), "{name}: {suite}");
    }
}
