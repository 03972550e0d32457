//! Rows in Rhai: a row's Lua lines in Rhai's words, where they are plain enough for that, and the script of all of
//! them. A row that is not plain may have lines `rhai:` of its own. Used by `run`.

use super::row::Row;

/// A word, a text with its quotes, or a mark.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Token<'t> {
    Word(&'t str),
    Text(&'t str),
    Mark(&'t str),
}

use Token::{Mark, Text, Word};

/// What a plain row may name.
const NAMES: [&str; 8] = ["http", "r", "told", "client", "cookies", "true", "false", "nil"];

const MARKS: [&str; 14] = ["..", "==", "~=", "=", "(", ")", "{", "}", "[", "]", ",", ".", ":", "#"];

/// Methods of Lua's own library.
const OF_LUA: [&str; 7] = ["find", "rep", "sub", "gsub", "match", "lower", "upper"];

/// The lines in Rhai; None where they are more than requests and values.
pub fn translate(lua: &str) -> Option<String> {
    let mut out = String::new();
    for line in lua.lines() {
        let tokens = tokens(line)?;
        let mut at = 0;
        // What is no table may be named before it is used.
        statement(&tokens, &mut at, &mut out)?;
        out.push_str(";\n");
    }
    Some(out)
}

fn tokens(line: &str) -> Option<Vec<Token<'_>>> {
    let (mut tokens, mut rest) = (Vec::new(), line.trim());
    while !rest.is_empty() {
        let plain = |c: char| c.is_alphanumeric() || c == '_';
        let (token, length) = if rest.starts_with('"') {
            let mut before = ' ';
            let end = rest.char_indices().skip(1).find(|(_, c)| {
                let is_end = *c == '"' && before != '\\';
                before = if before == '\\' { ' ' } else { *c };
                is_end
            });
            let end = end?.0 + 1;
            (Text(&rest[..end]), end)
        } else if rest.starts_with(plain) {
            let is_number = rest.starts_with(|c: char| c.is_ascii_digit());
            let end = rest.find(|c: char| !(plain(c) || (is_number && c == '.'))).unwrap_or(rest.len());
            (Word(&rest[..end]), end)
        } else {
            let mark = MARKS.into_iter().find(|mark| rest.starts_with(mark))?;
            (Mark(mark), mark.len())
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

/// `name = value`, or a value.
fn statement(tokens: &[Token<'_>], at: &mut usize, out: &mut String) -> Option<()> {
    if let [Word(name), Mark("="), ..] = tokens {
        out.push_str(&format!("{name} = "));
        *at = 2;
    }
    value(tokens, at, out)?;
    (*at == tokens.len()).then_some(())
}

/// A value with what is called on it, up to a comma or the end of what it stands in.
fn value(tokens: &[Token<'_>], at: &mut usize, out: &mut String) -> Option<()> {
    let mut before = None;
    while let Some(token) = tokens.get(*at) {
        match *token {
            Mark("," | ")" | "}" | "]") => break,
            Mark("{") => table(tokens, at, out)?,
            Mark("(") => {
                *at += 1;
                list(tokens, at, out, ("(", ")"))?;
            }
            Mark("[") => {
                *at += 1;
                out.push('[');
                match (tokens.get(*at)?, tokens.get(*at + 1)?) {
                    (Word(number), Mark("]")) => {
                        out.push_str(&(number.parse::<usize>().ok()? - 1).to_string())
                    }
                    (Text(text), Mark("]")) => out.push_str(text),
                    _ => return None,
                }
                out.push(']');
                *at += 2;
            }
            Mark("." | ":") => {
                let Word(name) = tokens.get(*at + 1)? else { return None };
                if OF_LUA.contains(name) {
                    return None;
                }
                out.push_str(&format!(".{name}"));
                *at += 2;
            }
            Mark(mark @ ("==" | "~=")) => {
                out.push_str(if mark == "==" { " == " } else { " != " });
                *at += 1;
            }
            Mark("..") => {
                out.push_str(" + ");
                *at += 1;
            }
            Mark(_) => return None,
            Word("nil") => {
                out.push_str("()");
                *at += 1;
            }
            Word(name) => {
                let is_number = name.starts_with(|c: char| c.is_ascii_digit());
                if !is_number && !NAMES.contains(&name) {
                    return None;
                }
                out.push_str(name);
                *at += 1;
            }
            Text(text) => {
                out.push_str(&written(text)?);
                *at += 1;
            }
        }
        // Two values in a row are no value of this language, such as a call without parentheses.
        let is_value = matches!(token, Word(_) | Text(_));
        if is_value && before == Some(true) {
            return None;
        }
        before = Some(is_value);
    }
    Some(())
}

/// Values with commas between them, up to the end.
fn list(tokens: &[Token<'_>], at: &mut usize, out: &mut String, (open, close): (&str, &str)) -> Option<()> {
    out.push_str(open);
    loop {
        match tokens.get(*at)? {
            Mark(")" | "}") => break,
            Mark(",") => out.push_str(", "),
            _ => {
                value(tokens, at, out)?;
                continue;
            }
        }
        *at += 1;
    }
    out.push_str(close);
    *at += 1;
    Some(())
}

/// `{ .. }`: a map where it begins with a name, else a list.
fn table(tokens: &[Token<'_>], at: &mut usize, out: &mut String) -> Option<()> {
    *at += 1;
    let is_key = |at: usize| matches!(tokens.get(at..), Some([Word(_), Mark("="), ..] | [Mark("["), ..]));
    if !is_key(*at) && tokens.get(*at) != Some(&Mark("}")) {
        return list(tokens, at, out, ("[", "]"));
    }
    out.push_str("#{ ");
    while tokens.get(*at)? != &Mark("}") {
        let key = match tokens.get(*at..)? {
            [Word(name), Mark("="), ..] => {
                *at += 2;
                format!("\"{name}\"")
            }
            [Mark("["), Text(text), Mark("]"), Mark("="), ..] => {
                *at += 4;
                written(text)?
            }
            _ => return None,
        };
        out.push_str(&format!("{key}: "));
        value(tokens, at, out)?;
        if tokens.get(*at)? == &Mark(",") {
            *at += 1;
        }
        out.push_str(", ");
    }
    out.push('}');
    *at += 1;
    Some(())
}

/// A text as Rhai writes it: bytes of no character have no form there.
fn written(text: &str) -> Option<String> {
    if text.contains("\\x") || text.contains("\\u") {
        return None;
    }
    Some(text.replace("\\0", "\\x00"))
}

/// One iteration a row, in their order.
pub fn script(rows: &[Row]) -> String {
    let mut text = String::from(
        "let U = HttpUser.extend(\"U\", #{ wait_time: constant(0) });
fn show(number, path, value) {
  let known = #{ \"10\": \"\\\\n\", \"13\": \"\\\\r\", \"9\": \"\\\\t\", \"0\": \"\\\\0\", \"92\": \"\\\\\\\\\" };
  let text = if value == () { \"nil\" } else { value };
  let bytes = if type_of(text) == \"blob\" { text } else { text.to_string().to_blob() };
  let shown = \"\";
  for index in 0..bytes.len() {
    let byte = bytes[index];
    if byte.to_string() in known { shown += known[byte.to_string()]; }
    else if byte < 32 || byte > 126 { shown += \"\\\\x\" + (if byte < 16 { \"0\" } else { \"\" }) + byte.to_hex(); }
    else { let one = blob(); one.push(byte); shown += one.as_string(); }
  }
  print(`@@${number} ${path} = ${shown}`);
}
fn at(value, keys) {
  for key in keys {
    if value == () || (type_of(value) == \"array\" && key >= value.len()) { return (); }
    value = value[key];
  }
  value
}
let rows = [];
",
    );
    for (number, row) in rows.iter().enumerate() {
        text.push_str("rows.push(|client, cookies| {\nlet r = ();\nlet told = ();\ncookies.clear();\n");
        text.push_str(&row.rhai);
        for (path, _) in &row.gives {
            text.push_str(&format!("show({number}, \"{path}\", {});\n", reach(path)));
        }
        text.push_str("});\n");
    }
    text.push_str(
        "U.task(\"rows\", || {
  let number = this.number ?? 0;
  this.number = number + 1;
  try { rows[number].call(this.client, this.client.cookies); } catch (why) { show(number, \"raised\", why); }
});
",
    );
    text
}

/// The expression of a path.
fn reach(path: &str) -> String {
    if path == "told" {
        return path.to_owned();
    }
    let keys = path.split('.').map(|key| match key.parse::<usize>() {
        Ok(index) => format!("{index}, "),
        Err(_) => format!("\"{key}\", "),
    });
    format!("at(r, [{}])", keys.collect::<String>())
}

#[test]
fn plain_lines_are_translated() {
    for (lua, rhai) in [
        (
            "r = http.get(\"u\", { headers = { [\"X-A\"] = { \"1\", 2, true } } })",
            "r = http.get(\"u\", #{ \"headers\": #{ \"X-A\": [\"1\", 2, true], }, });\n",
        ),
        ("told = http.get(\"{url}\").text", "told = http.get(\"{url}\").text;\n"),
        ("told = r:json().a[1] == nil", "told = r.json().a[0] == ();\n"),
    ] {
        assert_eq!(translate(lua).as_deref(), Some(rhai));
    }
    for lua in
        ["local n = 0", "r = f(function() end)", "r = x and y", "told = (\"x\"):rep(3)", "r = \"\\xff\""]
    {
        assert_eq!(translate(lua), None, "{lua}");
    }
}
