//! The names of properties and methods that scripts use, read from their syntax trees: functions for
//! them are bound to host values, classes and instances, so that the engine finds them at once
//! rather than by asking for each in vain first. Used by `library`.

use std::cell::Cell;
use std::collections::BTreeSet;

use rhai::{AST, ASTNode, Engine, Expr, ImmutableString, ParseError, Position, Stmt, Token};

use super::limits;

/// What `x.call(..)` is to the engine, which would take `call` for its own: that of functions alone.
pub(super) const CALL: &str = "call$";

/// Names that the language keeps for itself, and that the API has too: `log.debug(..)`, `client.call(..)`.
pub(super) fn translate(engine: &mut Engine) {
    let after_dot = Cell::new(false);
    #[allow(deprecated)]
    engine.on_parse_token(move |token, at, _| {
        LAST.set(at);
        let is_method = after_dot.replace(matches!(token, Token::Period | Token::Elvis));
        match token {
            Token::Reserved(name) if *name == "debug" => Token::Identifier(name),
            Token::Reserved(name) if is_method && *name == "call" => Token::Identifier(Box::new(CALL.into())),
            token => token,
        }
    });
}

thread_local! {
    /// Where the last token of what is compiled just now begins. The engine has a callback for tokens, and none for comments.
    static LAST: Cell<Position> = const { Cell::new(Position::NONE) };
}

/// Compiles a script.
///
/// # Errors
/// Its syntax is wrong; a comment that takes the rest of it has no end.
pub(super) fn compile(engine: &Engine, text: &str) -> Result<Result<AST, Position>, ParseError> {
    LAST.set(Position::NONE);
    let compiled = engine.compile(text);
    let is_read = compiled.as_ref().map_or_else(|why| why.position().is_none(), |_| true);
    match unclosed(text).filter(|_| is_read) {
        Some(at) => Ok(Err(at)),
        None => compiled.map(Ok),
    }
}

/// Where a comment begins that took the rest of the text.
fn unclosed(text: &str) -> Option<Position> {
    let last = LAST.get();
    let start = match (last.line(), last.position()) {
        (Some(line), Some(column)) => {
            let before: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
            let within = text[before..].char_indices().nth(column.saturating_sub(1));
            before + within.map_or(0, |(at, _)| at)
        }
        _ => 0,
    };
    let at = start + open_comment(&text[start..])?;
    let (before, line) = (&text[..at], text[..at].matches('\n').count() + 1);
    let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
    Some(Position::new(u16::try_from(line).unwrap_or(u16::MAX), u16::try_from(column).unwrap_or(0)))
}

/// Where the first comment without an end begins. The text begins with a token.
fn open_comment(text: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            match closed(rest) {
                Some(length) => at += length,
                None => return Some(at),
            }
        } else if let Some(inner) = rest.strip_prefix('"') {
            let mut escaped = false;
            let end = inner.find(|c| {
                let is_end = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                is_end
            });
            at += end.map_or(rest.len(), |end| end + 2);
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    None
}

/// How long the comment is that the text begins with; comments nest.
fn closed(text: &str) -> Option<usize> {
    let (mut depth, mut at) = (0, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let (change, length) = match rest.as_bytes() {
            [b'/', b'*', ..] => (1, 2),
            [b'*', b'/', ..] => (-1, 2),
            _ => (0, rest.chars().next().map_or(1, char::len_utf8)),
        };
        depth += change;
        at += length;
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// Where `x.call` stands without being called.
pub(super) fn bare_call(ast: &AST) -> Option<Position> {
    let mut found = None;
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some(ASTNode::Expr(Expr::Property(property, at))) = path.last()
            && property.2 == CALL
        {
            found = Some(*at);
        }
        found.is_none()
    });
    found
}

/// The modules that a script imports by paths that are written out, each with its line. None where it
/// cannot be compiled.
pub fn imports(text: &str) -> Vec<(usize, String)> {
    let mut engine = Engine::new();
    limits::set(&mut engine);
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let Ok(ast) = engine.compile(text) else { return Vec::new() };
    let mut found = Vec::new();
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let Some(ASTNode::Stmt(Stmt::Import(import, at))) = path.last()
            && let Expr::StringConstant(name, _) = &import.0
        {
            found.push((at.line().unwrap_or(1), name.to_string()));
        }
        true
    });
    found
}

#[derive(Default)]
pub(super) struct Names {
    pub(super) properties: BTreeSet<ImmutableString>,
    /// Each with how many arguments it gets.
    pub(super) methods: BTreeSet<(ImmutableString, usize)>,
    /// Paths of modules, as far as they are written out.
    pub(super) imports: BTreeSet<ImmutableString>,
}

impl Names {
    pub(super) fn read(&mut self, ast: &AST) {
        ast.walk(&mut |path: &[ASTNode<'_>]| {
            match path.last() {
                Some(ASTNode::Expr(Expr::Property(property, _))) => {
                    self.properties.insert(property.2.clone());
                }
                Some(ASTNode::Expr(Expr::MethodCall(call, _))) => {
                    self.methods.insert((call.name.clone(), call.args.len()));
                }
                Some(ASTNode::Stmt(Stmt::Import(import, _))) => {
                    if let Expr::StringConstant(path, _) = &import.0 {
                        self.imports.insert(path.clone());
                    }
                }
                _ => {}
            }
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comment_without_an_end_is_found() {
        assert_eq!(open_comment("; // no /* here\n /* one */ /* two"), Some(27));
        assert_eq!(open_comment("\"/* \\\" /*\"; /* a /* b */ c"), Some(12));
        assert_eq!(open_comment("a /* b /* c */ */ d"), None);
    }
}
