//! Rhai from the outside: what a script may use, runs of several languages, `--check`.

use crate::support::project::{Ended, Project};

/// All that it said.
fn text(ended: &Ended) -> String {
    format!("{}{}", ended.out, ended.err)
}

/// The tasks that are run, one each, after a class `U`.
fn run(body: &str) -> Ended {
    let script = format!("let U = HttpUser.extend(\"U\");\n{body}\n");
    Project::new(&[("s.rhai", &script)]).run("-f s.rhai -u 1 -i 1 --workers 1 -H http://127.0.0.1:1")
}

/// A function that calls itself without an end, in the ways that take most of the stack.
#[test]
fn no_recursion_reaches_the_end_of_the_stack() {
    let nest = |open: &str, close: &str, count: usize| {
        format!("fn f(n) {{ {}f(n + 1){} }}", open.repeat(count), close.repeat(count))
    };
    let functions = [
        "fn f(n) { 1 + f(n + 1) }".to_owned(),
        "fn f(n) { [n].map(|x| f(x + 1)) }".to_owned(),
        "fn f(n) { [n].filter(|x| f(x + 1)) }".to_owned(),
        "fn f(n) { [n].reduce(|sum, x| f(x + 1), 0) }".to_owned(),
        "fn f(n) { group(\"g\", || f(n + 1)) }".to_owned(),
        "fn f(n) { check(n, #{ c: |x| f(x + 1) }) }".to_owned(),
        "fn f(n) { invoke(|x| f(x), n + 1) }".to_owned(),
        "fn f(n) { try { f(n + 1) } catch (e) { throw e; } }".to_owned(),
        "fn f(n) { for x in [n] { let g = || x; f(g.call() + 1); } }".to_owned(),
        "fn f(n) { `${n} ${`${n} ${f(n + 1)}`}` }".to_owned(),
        "fn f(n) { switch n { 0 => 1, _ => if n > 0 { switch n % 2 { 0 => f(n + 1), _ => f(n + 1) } } } }"
            .to_owned(),
        format!("fn f(n) {{ let s = \"x\"; s{} + f(n + 1) }}", ".to_upper()".repeat(40)),
        nest("[", "]", 18),
        nest("#{ a: ", " }", 18),
        nest("(1 + ", ")", 24),
        nest("if true { ", " }", 14),
    ];
    for function in functions {
        let ended = run(&format!("{function}\nU.task(\"t\", || f(1));"));
        assert_eq!(ended.code, Some(1), "{function}\n{}", text(&ended));
        assert!(text(&ended).contains("stack overflow"), "{function}\n{}", text(&ended));
    }
}

#[test]
fn no_text_takes_the_stack_of_who_reads_it() {
    let (open, close) = ("[".repeat(30_000), "]".repeat(30_000));
    for body in [format!("{open}1{close}"), "!".repeat(30_000) + "true", "1 + ".repeat(30_000) + "1"] {
        let ended = run(&format!("U.task(\"t\", || {body});"));
        assert_eq!(ended.code, Some(107), "{}", text(&ended));
        assert!(text(&ended).contains("maximum complexity"), "{}", text(&ended));
    }
}

#[test]
fn no_value_nests_so_deep_that_dropping_it_takes_the_stack() {
    let loops = [
        "let a = []; for i in 0..1000000 { a = [a]; }",
        "let a = #{}; for i in 0..1000000 { a = #{ a: a }; }",
        "let f = (); for i in 0..1000000 { let g = f; f = || g; }",
        "for i in 0..1000000 { this.a = [this.a]; }",
    ];
    for body in loops {
        let ended = run(&format!("U.task(\"t\", || {{ {body} }});"));
        assert_eq!(ended.code, Some(1), "{body}\n{}", text(&ended));
        assert!(text(&ended).contains("values nest too deeply"), "{body}\n{}", text(&ended));
    }
}

#[test]
fn memory_is_bounded_however_it_grows() {
    let loops = [
        "let s = \"x\"; loop { s += s; }",
        "let s = [1]; loop { s += s; }",
        "this.s = \"x\"; loop { this.s += this.s; }",
    ];
    for body in loops {
        let ended = run(&format!("U.task(\"t\", || {{ {body} }});"));
        assert_eq!(ended.code, Some(1), "{body}\n{}", text(&ended));
        assert!(text(&ended).contains("memory limit exceeded"), "{body}\n{}", text(&ended));
    }
    let at_once = [
        "let s = \"x\"; s.pad(1000000000000, \"y\");",
        "let b = blob(1000000000000, 1);",
        "let s = \"\"; s.pad(10000000, \",\"); s.split(\",\")",
        "let s = \"\"; s.pad(10000000, \",\"); s.split_rev(',')",
        "let s = \"\"; s.pad(10000000, \"x\"); s.to_chars()",
        "let b = blob(30000000); b.to_array()",
        "let s = \"\"; s.pad(1000000, \"x\"); let l = []; l.pad(100, s); json.encode(l)",
    ];
    for body in at_once {
        let ended = run(&format!("U.task(\"t\", || {{ {body} }});"));
        let said = text(&ended);
        let is_refused =
            said.contains("more than one VU may hold") || said.contains("than what one VU may hold");
        assert!(is_refused, "{body}\n{said}");
    }
    let made = [
        "let s = \"[0\"; s.pad(20000000, \",0\"); json.decode(s + \"]\")",
        "let s = \"\"; s.pad(1000000, \"x\"); let l = []; l.pad(100, s); `${l}`",
    ];
    for body in made {
        let ended = run(&format!("U.task(\"t\", || {{ {body} }});"));
        assert!(text(&ended).contains("memory limit exceeded"), "{body}\n{}", text(&ended));
    }
}

