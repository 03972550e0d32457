//! Each manifest goes through Kubernetes' own types and comes back whole: a misspelt key would not.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Secret, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Manifest, sets};

fn through<T: DeserializeOwned + Serialize>(manifest: &Manifest) -> Result<(), String> {
    let typed: T = serde_json::from_value(manifest.value.clone()).map_err(|why| why.to_string())?;
    lost(&manifest.value, &serde_json::to_value(typed).unwrap(), String::new())
}

/// Everything of `written` must be in `kept`.
fn lost(written: &Value, kept: &Value, path: String) -> Result<(), String> {
    match (written, kept) {
        (Value::Object(written), Value::Object(kept)) => written.iter().try_for_each(|(key, value)| {
            let path = format!("{path}.{key}");
            let empty = || {
                value.as_array().is_some_and(Vec::is_empty) || value.as_object().is_some_and(|o| o.is_empty())
            };
            match kept.get(key) {
                Some(kept) => lost(value, kept, path),
                None if empty() => Ok(()),
                None => Err(format!("{path} is no field")),
            }
        }),
        (Value::Array(written), Value::Array(kept)) if written.len() == kept.len() => {
            let mut pairs = written.iter().zip(kept).enumerate();
            pairs.try_for_each(|(at, (written, kept))| lost(written, kept, format!("{path}[{at}]")))
        }
        _ if written == kept => Ok(()),
        _ => Err(format!("{path} is {written}, and comes back as {kept}")),
    }
}

fn check(manifest: &Manifest) -> Result<(), String> {
    let version = manifest.value["apiVersion"].as_str().unwrap_or_default();
    match (version, manifest.kind()) {
        ("v1", "ConfigMap") => through::<ConfigMap>(manifest),
        ("v1", "Secret") => through::<Secret>(manifest),
        ("v1", "Service") => through::<Service>(manifest),
        ("v1", "ServiceAccount") => through::<ServiceAccount>(manifest),
        ("v1", "PersistentVolumeClaim") => through::<PersistentVolumeClaim>(manifest),
        ("apps/v1", "Deployment") => through::<Deployment>(manifest),
        ("batch/v1", "Job") => through::<Job>(manifest),
        ("batch/v1", "CronJob") => through::<CronJob>(manifest),
        ("networking.k8s.io/v1", "NetworkPolicy") => through::<NetworkPolicy>(manifest),
        other => Err(format!("{other:?} has no type here")),
    }
}

#[test]
fn each_is_what_kubernetes_takes() {
    for manifest in sets().iter().flatten() {
        check(manifest).unwrap_or_else(|why| panic!("{}, {}: {why}", manifest.place, manifest.name()));
    }
}

/// The check itself can fail.
#[test]
fn what_kubernetes_does_not_know_is_noticed() {
    let job = |spec: Value| Manifest {
        place: String::new(),
        value: json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"}, "spec": spec}),
    };
    let template = json!({"spec": {"containers": [{"name": "e2e"}]}});
    assert_eq!(check(&job(json!({"template": template, "backoffLimit": 0}))), Ok(()));
    let why = check(&job(json!({"template": template, "backoffLimt": 0}))).unwrap_err();
    assert_eq!(why, ".spec.backoffLimt is no field");
    let why = check(&job(json!({"template": template, "backoffLimit": "0"}))).unwrap_err();
    assert!(why.contains("invalid type: string"), "{why}");
    let mut other = job(json!({"template": template}));
    other.value["apiVersion"] = json!("batch/v1beta1");
    assert!(check(&other).is_err());
}
