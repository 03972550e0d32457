//! Which task is next, by weight: at random or in sequence. Made once for a
//! list of tasks, shared by all VUs of a class, asked after each task.

use rand::{Rng, RngExt};

/// A list in which entry `i` stands as often as its weight says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weighted {
    /// Where each entry's repetitions end; ascending.
    ends: Box<[u64]>,
}

impl Weighted {
    /// None where nothing could ever be chosen: no entry, or all weights 0.
    pub fn new(weights: impl IntoIterator<Item = u32>) -> Option<Self> {
        let mut end = 0;
        let add = |weight: u32| {
            end += u64::from(weight);
            end
        };
        let ends: Box<[u64]> = weights.into_iter().map(add).collect();
        (end > 0).then_some(Weighted { ends })
    }

    /// An entry at random, by weight.
    pub fn pick(&self, rng: &mut impl Rng) -> usize {
        match self.ends.len() {
            1 => 0,
            _ => self.find(rng.random_range(0..self.total())),
        }
    }

    /// The entry of step `step` (from 0) of a sequence in which each entry
    /// comes `weight` times in a row, over and over.
    pub fn at(&self, step: u64) -> usize {
        self.find(step % self.total())
    }

    /// The sum of the weights, above 0.
    pub fn total(&self) -> u64 {
        self.ends.last().copied().unwrap_or(1)
    }

    /// The share of each entry; they add up to 1.
    pub fn shares(&self) -> Vec<f64> {
        let mut before = 0;
        let share = |end: &u64| (*end - std::mem::replace(&mut before, *end)) as f64 / self.total() as f64;
        self.ends.iter().map(share).collect()
    }

    fn find(&self, place: u64) -> usize {
        self.ends.partition_point(|end| *end <= place)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn a_sequence_repeats_each_entry_in_a_row() {
        let weighted = Weighted::new([2, 1, 0, 3]).unwrap();
        let steps: Vec<usize> = (0..9).map(|step| weighted.at(step)).collect();
        assert_eq!(steps, [0, 0, 1, 3, 3, 3, 0, 0, 1]);
    }

    #[test]
    fn nothing_to_choose_from_is_none() {
        assert_eq!(Weighted::new([]), None);
        assert_eq!(Weighted::new([0, 0]), None);
        let huge = Weighted::new([u32::MAX, u32::MAX]).unwrap();
        assert_eq!(huge.total(), 2 * u64::from(u32::MAX));
    }

    #[test]
    fn picks_follow_the_weights_and_the_seed() {
        let weighted = Weighted::new([3, 1, 0, 6]).unwrap();
        let picks = |seed| {
            let mut rng = StdRng::seed_from_u64(seed);
            (0..10_000).map(|_| weighted.pick(&mut rng)).collect::<Vec<_>>()
        };
        assert_eq!(picks(1), picks(1));
        assert_ne!(picks(1), picks(2));
        for (entry, expected) in [3000i64, 1000, 0, 6000].into_iter().enumerate() {
            let count = picks(1).into_iter().filter(|pick| *pick == entry).count() as i64;
            // Four standard deviations are at most 4 * sqrt(10,000 / 4), 200.
            assert!((count - expected).abs() <= 200, "{entry}: {count}");
        }
        assert!(!picks(1).contains(&2));
    }

    proptest! {
        #[test]
        fn a_sequence_is_the_list_written_out(weights in prop::collection::vec(0u32..5, 1..8)) {
            let written: Vec<usize> =
                weights.iter().enumerate().flat_map(|(entry, weight)| vec![entry; *weight as usize]).collect();
            match Weighted::new(weights) {
                None => prop_assert!(written.is_empty()),
                Some(weighted) => {
                    let steps: Vec<usize> = (0..weighted.total()).map(|step| weighted.at(step)).collect();
                    prop_assert_eq!(steps, written);
                }
            }
        }
    }
}
