//! Draws classes so that the drawn keep nearest to their weights. Used by `dispatch`.

use std::cmp::Ordering;

/// Draws members so that the drawn keep nearest to the weights, in the sense of
/// the Kullback-Leibler divergence.
#[derive(Clone, Debug, Default)]
pub(super) struct Mix {
    /// In order of name: of two that are equal in all else the first goes first.
    members: Vec<Member>,
}

#[derive(Clone, Debug)]
struct Member {
    class: usize,
    weight: f64,
    drawn: u64,
    /// What drawing it once more changes the divergence by; the lowest is next.
    key: f64,
}

impl Mix {
    pub(super) fn new(members: impl Iterator<Item = (usize, f64)>) -> Self {
        let members = members.filter(|(_, weight)| *weight > 0.0);
        Mix { members: members.map(|(class, weight)| Member::new(class, weight)).collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The next of the classes that `allowed` lets pass.
    pub(super) fn take(&mut self, allowed: impl Fn(usize) -> bool) -> Option<usize> {
        let members = self.members.iter_mut().filter(|member| allowed(member.class));
        // Of equals `min_by` returns the first.
        let next = members.min_by(|a, b| a.compare(b))?;
        next.redraw(next.drawn + 1);
        Some(next.class)
    }

    pub(super) fn give_back(&mut self, class: usize) {
        if let Some(member) = self.members.iter_mut().find(|member| member.class == class) {
            member.redraw(member.drawn.saturating_sub(1));
        }
    }
}

impl Member {
    fn new(class: usize, weight: f64) -> Self {
        let mut member = Member { class, weight, drawn: 0, key: 0.0 };
        member.redraw(0);
        member
    }

    /// Counting starts at the weight itself, so that the first draws already follow the weights.
    fn x(&self) -> f64 {
        self.weight + self.drawn as f64
    }

    fn redraw(&mut self, drawn: u64) {
        self.drawn = drawn;
        let x = self.x();
        self.key = self.weight * (x / (x + 1.0)).log2();
    }

    fn compare(&self, other: &Member) -> Ordering {
        self.key
            .total_cmp(&other.key)
            .then(self.x().total_cmp(&other.x()))
            .then(self.weight.total_cmp(&other.weight))
    }
}
