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
