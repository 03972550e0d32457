//! What is written into a script before it is compiled for good, where the language alone would mislead: each round of
//! a `for` loop has a variable of its own for the closures that capture it, as in Lua; and an error that is caught is
//! what it is when nobody catches it. Used by `library`.

use std::collections::BTreeMap;

use rhai::{
    AST, ASTNode, Dynamic, Engine, EvalAltResult, EvalContext, Expression, Position, Stmt, StmtBlock,
};

use super::caught;

type Evaluated = Result<Dynamic, Box<EvalAltResult>>;

const ROUND: &str = "__round";
const ATTEMPT: &str = "__attempt";

/// What the words that are written in mean.
pub(super) fn register(engine: &mut Engine) {
    let forms = [
        engine.register_custom_syntax([ROUND, "$ident$", "$block$"], false, round).is_ok(),
        engine.register_custom_syntax([ATTEMPT, "$block$"], false, attempt).is_ok(),
    ];
    debug_assert!(forms.iter().all(|is_known| *is_known));
}

/// The body of a loop, and then a new variable in place of one that a closure has by now.
fn round(context: &mut EvalContext<'_, '_, '_, '_, '_, '_>, inputs: &[Expression<'_>]) -> Evaluated {
    let [variable, body] = inputs else { return Ok(Dynamic::UNIT) };
    let ended = context.eval_expression_tree(body);
    if let Some(variable) = variable.get_string_value().and_then(|name| context.scope_mut().get_mut(name))
        && variable.is_shared()
    {
        *variable = Dynamic::UNIT;
    }
    ended
}

/// The body of a `try`.
fn attempt(context: &mut EvalContext<'_, '_, '_, '_, '_, '_>, inputs: &[Expression<'_>]) -> Evaluated {
    let [body] = inputs else { return Ok(Dynamic::UNIT) };
    let ended = context.eval_expression_tree(body);
    ended.map_err(|error| caught::keep(error, context.source()))
}

/// Texts that were written into a script, by line: before which column, and how long.
pub(super) type Inserted = BTreeMap<usize, Vec<(usize, String)>>;

/// What is to be written into the script.
pub(super) fn insertions(ast: &AST, text: &str) -> Inserted {
    let mut blocks: BTreeMap<(usize, usize), (Vec<String>, Position)> = BTreeMap::new();
    let mut note = |block: &StmtBlock, word: String| {
        let (Some(line), Some(column)) = (block.position().line(), block.position().position()) else {
            return;
        };
        let (words, _) = blocks.entry((line, column)).or_insert_with(|| (Vec::new(), block.end_position()));
        if !words.contains(&word) {
            words.push(word);
        }
    };
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        match path.last() {
            Some(ASTNode::Stmt(Stmt::TryCatch(parts, _))) => note(&parts.body, ATTEMPT.to_owned()),
            Some(ASTNode::Stmt(Stmt::Share(captured))) => {
                for (variable, _) in captured.iter() {
                    let around = path.iter().rev().find_map(|node| match node {
                        ASTNode::Stmt(Stmt::For(parts, _)) => {
                            let (item, counter, parts) = &**parts;
                            let is_its = item.name == variable.name
                                || counter.as_ref().is_some_and(|counter| counter.name == variable.name);
                            is_its.then_some(&parts.body)
                        }
                        _ => None,
                    });
                    around.into_iter().for_each(|body| note(body, format!("{ROUND} {}", variable.name)));
                }
            }
            _ => {}
        }
        true
    });
    let lines: Vec<&str> = text.lines().collect();
    let is_at = |line: usize, column: usize, brace: char| {
        lines.get(line.wrapping_sub(1)).and_then(|line| line.chars().nth(column.wrapping_sub(1)))
            == Some(brace)
    };
    let mut inserted = Inserted::new();
    for ((line, column), (words, end)) in blocks {
        let (Some(end_line), Some(end_column)) = (end.line(), end.position()) else { continue };
        if !is_at(line, column, '{') || !is_at(end_line, end_column, '}') {
            continue;
        }
        let opening = words.iter().map(|word| format!(" {word} {{")).collect::<String>();
        inserted.entry(line).or_default().push((column + 1, opening));
        inserted.entry(end_line).or_default().push((end_column, "}".repeat(words.len())));
    }
    inserted.values_mut().for_each(|all| all.sort());
    inserted
}

/// The script with what is written into it.
pub(super) fn amended(text: &str, inserted: &Inserted) -> String {
    let mut out = String::with_capacity(text.len() + 32 * inserted.len());
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let mut chars = line.chars();
        let mut at = 1;
        for (column, written) in inserted.get(&(index + 1)).into_iter().flatten() {
            out.extend(chars.by_ref().take(column - at));
            out.push_str(written);
            at = *column;
        }
        out.push_str(chars.as_str());
    }
    out
}

/// The column of the script as it was read.
pub(super) fn column(inserted: &Inserted, line: usize, column: usize) -> usize {
    let mut shift = 0;
    for (before, written) in inserted.get(&line).into_iter().flatten() {
        if column < before + shift {
            break;
        }
        shift += written.chars().count().min(column - before - shift);
    }
    column - shift
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Inserted) {
        let mut engine = Engine::new();
        super::super::limits::set(&mut engine);
        register(&mut engine);
        let inserted = insertions(&engine.compile(text).unwrap(), text);
        let amended = amended(text, &inserted);
        engine.compile(&amended).unwrap();
        (amended, inserted)
    }

    #[test]
    fn only_loops_whose_variable_is_captured_are_amended() {
        let plain = "for x in [1] { let f = |y| y; f.call(x); }\nwhile false { let g = 1; let f = || g; }";
        assert_eq!(read(plain).0, plain);
        let text = "\"ä\"; for (x, i) in [1] { let f = || x + i; } // }";
        assert_eq!(
            read(text).0,
            "\"ä\"; for (x, i) in [1] { __round x { __round i { let f = || x + i; }}} // }"
        );
        let text = "fn f() { for x in [1] {\n|| || x } }";
        assert_eq!(read(text).0, "fn f() { for x in [1] { __round x {\n|| || x }} }");
    }

    #[test]
    fn columns_are_those_of_what_was_read() {
        let text = "let a = 1; try { a.b } catch (e) { try { c } catch {} } // d";
        let (amended, inserted) = read(text);
        assert_ne!(amended, text);
        for mark in ["a.b", "catch (e)", "c }", "catch {", "// d"] {
            let of = |text: &str| text.find(mark).unwrap() + 1;
            assert_eq!(column(&inserted, 1, of(&amended)), of(text), "{mark}");
        }
        assert_eq!(column(&inserted, 1, 1), 1);
        assert_eq!(column(&inserted, 2, 7), 7);
    }
}
