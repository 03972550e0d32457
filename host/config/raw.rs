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
use super::section::Section;
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
    "max_body",
    "max_header",
    "discard_body",
    "accept_encoding",
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
    /// The variables that scripts may see.
    pub(super) env: Option<Sited<Vec<String>>>,
}

impl Raw {
    /// Reads the file at `path`, called `name` in messages.
    pub(super) fn read(path: &Path, name: &Path, variables: &dyn Lookup) -> Result<Raw, Fault> {
        let bytes = std::fs::read(path).map_err(|error| {
            Fault::new(Exit::Config, format!("cannot read {}", name.display())).why(error.to_string())
        })?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let what = format!("{} is not UTF-8 text", name.display());
            Fault::new(Exit::Config, what).why(error.utf8_error().to_string())
        })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_string();
        let folder = path.parent().unwrap_or(Path::new(""));
        Raw::parse(Source { name: name.display().to_string(), text }, folder, variables)
    }

    /// Checks a file's text; relative paths in it start at `folder`.
    pub(super) fn parse(source: Source, folder: &Path, variables: &dyn Lookup) -> Result<Raw, Fault> {
        let empty = Node {
            spot: Spot { line: 1, column: 1 },
            kind: Kind::Map(Vec::new()),
            varies: false,
            quoted: false,
        };
        let root = yaml::parse(&source, variables)?.unwrap_or(empty);
        let top = Section::new(&source, "", &root, Some(TOP))?;
        let (environment, base_url) = (top.text("environment")?, top.text("base_url")?);
        let (grpc_host, env) = (top.text("grpc_host")?, top.texts("env")?);
        check_names(&env)?;
        let target_demo = target(&top)?;
        if let (Some(target), Some(_)) = (&target_demo, &base_url) {
            return Err(target
                .origin
                .fault(Exit::Config, "`target: demo` and `base_url` exclude each other")
                .why("the bundled service listens on an address of its own")
                .help("remove one of the two"));
        }
        let settings = match top.section("settings", Some(SETTINGS))? {
            Some(section) => settings(&section, folder)?,
            None => RawSettings::default(),
        };
        if let Some(section) = top.section("test_data", None)? {
            section.text("collection_prefix")?;
            section.flag("cleanup_after")?;
        }
        let load = match top.section("load", Some(LOAD))? {
            Some(section) => load(&section)?,
            None => Load::default(),
        };
        let safety = match top.section("safety", Some(SAFETY))? {
            Some(section) => {
                section.refuse_variables()?;
                safety(&section)?
            }
            None => Safety::default(),
        };
        Ok(Raw { environment, base_url, grpc_host, target_demo, settings, load, safety, env, root, source })
    }

    /// The file as scripts see it in `config`: always an object.
    pub(super) fn json(&self) -> Value {
        match self.root.json() {
            Value::Null => Value::Object(Default::default()),
            value => value,
        }
    }
}

fn check_names(env: &Option<Sited<Vec<String>>>) -> Result<(), Fault> {
    let Some(env) = env else { return Ok(()) };
    match env.value.iter().find(|name| !is_name(name)) {
        None => Ok(()),
        Some(name) => Err(env
            .origin
            .fault(Exit::Config, format!("`env` holds `{name}`, which is not a variable's name"))
            .help("list names only, for example `env: [BUILD_ID]`")),
    }
}

fn target(top: &Section<'_>) -> Result<Option<Sited<bool>>, Fault> {
    match top.text("target")? {
        None => Ok(None),
        Some(target) if target.value == "demo" => Ok(Some(Sited::new(true, target.origin))),
        Some(target) => {
            let what = format!("`target` can only be `demo`, not `{}`", target.value);
            Err(target.origin.fault(Exit::Config, what).help("another service is named by `base_url`"))
        }
    }
}

