//! What a run is made of, ready to be shared by its workers. Made by `app` from
//! the plan and the manifest.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::api::check_grpc_options;
use crate::config::{HttpDebug, Level, Plan, Safety};
use crate::data::Sources;
use crate::exit::Exit;
use crate::fault::Fault;
use crate::load::{ClassSpec, Nodes, Segment, Weighted};
use crate::metrics::RawSink;
use crate::net::{Allowed, Settings, Tls, Turns};
use crate::script::{Class, Manifest, Set, Suite};
use crate::vu::{Hook, Hooks, OwnClient};

use super::classes::{called_functions, choose, named_classes};
use super::linking::{check_link, own_places, prepare_link};
use super::parcel::Begun;
use super::parts::{Part, ends, most_users, most_workers, parts, spawned};
use super::phases::on_stop_time;
use super::schedule::{Schedule, place_of};
use super::thresholds::{Known, Thresholds};

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
    pub schedule: Schedule,
    /// The scenarios, where the load is made of such.
    pub parts: Vec<Part>,
    /// What `self.grpc` is, by class; read until the process ends.
    pub clients: &'static [OwnClient],
    /// What scripts have left functions for.
    pub hooks: Hooks,
    /// What listeners get as `event.environment`; `null` where there are none.
    pub about: &'static Value,
    /// The limits of the environment.
    pub safety: Safety,
    /// Something that the user ought to know before the run.
    pub warning: Option<String>,
    pub base_url: Option<String>,
    pub run_time: Option<Duration>,
    /// The part of the run that this process plays.
    pub segment: Segment,
    /// How many tasks may begin in this process; None: no limit.
    pub iterations: Option<u64>,
    /// How many have begun.
    pub begun: AtomicU64,
    /// Users that live, over all workers.
    pub users_now: AtomicU64,
    /// Users of the whole run that there are to be by now, as the rosters have it.
    pub users_planned: AtomicU64,
    /// The most that lived at a time.
    pub users_most: AtomicU64,
    pub stop_timeout: Duration,
    pub seed: u64,
    pub workers: usize,
    pub thresholds: Thresholds,
    /// Takes each single sample, where an output shows them.
    pub samples: Option<RawSink>,
    /// Whether some output tells requests apart by their tags.
    pub shares: bool,
    pub reset_stats: bool,
    /// Whether a generator that could not keep up makes the run inconclusive.
    pub judges_generator: bool,
    pub exit_code_on_error: u8,
    pub cpu_budget: Duration,
    pub memory_limit: usize,
    pub log_level: Level,
    pub http_debug: Option<HttpDebug>,
    pub discard_body: bool,
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
    ) -> Result<Setup, Vec<Fault>> {
        let segment = plan.together.segment;
        let called = called_functions(plan, &manifest);
        let named = named_classes(plan, &manifest)?;
        let functions: Vec<String> =
            manifest.functions.iter().map(|function| function.name.clone()).collect();
        let (shapes, hooks) = (manifest.shapes, manifest.hooks);
        let classes = choose(plan, (manifest.classes, called), &named)?;
        let parts = parts(plan, (&classes, &functions), env)?;
        let names: Vec<&str> = classes.iter().map(|plan| plan.class.name.as_str()).collect();
        let known = Known { metrics: &manifest.metrics, classes: &names, scenarios: &plan.scenarios };
        let mut thresholds = Thresholds::new(&plan.thresholds, &known)?;
        thresholds.observe_arrivals(parts.iter().map(|part| &part.scenario));
        let schedule = match parts.is_empty() {
            true => Schedule::new(plan, shapes, &classes)?,
            false => {
                Schedule::Scenarios { users: most_users(&parts), end: ends(&parts), spawned: spawned(&parts) }
            }
        };
        let says = match schedule.shape() {
            Some(shape) => Some(format!("the load shape `{shape}` says")),
            None => (!parts.is_empty()).then(|| "the scenarios say".to_owned()),
        };
        let warning = says
            .filter(|_| plan.load_given)
            .map(|says| format!("{says} how many users there are: --users and --spawn-rate are ignored"));
        let warning = warning.or_else(|| repeated(plan, hooks));
        let link = prepare_link(plan);
        let tls = Tls::new(link.tls.clone());
        check_link(&link, &tls)?;
        Ok(Setup {
            about: about(plan, &classes, &schedule, hooks),
            hooks,
            clients: Vec::leak(own_clients(plan, &classes, sources.root())?),
            safety: plan.safety.clone(),
            warning,
            base_url: plan.base_url.clone(),
            scripts: plan.scripts.clone(),
            root: plan.script_root.clone(),
            run_time: plan.run_time,
            segment,
            iterations: plan
                .iterations
                .map(|most| segment.quota(most, users_of(&schedule, &parts).unwrap_or(u64::MAX))),
            begun: AtomicU64::new(0),
            users_now: AtomicU64::new(0),
            users_planned: AtomicU64::new(0),
            users_most: AtomicU64::new(0),
            stop_timeout: plan.stop_timeout,
            seed: plan.seed,
            workers: plan.workers.clamp(1, most(&schedule, &parts, segment)),
            parts,
            schedule,
            classes,
            thresholds,
            samples: None,
            shares: false,
            reset_stats: plan.reset_stats,
            judges_generator: plan.judges_generator,
            exit_code_on_error: plan.exit_code_on_error,
            cpu_budget: plan.settings.cpu_budget,
            memory_limit: plan.settings.memory_limit as usize,
            log_level: plan.outputs.loglevel,
            http_debug: plan.outputs.http_debug,
            discard_body: plan.settings.discard_body,
            net: Settings {
                timeout: plan.settings.default_timeout,
                max_redirects: plan.settings.max_redirects,
                max_retries: plan.settings.max_retries,
                max_body: plan.settings.max_body as usize,
                max_header: plan.settings.max_header as usize,
                max_bodies: plan.settings.memory_limit as usize,
                accept_encoding: plan.settings.accept_encoding.clone(),
                cert_roots: vec![plan.script_root.clone(), plan.project.clone()],
                link: Arc::new(link.clone()),
                allowed: allowed(plan),
                halted: (plan.safety != Safety::default()).then(Arc::default),
                turns: plan
                    .safety
                    .max_rps
                    .as_ref()
                    .map(|most| Turns::new(most.value / segment.count() as f64)),
                ..Settings::default()
            },
            tls,
            config,
            env,
            sources,
        })
    }

    /// Goes on where another process with the same part of the run has come to.
    pub fn go_on_from(&self, begun: &Begun) {
        self.begun.store(begun.all, Ordering::Relaxed);
        self.parts.iter().zip(&begun.parts).for_each(|(part, begun)| part.go_on_from(*begun));
    }

    pub(super) fn on_stop_time(&self) -> Duration {
        on_stop_time(self.stop_timeout, self.safety.max_run_time.is_some())
    }

    /// Whether scripts want something called that no VU calls.
    pub(super) fn needs_control(&self) -> bool {
        self.hooks.need_control() || matches!(self.schedule, Schedule::Ticks { .. })
    }

    /// When the run ends at the latest, as far as it is known: by its run time or its last stage.
    pub fn ends_after(&self) -> Option<Duration> {
        let stages = match &self.schedule {
            Schedule::Stages { stages, .. } => Some(stages.end()),
            Schedule::Scenarios { end, .. } => *end,
            _ => None,
        };
        self.run_time.into_iter().chain(stages).min()
    }

    /// Users that live; where this process has but a part of them, as many as there are to be.
    pub(super) fn living(&self) -> u64 {
        let users = if self.segment.is_whole() { &self.users_now } else { &self.users_planned };
        users.load(Ordering::Relaxed)
    }

    pub(super) fn suite(&self) -> Suite {
        let owner = |plan: &ClassPlan| (plan.class.name.clone(), plan.class.place.clone());
        Suite {
            scripts: self.scripts.clone(),
            root: self.root.clone(),
            memory_limit: self.memory_limit,
            owners: self.classes.iter().map(owner).collect(),
        }
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

/// The most users that there can be, as far as it is known.
fn users_of(schedule: &Schedule, parts: &[Part]) -> Option<u64> {
    if parts.is_empty() { schedule.most_users() } else { Some(most_users(parts)) }
}

/// No more workers than users.
fn most(schedule: &Schedule, parts: &[Part], segment: Segment) -> usize {
    let most = match parts.is_empty() {
        true => schedule.most_users().map(|users| segment.share(users)),
        false => Some(most_workers(parts, segment)),
    };
    most.map_or(usize::MAX, |users| usize::try_from(users.max(1)).unwrap_or(usize::MAX))
}

/// A warning that something is done by each process of a run that is meant to be done once.
fn repeated(plan: &Plan, hooks: Hooks) -> Option<String> {
    let alone = plan.together.meeting.is_none() && !plan.together.segment.is_whole();
    let what = match (hooks.contains(Hook::Setup), hooks.contains(Hook::Teardown)) {
        (true, true) => "setup and teardown are",
        (true, false) => "setup is",
        (false, true) => "teardown is",
        (false, false) => return None,
    };
    let count = plan.together.segment.count();
    alone.then(|| {
        format!("{what} run by each of the {count} processes: with --nats URL --run ID, by one for all")
    })
}

/// What listeners learn of the run.
fn about(plan: &Plan, classes: &[ClassPlan], schedule: &Schedule, hooks: Hooks) -> &'static Value {
    static NONE: Value = Value::Null;
    if !hooks.need_control() {
        return &NONE;
    }
    let scripts: Vec<String> = plan.scripts.iter().map(|path| path.display().to_string()).collect();
    let names: Vec<&str> = classes.iter().map(|plan| plan.class.name.as_str()).collect();
    let mut about = serde_json::json!({
        "name": plan.environment, "scripts": scripts, "user_classes": names, "seed": plan.seed.cast_signed(),
    });
    let mut put = |name: &str, value: Value| about[name] = value;
    match schedule {
        Schedule::Steady(target) => {
            put("users", target.users.into());
            put("spawn_rate", target.spawn_rate.into());
        }
        shaped => put("shape_class", shaped.shape().into()),
    }
    plan.base_url.iter().for_each(|host| put("host", host.as_str().into()));
    plan.run_time.iter().for_each(|time| put("run_time", time.as_secs_f64().into()));
    // Read by the control VM until the process ends.
    Box::leak(Box::new(about))
}

