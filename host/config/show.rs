//! `--show-config`: every effective value and where it came from, as flat YAML with comments. Called by `app`.

use std::fmt::Display;

use serde_json::Value;

use crate::units::{format_duration, format_size};

use crate::mask::{self, MASK};

use super::document::{Kind, Node};
use super::layers::Layers;
use super::options::ScriptOptions;
use super::origin::{Origin, Sited};
use super::raw::Raw;
use super::together::{GivenTogether, Meeting, Together};

/// What a name holds that is not to be shown.
const SECRET: &[&str] = &["secret", "password", "passwd", "passphrase", "token", "credential", "apikey"];

/// And these where they are a word of it: `STRIPE_KEY` and `dbPass`, but not `monkey` and `compass`.
const WORDS: &[&str] = &[
    "key",
    "keys",
    "pass",
    "pw",
    "pwd",
    "auth",
    "authorization",
    "bearer",
    "jwt",
    "pat",
    "cookie",
    "cookies",
    "signature",
    "salt",
    "private",
];

/// Whether a name says that its value is not to be shown.
pub(super) fn looks_secret(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    SECRET.iter().any(|word| lower.contains(word))
        || words(name).iter().any(|word| WORDS.contains(&word.as_str()))
}

/// `apiKey` and `API_KEY` as `api` and `key`.
fn words(name: &str) -> Vec<String> {
    let (mut words, mut was_small) = (vec![String::new()], false);
    for c in name.chars() {
        if !c.is_ascii_alphabetic() || (was_small && c.is_ascii_uppercase()) {
            words.push(String::new());
        }
        was_small = c.is_ascii_lowercase();
        if let Some(word) = words.last_mut().filter(|_| c.is_ascii_alphabetic()) {
            word.push(c.to_ascii_lowercase());
        }
    }
    words
}

/// An effective value and where it came from. Secrets are masked.
pub struct Shown {
    pub name: String,
    pub value: String,
    pub origin: String,
}

/// One line per value, the origins aligned. Values whose name looks like a secret are masked. `options` is
/// nothing where the scripts did not compile.
pub fn show_config(layers: &Layers, options: Option<&ScriptOptions>) -> String {
    Rows(shown(layers, options)).text()
}

/// The same, value by value.
pub fn shown(layers: &Layers, options: Option<&ScriptOptions>) -> Vec<Shown> {
    let mut rows = Rows(Vec::new());
    rows.run(layers);
    rows.load(layers, options.unwrap_or(&ScriptOptions::default()));
    rows.settings(layers);
    if let Some(raw) = layers.written() {
        rows.safety(raw);
        rows.own(raw);
    }
    for (name, value) in &layers.env_vars {
        rows.add(&format!("env.{name}"), Value::from(value.value.as_str()), &value.origin);
    }
    rows.0
}

struct Rows(Vec<Shown>);

impl Rows {
    fn add(&mut self, name: &str, value: impl Display, origin: &Origin) {
        // Only what the user named: e2e's own settings hold none but passwords of URLs.
        let is_own = ["env.", "vars.", "test_data."].iter().any(|section| name.starts_with(section));
        let value = if is_own && looks_secret(name) { MASK.to_string() } else { value.to_string() };
        self.put(name, &value, origin.to_string());
    }

    /// Masked before the columns are made: their width would tell its length.
    fn put(&mut self, name: &str, value: &str, origin: String) {
        let [name, value, origin] = [name, value, &origin].map(|text| mask::hide(text).into_owned());
        self.0.push(Shown { name, value, origin });
    }

    /// What was looked for rather than given.
    fn found(&mut self, name: &str, value: impl Display) {
        self.put(name, &value.to_string(), "found".to_string());
    }

    fn sited<T: Display>(&mut self, name: &str, value: &Sited<T>) {
        self.add(name, &value.value, &value.origin);
    }

    fn optional<T: Display>(&mut self, name: &str, value: Option<&Sited<T>>, without: &str) {
        match value {
            Some(value) => self.sited(name, value),
            None => self.add(name, without, &Origin::Default),
        }
    }

    fn list<T: Display>(&mut self, name: &str, values: Option<&Sited<Vec<T>>>, without: &str) {
        match values {
            Some(values) => {
                let texts: Vec<String> = values.value.iter().map(T::to_string).collect();
                self.add(name, format!("[{}]", texts.join(", ")), &values.origin);
            }
            None => self.add(name, without, &Origin::Default),
        }
    }

