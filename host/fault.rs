//! The error shape that users see: what, where, why, what to do. It knows no
//! domain; every layer above makes its faults of it, `app` prints them.

use std::fmt::{self, Write};

use serde::{Deserialize, Serialize};
use unicode_width::UnicodeWidthChar;

use crate::exit::Exit;
use crate::mask;

/// How many columns of a source line are shown; longer ones are cut around the caret.
const SHOWN: usize = 100;

/// A place in a text file that a user wrote. Lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub file: String,
    pub line: usize,
    /// None where only the line is known.
    pub column: Option<usize>,
    /// The text of that line, for the caret.
    pub source: Option<String>,
}

/// An error that a user can act on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Fault {
    /// What the process exits with when this ends the run.
    pub exit: Exit,
    /// One lowercase sentence without a full stop.
    pub what: String,
    pub at: Option<Box<Place>>,
    pub why: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// The script's own stack, innermost first; never Rust's.
    pub trace: Vec<String>,
}

/// So that what can be wrong in several ways may use what is wrong in one.
impl From<Fault> for Vec<Fault> {
    fn from(fault: Fault) -> Vec<Fault> {
        vec![fault]
    }
}

impl Fault {
    pub fn new(exit: Exit, what: impl Into<String>) -> Self {
        Fault { exit, what: what.into(), at: None, why: None, help: None, trace: Vec::new() }
    }

    pub fn at(mut self, place: Place) -> Self {
        self.at = Some(Box::new(place));
        self
    }

    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The whole message for a terminal or a log: what, `file:line:column` with the source line
    /// and a caret, why, help, and the script's stack. Ends with a line feed. `color` adds ANSI colours.
    pub fn render(&self, color: bool) -> String {
        let shown = self.masked();
        shown.render_masked(color)
    }

    /// The fault without the secrets that scripts have read, and without the passwords of URLs.
    pub fn masked(&self) -> Fault {
        let hide = |text: &String| mask::hide(text).into_owned();
        let mut fault = self.clone();
        fault.what = hide(&self.what);
        fault.why = self.why.as_ref().map(hide);
        fault.help = self.help.as_ref().map(hide);
        fault.trace = self.trace.iter().map(hide).collect();
        if let Some(place) = &mut fault.at {
            place.file = hide(&place.file);
            place.source = place.source.as_ref().map(hide);
        }
        fault
    }

    fn render_masked(&self, color: bool) -> String {
        let paint = |code: &str, text: &str| {
            if color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
        };
        let mut text = String::new();
        let mut line = |mark: String, body: &str| {
            // Continuation lines hang below the first, so that a long reason stays one block.
            let body = body.trim_end().replace('\n', "\n  ");
            let _ = writeln!(text, "{}", format!("{mark} {body}").replace(" \n", "\n").trim_end());
        };
        line(paint("1;31", "error:"), &printable(&self.what));
        if let Some(place) = &self.at {
            let number = place.line.to_string();
            let indent = " ".repeat(number.len());
            line(paint("34", &format!("{indent}-->")), &printable(&place.to_string()));
            if let Some(source) = &place.source {
                let (shown, caret) = excerpt(source, place.column);
                let bar = paint("34", &format!("{indent} |"));
                line(bar.clone(), "");
                line(paint("34", &format!("{number} |")), &shown);
                line(bar, &caret.map(|c| " ".repeat(c) + paint("1;31", "^").as_str()).unwrap_or_default());
            }
        }
        if let Some(why) = &self.why {
            line(paint("1", "why:"), &printable(why));
        }
        if let Some(help) = &self.help {
            line(paint("1;32", "help:"), &printable(help));
        }
        if !self.trace.is_empty() {
            line(paint("1", "trace:"), &printable(&format!("\n{}", self.trace.join("\n"))));
        }
        text
    }

    /// Adds "did you mean `x`?" where one of `known` is close to `name`.
    pub fn suggest<'a>(self, name: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        match closest(name, known) {
            Some(best) => self.help(format!("did you mean `{best}`?")),
            None => self,
        }
    }
}

/// The one of `known` that is nearest to `name`, if it is near at all.
pub fn closest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| {
            // In any case (`HTTPUser`); among equals the one that is nearer to the letter.
            let loose = strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase());
            (loose, strsim::jaro_winkler(name, candidate), candidate)
        })
        .filter(|(loose, ..)| *loose > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)))
        .map(|(.., candidate)| candidate)
}

