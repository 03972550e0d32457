//! A folder with scripts and configuration, and the real `e2e` run in it. Used by
//! the tests of whole runs.

use std::fs;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// No run of a test takes as long; one that does is ended, and the test fails.
const LIMIT: Duration = Duration::from_secs(40);
/// Between two looks at a process.
const STEP: Duration = Duration::from_millis(5);

/// Lives as long as the test.
pub struct Project {
    folder: TempDir,
}

impl Project {
    /// Files by their path, such as `config/int.yaml`.
    pub fn new(files: &[(&str, &str)]) -> Project {
        let project = Project { folder: tempfile::tempdir().unwrap() };
        files.iter().for_each(|(path, text)| project.write(path, text.as_bytes()));
        project
    }

    pub fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap_or_else(|why| panic!("{path}: {why}"))
    }

    /// Runs `e2e` to its end; `line` is split at spaces.
    pub fn run(&self, line: &str) -> Ended {
        self.start(line, &[]).end()
    }

    /// The same with arguments that hold spaces behind it.
    pub fn run_with(&self, line: &str, more: &[&str]) -> Ended {
        self.start(line, more).end()
    }

    /// Runs it after the shell's `ulimit` with these arguments.
    pub fn run_limited(&self, limit: &str, line: &str) -> Ended {
        let e2e = command(self.folder.path());
        let mut shell = Command::new("sh");
        let text = format!("ulimit {limit} && exec {} {line}", e2e.get_program().display());
        shell.args(["-c", &text]).current_dir(self.folder.path());
        shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        shell.env_clear().envs(e2e.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Running::new(shell).end()
    }

    pub fn start(&self, line: &str, more: &[&str]) -> Running {
        let args = line.split_whitespace().chain(more.iter().copied());
        let mut command = command(self.folder.path());
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Running::new(command)
    }
}

/// `e2e` as from a fresh shell in that folder: no variable of the test's own environment reaches it.
pub fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_e2e"));
    command.env_clear().envs(std::env::vars_os().filter(|(name, _)| name == "PATH")).current_dir(folder);
    // Machines that run tests are busy with others; what is about that says so.
    command.env("E2E_NO_GENERATOR_CHECK", "true");
    command
}

/// A process that a test which fails does not leave behind.
struct Owned(Child);

