//! `--check`: compiles every script and every module that it requires, runs the scripts' top level, reads their
//! classes and the configuration, and reports all faults at once. Called by `app`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::cli::Run;
use crate::config::{self, Layers, Surroundings, Survey};
use crate::data::Sources;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::run::Setup;
use crate::script::{Engine, Languages, Manifest, Suite};

use super::prepare;
use super::required::Required;

/// How much memory compiling may take where the configuration does not say.
const MEMORY: usize = 64 << 20;

/// Prints what was found; the exit code.
pub(super) fn check(run: &Run, surroundings: &Surroundings) -> u8 {
    let Survey { scripts, mut modules, faults, is_given } = config::survey(&run.given, surroundings);
    let mut check = Check { faults, told: String::new(), layers: None, is_given };
    if !scripts.is_empty() {
        match config::load(&run.given.with_scripts(scripts.clone()), surroundings) {
            Ok(layers) => {
                prepare::warn(&layers);
                check.layers = Some(Loaded::new(layers));
            }
            Err(faults) => check.faults.extend(faults),
        }
    }
    let required = Required::by(scripts.iter().chain(&modules).cloned().collect());
    modules.extend(required.modules);
    let modules: BTreeSet<PathBuf> = modules.into_iter().collect();
    // The modules first: the fault of one is then told where it is, and not again by each script that requires it.
    for path in &modules {
        check.compile(path);
    }
    let alone = scripts.len() == 1;
    for path in &scripts {
        check.run_script(path, alone);
    }
    // What a top level has come by is told already, with its trace.
    required.faults.into_iter().for_each(|fault| check.note(fault));
    if is_given && !alone && check.faults.is_empty() {
        check.run_together();
    }
    let looked_at =
        format!("checked {} and {}", count(scripts.len(), "script"), count(modules.len(), "module"));
    if check.faults.is_empty() {
        super::print(format!("{}{looked_at}: no fault\n", check.told).as_bytes());
    } else {
        check.faults.iter().for_each(super::print_fault);
        super::tell(&format!("{looked_at}: {}", count(check.faults.len(), "fault")));
    }
    check.faults.iter().fold(Exit::Ok, |exit, fault| exit.worst(fault.exit)).code()
}

/// `1 task`, `2 classes`.
fn count(count: usize, what: &str) -> String {
    let ending = match (count, what.ends_with('s')) {
        (1, _) => "",
        (_, true) => "es",
        (_, false) => "s",
    };
    format!("{count} {what}{ending}")
}

/// The configuration and what scripts see of it.
struct Loaded {
    layers: Layers,
    config: &'static Value,
    env: &'static Value,
    sources: Arc<Sources>,
}

impl Loaded {
    fn new(layers: Layers) -> Loaded {
        let (config, env) = (prepare::keep(layers.config()), prepare::variables(layers.env_vars()));
        let sources = prepare::sources(&layers);
        Loaded { config, env: prepare::keep(env), sources, layers }
    }
}

struct Check {
    faults: Vec<Fault>,
    /// A line for each script.
    told: String,
    layers: Option<Loaded>,
    is_given: bool,
}

impl Check {
    /// A fault that was told before is not told again.
    fn note(&mut self, fault: Fault) {
        let line = |fault: &Fault| fault.at.as_ref().map(|at| (at.file.clone(), at.line));
        let is_known = |known: &Fault| known.what == fault.what && line(known) == line(&fault);
        if !self.faults.iter().any(is_known) {
            self.faults.push(fault);
        }
    }

    fn compile(&mut self, path: &Path) {
        if let Err(faults) = Languages.compile(&suite(vec![path.to_owned()], MEMORY)) {
            faults.into_iter().for_each(|fault| self.note(fault));
        }
    }

    /// The script by itself; its classes are those asked for where it is the only one.
    fn run_script(&mut self, path: &Path, alone: bool) {
        // Without the configuration a script might fail that is sound.
        let Some(loaded) = &self.layers else { return self.compile(path) };
        let declared = declare(loaded, vec![path.to_owned()]);
        let judged = declared.and_then(|manifest| {
            if manifest.classes.is_empty() && !self.is_given {
                return Ok(None);
            }
            judge(loaded, manifest, alone).map(Some)
        });
        match judged {
            Ok(Some((classes, tasks))) => {
                let (classes, tasks) = (count(classes, "user class"), count(tasks, "task"));
                self.told += &format!("{}: ok ({classes}, {tasks})\n", path.display());
            }
            Ok(None) => self.told += &format!("{}: ok (no user class)\n", path.display()),
            Err(faults) => faults.into_iter().for_each(|fault| self.note(fault)),
        }
    }

    /// As they would be run: two may define the same class.
    fn run_together(&mut self) {
        let Some(loaded) = &self.layers else { return };
        let judged = declare(loaded, loaded.layers.scripts().to_vec())
            .and_then(|manifest| judge(loaded, manifest, true));
        if let Err(faults) = judged {
            faults.into_iter().for_each(|fault| self.note(fault));
        }
    }
}

fn suite(scripts: Vec<PathBuf>, memory_limit: usize) -> Suite {
    let root = scripts.first().map(|script| config::root_of(script)).unwrap_or_default();
    Suite { scripts, root, memory_limit, ..Suite::default() }
}

fn declare(loaded: &Loaded, scripts: Vec<PathBuf>) -> Result<Manifest, Vec<Fault>> {
    let settings = loaded.layers.settings();
    let suite = suite(scripts, settings.memory_limit as usize);
    crate::run::declare(
        &suite,
        &settings,
        (loaded.config, loaded.env),
        loaded.sources.clone(),
        prepare::warnings(),
    )
}

/// How many classes and tasks would run; of those that were asked for, or of all.
fn judge(loaded: &Loaded, manifest: Manifest, as_asked: bool) -> Result<(usize, usize), Vec<Fault>> {
    let one = |fault: Fault| vec![fault];
    let mut plan = loaded.layers.clone().plan_to_look(&manifest.options).map_err(one)?;
    // Checking needs no host.
    plan.base_url.get_or_insert_with(|| "http://localhost".into());
    if !as_asked {
        (plan.classes, plan.tags, plan.exclude_tags) = Default::default();
    }
    let setup = Setup::new(&plan, manifest, loaded.config, loaded.env, loaded.sources.clone())?;
    let tasks = setup.classes.iter().map(|plan| plan.class.tasks.len()).sum();
    Ok((setup.classes.len(), tasks))
}
