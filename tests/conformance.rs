//! The conformance table: what requests and answers must come to by the RFCs, or by what browsers do where these are
//! silent. The rows stand in `tests/conformance/*.rows`; each is a conversation with a server that sends exactly those
//! bytes, the script that leads it, and what the script is to see then:
//!
//! ```text
//! == a name
//! rule: where the answer comes from, such as RFC 9110, 15.4.4
//! lua: r = http.get("{url}/a", { headers = { a = "b" } })
//! > GET /a HTTP/1.1
//! > a: b
//! > !Cookie
//! < HTTP/1.1 200 OK
//! < Content-Length: 2
//! <
//! <| ok
//! gives: status_code = 200
//! ```
//!
//! - `>` is what the server must be sent: the request line, header lines as they are (`*` at the end: whatever
//!   follows), `!NAME` for a header that must not be there, `@1` for the number of the connection, counted from 0. `>|`
//!   is the body, without its framing. `> early` has the server answer before it reads a body. The next request line
//!   is the next request, whichever connection it comes over; one too many or too few fails the row.
//! - `<` is a line that the server sends, with CRLF; `<|` is bytes as they are. `\r \n \t \0 \\ \xNN` are escapes.
//!   `<ok>`: a whole answer with the body `ok`. `<wait MS>`, `<slowly>` (each further byte on its own), `<fill N>` (so
//!   many `x`), `<coded NAME>` (an answer, `Hello, world!\n`, with that content coding), `<close>`, `<reset>`,
//!   `<hang>` (until the client leaves).
//! - `{url}` is the row's server, `{host}` its name (all names below it are the same server), `{address}` its address
//!   and port, `{secure}` a server with TLS.
//! - `lua:` may stand on several lines. It sets `r`, and may set `told`; `client` and `cookies` are the user's. Where it
//!   holds nothing but requests and values, it is translated to Rhai and run there as well (`twin`); `rhai:` gives
//!   that form where it holds more.
//! - `gives:` is a value reached from `r` (`history.0.url`, lists from 0; `headers.NAME`) or `told`, and its text;
//!   `nil` where there is none. `counts:` is what results say of a request: method, name, number, failures.
//!
//! Each file of rows is one run of the command. `ROW=word cargo test conformance` runs rows whose name holds it.

mod cover;
mod player;
mod row;
mod run;
mod twin;

use std::path::{Path, PathBuf};

use e2e::script::Language;
use row::Row;

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "rows")).collect();
    files.sort();
    files
}

/// The rows of all files.
fn rows() -> Vec<Row> {
    files().iter().flat_map(|file| row::read(file)).collect()
}

#[test]
fn every_row_of_the_conformance_table_holds() {
    hold(Language::Lua, |_| true);
}

/// Requests are the same code for all languages: what a language has of its own is how they are asked for and read.
#[test]
fn every_plain_row_holds_in_rhai() {
    let all = rows();
    let plain = all.iter().filter(|row| !row.rhai.is_empty()).count();
    assert!(plain * 10 > all.len() * 7, "only {plain} of {} rows have a form in Rhai", all.len());
    hold(Language::Rhai, |row| !row.rhai.is_empty());
}

fn hold(language: Language, is_meant: fn(&Row) -> bool) {
    let wanted = std::env::var("ROW").unwrap_or_default();
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let check = |file: PathBuf| {
            let mut rows = row::read(&file);
            rows.retain(|row| row.name.contains(&wanted) && is_meant(row));
            if rows.is_empty() { Vec::new() } else { run::run(rows, language) }
        };
        let runs: Vec<_> = files().into_iter().map(|file| scope.spawn(move || check(file))).collect();
        runs.into_iter().flat_map(|run| run.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} rows are wrong\n\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_two_rows_have_one_name() {
    let mut names: Vec<String> = rows().into_iter().map(|row| row.name).collect();
    names.sort();
    let twice: Vec<_> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    assert!(twice.is_empty(), "{twice:?}");
    assert!(names.len() > 150, "only {} rows", names.len());
}