impl Drop for Owned {
    fn drop(&mut self) {
        // One that has ended is not there to be ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A run under way.
pub struct Running {
    child: Owned,
    started: Instant,
    out: Stream,
    err: Stream,
}

/// What the process has written so far.
struct Stream {
    text: Arc<Mutex<String>>,
    reader: JoinHandle<()>,
}

impl Stream {
    fn follow(mut from: impl Read + Send + 'static) -> Stream {
        let text = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&text);
        let reader = thread::spawn(move || {
            let mut block = [0; 4096];
            while let Ok(length @ 1..) = from.read(&mut block) {
                let text = String::from_utf8_lossy(&block[..length]);
                kept.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
            }
        });
        Stream { text, reader }
    }

    fn so_far(&self) -> String {
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn end(self) -> String {
        let _ = self.reader.join();
        self.text.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Running {
    /// A process whose output is piped.
    pub fn new(mut command: Command) -> Running {
        let started = Instant::now();
        let mut child = command.spawn().unwrap();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        Running { child: Owned(child), started, out: Stream::follow(out), err: Stream::follow(err) }
    }

    /// Sends SIGINT or the like.
    pub fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.child.0.id());
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
    }

    /// Sends it to the process that this one started, as one does that only prepares a place for it.
    pub fn signal_inside(&self, name: &str) {
        let id = self.child.0.id();
        let inside = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        let line = format!("kill -{name} {inside}");
        assert!(Command::new("sh").args(["-c", &line]).status().unwrap().success());
    }

    /// Bytes of memory that it holds just now.
    pub fn resident(&self) -> u64 {
        let pages = fs::read_to_string(format!("/proc/{}/statm", self.child.0.id())).unwrap();
        pages.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
    }

    /// Until `reached`, which is asked again and again.
    pub fn until(&mut self, what: &str, mut reached: impl FnMut() -> bool) {
        while !reached() {
            let over = self.child.0.try_wait().unwrap().is_some() || self.started.elapsed() > LIMIT;
            assert!(!over || reached(), "never {what}:\n{}\n{}", self.out.so_far(), self.err.so_far());
            thread::sleep(STEP);
        }
    }

    /// Until stderr holds `text`.
    pub fn until_told(&mut self, text: &str) {
        let seen = Arc::clone(&self.err.text);
        self.until(text, || seen.lock().unwrap_or_else(PoisonError::into_inner).contains(text));
    }

    /// Until stderr holds `text` so often.
    pub fn until_told_times(&mut self, text: &str, times: usize) {
        let seen = Arc::clone(&self.err.text);
        let count = || seen.lock().unwrap_or_else(PoisonError::into_inner).matches(text).count();
        self.until(text, || count() >= times);
    }

    /// What stderr holds so far.
    pub fn told(&self) -> String {
        self.err.so_far()
    }

    /// The word behind `text` on stdout, once it is there.
    pub fn first_word_printed(&mut self, text: &str) -> String {
        let seen = Arc::clone(&self.out.text);
        let find = || {
            let out = seen.lock().unwrap_or_else(PoisonError::into_inner);
            Some(out.split_once(text)?.1.split_once('\n')?.0.to_owned())
        };
        self.until(text, || find().is_some());
        find().unwrap()
    }

    /// The number of the signal that ended the process.
    pub fn end_by_signal(mut self) -> i32 {
        self.child.0.wait().unwrap().signal().unwrap()
    }

    pub fn end(mut self) -> Ended {
        let status = loop {
            if let Some(status) = self.child.0.try_wait().unwrap() {
                break Some(status);
            }
            if self.started.elapsed() > LIMIT {
                let _ = self.child.0.kill();
                let _ = self.child.0.wait();
                break None;
            }
            thread::sleep(STEP);
        };
        let took = self.started.elapsed();
        let ended = Ended {
            code: status.and_then(|status| status.code()),
            out: self.out.end(),
            err: self.err.end(),
            took,
        };
        ended.check(status);
        ended
    }
}

/// A run that has ended.
pub struct Ended {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
    pub took: Duration,
}

impl Ended {
    /// What must hold for every run.
    fn check(&self, status: Option<ExitStatus>) {
        let status = status.unwrap_or_else(|| panic!("it does not end\n{}{}", self.out, self.err));
        assert!(status.code().is_some(), "it was ended by {status}\n{}{}", self.out, self.err);
        for trouble in ["panicked", "internal fault", "RUST_BACKTRACE"] {
            assert!(!self.err.contains(trouble), "{}", self.err);
        }
    }

    /// What the class `U` has printed, a line each, with one space where there are several.
    pub fn said(&self) -> Vec<String> {
        let lines = self.err.lines().filter_map(|line| line.split_once("  U: "));
        lines.map(|(_, said)| said.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    /// Ended with `code`.
    #[track_caller]
    pub fn code(self, code: i32) -> Ended {
        assert_eq!(self.code, Some(code), "\n{}{}", self.out, self.err);
        self
    }

    /// Told all of `fragments` on stderr.
    #[track_caller]
    pub fn told(self, fragments: &[&str]) -> Ended {
        for fragment in fragments {
            assert!(self.err.contains(fragment), "no `{fragment}` in:\n{}", self.err);
        }
        self
    }

    /// Printed all of `fragments` on stdout.
    #[track_caller]
    pub fn printed(self, fragments: &[&str]) -> Ended {
        for fragment in fragments {
            assert!(self.out.contains(fragment), "no `{fragment}` in:\n{}", self.out);
        }
        self
    }

    /// Refused before anything began: nothing but a fault on stderr.
    #[track_caller]
    pub fn refused(self, code: i32, fragments: &[&str]) -> Ended {
        let ended = self.code(code).told(fragments);
        assert_eq!(ended.out, "");
        assert!(ended.err.starts_with("error: "), "{}", ended.err);
        ended
    }
}