    fn run(&mut self, layers: &Layers) {
        let (given, outputs) = (&layers.given, &layers.given.outputs);
        for script in &layers.scripts.value {
            self.add("script", script.display(), &layers.scripts.origin);
        }
        self.found("script_root", layers.script_root.display());
        self.sited("environment", &layers.environment);
        if let Some((path, _)) = &layers.file {
            self.found("environment_file", path.display());
        }
        match layers.target_demo() {
            Some(target) => self.add("target", "demo", &target.origin),
            None => self.optional("base_url", layers.base_url.as_ref(), "none"),
        }
        if let Some(host) = layers.written().and_then(|raw| raw.grpc_host.as_ref()) {
            self.sited("grpc_host", host);
        }
        self.list("classes", given.classes.as_ref(), "all");
        self.list("tags", given.tags.as_ref(), "all");
        self.list("exclude_tags", given.exclude_tags.as_ref(), "none");
        self.sited("workers", &layers.workers);
        self.together(&layers.given.together, &layers.together);
        self.optional("exit_code_on_error", given.exit_code_on_error.as_ref(), "1");
        self.optional("reset_stats", given.reset_stats.as_ref(), "false");
        self.optional("no_generator_check", given.no_generator_check.as_ref(), "false");
        self.optional("csv", outputs.csv.as_ref(), "none");
        self.optional("csv_full_history", outputs.csv_full_history.as_ref(), "false");
        self.optional("json", outputs.json.as_ref(), "false");
        let path = |path: &Sited<std::path::PathBuf>| {
            Sited::new(path.value.display().to_string(), path.origin.clone())
        };
        self.optional("json_file", outputs.json_file.as_ref().map(path).as_ref(), "none");
        self.optional("summary_export", outputs.summary_export.as_ref().map(path).as_ref(), "none");
        self.optional("junit", outputs.junit.as_ref().map(path).as_ref(), "none");
        self.optional("html", outputs.html.as_ref().map(path).as_ref(), "none");
        self.list("out", outputs.out.as_ref(), "none");
        self.optional("baseline", outputs.baseline.as_ref().map(path).as_ref(), "none");
        self.optional("tui", outputs.tui.as_ref(), "false");
        self.optional("only_summary", outputs.only_summary.as_ref(), "false");
        self.optional("quiet", outputs.quiet.as_ref(), "false");
        let level = outputs.loglevel.clone().unwrap_or_else(|| Sited::default(Default::default()));
        self.add("loglevel", level.value.name(), &level.origin);
        self.optional("logfile", outputs.logfile.as_ref().map(path).as_ref(), "none");
        self.sited("color", &layers.color);
        match &outputs.http_debug {
            Some(debug) => self.add("http_debug", debug.value.name(), &debug.origin),
            None => self.add("http_debug", "none", &Origin::Default),
        }
    }

    /// Nothing where one process makes the run.
    fn together(&mut self, given: &GivenTogether, together: &Together) {
        let origin = given.segment.as_ref().map(|segment| &segment.origin);
        let count = given.segments.as_ref().map(|segments| &segments.origin);
        if let Some(origin) = origin.or(count) {
            match &together.meeting {
                Some(Meeting { index: None, segments, .. }) => {
                    self.add("segment", format!("the first that is free of {segments}"), origin);
                }
                _ => self.add("segment", together.segment, origin),
            }
        }
        if let (Some(meeting), Some(nats), Some(run)) = (&together.meeting, &given.nats, &given.run) {
            self.sited("nats", nats);
            self.sited("run", run);
            let of = |origin: Option<&Origin>| origin.cloned().unwrap_or(Origin::Default);
            let on_loss = of(given.on_loss.as_ref().map(|on_loss| &on_loss.origin));
            self.add("on_loss", meeting.on_loss.name(), &on_loss);
            let wait = of(given.wait.as_ref().map(|wait| &wait.origin));
            self.add("wait", format_duration(meeting.patience), &wait);
        }
    }

    fn load(&mut self, layers: &Layers, options: &ScriptOptions) {
        let merged = layers.merged(options);
        self.sited("users", &merged.users);
        self.sited("spawn_rate", &merged.spawn_rate);
        match &merged.run_time {
            Some(time) => self.add("run_time", format_duration(time.value), &time.origin),
            None => self.add("run_time", "none", &Origin::Default),
        }
        self.optional("iterations", merged.iterations.as_ref(), "none");
        self.add("stop_timeout", format_duration(merged.stop_timeout.value), &merged.stop_timeout.origin);
        self.optional("seed", merged.seed.as_ref(), "random");
        for scenario in layers.scenarios(options) {
            let value = &scenario.value;
            let text = format!(
                "up to {} users from {} on, for {}",
                value.pacing.most_users(),
                format_duration(value.start_time),
                format_duration(value.pacing.lasts())
            );
            self.add(&format!("scenarios.{}", value.name), text, &scenario.origin);
        }
        for criterion in layers.thresholds(options) {
            for rule in &criterion.value.rules {
                let mut text = rule.expression.clone();
                if rule.regression {
                    text.insert_str(0, "regression ");
                }
                if rule.abort_on_fail {
                    text.push_str(", abort_on_fail");
                }
                if !rule.delay.is_zero() {
                    text.push_str(&format!(", delay {}", format_duration(rule.delay)));
                }
                self.add(&format!("thresholds.{}", criterion.value.selector), text, &criterion.origin);
            }
        }
    }

