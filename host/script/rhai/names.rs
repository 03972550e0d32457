//! The names of properties and methods that scripts use, read from their syntax trees: functions for
//! them are bound to host values, classes and instances, so that the engine finds them at once
//! rather than by asking for each in vain first. Used by `library`.

use std::cell::Cell;
use std::collections::BTreeSet;

use rhai::{AST, ASTNode, Engine, Expr, ImmutableString, Position, Stmt, Token};

use super::limits;

/// What `x.call(..)` is to the engine, which would take `call` for its own: that of functions alone.
pub(super) const CALL: &str = "call$";

/// Names that the language keeps for itself, and that the API has too: `log.debug(..)`, `client.call(..)`.
pub(super) fn translate(engine: &mut Engine) {
    let after_dot = Cell::new(false);
    #[allow(deprecated)]
    engine.on_parse_token(move |token, _, _| {
        let is_method = after_dot.replace(matches!(token, Token::Period | Token::Elvis));
        match token {
            Token::Reserved(name) if *name == "debug" => Token::Identifier(name),
            Token::Reserved(name) if is_method && *name == "call" => Token::Identifier(Box::new(CALL.into())),
            token => token,
        }
    });
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
