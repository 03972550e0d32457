//! Command lines and variables, read as `app` has them read.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::config::{Level, Origin};
use clap::error::ErrorKind;
use proptest::prelude::*;
use std::path::Path;
use std::time::Duration;

fn variables(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
}

fn read(line: &str, pairs: &[(&str, &str)]) -> Result<Command, clap::Error> {
    let args = std::iter::once("e2e").chain(line.split_whitespace()).map(OsString::from);
    parse(args, &variables(pairs))
}

fn given(line: &str, pairs: &[(&str, &str)]) -> Given {
    match read(line, pairs).unwrap() {
        Command::Run(run) => run.given,
        other => panic!("not a run: {other:?}"),
    }
}

fn flag<T>(value: T, name: &str) -> Option<Sited<T>> {
    Some(Sited::new(value, Origin::Flag(name.into())))
}

fn variable<T>(value: T, name: &str) -> Option<Sited<T>> {
    Some(Sited::new(value, Origin::Variable(name.into())))
}

#[test]
fn the_definition_is_sound() {
    Args::command().debug_assert();
}

#[test]
fn every_flag_arrives() {
    let given = given(
        "-f a.lua --script b.lua -u 10 -r 2.5 -t 1h20m -i 100 --env int -H https://x -e A=1 -e B=x,y=z \
         --headless --only-summary --quiet -L WARNING --logfile l.txt --no-color --csv out/p \
         --csv-full-history --json --json-file j.json -T a,b -T c -E d -s 5 --exit-code-on-error 3 \
         --reset-stats --seed 7 --workers 2 --confirm yes One Two",
        &[],
    );
    assert_eq!(given.scripts, flag(vec!["a.lua".into(), "b.lua".into()], "--script"));
    assert_eq!(given.classes, flag(vec!["One".into(), "Two".into()], "CLASS"));
    assert_eq!(given.load.users, flag(10, "--users"));
    assert_eq!(given.load.spawn_rate, flag(2.5, "--spawn-rate"));
    assert_eq!(given.load.run_time, flag(Duration::from_secs(4800), "--run-time"));
    assert_eq!(given.load.iterations, flag(100, "--iterations"));
    assert_eq!(given.load.stop_timeout, flag(Duration::from_secs(5), "--stop-timeout"));
    assert_eq!(given.environment, flag("int".into(), "--env"));
    assert_eq!(given.host, flag("https://x".into(), "--host"));
    let pairs = vec![("A".to_string(), "1".to_string()), ("B".into(), "x,y=z".into())];
    assert_eq!(given.variables, flag(pairs, "--env-var"));
    assert_eq!(given.tags, flag(vec!["a".into(), "b".into(), "c".into()], "--tags"));
    assert_eq!(given.exclude_tags, flag(vec!["d".into()], "--exclude-tags"));
    assert_eq!(given.exit_code_on_error, flag(3, "--exit-code-on-error"));
    assert_eq!(given.reset_stats, flag(true, "--reset-stats"));
    assert_eq!((given.seed, given.workers), (flag(7, "--seed"), flag(2, "--workers")));
    assert_eq!(given.confirm, flag("yes".into(), "--confirm"));
    let outputs = given.outputs;
    assert_eq!(outputs.csv, flag("out/p".into(), "--csv"));
    assert_eq!(outputs.csv_full_history, flag(true, "--csv-full-history"));
    assert_eq!(outputs.json, flag(true, "--json"));
    assert_eq!(outputs.json_file, flag(PathBuf::from("j.json"), "--json-file"));
    assert_eq!(outputs.only_summary, flag(true, "--only-summary"));
    assert_eq!(outputs.quiet, flag(true, "--quiet"));
    assert_eq!(outputs.loglevel, flag(Level::Warning, "--loglevel"));
    assert_eq!(outputs.logfile, flag(PathBuf::from("l.txt"), "--logfile"));
    assert_eq!(outputs.no_color, flag(true, "--no-color"));
}

#[test]
fn nothing_given_is_nothing_set() {
    assert_eq!(given("", &[]), Given::default());
    assert_eq!(
        given("", &[("E2E_WEB", "0"), ("E2E_USERS", ""), ("TEST_ENV", ""), ("OTHER", "1")]),
        Given::default()
    );
}

