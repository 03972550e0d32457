//! In which order the tasks of a set come: at random, in sequence, or along a
//! chain. Made once for a set and shared by all VUs. Asked by `walk`.

use rand::Rng;

use super::choice::Weighted;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Each time anew, by weight.
    AtRandom(Weighted),
    /// Each as often in a row as its weight says, in the order of definition, over and over.
    InSequence(Weighted),
    /// From each task to the next by that task's own weights over all tasks; the first task is
    /// entry 0.
    Chain(Box<[Weighted]>),
}

impl Order {
    /// The next task. `step` is the caller's: 0 at first, then what this left there.
    pub fn next(&self, step: &mut u64, rng: &mut impl Rng) -> usize {
        match self {
            Order::AtRandom(weights) => weights.pick(rng),
            Order::InSequence(weights) => {
                let task = weights.at(*step);
                *step = (*step + 1) % weights.total();
                task
            }
            Order::Chain(next) => {
                let task = *step as usize;
                *step = next[task].pick(rng) as u64;
                task
            }
        }
    }

    /// The share of each task in the long run; they add up to 1.
    pub fn shares(&self) -> Vec<f64> {
        match self {
            Order::AtRandom(weights) | Order::InSequence(weights) => weights.shares(),
            Order::Chain(next) => {
                let row = |weights: &Weighted| {
                    let shares = weights.shares().into_iter().enumerate();
                    shares.filter(|(_, share)| *share > 0.0).collect()
                };
                let rows: Vec<Vec<(usize, f64)>> = next.iter().map(row).collect();
                let mut shares = vec![0.0; rows.len()];
                shares[0] = 1.0;
                // Staying half of the time has the same long run, and settles where the chain
                // goes round in a circle.
                for _ in 0..CHAIN_STEPS {
                    let mut after: Vec<f64> = shares.iter().map(|share| share / 2.0).collect();
                    for (share, row) in shares.iter().zip(&rows) {
                        row.iter().for_each(|(task, part)| after[*task] += share * part / 2.0);
                    }
                    shares = after;
                }
                shares
            }
        }
    }
}

/// Steps until a chain counts as settled.
const CHAIN_STEPS: usize = 1000;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::StdRng;

    use super::*;

    fn weighted(weights: &[u32]) -> Weighted {
        Weighted::new(weights.iter().copied()).unwrap()
    }

    fn take(order: &Order, count: usize) -> Vec<usize> {
        let (mut step, mut rng) = (0, StdRng::seed_from_u64(3));
        (0..count).map(|_| order.next(&mut step, &mut rng)).collect()
    }

    #[test]
    fn a_sequence_starts_over_at_its_end() {
        assert_eq!(take(&Order::InSequence(weighted(&[1, 3, 0, 1])), 8), [0, 1, 1, 1, 3, 0, 1, 1]);
    }

    #[test]
    fn a_chain_begins_with_its_first_task_and_follows_its_weights() {
        let circle = Order::Chain([weighted(&[0, 1, 0]), weighted(&[0, 0, 1]), weighted(&[1, 0, 0])].into());
        assert_eq!(take(&circle, 7), [0, 1, 2, 0, 1, 2, 0]);
        // Three of four times from 0 to 1, and always back.
        let order = Order::Chain([weighted(&[1, 3]), weighted(&[1, 0])].into());
        let tasks = take(&order, 40_001);
        let after = |from: usize, to: usize| {
            tasks.windows(2).filter(|pair| pair[0] == from && pair[1] == to).count() as f64
        };
        assert_eq!(after(1, 1), 0.0);
        // Four standard deviations of some 23,000 draws are about 0.0115.
        assert!((after(0, 1) / (after(0, 0) + after(0, 1)) - 0.75).abs() < 0.012);
    }

    #[test]
    fn shares_of_a_chain_are_those_of_its_long_run() {
        let near = |shares: Vec<f64>, expected: &[f64]| {
            assert_eq!(shares.len(), expected.len());
            for (share, expected) in shares.iter().zip(expected) {
                assert!((share - expected).abs() < 1e-6, "{shares:?} {expected:?}");
            }
        };
        let circle = Order::Chain([weighted(&[0, 1]), weighted(&[1, 0])].into());
        near(circle.shares(), &[0.5, 0.5]);
        // p0 = p0 / 4 + p1 and p0 + p1 = 1.
        near(Order::Chain([weighted(&[1, 3]), weighted(&[1, 0])].into()).shares(), &[4.0 / 7.0, 3.0 / 7.0]);
        // The first task is left for good.
        near(Order::Chain([weighted(&[0, 1]), weighted(&[0, 1])].into()).shares(), &[0.0, 1.0]);
        near(Order::InSequence(weighted(&[3, 0, 1])).shares(), &[0.75, 0.0, 0.25]);
    }

    proptest! {
        #[test]
        fn a_chain_only_takes_steps_that_have_a_weight(
            rows in (1usize..6).prop_flat_map(|count| {
                prop::collection::vec(prop::collection::vec(0u32..4, count..=count), count..=count)
            }),
        ) {
            // Where a row has no weight, the chain goes back to its first task.
            let rows: Vec<Vec<u32>> = rows.into_iter().map(|mut row| {
                row[0] += u32::from(row.iter().all(|weight| *weight == 0));
                row
            }).collect();
            let order = Order::Chain(rows.iter().map(|row| weighted(row)).collect());
            let tasks = take(&order, 200);
            prop_assert_eq!(tasks[0], 0);
            for pair in tasks.windows(2) {
                prop_assert!(rows[pair[0]][pair[1]] > 0, "{:?}", pair);
            }
            let shares = order.shares();
            prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        }
    }
}
