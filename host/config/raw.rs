//! The environment file as written: every key checked and typed, nothing merged. Called by `layers`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::exit::Exit;
use crate::fault::Fault;

use super::document::{Entry, Kind, Node, Source, Spot};
use super::expand::is_name;
use super::given::Load;
use super::network::RawNetwork;
use super::origin::Sited;
use super::safety::Safety;
use super::scenarios::{self, Scenario};
use super::section::{Reader, Section};
use super::thresholds::{self, Criterion};
use super::yaml::{self, Lookup};

const TOP: &[&str] = &[
    "environment",
    "base_url",
    "grpc_host",
    "target",
    "settings",
    "test_data",
    "load",
    "safety",
    "env",
    "vars",
    "thresholds",
    "scenarios",
];
const SETTINGS: &[&str] = &[
    "default_timeout",
    "max_redirects",
    "max_retries",
    "max_body",
    "max_header",
    "discard_body",
    "accept_encoding",
    "tls",
    "proxy",
    "hosts",
    "dns",
    "http2",
    "local_addresses",
    "cpu_budget",
    "memory_limit",
    "secrets",
];
const LOAD: &[&str] = &["users", "spawn_rate", "run_time", "iterations", "stop_timeout"];
const SAFETY: &[&str] = &[
    "confirm",
    "max_users",
    "max_spawn_rate",
    "max_run_time",
    "max_rps",
    "allowed_scripts",
    "allowed_hosts",
];

/// The smallest memory limit with which a script still starts.
const LEAST_MEMORY: u64 = 1 << 20;

/// The smallest limit of an answer's head that answers still pass.
const LEAST_HEADER: u64 = 1 << 10;

/// The `settings` of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct RawSettings {
    pub(super) default_timeout: Option<Sited<Duration>>,
    pub(super) max_redirects: Option<Sited<u32>>,
    pub(super) max_retries: Option<Sited<u32>>,
    pub(super) max_body: Option<Sited<u64>>,
    pub(super) max_header: Option<Sited<u64>>,
    pub(super) discard_body: Option<Sited<bool>>,
    pub(super) accept_encoding: Option<Sited<String>>,
    pub(super) network: RawNetwork,
    pub(super) cpu_budget: Option<Sited<Duration>>,
    pub(super) memory_limit: Option<Sited<u64>>,
    pub(super) secrets: Option<Sited<PathBuf>>,
}

/// One environment file.
#[derive(Clone, Debug)]
pub(super) struct Raw {
    pub(super) source: Source,
    pub(super) root: Node,
    pub(super) environment: Option<Sited<String>>,
    pub(super) base_url: Option<Sited<String>>,
    pub(super) grpc_host: Option<Sited<String>>,
    /// Set where `target: demo` stands.
    pub(super) target_demo: Option<Sited<bool>>,
    pub(super) settings: RawSettings,
    pub(super) load: Load,
    pub(super) safety: Safety,
    pub(super) thresholds: Vec<Sited<Criterion>>,
    pub(super) scenarios: Vec<Sited<Scenario>>,
    /// The variables that scripts may see.
    pub(super) env: Option<Sited<Vec<String>>>,
}