#[test]
fn the_last_of_a_repeated_flag_wins() {
    let given =
        given("-t 1s -u 1 -e A=1 -t 2s --users=2 --json --json -T a -e B=2 -T b,c", &[("E2E_USERS", "9")]);
    assert_eq!(given.load.run_time, flag(Duration::from_secs(2), "--run-time"));
    assert_eq!(given.load.users, flag(2, "--users"));
    assert_eq!(given.outputs.json, flag(true, "--json"));
    assert_eq!(given.tags, flag(vec!["a".into(), "b".into(), "c".into()], "--tags"));
    assert_eq!(given.variables.map(|variables| variables.value.len()), Some(2));
    assert!(matches!(read("--list --list", &[]), Ok(Command::Run(run)) if run.look == Some(Look::List)));
    assert!(read("--list --check", &[]).is_err());
    assert!(matches!(read("demo --port 1 --port 2", &[]), Ok(Command::Demo(Demo { port: 2, .. }))));
}

#[test]
fn each_option_has_a_variable_and_a_flag_wins() {
    let pairs = [
        ("E2E_USERS", "4"),
        ("E2E_SPAWN_RATE", "60/m"),
        ("E2E_SCRIPT", "a.lua,b.lua"),
        ("E2E_ENV_VAR", "A=1,B=2"),
        ("E2E_CLASSES", "One,Two"),
        ("E2E_TAGS", "x,y"),
        ("E2E_JSON", "yes"),
        ("E2E_QUIET", "0"),
        ("E2E_HOST", "http://v"),
    ];
    let from_variables = given("", &pairs);
    assert_eq!(from_variables.load.users, variable(4, "E2E_USERS"));
    assert_eq!(from_variables.load.spawn_rate, variable(1.0, "E2E_SPAWN_RATE"));
    assert_eq!(from_variables.scripts, variable(vec!["a.lua".into(), "b.lua".into()], "E2E_SCRIPT"));
    let set = vec![("A".to_string(), "1".to_string()), ("B".into(), "2".into())];
    assert_eq!(from_variables.variables, variable(set, "E2E_ENV_VAR"));
    assert_eq!(from_variables.classes, variable(vec!["One".into(), "Two".into()], "E2E_CLASSES"));
    assert_eq!(from_variables.tags, variable(vec!["x".into(), "y".into()], "E2E_TAGS"));
    assert_eq!(from_variables.outputs.json, variable(true, "E2E_JSON"));
    assert_eq!(from_variables.outputs.quiet, None);

    let both = given("-u 9 --script c,d.lua -H http://f Three", &pairs);
    assert_eq!(both.load.users, flag(9, "--users"));
    assert_eq!(both.scripts, flag(vec!["c,d.lua".into()], "--script"));
    assert_eq!(both.host, flag("http://f".into(), "--host"));
    assert_eq!(both.classes, flag(vec!["Three".into()], "CLASS"));
    assert_eq!(both.load.spawn_rate, variable(1.0, "E2E_SPAWN_RATE"));
}

#[test]
fn the_environment_is_e2e_env_then_test_env() {
    let environment = |line: &str, pairs: &[(&str, &str)]| given(line, pairs).environment;
    assert_eq!(environment("", &[("TEST_ENV", "int")]), variable("int".into(), "TEST_ENV"));
    let both = [("TEST_ENV", "int"), ("E2E_ENV", "stage")];
    assert_eq!(environment("", &both), variable("stage".into(), "E2E_ENV"));
    let empty = [("TEST_ENV", "int"), ("E2E_ENV", "")];
    assert_eq!(environment("", &empty), variable("int".into(), "TEST_ENV"));
    assert_eq!(environment("--env prod", &both), flag("prod".into(), "--env"));
}

