//! Runs a script as its comment says. Used by `examples`.

use std::process::Command;

pub struct Run {
    pub code: i32,
    /// Standard output, then standard error.
    pub text: String,
}

pub fn run(script: &str, args: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_e2e"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["--script", script]).args(args);
    // What the developer has set must not change what is tested.
    for (name, _) in std::env::vars_os() {
        if ["E2E_", "TEST_"].iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    // Three run at once, on a machine that does other things as well.
    command.env("E2E_NO_GENERATOR_CHECK", "true");
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    Run { code: output.status.code().unwrap_or(-1), text }
}

impl Run {
    pub fn exits(&self, code: i32) -> &Run {
        assert_eq!(self.code, code, "{}", self.text);
        self
    }

    /// Some line holds all of `parts`, in this order.
    pub fn says(&self, parts: &[&str]) -> &Run {
        let holds = |line: &str| {
            parts
                .iter()
                .try_fold(line, |rest, part| rest.find(part).map(|at| &rest[at + part.len()..]))
                .is_some()
        };
        assert!(self.text.lines().any(holds), "no line with {parts:?} in\n{}", self.text);
        self
    }

    pub fn does_not_say(&self, text: &str) -> &Run {
        assert!(!self.text.contains(text), "`{text}` in\n{}", self.text);
        self
    }
}

/// An example in each language.
pub fn scripts(name: &str) -> [String; 2] {
    ["lua", "rhai"].map(|language| format!("examples/{name}.{language}"))
}

/// One that ends by its iterations, in each language; the time only guards against a hang.
pub fn example(name: &str) -> [Run; 2] {
    scripts(name).map(|script| run(&script, &["-t", "60s"]))
}
