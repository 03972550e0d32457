//! How the turns of a class are shared among its tasks, nested sets and all: what
//! `--show-task-ratio` shows. Pure. Asked by `app`.

use crate::load::Weighted;
use crate::script::Task;

use super::setup::ClassPlan;

/// A task's share of the turns of the class or set that it stands in.
#[derive(Clone, Debug, PartialEq)]
pub struct Ratio {
    pub name: String,
    /// From 0 to 1; those side by side add up to 1. In a Markov set that of the long run.
    pub share: f64,
    /// Of a task set: its tasks. Empty where the set is within itself, and has been shown.
    pub tasks: Vec<Ratio>,
}

/// Sets that share sets can be far more lines than anybody reads.
const MOST_TASKS: usize = 10_000;

impl ClassPlan {
    /// The tasks that the tags leave, with their shares, in the order of their definition.
    pub fn ratios(&self) -> Vec<Ratio> {
        let mut tree = Tree { plan: self, within: Vec::new(), left: MOST_TASKS };
        tree.level(&self.class.tasks, &Weighted::shares(&self.choice), &self.nodes.leads)
    }
}

struct Tree<'a> {
    plan: &'a ClassPlan,
    /// The nodes around the current level.
    within: Vec<u32>,
    left: usize,
}

impl Tree<'_> {
    fn level(&mut self, tasks: &[Task], shares: &[f64], leads: &[Option<u32>]) -> Vec<Ratio> {
        let mut ratios = Vec::new();
        for (index, (task, share)) in tasks.iter().zip(shares).enumerate() {
            if *share <= 0.0 || self.left == 0 {
                continue;
            }
            self.left -= 1;
            let node = leads.get(index).copied().flatten();
            let tasks = node.map(|node| self.below(node)).unwrap_or_default();
            ratios.push(Ratio { name: task.name.clone(), share: *share, tasks });
        }
        ratios
    }

    fn below(&mut self, node: u32) -> Vec<Ratio> {
        // Nobody reads that deep, and the stack is not endless.
        if self.within.contains(&node) || self.within.len() >= 100 {
            return Vec::new();
        }
        self.within.push(node);
        let plan = self.plan;
        let of = &plan.nodes.nodes[node as usize];
        let ratios = self.level(&plan.set(node).tasks, &of.order.shares(), &of.leads);
        self.within.pop();
        ratios
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::script::Target::Function;
    use crate::script::{Class, SetKind, Target};

    use super::super::routes::tests::{class, set, task};
    use super::super::routes::{Routes, Tags, routes};
    use super::*;

    fn plan(class: Class, wanted: &[String]) -> ClassPlan {
        let Ok(Routes { choice, nodes, sets }) = routes(&class, Tags::only(wanted)) else { panic!("runs") };
        ClassPlan { class, host: None, choice, nodes, sets }
    }

    fn ratio(name: &str, share: f64, tasks: Vec<Ratio>) -> Ratio {
        Ratio { name: name.into(), share, tasks }
    }

    /// Locust's rule: a task's share is its weight by the sum of those beside it, set by set.
    #[test]
    fn each_level_adds_up_to_one() {
        let inner = set(
            "Inner",
            SetKind::Sequential,
            vec![task("first", 1, &["x"], Function), task("second", 3, &[], Function)],
        );
        let outer = set(
            "Outer",
            SetKind::Random,
            vec![
                task("never", 0, &[], Function),
                task("inner", 1, &[], Target::Set(1)),
                task("look", 1, &[], Function),
            ],
        );
        let tasks = vec![task("plain", 1, &[], Function), task("outer", 4, &[], Target::Set(0))];
        let class = class(tasks, vec![outer, inner]);
        let inner = vec![ratio("first", 0.25, Vec::new()), ratio("second", 0.75, Vec::new())];
        let outer = vec![ratio("inner", 0.5, inner), ratio("look", 0.5, Vec::new())];
        let all = vec![ratio("plain", 0.2, Vec::new()), ratio("outer", 0.8, outer)];
        assert_eq!(plan(class.clone(), &[]).ratios(), all);
        let first = vec![ratio("first", 1.0, Vec::new())];
        let some = vec![ratio("outer", 1.0, vec![ratio("inner", 1.0, first)])];
        assert_eq!(plan(class, &["x".into()]).ratios(), some);
    }

    #[test]
    fn a_set_within_itself_is_shown_once() {
        let tasks = vec![task("again", 1, &[], Target::Set(0)), task("work", 1, &[], Function)];
        let class =
            class(vec![task("set", 1, &[], Target::Set(0))], vec![set("Set", SetKind::Random, tasks)]);
        let inner = vec![ratio("again", 0.5, Vec::new()), ratio("work", 0.5, Vec::new())];
        assert_eq!(plan(class, &[]).ratios(), [ratio("set", 1.0, inner)]);
    }

    #[test]
    fn sets_that_double_at_each_level_come_to_an_end() {
        let level = |inner: usize| match inner {
            60 => set("last", SetKind::Random, vec![task("work", 1, &[], Function)]),
            _ => set(
                "level",
                SetKind::Random,
                vec![task("one", 1, &[], Target::Set(inner)), task("other", 1, &[], Target::Set(inner))],
            ),
        };
        let sets = (1..=60).map(level).collect();
        let ratios = plan(class(vec![task("top", 1, &[], Target::Set(0))], sets), &[]).ratios();
        fn count(ratios: &[Ratio]) -> usize {
            ratios.iter().map(|ratio| 1 + count(&ratio.tasks)).sum()
        }
        assert_eq!(count(&ratios), MOST_TASKS);
    }
}