/// The shown part of a source line and the column (from 0) of the caret below it.
fn excerpt(source: &str, column: Option<usize>) -> (String, Option<usize>) {
    let mut cells: Vec<(char, usize)> = Vec::new();
    let (mut caret, mut count) = (None, 0);
    let source = source.trim_end();
    let indent = source.chars().take_while(|c| c.is_whitespace()).count();
    for (index, c) in source.chars().enumerate() {
        count = index + 1;
        if column == Some(index + 1) {
            caret = Some(cells.len());
        }
        match c {
            '\t' => cells.extend([(' ', 1); 4]),
            c if c.is_control() => cells.push(('\u{fffd}', 1)),
            c => cells.push((c, c.width().unwrap_or(0))),
        }
    }
    // A place at or behind the end of the line points just behind it; an unknown column at the text.
    let caret = caret.or_else(|| column.filter(|at| *at > count).map(|_| cells.len()));
    let focus = caret.unwrap_or(indent.min(cells.len()));
    let start = if cells.len() <= SHOWN { 0 } else { focus.saturating_sub(SHOWN / 2) };
    let end = (start + SHOWN).min(cells.len());
    let mut shown = String::from(if start > 0 { "..." } else { "" });
    let lead = shown.len();
    shown.extend(cells[start..end].iter().map(|(c, _)| c));
    if end < cells.len() {
        shown.push_str("...");
    }
    let width = |cells: &[(char, usize)]| cells.iter().map(|(_, width)| width).sum::<usize>();
    (shown, caret.map(|at| lead + width(&cells[start..at])))
}

/// Without control characters: a message quotes text that others wrote, which must not steer the terminal.
/// Line feeds stay, tabs become spaces.
fn printable(text: &str) -> String {
    text.replace('\t', "    ")
        .replace("\r\n", "\n")
        .replace(|c: char| c.is_control() && c != '\n', "\u{fffd}")
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)?;
        match self.column {
            Some(column) => write!(f, ":{column}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn place(source: &str, column: usize) -> Place {
        Place { file: "config/int.yaml".into(), line: 14, column: Some(column), source: Some(source.into()) }
    }

    #[test]
    fn a_full_fault_shows_what_where_why_and_what_to_do() {
        let mut fault = Fault::new(Exit::Config, "unknown key `usres` in `load`")
            .at(place("\tusres: 10\r\n", 2))
            .why("first reason\nsecond reason")
            .suggest("usres", ["users", "spawn_rate"]);
        fault.trace = vec!["suites/a.lua:3: in function `f`".into(), "suites/a.lua:9: in task `t`".into()];
        let expected = "\
error: unknown key `usres` in `load`
  --> config/int.yaml:14:2
   |
14 |     usres: 10
   |     ^
why: first reason
  second reason
help: did you mean `users`?
trace:
  suites/a.lua:3: in function `f`
  suites/a.lua:9: in task `t`
";
        assert_eq!(fault.render(false), expected);
        let painted = fault.render(true);
        assert!(painted.starts_with("\u{1b}[1;31merror:\u{1b}[0m unknown"), "{painted:?}");
        assert!(painted.contains("\u{1b}[1;31m^\u{1b}[0m"));
    }

    #[test]
    fn a_fault_without_a_place_is_one_line() {
        assert_eq!(Fault::new(Exit::Config, "no script").render(false), "error: no script\n");
    }

    #[test]
    fn the_caret_stands_below_its_character() {
        // Hangul takes two columns each, so the caret is at twice the character's index.
        assert_eq!(excerpt("가나 x", Some(4)), ("가나 x".into(), Some(5)));
        assert_eq!(excerpt("ab", Some(3)), ("ab".into(), Some(2)));
        assert_eq!(excerpt("ab", None), ("ab".into(), None));
        assert_eq!(excerpt("", Some(1)), (String::new(), Some(0)));
    }

    #[test]
    fn long_lines_are_cut_around_the_caret() {
        let source = format!("{}X{}", "a".repeat(300), "b".repeat(300));
        let (shown, caret) = excerpt(&source, Some(301));
        assert_eq!(shown.len(), SHOWN + 6);
        assert!(shown.starts_with("...a") && shown.ends_with("b..."));
        assert_eq!(shown.chars().nth(caret.unwrap()), Some('X'));
    }

    #[test]
    fn quoted_text_cannot_steer_the_terminal() {
        let fault = Fault::new(Exit::Config, "bad \x1b[2J").at(place("a\x1b[31mb", 1)).why("\x07");
        assert!(!fault.render(false).contains(['\x1b', '\x07']));
    }

    proptest! {
        #[test]
        fn no_source_panics(source in ".{0,400}", column in prop::option::of(0usize..500)) {
            let place = Place { file: "f".into(), line: 1, column, source: Some(source) };
            let text = Fault::new(Exit::Config, "x").at(place).render(false);
            prop_assert!(text.lines().all(|line| line.chars().count() < SHOWN + 20));
        }
    }
}