#[test]
fn unknown_words_are_classes_and_demo_is_the_subcommand() {
    assert_eq!(given("-f s.lua SmokeTestUser", &[]).classes.unwrap().value, ["SmokeTestUser"]);
    assert_eq!(given("demos", &[]).classes.unwrap().value, ["demos"]);
    assert_eq!(given("-f s.lua demo", &[]).classes.unwrap().value, ["demo"]);
    assert_eq!(given("", &[("E2E_CLASSES", "demo")]).classes.unwrap().value, ["demo"]);
    assert_eq!(given("-f s.lua --", &[("E2E_CLASSES", "-x")]).classes.unwrap().value, ["-x"]);
    let line = "demo --port 9 --latency 20ms --error-rate 0.01 --stall 1s/10s";
    let Command::Demo(demo) = read(line, &[]).unwrap() else { panic!("not the demo") };
    assert_eq!((demo.port, demo.latency, demo.error_rate), (9, Duration::from_millis(20), 0.01));
    let stall = Stall { length: Duration::from_secs(1), every: Duration::from_secs(10) };
    assert_eq!(demo.stall, Some(stall));
    // The variables of a run do not disturb another command; the demo has its own.
    let pairs = [("E2E_USERS", "4"), ("E2E_DEMO_PORT", "77")];
    let Command::Demo(demo) = read("demo", &pairs).unwrap() else { panic!("not the demo") };
    assert_eq!((demo.port, demo.latency, demo.error_rate, demo.stall), (77, Duration::ZERO, 0.0, None));
    assert!(
        matches!(read("init", &pairs).unwrap(), Command::Init(dir, Written::Lua) if dir == Path::new("."))
    );
    assert!(matches!(read("init --lang rhai", &pairs).unwrap(), Command::Init(_, Written::Rhai)));
    assert!(
        matches!(read("init a/b", &pairs).unwrap(), Command::Init(dir, Written::Lua) if dir == Path::new("a/b"))
    );
    let completions = read("completions bash", &pairs).unwrap();
    assert!(matches!(completions, Command::Completions(clap_complete::Shell::Bash)));
}

#[test]
fn one_look_at_a_time() {
    let look = |line: &str, pairs: &[(&str, &str)]| match read(line, pairs).unwrap() {
        Command::Run(run) => run.look,
        _ => None,
    };
    assert_eq!(look("", &[]), None);
    assert_eq!(look("-l", &[]), Some(Look::List));
    assert_eq!(look("--show-task-ratio", &[]), Some(Look::TaskRatio));
    assert_eq!(look("--show-config", &[("E2E_CHECK", "1")]), Some(Look::Config));
    assert_eq!(look("", &[("E2E_CHECK", "1")]), Some(Look::Check));
    assert_eq!(read("--list --check", &[]).unwrap_err().exit_code(), 2);
}

#[test]
fn wrong_usage_exits_2_and_says_why() {
    for (line, hint) in [
        ("-u -1", "invalid value '-1' for '--users <N>': it cannot be negative"),
        ("-f a -u=-1", "invalid value '-1' for '--users <N>': it cannot be negative"),
        ("-t -5s --json", "invalid value '-5s' for '--run-time <TIME>': it cannot be negative"),
        ("--seed -1", "invalid value '-1' for '--seed <N>': it cannot be negative"),
        ("--seed=-1", "invalid value '-1' for '--seed <N>': it cannot be negative"),
        ("-r -.5", "invalid value '-.5' for '--spawn-rate <R>': it cannot be negative"),
        ("--json -s -1m", "invalid value '-1m' for '--stop-timeout <TIME>': it cannot be negative"),
        ("-5", "unexpected argument '-5'"),
        ("--host -5", "unexpected argument '-5'"),
        ("demo --port -1", "invalid value '-1' for '--port <PORT>': it cannot be negative"),
        ("demo --latency -1s", "invalid value '-1s' for '--latency <TIME>': it cannot be negative"),
        ("-u 0", "0"),
        ("-u x", "invalid digit"),
        ("-u 4294967296", "4294967296"),
        ("-r 0", "more than 0"),
        ("-r inf", "not a number"),
        ("-r nan", "not a number"),
        ("-t soon", "`soon` is not a number"),
        ("-t 0", "longer than 0"),
        ("-i 0", "0"),
        ("--csv=", "a value is required for '--csv <PREFIX>'"),
        ("--json-file=", "a value is required for '--json-file <FILE>'"),
        ("-e NAME", "NAME=VALUE"),
        ("-e 1A=2", "1A"),
        ("-L loud", "possible values"),
        ("--workers 0", "0"),
        ("--exit-code-on-error 256", "256"),
        ("--usres 3", "--users"),
        ("--web-port 9", "--web-port is an option of the web interface: add --web"),
        ("--web --autoquit 3", "--autoquit ends what --autostart began: add --autostart"),
        ("--web --watch", "--watch runs without a page: leave --web out"),
        ("--web --web-login me", "--web-login: write it as USER:PASSWORD"),
        ("--web --web-token=", "a value is required for '--web-token <TOKEN>'"),
        ("--web --web-port 65536", "65536"),
        ("--out=jsno=x", "there is no output `jsno`; did you mean `json`?"),
        ("--out json", "write it like json=samples.json"),
        ("--master", "--master is no option of e2e: one process uses all cores"),
        ("--master-host=10.0.0.1", "--master-host is no option of e2e: one process uses all cores"),
        ("--web-auth", "--web-auth is no option of e2e: --web-login USER:PASSWORD guards the page"),
        ("--config x.conf", "--config is no option of e2e: --env NAME reads config/NAME.yaml"),
        ("--vus 3", "--vus is no option of e2e: -u N"),
        ("--duration 3s", "--duration is no option of e2e: -t TIME"),
        ("demo --error-rate 1.5", "between 0 and 1"),
        ("demo --stall 1s", "1s/10s"),
        ("demo --stall 11s/10s", "longer"),
        ("completions tcl", "possible values"),
    ] {
        let error = read(line, &[]).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{line}");
        assert!(error.to_string().contains(hint), "{line}: {error}");
    }
    for (pair, hint) in [
        (("E2E_USERS", "ten"), "E2E_USERS"),
        (("E2E_USERS", "-1"), "it cannot be negative (from the variable E2E_USERS)"),
        (("E2E_RUN_TIME", "soon"), "`soon` is not a number"),
        (("E2E_JSON", "maybe"), "E2E_JSON"),
        (("E2E_ENV_VAR", "A"), "E2E_ENV_VAR"),
    ] {
        let error = read("", &[pair]).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains(hint), "{error}");
    }
}

