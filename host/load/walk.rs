//! A VU's way through nested task sets: which set it is in, what comes next, whose
//! wait it waits. Pure; the functions are called by `run`.

use std::time::Duration;

use rand::Rng;

use super::order::Order;
use super::pace::Pace;

/// A task set as one VU after the other goes through it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub order: Order,
    /// By task: the node that it leads to; None for a function.
    pub leads: Box<[Option<u32>]>,
    /// It has a wait of its own.
    pub waits: bool,
}

/// The task sets below one class, each by its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nodes {
    /// As `Node::leads`, for the tasks of the class itself. May be shorter: functions follow.
    pub leads: Box<[Option<u32>]>,
    pub nodes: Box<[Node]>,
}

/// What a VU does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Calls this task of the innermost set.
    Call(usize),
    /// Enters the node that this task of the innermost set leads to.
    Enter { task: usize, node: u32 },
    /// That task leads into sets that contain themselves, and the VU is too deep in them.
    TooDeep { task: usize },
}

/// The sets that a VU is in. Takes no memory while it is in none.
#[derive(Debug, Default)]
pub struct Walk {
    /// Outermost first.
    frames: Vec<Frame>,
}

#[derive(Debug)]
struct Frame {
    node: u32,
    step: u64,
    pace: Pace,
}

/// Sets that contain themselves may be this deep within each other; others may be as deep as they
/// are many.
const DEEPEST: usize = 100;

impl Nodes {
    /// How deep a VU may be in sets.
    pub fn deepest(&self) -> usize {
        self.nodes.len().max(DEEPEST)
    }
}

impl Walk {
    /// How many sets it is in.
    pub fn depth(&self) -> usize {
        self.frames.len()
    }

    /// The innermost set's node.
    pub fn inner(&self) -> Option<u32> {
        self.frames.last().map(|frame| frame.node)
    }

    /// What comes next; `top` chooses a task of the class itself.
    pub fn next<R: Rng>(&mut self, nodes: &Nodes, rng: &mut R, top: impl FnOnce(&mut R) -> usize) -> Step {
        let (task, leads) = match self.frames.last_mut() {
            None => (top(rng), &nodes.leads),
            Some(frame) => {
                let node = &nodes.nodes[frame.node as usize];
                (node.order.next(&mut frame.step, rng), &node.leads)
            }
        };
        match leads.get(task).copied().flatten() {
            None => Step::Call(task),
            Some(_) if self.frames.len() >= nodes.deepest() => Step::TooDeep { task },
            Some(node) => Step::Enter { task, node },
        }
    }

    /// Goes into a set, at its beginning. `now` as in [`Pace::new`].
    pub fn enter(&mut self, node: u32, now: Duration) {
        self.frames.push(Frame { node, step: 0, pace: Pace::new(now) });
    }

    /// Out of the innermost set.
    pub fn leave(&mut self) {
        self.frames.pop();
    }

    /// Out of all sets.
    pub fn clear(&mut self) {
        self.frames.clear();
    }

