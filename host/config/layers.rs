//! Flag > variable > environment file > the script's options > default: merges what was given and written.
//! Called by `app`: `load` before the scripts compile, `plan` after.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::exit::Exit;
use crate::fault::Fault;

use self::base_url::{check_url, hide_password};
use super::given::{Given, Load, Surroundings};
use super::locate;
use super::network::Network;
use super::options::ScriptOptions;
use super::origin::{Origin, Sited};
use super::plan::{Outputs, Plan, Settings};
use super::raw::{Raw, RawSettings};
use super::safety::{Intent, Safety};
use super::scenarios::Scenario;
use super::thresholds::{self, Criterion};
use super::together::{Together, index_of};
use super::variables::Variables;

mod base_url;

/// How long running tasks may finish at the end, unless told.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// All layers but the script's.
#[derive(Clone, Debug)]
pub struct Layers {
    pub(super) given: Given,
    pub(super) scripts: Sited<Vec<PathBuf>>,
    pub(super) script_root: PathBuf,
    pub(super) environment: Sited<String>,
    /// The environment file and its path.
    pub(super) file: Option<(PathBuf, Raw)>,
    passed_over: Option<String>,
    pub(super) base_url: Option<Sited<String>>,
    /// The script's `env`.
    pub(super) env_vars: BTreeMap<String, Sited<String>>,
    pub(super) workers: Sited<usize>,
    pub(super) together: Together,
    pub(super) color: Sited<bool>,
    pub(super) network: Network,
}

/// What `users`, `spawn_rate` and the like are in the end.
pub(super) struct Merged {
    pub(super) users: Sited<u32>,
    pub(super) spawn_rate: Sited<f64>,
    pub(super) run_time: Option<Sited<Duration>>,
    pub(super) iterations: Option<Sited<u64>>,
    pub(super) stop_timeout: Sited<Duration>,
    /// Nothing: drawn when the plan is made.
    pub(super) seed: Option<Sited<u64>>,
}

/// Finds the scripts and the environment file and reads the latter. Fails on a script or an environment that is
/// not there, and on all that is wrong in the file.
pub fn load(given: &Given, surroundings: &Surroundings) -> Result<Layers, Vec<Fault>> {
    let one = |fault: Fault| vec![fault];
    let folder = &surroundings.folder;
    let scripts = locate::scripts(given.scripts.as_ref(), folder).map_err(one)?;
    let script_root = locate::shared_root(&scripts).map_err(one)?;
    let asked = given.environment.clone().unwrap_or_else(|| Sited::default("local".to_string()));
    let variables = Variables { given: given.variables.as_ref(), process: &surroundings.variables };
    let found = locate::environment(&asked, &script_root, folder).map_err(one)?;
    let file = match found.file {
        Some(path) => {
            let raw = Raw::read(&path, &path, &variables)?;
            Some((path, raw))
        }
        None => None,
    };
    let written = file.as_ref().map(|(_, raw)| raw);
    let base_url = given.host.clone().or_else(|| written.and_then(|raw| raw.base_url.clone()));
    if let Some(base_url) = &base_url {
        check_url(base_url).map_err(one)?;
        hide_password(&base_url.value);
    }
    let seed = given.seed.as_ref().map(|seed| seed.value);
    let together = given.together.resolve(index_of(&surroundings.variables), seed).map_err(one)?;
    let listed = written.and_then(|raw| raw.env.as_ref());
    let no_color = given.outputs.no_color.clone().filter(|no_color| no_color.value).or_else(|| {
        let set = surroundings.variables.get("NO_COLOR").is_some_and(|value| !value.is_empty());
        set.then(|| Sited::new(true, Origin::Variable("NO_COLOR".into())))
    });
    Ok(Layers {
        // The file's own name for it is shown; where both agree, whoever asked is the source.
        environment: match written.and_then(|raw| raw.environment.clone()) {
            Some(named) if named.value != asked.value => named,
            _ => asked,
        },
        env_vars: variables.shown(listed),
        workers: given.workers.clone().unwrap_or_else(|| Sited::default(surroundings.cores.max(1))),
        together,
        color: no_color.map_or(Sited::default(true), |no_color| Sited::new(false, no_color.origin)),
        network: Network::new(
            written.map(|raw| raw.settings.network.clone()).unwrap_or_default(),
            &surroundings.variables,
        ),
        given: given.clone(),
        scripts,
        script_root,
        base_url,
        file,
        passed_over: found.passed_over,
    })
}

