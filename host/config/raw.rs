//! The environment file as written: every key checked and typed, nothing merged. Called by `layers`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::exit::Exit;
use crate::fault::Fault;

use super::document::{Kind, Node, Source, Spot};
use super::expand::is_name;
use super::given::Load;
use super::network::RawNetwork;
use super::origin::Sited;
use super::safety::Safety;
use super::section::{Reader, Section};
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
];
const SETTINGS: &[&str] = &[
    "default_timeout",
    "max_redirects",
    "max_retries",
    "tls",
    "proxy",
    "hosts",
    "dns",
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

/// The `settings` of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct RawSettings {
    pub(super) default_timeout: Option<Sited<Duration>>,
    pub(super) max_redirects: Option<Sited<u32>>,
    pub(super) max_retries: Option<Sited<u32>>,
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
        let empty = Node { spot: Spot { line: 1, column: 1 }, kind: Kind::Map(Vec::new()), varies: false };
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
        network: RawNetwork::read(section, folder),
        cpu_budget: section.positive_duration("cpu_budget"),
        memory_limit: section.size("memory_limit"),
        secrets: section.text("secrets").map(|path| Sited::new(folder.join(path.value), path.origin)),
    };
    if let Some(Sited { value: 0..LEAST_MEMORY, origin }) = &settings.memory_limit {
        section.note(origin.fault(Exit::Config, "`settings.memory_limit` must be at least 1MiB"));
    }
    settings
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
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    struct Nothing;

    impl Lookup for Nothing {
        fn get(&self, _: &str) -> Option<String> {
            None
        }

        fn names(&self) -> Vec<&str> {
            Vec::new()
        }
    }

    fn read(text: &str) -> Result<Raw, Vec<Fault>> {
        Raw::parse(Source { name: "config/int.yaml".into(), text: text.into() }, Path::new(""), &Nothing)
    }

    #[test]
    fn a_whole_file() {
        let raw = read(
            "environment: int\nbase_url: https://api\nsettings:\n  default_timeout: 30\n  max_retries: 3\n  \
             tls: {verify: false}\n  memory_limit: 32MiB\ntest_data:\n  collection_prefix: \"e2e_\"\n  mine: 1\n\
             load: {users: 10, spawn_rate: 120/m, run_time: 5m}\nenv: [BUILD]\nvars:\n  any: [1, {x: y}]\n",
        )
        .unwrap();
        assert_eq!(raw.settings.default_timeout.unwrap().value, Duration::from_secs(30));
        assert!(!raw.settings.network.tls.verify.unwrap().value);
        assert_eq!(raw.settings.memory_limit.unwrap().value, 32 << 20);
        assert_eq!(raw.load.spawn_rate.unwrap().value, 2.0);
        assert_eq!(raw.load.run_time.unwrap().value, Duration::from_secs(300));
        assert_eq!(raw.root.json()["vars"], json!({ "any": [1, { "x": "y" }] }));
        assert_eq!(raw.root.json()["test_data"]["mine"], 1);
    }

    #[test]
    fn an_empty_file_and_empty_sections_are_valid() {
        for text in ["", "# nothing\n", "---\n", "settings:\nload:\nsafety:\nbase_url:\ntest_data:\n"] {
            let raw = read(text).unwrap();
            assert!(raw.base_url.is_none() && raw.load == Load::default(), "{text}");
            assert!(raw.json().is_object(), "{text}");
        }
    }

    #[test]
    fn faults_name_key_line_and_remedy() {
        for (text, what, line, column, hint) in [
            ("a: 1\nusres: 2", "unknown key `a` at the top level", 1, 1, "known keys are"),
            ("bose_url: x", "unknown key `bose_url` at the top level", 1, 1, "did you mean `base_url`?"),
            ("load:\n  usres: 1", "unknown key `usres` in `load`", 2, 3, "did you mean `users`?"),
            ("settings:\n  tls:\n    verfy: true", "unknown key `verfy` in `settings.tls`", 3, 5, "`verify`"),
            (
                "load:\n  users: ten",
                "`load.users` must be a whole number of at least 1, not the text \"ten\"",
                2,
                10,
                "quotes",
            ),
            ("load:\n  users: -1", "`load.users` must be a whole number of at least 1, not `-1`", 2, 10, ""),
            (
                "load:\n  run_time: soon",
                "`load.run_time` must be a duration such as 30s or 1h20m, not the text \"soon\"",
                2,
                13,
                "`soon` is not a number",
            ),
            ("load: [1]", "`load` must be a mapping of keys to values, not a list", 1, 7, ""),
            ("- a", "an environment file must be a mapping of keys to values, not a list", 1, 1, ""),
            ("environment: 5", "`environment` must be a text, not `5`", 1, 14, "put the value in quotes"),
            ("target: prod", "`target` can only be `demo`, not `prod`", 1, 9, "base_url"),
            (
                "target: demo\nbase_url: http://x",
                "`target: demo` and `base_url` exclude each other",
                1,
                9,
                "remove",
            ),
            ("env: [A, 1]", "`env` must be a list of texts, not a list", 1, 6, "it holds `1`"),
            ("env: [A-B]", "`env` holds `A-B`, which is not a variable's name", 1, 6, "names only"),
            (
                "test_data: {cleanup_after: maybe}",
                "`test_data.cleanup_after` must be true or false, not the text \"maybe\"",
                1,
                28,
                "",
            ),
            ("settings: {memory_limit: 5}", "`settings.memory_limit` must be at least 1MiB", 1, 26, ""),
            (
                "settings: {default_timeout: 0}",
                "`settings.default_timeout` must be a duration such as 30s or 1h20m, not `0`",
                1,
                29,
                "longer than 0",
            ),
            (
                "safety: {max_rps: fast}",
                "`safety.max_rps` must be a rate per second, not the text \"fast\"",
                1,
                19,
                "not a number",
            ),
        ] {
            let fault = read(text).unwrap_err().remove(0);
            let shown = fault.render(false);
            assert_eq!(fault.what, what);
            assert_eq!(fault.exit, Exit::Config);
            let at = fault.at.unwrap();
            assert_eq!((at.line, at.column), (line, Some(column)), "{text}");
            assert!(shown.contains(hint), "{shown}");
        }
        let fault = read("settings:\n  tls:\n    ca: nowhere.pem").unwrap_err().remove(0);
        assert!(fault.what.contains("nowhere.pem, which is not a file"));
    }

    #[test]
    fn all_faults_are_told_in_the_order_of_the_file() {
        let text = "safety: {max_user: 2}\nload: {usrs: 1, users: -3}\nsettings:\n  default_timeot: 3\n  tls: {key: k, \
                    verfy: 1}\n  proxy: {http: 1, https: 2}\n  hosts: {a: 1, b: 2}\nenv: [A-B, C-D]\nvar: 1\n";
        let faults = read(text).unwrap_err();
        let places: Vec<_> =
            faults.iter().filter_map(|fault| Some((fault.at.as_ref()?.line, &fault.what))).collect();
        let lines: Vec<usize> = places.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 2, 2, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9], "{places:?}");
    }

    proptest! {
        #[test]
        fn no_value_of_a_known_key_panics(
            section in "(load|settings|safety|test_data|vars)", key in "[a-z_]{1,12}", known in 0usize..18,
            value in "(\\PC{0,12}|-?[0-9]{1,25}(\\.[0-9]{1,9})?(e[0-9]{1,3})?[a-zA-Z]{0,3})",
        ) {
            let keys: Vec<&str> = [LOAD, SETTINGS, SAFETY].concat();
            let key = keys.get(known).copied().unwrap_or(&key);
            let _ = (read(&format!("{section}:\n  {key}: {value}\n")), read(&format!("{key}: {value}\n")));
        }
    }
}