    /// Whose wait it waits: the innermost set's if it has one, by how deep it is (from 1), with its
    /// node and its pace. None: the class's; sets in between are not asked, as in Locust.
    pub fn waiting(&mut self, nodes: &Nodes) -> Option<(usize, u32, &mut Pace)> {
        let depth = self.frames.len();
        let frame = self.frames.last_mut().filter(|frame| nodes.nodes[frame.node as usize].waits)?;
        Some((depth, frame.node, &mut frame.pace))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::super::choice::Weighted;
    use super::*;

    const ZERO: Duration = Duration::ZERO;

    fn sequence(leads: &[Option<u32>]) -> Node {
        let order = Order::InSequence(Weighted::new(leads.iter().map(|_| 1)).unwrap());
        Node { order, leads: leads.into(), waits: false }
    }

    /// The class's only task leads to node 0.
    fn nodes(nodes: Vec<Node>) -> Nodes {
        Nodes { leads: [Some(0)].into(), nodes: nodes.into() }
    }

    fn next(walk: &mut Walk, nodes: &Nodes) -> Step {
        let step = walk.next(nodes, &mut StdRng::seed_from_u64(1), |_| 0);
        if let Step::Enter { node, .. } = step {
            walk.enter(node, ZERO);
        }
        step
    }

    #[test]
    fn a_class_without_sets_needs_no_nodes() {
        let mut walk = Walk::default();
        let step = walk.next(&Nodes::default(), &mut StdRng::seed_from_u64(1), |_| 4);
        assert_eq!((step, walk.depth(), walk.inner()), (Step::Call(4), 0, None));
        assert_eq!(walk.frames.capacity(), 0);
    }

    #[test]
    fn an_outer_set_goes_on_where_it_was_and_an_inner_one_begins_anew() {
        // Node 0: a function, node 1, a function. Node 1: two functions.
        let nodes = nodes(vec![sequence(&[None, Some(1), None]), sequence(&[None, None])]);
        let mut walk = Walk::default();
        for round in 0..2 {
            if round == 0 {
                assert_eq!(next(&mut walk, &nodes), Step::Enter { task: 0, node: 0 });
            }
            assert_eq!(next(&mut walk, &nodes), Step::Call(0));
            assert_eq!(next(&mut walk, &nodes), Step::Enter { task: 1, node: 1 });
            for task in [0, 1, 0] {
                assert_eq!((next(&mut walk, &nodes), walk.depth()), (Step::Call(task), 2));
            }
            walk.leave();
            assert_eq!((next(&mut walk, &nodes), walk.inner()), (Step::Call(2), Some(0)));
        }
        walk.clear();
        assert_eq!(next(&mut walk, &nodes), Step::Enter { task: 0, node: 0 });
    }

    #[test]
    fn a_set_within_itself_is_entered_a_limited_number_of_times() {
        let nodes = nodes(vec![sequence(&[Some(0)])]);
        let mut walk = Walk::default();
        while matches!(next(&mut walk, &nodes), Step::Enter { .. }) {}
        assert_eq!(walk.depth(), 100);
        assert_eq!(next(&mut walk, &nodes), Step::TooDeep { task: 0 });
    }

    #[test]
    fn sets_within_each_other_may_be_as_deep_as_they_are_many() {
        let deep = (1..=500).map(|inner| sequence(&[(inner < 500).then_some(inner)]));
        let nodes = nodes(deep.collect());
        let mut walk = Walk::default();
        while matches!(next(&mut walk, &nodes), Step::Enter { .. }) {}
        assert_eq!((walk.depth(), next(&mut walk, &nodes)), (500, Step::Call(0)));
    }

    #[test]
    fn the_wait_is_the_innermost_sets_or_the_users() {
        let mut all = vec![sequence(&[Some(1)]), sequence(&[None])];
        let mut walk = Walk::default();
        let plain = nodes(all.clone());
        while matches!(next(&mut walk, &plain), Step::Enter { .. }) {}
        let waiting =
            |walk: &mut Walk, nodes: &Nodes| walk.waiting(nodes).map(|(depth, node, _)| (depth, node));
        assert_eq!(waiting(&mut walk, &plain), None);
        all[0].waits = true;
        assert_eq!(waiting(&mut walk, &nodes(all.clone())), None);
        all[1].waits = true;
        let both = nodes(all);
        assert_eq!(waiting(&mut walk, &both), Some((2, 1)));
        walk.leave();
        assert_eq!(waiting(&mut walk, &both), Some((1, 0)));
    }

    /// Sets of random kinds that lead anywhere, also to themselves.
    fn any_nodes() -> impl Strategy<Value = Nodes> {
        (1u32..6).prop_flat_map(|count| {
            let lead = prop::option::weighted(0.4, 0..count);
            let node = (0u8..3, prop::collection::vec((lead, 1u32..4), 1..5), any::<bool>());
            prop::collection::vec(node, count as usize..=count as usize).prop_map(|nodes| Nodes {
                leads: [Some(0)].into(),
                nodes: nodes.into_iter().map(make).collect(),
            })
        })
    }

    fn make((kind, tasks, waits): (u8, Vec<(Option<u32>, u32)>, bool)) -> Node {
        let weights = Weighted::new(tasks.iter().map(|(_, weight)| *weight)).unwrap();
        let order = match kind {
            0 => Order::AtRandom(weights),
            1 => Order::InSequence(weights),
            _ => Order::Chain(tasks.iter().map(|_| weights.clone()).collect()),
        };
        Node { order, leads: tasks.iter().map(|(lead, _)| *lead).collect(), waits }
    }

    proptest! {
        /// Against the plainest account of the rules: a stack of lists, each with its place.
        #[test]
        fn a_walk_follows_the_rules(nodes in any_nodes(), leaves in prop::collection::vec(any::<bool>(), 1..300), seed: u64) {
            let (mut walk, mut rng) = (Walk::default(), StdRng::seed_from_u64(seed));
            // Of each set: its node, and the tasks that it has taken.
            let mut stack: Vec<(u32, Vec<usize>)> = Vec::new();
            for leave in leaves {
                if leave && !stack.is_empty() {
                    walk.leave();
                    stack.pop();
                }
                let step = walk.next(&nodes, &mut rng, |_| 0);
                let task = match step { Step::Call(task) | Step::Enter { task, .. } | Step::TooDeep { task } => task };
                let leads = match stack.last_mut() {
                    None => nodes.leads[task],
                    Some((node, taken)) => {
                        let node = &nodes.nodes[*node as usize];
                        taken.push(task);
                        match &node.order {
                            Order::AtRandom(weights) => prop_assert!(weights.shares()[task] > 0.0),
                            Order::InSequence(weights) => prop_assert_eq!(task, weights.at(taken.len() as u64 - 1)),
                            Order::Chain(next) => match taken.len() {
                                1 => prop_assert_eq!(task, 0),
                                count => prop_assert!(next[taken[count - 2]].shares()[task] > 0.0),
                            },
                        }
                        node.leads[task]
                    }
                };
                match (step, leads) {
                    (Step::Call(_), None) => {}
                    (Step::TooDeep { .. }, Some(_)) => prop_assert_eq!(stack.len(), nodes.deepest()),
                    (Step::Enter { node, .. }, Some(lead)) => {
                        prop_assert_eq!(node, lead);
                        walk.enter(node, ZERO);
                        stack.push((node, Vec::new()));
                    }
                    other => prop_assert!(false, "{:?}", other),
                }
                prop_assert_eq!(walk.depth(), stack.len());
                prop_assert_eq!(walk.inner(), stack.last().map(|(node, _)| *node));
                let waits = stack.last().is_some_and(|(node, _)| nodes.nodes[*node as usize].waits);
                prop_assert_eq!(walk.waiting(&nodes).map(|(depth, _, _)| depth), waits.then_some(stack.len()));
            }
        }
    }
}
