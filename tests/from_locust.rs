//! docs/from-locust.md is tried as it stands: its Lua runs, its environment file
//! is read, its commands and variables are understood. The page's own comment
//! says how its blocks are marked.

use std::fs;
use std::path::Path;

use crate::support::project::{Ended, Project, command};

const PAGE: &str = include_str!("../docs/from-locust.md");

/// A fenced block, and the comment right before it.
struct Block<'a> {
    language: &'a str,
    text: &'a str,
    mark: Option<&'a str>,
    /// Of the fence.
    line: usize,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut rest = page;
    while let Some((before, after)) = rest.split_once("\n```") {
        let (language, after) = after.split_once('\n').expect("a fence has an end");
        let (text, after) = after.split_once("```\n").expect("a block has an end");
        let mark =
            before.lines().next_back().and_then(|line| line.strip_prefix("<!-- ")?.strip_suffix(" -->"));
        let fence = page.len() - rest.len() + before.len() + 1;
        let line = page[..fence].matches('\n').count() + 1;
        blocks.push(Block { language, text, mark, line });
        // The end of a fence may be the beginning of the next one's line.
        rest = &page[page.len() - after.len() - 1..];
    }
    blocks
}

fn of<'a>(language: &str) -> Vec<Block<'a>> {
    let blocks: Vec<_> = blocks(PAGE).into_iter().filter(|block| block.language == language).collect();
    assert!(!blocks.is_empty(), "the page has no {language}");
    blocks
}

fn project() -> Project {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = Project::new(&[]);
    for folder in ["scripts", "scripts/suites", "scripts/utils", "config"] {
        for entry in fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap()) {
            if entry.path().is_file() {
                let name = format!("{folder}/{}", entry.file_name().to_str().unwrap());
                project.write(&name, &fs::read(entry.path()).unwrap());
            }
        }
    }
    project
}

/// With one space where there are several.
fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Exits and prints as the mark says.
fn assert_as_marked(block: &Block, expected: &str, ended: &Ended) {
    let line = block.line;
    let mut code = 0;
    for part in expected.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        match part.strip_prefix("exit ") {
            Some(number) => code = number.parse().unwrap(),
            None => {
                let said = [&ended.out, &ended.err].iter().any(|text| squeezed(text).contains(part));
                assert!(said, "line {line}: no `{part}` in\n{}{}", ended.out, ended.err);
            }
        }
    }
    assert_eq!(ended.code, Some(code), "line {line}\n{}{}", ended.out, ended.err);
}

#[test]
fn every_lua_block_runs() {
    let project = project();
    for block in of("lua") {
        let mark = block.mark.unwrap_or_else(|| panic!("line {}: the block has no mark", block.line));
        let (kind, how) = mark.split_once(':').unwrap();
        let (flags, expected) = how.split_once('|').unwrap_or((how, ""));
        let script = match kind {
            "run" => block.text.to_owned(),
            "task" => format!(
                "local Fragment = HttpUser:extend(\"Fragment\")\nFragment:task(\"fragment\", function(self)\n{}end)\n",
                block.text
            ),
            "module" => {
                project.write(&format!("scripts/{}", flags.trim()), block.text.as_bytes());
                continue;
            }
            other => panic!("line {}: there is no mark `{other}`", block.line),
        };
        assert!(!expected.trim().is_empty(), "line {}: the mark expects nothing", block.line);
        project.write("scripts/block.lua", script.as_bytes());
        let ended = project.run(&format!("-f scripts/block.lua --only-summary {flags}"));
        assert_as_marked(&block, expected, &ended);
    }
}

#[test]
fn the_environment_file_is_read() {
    let project = project();
    let block = &of("yaml")[0];
    project.write("config/page.yaml", block.text.as_bytes());
    project.run("--env page --show-config").code(0).printed(&[
        "https://api-int.example.com",
        "e2e_test_",
        "blue",
    ]);
}

/// Words as a shell splits them, quotes taken off.
fn words(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate();
    parts
        .flat_map(|(number, part)| match number % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .collect()
}

#[test]
fn the_commands_are_understood() {
    let project = project();
    for line in of("sh").iter().flat_map(|block| block.text.lines()) {
        let words = words(line);
        let at = words.iter().position(|word| word == "e2e").unwrap_or_else(|| panic!("{line}"));
        let mut command = command(&project.path(""));
        for (name, value) in words[..at].iter().map(|word| word.split_once('=').unwrap()) {
            command.env(name, value);
        }
        let output = command.args(&words[at + 1..]).arg("--show-config").output().unwrap();
        assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// The ConfigMap's variables arrive: each is the origin of a value.
#[test]
fn the_variables_of_the_job_are_understood() {
    let project = project();
    let blocks = of("yaml");
    let job = blocks.iter().find(|block| block.text.contains("kind: ConfigMap")).unwrap();
    let (_, data) = job.text.split_once("\ndata:\n").unwrap();
    let mut command = command(&project.path(""));
    let mut names = Vec::new();
    for line in data.lines().take_while(|line| line.starts_with("  ")) {
        let (name, value) = line.trim().split_once(": ").unwrap();
        command.env(name, value.trim_matches('"'));
        names.push(name);
    }
    let output = command.arg("--show-config").output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    assert!(output.status.success() && names.len() > 4, "{text}");
    for name in names {
        assert!(text.contains(&format!("variable {name}")), "no `{name}` in\n{text}");
    }
}

/// What the page points to is there.
#[test]
fn the_links_lead_somewhere() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for link in PAGE.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        let file = link.split('#').next().unwrap();
        assert!(docs.join(file).exists(), "{link}");
    }
}

#[test]
fn blocks_are_found_with_their_marks() {
    let page = "a\n\n<!-- run: -i 1 -->\n```lua\nx\n```\n\n```sh\ny\n```\n";
    let found: Vec<_> = blocks(page).iter().map(|b| (b.language, b.text, b.mark, b.line)).collect();
    assert_eq!(found, [("lua", "x\n", Some("run: -i 1"), 4), ("sh", "y\n", None, 8)]);
}
