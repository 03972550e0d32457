//! What the tags leave of a class: the weights of its tasks, and the task sets below
//! it as the host walks them. Pure. Called by `setup`.

use rustc_hash::FxHashMap;

use crate::config::Plan;
use crate::load::{Node, Nodes, Order, Weighted};
use crate::script::{Class, Set, SetKind, Target, Task};

/// `--tags` and `--exclude-tags`.
#[derive(Clone, Copy)]
pub(super) struct Tags<'a> {
    wanted: &'a [String],
    unwanted: &'a [String],
}

/// How a class goes about its tasks.
pub(super) struct Routes {
    /// Over its own tasks; those that are left out weigh 0.
    pub(super) choice: Weighted,
    pub(super) nodes: Nodes,
    /// By node: the set.
    pub(super) sets: Vec<usize>,
}

/// Why there is nothing to run.
pub(super) enum Blocked<'a> {
    /// Of the class itself, no task is left.
    Class,
    /// The set never comes to a function.
    Set(&'a Set),
}

impl<'a> Tags<'a> {
    pub(super) fn of(plan: &'a Plan) -> Tags<'a> {
        Tags { wanted: &plan.tags, unwanted: &plan.exclude_tags }
    }

    #[cfg(test)]
    pub(super) fn only(wanted: &'a [String]) -> Tags<'a> {
        Tags { wanted, unwanted: &[] }
    }

    /// Whether tags were given at all.
    pub(super) fn given(&self) -> bool {
        !self.wanted.is_empty() || !self.unwanted.is_empty()
    }

    fn wants(&self, tags: &[String]) -> bool {
        tags.iter().any(|tag| self.wanted.contains(tag))
    }

    fn refuses(&self, tags: &[String]) -> bool {
        tags.iter().any(|tag| self.unwanted.contains(tag))
    }
}

/// A set where it is nested: whether the tags around it select all that is in it.
type Place = (usize, bool);

/// Where a task leads, as the tags see it.
#[derive(Clone, Copy)]
enum Lead {
    Excluded,
    Function,
    Node(usize),
}

/// The sets that can be reached from a class, each as often as the tags around it differ.
struct Graph<'a> {
    class: &'a Class,
    tags: Tags<'a>,
    places: Vec<Place>,
    known: FxHashMap<Place, usize>,
    /// By node, then by task.
    leads: Vec<Vec<Lead>>,
}

impl<'a> Graph<'a> {
    fn new(class: &'a Class, tags: Tags<'a>) -> (Graph<'a>, Vec<Lead>) {
        let mut graph =
            Graph { class, tags, places: Vec::new(), known: FxHashMap::default(), leads: Vec::new() };
        let top = graph.leads_of(&class.tasks, tags.wanted.is_empty());
        while graph.leads.len() < graph.places.len() {
            let (set, selected) = graph.places[graph.leads.len()];
            let leads = graph.leads_of(&class.sets[set].tasks, selected);
            graph.leads.push(leads);
        }
        (graph, top)
    }

    fn leads_of(&mut self, tasks: &[Task], selected: bool) -> Vec<Lead> {
        tasks.iter().map(|task| self.lead(task, selected)).collect()
    }

    fn lead(&mut self, task: &Task, selected: bool) -> Lead {
        let selected = selected || self.tags.wants(&task.tags);
        if self.tags.refuses(&task.tags) {
            return Lead::Excluded;
        }
        let Target::Set(set) = task.target else {
            return if selected { Lead::Function } else { Lead::Excluded };
        };
        let tags = &self.class.sets[set].tags;
        if self.tags.refuses(tags) {
            return Lead::Excluded;
        }
        let place = (set, selected || self.tags.wants(tags));
        let number = self.places.len();
        let number = *self.known.entry(place).or_insert(number);
        if number == self.places.len() {
            self.places.push(place);
        }
        Lead::Node(number)
    }

    fn set(&self, node: usize) -> &'a Set {
        &self.class.sets[self.places[node].0]
    }

    /// Which nodes come to a function sooner or later, those not considered that are `cut`.
    fn reach(&self, cut: &[bool]) -> Vec<bool> {
        let mut alive = vec![false; self.places.len()];
        loop {
            let mut changed = false;
            // What is nested deeper comes later as a rule.
            for node in (0..alive.len()).rev().filter(|node| !cut[*node]) {
                let tasks = &self.set(node).tasks;
                let leads = tasks.iter().zip(&self.leads[node]);
                if !alive[node] && leads.into_iter().any(|(task, lead)| runs(task, *lead, &alive)) {
                    alive[node] = true;
                    changed = true;
                }
            }
            if !changed {
                return alive;
            }
        }
    }

