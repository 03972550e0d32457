//! `--list`, `--show-task-ratio` and `--check`: looking without running. Called by `app`.

use crate::cli::Look;
use crate::config::Plan;
use crate::fault::Fault;
use crate::run::Setup;
use crate::script::Manifest;

use super::ratio;

/// What there is to see, line by line.
pub(super) fn look(look: Look, plan: &Plan, manifest: Manifest) -> Result<String, Fault> {
    match look {
        // `Prepared` answers it: it must work where scripts do not.
        Look::Config => Ok(String::new()),
        Look::Check => {
            let setup = setup(plan, manifest)?;
            let (classes, tasks) =
                (setup.classes.len(), setup.classes.iter().map(|plan| plan.class.tasks.len()).sum::<usize>());
            let scripts: Vec<String> = plan.scripts.iter().map(|path| path.display().to_string()).collect();
            Ok(format!("{}: ok ({classes} user classes, {tasks} tasks)\n", scripts.join(", ")))
        }
        Look::List => {
            let classes = manifest.classes.iter().filter(|class| !class.tasks.is_empty());
            Ok(classes.map(|class| format!("{}\n", class.name)).collect())
        }
        Look::TaskRatio => Ok(ratio::render(&ratio::shares(&setup(plan, manifest)?))),
    }
}

/// What would run. Looking needs no host.
fn setup(plan: &Plan, manifest: Manifest) -> Result<Setup, Fault> {
    let mut plan = plan.clone();
    plan.base_url.get_or_insert_with(|| "http://localhost".into());
    let none: &'static serde_json::Value = Box::leak(Box::default());
    Setup::new(&plan, manifest, none, none)
}
