//! What a run left behind (log file, CSV files, stderr, exit code) as a text that
//! is the same each time: no times, no ports, places as marks. Used by `run`.

use std::path::Path;

/// A run that has ended.
pub struct Outcome<'a> {
    pub folder: &'a Path,
    pub script: &'a str,
    /// Where `log`, `stdout`, `stderr` and `csv_*.csv` are.
    pub files: &'a Path,
    pub status: String,
    pub counts: bool,
    pub traces: bool,
    /// Whether log lines are sorted.
    pub sorted: bool,
}

impl Outcome<'_> {
    /// Log lines (of level info: as printed), a line `--`, how it ended, and what was counted.
    pub fn show(&self) -> String {
        let mut text = self.log() + "--\n";
        let stderr = self.read("stderr");
        // What was refused before the run, or ended it.
        if let Some(at) = stderr.lines().position(|line| line.starts_with("error: ")) {
            text.extend(stderr.lines().skip(at).map(|line| format!("{line}\n")));
        }
        text.push_str(&format!("{}\n", self.status.replace("exit status: ", "exit ")));
        let mut lines: Vec<String> = Vec::new();
        if self.counts {
            for row in csv(&self.read("csv_stats.csv")).iter().filter(|row| !row[0].is_empty()) {
                let failed = if row[3] == "0" { String::new() } else { format!(", {} failed", row[3]) };
                text.push_str(&format!("request {} {}: {}{failed}\n", row[0], row[1], row[2]));
            }
            let stdout = self.read("stdout");
            text.push_str(&thresholds(&stdout));
            text.push_str(&checks(&stdout));
            text.push_str(&groups(&stdout));
            ["Counters", "Gauges", "Rates", "Trends"]
                .iter()
                .for_each(|title| text.push_str(&metrics(&stdout, title)));
            for row in csv(&self.read("csv_failures.csv")) {
                lines.push(format!("failure {} {}: {} x {}\n", row[0], row[1], row[3], row[2]));
            }
        }
        for row in csv(&self.read("csv_exceptions.csv")) {
            let trace: String = row[2].lines().map(|line| format!("  {line}\n")).collect();
            let trace = if self.traces { trace.as_str() } else { "" };
            lines.push(format!("exception {} x {}\n{trace}", row[0], row[1]));
        }
        let mut lines: Vec<String> = lines.iter().map(|line| self.place(&without_ports(line))).collect();
        lines.sort();
        self.place(&without_ports(&text)) + lines.concat().as_str()
    }

    fn read(&self, name: &str) -> String {
        let bytes = std::fs::read(self.files.join(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// `TIME LEVEL source: text`, where the text may go on in further lines.
    fn log(&self) -> String {
        let mut text = String::new();
        let mut hidden = false;
        for line in self.read("log").lines() {
            let Some((level, rest)) = entry(line) else {
                if !hidden {
                    // A header of `--http-debug` that says another thing each time.
                    let line = match line.split_once(": ") {
                        Some(("< date", _)) => "< date: NOW",
                        Some(("> Sec-WebSocket-Key", _)) => "> Sec-WebSocket-Key: KEY",
                        Some(("< sec-websocket-accept", _)) => "< sec-websocket-accept: KEY",
                        _ => line,
                    };
                    text.push_str(&format!("{line}\n"));
                }
                continue;
            };
            let said = rest.split_once(": ").map_or("", |(_, said)| said);
            // Exceptions are logged when they come up first, with their place at the end; they
            // are shown from their file.
            let place = format!(" ({}:", self.script);
            hidden = level == "ERROR" && said.rsplit_once(&place).is_some_and(|(_, end)| end.ends_with(')'));
            match level {
                _ if hidden => {}
                "INFO" => text.push_str(&format!("{said}\n")),
                level => text.push_str(&format!("[{}] {said}\n", level.to_lowercase())),
            }
        }
        if self.sorted {
            let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
            lines.sort_unstable();
            return lines.concat();
        }
        text
    }

    /// `file:line` of the case and its modules as the mark at the end of that line, if it has one.
    fn place(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some(at) = [".lua:", ".rhai:"].iter().filter_map(|ending| rest.find(ending)).min() {
            let stem =
                rest[..at].rfind(|c: char| !(c.is_alphanumeric() || "_/".contains(c))).map_or(0, |i| i + 1);
            let colon = at + rest[at..].find(':').unwrap();
            let digits = rest[colon + 1..].bytes().take_while(u8::is_ascii_digit).count();
            let (file, number) = (&rest[stem..colon], &rest[colon + 1..colon + 1 + digits]);
            out.push_str(&rest[..stem]);
            match self.mark(file, number) {
                Some(mark) => out.push_str(&mark),
                None => out.push_str(&format!("{file}:{number}")),
            }
            rest = &rest[colon + 1 + digits..];
        }
        out + rest
    }

    fn mark(&self, file: &str, line: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.folder.join(file)).ok()?;
        let line = text.lines().nth(line.parse::<usize>().ok()?.checked_sub(1)?)?;
        let (_, mark) = line.rsplit_once("--@").or_else(|| line.rsplit_once("//@"))?;
        Some(format!("@{mark}"))
    }
}

/// Level and the rest of a log line that starts an entry.
fn entry(line: &str) -> Option<(&str, &str)> {
    let (time, rest) = line.split_once(' ')?;
    let timed = time.len() == 24 && time.ends_with('Z') && time.as_bytes()[10] == b'T';
    timed.then_some(())?;
    let (level, rest) = rest.split_once(' ')?;
    Some((level, rest.trim_start()))
}

/// `127.0.0.1:` and a port as SERVER: it is another one each time.
fn without_ports(text: &str) -> String {
    let mut parts = text.split("127.0.0.1:");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str("SERVER");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    out
}

/// The table of thresholds: mark, metric, what is demanded. What was measured is another each time.
fn thresholds(stdout: &str) -> String {
    let lines = stdout.lines().skip_while(|line| *line != "Thresholds").skip(3);
    let row = |line: &str| {
        let words: Vec<&str> = line.split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
        format!("threshold {}\n", words[..3].join(" "))
    };
    lines.take_while(|line| !line.is_empty()).map(row).collect()
}

/// The table of checks of the terminal's report: mark, name, passes, fails, share; and the paths
/// of groups, each before its checks.
fn checks(stdout: &str) -> String {
    let lines = stdout.lines().skip_while(|line| *line != "Checks").skip(3);
    let mut text = String::new();
    let mut group = String::new();
    for line in lines.take_while(|line| !line.is_empty()) {
        if !line.ends_with('%') {
            group = format!("{}: ", line.trim());
            continue;
        }
        let line = line.trim_end().rsplit_once(' ').unwrap().0.trim_end();
        let (line, fails) = line.rsplit_once(' ').unwrap();
        let (name, passes) = line.trim_end().rsplit_once(' ').unwrap();
        let name = name.trim_start_matches(['✓', '✗']).trim();
        text.push_str(&format!("check {group}{name}: {passes} passed, {fails} failed\n"));
    }
    text
}

/// The rows of the table with that title: its first column, and the others.
fn table<'t>(stdout: &'t str, title: &str, others: usize) -> Vec<(&'t str, Vec<&'t str>)> {
    let lines = stdout.lines().skip_while(|line| !line.starts_with(title)).skip(3);
    let row = |line: &'t str| {
        let (mut rest, mut cells) = (line.trim_end(), Vec::new());
        for _ in 0..others {
            let (before, cell) = rest.rsplit_once(' ').unwrap();
            cells.insert(0, cell);
            rest = before.trim_end();
        }
        (rest, cells)
    };
    lines.take_while(|line| !line.is_empty()).map(row).collect()
}