impl Raw {
    /// Reads the file at `path`, called `name` in messages. The error is all that is wrong with it.
    pub(super) fn read(path: &Path, name: &Path, variables: &dyn Lookup) -> Result<Raw, Vec<Fault>> {
        let bytes = std::fs::read(path).map_err(|error| {
            let fault = Fault::new(Exit::Config, format!("cannot read {}", name.display()));
            vec![fault.why(error.to_string())]
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let what = format!("{} is not UTF-8 text", name.display());
            vec![Fault::new(Exit::Config, what).why(error.utf8_error().to_string())]
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_string();
        let folder = path.parent().unwrap_or(Path::new(""));
        Raw::parse(Source { name: name.display().to_string(), text }, folder, variables)
    }

    /// Checks a file's text; relative paths in it start at `folder`. What is no YAML is one fault.
    pub(super) fn parse(source: Source, folder: &Path, variables: &dyn Lookup) -> Result<Raw, Vec<Fault>> {
        let empty = Node {
            spot: Spot { line: 1, column: 1 },
            kind: Kind::Map(Vec::new()),
            varies: false,
            quoted: false,
        };
        let root = yaml::parse(&source, variables).map_err(|fault| vec![fault])?.unwrap_or(empty);
        let reader = Reader::new(&source);
        let top = Section::new(&reader, "", &root, Some(TOP));
        let raw = top.map(|top| Raw::of(&top, folder, source.clone(), root.clone()));
        match (raw, reader.faults()) {
            (Some(raw), faults) if faults.is_empty() => Ok(raw),
            (_, faults) => Err(faults),
        }
    }

    fn of(top: &Section<'_>, folder: &Path, source: Source, root: Node) -> Raw {
        if let Some(section) = top.section("test_data", None) {
            section.text("collection_prefix");
            section.flag("cleanup_after");
        }
        let raw = Raw {
            environment: top.text("environment"),
            base_url: top.text("base_url"),
            grpc_host: top.text("grpc_host"),
            target_demo: target(top),
            settings: top
                .section("settings", Some(SETTINGS))
                .map(|s| settings(&s, folder))
                .unwrap_or_default(),
            load: top.section("load", Some(LOAD)).map(|section| load(&section)).unwrap_or_default(),
            safety: top.section("safety", Some(SAFETY)).map(|section| safety(&section)).unwrap_or_default(),
            scenarios: top.section("scenarios", None).map(|s| scenarios(&s)).unwrap_or_default(),
            thresholds: top.section("thresholds", None).map(|s| thresholds::of_file(&s)).unwrap_or_default(),
            env: top.texts("env"),
            source,
            root,
        };
        check_names(top, &raw.env);
        if let (Some(target), Some(_)) = (&raw.target_demo, &raw.base_url) {
            let what = "`target: demo` and `base_url` exclude each other";
            let fault = target.origin.fault(Exit::Config, what);
            let fault = fault.why("the bundled service listens on an address of its own");
            top.note(fault.help("remove one of the two"));
        }
        raw
    }

    /// The file as scripts see it in `config`: always an object.
    pub(super) fn json(&self) -> Value {
        match self.root.json() {
            Value::Null => Value::Object(Default::default()),
            value => value,
        }
    }
}

fn check_names(top: &Section<'_>, env: &Option<Sited<Vec<String>>>) {
    let Some(env) = env else { return };
    for name in env.value.iter().filter(|name| !is_name(name)) {
        let what = format!("`env` holds `{name}`, which is not a variable's name");
        let fault = env.origin.fault(Exit::Config, what);
        top.note(fault.help("list names only, for example `env: [BUILD_ID]`"));
    }
}

fn target(top: &Section<'_>) -> Option<Sited<bool>> {
    let target = top.text("target")?;
    if target.value == "demo" {
        return Some(Sited::new(true, target.origin));
    }
    let what = format!("`target` can only be `demo`, not `{}`", target.value);
    top.note(target.origin.fault(Exit::Config, what).help("another service is named by `base_url`"));
    None
}

fn settings(section: &Section<'_>, folder: &Path) -> RawSettings {
    let settings = RawSettings {
        default_timeout: section.positive_duration("default_timeout"),
        max_redirects: section.whole("max_redirects", 0),
        max_retries: section.whole("max_retries", 0),
        max_body: section.size("max_body"),
        max_header: section.size("max_header"),
        discard_body: section.flag("discard_body"),
        accept_encoding: section.text("accept_encoding"),
        network: RawNetwork::read(section, folder),
        cpu_budget: section.positive_duration("cpu_budget"),
        memory_limit: section.size("memory_limit"),
        secrets: section.text("secrets").map(|path| Sited::new(folder.join(path.value), path.origin)),
    };
    if let Some(Sited { value: 0..LEAST_MEMORY, origin }) = &settings.memory_limit {
        section.note(origin.fault(Exit::Config, "`settings.memory_limit` must be at least 1MiB"));
    }
    if let Some(Sited { value: 0..LEAST_HEADER, origin }) = &settings.max_header {
        section.note(origin.fault(Exit::Config, "`settings.max_header` must be at least 1KiB"));
    }
    if let Some(Sited { value, origin }) = &settings.accept_encoding
        && !value.bytes().all(|byte| matches!(byte, b' '..=b'~'))
    {
        let what = format!(
            "`settings.accept_encoding` cannot be `{}`: it is the value of a header",
            value.escape_debug()
        );
        section.note(origin.fault(Exit::Config, what).help("write it as `gzip, br`"));
    }
    settings
}

fn scenarios(section: &Section<'_>) -> Vec<Sited<Scenario>> {
    let read = |entry: &Entry| match scenarios::of_one(&entry.key, &entry.node.json()) {
        Ok(scenario) => Some(Sited::new(scenario, section.origin(&entry.node))),
        Err((what, help)) => {
            let fault = section.origin(&entry.node).fault(Exit::Config, what);
            section.note(help.into_iter().fold(fault, Fault::help));
            None
        }
    };
    section.entries().iter().filter_map(read).collect()
}

fn load(section: &Section<'_>) -> Load {
    Load {
        users: section.whole("users", 1),
        spawn_rate: section.rate("spawn_rate"),
        run_time: section.positive_duration("run_time"),
        iterations: section.whole("iterations", 1),
        stop_timeout: section.duration("stop_timeout"),
    }
}

fn safety(section: &Section<'_>) -> Safety {
    section.refuse_variables();
    Safety {
        confirm: section.text("confirm"),
        max_users: section.whole("max_users", 0),
        max_spawn_rate: section.rate("max_spawn_rate"),
        max_run_time: section.positive_duration("max_run_time"),
        max_rps: section.rate("max_rps"),
        allowed_scripts: section.texts("allowed_scripts"),
        allowed_hosts: section.texts("allowed_hosts"),
    }
}

#[cfg(test)]
mod tests;