fn settings(section: &Section<'_>, folder: &Path) -> Result<RawSettings, Fault> {
    let mut settings = RawSettings {
        default_timeout: section.positive_duration("default_timeout")?,
        max_redirects: section.whole("max_redirects", 0)?,
        max_retries: section.whole("max_retries", 0)?,
        max_body: section.size("max_body")?,
        max_header: section.size("max_header")?,
        discard_body: section.flag("discard_body")?,
        accept_encoding: section.text("accept_encoding")?,
        cpu_budget: section.positive_duration("cpu_budget")?,
        memory_limit: section.size("memory_limit")?,
        secrets: section.text("secrets")?.map(|path| Sited::new(folder.join(path.value), path.origin)),
        ..RawSettings::default()
    };
    if let Some(Sited { value: 0..LEAST_MEMORY, origin }) = &settings.memory_limit {
        return Err(origin.fault(Exit::Config, "`settings.memory_limit` must be at least 1MiB"));
    }
    if let Some(Sited { value: 0..LEAST_HEADER, origin }) = &settings.max_header {
        return Err(origin.fault(Exit::Config, "`settings.max_header` must be at least 1KiB"));
    }
    if let Some(Sited { value, origin }) = &settings.accept_encoding
        && !value.bytes().all(|byte| matches!(byte, b' '..=b'~'))
    {
        let what = format!(
            "`settings.accept_encoding` cannot be `{}`: it is the value of a header",
            value.escape_debug()
        );
        return Err(origin.fault(Exit::Config, what).help("write it as `gzip, br`"));
    }
    settings.network = RawNetwork::read(section, folder)?;
    Ok(settings)
}

fn load(section: &Section<'_>) -> Result<Load, Fault> {
    Ok(Load {
        users: section.whole("users", 1)?,
        spawn_rate: section.rate("spawn_rate")?,
        run_time: section.positive_duration("run_time")?,
        iterations: section.whole("iterations", 1)?,
        stop_timeout: section.duration("stop_timeout")?,
    })
}

fn safety(section: &Section<'_>) -> Result<Safety, Fault> {
    Ok(Safety {
        confirm: section.text("confirm")?,
        max_users: section.whole("max_users", 0)?,
        max_spawn_rate: section.rate("max_spawn_rate")?,
        max_run_time: section.positive_duration("max_run_time")?,
        max_rps: section.rate("max_rps")?,
        allowed_scripts: section.texts("allowed_scripts")?,
        allowed_hosts: section.texts("allowed_hosts")?,
    })
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

    fn read(text: &str) -> Result<Raw, Fault> {
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
                "",
            ),
            (
                "load: {users: \"10\"}",
                "`load.users` must be a whole number of at least 1, not the text \"10\"",
                1,
                15,
                "remove them",
            ),
            (
                "settings: {tls: {verify: 'true'}}",
                "`settings.tls.verify` must be true or false, not the text \"true\"",
                1,
                26,
                "remove them",
            ),
            (
                "settings: {tls: {verify: maybe}}",
                "`settings.tls.verify` must be true or false, not the text \"maybe\"",
                1,
                26,
                "",
            ),
            ("env: FOO", "`env` must be a list of texts, not the text \"FOO\"", 1, 6, "write a list: [FOO]"),
            (
                "safety: {allowed_hosts: example.com}",
                "`safety.allowed_hosts` must be a list of texts, not the text \"example.com\"",
                1,
                25,
                "write a list: [example.com]",
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
            ("settings: {max_header: 5}", "`settings.max_header` must be at least 1KiB", 1, 24, ""),
            (
                "settings: {max_body: much}",
                "`settings.max_body` must be a size such as 64MiB, not the text \"much\"",
                1,
                22,
                "not a number",
            ),
            (
                "settings: {discard_bodies: yes}",
                "unknown key `discard_bodies` in `settings`",
                1,
                12,
                "`discard_body`",
            ),
            (
                "settings: {accept_encoding: \"a\\nb\"}",
                "`settings.accept_encoding` cannot be `a\\nb`: it is the value of a header",
                1,
                29,
                "gzip, br",
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
            let fault = read(text).unwrap_err();
            let shown = fault.render(false);
            assert_eq!(fault.what, what);
            assert_eq!(fault.exit, Exit::Config);
            let at = fault.at.unwrap();
            assert_eq!((at.line, at.column), (line, Some(column)), "{text}");
            assert!(shown.contains(hint), "{shown}");
        }
        let fault = read("settings:\n  tls:\n    ca: nowhere.pem").unwrap_err();
        assert!(fault.what.contains("nowhere.pem, which is not a file"));
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
