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
