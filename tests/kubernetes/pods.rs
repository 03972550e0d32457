//! What the pods are: their command lines, what they name, what they may do, how they end.

use std::collections::{BTreeMap, BTreeSet};

use e2e::cli;
use e2e::exit::Exit;
use serde_json::Value;

use super::{Manifest, sets};

const IMAGE: &str = "myregistry/e2e-tests:latest";

/// A pod's template, and what it belongs to.
struct Pod<'m> {
    owner: &'m Manifest,
    template: &'m Value,
    /// Of its Job, if it is of one.
    job: Option<&'m Value>,
}

impl Pod<'_> {
    fn spec(&self) -> &Value {
        &self.template["spec"]
    }

    fn containers(&self) -> impl Iterator<Item = &Value> {
        list(&self.spec()["containers"])
    }

    fn place(&self) -> String {
        format!("{}, {}", self.owner.place, self.owner.name())
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn texts(value: &Value) -> Vec<String> {
    list(value).map(|value| text(value).to_owned()).collect()
}

fn pods(set: &[Manifest]) -> Vec<Pod<'_>> {
    let pods = set.iter().filter_map(|owner| {
        let spec = &owner.value["spec"];
        let (template, job) = match owner.kind() {
            "Job" => (&spec["template"], Some(spec)),
            "CronJob" => (&spec["jobTemplate"]["spec"]["template"], Some(&spec["jobTemplate"]["spec"])),
            "Deployment" => (&spec["template"], None),
            _ => return None,
        };
        Some(Pod { owner, template, job })
    });
    pods.collect()
}

fn each_pod(check: impl Fn(&Pod<'_>, &[Manifest])) {
    let mut seen = 0;
    for set in sets() {
        for pod in pods(set) {
            check(&pod, set);
            seen += 1;
        }
    }
    assert!(seen >= 5, "only {seen} pods");
}

fn of_kind<'m>(set: &'m [Manifest], kind: &str, name: &str) -> Option<&'m Value> {
    set.iter()
        .find(|manifest| manifest.kind() == kind && manifest.name() == name)
        .map(|manifest| &manifest.value)
}

/// The variables that the container gets, where Kubernetes can know them.
pub(super) fn variables(container: &Value, set: &[Manifest]) -> BTreeMap<String, String> {
    let mut known = BTreeMap::from([("JOB_COMPLETION_INDEX".to_owned(), "0".to_owned())]);
    for variable in list(&container["env"]) {
        let (name, from) = (text(&variable["name"]), &variable["valueFrom"]);
        let value = match (&variable["value"], &from["configMapKeyRef"], &from["fieldRef"]) {
            (Value::String(value), ..) => value.clone(),
            (_, Value::Object(key), _) => {
                let map = of_kind(set, "ConfigMap", text(&key["name"]))
                    .unwrap_or_else(|| panic!("no map for {name}"));
                match &map["data"][text(&key["key"])] {
                    Value::String(value) => value.clone(),
                    // The variable is not there at all then.
                    _ if key.get("optional") == Some(&Value::Bool(true)) => continue,
                    _ => panic!("{name}: the ConfigMap has no {}", key["key"]),
                }
            }
            (_, _, Value::Object(field)) => {
                let field = text(&field["fieldPath"]);
                let told = ["metadata.name", "metadata.labels['batch.kubernetes.io/controller-uid']"];
                assert!(told.contains(&field), "{name}: {field}");
                "0b7e-of-the-cluster".to_owned()
            }
            _ => panic!("{name} has no value"),
        };
        known.insert(name.to_owned(), value);
    }
    known
}

/// `$(NAME)` as Kubernetes replaces it; one that it does not know would stay as it is.
fn expanded(argument: &str, variables: &BTreeMap<String, String>) -> String {
    let argument = variables
        .iter()
        .fold(argument.to_owned(), |text, (name, value)| text.replace(&format!("$({name})"), value));
    assert!(!argument.contains("$("), "{argument} names a variable that is not there");
    argument
}

/// The arguments of a container of e2e, as it will see them.
pub(super) fn arguments(container: &Value, set: &[Manifest]) -> Vec<String> {
    let variables = variables(container, set);
    texts(&container["args"]).iter().map(|argument| expanded(argument, &variables)).collect()
}

fn is_e2e(container: &Value) -> bool {
    container["image"] == IMAGE
}

/// What e2e reads from its arguments and variables there.
fn told(container: &Value, set: &[Manifest]) -> Result<cli::Command, String> {
    let line = std::iter::once("e2e".into()).chain(arguments(container, set).into_iter().map(Into::into));
    let variables = variables(container, set).into_iter().filter(|(name, _)| name.starts_with("E2E_"));
    cli::parse(line, &variables.collect()).map_err(|why| why.to_string())
}

