//! A sparse, sorted map from a number to a count: histogram buckets and counts
//! per second, small enough to be handed over each second and exact when
//! added up. Used by `entry` and everything that reads one.

/// What a [`Tally`] counts with: the narrow one where a count cannot be large.
pub trait Count: Copy + Eq + Into<u64> {
    /// The sum; it saturates, so that addition stays associative.
    fn plus(self, other: Self) -> Self;
}

impl Count for u32 {
    fn plus(self, other: Self) -> Self {
        self.saturating_add(other)
    }
}

impl Count for u64 {
    fn plus(self, other: Self) -> Self {
        self.saturating_add(other)
    }
}

/// Latency buckets: the highest latency of the bucket in us, and its count.
pub type Buckets = Tally<u64>;

/// Counts per second of the epoch.
pub type Seconds = Tally<u32>;

/// Sorted pairs of position and count.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tally<C>(Vec<(u32, C)>);

impl<C> Default for Tally<C> {
    fn default() -> Self {
        Tally(Vec::new())
    }
}

impl<C: Count> Tally<C> {
    /// Adds `count` at `position`. Cheapest at the end, where time and sorted input land.
    pub fn add(&mut self, position: u32, count: C) {
        match self.0.last_mut() {
            Some(last) if last.0 == position => last.1 = last.1.plus(count),
            Some(last) if last.0 > position => match self.0.binary_search_by_key(&position, |pair| pair.0) {
                Ok(index) => self.0[index].1 = self.0[index].1.plus(count),
                Err(index) => self.0.insert(index, (position, count)),
            },
            _ => self.0.push((position, count)),
        }
    }

    /// Adds every count of `other`.
    pub fn merge(&mut self, other: &Tally<C>) {
        let mut missing = Vec::new();
        let mut from = 0;
        for &(position, count) in &other.0 {
            match self.0[from..].binary_search_by_key(&position, |pair| pair.0) {
                Ok(offset) => {
                    from += offset;
                    self.0[from].1 = self.0[from].1.plus(count);
                }
                Err(offset) => {
                    from += offset;
                    missing.push((position, count));
                }
            }
        }
        let unsorted = match (self.0.last(), missing.first()) {
            (Some(last), Some(first)) => last.0 > first.0,
            _ => false,
        };
        self.0.extend(missing);
        if unsorted {
            // Two sorted runs: the stable sort merges them in one pass.
            self.0.sort_by_key(|pair| pair.0);
        }
    }

    /// The count at `position`.
    pub fn get(&self, position: u32) -> u64 {
        self.0.binary_search_by_key(&position, |pair| pair.0).map_or(0, |index| self.0[index].1.into())
    }

    /// Positions and counts, ascending.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u32, u64)> + '_ {
        self.0.iter().map(|&(position, count)| (position, count.into()))
    }

    /// The sum over the positions in `range`.
    pub fn sum(&self, range: std::ops::Range<u32>) -> u64 {
        let start = self.0.partition_point(|pair| pair.0 < range.start);
        self.0[start..].iter().take_while(|pair| pair.0 < range.end).map(|pair| pair.1.into()).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn of(pairs: &[(u32, u32)]) -> Tally<u32> {
        let mut tally = Tally::default();
        for &(position, count) in pairs {
            tally.add(position, count);
        }
        tally
    }

    proptest! {
        #[test]
        fn adds_like_a_map(a in prop::collection::vec((0u32..40, 1u32..9), 0..60), b in prop::collection::vec((0u32..40, 1u32..9), 0..60)) {
            let mut expected = BTreeMap::<u32, u64>::new();
            for &(position, count) in a.iter().chain(&b) {
                *expected.entry(position).or_default() += u64::from(count);
            }
            let mut merged = of(&a);
            merged.merge(&of(&b));
            prop_assert_eq!(merged.iter().collect::<Vec<_>>(), expected.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn sums_a_half_open_range() {
        let tally = of(&[(5, 1), (6, 2), (8, 4)]);
        assert_eq!(tally.sum(5..8), 3);
        assert_eq!(tally.sum(6..9), 6);
        assert_eq!(tally.sum(9..20), 0);
        assert_eq!(tally.get(8), 4);
        assert_eq!(tally.get(7), 0);
    }
}
