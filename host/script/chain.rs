//! The chain of a MarkovTaskSet: from the names in `next` to the tasks that they
//! mean, and what may be wrong with it. Called by the engines, which read the tasks.

use super::{Set, SetKind, Task};
use crate::fault::closest;

/// A task as the script declares it.
#[derive(Default)]
pub struct Declared {
    /// Without target and next, which are numbers of what is not known yet.
    pub task: Task,
    /// The names of the tasks that may follow, each once, and their weights.
    pub next: Option<Vec<(String, u32)>>,
    /// It was given a weight.
    pub weighted: bool,
}

/// Tasks that no chain connects.
pub fn plain_tasks(declared: Vec<Declared>) -> Result<Vec<Task>, String> {
    let plain = |declared: Declared| match declared.next {
        None => Ok(declared.task),
        Some(_) => Err(format!("task `{}`: `next` is for the tasks of a MarkovTaskSet", declared.task.name)),
    };
    declared.into_iter().map(plain).collect()
}

/// The tasks with what follows each.
pub fn chained_tasks(declared: Vec<Declared>) -> Result<Vec<Task>, String> {
    let names: Vec<String> = declared.iter().map(|declared| declared.task.name.clone()).collect();
    let chained = |declared: Declared| {
        let Declared { mut task, next, weighted } = declared;
        let name = &task.name;
        if weighted {
            return Err(format!(
                "task `{name}` has a weight: in a MarkovTaskSet the weights stand in `next`"
            ));
        }
        if !task.tags.is_empty() {
            return Err(format!(
                "task `{name}` has tags, but a chain cannot lack a task (tag the set instead)"
            ));
        }
        let Some(next) = next else {
            return Err(format!(
                "task `{name}` has no `next`: in a MarkovTaskSet each task says what may follow it"
            ));
        };
        for (follower, weight) in next {
            let Some(index) = names.iter().position(|known| *known == follower) else {
                let help = closest(&follower, names.iter().map(String::as_str));
                let help = help.map(|best| format!(" (did you mean `{best}`?)")).unwrap_or_default();
                return Err(format!("`next` of task `{name}` names the unknown task `{follower}`{help}"));
            };
            task.next.push((index, weight));
        }
        task.next.sort_unstable();
        Ok(task)
    };
    declared.into_iter().map(chained).collect()
}

/// The names of tasks, in backquotes, that the chain never comes to.
pub fn unreachable(set: &Set) -> Vec<String> {
    if set.kind != SetKind::Markov || set.tasks.is_empty() {
        return Vec::new();
    }
    let mut reached = vec![false; set.tasks.len()];
    let mut pending = vec![0];
    while let Some(task) = pending.pop() {
        if !std::mem::replace(&mut reached[task], true) {
            pending.extend(set.tasks[task].next.iter().map(|(next, _)| *next));
        }
    }
    let lost = set.tasks.iter().zip(reached).filter(|(_, reached)| !reached);
    lost.map(|(task, _)| format!("`{}`", task.name)).collect()
}