#[test]
fn what_they_start_is_a_command_line() {
    each_pod(|pod, set| {
        for container in pod.containers().filter(|container| is_e2e(container)) {
            assert!(container.get("command").is_none(), "{}: the image's entry point stays", pod.place());
            told(container, set).unwrap_or_else(|why| panic!("{}: {why}", pod.place()));
        }
        // Nothing else runs but what images of others bring.
        assert!(pod.containers().all(|c| is_e2e(c) || c["name"] == "nats"), "{}", pod.place());
    });
}

/// The restricted profile of Pod Security, and more: root read-only, no token, memory bounded.
#[test]
fn they_may_do_nothing_that_they_need_not() {
    each_pod(|pod, _| {
        let spec = pod.spec();
        let around = &spec["securityContext"];
        assert_eq!(around["runAsNonRoot"], true, "{}", pod.place());
        assert_eq!(around["runAsUser"], 65532, "{}", pod.place());
        assert_eq!(around["seccompProfile"]["type"], "RuntimeDefault", "{}", pod.place());
        assert_eq!(spec["automountServiceAccountToken"], false, "{}", pod.place());
        for container in pod.containers() {
            let inside = &container["securityContext"];
            assert_eq!(inside["allowPrivilegeEscalation"], false, "{}", pod.place());
            assert_eq!(inside["readOnlyRootFilesystem"], true, "{}", pod.place());
            assert_eq!(texts(&inside["capabilities"]["drop"]), ["ALL"], "{}", pod.place());
            let resources = &container["resources"];
            for asked in [
                &resources["requests"]["cpu"],
                &resources["requests"]["memory"],
                &resources["limits"]["memory"],
            ] {
                assert!(asked.is_string(), "{}: {resources}", pod.place());
            }
            // A throttled generator measures itself.
            assert!(resources["limits"].get("cpu").is_none(), "{}", pod.place());
        }
    });
}

#[test]
fn what_they_name_is_there() {
    each_pod(|pod, set| {
        let spec = pod.spec();
        let volumes: BTreeSet<&str> = list(&spec["volumes"]).map(|volume| text(&volume["name"])).collect();
        if let Some(account) = spec["serviceAccountName"].as_str() {
            assert!(of_kind(set, "ServiceAccount", account).is_some(), "{}: {account}", pod.place());
        }
        for volume in list(&spec["volumes"]) {
            if let Some(claim) = volume["persistentVolumeClaim"]["claimName"].as_str() {
                assert!(of_kind(set, "PersistentVolumeClaim", claim).is_some(), "{}: {claim}", pod.place());
            }
            if let Some(secret) = volume["secret"]["secretName"].as_str() {
                assert_eq!(
                    (secret, &volume["secret"]["optional"]),
                    ("e2e-secrets", &true.into()),
                    "{}",
                    pod.place()
                );
            }
        }
        for container in pod.containers() {
            let ports: BTreeSet<&str> = list(&container["ports"]).map(|port| text(&port["name"])).collect();
            if let Some(port) = container["readinessProbe"]["httpGet"]["port"].as_str() {
                assert!(ports.contains(port), "{}: {port}", pod.place());
            }
            let mounts: Vec<_> = list(&container["volumeMounts"]).collect();
            for mount in &mounts {
                assert!(volumes.contains(text(&mount["name"])), "{}: {mount}", pod.place());
            }
            for argument in texts(&container["args"]) {
                // Results go where something is mounted, for the rest cannot be written to.
                let Some((option, path)) = argument.split_once("=/") else { continue };
                let is_mounted = |mount: &&Value| {
                    format!("/{path}/").starts_with(&format!("{}/", text(&mount["mountPath"])))
                };
                assert!(mounts.iter().any(is_mounted), "{}: {option}=/{path}", pod.place());
            }
        }
    });
}

/// The page to scrape is where probe, port, annotation and policy say.
#[test]
fn results_are_scraped_where_the_pod_says() {
    let mut seen = 0;
    for set in sets() {
        for pod in pods(set) {
            let annotations = &pod.template["metadata"]["annotations"];
            let Some(port) = annotations["prometheus.io/port"].as_str() else { continue };
            let container = pod.containers().next().unwrap();
            assert!(
                texts(&container["args"]).contains(&format!("--out=prometheus=:{port}")),
                "{}",
                pod.place()
            );
            let metrics = list(&container["ports"]).find(|port| port["name"] == "metrics").unwrap();
            assert_eq!(metrics["containerPort"].to_string(), port);
            assert_eq!(annotations["prometheus.io/path"], container["readinessProbe"]["httpGet"]["path"]);
            let policy = of_kind(set, "NetworkPolicy", "e2e").unwrap();
            assert_eq!(policy["spec"]["ingress"][0]["ports"][0]["port"], "metrics");
            let labels = &pod.template["metadata"]["labels"];
            for (name, value) in policy["spec"]["podSelector"]["matchLabels"].as_object().unwrap() {
                assert_eq!(&labels[name], value, "{}: no policy holds for it", pod.place());
            }
            seen += 1;
        }
    }
    assert!(seen > 1);
}