impl Layers {
    /// The scripts to compile.
    pub fn scripts(&self) -> &[PathBuf] {
        &self.scripts.value
    }

    /// What `require` may see.
    pub fn script_root(&self) -> &Path {
        &self.script_root
    }

    /// The environment file, where there is one.
    pub fn environment_file(&self) -> Option<&Path> {
        self.file.as_ref().map(|(path, _)| path.as_path())
    }

    /// What to warn of: a file that looks like the environment's, and is not read.
    pub fn passed_over(&self) -> Option<&str> {
        self.passed_over.as_deref()
    }

    pub fn settings(&self) -> Settings {
        let settings = self.merged_settings();
        Settings {
            default_timeout: settings.default_timeout.value,
            max_redirects: settings.max_redirects.value,
            max_retries: settings.max_retries.value,
            link: self.network.link(),
            max_body: settings.max_body.value,
            max_header: settings.max_header.value,
            discard_body: settings.discard_body.value,
            accept_encoding: settings.accept_encoding.value,
            cpu_budget: settings.cpu_budget.value,
            memory_limit: settings.memory_limit.value,
            secrets: settings.secrets.value,
        }
    }

    /// The script's `env`.
    pub fn env_vars(&self) -> BTreeMap<String, String> {
        self.env_vars.iter().map(|(name, value)| (name.clone(), value.value.clone())).collect()
    }

    /// The script's `config`.
    pub fn config(&self) -> Value {
        let mut config = self.written().map_or_else(|| Value::Object(Default::default()), Raw::json);
        if let Value::Object(config) = &mut config {
            config.insert("environment".into(), self.environment.value.clone().into());
            if let Some(base_url) = &self.base_url {
                config.insert("base_url".into(), base_url.value.clone().into());
            }
        }
        config
    }

    /// The text that a person must still give before `plan` succeeds: ask for it where there is a terminal.
    pub fn question(&self) -> Option<&str> {
        if self.given.confirm.is_some() {
            return None;
        }
        self.written()?.safety.confirm.as_ref().map(|confirm| confirm.value.as_str())
    }

    /// Refuses what is to run again and again without a person's word, where one is wanted.
    pub fn refuse_unasked(&self) -> Result<(), Fault> {
        match self.written().and_then(|raw| raw.safety.confirm.as_ref()) {
            None => Ok(()),
            Some(confirm) => Err(confirm
                .origin
                .fault(Exit::Refused, "an environment with `safety.confirm` is not run by --watch")
                .why("it would run again after each change without a person's word")
                .help("run it once, without --watch")),
        }
    }

    /// The answer to `question`, as typed.
    pub fn answer(&mut self, text: &str) {
        self.given.confirm = Some(Sited::new(text.to_string(), Origin::Flag("--confirm".into())));
    }

    /// The run. Fails with `Exit::Refused` where the environment's `safety` does not allow it.
    pub fn plan(self, options: &ScriptOptions) -> Result<Plan, Fault> {
        let merged = self.merged(options);
        let safety = self.written().map(|raw| raw.safety.clone()).unwrap_or_default();
        self.check(&safety, (&merged, self.ends(options)), self.given.confirm.as_ref())?;
        self.plan_to_look(options)
    }

    /// What `plan` would refuse whatever `question` is answered.
    pub fn check_limits(&self, options: &ScriptOptions) -> Result<(), Fault> {
        let safety = self.written().map(|raw| Safety { confirm: None, ..raw.safety.clone() });
        self.check(&safety.unwrap_or_default(), (&self.merged(options), self.ends(options)), None)
    }

    /// When the load ends by itself.
    fn ends(&self, options: &ScriptOptions) -> Option<Duration> {
        let scenarios = self.scenarios(options);
        scenarios.iter().map(|scenario| scenario.value.ends()).max().or(options.shape_ends)
    }

