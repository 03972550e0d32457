//! Processes that make a run together over a NATS of their own, against a server that knows the truth.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use crate::support::counter::Counter;
use crate::support::project::{Ended, Project, Running, command};
use crate::support::results::rows;

use super::nats::Nats;

pub struct Party {
    pub nats: Nats,
    pub counter: Counter,
    pub project: Project,
    size: usize,
}

/// Each user asks `/uN` ten times a second.
pub const ASK: &str = r#"
local U = HttpUser:extend("U", { wait_time = constant_throughput(10) })
U:task("ask", function(self) self.client:get("/u" .. vu.id) end)
"#;

impl Party {
    /// None where there is no NATS.
    pub fn of(size: usize, script: &str) -> Option<Party> {
        let nats = Nats::start()?;
        Some(Party { nats, counter: Counter::start(), project: Project::new(&[("s.lua", script)]), size })
    }

    pub fn line(&self) -> String {
        format!(
            "-f s.lua -H {} --nats {} --run r --segments {}",
            self.counter.url(),
            self.nats.url(),
            self.size
        )
    }

    /// Process `index`, whose results have its number.
    pub fn start(&self, index: usize, more: &str) -> Running {
        self.project
            .start(&format!("{} --segment {index}/{} --csv r{index} {more}", self.line(), self.size), &[])
    }

    /// As `start`, under another program.
    pub fn start_under(&self, wrapper: &[&str], index: usize, more: &str) -> Running {
        let e2e = command(&self.project.path("."));
        let mut wrapped = Command::new(wrapper[0]);
        wrapped.args(&wrapper[1..]).arg(e2e.get_program()).current_dir(self.project.path("."));
        wrapped.env_clear().envs(e2e.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let line = format!("{} --segment {index}/{} --csv r{index} {more}", self.line(), self.size);
        wrapped.args(line.split_whitespace());
        wrapped.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Running::new(wrapped)
    }

    /// All processes, one after the other so that the first merges.
    pub fn start_all(&self, more: &str) -> Vec<Running> {
        let mut all: Vec<Running> = Vec::new();
        for index in 0..self.size {
            let mut process = self.start(index, more);
            process.until_told("this is process");
            if index == 0 && self.size > 1 {
                process.until_told("1 of ");
            }
            all.push(process);
        }
        all
    }

    /// Until requests of that user have come.
    pub fn until_asked(&self, process: &mut Running, path: &str, times: u64) {
        let what = format!("GET {path}");
        process.until(&what, || self.counter.answered().get(&what).is_some_and(|count| *count >= times));
    }

    /// What the server answered, in all.
    pub fn answered(&self) -> u64 {
        self.counter.answered().values().sum()
    }

    /// Requests by name that whoever merged has written, `Aggregated` for all.
    pub fn counted(&self, merger: usize) -> BTreeMap<String, u64> {
        let table = rows(&self.project.read(&format!("r{merger}_stats.csv")));
        table[1..].iter().map(|row| (row[1].clone(), row[2].parse().unwrap())).collect()
    }

    /// Whether a process has written results.
    pub fn has_merged(&self, index: usize) -> bool {
        self.project.path(&format!("r{index}_stats.csv")).exists()
    }
}

pub fn end(processes: Vec<Running>) -> Vec<Ended> {
    processes.into_iter().map(Running::end).collect()
}
