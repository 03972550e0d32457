//! From the command line to a plan and a manifest: configuration, the bundled
//! service, the scripts' declarations, the guarded environment's question.

use std::collections::BTreeMap;
use std::io::{BufRead, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::cli::{Look, Run};
use crate::config::{self, Layers, Level, Plan, Shown, Surroundings, show_config, shown};
use crate::data::{Secrets, Sources};
use crate::demo::Demo;
use crate::fault::Fault;
use crate::mask;
use crate::report::Input;
use crate::run::declare;
use crate::script::{Manifest, Suite};
use crate::vu::LogSink;

use super::required::Required;

/// Everything that is known before the run.
pub(super) struct Prepared {
    pub(super) plan: Plan,
    pub(super) manifest: Manifest,
    pub(super) config: &'static Value,
    pub(super) env: &'static Value,
    pub(super) sources: Arc<Sources>,
    /// The configuration value by value, for those who show it.
    pub(super) shown: Vec<Shown>,
    /// The bundled service, where it is the target; it ends when this is dropped.
    pub(super) demo: Option<Demo>,
    /// What was read, as far as it is known before the run.
    pub(super) inputs: Vec<Input>,
}

impl Prepared {
    pub(super) fn new(run: &Run, surroundings: &Surroundings) -> Result<Prepared, Vec<Fault>> {
        let one = |fault: Fault| vec![fault];
        let mut layers = config::load(&run.given, surroundings)?;
        warn(&layers);
        let only_looks = run.look.is_some();
        let demo = match layers.target_demo().is_some() && !only_looks {
            true => Some(super::start_demo().map_err(one)?),
            false => None,
        };
        let places =
            demo.as_ref().map(|demo| (format!("http://{}", demo.addr()), demo.grpc_addr().to_string()));
        let config = keep(aimed(layers.config(), places.as_ref()));
        let env = keep(variables(layers.env_vars()));
        let sources = sources(&layers);
        let declared = declare_scripts(&layers, config, env, sources.clone());
        if matches!(run.look, Some(Look::Config)) {
            let options = declared.as_ref().ok().map(|manifest| &manifest.options);
            super::print(show_config(&layers, options).as_bytes());
            std::process::exit(0);
        }
        let mut manifest = declared?;
        let inputs = inputs(&layers, &sources);
        manifest.options.shape_ends = manifest.shape_ends();
        if manifest.classes.iter().any(|class| class.grpc.is_some() && class.host.is_none())
            && let Some(text) = layers.host_beside_grpc()
        {
            super::tell(&format!("warning: {text}"));
        }
        if !only_looks {
            layers.check_limits(&manifest.options).map_err(one)?;
            // A page asks in its form.
            if run.web.is_none() {
                ask(&mut layers).map_err(one)?;
            }
        }
        let shown = shown(&layers, Some(&manifest.options));
        let mut plan = match only_looks {
            // Looking does no harm: what would be refused is only refused when it is run.
            true => layers.plan_to_look(&manifest.options),
            false => layers.plan(&manifest.options),
        }
        .map_err(one)?;
        if let Some((base_url, grpc_host)) = places {
            plan = plan.aim_at(&base_url, &grpc_host);
        }
        Ok(Prepared { plan, manifest, config, env, sources, shown, demo, inputs })
    }
}

/// Scripts and their modules, the environment file, and the data files that were opened.
fn inputs(layers: &Layers, sources: &Sources) -> Vec<Input> {
    let scripts = layers.scripts().to_vec();
    let modules = Required::by(scripts.clone()).modules;
    let scripts = scripts.into_iter().map(|path| Input::new("the script", path));
    let modules = modules.into_iter().map(|path| Input::new("the module", path));
    let file = layers.environment_file().map(|path| Input::new("the environment file", path));
    let data = sources.files().into_iter().map(|path| Input::new("the data file", path));
    scripts.chain(modules).chain(file).chain(data).collect()
}

/// The data files and secrets that scripts may read.
pub(super) fn sources(layers: &Layers) -> Arc<Sources> {
    let secrets = Secrets::new(layers.env_vars(), layers.settings().secrets);
    Sources::new(layers.script_root().to_owned(), secrets)
}

/// What was kept so far.
static KEPT: Mutex<Vec<&'static Value>> = Mutex::new(Vec::new());

/// What scripts read is read by all threads until the process ends. What is the same is kept once: a page starts many
/// runs.
pub(super) fn keep(value: Value) -> &'static Value {
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(same) = kept.iter().find(|same| ***same == value) {
        return same;
    }
    let value: &'static Value = Box::leak(Box::new(value));
    kept.push(value);
    value
}

fn aimed(mut config: Value, places: Option<&(String, String)>) -> Value {
    if let (Value::Object(fields), Some((base_url, grpc_host))) = (&mut config, places) {
        fields.insert("base_url".into(), base_url.as_str().into());
        fields.insert("grpc_host".into(), grpc_host.as_str().into());
    }
    config
}

pub(super) fn variables(variables: BTreeMap<String, String>) -> Value {
    Value::Object(variables.into_iter().map(|(name, value)| (name, value.into())).collect())
}

pub(super) fn declare_scripts(
    layers: &Layers,
    config: &'static Value,
    env: &'static Value,
    sources: Arc<Sources>,
) -> Result<Manifest, Vec<Fault>> {
    let settings = layers.settings();
    let suite = Suite {
        scripts: layers.scripts().to_vec(),
        root: layers.script_root().to_owned(),
        memory_limit: settings.memory_limit as usize,
        ..Suite::default()
    };
    declare(&suite, &settings, (config, env), sources, warnings())
}

/// What the top level prints would come again from every VU: only its warnings are shown.
pub(super) fn warnings() -> LogSink {
    Box::new(|level: Level, _: &str, text: String| {
        if level >= Level::Warning {
            let _ = writeln!(std::io::stderr(), "{}: {}", level.name(), mask::hide(&text));
        }
    })
}

/// Warns of what the configuration passed over.
pub(super) fn warn(layers: &Layers) {
    if let Some(text) = layers.passed_over() {
        super::tell(&format!("warning: {text}"));
    }
}

/// Asks for the confirmation of a guarded environment, where there is somebody to ask.
fn ask(layers: &mut Layers) -> Result<(), Fault> {
    let Some(question) = layers.question().map(str::to_owned) else { return Ok(()) };
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(());
    }
    let mut terminal = std::io::stderr();
    let _ = write!(terminal, "This environment is guarded. Type `{question}` to go on: ")
        .and_then(|()| terminal.flush());
    let mut line = String::new();
    if std::io::stdin().lock().read_line(&mut line).is_ok() {
        layers.answer(line.trim_end_matches(['\r', '\n']));
    }
    Ok(())
}
