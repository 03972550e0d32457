//! The result files of a run, read independently of what wrote them. Used by the
//! tests of whole runs.

use std::collections::BTreeMap;

use serde_json::Value;

use super::project::{Ended, Project};

/// Requests and failures, by method and name; the sum is under `Aggregated`.
pub type Counts = BTreeMap<String, (u64, u64)>;

/// The rows of a CSV text, fields unquoted.
pub fn rows(text: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut field) = (Vec::new(), Vec::new(), String::new());
    let mut quoted = false;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut field)),
            '\r' if !quoted => {}
            '\n' if !quoted => {
                row.push(std::mem::take(&mut field));
                rows.push(std::mem::take(&mut row));
            }
            c => field.push(c),
        }
    }
    if !field.is_empty() || !row.is_empty() {
        row.push(field);
        rows.push(row);
    }
    rows
}

fn key(method: &str, name: &str) -> String {
    format!("{method} {name}").trim().to_owned()
}

fn whole(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("`{text}` is no whole number"))
}

/// `PREFIX_stats.csv`.
pub fn of_csv(text: &str) -> Counts {
    let rows = rows(text);
    rows[1..].iter().map(|row| (key(&row[0], &row[1]), (whole(&row[2]), whole(&row[3])))).collect()
}

/// The last row of each name in `PREFIX_stats_history.csv`.
pub fn of_history(text: &str) -> Counts {
    let rows = rows(text);
    rows[1..].iter().map(|row| (key(&row[2], &row[3]), (whole(&row[17]), whole(&row[18])))).collect()
}

/// Locust's array, which has no sum: it is made here. Each count must be the sum of its latencies.
pub fn of_json(text: &str) -> Counts {
    let array: Value = serde_json::from_str(text).unwrap_or_else(|why| panic!("{why}:\n{text}"));
    let mut counts = Counts::new();
    let mut sum = (0, 0);
    for entry in array.as_array().unwrap() {
        let count = |name: &str| entry[name].as_u64().unwrap();
        let (requests, failures) = (count("num_requests"), count("num_failures"));
        let latencies = entry["response_times"].as_object().unwrap();
        assert_eq!(latencies.values().map(|count| count.as_u64().unwrap()).sum::<u64>(), requests);
        counts.insert(
            key(entry["method"].as_str().unwrap(), entry["name"].as_str().unwrap()),
            (requests, failures),
        );
        sum = (sum.0 + requests, sum.1 + failures);
    }
    counts.insert("Aggregated".to_owned(), sum);
    counts
}

/// The first table of the terminal's report.
pub fn of_table(text: &str) -> Counts {
    let table = text.split("Statistics (times in ms)").last().unwrap();
    let lines = table.lines().skip(2).take_while(|line| !line.is_empty());
    let mut counts = Counts::new();
    for line in lines.filter(|line| !line.starts_with('─')) {
        let words: Vec<&str> = line.split_whitespace().collect();
        // Eight numbers stand behind type and name.
        let (names, numbers) = words.split_at(words.len() - 8);
        let failures = numbers[1].split('(').next().unwrap();
        counts.insert(names.join(" "), (whole(numbers[0]), whole(failures)));
    }
    counts
}

/// The sum of `Occurrences` in `PREFIX_failures.csv`.
pub fn failures(text: &str) -> u64 {
    rows(text)[1..].iter().map(|row| whole(&row[3])).sum()
}

/// What a run with `--csv r --csv-full-history --json-file r` counted; all its results must agree.
pub fn agreed(project: &Project, ended: &Ended) -> Counts {
    let counts = of_csv(&project.read("r_stats.csv"));
    assert_eq!(of_json(&project.read("r.json")), counts, "--json-file and --csv");
    let history = of_history(&project.read("r_stats_history.csv"));
    assert_eq!(history, counts, "the end of the history and --csv");
    if ended.out.starts_with('[') {
        assert_eq!(of_json(&ended.out), counts, "--json and --csv");
        assert_eq!(of_table(&ended.err), counts, "the terminal and --csv");
    } else {
        assert_eq!(of_table(&ended.out), counts, "the terminal and --csv");
    }
    let (requests, failed) = counts["Aggregated"];
    assert_eq!(failures(&project.read("r_failures.csv")), failed, "the failures and --csv");
    let verdict = format!("{requests} request{}, {failed} failed", if requests == 1 { "" } else { "s" });
    let told = format!("{}{}", ended.out, ended.err);
    assert!(told.contains(&verdict), "no `{verdict}` in:\n{told}");
    counts
}
