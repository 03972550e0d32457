//! `--list` and `--show-task-ratio`: looking without running. Called by `app`.

use crate::cli::Look;
use crate::config::Plan;
use crate::data::{Secrets, Sources};
use crate::fault::Fault;
use crate::run::{Setup, named_classes};
use crate::script::Manifest;

use super::ratio;

/// What there is to see, line by line.
pub(super) fn look(look: Look, plan: &Plan, manifest: Manifest) -> Result<String, Vec<Fault>> {
    match look {
        // `prepare` and `check` answer these: they must work where scripts do not.
        Look::Config | Look::Check => Ok(String::new()),
        Look::List => {
            let named = named_classes(plan, &manifest)?;
            let is_named = |name: &String| named.is_empty() || named.contains(&name);
            let classes = manifest.classes.iter();
            let classes = classes.filter(|class| !class.tasks.is_empty() && is_named(&class.name));
            Ok(classes.map(|class| format!("{}\n", class.name)).collect())
        }
        Look::TaskRatio => Ok(ratio::render(&ratio::shares(&setup(plan, manifest)?))),
    }
}

/// What would run. Looking needs no host.
fn setup(plan: &Plan, manifest: Manifest) -> Result<Setup, Vec<Fault>> {
    let mut plan = plan.clone();
    plan.base_url.get_or_insert_with(|| "http://localhost".into());
    let none: &'static serde_json::Value = Box::leak(Box::default());
    let sources =
        Sources::new(plan.script_root.clone(), Secrets::new(Default::default(), Default::default()));
    Setup::new(&plan, manifest, none, none, sources)
}