    /// The plan for looking without running: nothing is asked, and nothing refused.
    pub fn plan_to_look(self, options: &ScriptOptions) -> Result<Plan, Fault> {
        let merged = self.merged(options);
        let safety = self.written().map(|raw| raw.safety.clone()).unwrap_or_default();
        let outputs = &self.given.outputs;
        let flag = |flag: &Option<Sited<bool>>| flag.as_ref().is_some_and(|flag| flag.value);
        let texts = |texts: &Option<Sited<Vec<String>>>| texts.clone().map(|t| t.value).unwrap_or_default();
        let given =
            |origin: &Origin| matches!(origin, Origin::Flag(_) | Origin::Variable(_) | Origin::Form(_));
        Ok(Plan {
            load_given: given(&merged.users.origin) || given(&merged.spawn_rate.origin),
            users: merged.users.value,
            spawn_rate: merged.spawn_rate.value,
            run_time: merged.run_time.map(|time| time.value),
            iterations: merged.iterations.map(|iterations| iterations.value),
            stop_timeout: merged.stop_timeout.value,
            seed: merged.seed.map_or_else(|| rand::random::<u64>() >> 1, |seed| seed.value),
            classes: texts(&self.given.classes),
            tags: texts(&self.given.tags),
            exclude_tags: texts(&self.given.exclude_tags),
            workers: self.workers.value,
            together: self.together.clone(),
            exit_code_on_error: self.given.exit_code_on_error.as_ref().map_or(1, |code| code.value),
            reset_stats: flag(&self.given.reset_stats),
            judges_generator: !flag(&self.given.no_generator_check),
            thresholds: self.thresholds(options),
            scenarios: self.scenarios(options),
            settings: self.settings(),
            project: self.project(),
            outputs: Outputs {
                csv: outputs.csv.clone().map(|csv| csv.value),
                csv_full_history: flag(&outputs.csv_full_history),
                json: flag(&outputs.json),
                json_file: outputs.json_file.clone().map(|file| file.value),
                summary_export: outputs.summary_export.clone().map(|file| file.value),
                junit: outputs.junit.clone().map(|file| file.value),
                html: outputs.html.clone().map(|file| file.value),
                tui: flag(&outputs.tui),
                out: outputs.out.clone().map(|out| out.value).unwrap_or_default(),
                baseline: outputs.baseline.clone().map(|file| file.value),
                only_summary: flag(&outputs.only_summary),
                quiet: flag(&outputs.quiet),
                loglevel: outputs.loglevel.as_ref().map(|level| level.value).unwrap_or_default(),
                logfile: outputs.logfile.clone().map(|file| file.value),
                color: self.color.value,
                http_debug: outputs.http_debug.as_ref().map(|debug| debug.value),
            },
            safety,
            env_vars: self.env_vars(),
            config: self.config(),
            target_demo: self.target_demo().is_some(),
            grpc_host: self.written().and_then(|raw| raw.grpc_host.as_ref()).map(|host| host.value.clone()),
            base_url: self.base_url.map(|url| url.value),
            environment: self.environment.value,
            scripts: self.scripts.value,
            script_root: self.script_root,
        })
    }

    /// Those of the file replace those of the script.
    pub(super) fn scenarios(&self, options: &ScriptOptions) -> Vec<Sited<Scenario>> {
        let written = self.written().map_or(&[][..], |raw| &raw.scenarios);
        if written.is_empty() { options.scenarios.clone() } else { written.to_vec() }
    }

    /// What the file says of a metric replaces what the script does.
    pub(super) fn thresholds(&self, options: &ScriptOptions) -> Vec<Sited<Criterion>> {
        let written = self.written().map_or(&[][..], |raw| &raw.thresholds);
        thresholds::over(written, &options.thresholds)
    }

    /// The folder that `config` lies in, else that of the scripts.
    fn project(&self) -> PathBuf {
        let holder = self.file.as_ref().and_then(|(path, _)| path.parent()?.parent());
        match holder.unwrap_or(&self.script_root) {
            folder if folder.as_os_str().is_empty() => PathBuf::from("."),
            folder => folder.to_path_buf(),
        }
    }

    pub(super) fn written(&self) -> Option<&Raw> {
        self.file.as_ref().map(|(_, raw)| raw)
    }

    /// `target: demo`, unless another target was given.
    pub fn target_demo(&self) -> Option<&Sited<bool>> {
        self.written()?.target_demo.as_ref().filter(|_| self.base_url.is_none())
    }