#[test]
fn the_web_interface_has_defaults_and_variables() {
    let web = |line: &str, pairs: &[(&str, &str)]| match read(line, pairs).unwrap() {
        Command::Run(run) => run.web,
        _ => None,
    };
    let plain = Web {
        host: "127.0.0.1".into(),
        port: 8089,
        login: None,
        token: None,
        autostart: false,
        autoquit: None,
    };
    assert_eq!(web("--web", &[]), Some(plain.clone()));
    assert_eq!((web("", &[]), web("--web --headless", &[])), (None, None));
    // A port that is set for all runs is no reason to refuse one without a page.
    assert_eq!(web("", &[("E2E_WEB_PORT", "9")]), None);
    assert_eq!(web("--headless", &[("E2E_WEB", "1")]), None);
    assert_eq!(web("--web", &[("E2E_HEADLESS", "1")]), Some(plain.clone()));
    let line = "--web --web-host 0.0.0.0 -P 0 --autostart --autoquit 3";
    let full = Web {
        host: "0.0.0.0".into(),
        port: 0,
        login: Some(("me".into(), "pass:word".into())),
        token: Some("t".into()),
        autostart: true,
        autoquit: Some(Duration::from_secs(3)),
    };
    assert_eq!(web(line, &[("E2E_WEB_LOGIN", "me:pass:word"), ("E2E_WEB_TOKEN", "t")]), Some(full));
    // What was typed may be a password: it is not said again.
    let error = read("--web", &[("E2E_WEB_LOGIN", "hunter2")]).unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn help_names_the_variables() {
    let error = read("--help", &[("E2E_USERS", "ten")]).unwrap_err();
    assert_eq!((error.kind(), error.exit_code()), (ErrorKind::DisplayHelp, 0));
    let text = error.to_string();
    for name in ["E2E_USERS", "E2E_CSV_FULL_HISTORY", "E2E_ENV, TEST_ENV", "E2E_CLASSES"] {
        assert!(text.contains(name), "{name} in {text}");
    }
    assert!(read("demo --help", &[]).unwrap_err().to_string().contains("E2E_DEMO_STALL"));
}

#[test]
fn completions_are_written() {
    let mut out = Vec::new();
    write_completions(clap_complete::Shell::Bash, &mut out);
    assert!(String::from_utf8(out).unwrap().contains("--spawn-rate"));
}
proptest! {
    #[test]
    fn no_arguments_panic(
        words in prop::collection::vec("(-[a-zA-Z]|--[a-z-]{1,12}|demo|\\PC{0,6})(=\\PC{0,4})?", 0..6),
        value in "\\PC{0,12}",
    ) {
        let args = std::iter::once("e2e".to_string()).chain(words).map(OsString::from);
        let names = ["E2E_USERS", "E2E_CLASSES", "E2E_TAGS", "E2E_JSON", "E2E_DEMO_PORT"];
        let _ = parse(args, &variables(&names.map(|name| (name, value.as_str()))));
    }
}
