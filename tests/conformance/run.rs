//! Runs rows of the conformance table through the command, all in one run. Used by `conformance`.

use std::collections::HashMap;
use std::net::TcpListener;

use super::player::Player;
use e2e::script::Language;

use super::row::Row;
use super::twin;
use crate::support::project::{Ended, Project};
use crate::support::secure::Secure;

/// What marks a line of the script's own.
const MARK: &str = "@@";

/// The rows that do not hold, each as a text.
pub fn run(mut rows: Vec<Row>, language: Language) -> Vec<String> {
    // A kernel may have been started without IPv6.
    let has_ipv6 = TcpListener::bind("[::ffff:127.0.0.1]:0").is_ok();
    rows.retain(|row| has_ipv6 || !row.lua.contains("[::"));
    let secure = Secure::start();
    let players: Vec<Player> = rows
        .iter_mut()
        .enumerate()
        .map(|(number, row)| {
            // What the server sends may name the server.
            let (player, host) = (Player::reserve(), host(number));
            row.fill(&[
                ("{url}", format!("http://{host}")),
                ("{host}", host),
                ("{address}", player.addr.to_string()),
                ("{port}", player.addr.port().to_string()),
                ("{secure_port}", secure.addr.port().to_string()),
                ("{secure}", format!("https://{}", secure.addr)),
            ]);
            player.start(row.exchanges.clone())
        })
        .collect();
    let text = match language {
        Language::Lua => script(&rows),
        Language::Rhai => twin::script(&rows),
    };
    let name = format!("s.{}", language.ending());
    let project = project((&name, &text), &players, &secure);
    let line = format!(
        "-f {name} -H http://127.0.0.1:1 -u 1 -r 1000 -i {} --workers 1 --no-color --logfile log --csv out",
        rows.len()
    );
    let ended = project.run(&line);
    assert!(matches!(ended.code, Some(0 | 1)), "{:?}\n{}", ended.code, ended.err);
    let seen = seen(&project.read("log"));
    let stats = project.read("out_stats.csv");
    let wrong = rows.iter().enumerate().filter_map(|(number, row)| {
        let mut wrong = compare(row, seen.get(&number).map_or(&[], Vec::as_slice), &ended);
        wrong.extend(players[number].wrong());
        let counts = row.counts.iter().filter(|counts| !is_counted(&stats, counts));
        wrong.extend(counts.map(|counts| format!("not counted: {counts}")));
        (!wrong.is_empty()).then(|| {
            let lines: String = wrong.iter().map(|line| format!("  {line}\n")).collect();
            format!("{} {}\n{lines}", row.place, row.name)
        })
    });
    wrong.collect()
}

fn host(number: usize) -> String {
    format!("r{number}.example.test")
}

fn project(script: (&str, &str), players: &[Player], secure: &Secure) -> Project {
    let hosts: String = (0..)
        .zip(players)
        .map(|(number, player)| {
            let (host, addr) = (host(number), player.addr);
            format!("    {host}: {addr}\n    \"*.{host}\": {addr}\n")
        })
        .collect();
    let config =
        format!("settings:\n  cpu_budget: 20s\n  tls:\n    ca: {}\n  hosts:\n{hosts}", secure.ca().display());
    Project::new(&[
        script,
        ("config/local.yaml", &config),
        ("data/hello.txt", "Hello from a file\n"),
        ("certs/me.pem", &secure.client),
    ])
}

/// One iteration a row, in their order.
fn script(rows: &[Row]) -> String {
    let mut text = String::from(
        "local U = HttpUser:extend('U', { wait_time = constant(0) })
local function show(number, path, value)
  value = tostring(value):gsub('[%c\\\\\\128-\\255]', function(byte)
    local known = { ['\\n'] = '\\\\n', ['\\r'] = '\\\\r', ['\\t'] = '\\\\t', ['\\0'] = '\\\\0', ['\\\\'] = '\\\\\\\\' }
    return known[byte] or string.format('\\\\x%02x', byte:byte())
  end)
  print('@@' .. number .. ' ' .. path .. ' = ' .. value)
end
local function at(value, ...)
  for _, key in ipairs { ... } do
    if value == nil then return nil end
    value = value[key]
  end
  return value
end
local rows = {}
",
    );
    for (number, row) in rows.iter().enumerate() {
        text.push_str(&format!(
            "rows[{}] = function(client, cookies)\nlocal r, told\ncookies:clear()\n{}",
            number + 1,
            row.lua
        ));
        for (path, _) in &row.gives {
            text.push_str(&format!("show({number}, '{path}', {})\n", reach(path)));
        }
        text.push_str("end\n");
    }
    text.push_str(
        "local number = 0
U:task('rows', function(self)
  number = number + 1
  local ok, why = pcall(rows[number], self.client, self.client.cookies)
  if not ok then show(number - 1, 'raised', why) end
end)
",
    );
    text
}

/// The expression of a path in Lua, whose lists count from 1.
fn reach(path: &str) -> String {
    if path == "told" {
        return path.to_owned();
    }
    let keys = path.split('.').map(|key| match key.parse::<usize>() {
        Ok(index) => format!(", {}", index + 1),
        Err(_) => format!(", '{key}'"),
    });
    format!("at(r{})", keys.collect::<String>())
}

/// What the rows have shown, by their number: path and text.
fn seen(log: &str) -> HashMap<usize, Vec<(String, String)>> {
    let mut seen: HashMap<usize, Vec<(String, String)>> = HashMap::new();
    for line in log.lines() {
        let Some((_, shown)) = line.split_once(MARK) else { continue };
        let (number, shown) = shown.split_once(' ').unwrap();
        let (path, value) = shown.split_once(" = ").unwrap();
        seen.entry(number.parse().unwrap()).or_default().push((path.to_owned(), value.to_owned()));
    }
    seen
}

fn compare(row: &Row, seen: &[(String, String)], ended: &Ended) -> Vec<String> {
    let mut wrong: Vec<String> =
        seen.iter().filter(|(path, _)| path == "raised").map(|(_, why)| format!("raised: {why}")).collect();
    for (path, wanted) in &row.gives {
        match seen.iter().find(|(shown, _)| shown == path) {
            Some((_, value)) if value == wanted => {}
            Some((_, value)) => wrong.push(format!("{path} is `{value}`, not `{wanted}`")),
            None if wrong.is_empty() => wrong.push(format!("{path} is not shown\n{}", ended.err)),
            None => {}
        }
    }
    wrong
}

/// Whether a line `METHOD NAME REQUESTS FAILURES` is one of the CSV's.
fn is_counted(stats: &str, counts: &str) -> bool {
    let mut words = counts.rsplitn(3, ' ');
    let (failures, requests, what) = (words.next(), words.next(), words.next().unwrap_or_default());
    let (method, name) = what.split_once(' ').unwrap_or_default();
    stats.lines().any(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        cells.len() > 3
            && cells[0] == method
            && cells[1] == name
            && (Some(cells[2]), Some(cells[3])) == (requests, failures)
    })
}
