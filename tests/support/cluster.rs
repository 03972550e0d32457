//! As much of an API server as kubectl needs: it knows some kinds, and keeps what is sent to it in memory. Used by the
//! tests of manifests.

use std::collections::BTreeMap;
use std::io::{BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::{Value, json};

use super::request::Request;

/// Group and version, the path's name of the kind, the kind.
const KINDS: [(&str, &str, &str); 10] = [
    ("v1", "configmaps", "ConfigMap"),
    ("v1", "namespaces", "Namespace"),
    ("v1", "persistentvolumeclaims", "PersistentVolumeClaim"),
    ("v1", "secrets", "Secret"),
    ("v1", "serviceaccounts", "ServiceAccount"),
    ("v1", "services", "Service"),
    ("apps/v1", "deployments", "Deployment"),
    ("batch/v1", "cronjobs", "CronJob"),
    ("batch/v1", "jobs", "Job"),
    ("networking.k8s.io/v1", "networkpolicies", "NetworkPolicy"),
];

/// Objects by their paths.
type Kept = Arc<Mutex<BTreeMap<String, Value>>>;

pub struct Cluster {
    pub addr: SocketAddr,
    kept: Kept,
}

impl Cluster {
    /// Listens on a free port of 127.0.0.1 until the process ends.
    pub fn start() -> Cluster {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let addr = listener.local_addr().unwrap();
        let kept = Kept::default();
        let shared = kept.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = shared.clone();
                thread::spawn(move || serve(stream, &kept));
            }
        });
        Cluster { addr, kept }
    }

    /// Everything that it keeps, by path.
    pub fn objects(&self) -> BTreeMap<String, Value> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn serve(stream: TcpStream, kept: &Kept) {
    let mut reader = BufReader::new(stream);
    while let Ok(Some(request)) = Request::read(&mut reader) {
        let path = request.target.split('?').next().unwrap_or_default().to_owned();
        let (status, body) = match discover(&path) {
            Some(found) => (200, found),
            None => {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                act(&request.method, &path, &request.body, &mut kept)
            }
        };
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 {status} -\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        if reader.get_mut().write_all(format!("{head}{body}").as_bytes()).is_err() {
            return;
        }
    }
}

/// What the server has, where that is asked.
fn discover(path: &str) -> Option<Value> {
    match path.trim_matches('/') {
        "api" => Some(json!({"kind": "APIVersions", "versions": ["v1"]})),
        "apis" => {
            let groups: Vec<Value> = ["apps", "batch", "networking.k8s.io"]
                .iter()
                .map(|name| {
                    let version = json!({"groupVersion": format!("{name}/v1"), "version": "v1"});
                    json!({"name": name, "versions": [version], "preferredVersion": version})
                })
                .collect();
            Some(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
        }
        path => {
            let group =
                path.strip_prefix("api/").filter(|rest| *rest == "v1").or(path.strip_prefix("apis/"))?;
            let kinds: Vec<Value> = KINDS
                .iter()
                .filter(|(of, ..)| *of == group)
                .map(|(_, name, kind)| {
                    let verbs = ["create", "delete", "get", "list", "patch", "watch"];
                    json!({"name": name, "singularName": kind.to_lowercase(), "namespaced": *kind != "Namespace",
                           "kind": kind, "verbs": verbs})
                })
                .collect();
            let list = json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group, "resources": kinds});
            (!kinds.is_empty()).then_some(list)
        }
    }
}

fn act(method: &str, path: &str, body: &[u8], kept: &mut BTreeMap<String, Value>) -> (u16, Value) {
    let sent: Value = serde_json::from_slice(body).unwrap_or_default();
    match (method, kept.get_mut(path)) {
        ("GET", Some(there)) => (200, there.clone()),
        ("PATCH", Some(there)) => {
            merge(there, &sent);
            (200, there.clone())
        }
        ("DELETE", Some(_)) => {
            kept.remove(path);
            (200, json!({"kind": "Status", "apiVersion": "v1", "status": "Success"}))
        }
        // In Protobuf, as `kubectl create` sends it: enough that it came.
        ("POST", _) if sent.is_null() => {
            let of = KINDS.iter().find(|(_, name, _)| path.ends_with(&format!("/{name}")));
            let (version, _, kind) = of.unwrap_or(&KINDS[0]);
            (201, json!({"apiVersion": version, "kind": kind, "metadata": {"name": "unread"}}))
        }
        ("POST", _) => {
            let name = sent["metadata"]["name"].as_str().unwrap_or_default();
            kept.insert(format!("{path}/{name}"), sent.clone());
            (201, sent)
        }
        _ => {
            let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound",
                                "code": 404, "message": format!("{path} not found")});
            (404, status)
        }
    }
}

/// RFC 7386.
fn merge(into: &mut Value, patch: &Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (key, value) in patch {
                match value {
                    Value::Null => drop(into.remove(key)),
                    value => merge(into.entry(key.clone()).or_insert(Value::Null), value),
                }
            }
        }
        (into, patch) => *into = patch.clone(),
    }
}
