//! Reads rows of the conformance table. Used by `conformance`; the format is described there.

use std::path::Path;

use super::twin::translate;
use crate::support::hostile::encoded;

/// A row.
pub struct Row {
    pub name: String,
    /// `file:line` of its name.
    pub place: String,
    pub lua: String,
    /// The same in Rhai; empty where there is no such form.
    pub rhai: String,
    pub exchanges: Vec<Exchange>,
    /// A path from `r`, or `told`, and the text that it must have.
    pub gives: Vec<(String, String)>,
    /// Method, name, requests and failures.
    pub counts: Vec<String>,
}

/// A request that the server gets, and what it does then.
#[derive(Clone, Default)]
pub struct Exchange {
    pub line: String,
    pub wanted: Vec<String>,
    pub body: Option<Vec<u8>>,
    /// The body is not read before the answer is sent.
    pub is_early: bool,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Bytes(Vec<u8>),
    Wait(u64),
    /// Each further byte by itself.
    Slowly,
    Close,
    Reset,
    Hang,
}

impl Row {
    /// Puts the row's own places into its texts.
    pub fn fill(&mut self, places: &[(&str, String)]) {
        let put = |text: &mut String| {
            for (name, place) in places {
                *text = text.replace(name, place);
            }
        };
        put(&mut self.lua);
        put(&mut self.rhai);
        self.gives.iter_mut().for_each(|(_, value)| put(value));
        for exchange in &mut self.exchanges {
            put(&mut exchange.line);
            exchange.wanted.iter_mut().for_each(put);
            for step in &mut exchange.steps {
                if let Step::Bytes(bytes) = step
                    && let Ok(text) = std::str::from_utf8(bytes)
                {
                    let mut text = text.to_owned();
                    put(&mut text);
                    *bytes = text.into_bytes();
                }
            }
        }
    }
}

pub fn read(file: &Path) -> Vec<Row> {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    parse(&name, &std::fs::read_to_string(file).unwrap())
}

fn parse(file: &str, text: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let place = format!("{file}:{number}");
        if let Some(name) = line.strip_prefix("== ") {
            rows.push(Row {
                name: name.to_owned(),
                place,
                lua: String::new(),
                rhai: String::new(),
                exchanges: Vec::new(),
                gives: Vec::new(),
                counts: Vec::new(),
            });
            continue;
        }
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let row = rows.last_mut().unwrap_or_else(|| panic!("{place}: a line before the first row"));
        if row.take(line).is_none() {
            panic!("{place}: what is `{line}`?");
        }
    }
    for row in rows.iter_mut().filter(|row| row.rhai.is_empty()) {
        row.rhai = translate(&row.lua).unwrap_or_default();
    }
    rows
}

impl Row {
    /// A line of it; None where it is none.
    fn take(&mut self, line: &str) -> Option<()> {
        if let Some(rest) = line.strip_prefix("lua: ") {
            self.lua.push_str(rest);
            self.lua.push('\n');
        } else if let Some(rest) = line.strip_prefix("rhai: ") {
            self.rhai.push_str(rest);
            self.rhai.push('\n');
        } else if let Some(rest) = line.strip_prefix("gives: ") {
            let (path, value) = rest.split_once(" =")?;
            self.gives.push((path.to_owned(), value.strip_prefix(' ').unwrap_or(value).to_owned()));
        } else if let Some(rest) = line.strip_prefix("counts: ") {
            self.counts.push(rest.to_owned());
        } else if let Some(rest) = line.strip_prefix(">| ") {
            self.exchanges.last_mut()?.body.get_or_insert_default().extend(unescape(rest));
        } else if let Some(rest) = line.strip_prefix("> ") {
            if rest.ends_with(" HTTP/1.1") {
                self.exchanges.push(Exchange { line: rest.to_owned(), ..Exchange::default() });
            } else if rest == "early" {
                self.exchanges.last_mut()?.is_early = true;
            } else {
                self.exchanges.last_mut()?.wanted.push(rest.to_owned());
            }
        } else if let Some(rest) = line.strip_prefix('<') {
            self.exchanges.last_mut()?.send(rest)?;
        } else {
            return line.starts_with("rule: ").then_some(());
        }
        Some(())
    }
}

impl Exchange {
    fn send(&mut self, rest: &str) -> Option<()> {
        let mut put = |bytes: Vec<u8>| match self.steps.last_mut() {
            Some(Step::Bytes(before)) => before.extend(bytes),
            _ => self.steps.push(Step::Bytes(bytes)),
        };
        if let Some(raw) = rest.strip_prefix("| ") {
            put(unescape(raw));
        } else if rest.is_empty() || rest.starts_with(' ') {
            put([unescape(rest.strip_prefix(' ').unwrap_or(rest)), b"\r\n".to_vec()].concat());
        } else {
            let (word, value) =
                rest.strip_suffix('>')?.split_once(' ').unwrap_or((&rest[..rest.len() - 1], ""));
            match word {
                "ok" => put(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec()),
                "fill" => put(vec![b'x'; value.parse().ok()?]),
                "coded" => {
                    let body = encoded::encoded(value)?;
                    let head = format!(
                        "HTTP/1.1 200 OK\r\nContent-Encoding: {value}\r\nContent-Length: {}\r\n\r\n",
                        body.len()
                    );
                    put([head.as_bytes(), body].concat());
                }
                "wait" => self.steps.push(Step::Wait(value.parse().ok()?)),
                "slowly" => self.steps.push(Step::Slowly),
                "close" => self.steps.push(Step::Close),
                "reset" => self.steps.push(Step::Reset),
                "hang" => self.steps.push(Step::Hang),
                _ => return None,
            }
        }
        Some(())
    }
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut parts = text.split('\\');
    bytes.extend(parts.next().unwrap_or_default().bytes());
    while let Some(part) = parts.next() {
        let (byte, length) = match part.as_bytes() {
            [] => {
                bytes.push(b'\\');
                bytes.extend(parts.next().unwrap_or_default().bytes());
                continue;
            }
            [b'r', ..] => (b'\r', 1),
            [b'n', ..] => (b'\n', 1),
            [b't', ..] => (b'\t', 1),
            [b'0', ..] => (0, 1),
            [b'x', ..] => (u8::from_str_radix(&part[1..3], 16).unwrap(), 3),
            _ => panic!("`\\{part}` is no escape"),
        };
        bytes.push(byte);
        bytes.extend(part[length..].bytes());
    }
    bytes
}

#[test]
fn reads_a_row() {
    let text = "== a\nrule: x\nlua: r = 1\n> GET /a HTTP/1.1\n> a: b\n>| bo\n< HTTP/1.1 200\n<\n<| \\x00\\\\n\\n\n<wait 5>\n\
                gives: x.y = z =\n";
    let row = parse("f", text).pop().unwrap();
    let exchange = &row.exchanges[0];
    assert_eq!((exchange.wanted.concat(), exchange.body.as_deref()), ("a: b".to_owned(), Some(&b"bo"[..])));
    let sent = b"HTTP/1.1 200\r\n\r\n\0\\n\n".to_vec();
    assert_eq!(exchange.steps, [Step::Bytes(sent), Step::Wait(5)]);
    assert_eq!(row.gives, [("x.y".to_owned(), "z =".to_owned())]);
}