    fn settings(&mut self, layers: &Layers) {
        let settings = layers.merged_settings();
        let duration = |value: &Sited<std::time::Duration>| format_duration(value.value);
        let timeout = &settings.default_timeout;
        self.add("settings.default_timeout", duration(timeout), &timeout.origin);
        self.sited("settings.max_redirects", &settings.max_redirects);
        self.sited("settings.max_retries", &settings.max_retries);
        for (name, size) in [("max_body", &settings.max_body), ("max_header", &settings.max_header)] {
            self.add(&format!("settings.{name}"), format_size(size.value), &size.origin);
        }
        self.sited("settings.discard_body", &settings.discard_body);
        let accepted = &settings.accept_encoding;
        match accepted.value.is_empty() {
            true => self.add("settings.accept_encoding", "none", &accepted.origin),
            false => self.sited("settings.accept_encoding", accepted),
        }
        for (name, value, origin) in layers.network.rows() {
            self.add(&format!("settings.{name}"), value, &origin);
        }
        self.add("settings.cpu_budget", duration(&settings.cpu_budget), &settings.cpu_budget.origin);
        let memory = &settings.memory_limit;
        self.add("settings.memory_limit", format_size(memory.value), &memory.origin);
        self.add("settings.secrets", settings.secrets.value.display(), &settings.secrets.origin);
    }

    fn safety(&mut self, raw: &Raw) {
        let safety = &raw.safety;
        if let Some(confirm) = &safety.confirm {
            self.add("safety.confirm", Value::from(confirm.value.as_str()), &confirm.origin);
        }
        if let Some(max) = &safety.max_users {
            self.sited("safety.max_users", max);
        }
        if let Some(max) = &safety.max_spawn_rate {
            self.sited("safety.max_spawn_rate", max);
        }
        if let Some(max) = &safety.max_run_time {
            self.add("safety.max_run_time", format_duration(max.value), &max.origin);
        }
        if let Some(max) = &safety.max_rps {
            self.sited("safety.max_rps", max);
        }
        if let Some(allowed) = &safety.allowed_scripts {
            self.list("safety.allowed_scripts", Some(allowed), "");
        }
        if let Some(allowed) = &safety.allowed_hosts {
            self.list("safety.allowed_hosts", Some(allowed), "");
        }
    }

    /// The sections that belong to the scripts: `test_data` and `vars`.
    fn own(&mut self, raw: &Raw) {
        let Kind::Map(entries) = &raw.root.kind else { return };
        for entry in entries.iter().filter(|entry| matches!(entry.key.as_str(), "test_data" | "vars")) {
            self.leaves(&entry.key, &entry.node, raw);
        }
    }

    fn leaves(&mut self, name: &str, node: &Node, raw: &Raw) {
        match &node.kind {
            Kind::Scalar(value) => self.add(name, value, &Origin::File(raw.source.place(node.spot))),
            Kind::List(nodes) => {
                for (index, node) in nodes.iter().enumerate() {
                    self.leaves(&format!("{name}[{index}]"), node, raw);
                }
            }
            Kind::Map(entries) => {
                for entry in entries {
                    self.leaves(&format!("{name}.{}", entry.key), &entry.node, raw);
                }
            }
        }
    }

    fn text(self) -> String {
        // A few long values should not push every comment off the screen.
        let rows = self.0.iter().map(|row| (format!("{}: {}", row.name, row.value), &row.origin));
        let widths = rows.clone().map(|(row, _)| row.chars().count());
        let width = widths.filter(|width| *width <= 48).max().unwrap_or(0);
        rows.map(|(row, origin)| format!("{row:width$}  # {origin}\n")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_that_they_hold_a_secret() {
        for name in [
            "API_KEY",
            "ACCESS_KEY",
            "STRIPE_KEY",
            "apiKey",
            "DB_PASS",
            "PWD",
            "BASIC_AUTH",
            "BEARER",
            "JWT",
            "GITHUB_PAT",
            "session-cookie",
            "SIGNATURE",
            "SALT2",
            "AWS_CREDENTIALS",
            "TOKEN",
            "CLIENT_SECRET",
            "PRIVATE_PEM",
            "vars.db.pass",
            "MYPASSWORD",
            "env.TEST_KEY_1",
        ] {
            assert!(looks_secret(name), "{name}");
        }
        for name in
            ["MONKEY", "PATH", "COMPASS", "AUTHOR", "PATTERN", "BASALT", "KEYBOARD", "TEST_MODE", "spawn"]
        {
            assert!(!looks_secret(name), "{name}");
        }
    }

    #[test]
    fn columns_do_not_tell_how_long_a_secret_is() {
        mask::add("a-secret-in-a-column");
        let mut rows = Rows(Vec::new());
        rows.add("vars.x", "a-secret-in-a-column", &Origin::Default);
        rows.add("vars.longer", "1", &Origin::Default);
        assert_eq!(rows.text(), "vars.x: ***     # default\nvars.longer: 1  # default\n");
    }
}
