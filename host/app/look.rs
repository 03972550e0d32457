//! `--list`, `--show-task-ratio` and `--check`: looking without running. Called by `app`.

use std::fmt::Write;

use crate::cli::Look;
use crate::config::Plan;
use crate::fault::Fault;
use crate::load::Dispatcher;
use crate::run::Setup;
use crate::script::Manifest;

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
        Look::TaskRatio => ratios(plan, manifest),
    }
}

/// The share of each class among the users, and of each task within its class.
fn ratios(plan: &Plan, manifest: Manifest) -> Result<String, Fault> {
    let setup = setup(plan, manifest)?;
    let mut dispatcher = Dispatcher::new(setup.specs())?;
    let mut users = vec![0u32; setup.classes.len()];
    for _ in 0..plan.users {
        if let Some(class) = dispatcher.next() {
            users[class] += 1;
        }
    }
    let all: u32 = users.iter().sum();
    let mut text = format!("{:>7}  {:>7}  class / task\n", "users", "share");
    for (class, users) in setup.classes.iter().zip(users) {
        let _ =
            writeln!(text, "{users:>7}  {:>6.1}%  {}", percent(users.into(), all.into()), class.class.name);
        let total = class.choice.total();
        let mut before = 0;
        for task in &class.class.tasks {
            let weight = (before..total)
                .take_while(|step| class.class.tasks[class.choice.at(*step)].name == task.name);
            let weight = weight.count() as u64;
            before += weight;
            let _ = writeln!(text, "{:>7}  {:>6.1}%    {}", "", percent(weight, total), task.name);
        }
    }
    Ok(text)
}

/// What would run. Looking needs no host.
fn setup(plan: &Plan, manifest: Manifest) -> Result<Setup, Fault> {
    let mut plan = plan.clone();
    plan.base_url.get_or_insert_with(|| "http://localhost".into());
    let none: &'static serde_json::Value = Box::leak(Box::default());
    Setup::new(&plan, manifest, none, none)
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}
