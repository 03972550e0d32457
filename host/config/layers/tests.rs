//! The merge as a whole, on folders of its own.
#![allow(clippy::unwrap_used)]

use std::fs;

use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::config::show_config;
use crate::fault::Place;

/// A project folder with `scripts/suites/smoke.lua` and the given environment files.
struct Project(TempDir);

impl Project {
    fn new(files: &[(&str, &str)]) -> Project {
        let project = Project(tempfile::tempdir().unwrap());
        project.write("scripts/suites/smoke.lua", "");
        for (name, text) in files {
            project.write(name, text);
        }
        project
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn around(&self, variables: &[(&str, &str)]) -> Surroundings {
        let variables = variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        Surroundings { folder: self.0.path().to_path_buf(), variables, cores: 3 }
    }

    fn load(&self, given: &Given) -> Result<Layers, Fault> {
        load(given, &self.around(&[])).map_err(|mut faults| faults.remove(0))
    }

    fn relative(&self, path: &Path) -> String {
        path.strip_prefix(self.0.path()).unwrap().display().to_string()
    }
}

fn flag<T>(value: T, name: &str) -> Option<Sited<T>> {
    Some(Sited::new(value, Origin::Flag(name.into())))
}

fn smoke() -> Given {
    Given { scripts: flag(vec!["suites/smoke.lua".into()], "--script"), ..Given::default() }
}

fn smoke_in(environment: &str) -> Given {
    Given { environment: flag(environment.into(), "--env"), ..smoke() }
}

fn script_place() -> Place {
    Place { file: "scripts/suites/smoke.lua".into(), line: 2, column: None, source: None }
}

fn written(key: &str, value: Value) -> ScriptOptions {
    let mut options = ScriptOptions::default();
    options.set(key, &value, script_place()).unwrap();
    options
}

#[test]
fn defaults_are_those_of_the_contract() {
    let project = Project::new(&[]);
    let plan = project.load(&smoke()).unwrap().plan(&ScriptOptions::default()).unwrap();
    assert_eq!((plan.users, plan.spawn_rate, plan.run_time, plan.iterations), (1, 1.0, None, None));
    assert_eq!((plan.stop_timeout, plan.workers, plan.exit_code_on_error), (Duration::from_secs(10), 3, 1));
    assert_eq!((plan.environment.as_str(), plan.base_url, plan.target_demo), ("local", None, false));
    assert_eq!(plan.settings.cpu_budget, Duration::from_secs(1));
    assert_eq!(plan.settings.memory_limit, 64 * 1024 * 1024);
    assert_eq!(plan.config, json!({ "environment": "local" }));
    assert_eq!(project.relative(&plan.script_root), "scripts");
    let other = project.load(&smoke()).unwrap().plan(&ScriptOptions::default()).unwrap();
    assert_ne!(plan.seed, other.seed);
}

#[test]
fn the_environment_file_reaches_plan_and_script() {
    let text = "environment: int\nbase_url: ${API:-http://127.0.0.1:1}\nsettings: {default_timeout: 5}\n\
                test_data: {collection_prefix: p_}\nenv: [BUILD, ABSENT]\nvars: {n: 9007199254740993}\n";
    let project = Project::new(&[("config/int.yaml", text)]);
    let given =
        Given { variables: flag(vec![("TEST_A".into(), "flag".into())], "--env-var"), ..smoke_in("int") };
    let around = project.around(&[
        ("API", "http://127.0.0.1:2"),
        ("BUILD", "7"),
        ("TEST_A", "process"),
        ("TEST_B", "b"),
        ("E2E_X", "x"),
        ("HOME", "/"),
    ]);
    let layers = load(&given, &around).unwrap();
    assert_eq!(layers.settings().default_timeout, Duration::from_secs(5));
    let plan = layers.plan(&ScriptOptions::default()).unwrap();
    assert_eq!(plan.base_url.as_deref(), Some("http://127.0.0.1:2"));
    assert_eq!(plan.config["vars"]["n"], 9007199254740993i64);
    assert_eq!(plan.config["base_url"], "http://127.0.0.1:2");
    let env: Vec<(&str, &str)> = plan.env_vars.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(env, [("BUILD", "7"), ("E2E_X", "x"), ("TEST_A", "flag"), ("TEST_B", "b")]);

    let given = Given { host: flag("http://127.0.0.1:3".into(), "--host"), ..given };
    let plan = load(&given, &around).unwrap().plan(&ScriptOptions::default()).unwrap();
    assert_eq!(plan.base_url.as_deref(), Some("http://127.0.0.1:3"));
    assert_eq!(plan.config["base_url"], "http://127.0.0.1:3");
    let aimed = plan.aim_at("http://127.0.0.1:4", "127.0.0.1:5").config;
    assert_eq!(
        (&aimed["base_url"], &aimed["grpc_host"]),
        (&"http://127.0.0.1:4".into(), &"127.0.0.1:5".into())
    );
}

#[test]
fn a_given_host_replaces_the_demo() {
    let project = Project::new(&[("config/local.yaml", "target: demo\n")]);
    assert!(project.load(&smoke()).unwrap().plan(&ScriptOptions::default()).unwrap().target_demo);
    let given = Given { host: flag("http://127.0.0.1:3".into(), "--host"), ..smoke() };
    assert!(!project.load(&given).unwrap().plan(&ScriptOptions::default()).unwrap().target_demo);
}

#[test]
fn base_urls_are_checked_wherever_they_come_from() {
    let project = Project::new(&[("config/int.yaml", "base_url: api.example.com\n")]);
    let fault = project.load(&smoke_in("int")).unwrap_err();
    assert_eq!((fault.exit, fault.at.unwrap().line), (Exit::Config, 1));
    for url in ["ftp://x", "http://", "http://x/?a=1", "localhost:8080"] {
        let given = Given { host: flag(url.into(), "--host"), ..smoke() };
        let fault = project.load(&given).unwrap_err();
        let why = fault.why.unwrap();
        assert!(why.contains("flag --host"), "{url}");
        assert_eq!(why.contains("it has no scheme"), url == "localhost:8080", "{url}");
    }
}

#[test]
fn a_host_is_none_of_grpc_where_that_has_its_own() {
    let project = Project::new(&[
        ("config/int.yaml", "base_url: http://127.0.0.1:1\ngrpc_host: 127.0.0.1:2\n"),
        ("config/web.yaml", "base_url: http://127.0.0.1:1\n"),
    ]);
    let told = |environment, host: Option<&str>| {
        let host = host.and_then(|host| flag(host.into(), "--host"));
        project.load(&Given { host, ..smoke_in(environment) }).unwrap().host_beside_grpc()
    };
    assert_eq!((told("int", None), told("web", Some("http://h"))), (None, None));
    let text = told("int", Some("http://h")).unwrap();
    assert!(text.starts_with("flag --host does not") && text.contains("127.0.0.1:2 ("), "{text}");
}

#[test]
fn an_environment_that_is_not_there() {
    let project = Project::new(&[("config/int.yaml", ""), ("config/stage.yaml", "")]);
    let fault = project.load(&smoke_in("stag")).unwrap_err();
    assert_eq!((fault.exit, fault.what.as_str()), (Exit::Config, "there is no environment `stag`"));
    assert_eq!(fault.help.as_deref(), Some("did you mean `stage`? there are int, stage"));
    for name in ["../int", "a/b", "", ".", "/etc/x"] {
        assert!(project.load(&smoke_in(name)).unwrap_err().what.contains("not the name"), "{name}");
    }
    // `local` by name is asked for, `local` by default is not.
    assert!(project.load(&smoke_in("local")).is_err());
    assert!(project.load(&smoke()).is_ok());
}

#[test]
fn an_undefined_variable_names_its_line() {
    let project = Project::new(&[("config/int.yaml", "vars:\n  key: ${API_KEY}\n")]);
    let fault = project.load(&smoke_in("int")).unwrap_err();
    assert_eq!((fault.exit, fault.what.as_str()), (Exit::Config, "variable `API_KEY` is not set"));
    let at = fault.at.unwrap();
    assert_eq!((at.line, at.column, at.source.as_deref()), (2, Some(8), Some("  key: ${API_KEY}")));
    assert!(at.file.ends_with("config/int.yaml"));
}

#[test]
fn guarded_environments_refuse_until_confirmed() {
    let safety = "safety:\n  confirm: Yes I do\n  max_users: 2\n  allowed_scripts: [suites/smoke.lua]\n";
    let project = Project::new(&[("config/prod.yaml", safety), ("scripts/suites/stress.lua", "")]);
    let options = ScriptOptions::default();
    let mut layers = project.load(&smoke_in("prod")).unwrap();
    assert_eq!(layers.question(), Some("Yes I do"));
    assert_eq!(layers.clone().plan(&options).unwrap_err().exit, Exit::Refused);
    layers.answer("no");
    assert_eq!(layers.clone().plan(&options).unwrap_err().exit, Exit::Refused);
    layers.answer("Yes I do");
    assert_eq!(layers.question(), None);
    layers.clone().plan(&options).unwrap();
    // A script cannot lift what the environment limits.
    let fault = layers.plan(&written("users", json!(3))).unwrap_err();
    assert_eq!((fault.exit, fault.at.unwrap().line), (Exit::Refused, 3));
    assert_eq!(fault.why.as_deref(), Some("users came from scripts/suites/smoke.lua:2 options"));

    let mut given = smoke_in("prod");
    given.confirm = flag("Yes I do".into(), "--confirm");
    given.scripts = flag(vec!["suites/stress.lua".into()], "--script");
    let fault = project.load(&given).unwrap().plan(&options).unwrap_err();
    assert!(fault.what.contains("stress.lua") && fault.exit == Exit::Refused);
}

#[test]
fn the_environments_of_the_repository_are_valid() {
    for name in ["local", "int", "stage", "prod"] {
        let text =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("config/{name}.yaml")));
        let project = Project::new(&[(&format!("config/{name}.yaml"), &text.unwrap())]);
        let mut layers = project.load(&smoke_in(name)).unwrap();
        let guarded = layers.question().map(str::to_string);
        assert_eq!(guarded.as_deref(), (name == "prod").then_some("I understand the risks"));
        if let Some(text) = guarded {
            layers.answer(&text);
        }
        let plan = layers.clone().plan(&ScriptOptions::default()).unwrap();
        assert_eq!((plan.environment.as_str(), plan.target_demo), (name, name == "local"));
        assert_eq!(plan.config["test_data"]["collection_prefix"], "e2e_test_");
        let ten =
            Given { load: Load { users: flag(10, "--users"), ..Load::default() }, ..layers.given.clone() };
        assert_eq!(Layers { given: ten, ..layers }.plan(&ScriptOptions::default()).is_err(), name == "prod");
    }
}

