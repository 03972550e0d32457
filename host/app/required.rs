//! The modules that scripts and modules name in `require` or `import`, found by reading rather than running: where no top level
//! comes by as well. Called by `check`.

use std::path::{Path, PathBuf};

use crate::config;
use crate::fault::{Fault, Place};
use crate::script::Language;

/// What was found.
#[derive(Default)]
pub(super) struct Required {
    /// Files, without those that the search began with.
    pub(super) modules: Vec<PathBuf>,
    /// Modules that are named and not there, each with its place.
    pub(super) faults: Vec<Fault>,
}

impl Required {
    /// Of `files`, and of what they require.
    pub(super) fn by(files: Vec<PathBuf>) -> Required {
        let mut required = Required::default();
        let Some(root) = files.first().map(|file| config::root_of(file)) else { return required };
        let mut open = files.clone();
        while let Some(path) = open.pop() {
            let text = std::fs::read(&path).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let language = Language::of(&path);
            for (line, name) in named(language, &text) {
                if let Some(fault) = language.missing_module(&root, &name) {
                    required.faults.push(fault.at(place(&path, &text, line)));
                    continue;
                }
                let module = root.strip_prefix(".").unwrap_or(&root).join(language.module_path(&name));
                // Another is part of the standard library.
                if module.is_file() && !required.modules.contains(&module) && !files.contains(&module) {
                    required.modules.push(module.clone());
                    open.push(module);
                }
            }
        }
        required
    }
}

/// The modules that a script names, each with its line.
fn named(language: Language, text: &str) -> Vec<(usize, String)> {
    match language {
        Language::Lua => {
            let line = |at: usize| text[..at].matches('\n').count() + 1;
            modules_named(text).into_iter().map(|(at, name)| (line(at), name.to_owned())).collect()
        }
        Language::Rhai => language.imports(text),
    }
}

fn place(path: &Path, text: &str, line: usize) -> Place {
    let source = text.lines().nth(line - 1).map(str::to_owned);
    Place { file: path.display().to_string(), line, column: None, source }
}

/// The texts behind `require`, as in `require("a.b")` and `require 'a.b'`, and where each call begins. Comments and
/// texts are passed over, and so are names that are put together.
fn modules_named(text: &str) -> Vec<(usize, &str)> {
    let (mut named, mut at, mut before) = (Vec::new(), 0, "");
    while let Some(token) = token(&text[at..]) {
        let word = &text[at..at + token];
        if word == "require" && !matches!(before, "." | ":" | "function") {
            named.extend(argument(&text[at + token..]).map(|name| (at, name)));
        }
        if !is_space(word) {
            before = word;
        }
        at += token;
    }
    named
}

/// The literal that a call passes: all of its argument.
fn argument(text: &str) -> Option<&str> {
    let mut tokens = Tokens(text);
    let mut first = tokens.next()?;
    let closed = first == "(";
    if closed {
        first = tokens.next()?;
    }
    let quote = first.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let name = first.strip_prefix(quote)?.strip_suffix(quote)?;
    (!name.contains('\\') && (!closed || tokens.next() == Some(")"))).then_some(name)
}

/// Tokens without what stands between them.
struct Tokens<'t>(&'t str);

impl<'t> Iterator for Tokens<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        loop {
            let (word, rest) = self.0.split_at(token(self.0)?);
            self.0 = rest;
            if !is_space(word) {
                return Some(word);
            }
        }
    }
}

/// White space or a comment.
fn is_space(token: &str) -> bool {
    token.starts_with("--") || token.starts_with(char::is_whitespace)
}

/// The length of the token that `text` begins with; None at its end.
fn token(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    let while_it = |is: &dyn Fn(char) -> bool| text.find(|c| !is(c)).unwrap_or(text.len());
    Some(match first {
        c if c.is_whitespace() => while_it(&char::is_whitespace),
        c if c == '_' || c.is_alphanumeric() => while_it(&|c| c == '_' || c.is_alphanumeric()),
        '-' if text.starts_with("--") => {
            2 + long(&text[2..]).unwrap_or_else(|| text[2..].find('\n').unwrap_or(text.len() - 2))
        }
        '[' => long(text).unwrap_or(1),
        '"' | '\'' => quoted(text, first),
        c => c.len_utf8(),
    })
}

/// The length of `[[...]]` or `[==[...]==]`.
fn long(text: &str) -> Option<usize> {
    let level = text.strip_prefix('[')?.find(|c| c != '=')?;
    let body = text[1 + level..].strip_prefix('[')?;
    let close = format!("]{}]", "=".repeat(level));
    Some(body.find(&close).map_or(text.len(), |end| text.len() - body.len() + end + close.len()))
}

/// The length of a text in quotes, to the end of its line if it is not closed.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => return at,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(text: &str) -> Vec<&str> {
        modules_named(text).into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn modules_are_found_however_they_are_required() {
        let text = "local a = require(\"utils.a\") require 'b' require\n ( --[[ c ]] 'c.d' )\nrequire(name)\
                    \nlocal required = \"no\" required(\"e\") x.require('f') x:require 'g' require('h' .. i) require('j\n')";
        assert_eq!(named(text), ["utils.a", "b", "c.d"]);
        let hidden = "-- require('a')\n--[==[ ]] require('b') ]==] [[require('c')]] \"require('d')\" '\\'require(\"e\")'\
                      t[require('f')]";
        assert_eq!(named(hidden), ["f"]);
        assert_eq!(modules_named("x\nrequire 'é'"), [(2, "é")]);
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(require|[\\[\\]=\"'()\\\\\n é-]|--){0,30}") {
            let _ = modules_named(&text);
        }
    }
}
