//! The types of signatures as the Rhai language server writes them: `string[]|fun(): any` becomes
//! `[String] | FnPtr`. Used by `stubs`.

/// The type of an argument. `class` is what `self` means.
pub(super) fn taken(kind: &str, class: &str) -> String {
    one(kind, class)
}

/// The type of a result: several are an array, and what a loop goes over has none of its own.
pub(super) fn returned(kind: &str, class: &str) -> String {
    match split(kind, b',')[..] {
        [_] => one(kind, class),
        [first, ..] if first.starts_with("(fun(") => "?".to_owned(),
        _ => "Array".to_owned(),
    }
}

fn one(kind: &str, class: &str) -> String {
    let kind = kind.trim();
    let parts = split(kind, b'|');
    if parts.len() > 1 {
        let mut parts: Vec<String> = parts.into_iter().map(|part| one(part, class)).collect();
        parts.dedup();
        return parts.join(" | ");
    }
    if kind.starts_with("fun(") {
        return "FnPtr".to_owned();
    }
    if let Some(present) = kind.strip_suffix('?') {
        return format!("{} | ()", one(present, class));
    }
    if let Some(item) = kind.strip_suffix("[]") {
        return format!("[{}]", one(item, class));
    }
    if let Some(inner) = kind.strip_prefix('(').and_then(|kind| kind.strip_suffix(')')) {
        return one(inner, class);
    }
    if kind.starts_with("table") || kind.starts_with('{') {
        return "Map".to_owned();
    }
    match kind {
        "string" => "String",
        "integer" => "int",
        "number" => "int | float",
        "boolean" => "bool",
        "any" => "?",
        "nil" | "Null" => "()",
        "Plain" => "String | int | float | bool",
        "self" => class,
        name => name,
    }
    .to_owned()
}

/// The parts between `mark`, where it is within no brackets and not of a function's own result.
fn split(text: &str, mark: u8) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'{' | b'<' | b'[' => depth += 1,
            b')' | b'}' | b'>' | b']' => depth -= 1,
            byte if byte == mark && depth == 0 && !is_with_result(&text[start..at]) => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts
}

/// Whether it is a function with a result, which takes all that follows.
fn is_with_result(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with("fun(") && text.rfind("):").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_those_of_the_language() {
        for (kind, written) in [
            ("string", "String"),
            ("number?", "int | float | ()"),
            ("string|string[]", "String | [String]"),
            ("(fun(self: User)|TaskSet|table)[]", "[FnPtr | TaskSet | Map]"),
            ("table<string, Plain|Plain[]>", "Map"),
            ("{ duration: number|string, target: number }[]", "[Map]"),
            ("string|fun(): string?", "String | FnPtr"),
            ("fun(self: self): number?, number|string|nil, (User|string)[]?", "FnPtr"),
            ("self", "Buyer"),
        ] {
            assert_eq!(taken(kind, "Buyer"), written, "{kind}");
        }
        assert_eq!(returned("string?, string", ""), "Array");
        assert_eq!(returned("(fun(chunks: Chunks): string?), Chunks", ""), "?");
        assert_eq!(returned("Response[]", ""), "[Response]");
    }
}
