//! Takes a signature apart: `(path: string, options?: table): Response`. Used by the
//! reference and the editor stubs.

use std::fmt;

/// Arguments and result of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature<'s> {
    pub params: Vec<Param<'s>>,
    /// None: nothing is returned.
    pub result: Option<&'s str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param<'s> {
    /// `...` for any number of further ones.
    pub name: &'s str,
    pub optional: bool,
    pub kind: &'s str,
}

impl<'s> Signature<'s> {
    /// None where it is no function's signature.
    pub fn parse(text: &'s str) -> Option<Signature<'s>> {
        let end = closing(text)?;
        let params = split(&text[1..end]).into_iter().map(Param::parse).collect::<Option<_>>()?;
        let result = match text[end + 1..].trim() {
            "" => None,
            rest => Some(rest.strip_prefix(':')?.trim()),
        };
        Some(Signature { params, result })
    }

    /// The names of the arguments, as a call or a definition lists them.
    pub fn names(&self) -> String {
        self.params.iter().map(|param| param.name).collect::<Vec<_>>().join(", ")
    }
}

impl<'s> Param<'s> {
    fn parse(text: &'s str) -> Option<Param<'s>> {
        let (name, kind) = text.split_once(':')?;
        let (name, kind) = (name.trim(), kind.trim());
        let bare = name.strip_suffix('?');
        Some(Param { name: bare.unwrap_or(name), optional: bare.is_some(), kind })
    }
}

/// As the reference shows it: `(path, options?)`.
impl fmt::Display for Signature<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (index, param) in self.params.iter().enumerate() {
            let comma = if index > 0 { ", " } else { "" };
            write!(f, "{comma}{}{}", param.name, if param.optional { "?" } else { "" })?;
        }
        f.write_str(")")
    }
}

/// Where the parenthesis closes that `text` opens with.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, byte) in text.bytes().enumerate() {
        depth += turn(byte);
        if depth == 0 {
            return (byte == b')').then_some(at);
        }
    }
    None
}

/// The parts between the commas that are within no brackets.
fn split(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, byte) in text.bytes().enumerate() {
        depth += turn(byte);
        if byte == b',' && depth == 0 {
            parts.push(text[start..at].trim());
            start = at + 1;
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

fn turn(byte: u8) -> i32 {
    match byte {
        b'(' | b'{' | b'<' | b'[' => 1,
        b')' | b'}' | b'>' | b']' => -1,
        _ => 0,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn signatures_come_apart() {
        let text = "(subject: any, checks: table<string, boolean|fun(a: any): boolean>, last?: { x: 1, y: 2 }): Foo[]";
        let signature = Signature::parse(text).unwrap();
        let kinds: Vec<_> = signature.params.iter().map(|p| (p.name, p.optional, p.kind)).collect();
        assert_eq!(
            kinds,
            [
                ("subject", false, "any"),
                ("checks", false, "table<string, boolean|fun(a: any): boolean>"),
                ("last", true, "{ x: 1, y: 2 }"),
            ]
        );
        assert_eq!(signature.result, Some("Foo[]"));
        assert_eq!(signature.names(), "subject, checks, last");
        assert_eq!(signature.to_string(), "(subject, checks, last?)");
        assert_eq!(Signature::parse("()"), Some(Signature { params: Vec::new(), result: None }));
        assert_eq!(Signature::parse("(...: any)").unwrap().names(), "...");
        for wrong in ["", "integer", "(a: any", "(a)", "() any"] {
            assert_eq!(Signature::parse(wrong), None, "{wrong}");
        }
    }
}