#[test]
fn nothing_ends_a_script_without_a_word() {
    let ended = run("U.task(\"t\", || exit());\nexit();");
    assert_eq!(ended.code, Some(107), "{}", text(&ended));
    assert!(text(&ended).contains("unknown function `exit`"), "{}", text(&ended));
    let ended = run("U.task(\"t\", || { let r = [3, 1, 2]; r.sort(|x, y| exit(1)); });");
    assert_eq!(ended.code, Some(1), "{}", text(&ended));
    assert!(text(&ended).contains("unknown function `exit`"), "{}", text(&ended));
}

#[test]
fn an_exceeded_budget_cannot_be_caught() {
    let loops = [
        "loop { try { [1].map(|x| { loop { x += 1; } }) } catch { } }",
        "loop { let a = [2, 1, 3]; a.sort(|x, y| { loop { x += 1; } }); }",
        "loop { }",
    ];
    for body in loops {
        let ended = run(&format!("U.task(\"t\", || {{ {body} }});"));
        assert!(text(&ended).contains("cpu budget exceeded"), "{body}\n{}", text(&ended));
        assert!(text(&ended).contains("s.rhai:2"), "{body}\n{}", text(&ended));
    }
}

#[test]
fn one_run_mixes_languages() {
    let project = Project::new(&[
        (
            "a.lua",
            "options { users = 4 }\nlocal A = User:extend(\"A\", { wait_time = constant(0.01) })\n\
             A:task(\"t\", function() print(\"lua runs \" .. vu.class) end)\n\
             events.test_start:add_listener(function() print(\"lua hears\") end)\n",
        ),
        (
            "b.rhai",
            "options(#{ spawn_rate: 100 });\nlet B = User.extend(\"B\", #{ wait_time: constant(0.01) });\n\
             B.task(\"t\", || print(\"rhai runs \" + vu.class));\n\
             events.test_start.add_listener(|event| print(\"rhai hears\"));\n\
             setup(|| #{ from: \"rhai\" });\n",
        ),
    ]);
    let ended = project.run("-f a.lua -f b.rhai -t 1s");
    assert_eq!(ended.code, Some(0), "{}", text(&ended));
    for said in ["lua runs A", "rhai runs B", "lua hears", "rhai hears"] {
        assert!(text(&ended).contains(said), "{said}\n{}", text(&ended));
    }
    let listed = text(&project.run("-f a.lua -f b.rhai --list"));
    assert!(listed.contains('A') && listed.contains('B'), "{listed}");
    project.write("c.rhai", b"let A = User.extend(\"A\");\nA.task(\"t\", || ());\n");
    project.run("-f a.lua -f c.rhai").code(107).told(&["the class `A` is defined already"]);
}

#[test]
fn a_second_setup_is_told_with_its_place() {
    let project = Project::new(&[
        ("a.lua", "setup(function() end)\nlocal A = User:extend(\"A\")\nA:task(\"t\", function() end)\n"),
        ("b.rhai", "let B = User.extend(\"B\");\nB.task(\"t\", || ());\nsetup(|| #{ from: \"rhai\" });\n"),
    ]);
    let told = ["b.rhai:3", "`setup` is given in a script of another language as well"];
    project.run("-f a.lua -f b.rhai -i 1").code(107).told(&told);
}

#[test]
fn check_looks_at_scripts_and_at_modules() {
    let project = Project::new(&[
        (
            "main.rhai",
            "import \"utils/client\" as client;\nlet U = User.extend(\"U\");\nU.task(\"t\", || client::f());\n",
        ),
        ("utils/client.rhai", "fn f() { 1 }\n"),
    ]);
    let ended = project.run("--check");
    assert_eq!(ended.code, Some(0), "{}", text(&ended));
    assert!(text(&ended).contains("main.rhai: ok (1 user class, 1 task)"), "{}", text(&ended));
    project.write("utils/client.rhai", b"fn f() { 1 + }\n");
    project.run("--check").code(107).told(&["utils/client.rhai:1"]);
    project.write("main.rhai", b"fn g() { import \"utils/cleint\" as client; }\n");
    let told = ["main.rhai:1", "`utils/cleint` not found", "utils/client"];
    project.run("-f main.rhai --check").code(107).told(&told);
}