#[test]
fn services_lead_to_pods() {
    for set in sets() {
        for service in set.iter().filter(|manifest| manifest.kind() == "Service") {
            let spec = &service.value["spec"];
            let wanted = spec["selector"].as_object().unwrap();
            let labelled =
                |pod: &&Pod<'_>| wanted.iter().all(|(n, v)| &pod.template["metadata"]["labels"][n] == v);
            let pods = pods(set);
            let pod =
                pods.iter().find(labelled).unwrap_or_else(|| panic!("{} leads nowhere", service.name()));
            for port in list(&spec["ports"]) {
                let is_there =
                    pod.containers().any(|c| list(&c["ports"]).any(|p| p["name"] == port["targetPort"]));
                assert!(is_there, "{}: {port}", service.name());
            }
            // A Deployment selects what it makes.
            let selector = pod.owner.value["spec"]["selector"]["matchLabels"].as_object().unwrap();
            assert!(selector.iter().all(|(n, v)| &pod.template["metadata"]["labels"][n] == v));
        }
    }
}

/// Each exit code of e2e but success is a verdict, that is not asked for twice; a machine that went away is none.
#[test]
fn a_verdict_is_not_asked_for_twice() {
    let verdicts: Vec<u64> = (1..=255).filter(|code| Exit::of_code(*code).is_some()).map(u64::from).collect();
    let mut seen = 0;
    each_pod(|pod, _| {
        let Some(job) = pod.job else { return };
        assert_eq!(pod.spec()["restartPolicy"], "Never", "{}", pod.place());
        let rules: Vec<_> = list(&job["podFailurePolicy"]["rules"]).collect();
        assert_eq!(rules.len(), 2, "{}", pod.place());
        // The first rule that fits counts: a run that was evicted has exit code 105 as well.
        assert_eq!(rules[0]["action"], "Ignore");
        assert_eq!(rules[0]["onPodConditions"][0]["type"], "DisruptionTarget");
        let codes = &rules[1]["onExitCodes"];
        assert_eq!(
            (&codes["operator"], &codes["containerName"]),
            (&"In".into(), &pod.containers().next().unwrap()["name"])
        );
        let listed: Vec<u64> = list(&codes["values"]).map(|code| code.as_u64().unwrap()).collect();
        assert_eq!(listed, verdicts, "{}", pod.place());
        let many = job["completionMode"] == "Indexed";
        assert_eq!(rules[1]["action"], if many { "FailIndex" } else { "FailJob" }, "{}", pod.place());
        assert_eq!(job.get("backoffLimitPerIndex").is_some(), many, "FailIndex is only there with it");
    });
    for set in sets() {
        seen += pods(set)
            .iter()
            .filter(|pod| pod.job.is_some_and(|job| job["completionMode"] == "Indexed"))
            .count();
    }
    assert!(seen > 0);
}

/// Nothing of the end is cut off: after --stop-timeout, `on_stop` has 30 s (or as long) and 3 s are waited; teardown and
/// listeners have 30 s (or as long), receivers of results 10 s.
#[test]
fn there_is_time_to_stop() {
    each_pod(|pod, set| {
        let Some(_) = pod.job else { return };
        let container = pod.containers().next().unwrap();
        let arguments = arguments(container, set);
        let stop = arguments.iter().find_map(|argument| argument.strip_prefix("--stop-timeout=")).unwrap();
        let stop = e2e::units::parse_duration(stop).unwrap().as_secs();
        let needed = stop + 2 * stop.max(30) + 3 + 10;
        let given = pod.spec()["terminationGracePeriodSeconds"].as_u64().unwrap();
        assert!(given >= needed, "{}: {given} s are fewer than {needed}", pod.place());
    });
}

#[test]
fn as_many_pods_as_parts() {
    let mut seen = 0;
    for set in sets() {
        for pod in
            pods(set).iter().filter(|pod| pod.job.is_some_and(|job| job["completionMode"] == "Indexed"))
        {
            let job = pod.job.unwrap();
            let parts = list(&pod.containers().next().unwrap()["env"])
                .find(|variable| variable["name"] == "E2E_SEGMENTS")
                .unwrap();
            for pods in [&job["completions"], &job["parallelism"]] {
                assert_eq!(pods.to_string(), text(&parts["value"]), "{}", pod.place());
            }
            let cli::Command::Run(run) = told(pod.containers().next().unwrap(), set).unwrap() else {
                panic!("{}: no run", pod.place())
            };
            let together = run.given.together;
            let (segments, nats) = (together.segments.unwrap().value, together.nats.unwrap().value);
            assert_eq!(
                (segments.to_string(), nats.as_str()),
                (text(&parts["value"]).to_owned(), "nats://e2e-nats:4222")
            );
            assert!(together.run.is_some(), "{}: the run has no name", pod.place());
            seen += 1;
        }
    }
    assert!(seen > 0);
}