    /// As `reach`, but without the chains that lack a task: they would be other chains.
    fn alive(&self) -> Vec<bool> {
        let mut cut = vec![false; self.places.len()];
        loop {
            let alive = self.reach(&cut);
            let broken = |node: &usize| {
                let mut leads = self.leads[*node].iter();
                self.set(*node).kind == SetKind::Markov && leads.any(|lead| !leads_on(*lead, &alive))
            };
            let broken: Vec<usize> = (0..alive.len()).filter(|node| alive[*node]).filter(broken).collect();
            if broken.is_empty() {
                return alive;
            }
            broken.into_iter().for_each(|node| cut[node] = true);
        }
    }
}

fn leads_on(lead: Lead, alive: &[bool]) -> bool {
    match lead {
        Lead::Excluded => false,
        Lead::Function => true,
        Lead::Node(node) => alive[node],
    }
}

fn runs(task: &Task, lead: Lead, alive: &[bool]) -> bool {
    task.weight > 0 && leads_on(lead, alive)
}

fn weights(tasks: &[Task], leads: &[Lead], alive: &[bool]) -> Option<Weighted> {
    let weight = |(task, lead): (&Task, &Lead)| if runs(task, *lead, alive) { task.weight } else { 0 };
    Weighted::new(tasks.iter().zip(leads).map(weight))
}

/// What follows each task of a chain.
fn chain(tasks: &[Task]) -> Option<Order> {
    let row = |task: &Task| {
        let mut row = vec![0; tasks.len()];
        task.next.iter().for_each(|(next, weight)| row[*next] = *weight);
        Weighted::new(row)
    };
    tasks.iter().map(row).collect::<Option<_>>().map(Order::Chain)
}

