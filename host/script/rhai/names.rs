//! The names of properties and methods that scripts use, read from their syntax trees: functions for
//! them are bound to host values, classes and instances, so that the engine finds them at once
//! rather than by asking for each in vain first. Used by `library`.

use std::collections::BTreeSet;

use rhai::{AST, ASTNode, Expr, ImmutableString, Stmt};

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