#[test]
fn show_config_names_every_source_and_masks_secrets() {
    let text = "load:\n  spawn_rate: 2\nvars:\n  api_token: abc\n  list: [1, x]\n";
    let project = Project::new(&[("config/int.yaml", text)]);
    let mut given = smoke_in("int");
    given.load.users = flag(10, "--users");
    given.workers = Some(Sited::new(2, Origin::Variable("E2E_WORKERS".into())));
    given.host = flag("http://me:hidden@127.0.0.1:3/".into(), "--host");
    let around = project.around(&[("TEST_PASSWORD", "hush"), ("TEST_MODE", "smoke")]);
    let shown = show_config(&load(&given, &around).unwrap(), Some(&written("run_time", json!("30s"))));
    let shown = shown.replace(&format!("{}/", project.0.path().display()), "");
    let rows: Vec<(&str, &str)> =
        shown.lines().map(|line| line.split_once("  # ").map(|(a, b)| (a.trim_end(), b)).unwrap()).collect();
    for row in [
        ("users: 10", "flag --users"),
        ("spawn_rate: 2", "config/int.yaml:2"),
        ("run_time: 30s", "scripts/suites/smoke.lua:2 options"),
        ("workers: 2", "variable E2E_WORKERS"),
        ("stop_timeout: 10s", "default"),
        ("seed: random", "default"),
        ("base_url: http://me:***@127.0.0.1:3/", "flag --host"),
        ("settings.memory_limit: 64MiB", "default"),
        ("vars.api_token: ***", "config/int.yaml:4"),
        ("vars.list[1]: \"x\"", "config/int.yaml:5"),
        ("env.TEST_PASSWORD: ***", "variable TEST_PASSWORD"),
        ("env.TEST_MODE: \"smoke\"", "variable TEST_MODE"),
        ("script: scripts/suites/smoke.lua", "flag --script"),
        ("environment: int", "flag --env"),
    ] {
        assert!(rows.contains(&row), "{row:?} in\n{shown}");
    }
    assert!(!shown.contains("abc") && !shown.contains("hush") && !shown.contains("hidden"));
}