/// Where the `self.grpc` of each class leads: its own `host`, else `grpc_host`, else the base URL.
fn own_clients(plan: &Plan, classes: &[ClassPlan], root: &Path) -> Result<Vec<OwnClient>, Fault> {
    let mut clients = Vec::new();
    for ClassPlan { class, .. } in classes {
        let Some(options) = &class.grpc else { continue };
        let address = class.host.as_ref().or(plan.grpc_host.as_ref()).or(plan.base_url.as_ref());
        let Some(address) = address.cloned() else {
            let what = format!("class `{}` has no server to call", class.name);
            let fault = place_of(&class.place).into_iter().fold(Fault::new(Exit::Config, what), Fault::at);
            return Err(
                fault.help("set `grpc_host` in the environment file, or `host` in the class, to host:port")
            );
        };
        check_grpc_options(options, root).map_err(|fault| needed_by(class, fault))?;
        clients.push(OwnClient { class: class.name.clone(), address, options: options.clone() });
    }
    Ok(clients)
}

/// What is wrong with the `grpc_options` of a class, or with a file that they name.
fn needed_by(class: &Class, fault: Fault) -> Fault {
    let what = format!("the client of class `{}` cannot be made: {}", class.name, fault.what);
    let fault = Fault { what, ..fault };
    match fault.at {
        Some(_) => fault,
        None => place_of(&class.place).into_iter().fold(fault, Fault::at),
    }
}

/// What `safety` says of each place that a script or a redirect leads to.
fn allowed(plan: &Plan) -> Option<Allowed> {
    plan.safety.allowed_hosts.as_ref()?;
    let safety = plan.safety.clone();
    // The bundled service is this process itself.
    let own = own_places(plan);
    Some(Allowed::new(move |host, port| {
        let is_own = own.iter().any(|(name, own)| name == host && *own == port);
        is_own || safety.allows_host(host, Some(port))
    }))
}
