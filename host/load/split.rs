//! What belongs to which worker: VU (or arrival, or iteration) `k` is that of
//! worker `k mod n`. Called by `run` and its workers; `segment` says how processes share it.

/// One worker's part of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Split {
    worker: u64,
    workers: u64,
}

impl Split {
    /// None of all there is.
    pub(super) const NOTHING: Split = Split { worker: u64::MAX - 1, workers: u64::MAX };

    /// `worker` counts from 0 and is taken modulo `workers`; no workers count as one.
    pub fn new(worker: usize, workers: usize) -> Self {
        let workers = workers.max(1) as u64;
        Split { worker: worker as u64 % workers, workers }
    }

    /// The part whose first item is `first`, each further one `apart` behind the one before.
    pub(super) fn of(first: u64, apart: u64) -> Split {
        Split { worker: first, workers: apart.max(1) }
    }

    /// Whether item `k` is this worker's.
    pub fn owns(&self, k: u64) -> bool {
        k % self.workers == self.worker
    }

    /// How many of the first `total` items are this worker's.
    pub fn share(&self, total: u64) -> u64 {
        total / self.workers + u64::from(total % self.workers > self.worker)
    }

    /// The number among all of this worker's item `own`, which counts from 0.
    pub fn global(&self, own: u64) -> u64 {
        own * self.workers + self.worker
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn seven_over_three() {
        let part = |worker| {
            let split = Split::new(worker, 3);
            (0..split.share(7)).map(|own| split.global(own)).collect::<Vec<_>>()
        };
        assert_eq!([part(0), part(1), part(2)], [vec![0, 3, 6], vec![1, 4], vec![2, 5]]);
        assert_eq!(Split::new(0, 0).share(7), 7);
    }

    proptest! {
        #[test]
        fn the_union_of_all_parts_is_the_whole(workers in 1usize..20, total in 0u64..500) {
            let splits: Vec<Split> = (0..workers).map(|worker| Split::new(worker, workers)).collect();
            let mut all: Vec<u64> = Vec::new();
            for split in &splits {
                let own: Vec<u64> = (0..split.share(total)).map(|own| split.global(own)).collect();
                prop_assert!(own.iter().all(|k| split.owns(*k)));
                all.extend(own);
            }
            all.sort_unstable();
            prop_assert_eq!(all, (0..total).collect::<Vec<_>>());
        }
    }
}
