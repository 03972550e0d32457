//! What a run does: validated, immutable, complete. Made by `layers`; read by `run`, `report`, `script` and `app`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use crate::link::Link;

use super::given::{HttpDebug, Level};
use super::origin::Sited;
use super::outlet::Outlet;
use super::safety::Safety;
use super::scenarios::Scenario;
use super::thresholds::Criterion;
use super::together::Together;

/// What every request and every call into a script goes by.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Of one request, from its start to its last byte.
    pub default_timeout: Duration,
    pub max_redirects: u32,
    /// Of requests that got no answer and are idempotent.
    pub max_retries: u32,
    /// How connections are made.
    pub link: Link,
    /// Bytes of an answer's body that is kept, decoded.
    pub max_body: u64,
    /// Bytes of an answer's head.
    pub max_header: u64,
    /// Bodies are counted and let go, unless a request says otherwise.
    pub discard_body: bool,
    /// The `Accept-Encoding` header; empty: none.
    pub accept_encoding: String,
    /// CPU time that one call into a script may take.
    pub cpu_budget: Duration,
    /// Bytes that one VM may hold.
    pub memory_limit: u64,
    /// The folder of secrets that are files.
    pub secrets: PathBuf,
}

/// Where results and messages go.
#[derive(Clone, Debug, PartialEq)]
pub struct Outputs {
    /// The prefix of the CSV files.
    pub csv: Option<String>,
    pub csv_full_history: bool,
    /// Locust's array on standard output at the end.
    pub json: bool,
    pub json_file: Option<PathBuf>,
    /// k6's summary.
    pub summary_export: Option<PathBuf>,
    pub junit: Option<PathBuf>,
    /// The page with everything.
    pub html: Option<PathBuf>,
    /// A live view on the whole terminal.
    pub tui: bool,
    /// Where results go while the run goes on.
    pub out: Vec<Outlet>,
    /// The log of an earlier run.
    pub baseline: Option<PathBuf>,
    pub only_summary: bool,
    pub quiet: bool,
    pub loglevel: Level,
    pub logfile: Option<PathBuf>,
    /// False where colours were refused; a stream that is no terminal gets none either way.
    pub color: bool,
    /// What is logged of each request.
    pub http_debug: Option<HttpDebug>,
}

/// A run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// As people typed them, relative to the working folder.
    pub scripts: Vec<PathBuf>,
    /// What `require` and data files may see.
    pub script_root: PathBuf,
    /// The folder that `config` lies in; that of the scripts, where there is no environment file.
    pub project: PathBuf,
    pub environment: String,
    /// Nothing where only the scripts name hosts, or the bundled service is the target.
    pub base_url: Option<String>,
    /// Where a `GrpcUser` finds its server, as `host:port`.
    pub grpc_host: Option<String>,
    /// The bundled documents service is to be started; `aim_at` then sets `base_url` and `grpc_host`.
    pub target_demo: bool,
    pub users: u32,
    /// Users per second.
    pub spawn_rate: f64,
    /// Users or spawn rate were given by a flag or a variable.
    pub load_given: bool,
    /// Nothing: until stopped, or all iterations are done.
    pub run_time: Option<Duration>,
    pub iterations: Option<u64>,
    /// The classes to run; empty for all.
    pub classes: Vec<String>,
    pub tags: Vec<String>,
    pub exclude_tags: Vec<String>,
    pub stop_timeout: Duration,
    pub seed: u64,
    pub workers: usize,
    pub together: Together,
    pub exit_code_on_error: u8,
    pub reset_stats: bool,
    /// Whether a generator that could not keep up makes the run inconclusive.
    pub judges_generator: bool,
    pub thresholds: Vec<Sited<Criterion>>,
    /// None: the load is users, spawn rate and the like, or a load shape.
    pub scenarios: Vec<Sited<Scenario>>,
    pub settings: Settings,
    pub outputs: Outputs,
    /// What the environment allows; connections ask `Safety::allows_host`.
    pub safety: Safety,
    /// The script's `env`.
    pub env_vars: BTreeMap<String, String>,
    /// The script's `config`: the environment file, expanded, with the effective `environment` and `base_url`.
    pub config: Value,
}

impl Plan {
    /// The plan with its requests sent to `base_url` and its calls to `grpc_host`, which scripts see in `config` too.
    pub fn aim_at(mut self, base_url: &str, grpc_host: &str) -> Plan {
        self.base_url = Some(base_url.to_string());
        self.grpc_host = Some(grpc_host.to_string());
        if let Value::Object(config) = &mut self.config {
            config.insert("base_url".into(), base_url.into());
            config.insert("grpc_host".into(), grpc_host.into());
        }
        self
    }
}
