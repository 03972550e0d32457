//! Whether the table has a row for all that the API can be asked for and answers: the API cannot grow without one.

use e2e::api::{OBJECTS, RECORDS};

use super::row::Row;
use super::rows;

/// Tables whose fields a script gives.
const GIVEN: &[&str] = &["RequestOptions", "FilePart", "CookieOptions"];
/// Tables and objects whose fields it reads.
const READ: &[&str] = &[
    "Response",
    "Cookies",
    "Redirect",
    "RequestError",
    "SentRequest",
    "Timings",
    "Tls",
    "Certificate",
    "Chunks",
];

/// Kinds of errors that need another configuration, and where they are tested.
const ELSEWHERE: &[(&str, &str)] = &[
    ("dns", "host/net/tests/failures.rs"),
    ("proxy", "host/net/tests/proxies.rs"),
    ("handshake", "tests/cases/ws_failures.out"),
    ("not_allowed", "tests/bad_input/guarded.rs"),
];

/// Whether the word stands in the text, between what is no part of a word, with `before` and `after` around it.
fn has_word(text: &str, word: &str, before: &[char], after: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let (left, right) = (&text[..at], text[at + word.len()..].trim_start_matches(' '));
        let starts = match before {
            [] => !left.ends_with(|c: char| c.is_alphanumeric() || c == '_'),
            before => left.ends_with(before),
        };
        starts
            && !text[at + word.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_')
            && right.starts_with(after)
    })
}

/// Whether a row gives an option of that name.
fn gives(row: &Row, option: &str) -> bool {
    has_word(&row.lua, option, &[], "=")
}

/// Whether a row reads a field of that name, or calls it.
fn reads(row: &Row, field: &str) -> bool {
    row.gives.iter().any(|(path, _)| path.split('.').any(|key| key == field))
        || has_word(&row.lua, field, &['.', ':'], "")
}

#[test]
fn every_option_and_every_field_has_a_row() {
    let rows = rows();
    let mut missing = Vec::new();
    let mut look = |table: &str, name: &str| {
        let is_there = match table {
            table if GIVEN.contains(&table) => rows.iter().any(|row| gives(row, name)),
            table if READ.contains(&table) => rows.iter().any(|row| reads(row, name)),
            _ => return,
        };
        if !is_there {
            missing.push(format!("{table}.{name}"));
        }
    };
    for record in RECORDS {
        record.fields.iter().for_each(|field| look(record.name, field.name));
    }
    for object in OBJECTS {
        object.members.iter().for_each(|member| look(object.name, member.name));
    }
    assert!(missing.is_empty(), "no row in tests/conformance has {missing:?}");
}

#[test]
fn every_table_that_is_to_be_covered_is_one() {
    let known = |name: &&str| {
        RECORDS.iter().any(|record| record.name == *name) || OBJECTS.iter().any(|object| object.name == *name)
    };
    let unknown: Vec<_> = GIVEN.iter().chain(READ).filter(|name| !known(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn every_kind_of_error_has_a_row() {
    let kinds = RECORDS.iter().find(|record| record.name == "RequestError").unwrap().fields;
    let doc = kinds.iter().find(|field| field.name == "kind").unwrap().doc;
    let kinds: Vec<&str> = doc.split('`').skip(1).step_by(2).collect();
    assert!(kinds.len() > 10, "{doc}");
    let rows = rows();
    for kind in kinds {
        let has_row = rows
            .iter()
            .any(|row| row.gives.iter().any(|(path, value)| path == "error.kind" && value == kind));
        let elsewhere = ELSEWHERE.iter().find(|(known, _)| *known == kind);
        match elsewhere {
            Some((_, file)) => {
                let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
                let text = std::fs::read_to_string(&file).unwrap();
                let variant =
                    kind.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect::<String>();
                assert!(text.contains(kind) || text.contains(&variant), "{} tests no {kind}", file.display());
            }
            None => assert!(has_row, "no row has the error kind `{kind}`"),
        }
    }
}

#[test]
fn words_are_found_whole() {
    assert!(has_word("{ data = 1 }", "data", &[], "=") && has_word("{data= 1}", "data", &[], "="));
    assert!(!has_word("{ data_file = 1 }", "data", &[], "=") && !has_word("my_data = 1", "data", &[], "="));
    assert!(
        has_word("r:json().a", "json", &['.', ':'], "") && !has_word("json = 1", "json", &['.', ':'], "")
    );
}
