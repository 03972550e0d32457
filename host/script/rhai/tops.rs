//! Variables of a file's top level that functions of the file name: they see them, and change them, as functions in Lua
//! do. The engine's own functions see nothing of it. Used by `library` and `globals`.

use std::collections::BTreeSet;
use std::rc::Rc;

use rhai::{
    AST, ASTFlags, ASTNode, Dynamic, Engine, EvalAltResult, EvalContext, Expr, Expression, ImmutableString,
    Position, Stmt,
};

use super::class::ClassRef;
use super::instance::Instance;
use super::state::State;
use super::value::HostValue;

type Context<'a, 'b, 'c, 'd, 'e, 'f> = EvalContext<'a, 'b, 'c, 'd, 'e, 'f>;
type Failed = Box<EvalAltResult>;

/// What is put behind the definition of such a variable: the second, where functions change what it holds.
const SEEN: &str = "__seen";
const CHANGED: &str = "__changed";

/// Methods that change nothing. While another runs, what it is called on cannot be read elsewhere.
const READERS: [&str; 30] = [
    "len",
    "is_empty",
    "contains",
    "index_of",
    "map",
    "filter",
    "reduce",
    "reduce_rev",
    "find",
    "find_map",
    "some",
    "all",
    "for_each",
    "keys",
    "values",
    "get",
    "to_string",
    "to_json",
    "split",
    "sub_string",
    "starts_with",
    "ends_with",
    "to_upper",
    "to_lower",
    "to_int",
    "to_float",
    "floor",
    "round",
    "extract",
    "type_of",
];

/// A variable of a top level, as functions see it.
pub(super) struct Top {
    source: ImmutableString,
    name: ImmutableString,
    value: Dynamic,
    is_changed: bool,
}

/// What the words mean.
pub(super) fn register(engine: &mut Engine) {
    for (word, is_changed) in [(SEEN, false), (CHANGED, true)] {
        let note = move |context: &mut Context<'_, '_, '_, '_, '_, '_>, inputs: &[Expression<'_>]| {
            if let [variable] = inputs
                && let Some(name) = variable.get_string_value()
            {
                note(context, name, is_changed);
            }
            Ok(Dynamic::UNIT)
        };
        let is_known = engine.register_custom_syntax([word, "$ident$"], false, note).is_ok();
        debug_assert!(is_known);
    }
}

/// The script with the words put in; as it is where its functions name no such variable.
pub(super) fn noted(engine: &Engine, ast: AST) -> AST {
    let (named, changed) = uses(&ast);
    let word = |statement: &Stmt| match statement {
        Stmt::Var(parts, flags, _) if named.contains(&*parts.0.name) => {
            let is_changed = changed.contains(&*parts.0.name) && !flags.intersects(ASTFlags::CONSTANT);
            Some(format!("{} {}", if is_changed { CHANGED } else { SEEN }, parts.0.name))
        }
        _ => None,
    };
    if !ast.statements().iter().any(|statement| word(statement).is_some()) {
        return ast;
    }
    let mut statements = Vec::new();
    for statement in ast.statements() {
        statements.push(statement.clone());
        let added = word(statement).and_then(|word| engine.compile(word).ok());
        statements.extend(added.iter().flat_map(|added| added.statements()).cloned());
    }
    let (source, lib) = (ast.source().unwrap_or_default().to_owned(), ast.shared_lib().clone());
    drop(ast);
    AST::new_with_source(statements, lib, source)
}

/// The names that functions ask for without having them, and those of them that anything changes.
fn uses(ast: &AST) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut named, mut changed) = (BTreeSet::new(), BTreeSet::new());
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        match path.last() {
            Some(ASTNode::Expr(Expr::Variable(variable, None, _))) if variable.0.is_none() => {
                named.insert(variable.1.to_string());
            }
            Some(ASTNode::Stmt(Stmt::Assignment(parts))) => changed.extend(root(&parts.1.lhs)),
            Some(ASTNode::Expr(chain @ (Expr::Dot(..) | Expr::Index(..)))) if has_changing_method(chain) => {
                changed.extend(root(chain));
            }
            _ => {}
        }
        true
    });
    (named, changed)
}

/// The variable that a chain of properties and items begins with.
fn root(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Variable(variable, ..) => Some(variable.1.to_string()),
        Expr::Dot(parts, ..) | Expr::Index(parts, ..) => root(&parts.lhs),
        _ => None,
    }
}

fn has_changing_method(chain: &Expr) -> bool {
    match chain {
        Expr::MethodCall(call, _) => !READERS.contains(&call.name.as_str()),
        Expr::Dot(parts, ..) => has_changing_method(&parts.lhs) || has_changing_method(&parts.rhs),
        Expr::Index(parts, ..) => {
            has_changing_method(&parts.lhs)
                || matches!(&parts.rhs, Expr::Dot(..)) && has_changing_method(&parts.rhs)
        }
        _ => false,
    }
}

/// Notes what the variable holds, from its definition on.
fn note(context: &mut Context<'_, '_, '_, '_, '_, '_>, name: &str, is_changed: bool) {
    let (Some(state), source) = (State::current(), context.source().unwrap_or_default().into()) else {
        return;
    };
    let scope = context.scope_mut();
    let value = match scope.get_mut(name) {
        Some(variable) => {
            if !variable.is_shared() {
                *variable = variable.take().into_shared();
            }
            variable.clone()
        }
        None => scope.get(name).cloned().unwrap_or_default(),
    };
    let mut tops = state.tops.borrow_mut();
    tops.retain(|top| top.name != name || top.source != source);
    tops.push(Top { source, name: name.into(), value, is_changed });
}

/// What a function of the file `source` sees as `name`.
///
/// # Errors
/// It is in use.
pub(super) fn find(state: &Rc<State>, source: Option<&str>, name: &str) -> Result<Option<Dynamic>, Failed> {
    let tops = state.tops.borrow();
    let Some(top) = tops.iter().find(|top| top.name == name && Some(top.source.as_str()) == source) else {
        return Ok(None);
    };
    if top.value.is_locked() {
        return Err(EvalAltResult::ErrorDataRace(name.to_owned(), Position::NONE).into());
    }
    // The engine would lock the cell of what is a reference anyway while a method of it runs.
    let is_reference =
        || top.value.is::<ClassRef>() || top.value.is::<Instance>() || top.value.is::<HostValue>();
    Ok(Some(if top.is_changed && !is_reference() { top.value.clone() } else { top.value.flatten_clone() }))
}
