//! What a run is made of, ready to be shared by its workers. Made by `app` from
//! the plan and the manifest.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use serde_json::Value;

use crate::config::{Level, Plan};
use crate::data::Sources;
use crate::exit::Exit;
use crate::fault::{Fault, Place};
use crate::load::{ClassSpec, Nodes, Weighted};
use crate::net::{self, Allowed, Settings, Tls, Turns};
use crate::script::{Class, Manifest, Set, Suite};

use super::routes::{Blocked, Routes, Tags, routes};

/// A class that runs, and the tasks of it that the tags leave.
pub struct ClassPlan {
    pub class: Class,
    /// Its own, else that of the run; None: only absolute URLs.
    pub host: Option<String>,
    /// Over `class.tasks`; those that the tags exclude weigh 0.
    pub choice: Weighted,
    /// The task sets below it, less what the tags exclude.
    pub nodes: Nodes,
    /// By node: which of `class.sets` it is.
    pub sets: Vec<usize>,
}

impl ClassPlan {
    /// The set that a node of `nodes` is.
    pub(super) fn set(&self, node: u32) -> &Set {
        &self.class.sets[self.sets[node as usize]]
    }
}

/// Everything that the workers share. Nothing in it changes but the counter.
pub struct Setup {
    pub scripts: Vec<PathBuf>,
    pub root: PathBuf,
    pub classes: Vec<ClassPlan>,
    pub users: u32,
    pub spawn_rate: f64,
    pub run_time: Option<Duration>,
    /// How many tasks may begin in all; None: no limit.
    pub iterations: Option<u64>,
    /// How many have begun.
    pub begun: AtomicU64,
    pub stop_timeout: Duration,
    pub seed: u64,
    pub workers: usize,
    pub reset_stats: bool,
    pub exit_code_on_error: u8,
    pub cpu_budget: Duration,
    pub memory_limit: usize,
    pub log_level: Level,
    pub net: Settings,
    pub tls: Arc<Tls>,
    pub config: &'static Value,
    pub env: &'static Value,
    pub sources: Arc<Sources>,
}

impl Setup {
    /// # Errors
    /// Classes that do not exist, tags that leave no task, a class without a host.
    pub fn new(
        plan: &Plan,
        manifest: Manifest,
        config: &'static Value,
        env: &'static Value,
        sources: Arc<Sources>,
    ) -> Result<Setup, Fault> {
        let classes = choose(plan, manifest)?;
        let users = plan.users;
        Ok(Setup {
            scripts: plan.scripts.clone(),
            root: plan.script_root.clone(),
            classes,
            users,
            spawn_rate: plan.spawn_rate,
            run_time: plan.run_time,
            iterations: plan.iterations,
            begun: AtomicU64::new(0),
            stop_timeout: plan.stop_timeout,
            seed: plan.seed,
            workers: plan.workers.clamp(1, users.max(1) as usize),
            reset_stats: plan.reset_stats,
            exit_code_on_error: plan.exit_code_on_error,
            cpu_budget: plan.settings.cpu_budget,
            memory_limit: plan.settings.memory_limit as usize,
            log_level: plan.outputs.loglevel,
            net: Settings {
                timeout: plan.settings.default_timeout,
                max_redirects: plan.settings.max_redirects,
                max_retries: plan.settings.max_retries,
                verify: plan.settings.tls_verify,
                allowed: allowed(plan),
                turns: plan.safety.max_rps.as_ref().map(|most| Turns::new(most.value)),
                ..Settings::default()
            },
            tls: Tls::new(plan.settings.tls_ca.clone()),
            config,
            env,
            sources,
        })
    }

    pub(super) fn suite(&self) -> Suite {
        Suite { scripts: self.scripts.clone(), root: self.root.clone(), memory_limit: self.memory_limit }
    }

    /// What the dispatcher must know.
    pub fn specs(&self) -> Vec<ClassSpec> {
        let spec = |plan: &ClassPlan| ClassSpec {
            name: plan.class.name.clone(),
            weight: plan.class.weight,
            fixed_count: plan.class.fixed_count,
        };
        self.classes.iter().map(spec).collect()
    }
}

