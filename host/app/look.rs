//! `--list`, `--show-task-ratio` and `--check`: looking without running.

use crate::cli::Look;
use crate::config::Plan;
use crate::fault::Fault;
use crate::load::Dispatcher;
use crate::run::Setup;
use crate::script::Manifest;

pub(super) fn look(look: Look, plan: &Plan, manifest: Manifest) -> Result<(), Fault> {
    match look {
        // `Prepared` answers it: it must work where scripts do not.
        Look::Config => Ok(()),
        Look::Check => {
            let (classes, tasks) = (manifest.classes.len(), manifest.classes.iter().map(|c| c.tasks.len()).sum::<usize>());
            let scripts: Vec<String> = plan.scripts.iter().map(|path| path.display().to_string()).collect();
            println!("{}: ok ({classes} user classes, {tasks} tasks)", scripts.join(", "));
            Ok(())
        }
        Look::List => {
            for class in manifest.classes.iter().filter(|class| !class.tasks.is_empty()) {
                println!("{}", class.name);
            }
            Ok(())
        }
        Look::TaskRatio => ratios(plan, manifest),
    }
}

/// The share of each class among the users, and of each task within its class.
fn ratios(plan: &Plan, manifest: Manifest) -> Result<(), Fault> {
    let mut plan = plan.clone();
    // Ratios need no host.
    plan.base_url.get_or_insert_with(|| "http://localhost".into());
    let none: &'static serde_json::Value = Box::leak(Box::default());
    let setup = Setup::new(&plan, manifest, none, none)?;
    let mut dispatcher = Dispatcher::new(setup.specs())?;
    let mut users = vec![0u32; setup.classes.len()];
    for _ in 0..plan.users {
        if let Some(class) = dispatcher.next() {
            users[class] += 1;
        }
    }
    let all: u32 = users.iter().sum();
    println!("{:>7}  {:>7}  class / task", "users", "share");
    for (class, users) in setup.classes.iter().zip(users) {
        println!("{users:>7}  {:>6.1}%  {}", percent(users.into(), all.into()), class.class.name);
        let total = class.choice.total();
        let mut before = 0;
        for task in &class.class.tasks {
            let weight = (before..total).take_while(|step| class.class.tasks[class.choice.at(*step)].name == task.name);
            let weight = weight.count() as u64;
            before += weight;
            println!("{:>7}  {:>6.1}%    {}", "", percent(weight, total), task.name);
        }
    }
    Ok(())
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}