fn layer(origin: Origin) -> impl Strategy<Value = Load> {
    let sited = move |origin: Origin| move |value| Sited::new(value, origin.clone());
    let seconds = |s: u64| Duration::from_secs(s);
    let (a, b, c, d, e) = (origin.clone(), origin.clone(), origin.clone(), origin.clone(), origin);
    (
        prop::option::of(any::<u32>().prop_map(sited(a))),
        prop::option::of((1u32..99).prop_map(f64::from).prop_map(move |v| Sited::new(v, b.clone()))),
        prop::option::of((1u64..99).prop_map(seconds).prop_map(move |v| Sited::new(v, c.clone()))),
        prop::option::of((1u64..99).prop_map(move |v| Sited::new(v, d.clone()))),
        prop::option::of((0u64..99).prop_map(seconds).prop_map(move |v| Sited::new(v, e.clone()))),
    )
        .prop_map(|(users, spawn_rate, run_time, iterations, stop_timeout)| Load {
            users,
            spawn_rate,
            run_time,
            iterations,
            stop_timeout,
        })
}

fn any_layer() -> impl Strategy<Value = Load> {
    prop_oneof![
        layer(Origin::Flag("--x".into())),
        layer(Origin::Variable("E2E_X".into())),
        layer(Origin::Script(script_place()))
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn merging_is_associative_and_keeps_what_is_above(a in any_layer(), b in any_layer(), c in any_layer()) {
        let left = a.clone().over(b.clone()).over(c.clone());
        prop_assert_eq!(&left, &a.clone().over(b.clone().over(c)));
        prop_assert_eq!(&a.clone().over(Load::default()), &a);
        prop_assert_eq!(&Load::default().over(b.clone()), &b);
        prop_assert!(a.users.is_none() || left.users == a.users);
    }

    /// The whole way: from what is given, a file and a script to the plan.
    #[test]
    fn the_strongest_layer_that_speaks_is_heard(
        given in prop::option::of(1u32..1000), file in prop::option::of(1u32..1000), script in prop::option::of(1u32..1000),
    ) {
        let text = file.map(|users| format!("load:\n  users: {users}\n")).unwrap_or_default();
        let project = Project::new(&[("config/int.yaml", &text)]);
        let mut all = smoke_in("int");
        all.load.users = given.and_then(|users| flag(users, "--users"));
        let options = script.map(|users| written("users", json!(users))).unwrap_or_default();
        let layers = project.load(&all).unwrap();
        let origin = layers.merged(&options).users.origin;
        let plan = layers.plan(&options).unwrap();
        prop_assert_eq!(plan.users, given.or(file).or(script).unwrap_or(1));
        prop_assert_eq!(matches!(origin, Origin::Flag(_)), given.is_some());
        prop_assert_eq!(matches!(origin, Origin::File(_)), given.is_none() && file.is_some());
        prop_assert_eq!(origin == Origin::Default, given.or(file).or(script).is_none());
    }
}
