//! What is wrong with environment files, and what is right.
#![allow(clippy::unwrap_used)]

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