    pub(super) fn merged(&self, options: &ScriptOptions) -> Merged {
        let written = self.written().map(|raw| raw.load.clone()).unwrap_or_default();
        let load: Load = self.given.load.clone().over(written).over(options.load.clone());
        Merged {
            users: load.users.unwrap_or(Sited::default(1)),
            spawn_rate: load.spawn_rate.unwrap_or(Sited::default(1.0)),
            run_time: load.run_time,
            iterations: load.iterations,
            // Long enough for the responses under way at the end of a run to be counted.
            stop_timeout: load.stop_timeout.unwrap_or(Sited::default(STOP_TIMEOUT)),
            // Processes that know nothing of each other must decide alike.
            seed: (self.given.seed.clone().or_else(|| options.seed.clone())).or_else(|| {
                let alone = self.together.meeting.is_none() && !self.together.segment.is_whole();
                alone.then(|| Sited::default(0))
            }),
        }
    }

    pub(super) fn merged_settings(&self) -> MergedSettings {
        let raw = self.written().map(|raw| raw.settings.clone()).unwrap_or_default();
        let RawSettings {
            default_timeout,
            max_redirects,
            max_retries,
            max_body,
            max_header,
            discard_body,
            accept_encoding,
            cpu_budget,
            memory_limit,
            secrets,
            network: _,
        } = raw;
        MergedSettings {
            default_timeout: default_timeout.unwrap_or(Sited::default(Duration::from_secs(60))),
            max_redirects: max_redirects.unwrap_or(Sited::default(30)),
            max_retries: max_retries.unwrap_or(Sited::default(0)),
            max_body: max_body.unwrap_or(Sited::default(64 << 20)),
            max_header: max_header.unwrap_or(Sited::default(64 << 10)),
            discard_body: discard_body.unwrap_or(Sited::default(false)),
            accept_encoding: accept_encoding.unwrap_or(Sited::default(String::new())),
            cpu_budget: cpu_budget.unwrap_or(Sited::default(Duration::from_secs(1))),
            memory_limit: memory_limit.unwrap_or(Sited::default(64 << 20)),
            secrets: secrets.unwrap_or(Sited::default(PathBuf::from("/run/secrets"))),
        }
    }

    fn check(
        &self,
        safety: &Safety,
        (merged, ends): (&Merged, Option<Duration>),
        answer: Option<&Sited<String>>,
    ) -> Result<(), Fault> {
        let scripts: Vec<PathBuf> = self.scripts.value.iter().map(|script| locate::resolve(script)).collect();
        // The file itself may be a link, as it is where a cluster mounts it; its folder is what counts.
        let folder = self.file.as_ref().and_then(|(path, _)| path.parent());
        let project = folder.and_then(|config| Some(locate::resolve(config).parent()?.to_path_buf()));
        let project = project.unwrap_or_default();
        let script_folders = [project.join("scripts"), project];
        // What the guard's own file says of the end of a run is part of the guard.
        let written = self.written().and_then(|raw| raw.load.stop_timeout.as_ref());
        self.network.check(safety)?;
        safety.check(&Intent {
            users: &merged.users,
            spawn_rate: &merged.spawn_rate,
            run_time: merged.run_time.as_ref(),
            ends,
            stop_timeout: &merged.stop_timeout,
            longest_stop: written.map_or(STOP_TIMEOUT, |written| written.value.max(STOP_TIMEOUT)),
            base_url: self.base_url.as_ref(),
            scripts: &scripts,
            script_folders: &script_folders,
            answer,
        })
    }
}

/// The settings and where each came from.
pub(super) struct MergedSettings {
    pub(super) default_timeout: Sited<Duration>,
    pub(super) max_redirects: Sited<u32>,
    pub(super) max_retries: Sited<u32>,
    pub(super) max_body: Sited<u64>,
    pub(super) max_header: Sited<u64>,
    pub(super) discard_body: Sited<bool>,
    pub(super) accept_encoding: Sited<String>,
    pub(super) cpu_budget: Sited<Duration>,
    pub(super) memory_limit: Sited<u64>,
    pub(super) secrets: Sited<PathBuf>,
}

#[cfg(test)]
mod tests;