/// The classes named on the command line (else all), with their tags applied.
fn choose(plan: &Plan, manifest: Manifest) -> Result<Vec<ClassPlan>, Fault> {
    let known: Vec<String> = manifest.classes.iter().map(|class| class.name.clone()).collect();
    for name in &plan.classes {
        if !known.contains(name) {
            let fault = Fault::new(Exit::Usage, format!("the script defines no user class `{name}`"));
            let fault = fault.help(format!("it defines {}", known.join(", ")));
            return Err(fault.suggest(name, known.iter().map(String::as_str)));
        }
    }
    let tags = Tags::of(plan);
    let tagged = tags.given();
    let mut classes = Vec::new();
    for class in manifest.classes {
        let named = plan.classes.is_empty() || plan.classes.contains(&class.name);
        if !named || class.tasks.is_empty() {
            if named && plan.classes.contains(&class.name) {
                return Err(Fault::new(Exit::Script, format!("class `{}` has no task", class.name)));
            }
            continue;
        }
        let Routes { choice, nodes, sets } = match routes(&class, tags) {
            Ok(routes) => routes,
            Err(Blocked::Class) if tagged => continue,
            Err(Blocked::Class) => {
                let fault =
                    Fault::new(Exit::Script, format!("all tasks of class `{}` have weight 0", class.name));
                return Err(fault.help("give at least one task a weight above 0"));
            }
            Err(Blocked::Set(set)) => return Err(idle(set)),
        };
        let host = class.host.clone().or_else(|| plan.base_url.clone());
        if class.http && host.is_none() {
            let fault =
                Fault::new(Exit::Config, format!("class `{}` has no host to send requests to", class.name));
            return Err(fault
                .help("pass --host URL, or set `base_url` in the environment file, or `host` in the class"));
        }
        if let Some(host) = &class.host {
            check_host(plan, &class, host)?;
        }
        classes.push(ClassPlan { class, host, choice, nodes, sets });
    }
    if classes.is_empty() {
        return Err(nothing_to_run(&known, tagged));
    }
    if classes.iter().all(|plan| plan.class.weight == 0.0 && plan.class.fixed_count == 0) {
        let names: Vec<&str> = classes.iter().map(|plan| plan.class.name.as_str()).collect();
        let fault = Fault::new(
            Exit::Script,
            format!("no class gets a user, for all have weight 0: {}", names.join(", ")),
        );
        return Err(fault.help("give at least one a weight above 0, or a fixed_count"));
    }
    Ok(classes)
}

/// A set that would be entered and never do anything.
fn idle(set: &Set) -> Fault {
    let what = format!("task set `{}` never comes to a function that it could run", set.name);
    let fault = place(&set.place).into_iter().fold(Fault::new(Exit::Script, what), Fault::at);
    fault.help("give it a task that is a function, with a weight above 0")
}

/// `file:line` as a place.
fn place(text: &str) -> Option<Place> {
    let (file, line) = text.trim_end_matches([':', ' ']).rsplit_once(':')?;
    Some(Place { file: file.to_owned(), line: line.parse().ok()?, column: None, source: None })
}

/// A class's own host is seen before the first request, as that of the run is.
fn check_host(plan: &Plan, class: &Class, host: &str) -> Result<(), Fault> {
    let fault = |exit, what: String| place(&class.place).into_iter().fold(Fault::new(exit, what), Fault::at);
    let (name, port) = net::place(host).map_err(|error| {
        fault(Exit::Script, format!("the `host` of class `{}` cannot be used", class.name))
            .why(error.text)
            .help("write it as http://host:port or https://host")
    })?;
    if plan.safety.allows_host(&name, Some(port)) {
        return Ok(());
    }
    let what = format!("`safety.allowed_hosts` does not list {name}, the host of class `{}`", class.name);
    Err(fault(Exit::Refused, what))
}

/// What `safety` says of each place that a script or a redirect leads to.
fn allowed(plan: &Plan) -> Option<Allowed> {
    plan.safety.allowed_hosts.as_ref()?;
    let safety = plan.safety.clone();
    // The bundled service is this process itself.
    let own = plan.base_url.as_deref().filter(|_| plan.target_demo).and_then(|url| net::place(url).ok());
    Some(Allowed::new(move |host, port| {
        let is_own = own.as_ref().is_some_and(|(name, own)| name == host && *own == port);
        is_own || safety.allows_host(host, Some(port))
    }))
}

fn nothing_to_run(known: &[String], tagged: bool) -> Fault {
    if known.is_empty() {
        return Fault::new(Exit::Script, "the script defines no user class that could be run")
            .help("write `local MyUser = HttpUser:extend(\"MyUser\", {})` and give it a task with `MyUser:task(...)`");
    }
    if tagged {
        return Fault::new(Exit::Script, "no task is left to run by --tags and --exclude-tags")
            .help("tasks without tags run only without --tags");
    }
    Fault::new(Exit::Script, format!("no class has a task: {}", known.join(", ")))
        .help("give it one: `MyUser:task(\"name\", function(self) ... end)`")
}