/// What there is to run of `class`.
///
/// # Errors
/// Without tags, a set that cannot do anything is an error; with tags it is left out.
pub(super) fn routes<'a>(class: &'a Class, tags: Tags<'a>) -> Result<Routes, Blocked<'a>> {
    let (graph, top) = Graph::new(class, tags);
    let alive = graph.alive();
    if let Some(dead) = alive.iter().position(|alive| !alive)
        && !tags.given()
    {
        return Err(Blocked::Set(graph.set(dead)));
    }
    let choice = weights(&class.tasks, &top, &alive).ok_or(Blocked::Class)?;
    // Those that are left out lose their numbers.
    let mut numbers = vec![None; alive.len()];
    let mut sets = Vec::new();
    for node in (0..alive.len()).filter(|node| alive[*node]) {
        numbers[node] = u32::try_from(sets.len()).ok();
        sets.push(graph.places[node].0);
    }
    let leads = |leads: &[Lead]| -> Box<[Option<u32>]> {
        let number = |lead: &Lead| if let Lead::Node(node) = lead { numbers[*node] } else { None };
        leads.iter().map(number).collect()
    };
    let mut nodes = Vec::with_capacity(sets.len());
    for node in (0..alive.len()).filter(|node| alive[*node]) {
        let set = graph.set(node);
        let order = match set.kind {
            SetKind::Markov => chain(&set.tasks),
            SetKind::Random => weights(&set.tasks, &graph.leads[node], &alive).map(Order::AtRandom),
            SetKind::Sequential => weights(&set.tasks, &graph.leads[node], &alive).map(Order::InSequence),
        };
        let order = order.ok_or(Blocked::Set(set))?;
        nodes.push(Node { order, leads: leads(&graph.leads[node]), waits: set.wait_time.is_some() });
    }
    let plain = sets.is_empty();
    let nodes = Nodes { leads: if plain { Box::default() } else { leads(&top) }, nodes: nodes.into() };
    Ok(Routes { choice, nodes, sets })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use super::*;

    /// A task: its name, its weight, its tags, where it leads.
    pub(in crate::run) fn task(name: &str, weight: u32, tags: &[&str], target: Target) -> Task {
        let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
        Task { name: name.into(), weight, tags, target, next: Vec::new() }
    }

    pub(in crate::run) fn set(name: &str, kind: SetKind, tasks: Vec<Task>) -> Set {
        Set {
            name: name.into(),
            kind,
            wait_time: None,
            tasks,
            tags: Vec::new(),
            has_on_start: false,
            has_on_stop: false,
            place: "a.lua:1".into(),
        }
    }

    pub(in crate::run) fn class(tasks: Vec<Task>, sets: Vec<Set>) -> Class {
        Class {
            name: "U".into(),
            weight: 1.0,
            fixed_count: 0,
            host: None,
            wait_time: crate::script::WaitTime::Function,
            tasks,
            sets,
            has_on_start: false,
            has_on_stop: false,
            http: false,
            grpc: None,
            place: "a.lua:9".into(),
        }
    }

    use SetKind::{Markov, Random, Sequential};
    use Target::Function;

    fn routes_of(class: &Class, wanted: &[&str], unwanted: &[&str]) -> Result<Routes, String> {
        let owned = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect::<Vec<_>>();
        let (wanted, unwanted) = (owned(wanted), owned(unwanted));
        let tags = Tags { wanted: &wanted, unwanted: &unwanted };
        routes(class, tags).map_err(|blocked| match blocked {
            Blocked::Class => "class".into(),
            Blocked::Set(set) => set.name.clone(),
        })
    }

    #[test]
    fn a_class_without_sets_has_no_nodes() {
        let class = class(vec![task("a", 3, &[], Function), task("b", 1, &["x"], Function)], Vec::new());
        let routes = routes_of(&class, &[], &[]).unwrap();
        assert_eq!((routes.choice.shares(), routes.nodes), (vec![0.75, 0.25], Nodes::default()));
        assert_eq!(routes_of(&class, &["x"], &[]).unwrap().choice.shares(), [0.0, 1.0]);
        assert_eq!(routes_of(&class, &["y"], &[]).err().unwrap(), "class");
    }

    #[test]
    fn a_set_is_as_many_nodes_as_the_tags_around_it_differ() {
        let inner = set("inner", Random, vec![task("x", 1, &["x"], Function), task("y", 3, &[], Function)]);
        let top = vec![
            task("plain", 1, &[], Target::Set(0)),
            task("tagged", 1, &["x"], Target::Set(0)),
            task("tagged too", 1, &["x", "z"], Target::Set(0)),
        ];
        let class = class(top, vec![inner]);
        let all = routes_of(&class, &[], &[]).unwrap();
        assert_eq!((all.sets, &*all.nodes.leads), (vec![0], [Some(0); 3].as_slice()));
        let some = routes_of(&class, &["x"], &[]).unwrap();
        assert_eq!((some.sets, &*some.nodes.leads), (vec![0, 0], [Some(0), Some(1), Some(1)].as_slice()));
        assert_eq!(some.nodes.nodes[0].order.shares(), [1.0, 0.0]);
        assert_eq!(some.nodes.nodes[1].order.shares(), [0.25, 0.75]);
        let less = routes_of(&class, &["x"], &["z"]).unwrap();
        assert_eq!((less.choice.shares(), less.sets.len()), (vec![0.5, 0.5, 0.0], 2));
        assert_eq!(routes_of(&class, &["y"], &[]).err().unwrap(), "class");
    }

    #[test]
    fn sets_that_lead_to_no_function_are_errors_or_left_out() {
        let lonely = set("lonely", Random, vec![task("self", 1, &[], Target::Set(0))]);
        let to_lonely = task("lonely", 1, &[], Target::Set(0));
        let only = class(vec![to_lonely.clone()], vec![lonely.clone()]);
        assert_eq!(routes_of(&only, &[], &[]).err().unwrap(), "lonely");
        let more = class(vec![to_lonely, task("f", 1, &["f"], Function)], vec![lonely]);
        assert_eq!(routes_of(&more, &[], &[]).err().unwrap(), "lonely");
        // With tags it cannot be told from a set that they emptied.
        assert_eq!(routes_of(&more, &["f"], &[]).unwrap().choice.shares(), [0.0, 1.0]);
        let weightless = set("zero", Sequential, vec![task("f", 0, &[], Function)]);
        let class = class(vec![task("zero", 1, &[], Target::Set(0))], vec![weightless]);
        assert_eq!(routes_of(&class, &[], &[]).err().unwrap(), "zero");
    }

    #[test]
    fn a_set_within_itself_is_one_node() {
        let tasks = vec![task("again", 1, &[], Target::Set(0)), task("f", 3, &[], Function)];
        let class = class(vec![task("set", 1, &[], Target::Set(0))], vec![set("set", Sequential, tasks)]);
        let routes = routes_of(&class, &[], &[]).unwrap();
        let leads: Vec<Option<u32>> = routes.nodes.nodes[0].leads.to_vec();
        assert_eq!((routes.sets, leads), (vec![0], vec![Some(0), None]));
    }

    #[test]
    fn a_chain_is_left_whole_or_not_at_all() {
        let mut link = task("link", 1, &[], Function);
        link.next = vec![(1, 2)];
        let mut inner = task("inner", 1, &[], Target::Set(1));
        inner.next = vec![(0, 1), (1, 3)];
        let chain = set("chain", Markov, vec![link, inner]);
        let slow = set("slow", Random, vec![task("slow", 1, &["slow"], Function)]);
        let top = vec![task("chain", 5, &["any"], Target::Set(0)), task("f", 1, &["any"], Function)];
        let class = class(top, vec![chain, slow]);
        let whole = routes_of(&class, &[], &[]).unwrap();
        let Order::Chain(rows) = &whole.nodes.nodes[0].order else { panic!("a chain") };
        assert_eq!([rows[0].shares(), rows[1].shares()], [[0.0, 1.0], [0.25, 0.75]]);
        assert_eq!(routes_of(&class, &["any"], &[]).unwrap().sets, [0, 1]);
        let without = routes_of(&class, &[], &["slow"]).unwrap();
        assert_eq!((without.sets.len(), without.choice.shares()), (0, vec![0.0, 1.0]));
        // A tag within a chain selects none of the other links.
        assert_eq!(routes_of(&class, &["slow"], &[]).err().unwrap(), "class");
    }
}