/// Groups: how often they ended, their requests, and how many of those failed.
fn groups(stdout: &str) -> String {
    let rows = table(stdout, "Groups", 8);
    let row = |(path, cells): &(&str, Vec<&str>)| {
        let fails = cells[7].split('(').next().unwrap();
        format!("group {path}: {} times, {} requests, {fails} failed\n", cells[0], cells[6])
    };
    rows.iter().map(row).collect()
}

/// Metrics of one kind, as shown but for rates over time.
fn metrics(stdout: &str, title: &str) -> String {
    let columns = [("Counters", 2, 1), ("Gauges", 3, 3), ("Rates", 3, 3), ("Trends", 8, 8)];
    let (_, columns, shown) = columns.into_iter().find(|(known, ..)| *known == title).unwrap();
    let kind = title.to_lowercase();
    let rows = table(stdout, title, columns);
    // Of times that e2e measures itself, only their number is the same each time.
    let mut is_own = false;
    let kind = kind.trim_end_matches('s');
    rows.iter()
        .map(|(name, cells)| {
            // Rows of tags stand below that of their metric.
            is_own = name.starts_with("ws_") || name.starts_with("grpc_") || is_own && name.starts_with(' ');
            let shown = if is_own && title == "Trends" { 1 } else { shown };
            format!("{kind} {name}: {}\n", cells[..shown].join(" "))
        })
        .collect()
}

/// The records of a CSV file, without its head.
fn csv(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let row = rows.last_mut().unwrap();
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                row.last_mut().unwrap().push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            '\r' if !quoted && chars.peek() == Some(&'\n') => {}
            '\n' if !quoted => rows.push(vec![String::new()]),
            c => row.last_mut().unwrap().push(c),
        }
    }
    rows.retain(|row| row.len() > 1);
    rows.drain(..1.min(rows.len()));
    rows
}

#[test]
fn reads_quoted_records() {
    assert_eq!(csv("a,b\r\n1,\"x, \"\"y\"\"\nz\"\r\n"), [["1", "x, \"y\"\nz"]]);
    assert!(csv("").is_empty());
}

#[test]
fn reads_checks_from_the_table() {
    let table = "Checks\n   Check  passes\n────\n✓  is  ok       1      0  100.00%\n✗  b  0  12  0.00%\n   g::h\n✓    c  1  0  100.00%\n\nX\n";
    let expected =
        "check is  ok: 1 passed, 0 failed\ncheck b: 0 passed, 12 failed\ncheck g::h: c: 1 passed, 0 failed\n";
    assert_eq!(checks(table), expected);
}

#[test]
fn reads_groups_and_metrics_from_their_tables() {
    let stdout = "Groups (times in ms)\nGroup\n──\nmy  g  2  1  1  1  1  1  3  1(33.33%)\n\n\
                  Counters\nMetric\n──\nseen (km)  3.5  0.35\n  a=b c    3.5  0.35\n\nX\n";
    assert_eq!(groups(stdout), "group my  g: 2 times, 3 requests, 1 failed\n");
    assert_eq!(metrics(stdout, "Counters"), "counter seen (km): 3.5\ncounter   a=b c: 3.5\n");
    assert_eq!(metrics(stdout, "Trends"), "");
}

#[test]
fn ports_are_not_part_of_an_outcome() {
    assert_eq!(without_ports("http://127.0.0.1:80/a 127.0.0.1:9"), "http://SERVER/a SERVER");
}
