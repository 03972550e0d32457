//! A Rust file as the layer test sees it: its words, without comments and literals.
//! Used by `layers`.

/// A word or a sign of the code, and its line.
struct Token {
    text: String,
    line: usize,
}

pub struct Source {
    /// From the package's root, such as `host/load/stop.rs`.
    pub file: String,
    tokens: Vec<Token>,
}

/// Module `from` names something of module `to`.
pub struct Edge {
    /// `file:line`.
    pub at: String,
    pub from: String,
    pub to: String,
}

impl Source {
    pub fn new(file: String, text: &str) -> Source {
        Source { file, tokens: tokens(text) }
    }

    /// The places of the words that `wanted` wants.
    pub fn lines_with(&self, wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = String> {
        self.tokens.iter().filter(move |token| wanted(&token.text)).map(|token| self.at(token))
    }

    fn at(&self, token: &Token) -> String {
        format!("{}:{}", self.file, token.line)
    }

    fn word(&self, index: usize) -> &str {
        self.tokens.get(index).map_or("", |token| token.text.as_str())
    }

    /// All paths of this file that begin at the crate: `crate::x`, `crate::{x, y::z}`, `e2e::x`, and those
    /// that climb there by `super`.
    pub fn edges(&self) -> Vec<Edge> {
        let path = self.file.trim_start_matches("host/").trim_end_matches(".rs");
        let path = path.strip_suffix("/mod").unwrap_or(path);
        let from = path.split('/').next().unwrap_or(path);
        let file_depth = if matches!(path, "lib" | "main") { 0 } else { path.split('/').count() };
        let mut edges = Vec::new();
        // The brace depths at which inline modules are open.
        let (mut inline, mut braces) = (Vec::new(), 0);
        let mut index = 0;
        while index < self.tokens.len() {
            let mut next = index + 1;
            match self.word(index) {
                "{" => braces += 1,
                "}" => {
                    braces -= 1;
                    inline.pop_if(|depth| *depth == braces);
                }
                "mod" if self.word(index + 2) == "{" => inline.push(braces),
                "crate" | "e2e" if self.word(next) == "::" => edges.extend(self.named(next + 1, from)),
                "super" => {
                    let mut climbed = 1;
                    while self.word(next) == "::" && self.word(next + 1) == "super" {
                        climbed += 1;
                        next += 2;
                    }
                    if climbed == file_depth + inline.len() && self.word(next) == "::" {
                        edges.extend(self.named(next + 1, from));
                    }
                }
                _ => {}
            }
            index = next;
        }
        edges
    }

    /// The modules that a path names, whose part behind `crate::` begins at `index`.
    fn named(&self, mut index: usize, from: &str) -> Vec<Edge> {
        let edge = |index: usize| {
            let token = self.tokens.get(index)?;
            // What begins with a capital (or is a macro's `$crate`) is no module.
            let module = token.text.starts_with(|c: char| c.is_ascii_lowercase());
            module.then(|| Edge { at: self.at(token), from: from.to_owned(), to: token.text.clone() })
        };
        if self.word(index) != "{" {
            return edge(index).into_iter().collect();
        }
        let (mut depth, mut edges) = (0, Vec::new());
        while index < self.tokens.len() {
            match self.word(index) {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ if depth == 1 && matches!(self.word(index - 1), "{" | ",") => edges.extend(edge(index)),
                _ => {}
            }
            if depth == 0 {
                break;
            }
            index += 1;
        }
        edges
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (text, 1);
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => comment(rest),
            '"' => quoted(rest, '"'),
            '\'' => character(rest),
            'r' | 'b' | 'c' if raw(rest).is_some() => raw(rest).unwrap_or(1),
            'a'..='z' | 'A'..='Z' | '_' | '0'..='9' => {
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())
            }
            ':' if rest.starts_with("::") => 2,
            _ => first.len_utf8(),
        };
        let (token, tail) = rest.split_at(length);
        let literal = token.contains(['"', '\'']) || token.starts_with("//") || token.starts_with("/*");
        if !literal && !first.is_whitespace() {
            tokens.push(Token { text: token.to_owned(), line });
        }
        line += token.matches('\n').count();
        rest = tail;
    }
    tokens
}

/// The length of a block comment, which may hold others.
fn comment(text: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        let rest = &text.as_bytes()[at..];
        if rest.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    text.len()
}

/// The length of a literal up to its closing quote.
fn quoted(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The length of a character, or of the mark of a lifetime.
fn character(text: &str) -> usize {
    let mut inside = text.chars().skip(1);
    match (inside.next(), inside.next()) {
        (Some('\\'), _) | (Some(_), Some('\'')) => quoted(text, '\''),
        _ => 1,
    }
}

/// The length of a raw string, or of one with a prefix.
fn raw(text: &str) -> Option<usize> {
    let prefix = ["br", "cr", "r", "b", "c"].into_iter().find(|prefix| text.starts_with(prefix))?;
    let body = &text[prefix.len()..];
    let hashes = body.len() - body.trim_start_matches('#').len();
    if !body[hashes..].starts_with('"') {
        let byte = prefix == "b" && body.starts_with('\'');
        return byte.then(|| prefix.len() + quoted(body, '\''));
    }
    if !prefix.ends_with('r') {
        return (hashes == 0).then(|| prefix.len() + quoted(body, '"'));
    }
    let close = format!("\"{}", "#".repeat(hashes));
    let start = prefix.len() + hashes + 1;
    Some(text[start..].find(&close).map_or(text.len(), |at| start + at + close.len()))
}
