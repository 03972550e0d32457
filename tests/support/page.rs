//! Pages of the documentation that are tried as they stand. A comment right before a block says how:
//! `run: FLAGS | what it prints` for a script, `task:` for the body of a task of an HttpUser, `module: PATH`
//! below `scripts` and `file: PATH` for what is only written. Used by the tests of single pages.

use std::path::Path;

use super::project::{Ended, Project, command};

/// A fenced block, and the comment right before it.
pub struct Block<'a> {
    pub language: &'a str,
    pub text: &'a str,
    pub mark: Option<&'a str>,
    /// Of the fence.
    pub line: usize,
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

/// The blocks of a page in one language; there must be some.
pub fn of<'a>(page: &'a str, language: &str) -> Vec<Block<'a>> {
    let blocks: Vec<_> = blocks(page).into_iter().filter(|block| block.language == language).collect();
    assert!(!blocks.is_empty(), "the page has no {language}");
    blocks
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

/// Runs each Lua block, in the page's order, and writes what is to be written before it.
pub fn run_lua(page: &str, project: &Project) {
    let mut ran = 0;
    for block in blocks(page) {
        let (kind, how) = match (block.mark, block.language) {
            (Some(mark), _) => mark.split_once(':').unwrap(),
            (None, "lua") => panic!("line {}: the block has no mark", block.line),
            (None, _) => continue,
        };
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
            "file" => {
                project.write(flags.trim(), block.text.as_bytes());
                continue;
            }
            other => panic!("line {}: there is no mark `{other}`", block.line),
        };
        assert!(!expected.trim().is_empty(), "line {}: the mark expects nothing", block.line);
        project.write("scripts/block.lua", script.as_bytes());
        let ended = project.run(&format!("-f scripts/block.lua --only-summary {flags}"));
        assert_as_marked(&block, expected, &ended);
        ran += 1;
    }
    assert!(ran > 3, "only {ran} blocks ran");
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

/// Tries each command with --show-config.
pub fn try_commands(page: &str, project: &Project) {
    for line in of(page, "sh").iter().flat_map(|block| block.text.lines()) {
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

/// What a page in `docs` points to is there.
pub fn assert_links(page: &str) {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    for link in page.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        // Within the page.
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
